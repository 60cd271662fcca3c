"""Compiled path of the LASSO: from the zero solution down to the level asked for, event by event."""

from collections import namedtuple

import numpy as np
from numba import njit

LASSO, QCBP, BASIS, ROOT = 0, 1, 2, 3    # the level is lambda, ||r||, lambda = 0, or lambda/||r||
KINDS = {"lasso": LASSO, "qcbp": QCBP, "basis-pursuit": BASIS, "sqrt-lasso": ROOT}
WALKING, ARRIVED, STUCK = 0, 1, 2        # what a state says about itself
LAM, SQUARE, SIZE, STEPS, STATUS, LEFT, SIDE, BARRED, STILL, PEAK, FIRST = range(11)

DEPENDENT = 1e-13   # a pivot below this share of its squared column adds nothing but rounding
DEEPEST = 1e-10     # below this share of its first lambda a path meets rounding only
EXACT = 1e-26       # a share of ||y||^2 that is rounding
DRIFT = 1e-9        # a direction less accurate than this calls for a fresh inverse
LOST = 1e-4         # and one less accurate than this with a fresh inverse ends the walk
SMALL = 1e-4        # ||r||^2 is computed afresh below this share of ||y||^2

# Coefficients, signs and columns are kept in the order of joining. The correlation is held at
# zero where a column is active or barred, which keeps it out of the search for the next to join.
State = namedtuple("State", ["correlation", "x", "order", "sign", "inverse", "columns", "barred", "numbers"])


@njit(cache=True, nogil=True)
def inner(p, q, size):
    """Return the inner product; four sums, which fit one register, are added in this order."""
    s0 = s1 = s2 = s3 = 0.0
    whole = size - size % 4
    for i in range(0, whole, 4):
        s0 += p[i] * q[i]
        s1 += p[i + 1] * q[i + 1]
        s2 += p[i + 2] * q[i + 2]
        s3 += p[i + 3] * q[i + 3]
    for i in range(whole, size):
        s0 += p[i] * q[i]
    return (s0 + s1) + (s2 + s3)


@njit(cache=True, nogil=True)
def combine(rows, chosen, weights, count, out):
    """Write the sum of ``weights[k] * rows[chosen[k]]``; four rows per sweep over ``out``."""
    out[:] = 0.0
    width, whole = out.size, count - count % 4
    for k in range(0, whole, 4):
        r0, r1, r2, r3 = rows[chosen[k]], rows[chosen[k + 1]], rows[chosen[k + 2]], rows[chosen[k + 3]]
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for i in range(width):
            out[i] += (w0 * r0[i] + w1 * r1[i]) + (w2 * r2[i] + w3 * r3[i])
    for k in range(whole, count):
        r0, w0 = rows[chosen[k]], weights[k]
        for i in range(width):
            out[i] += w0 * r0[i]


@njit(cache=True, nogil=True)
def allocate(m, n):
    """Return a state with room for every column that can be independent of the others."""
    most = min(m, n)
    return State(np.empty(n), np.empty(most), np.empty(most, np.int64), np.empty(most),
                 np.empty((most, most)), np.empty((most, m)), np.zeros(n, np.int64), np.zeros(11))


@njit(cache=True, nogil=True)
def begin(state, correlation, y, nonneg):
    """Set the state to the zero solution; ``correlation`` is ``A'y``."""
    numbers, peak = state.numbers, 0.0
    for j in range(correlation.size):
        c = correlation[j]
        peak = max(peak, c if nonneg else abs(c))
        state.correlation[j] = c
        state.barred[j] = 0
    numbers[:] = 0.0
    numbers[LAM] = numbers[PEAK] = peak
    numbers[SQUARE] = numbers[FIRST] = inner(y, y, y.size)
    numbers[LEFT] = -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def refresh(state):
    """Invert the Gram matrix of the active columns from scratch, in place by Gauss and Jordan."""
    size, inverse, columns = int(state.numbers[SIZE]), state.inverse, state.columns
    for i in range(size):
        for j in range(i + 1):
            inverse[i, j] = inverse[j, i] = inner(columns[i], columns[j], columns.shape[1])
    for k in range(size):
        row, pivot = inverse[k], inverse[k, k]
        row[k] = 1.0
        for i in range(size):
            row[i] /= pivot
        for l in range(size):
            share, other = inverse[l, k], inverse[l]
            if l != k:
                other[k] = 0.0
                for i in range(size):
                    other[i] -= share * row[i]


