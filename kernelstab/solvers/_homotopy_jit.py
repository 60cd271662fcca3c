"""Compiled path of the LASSO: from the zero solution down to the level asked for, event by event."""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab._engines.duality_gap import BASIS, LASSO, QCBP, ROOT

WALKING, ARRIVED, STUCK = 0, 1, 2        # what a state says about itself
LAM, SQUARE, SIZE, STEPS, STATUS, LEFT, SIDE, BARRED, STILL, PEAK, FIRST = range(11)

DEPENDENT = 1e-13   # a pivot below this share of its squared column adds nothing but rounding
CLEAR = 0.01        # a pivot above this share loses two digits to cancellation at most
DEEPEST = 1e-10     # below this share of its first lambda a path meets rounding only
ROUNDED = 1e-15     # correlations this close, as a share of the first lambda, differ by rounding
EXACT = 1e-26       # a share of ||y||^2 that is rounding
DRIFT = 1e-9        # a direction less accurate than this calls for a fresh inverse
LOST = 1e-4         # and one less accurate than this with a fresh inverse ends the walk
SMALL = 1e-4        # ||r||^2 is computed afresh below this share of ||y||^2

# Coefficients, signs and columns are kept in the order of joining. The correlation is held at
# zero where a column is active or barred, which keeps it out of the search for the next to join.
# The last row is room to work in: it is part of the state because every array that compiled code
# makes, every slice and every copy of an array costs time of the compiler.
State = namedtuple("State", ["correlation", "x", "order", "sign", "inverse", "columns", "barred", "numbers",
                             "d", "a", "v", "new", "turned", "residual", "ranks"])


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
def combine(rows, chosen, weights, count, width, out):
    """Write the sum of ``weights[k] * rows[chosen[k]][:width]``; four rows per sweep over ``out``."""
    whole = count - count % 4
    for i in range(width):
        out[i] = 0.0
    for k in range(0, whole, 4):
        r0, r1, r2, r3 = rows[chosen[k]], rows[chosen[k + 1]], rows[chosen[k + 2]], rows[chosen[k + 3]]
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for i in range(width):
            out[i] += (w0 * r0[i] + w1 * r1[i]) + (w2 * r2[i] + w3 * r3[i])
    for k in range(whole, count):
        r0, w0 = rows[chosen[k]], weights[k]
        for i in range(width):
            out[i] += w0 * r0[i]


def allocate(m, n):
    """Return a state with room for every column that can be independent of the others."""
    most = min(m, n)
    return State(np.empty(n), np.empty(most), np.empty(most, np.int64), np.empty(most),
                 np.empty((most, most)), np.empty((most, m)), np.zeros(n, np.int64), np.zeros(11),
                 np.empty(most), np.empty(n), np.empty(m), np.empty(most), np.empty(most), np.empty(m),
                 np.arange(m))


@njit(cache=True, nogil=True)
def begin(state, correlation, y, nonneg):
    """Set the state to the zero solution; ``correlation`` is ``A'y``."""
    numbers, residual, peak = state.numbers, state.residual, 0.0
    for j in range(correlation.size):
        c = correlation[j]
        size = c if nonneg else abs(c)
        peak = size if size > peak else peak
        state.correlation[j] = c
        state.barred[j] = 0
    for i in range(numbers.size):
        numbers[i] = 0.0
    numbers[LAM] = numbers[PEAK] = peak
    for i in range(y.size):
        residual[i] = y[i]
    numbers[SQUARE] = numbers[FIRST] = inner(residual, residual, y.size)
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


