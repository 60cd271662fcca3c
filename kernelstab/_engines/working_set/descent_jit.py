"""Compiled coordinate descent for the real LASSO on a Gram matrix."""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import OUTER


@njit(**OUTER)
def descend(gram, weight, nonneg, x, g, epochs, still):
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
            correlation, new = g[j] + diagonal * old, 0.0
            if correlation > weight:
                new = (correlation - weight) / diagonal
            elif correlation < -weight and not nonneg:
                new = (correlation + weight) / diagonal
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
