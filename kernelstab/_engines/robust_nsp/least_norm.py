"""The least-norm programs of the robust null space properties of one matrix, solved and proved in batches."""

from fractions import Fraction
from itertools import chain, combinations
from math import nextafter, sqrt
from typing import NamedTuple

import numpy as np

from kernelstab._engines.dense_matrix import kernel_basis
from kernelstab._engines.threads import in_order

SOLVED, INFEASIBLE = 0, 1
EPS = float(np.finfo(np.float64).eps)
_INSET, _TRIES = 1e-13, 5          # up to 1e-5 inside, for columns of very different lengths
_CHUNK = 4000                      # programs between two looks at the clock: well under a second


class LeastNorms(NamedTuple):
    """Dual vectors ``(K, P, m)`` of the supports that were done, and what each proves ``(K, P)``."""

    duals: np.ndarray
    bounds: np.ndarray
    kernel: np.ndarray | None      # a kernel vector that makes the constant infinite, if one was met
    interrupted: bool


class LeastNormPrograms:
    """One real matrix, its columns, its null space, and the programs over them."""

    def __init__(self, matrix):
        self.matrix = matrix
        self.columns = np.array(matrix.T, order="C")
        self.lengths = np.linalg.norm(self.columns, axis=1)
        self.basis, self.rank = kernel_basis(matrix)

    def solve(self, supports, targets, limits):
        """Solve programs; return their duals ``h``, primal vectors ``v`` and outcomes."""
        from kernelstab._engines.robust_nsp.least_norm_jit import solve_all

        count = len(supports)
        duals, vectors = np.zeros((count, len(self.matrix))), np.zeros((count, len(self.columns)))
        outcomes = np.zeros(count, np.int64)
        solve_all(self.columns, self.lengths, limits, np.ascontiguousarray(supports, dtype=np.int64),
                  np.ascontiguousarray(targets, dtype=np.float64), duals, vectors, outcomes)
        return duals, vectors, outcomes

    def all(self, supports, targets, limits, violates, *, threads=1, tick=None) -> LeastNorms:
        """Solve every support with every target, in blocks; stop early at a kernel vector that ``violates``.

        Blocks are judged in their order, so the answer does not depend on the number of threads.
        """
        size = max(1, _CHUNK // len(targets))
        blocks = [slice(k, k + size) for k in range(0, len(supports), size)]
        duals = np.zeros((len(supports), len(targets), len(self.matrix)))
        bounds = np.full(duals.shape[:2], np.inf)
        done, interrupted, kernel = 0, False, None
        answers = in_order(lambda block: self._solve_block(supports[block], targets, limits, violates),
                           blocks, threads)
        try:
            for block, (found, proved, kernel) in answers:
                duals[block], bounds[block] = found, proved
                done = min(block.stop, len(supports))
                if tick is not None:
                    tick(done, bounds[:done])
                if kernel is not None:
                    break
        except KeyboardInterrupt:
            interrupted = True
        finally:
            answers.close()
        return LeastNorms(duals[:done], bounds[:done], kernel, interrupted)

    def _solve_block(self, supports, targets, limits, violates):
        """Solve a hair inside the limits so that rounding spoils no proof, further inside where it did."""
        shape = len(supports), len(targets)
        supports, targets = np.repeat(supports, len(targets), axis=0), np.tile(targets, (len(supports), 1))
        duals, bounds = np.zeros((len(supports), len(self.matrix))), np.full(len(supports), np.inf)
        left, kernel = np.arange(len(supports)), None
        for attempt in range(_TRIES):
            narrow = limits * (1 - _INSET * 100.0**attempt)
            found, vectors, outcomes = self.solve(supports[left], targets[left], narrow)
            if attempt == 0:
                tried = map(self.in_kernel, vectors[outcomes == INFEASIBLE][:3])
                kernel = next((w for w in tried if w is not None and violates(w)), None)
            solved = outcomes == SOLVED
            left, found = left[solved], found[solved]
            duals[left], bounds[left] = found, self.proved(supports[left], targets[left], limits, found)
            left = left[np.isinf(bounds[left])]
            if not len(left):
                break
        return duals.reshape(*shape, -1), bounds.reshape(shape), kernel

    def proved(self, supports, targets, limits, duals):
        r"""Return what each ``h`` proves whatever found it: ``||h|| / (1 - r)``, rounded up, or infinity.

        With ``r = ||target - A_S^T h||`` and ``|<a_j, h>| <= limits_j (1 - r)`` off the support,
        ``<target, v_S> - sum of limits |v_j|`` is at most that times ``||A v||`` for every ``v`` whose
        ``v_S`` has ``target`` as its dual vector.
        """
        rounding = (len(self.matrix) + 8) * EPS
        products, slack = duals @ self.matrix, rounding * (np.abs(duals) @ np.abs(self.matrix))
        on = np.abs(targets - np.take_along_axis(products, supports, axis=1))
        on += np.take_along_axis(slack, supports, axis=1) + rounding * np.abs(targets)
        left = (1 - np.linalg.norm(on, axis=1) * (1 + rounding)) * (1 - 4 * EPS)
        inside = np.abs(products) + slack <= limits * left[:, None]
        np.put_along_axis(inside, supports, True, axis=1)
        proves = inside.all(axis=1) & (left > 0)
        lengths = np.linalg.norm(duals, axis=1) * (1 + rounding)
        return np.where(proves, lengths / np.where(proves, left, 1.0), np.inf)

    def in_kernel(self, v):
        """Project on the null space and normalise in the 1-norm; None if nothing is left."""
        for _ in range(2):
            v = self.basis @ (self.basis.T @ v)
        size = np.abs(v).sum()
        return v / size if size > 0 else None

    def data_norm_upper(self, v) -> float:
        """Return ``||A v||`` rounded up."""
        rounding = (len(v) + 8) * EPS
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
        return nextafter(sqrt(sum(x * x for x in exact) / (1 - missing) ** 2) * (1 + 2 * EPS), np.inf)


def all_supports(n, s) -> np.ndarray:
    """Return all supports of size ``s``, one a row, in lexicographic order.

    >>> all_supports(3, 2).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    return np.fromiter(chain.from_iterable(combinations(range(n), s)), np.int64).reshape(-1, s)