@njit(cache=True, nogil=True, forceinline=True)
def join(state, A, gram, j, side):
    """Border the inverse by column ``j``; bar the column if it depends on the active ones.

    A pivot that is not clear is measured as the square of what the active columns leave of the new one:
    errors of the inverse enter that squared.
    """
    numbers, inverse, columns, order = state.numbers, state.inverse, state.columns, state.order
    ranks, new, turned, rest = state.ranks, state.new, state.turned, state.residual
    size, pivot, square, m = int(numbers[SIZE]), 0.0, 1.0, rest.size
    state.correlation[j] = 0.0
    if size < order.size:
        fresh = columns[size]
        if gram.size:
            for i in range(m):
                fresh[i] = A[j, i]
        else:
            for i in range(m):
                fresh[i] = A[i, j]
        square = inner(fresh, fresh, m)
        for k in range(size):
            new[k] = gram[j, order[k]] if gram.size else inner(columns[k], fresh, m)
        combine(inverse, ranks, new, size, size, turned)
        pivot = square - inner(new, turned, size)
        if pivot < CLEAR * square:
            combine(columns, ranks, turned, size, m, rest)
            for i in range(m):
                rest[i] -= fresh[i]
            pivot = inner(rest, rest, m)
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
    state.x[size], order[size], state.sign[size] = 0.0, j, side
    numbers[SIZE] = size + 1


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def leave(state, k):
    """Take the active column at place ``k`` out of the inverse; the last one moves to its place."""
    x, order, sign, inverse, numbers = state.x, state.order, state.sign, state.inverse, state.numbers
    c, barred, work = state.correlation, state.barred, state.new
    last, lam = int(numbers[SIZE]) - 1, numbers[LAM]
    numbers[LEFT], numbers[SIDE] = order[k], sign[k]
    c[order[k]] = sign[k] * lam
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
    moved, kept = state.columns[last], state.columns[k]
    for i in range(kept.size):
        kept[i] = moved[i]
    numbers[SIZE] = last
    if numbers[BARRED] > 0.0:  # a barred column may be independent of those that stay
        for j in range(barred.size):
            if barred[j] != 0:
                c[j] = barred[j] * lam
                barred[j] = 0
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


@njit(cache=True, nogil=True, forceinline=True)
def remainder(state, y, image):
    """Write the image of the active coefficients and what it leaves of ``y``; return its square."""
    residual = state.residual
    combine(state.columns, state.ranks, state.x, int(state.numbers[SIZE]), y.size, image)
    for i in range(y.size):
        residual[i] = y[i] - image[i]
    return inner(residual, residual, residual.size)


@njit(cache=True, nogil=True)
def descend(state, A, gram):
    """Write the direction d, its image v and a = A'v; return whether they can be trusted.

    With a Gram matrix a comes from its rows and v is left alone.
    """
    size, order, sign, ranks = int(state.numbers[SIZE]), state.order, state.sign, state.ranks
    d, a, v, drift = state.d, state.a, state.v, 0.0
    if size == 0:       # nothing moves but lambda, and the matrix need not be read
        for i in range(v.size):
            v[i] = 0.0
        for j in range(a.size):
            a[j] = 0.0
        return True
    for attempt in range(2):
        combine(state.inverse, ranks, sign, size, size, d)
        if gram.size:
            combine(gram, order, d, size, a.size, a)
        else:
            combine(state.columns, ranks, d, size, v.size, v)
            combine(A, ranks, v, v.size, a.size, a)
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
def advance(state, step, rate):
    """Move down the piece by ``step``."""
    numbers, c, x, d, a = state.numbers, state.correlation, state.x, state.d, state.a
    lam = numbers[LAM]
    for j in range(a.size):
        c[j] -= step * a[j]
    for k in range(int(numbers[SIZE])):
        x[k] += step * d[k]
    numbers[LAM] = lam - step
    numbers[SQUARE] -= rate * step * (2.0 * lam - step)
    numbers[STEPS] += 1.0
    numbers[STILL] = numbers[STILL] + 1.0 if step <= 1e-14 * lam else 0.0


@njit(cache=True, nogil=True)
def event(state, step, nonneg):
    """Return the first event within ``step``: where it is, the place that leaves, what joins on which side.

    A place or column of -1 is none.
    """
    numbers, x, sign, c, d, a = state.numbers, state.x, state.sign, state.correlation, state.d, state.a
    lam, left, banned, leaving, joining, side = numbers[LAM], numbers[LEFT], numbers[SIDE], -1, -1, 0.0
    for k in range(int(numbers[SIZE])):
        if sign[k] * d[k] < 0.0 and -x[k] / d[k] < step:
            step, leaving = max(-x[k] / d[k], 0.0), k
    for j in range(a.size):
        value = c[j] - step * a[j]
        if abs(value) > lam - step and (value > 0.0 or not nonneg):
            s = 1.0 if value > 0.0 else -1.0
            rise = 1.0 - s * a[j]
            if rise > 0.0 and not (j == left and s == banned):
                step, joining, side = max((lam - s * c[j]) / rise, 0.0), j, s
    return step, leaving, joining, side


