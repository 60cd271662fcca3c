"""Compiled loop over many real problems, one after the other in the same memory.

The cache of compiled code sees changes of this file only: touch it after a change of what it calls.
"""

from numba import njit

from kernelstab.solvers._homotopy_jit import STEPS
from kernelstab.solvers._quick_jit import attempt, room


def sweep(A, gram, Y, kinds, levels, nonneg, count, X, H, verdicts, steps):
    """Solve one problem per row of ``Y`` for ``A`` of shape (1, m, N) or (rows, m, N).

    ``gram`` is the Gram matrix of a shared ``A``, or of size 0. Points, dual points, verdicts
    and numbers of steps are written row by row.
    """
    rows(A, gram, Y, kinds, levels, nonneg, count, *room(*A.shape[1:]), X, H, verdicts, steps)


@njit(cache=True, nogil=True)
def rows(A, gram, Y, kinds, levels, nonneg, count, state, room, X, H, verdicts, steps):
    """Solve one row after the other in the memory of ``state`` and ``room``."""
    for i in range(Y.shape[0]):
        attempt(A[i if A.shape[0] > 1 else 0], gram, Y[i], kinds[i], levels[i], nonneg, count, state, room,
                X[i], H[i], verdicts[i])
        steps[i] = int(state.numbers[STEPS])