@njit(cache=True, nogil=True)
def join(state, A, gram, j, side, ranks, new, turned, rest):
    """Border the inverse by column ``j``; bar the column if it depends on the active ones.

    The pivot is measured as the square of what the active columns leave of the new one: errors
    of the inverse enter it squared.
    """
    numbers, inverse, fresh = state.numbers, state.inverse, state.columns[0]
    size, pivot, square = int(numbers[SIZE]), 0.0, 1.0
    state.correlation[j] = 0.0
    if size < state.x.size:
        fresh = state.columns[size]
        for i in range(fresh.size):
            fresh[i] = A[i, j]
        square = inner(fresh, fresh, fresh.size)
        for k in range(size):
            new[k] = gram[j, state.order[k]] if gram.size else inner(state.columns[k], fresh, fresh.size)
        combine(inverse, ranks, new, size, turned[:size])
        combine(state.columns, ranks, turned, size, rest)
        for i in range(fresh.size):
            rest[i] -= fresh[i]
        pivot = inner(rest, rest, rest.size)
    if pivot <= DEPENDENT * square:
        state.barred[j] = int(side)
        numbers[BARRED] += 1.0
        return
    for k in range(size):
        share, row = turned[k] / pivot, inverse[k]
        for i in range(size):
            row[i] += share * turned[i]
        row[size] = inverse[size, k] = -share
    inverse[size, size] = 1.0 / pivot
    state.x[size], state.order[size], state.sign[size] = 0.0, j, side
    numbers[SIZE] = size + 1


@njit(cache=True, nogil=True, error_model="numpy")
def leave(state, k, work):
    """Take the active column at place ``k`` out of the inverse; the last one moves to its place."""
    x, order, sign, inverse, numbers = state.x, state.order, state.sign, state.inverse, state.numbers
    last, lam = int(numbers[SIZE]) - 1, numbers[LAM]
    numbers[LEFT], numbers[SIDE] = order[k], sign[k]
    state.correlation[order[k]] = sign[k] * lam
    pivot = inverse[k, k]
    for i in range(last + 1):
        work[i] = inverse[k, i]
    work[k] = work[last]
    for i in range(last):
        inverse[k, i] = inverse[i, k] = inverse[last, i]
    inverse[k, k] = inverse[last, last]
    for i in range(last):
        share, row = work[i] / pivot, inverse[i]
        for l in range(last):
            row[l] -= share * work[l]
    x[k], order[k], sign[k] = x[last], order[last], sign[last]
    state.columns[k] = state.columns[last]
    numbers[SIZE] = last
    if numbers[BARRED] > 0.0:  # a barred column may be independent of those that stay
        for j in range(state.barred.size):
            if state.barred[j] != 0:
                state.correlation[j] = state.barred[j] * lam
                state.barred[j] = 0
        numbers[BARRED] = 0.0


@njit(cache=True, nogil=True)
def goal(kind, level, lam, square, rate):
    """Return the lambda at which this piece reaches the level, 0 if it does not.

    Along a piece ``||r||^2`` is linear in ``lambda^2`` with slope ``rate = ||A_S d||^2``.
    """
    target = 0.0
    if kind == LASSO:
        return level
    if kind == QCBP and rate == 0.0:  # no column is active
        return lam if square <= level * level else 0.0
    if kind == QCBP:
        target = lam * lam - (square - level * level) / rate
    elif kind == ROOT and level * level * rate < 1.0:
        target = level * level * (square - rate * lam * lam) / (1.0 - level * level * rate)
    return np.sqrt(target) if target > 0.0 else 0.0