@njit(cache=True, nogil=True)
def walk(A, gram, y, state, kind, level, nonneg, count):
    """Follow the path over at most ``count`` events.

    A Gram matrix of size 0 is one not at hand; with one, ``A`` is the transposed matrix, of which single
    columns are all that is read.
    """
    numbers, order, barred, a = state.numbers, state.order, state.barred, state.a
    for _ in range(count):
        if numbers[STILL] > a.size + 2 * order.size or not descend(state, A, gram):
            numbers[STATUS] = STUCK
            return
        size, lam = int(numbers[SIZE]), numbers[LAM]
        for k in range(size):
            a[order[k]] = 0.0
        if numbers[BARRED] > 0.0:
            for j in range(a.size):
                a[j] = a[j] if barred[j] == 0 else 0.0
        if kind in (QCBP, ROOT) and numbers[SQUARE] < SMALL * numbers[FIRST]:
            numbers[SQUARE] = remainder(state, y, state.v)
        rate = inner(state.sign, state.d, size)
        target = goal(kind, level, lam, numbers[SQUARE], rate)
        step = max(lam - max(target, DEEPEST * numbers[PEAK]), 0.0)
        step, leaving, joining, side = event(state, step, nonneg)
        advance(state, step, rate)
        numbers[LEFT] = -1.0
        if joining >= 0:
            join(state, A, gram, joining, side)
        elif leaving >= 0:
            leave(state, leaving)
        else:
            numbers[STATUS] = ARRIVED
            return


@njit(cache=True, nogil=True, forceinline=True)
def excess(state, scale, image):
    """Write into ``turned`` the correction of ``image`` to ``scale * sign``; return the largest excess.

    The excess is that of the correlations of the active columns. ``turned`` is the inverse of
    their Gram matrix times it: the combination of the columns that has these correlations.
    """
    size, sign, columns, new, worst = int(state.numbers[SIZE]), state.sign, state.columns, state.new, 0.0
    for k in range(size):
        new[k] = inner(columns[k], image, image.size) - scale * sign[k]
        worst = max(worst, abs(new[k]))
    combine(state.inverse, state.ranks, new, size, size, state.turned)
    return worst


@njit(cache=True, nogil=True)
def finish(y, state, kind, level, x, image, dual):
    """Solve on the final support with the true residual; write the point, its image and its dual.

    The dual point is ``A_S d`` where that is the limit of its direction, else the residual, moved
    in the span of the active columns to where their correlations are exact: a small residual
    has lost digits to cancellation, which after the move are missing only across the span, where
    the gap feels their square. Where the walk has not arrived, its own lambda takes the place of
    the level.
    """
    numbers, active, sign, d, v = state.numbers, state.x, state.sign, state.d, state.v
    columns, ranks, turned, residual = state.columns, state.ranks, state.turned, state.residual
    size, m, lam = int(numbers[SIZE]), y.size, numbers[LAM]
    if numbers[STATUS] != ARRIVED:
        kind, level = LASSO, lam
    rate, square, settled = 0.0, numbers[FIRST], False
    if kind != LASSO:       # whose lambda needs no direction
        combine(state.inverse, ranks, sign, size, size, d)
        for attempt in range(3):
            combine(columns, ranks, d, size, m, v)
            if attempt == 2 or excess(state, 1.0, v) <= ROUNDED:
                break
            for k in range(size):
                d[k] -= turned[k]
        rate = inner(v, v, m)
    for _ in range(6):
        square = remainder(state, y, image)
        lam = goal(kind, level, lam, square, rate)
        settled = excess(state, lam, residual) <= ROUNDED * numbers[PEAK]
        if settled:
            break
        for k in range(size):
            active[k] += turned[k]
    for k in range(size):
        if sign[k] * active[k] < 0.0:  # a zero at a corner, but for rounding
            active[k], settled = 0.0, False
    if not settled:
        square = remainder(state, y, image)
    numbers[LAM] = lam
    if kind == BASIS or (kind != LASSO and square <= EXACT * numbers[FIRST]):
        for i in range(m):
            dual[i] = v[i]
    else:
        if not settled:
            excess(state, lam, residual)
        combine(columns, ranks, turned, size, m, dual)
        for i in range(m):
            dual[i] = residual[i] - dual[i]
    for j in range(x.size):
        x[j] = 0.0
    for k in range(size):
        x[state.order[k]] = active[k]


@njit(cache=True, nogil=True)
def stretch(A, gram, y, correlation, state, fresh, kind, level, nonneg, count, x, image, dual, pulled):
    """Begin if ``fresh``, walk over at most ``count`` events and write the point, in one call."""
    if fresh:
        begin(state, correlation, y, nonneg)
    walk(A, gram, y, state, kind, level, nonneg, count)
    finish(y, state, kind, level, x, image, dual)
    combine(A, state.ranks, dual, y.size, x.size, pulled)
