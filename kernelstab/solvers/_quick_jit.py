"""The exact path and the judgement of its end, in one compiled call."""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab.solvers._homotopy_jit import (
    KINDS,
    LASSO,
    ROOT,
    SIZE,
    STEPS,
    allocate,
    combine,
    inner,
    stretch,
)

ROUNDING = 4.0 * float(np.finfo(float).eps)
HEARD = 1e-12        # a share of rounding below this is left out of account, as in Problem.judge
OBJECTIVE, VALUE, GAP, RESIDUAL, EXCESS, LENGTH, COLUMN = range(7)
__all__ = ["KINDS", "SIZE", "STEPS", "attempt", "judge", "room"]

Work = namedtuple("Work", ["correlation", "image", "pulled", "verdict", "none"])


def room(m, n):
    """Return the memory of one solve."""
    return Work(np.empty(n), np.empty(m), np.empty(n), np.zeros(7), np.empty((0, 0))), allocate(m, n)


@njit(cache=True, nogil=True, error_model="numpy")
def judge(kind, level, nonneg, y, x, image, dual, pulled, verdict):
    """Judge a point as ``Problem.judge`` does; ``dual`` becomes the multiple that proves most."""
    square = length = across = mass = along = peak = seen = missed = 0.0
    m, n, price = y.size, x.size, level if kind in (LASSO, ROOT) else 1.0
    for i in range(m):
        r = y[i] - image[i]
        square += r * r
        across += dual[i] * r
    seen, length = np.sqrt(inner(image, image, m)), np.sqrt(inner(dual, dual, m))
    for j in range(n):
        mass += abs(x[j])
        along += x[j] * pulled[j]
        size = pulled[j] if nonneg else abs(pulled[j])
        peak = size if not size <= peak else peak            # also where it is not a number
    size = np.sqrt(square)
    column = max(verdict[COLUMN], seen / mass if mass > 0.0 else 0.0, peak / length if length > 0.0 else 0.0)
    mass *= price
    lost = ROUNDING * column * length
    if 0.0 < HEARD * peak < lost:
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
            r = y[i] - image[i] - t * dual[i]
            missed += r * r
        objective, rest = 0.5 * square + mass, 0.5 * missed
    elif kind == ROOT:
        objective, rest = mass + size, size - t * across
    else:
        excess, rest = max(size - level, 0.0), t * (length * max(level, size) - across)
    gap = max(mass - t * along, 0.0) + max(rest, 0.0)
    for i in range(m):
        dual[i] *= t
    verdict[OBJECTIVE], verdict[VALUE], verdict[GAP] = objective, objective + t * length * excess - gap, gap
    verdict[RESIDUAL], verdict[EXCESS], verdict[LENGTH], verdict[COLUMN] = size, excess, t * length, column


@njit(cache=True, nogil=True, error_model="numpy")
def attempt(A, y, kind, level, nonneg, count, work, state, x, dual):
    """Walk over at most ``count`` events from zero, and judge where that ends."""
    correlation, image, pulled, verdict, none = work
    combine(A, state.ranks, y, y.size, x.size, correlation)
    peak = 0.0
    for j in range(x.size):
        size = correlation[j] if nonneg else abs(correlation[j])
        peak = size if size > peak else peak
    size = np.sqrt(inner(y, y, y.size))
    verdict[COLUMN] = peak / size if size > 0.0 else 0.0
    stretch(A, none, y, correlation, state, True, kind, level, nonneg, count, x, image, dual, pulled)
    judge(kind, level, nonneg, y, x, image, dual, pulled, verdict)
