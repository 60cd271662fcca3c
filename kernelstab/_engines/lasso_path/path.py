"""Real dense problems by a guess of the support or else the exact path: many rows at once, or one that stops.

All forms lie on one path: the LASSO at ``lambda`` itself, basis pursuit at its end, the constraint
``||r|| = eta`` and the square-root LASSO's ``lambda = parameter * ||r||`` at a point that has a closed form
on each of the path's straight pieces. The products at both ends are left to numpy, and the path is compiled
only where it is needed.
"""

from functools import cache
from importlib import import_module

import numpy as np

from kernelstab._engines.duality_gap import BASIS, KINDS
from kernelstab._engines.threads import in_order

GRAM_COLUMNS = 4096    # a Gram matrix of more columns takes more than 128 MB
WORK = 2 * 10**9       # multiplications of one chunk at most, so that Ctrl-C is heard
CHUNKS = 16            # of a batch: enough for the threads of a laptop to end together
CACHED = 2**17         # entries of the matrices of one chunk, which are read several times
NO_GRAM = np.empty((0, 0))
_spare = []            # memory of the last solve, with its shape; taken out while it is in use


def solve_rows(A, Y, kinds, parameters, nonneg, tol, count, threads=1, told=None) -> tuple:
    """Solve and judge the problem of each row of ``Y``, over at most ``count`` events of its path.

    ``A`` has the shape (1, m, n), one matrix for all, or (rows, m, n). All arrays are writeable and in C
    order: others would be compiled once more. Returns points, dual points and verdicts (``active_set_jit``).
    ``told(done, total)`` is called after each chunk of problems, which do not depend on the threads.
    """
    (rows, m), n, own, judge = Y.shape, A.shape[2], len(A) > 1, _loops("active_set")
    X, duals, verdicts = np.empty((rows, n)), np.empty((rows, m)), np.empty((rows, judge.FIELDS))
    arrays, columns, gram = (Y, kinds, parameters, X, duals, verdicts), A, NO_GRAM
    length = max(1, min(-(-rows // CHUNKS), WORK // (m * n * min(m, n)), CACHED // (m * n) if own else rows))

    def work(first):
        part = slice(first, first + length)
        data, kind, parameter, point, dual, verdict = [array[part] for array in arrays]
        matrix, product = A[part] if own else A, np.empty((len(data), m))
        with np.errstate(all="ignore"):     # what is not finite does not meet the tolerance
            _solve(columns if gram.size else matrix, gram, nonneg, count, (
                data, _products(data, matrix), kind, parameter, point, product, dual, verdict))
            judge.judge(data, kind, parameter, nonneg, tol, point, product, dual, _products(dual, matrix),
                        verdict)
        return len(data)

    if not own and rows > 1 and n <= GRAM_COLUMNS and rows * m >= 4 * n:    # it pays
        with np.errstate(all="ignore"):
            columns, gram = np.ascontiguousarray(A[0].T)[None], A[0].T @ A[0]
    done = 0
    for _, some in in_order(work, range(0, rows, length), threads):
        done += some
        if told is not None:
            told(done, rows)
    return X, duals, verdicts


def _products(rows, A):
    """Return the rows ``A'u``."""
    if len(rows) == 1:
        return np.dot(rows[0], A[0])[None]
    return np.matmul(rows, A[0]) if len(A) == 1 else np.matmul(rows[:, None, :], A)[:, 0]


def _solve(A, gram, nonneg, count, arrays):
    """Guess all supports, and follow the paths of those that were not found."""
    Y, correlations, kinds, parameters, X, products, duals, verdicts = arrays
    shape = Y.shape[1], X.shape[1]
    held = _spare.pop() if _spare else None
    state = held[1] if held is not None and held[0] == shape else _loops("active_set").allocate(*shape)
    if kinds[0] == BASIS and (kinds == BASIS).all():
        missing = np.arange(len(Y))
    else:
        _loops("path").guess(A, gram, Y, correlations, kinds, parameters, nonneg, state, X, products, duals,
                              verdicts)
        missing = np.flatnonzero(verdicts[:, _loops("active_set").EVENTS] < 0.0)
    if missing.size:
        some, own = [array[missing] for array in arrays], A[missing] if len(A) > 1 else A
        _loops("path").follow(own, gram, *some[:4], nonneg, count, True, state, *some[4:])
        for array, found in zip(arrays[4:], some[4:]):
            array[missing] = found
    _spare[:] = [(shape, state)]


@cache
def _loops(name):
    """Import compiled code once; the statement itself costs as much as a product."""
    return import_module(f"kernelstab._engines.lasso_path.{name}_jit")


STRETCH = 4 * 10**8   # entries passed over between two reports of a long path


def solve(problem, start, monitor) -> str:
    """Follow the path from the zero solution; the starting point is not used."""
    from kernelstab._engines.lasso_path.path_jit import FOLLOWING, STATUS, STEPS

    system = problem.system
    kind = kind_of(problem.form, problem.parameter)
    path = Path(system.matrix, system.y, problem.correlation, kind, problem.parameter, problem.nonneg)
    numbers, most = path.state.numbers, 1 + STRETCH // system.matrix.size
    while True:
        x, product, dual = path.follow(min(monitor.budget - int(numbers[STEPS]), most))
        done = monitor(int(numbers[STEPS]), x, product, dual)
        if done or numbers[STATUS] != FOLLOWING:
            return "homotopy, compiled"


def kind_of(form, parameter) -> int:
    """Return which of the four kinds a problem is."""
    return KINDS["basis-pursuit" if form == "qcbp" and parameter == 0 else form]


class Path:
    """One path that stops on its way; ``state`` tells where."""

    def __init__(self, matrix, y, correlation, kind, parameter, nonneg):
        from kernelstab._engines.lasso_path.active_set_jit import FIELDS, allocate

        self.state, self.shape = allocate(*matrix.shape), matrix.shape
        matrix, y, correlation = (np.require(v, float, ["C", "W"])[None] for v in (matrix, y, correlation))
        self.given = (matrix, np.empty((0, 0)), y, correlation, np.array([kind]),
                      np.array([parameter], float), nonneg)
        self.verdicts = np.empty((1, FIELDS))
        self.fresh = True

    def follow(self, count) -> tuple:
        """Go on over at most ``count`` events; return the point there, ``Ax`` and its dual direction."""
        from kernelstab._engines.lasso_path.path_jit import follow

        (m, n), fresh, self.fresh = self.shape, self.fresh, False
        x, product, dual = np.empty((1, n)), np.empty((1, m)), np.empty((1, m))
        follow(*self.given, count, fresh, self.state, x, product, dual, self.verdicts)
        return x[0], product[0], dual[0]
