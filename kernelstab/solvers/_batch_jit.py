"""Compiled loops over many real problems, one after the other in the same memory.

The cache of compiled code sees changes of this file only: touch it after a change of what it calls.
"""

import numpy as np
from numba import njit

from kernelstab.solvers._homotopy_jit import STEPS
from kernelstab.solvers._judge_jit import judge
from kernelstab.solvers._quick_jit import arrive, attempt, room

_NONE = np.empty((0, 0))   # no Gram matrix


def sweep(A, Y, kinds, levels, nonneg, count, X, H, verdicts, steps):
    """Solve and judge one problem per row of ``Y`` for ``A`` of shape (1, m, N) or (rows, m, N).

    Points, dual points, verdicts and numbers of steps are written row by row.
    """
    rows(A, _NONE, Y, kinds, levels, nonneg, count, *room(*A.shape[1:]), X, H, verdicts, steps)


def search(columns, gram, Y, kinds, levels, nonneg, count, X, images, H, verdicts, steps):
    """Solve one problem per row of ``Y`` for one matrix, given by its columns and its Gram matrix.

    ``X`` holds the correlations of the data before, and the points after. Their images and dual directions
    are written too; judging them, which takes a product for all problems at once, is left to ``weigh``.
    """
    state, _ = room(*columns.shape[::-1])
    shared(columns, gram, Y, kinds, levels, nonneg, count, state, X, images, H, verdicts, steps)


@njit(cache=True, nogil=True)
def rows(A, gram, Y, kinds, levels, nonneg, count, state, room, X, H, verdicts, steps):
    """Solve and judge one row after the other in the memory of ``state`` and ``room``."""
    for i in range(Y.shape[0]):
        attempt(A[i if A.shape[0] > 1 else 0], gram, Y[i], kinds[i], levels[i], nonneg, count, state, room,
                X[i], H[i], verdicts[i])
        steps[i] = int(state.numbers[STEPS])


@njit(cache=True, nogil=True)
def shared(columns, gram, Y, kinds, levels, nonneg, count, state, X, images, H, verdicts, steps):
    """Solve one row after the other in the memory of ``state``."""
    for i in range(Y.shape[0]):
        arrive(columns, gram, Y[i], X[i], kinds[i], levels[i], nonneg, count, state, X[i], images[i], H[i],
               verdicts[i])
        steps[i] = int(state.numbers[STEPS])


@njit(cache=True, nogil=True)
def weigh(Y, kinds, levels, nonneg, X, images, H, pulled, verdicts):
    """Judge one row after the other; the rows of ``pulled`` are the products ``A'h``."""
    for i in range(Y.shape[0]):
        judge(kinds[i], levels[i], nonneg, Y[i], X[i], images[i], H[i], pulled[i], verdicts[i])
