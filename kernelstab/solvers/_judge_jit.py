"""The judgement of ``Problem.judge``, compiled, for real points of dense problems."""

import numpy as np
from numba import njit

from kernelstab.solvers._homotopy_jit import LASSO, ROOT, inner
from kernelstab.solvers._problem import EPSILON, HEARD

ROUNDING = 4.0 * EPSILON
OBJECTIVE, VALUE, GAP, RESIDUAL, EXCESS, LENGTH, COLUMN, FIELDS = range(8)   # of a verdict, and its size


@njit(cache=True, nogil=True, error_model="numpy")
def judge(kind, level, nonneg, y, x, image, dual, pulled, verdict):
    """Judge a point as ``Problem.judge`` does; ``dual`` becomes the multiple that proves most.

    The image is overwritten.
    """
    mass = peak = 0.0
    m, n, price = y.size, x.size, level if kind in (LASSO, ROOT) else 1.0
    seen, length = np.sqrt(inner(image, image, m)), np.sqrt(inner(dual, dual, m))
    for i in range(m):
        image[i] = y[i] - image[i]
    square, across, along = inner(image, image, m), inner(dual, image, m), inner(x, pulled, n)
    for j in range(n):
        mass += abs(x[j])
        size = pulled[j] if nonneg else abs(pulled[j])
        peak = size if not size <= peak else peak            # also where it is not a number
    size = np.sqrt(square)
    column = max(verdict[COLUMN], seen / mass if mass > 0.0 else 0.0, peak / length if length > 0.0 else 0.0)
    mass *= price
    lost = ROUNDING * column * length
    if HEARD * abs(peak) < lost:
        peak += lost
    t, value = 0.0, across + along
    if length > 0.0 and value > (0.0 if kind in (LASSO, ROOT) else level * length):
        limit = price / peak if peak > 0.0 else np.inf
        if kind == LASSO:
            t = min(value / (length * length), limit)
        elif kind == ROOT:
            t = min(1.0 / length, limit)
        elif limit < np.inf:
            t = limit
    objective, excess = mass, 0.0
    if kind == LASSO:
        for i in range(m):
            image[i] -= t * dual[i]
        objective, rest = 0.5 * square + mass, 0.5 * inner(image, image, m)
    elif kind == ROOT:
        objective, rest = mass + size, size - t * across
    else:
        excess, rest = max(size - level, 0.0), t * (length * max(level, size) - across)
    slack = mass - t * along
    gap = (0.0 if slack < 0.0 else slack) + (0.0 if rest < 0.0 else rest)   # below zero by rounding only
    for i in range(m):
        dual[i] *= t
    verdict[OBJECTIVE], verdict[VALUE], verdict[GAP] = objective, objective + t * length * excess - gap, gap
    verdict[RESIDUAL], verdict[EXCESS], verdict[LENGTH], verdict[COLUMN] = size, excess, t * length, column
