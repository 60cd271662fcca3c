"""Compiled loop over many real problems: each walks its own path in the same memory."""

import numpy as np
from numba import njit

from kernelstab.solvers._homotopy_jit import STEPS, allocate, begin, combine, finish, walk


@njit(cache=True, nogil=True)
def sweep(A, gram, Y, kinds, levels, nonneg, count, X, duals, steps):
    """Solve one problem per row of ``Y`` for ``A`` of shape (1, m, N) or (rows, m, N).

    ``gram`` is the Gram matrix of a shared ``A``, or of size 0. Points, dual directions and
    numbers of steps are written row by row.
    """
    shared = A.shape[0] == 1
    m, n = A.shape[1], A.shape[2]
    state, correlation, image, ranks = allocate(m, n), np.empty(n), np.empty(m), np.arange(m)
    for i in range(Y.shape[0]):
        matrix, y = A[0 if shared else i], Y[i]
        combine(matrix, ranks, y, m, correlation)
        begin(state, correlation, y, nonneg)
        walk(matrix, gram, y, state, kinds[i], levels[i], nonneg, count)
        finish(y, state, kinds[i], levels[i], X[i], image, duals[i])
        steps[i] = int(state.numbers[STEPS])