@njit(cache=True, nogil=True)
def remainder(state, y, ranks, image, residual):
    """Write the image of the active coefficients and what it leaves of ``y``; return its square."""
    combine(state.columns, ranks, state.x, int(state.numbers[SIZE]), image)
    for i in range(y.size):
        residual[i] = y[i] - image[i]
    return inner(residual, residual, residual.size)


@njit(cache=True, nogil=True)
def descend(state, A, gram, ranks, d, v, a):
    """Write the direction ``d``, its image ``v`` and ``a = A'v``; return whether they can be trusted.

    With a Gram matrix ``a`` comes from its rows and ``v`` is left alone.
    """
    size, order, sign = int(state.numbers[SIZE]), state.order, state.sign
    for attempt in range(2):
        combine(state.inverse, ranks, sign, size, d[:size])
        if gram.size:
            combine(gram, order, d, size, a)
        else:
            combine(state.columns, ranks, d, size, v)
            combine(A, ranks, v, v.size, a)
        drift = 0.0
        for k in range(size):
            miss = abs(a[order[k]] - sign[k])
            drift = miss if not miss <= drift else drift  # also where it is not a number
        if drift <= DRIFT:
            return True
        if attempt == 0:
            refresh(state)
    return drift <= LOST


@njit(cache=True, nogil=True)
def advance(state, step, rate, d, a):
    """Move down the piece by ``step``."""
    numbers, c, lam = state.numbers, state.correlation, state.numbers[LAM]
    for j in range(a.size):
        c[j] -= step * a[j]
    for k in range(int(numbers[SIZE])):
        state.x[k] += step * d[k]
    numbers[LAM] = lam - step
    numbers[SQUARE] -= rate * step * (2.0 * lam - step)
    numbers[STEPS] += 1.0
    numbers[STILL] = numbers[STILL] + 1.0 if step <= 1e-14 * lam else 0.0


@njit(cache=True, nogil=True)
def walk(A, gram, y, state, kind, level, nonneg, count):
    """Follow the path over at most ``count`` events; a Gram matrix of size 0 is one not at hand."""
    c, numbers, n, m = state.correlation, state.numbers, A.shape[1], y.size
    d, work, turned = np.empty(state.x.size), np.empty(state.x.size), np.empty(state.x.size)
    a, v, residual, ranks = np.empty(n), np.empty(m), np.empty(m), np.arange(m)
    for _ in range(count):
        if numbers[STILL] > n + 2 * state.x.size or not descend(state, A, gram, ranks, d, v, a):
            numbers[STATUS] = STUCK
            return
        size, lam = int(numbers[SIZE]), numbers[LAM]
        for k in range(size):
            a[state.order[k]] = 0.0
        if numbers[BARRED] > 0.0:
            for j in range(n):
                a[j] = a[j] if state.barred[j] == 0 else 0.0
        if kind in (QCBP, ROOT) and numbers[SQUARE] < SMALL * numbers[FIRST]:
            numbers[SQUARE] = remainder(state, y, ranks, v, residual)
        rate = inner(state.sign, d, size)
        target = goal(kind, level, lam, numbers[SQUARE], rate)
        step = max(lam - max(target, DEEPEST * numbers[PEAK]), 0.0)
        leaving, joining, side = -1, -1, 0.0
        for k in range(size):
            if state.sign[k] * d[k] < 0.0 and -state.x[k] / d[k] < step:
                step, leaving = max(-state.x[k] / d[k], 0.0), k
        for j in range(n):
            value = c[j] - step * a[j]
            if abs(value) > lam - step and (value > 0.0 or not nonneg):
                s = 1.0 if value > 0.0 else -1.0
                rise = 1.0 - s * a[j]
                if rise > 0.0 and not (j == numbers[LEFT] and s == numbers[SIDE]):
                    step, joining, side = max((lam - s * c[j]) / rise, 0.0), j, s
        advance(state, step, rate, d, a)
        numbers[LEFT] = -1.0
        if joining >= 0:
            join(state, A, gram, joining, side, ranks, work, turned, residual)
        elif leaving >= 0:
            leave(state, leaving, work)
        else:
            numbers[STATUS] = ARRIVED
            return


