"""Compiled guess of the face on which a path ends: several columns join at a time, turned ones leave.

The path passes every corner between zero and the solution, and reads the matrix at each. Where the support
is plain, a few rounds find it: the columns that pull hardest join, the problem is solved on them, those
whose sign turned leave, and one product tells who else pulls more than the level. Where that does not
come to rest soon, the path is walked.

On a face the point is ``p - lam * d``, the solution of the equations and the direction of the path, so
that a residual or a ratio asked for has its lambda in closed form. Few columns leave more noise than that
residual: until the face has enough of them, lambda is what noise of this size is believed to pull.
"""

import numpy as np
from numba import njit

from kernelstab._engines.duality_gap import LASSO, QCBP, ROOT
from kernelstab.solvers._homotopy_jit import (
    ARRIVED,
    BARRED,
    FIRST,
    LAM,
    SIZE,
    STATUS,
    STEPS,
    begin,
    combine,
    goal,
    inner,
    join,
    leave,
    remainder,
)

ROUNDS = 16
SHARE = 0.7      # of the strongest pull outside, that a column must have to join with it
CANCELLED = 1e-6     # a square below this share of the data's is computed afresh
NOISE = 1.5      # the pull of the last column to join, by that which noise has on average
SLACK = 1e-12    # what a column may pull beyond the level


@njit(cache=True, nogil=True)
def strongest(pulls, nonneg):
    """Return the largest pull, 0 if there is none; four at a time, which do not wait for each other."""
    t0 = t1 = t2 = t3 = 0.0
    last = pulls.size - 1
    for j in range(0, pulls.size, 4):
        p0, p1, p2, p3 = pulls[j], pulls[min(j + 1, last)], pulls[min(j + 2, last)], pulls[min(j + 3, last)]
        if not nonneg:
            p0, p1, p2, p3 = abs(p0), abs(p1), abs(p2), abs(p3)
        t0, t1 = p0 if p0 > t0 else t0, p1 if p1 > t1 else t1
        t2, t3 = p2 if p2 > t2 else t2, p3 if p3 > t3 else t3
    return max(max(t0, t1), max(t2, t3))


@njit(cache=True, nogil=True)
def believed(correlation, kind, level, square):
    """Return the lambda to begin with: for a residual asked for, what noise of its size pulls.

    ``correlation`` are the pulls of data with this square.
    """
    if kind == LASSO:
        return level
    if kind == ROOT:
        return level * np.sqrt(square)
    mean = inner(correlation, correlation, correlation.size) / (square * correlation.size)
    return NOISE * level * np.sqrt(mean)


@njit(cache=True, nogil=True, forceinline=True)
def settle(y, correlation, state, kind, level, lam):
    """Solve on the face; return its lambda, 0 if no point of the face has the residual or ratio asked for.

    Then the point is that of ``lam``.
    """
    order, sign, ranks, x, d, new = state.order, state.sign, state.ranks, state.x, state.d, state.new
    size, found, first = int(state.numbers[SIZE]), level, state.numbers[FIRST]
    for k in range(size):
        new[k] = correlation[order[k]] - (level * sign[k] if kind == LASSO else 0.0)
    combine(state.inverse, ranks, new, size, size, x)
    if kind != LASSO:
        combine(state.inverse, ranks, sign, size, size, d)
        square = first - inner(new, x, size)
        if square < CANCELLED * first:
            square = remainder(state, y, state.v)
        found = goal(kind, level, 0.0, square, inner(sign, d, size))
        lam = found if found > 0.0 else lam
        for k in range(size):
            x[k] -= lam * d[k]
    return found


@njit(cache=True, nogil=True)
def leap(A, gram, y, correlation, state, kind, level, nonneg):
    """Set the state to the solution for ``level``; return whether that was found, else begin again.

    Called at the zero solution, for any kind but basis pursuit, which ends at level 0 only.
    ``correlation`` is ``A'y``. A Gram matrix of size 0 is one not at hand; with one, ``A`` is the
    transposed matrix.
    """
    numbers, order, sign, x, rest = state.numbers, state.order, state.sign, state.x, state.correlation
    a, ranks = state.a, state.ranks
    if kind == QCBP and numbers[FIRST] <= level * level:
        return False
    lam = believed(correlation, kind, level, numbers[FIRST])
    found = 0.0 if kind == QCBP else lam
    for _ in range(ROUNDS):
        top = strongest(rest, nonneg)
        if found > 0.0 and top <= lam * (1.0 + SLACK):
            numbers[STATUS], numbers[LAM] = ARRIVED, lam
            return True
        if top <= lam * (1.0 + SLACK):      # the residual is too large still
            lam = SHARE * top
        bound = max(lam * (1.0 + SLACK), SHARE * top)
        for j in range(rest.size):
            value = rest[j]
            if (value if nonneg else abs(value)) >= bound:
                join(state, A, gram, j, 1.0 if value > 0.0 else -1.0)
                numbers[STEPS] += 1.0
        turned = 0
        while turned >= 0 and numbers[BARRED] == 0.0:
            found, turned, worst = settle(y, correlation, state, kind, level, lam), -1, 0.0
            for k in range(int(numbers[SIZE])):
                if sign[k] * x[k] < worst:
                    worst, turned = sign[k] * x[k], k
            if turned >= 0:
                leave(state, turned)
                numbers[STEPS] += 1.0
        # Columns depend on each other, or the data are met before the ratio is: the path knows what to do.
        if numbers[BARRED] > 0.0 or (kind == ROOT and found == 0.0) or top == 0.0:
            break
        lam, size = found if found > 0.0 else lam, int(numbers[SIZE])
        if gram.size:
            combine(gram, order, x, size, a.size, a)
        else:
            combine(state.columns, ranks, x, size, y.size, state.v)
            combine(A, ranks, state.v, y.size, a.size, a)
        for j in range(rest.size):
            rest[j] = correlation[j] - a[j]
        for k in range(size):
            rest[order[k]] = 0.0
    begin(state, correlation, y, nonneg)
    return False
