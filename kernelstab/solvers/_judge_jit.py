"""The judgement of ``Problem.judge``, compiled, for real points of dense problems."""

import numpy as np
from numba import njit

from kernelstab._engines.duality_gap_jit import best_multiple, gap_of, with_rounding
from kernelstab.solvers._homotopy_jit import LASSO, ROOT, inner

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
    t = best_multiple(kind, level, price, across + along, length, with_rounding(peak, column, length))
    distance = 0.0
    if kind == LASSO:
        for i in range(m):
            image[i] -= t * dual[i]
        distance = np.sqrt(inner(image, image, m))
    for i in range(m):
        dual[i] *= t
    found = gap_of(kind, level, mass, mass - t * along, size, t * length, t * across, distance)
    verdict[OBJECTIVE], verdict[VALUE], verdict[GAP] = found.objective, found.dual_objective, found.gap
    verdict[RESIDUAL], verdict[EXCESS], verdict[LENGTH] = size, found.excess, t * length
    verdict[COLUMN] = column
