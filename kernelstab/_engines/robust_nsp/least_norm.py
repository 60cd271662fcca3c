"""The least-norm programs of the robust null space properties of one matrix, solved and proved in batches."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations
from math import nextafter, sqrt

import numpy as np

from kernelstab._engines.dense_matrix import kernel_basis
from kernelstab._engines.threads import in_order

SOLVED, INFEASIBLE = 0, 1
MEET = 1e-6                        # relative distance of two ends that count as one
_EPS = float(np.finfo(np.float64).eps)
_INSET, _TRIES = 1e-13, 5          # up to 1e-5 inside, for columns of very different lengths
_CHUNK = 4000                      # programs between two looks at the clock: well under a second


@dataclass(frozen=True)
class LeastNorms:
    """Dual vectors ``(K, P, m)``, what each proves ``(K, P)``, and how far the loop came."""

    duals: np.ndarray
    bounds: np.ndarray
    outcomes: np.ndarray
    done: int
    interrupted: bool
    kernel: np.ndarray | None      # a kernel vector that makes the constant infinite, if one was met


@dataclass(frozen=True)
class RobustBounds:
    """Bounds of a constant, the vector of the lower one, and dual vectors of the upper one."""

    lower: float
    upper: float
    exact: bool
    witness: np.ndarray
    dual: np.ndarray
    groups: tuple
    evaluated: int
    interrupted: bool


def nothing_known(matrix) -> RobustBounds:
    """Return the answer of a search that Ctrl-C ended before it had proved anything."""
    m, n = matrix.shape
    return RobustBounds(0.0, np.inf, False, np.zeros(n), np.zeros(m), (), 0, True)


class LeastNormPrograms:
    """One real matrix, its columns, its null space, and the programs over them."""

    def __init__(self, matrix):
        self.matrix = matrix
        self.columns = np.array(matrix.T, order="C")
        self.lengths = np.linalg.norm(self.columns, axis=1)
        self.basis = kernel_basis(matrix)[0]

    def one(self, support, target, limits):
        """Solve one program at its limits; return the outcome, the dual ``h`` and the primal ``v``."""
        duals, bounds, outcomes = self._arrays(1, 1)
        v = self._solve(np.asarray(support)[None], np.asarray(target)[None], limits, 0.0, 1,
                        duals, bounds, outcomes)
        return outcomes[0, 0], duals[0, 0], v

    def all(self, supports, targets, limits, violates, *, threads=1, tick=None) -> LeastNorms:
        """Solve every support with every target, in blocks; stop early at a kernel vector that ``violates``.

        Blocks are judged in their order, so the answer does not depend on the number of threads.
        """
        duals, bounds, outcomes = self._arrays(len(supports), len(targets))
        size = max(1, _CHUNK // len(targets))
        blocks = [slice(k, min(k + size, len(supports))) for k in range(0, len(supports), size)]
        done, interrupted, kernel = 0, False, None
        answers = in_order(lambda block: self._solve(supports[block], targets, limits, _INSET, _TRIES,
                                                     duals[block], bounds[block], outcomes[block]),
                           blocks, threads)
        try:
            for block, _ in answers:
                kernel = self._kernel_vector(outcomes, block, supports, targets, limits, violates)
                done = block.stop
                if tick is not None:
                    tick(done, bounds[:done])
                if kernel is not None:
                    break
        except KeyboardInterrupt:
            interrupted = True
        finally:
            answers.close()
        return LeastNorms(duals[:done], bounds[:done], outcomes[:done], done, interrupted, kernel)

    def _arrays(self, supports, targets):
        """Return arrays for duals, what they prove, and outcomes."""
        shape = supports, targets
        return np.zeros((*shape, len(self.matrix))), np.full(shape, np.inf), np.full(shape, SOLVED)

    def _solve(self, supports, targets, limits, inset, tries, duals, bounds, outcomes):
        """Run the compiled loop; return the primal vector of the last program."""
        from kernelstab._engines.robust_nsp.least_norm_jit import solve_all

        v = np.zeros(len(self.columns))
        solve_all(self.columns, self.lengths, limits, np.asarray(supports, np.int64),
                  np.asarray(targets, np.float64), inset, tries, duals, bounds, outcomes, v)
        return v

    def _kernel_vector(self, outcomes, block, supports, targets, limits, violates):
        """Try the first few programs of a block that have no feasible point."""
        for k, p in np.argwhere(outcomes[block] == INFEASIBLE)[:3]:
            _, _, v = self.one(supports[block][k], targets[p], limits)
            w = self.in_kernel(v)
            if w is not None and violates(w):
                return w
        return None

    def in_kernel(self, v):
        """Project on the null space and normalise in the 1-norm; None if nothing is left."""
        for _ in range(2):
            v = self.basis @ (self.basis.T @ v)
        size = np.abs(v).sum()
        return v / size if size > 0 else None

    def data_norm_upper(self, v) -> float:
        """Return ``||A v||`` rounded up."""
        rounding = (len(v) + 8) * _EPS
        slack = rounding * np.linalg.norm(np.abs(self.matrix) @ np.abs(v))
        return float((np.linalg.norm(self.matrix @ v) + slack) * (1 + rounding))

    def proved_exactly(self, support, target, rho, h) -> float:
        """Prove in fractions, for signs, what rounding hides when the limit ``rho`` is met with equality."""
        exact = [Fraction(float(x)) for x in h]
        products = [sum((Fraction(float(a)) * b for a, b in zip(column, exact) if a), Fraction(0))
                    for column in self.columns]
        missing = max(abs(products[i] - Fraction(float(t))) for i, t in zip(support, target))
        off = max((abs(products[j]) for j in set(range(len(products))) - set(support)), default=Fraction(0))
        if missing >= 1 or off > Fraction(rho) * (1 - missing):
            return np.inf
        return nextafter(sqrt(sum(x * x for x in exact) / (1 - missing) ** 2) * (1 + 2 * _EPS), np.inf)


def all_supports(n, s) -> np.ndarray:
    """Return all supports of size ``s``, one a row, in lexicographic order.

    >>> all_supports(3, 2).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    return np.fromiter(chain.from_iterable(combinations(range(n), s)), np.int64).reshape(-1, s)


def sign_patterns(s) -> np.ndarray:
    """Return the signs of length ``s`` up to a common one.

    >>> sign_patterns(2).tolist()
    [[1.0, 1.0], [1.0, -1.0]]
    """
    codes = np.arange(2 ** (s - 1))[:, None] >> np.arange(s - 1)
    return np.hstack([np.ones((len(codes), 1)), 1.0 - 2.0 * (codes & 1)])


def largest(v, s) -> np.ndarray:
    """Return the places of the ``s`` largest magnitudes, in rising order.

    >>> largest(np.array([1.0, -3.0, 2.0]), 2).tolist()
    [1, 2]
    """
    return np.sort(np.argsort(-np.abs(v), kind="stable")[:s])
