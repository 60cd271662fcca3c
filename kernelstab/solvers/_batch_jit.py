"""Compiled loop over many real problems: each walks its own path in the same memory.

The cache of compiled code sees changes of this file only: touch it after a change of the path's.
"""

import numpy as np
from numba import njit

from kernelstab.solvers._homotopy_jit import STEPS, allocate, begin, combine, finish, walk


@njit(cache=True, nogil=True)
def weigh(A, x, dual, ranks, image, pulled):
    """Write ``A x``, from the entries of ``x`` that are not zero, and ``A' dual``."""
    places, values, count = np.empty(x.size, np.int64), np.empty(x.size), 0
    for j in range(x.size):
        if x[j] != 0.0:
            places[count], values[count] = j, x[j]
            count += 1
    for i in range(image.size):
        row, total = A[i], 0.0
        for k in range(count):
            total += row[places[k]] * values[k]
        image[i] = total
    combine(A, ranks, dual, dual.size, pulled.size, pulled)


def sweep(A, gram, Y, kinds, levels, nonneg, count, X, H, steps, images, pulled):
    """Solve one problem per row of ``Y`` for ``A`` of shape (1, m, N) or (rows, m, N).

    ``gram`` is the Gram matrix of a shared ``A``, or of size 0. Points, dual directions and
    numbers of steps are written row by row. Where ``images`` and ``pulled`` are not of size 0
    the problems have matrices of their own, which are in the cache now and will not be later:
    what these make of the points is written too.
    """
    state = allocate(A.shape[1], A.shape[2])  # here, because making arrays takes the compiler long
    paths(A, gram, Y, kinds, levels, nonneg, count, state, X, H, steps, images, pulled)


@njit(cache=True, nogil=True)
def paths(A, gram, Y, kinds, levels, nonneg, count, state, X, H, steps, images, pulled):
    """Solve one problem after the other in the memory of ``state``."""
    shared = images.shape[0] == 0
    m, n, ranks = A.shape[1], A.shape[2], state.ranks
    correlation, image = np.empty(n), np.empty(m)
    for i in range(Y.shape[0]):
        matrix, y = A[0 if shared else i], Y[i]
        combine(matrix, ranks, y, m, n, correlation)
        begin(state, correlation, y, nonneg)
        walk(matrix, gram, y, state, kinds[i], levels[i], nonneg, count)
        finish(y, state, kinds[i], levels[i], X[i], image, H[i])
        steps[i] = int(state.numbers[STEPS])
        if not shared:
            weigh(matrix, X[i], H[i], ranks, images[i], pulled[i])