@njit(cache=True, nogil=True)
def straighten(state, lam, ranks, residual, error, turned, dual):
    """Write the residual, moved in the span of the active columns to where their correlations are exact.

    A small residual has lost digits to cancellation. After the move they are missing only
    across the span, where the gap feels their square.
    """
    size, columns = error.size, state.columns
    for k in range(size):
        error[k] = lam * state.sign[k] - inner(columns[k], residual, residual.size)
    combine(state.inverse, ranks, error, size, turned)
    combine(columns, ranks, turned, size, dual)
    for i in range(residual.size):
        dual[i] += residual[i]


@njit(cache=True, nogil=True)
def finish(y, state, kind, level, x, image, dual):
    """Solve on the final support with the true residual; write the point, its image and its dual.

    The dual point is the residual, or ``A_S d`` where that is the limit of its direction.
    Where the walk has not arrived, its own lambda takes the place of the level.
    """
    numbers, size, sign = state.numbers, int(state.numbers[SIZE]), state.sign
    if numbers[STATUS] != ARRIVED:
        kind, level = LASSO, numbers[LAM]
    d, error, turned = np.empty(size), np.empty(size), np.empty(size)
    residual, v, ranks = np.empty(y.size), np.empty(y.size), np.arange(max(y.size, size))
    combine(state.inverse, ranks, sign, size, d)
    for _ in range(2):
        combine(state.columns, ranks, d, size, v)
        for k in range(size):
            error[k] = sign[k] - inner(state.columns[k], v, v.size)
        combine(state.inverse, ranks, error, size, turned)
        for k in range(size):
            d[k] += turned[k]
    combine(state.columns, ranks, d, size, v)
    rate, lam, square = inner(v, v, v.size), numbers[LAM], numbers[FIRST]
    for _ in range(6):
        square = remainder(state, y, ranks, image, residual)
        lam, worst = goal(kind, level, lam, square, rate), 0.0
        for k in range(size):
            error[k] = inner(state.columns[k], residual, residual.size) - lam * sign[k]
            worst = max(worst, abs(error[k]))
        if worst <= 1e-15 * numbers[PEAK]:
            break
        combine(state.inverse, ranks, error, size, turned)
        for k in range(size):
            state.x[k] += turned[k]
    for k in range(size):
        if sign[k] * state.x[k] < 0.0:  # a zero at a corner, but for rounding
            state.x[k] = 0.0
    square = remainder(state, y, ranks, image, residual)
    numbers[LAM] = lam
    if kind == BASIS or (kind != LASSO and square <= EXACT * numbers[FIRST]):
        dual[:] = v
    else:
        straighten(state, lam, ranks, residual, error, turned, dual)
    x[:] = 0.0
    for k in range(size):
        x[state.order[k]] = state.x[k]


@njit(cache=True, nogil=True)
def pack(A, y, state, kind, level):
    """Finish in fresh arrays: the point, its image, the dual direction and what ``A'`` makes of it."""
    m, n = A.shape
    x, image, dual, pulled = np.empty(n), np.empty(m), np.empty(m), np.empty(n)
    finish(y, state, kind, level, x, image, dual)
    combine(A, np.arange(m), dual, m, pulled)
    return x, image, dual, pulled


@njit(cache=True, nogil=True)
def solve(A, y, correlation, kind, level, nonneg, count):
    """Walk and finish one problem in one call."""
    state = allocate(*A.shape)
    begin(state, correlation, y, nonneg)
    walk(A, np.empty((0, 0)), y, state, kind, level, nonneg, count)
    x, image, dual, pulled = pack(A, y, state, kind, level)
    return x, image, dual, pulled, state.numbers
