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
    block = np.empty((ROWS, count))
    for top in range(0, m, ROWS):
        height = min(ROWS, m - top)
        for i in range(height):
            for j in range(count):
                block[i, j] = A[top + i, chosen[j]]
        for j in range(count):
            for i in range(height):
                buffer[first + j, top + i] = block[i, j]


@njit(cache=True, nogil=True)
def descend(gram, level, nonneg, x, g, epochs, still):
    """Run coordinate descent on the LASSO, in place.

    ``g`` holds the correlations of the columns with the residual and is kept up to date. One
    epoch over all coordinates is followed by epochs over the nonzero ones, until no sign
    has changed for ``still`` epochs or the budget is spent.
    """
    size = x.size
    active, count, calm = np.arange(size), size, 0
    for epoch in range(epochs):
        changed = 0
        for i in range(count):
            j = active[i]
            diagonal, old = gram[j, j], x[j]
            if diagonal <= 0.0:
                continue
            pull, new = g[j] + diagonal * old, 0.0
            if pull > level:
                new = (pull - level) / diagonal
            elif pull < -level and not nonneg:
                new = (pull + level) / diagonal
            step, row = new - old, gram[j]
            if step == 0.0:
                continue
            if (new > 0.0) != (old > 0.0) or (new < 0.0) != (old < 0.0):
                changed += 1
            x[j] = new
            for k in range(size):
                g[k] -= step * row[k]
        if epoch == 0 or changed > 0:
            count = 0
            for j in range(size):
                if x[j] != 0.0:
                    active[count] = j
                    count += 1
        calm = calm + 1 if changed == 0 else 0
        if calm >= still:
            break
