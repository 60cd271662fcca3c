"""Compiled loops of the working set: gathering columns, and coordinate descent on a Gram matrix."""

import numpy as np
from numba import njit

ROWS = 32  # rows of the matrix gathered before their transpose is written


@njit(cache=True, nogil=True)
def gather(A, chosen, buffer, first):
    """Write the columns ``chosen`` of a C-ordered ``A`` into the rows of ``buffer`` from ``first`` on.

    Row by row through a small block, so that the matrix is read along its rows and the
    buffer written along its own.
    """
    m, count = A.shape[0], chosen.size
    block = np.empty((ROWS, count), A.dtype)
    for top in range(0, m, ROWS):
        height = min(ROWS, m - top)
        for i in range(height):
            for j in range(count):
                block[i, j] = A[top + i, chosen[j]]
        for j in range(count):
            for i in range(height):
                buffer[first + j, top + i] = block[i, j]


@njit(cache=True, nogil=True)
def descend(G, c, lam, nonneg, x, q, size, epochs, still):
    r"""Run coordinate descent on :math:`\tfrac12x^*Gx-c^*x+\lambda\|x\|_1`, in place.

    Only the leading ``size`` coordinates count; ``q`` is kept equal to ``G x``. One epoch
    over all coordinates is followed by epochs over the nonzero ones, until no sign has
    changed for ``still`` epochs or the budget is spent.

    Returns
    -------
    int
        Epochs run.
    """
    active = np.empty(size, np.int64)
    count, calm = size, 0
    for j in range(size):
        active[j] = j
    for epoch in range(epochs):
        changed = 0
        for i in range(count):
            j = active[i]
            diagonal = G[j, j]
            if diagonal <= 0.0:
                continue
            old = x[j]
            g = c[j] - q[j] + diagonal * old
            new = 0.0
            if g > lam:
                new = (g - lam) / diagonal
            elif g < -lam and not nonneg:
                new = (g + lam) / diagonal
            step = new - old
            if step != 0.0:
                if (new > 0.0) != (old > 0.0) or (new < 0.0) != (old < 0.0):
                    changed += 1
                x[j] = new
                for i2 in range(size):
                    q[i2] += step * G[j, i2]
        if epoch == 0 or changed > 0:
            count = 0
            for j in range(size):
                if x[j] != 0.0:
                    active[count] = j
                    count += 1
        calm = calm + 1 if changed == 0 else 0
        if calm >= still:
            return epoch + 1
    return epochs
