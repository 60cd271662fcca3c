"""Problems of one kind, one per row, by a guess of the support or else by the path; one problem is a row.

All forms lie on one path: the LASSO at ``lambda`` itself, basis pursuit at its end, the constraint
``||r|| = eta`` and the square-root LASSO's ``lambda = parameter * ||r||`` at a point that has a closed form
on each of the path's straight pieces. The products at both ends are left to numpy, and the path is compiled
only where it is needed.
"""

from functools import cache
from importlib import import_module

import numpy as np

from kernelstab._engines.duality_gap import BASIS
from kernelstab._threads import in_order

GRAM_COLUMNS = 4096    # a Gram matrix of more columns takes more than 128 MB
WORK = 2 * 10**9       # multiplications of one chunk at most, so that Ctrl-C is heard
JUDGED = 512           # points of one matrix judged with one product
NO_GRAM = np.empty((0, 0))
_spare = []            # memory of the last solve, with its shape; taken out while it is in use


def solve_rows(A, Y, kinds, parameters, nonneg, tol, count, threads=1, told=None) -> tuple:
    """Solve and judge the problem of each row of ``Y``, over at most ``count`` events of its path.

    ``A`` has the shape (1, m, n), one matrix for all, or (rows, m, n). All arrays are writeable and in C
    order: others would be compiled once more. Returns points, dual points and the fields of ``judge_jit``.
    ``told(done, total)`` is called after each chunk of problems; chunks do not change the answers.
    """
    (rows, m), n, own = Y.shape, A.shape[2], len(A) > 1
    X, products, duals = np.empty((rows, n)), np.empty((rows, m)), np.empty((rows, m))
    verdicts = np.empty((rows, _loops("judge").FIELDS))
    with np.errstate(all="ignore"):     # what is not finite does not meet the tolerance
        correlations, stack, gram = _products(Y, A), A, NO_GRAM
        if not own and rows > 1 and n <= GRAM_COLUMNS and rows * m >= 4 * n:    # it pays
            stack, gram = np.ascontiguousarray(A[0].T)[None], A[0].T @ A[0]
        length = max(1, min(-(-rows // (4 * threads)), WORK // (m * n * min(m, n))))
        arrays = Y, correlations, kinds, parameters, X, products, duals, verdicts

        def work(first):
            part = slice(first, first + length)
            with np.errstate(all="ignore"):
                _solve(stack[part] if own else stack, gram, nonneg, count, [array[part] for array in arrays])

        for first, _ in in_order(work, range(0, rows, length), threads):
            if told is not None:
                told(min(first + length, rows), rows)
        for first in range(0, rows, JUDGED):
            part = slice(first, first + JUDGED)
            slopes = _products(duals[part], A[part] if own else A)
            _loops("judge").judge(Y[part], kinds[part], parameters[part], nonneg, tol, X[part],
                                  products[part], duals[part], slopes, verdicts[part])
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
    missing = np.arange(len(Y))
    if kinds[0] != BASIS or (kinds != BASIS).any():
        _loops("guess").guess(A, gram, Y, correlations, kinds, parameters, nonneg, state, X, products, duals,
                              verdicts)
        missing = np.flatnonzero(verdicts[:, _loops("judge").EVENTS] < 0.0)
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
