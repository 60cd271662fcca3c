"""Compiled solutions of the LASSO: a guess of the support, and the path from zero, event by event.

The path passes every corner between zero and the solution, and reads the matrix at each. Where the support
is plain, a few rounds find it: the columns of the strongest correlations join, the problem is solved on them,
those whose sign turned leave, and one product tells whose correlation is above lambda. Where that does not
come to rest soon, the path is followed.

On a support the point is ``p - lam * d``, the solution of the equations and the direction of the path, so
that a residual or a ratio asked for has its lambda in closed form. Few columns leave more noise than that
residual: until the support has enough of them, lambda is the correlation that noise of this size has.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import OUTER
from kernelstab._engines.duality_gap import BASIS, LASSO, QCBP, ROOT
from kernelstab._engines.lasso_path.active_set_jit import (
    COLUMN,
    EVENTS,
    ROUNDED,
    combine,
    goal,
    inner,
    join,
    leave,
    misfit,
    remainder,
)

ROUNDS = 16
SHARE = 0.7      # of the largest correlation outside, that a column must have to join with it
REFINED = 7      # corrections of the point at most
NOISE = 1.5      # the correlation of the last column to join, by that which noise has on average
SLACK = 1e-12    # what a correlation may be above lambda


@njit(**OUTER)
def guess(A, gram, Y, correlations, kinds, parameters, nonneg, state, X, products, duals, verdicts):
    """Solve the problem of each row of ``Y``, but basis pursuit.

    ``A`` has the shape (1, m, n) or (rows, m, n), ``correlations`` are the products ``A'y``. A Gram matrix of
    size 0 is one not at hand; with one, ``A`` is the transposed matrix. Writes points, their products, their
    dual directions and how many columns joined and left, -1 where no solution was found.
    """
    order, sign, x, rest, inverse = state.order, state.sign, state.x, state.correlation, state.inverse
    a, d, v, new, solved, ranks = state.a, state.d, state.v, state.new, state.solved, state.ranks
    residual = state.residual
    m, n = v.size, a.size
    for row in range(Y.shape[0]):
        y, correlation, kind, parameter = Y[row], correlations[row], kinds[row], parameters[row]
        matrix, point, product, dual = A[row if A.shape[0] > 1 else 0], X[row], products[row], duals[row]
        largest, first, rate = 0.0, inner(y, y, m), 0.0
        size = joined = m - m           # a literal zero would be compiled apart
        for j in range(n):
            rest[j] = correlation[j]
            value = rest[j] if nonneg else abs(rest[j])
            largest = value if value > largest else largest
        top, found, reached = largest, kind != QCBP, False
        verdicts[row, EVENTS] = -1.0
        verdicts[row, COLUMN] = largest / np.sqrt(first) if first > 0.0 else 0.0
        lam = parameter
        if kind == ROOT:
            lam = parameter * np.sqrt(first)
        elif kind == QCBP:
            lam = NOISE * parameter * np.sqrt(inner(correlation, correlation, n) / (first * n))
        for _ in range(ROUNDS if kind != BASIS and top > 0.0 else 0):
            limit, bound = lam * (1.0 + SLACK), SHARE * top
            if top <= limit:
                if found:
                    reached = True
                    break
                lam = bound       # the residual is too large still
            bound = limit if limit > bound else bound
            independent = True
            for j in range(n):
                value = rest[j]
                if independent and (value if nonneg else abs(value)) >= bound:
                    independent = join(state, matrix, gram, size, j, 1.0 if value > 0.0 else -1.0)
                    size, joined = size + 1, joined + 1
            turned = 0
            while independent and turned < order.size:
                # The point on this support; that of lam where no other has the residual or ratio asked for.
                for k in range(size):
                    new[k] = correlation[order[k]] - (parameter * sign[k] if kind == LASSO else 0.0)
                combine(inverse, ranks, new, size, size, x)
                if kind != LASSO:
                    combine(inverse, ranks, sign, size, size, d)
                    square, rate = first - inner(new, x, size), inner(sign, d, size)
                    target = goal(kind, parameter, 0.0, square, rate)   # of a square that loses digits
                    found = target > 0.0
                    lam = target if found else lam
                    for k in range(size):
                        x[k] -= lam * d[k]
                turned, worst = order.size, 0.0
                for k in range(size):
                    if sign[k] * x[k] < worst:
                        worst, turned = sign[k] * x[k], k
                if turned < order.size:
                    size, joined = size - 1, joined + 1
                    leave(state, size, turned)
            if not independent or (kind == ROOT and not found):     # the data are met before the ratio is
                break
            if gram.size:
                combine(gram, order, x, size, n, a)
            else:
                combine(state.columns, ranks, x, size, m, v)
                combine(matrix, ranks, v, m, n, a)
            for k in range(size):
                a[order[k]] = correlation[order[k]]
            top = 0.0
            for j in range(n):
                rest[j] = correlation[j] - a[j]
                value = rest[j] if nonneg else abs(rest[j])
                top = value if value > top else top
        if not reached:
            continue
        # The point once more, by the true residual; the residual, moved in the span of the active columns to
        # where their correlations are exact, is the dual direction.
        for _ in range(REFINED):
            lam = goal(kind, parameter, lam, remainder(state, size, y, product), rate)
            worst = misfit(state, size, lam, residual)
            reached = worst <= ROUNDED * largest
            if reached:
                break
            for k in range(size):
                x[k] += solved[k]
        combine(state.columns, ranks, solved, size, m, v)
        for i in range(m):
            dual[i] = residual[i] - v[i]
        for j in range(n):
            point[j] = 0.0
        for k in range(size):
            point[order[k]] = x[k]
            reached = reached and sign[k] * x[k] > 0.0      # else a corner, but for rounding
        if reached:
            verdicts[row, EVENTS] = joined


FOLLOWING, REACHED, STUCK = 0, 1, 2      # what the state of a path says about itself
LAM, SQUARE, SIZE, STEPS, STATUS, LEFT, SIDE, BARRED, STILL, TOP, FIRST = range(11)

DEEPEST = 1e-10     # below this share of its first lambda a path meets rounding only
DRIFT = 1e-9        # a direction less accurate than this calls for a fresh inverse
LOST = 1e-4         # and one less accurate than this with a fresh inverse ends the path
SMALL = 1e-4        # ||r||^2 is computed afresh below this share of ||y||^2
EXACT = 1e-26       # a share of ||y||^2 that is rounding


@njit(**OUTER)
def follow(A, gram, Y, correlations, kinds, parameters, nonneg, count, fresh, state, X, products, duals,
           verdicts):
    """Follow the path of each row of ``Y`` over at most ``count`` events.

    ``fresh`` tells to begin at zero; else one row goes on from the state. Other arguments are those of
    ``guess``; with a Gram matrix single columns of ``A`` are all that is read of it.
    """
    numbers, order, barred, x, sign = state.numbers, state.order, state.barred, state.x, state.sign
    c, a, d, v, ranks, n = state.correlation, state.a, state.d, state.v, state.ranks, state.a.size
    solved, residual, inverse = state.solved, state.residual, state.inverse
    for row in range(Y.shape[0]):
        y, kind, parameter, matrix = Y[row], kinds[row], parameters[row], A[row if A.shape[0] > 1 else 0]
        if fresh:       # the zero solution
            top = 0.0
            for j in range(n):
                c[j] = correlations[row, j]
                value = c[j] if nonneg else abs(c[j])
                top = value if value > top else top
                barred[j] = 0
            for i in range(numbers.size):
                numbers[i] = 0.0
            numbers[LAM] = numbers[TOP] = top
            numbers[SQUARE] = numbers[FIRST] = inner(y, y, v.size)
            numbers[LEFT] = -1.0
        for _ in range(count):
            size, lam, drift = int(numbers[SIZE]), numbers[LAM], 0.0
            for attempt in range(2):        # the direction d and its slopes a = A'Ad, if they can be trusted
                combine(inverse, ranks, sign, size, size, d)
                if gram.size:
                    combine(gram, order, d, size, n, a)
                else:       # with no active column the matrix need not be read
                    combine(state.columns, ranks, d, size, v.size, v)
                    combine(matrix, ranks, v, v.size if size > 0 else size, n, a)
                drift = 0.0
                for k in range(size):
                    miss = abs(a[order[k]] - sign[k])
                    drift = miss if not miss <= drift else drift  # also where it is not a number
                if drift <= DRIFT or attempt == 1:
                    break
                # Invert the Gram matrix of the active columns from scratch, in place by Gauss and Jordan.
                for i in range(size):
                    for k in range(i + 1):
                        inverse[i, k] = inverse[k, i] = inner(state.columns[i], state.columns[k], v.size)
                for k in range(size):
                    pivot = inverse[k, k]
                    inverse[k, k] = 1.0
                    for i in range(size):
                        inverse[k, i] /= pivot
                    for l in range(size):
                        share = inverse[l, k]
                        if l != k:
                            inverse[l, k] = 0.0
                            for i in range(size):
                                inverse[l, i] -= share * inverse[k, i]
            if numbers[STILL] > n + 2 * order.size or not drift <= LOST:
                numbers[STATUS] = STUCK
                break
            for k in range(size):
                a[order[k]] = 0.0
            if numbers[BARRED] > 0.0:
                for j in range(n):
                    a[j] = a[j] if barred[j] == 0 else 0.0
            if LASSO < kind < BASIS and numbers[SQUARE] < SMALL * numbers[FIRST]:
                numbers[SQUARE] = remainder(state, size, y, v)
            rate = inner(sign, d, size)
            target = goal(kind, parameter, lam, numbers[SQUARE], rate)
            deepest = DEEPEST * numbers[TOP]
            step = lam - (target if target > deepest else deepest)
            step = step if step > 0.0 else 0.0
            # The first event within the step: the place that leaves, or what joins on which side; n is none.
            left, banned, side, leaving = numbers[LEFT], numbers[SIDE], 0.0, n
            joining = leaving
            for k in range(size):
                if sign[k] * d[k] < 0.0 and -x[k] / d[k] < step:
                    step, leaving = (-x[k] / d[k] if sign[k] * x[k] > 0.0 else 0.0), k
            for j in range(n):
                value = c[j] - step * a[j]
                if abs(value) > lam - step and (value > 0.0 or not nonneg):
                    s = 1.0 if value > 0.0 else -1.0
                    rise = 1.0 - s * a[j]
                    if rise > 0.0 and not (j == left and s == banned):
                        step, joining, side = (lam - s * c[j]) / rise, j, s
                        step = step if step > 0.0 else 0.0
            for j in range(n):
                c[j] -= step * a[j]
            for k in range(size):
                x[k] += step * d[k]
            numbers[LAM] = lam - step
            numbers[SQUARE] -= rate * step * (2.0 * lam - step)
            numbers[STEPS] += 1.0
            numbers[STILL] = numbers[STILL] + 1.0 if step <= 1e-14 * lam else 0.0
            numbers[LEFT] = -1.0
            if joining < n:
                c[joining] = 0.0
                if join(state, matrix, gram, size, joining, side):
                    numbers[SIZE] = size + 1
                else:
                    barred[joining] = int(side)
                    numbers[BARRED] += 1.0
            elif leaving < n:
                numbers[LEFT], numbers[SIDE], lam = order[leaving], sign[leaving], numbers[LAM]
                c[order[leaving]] = sign[leaving] * lam
                numbers[SIZE] = size - 1
                leave(state, size - 1, leaving)
                if numbers[BARRED] > 0.0:  # a barred column may be independent of those that stay
                    for j in range(n):
                        if barred[j] != 0:
                            c[j] = barred[j] * lam
                            barred[j] = 0
                    numbers[BARRED] = 0.0
            else:
                numbers[STATUS] = REACHED
                break
        verdicts[row, EVENTS] = numbers[STEPS]
        verdicts[row, COLUMN] = numbers[TOP] / np.sqrt(numbers[FIRST]) if numbers[FIRST] > 0.0 else 0.0
        # Solve on the final support with the true residual. The dual direction is A_S d where that is its
        # limit, else the residual, moved in the span of the active columns to where their correlations are
        # exact: a small residual has lost digits to cancellation, which after the move are missing only
        # across the span, where the gap feels their square.
        size, lam, rate = int(numbers[SIZE]), numbers[LAM], 0.0
        point, product, dual = X[row], products[row], duals[row]
        if numbers[STATUS] != REACHED:
            kind, parameter = LASSO, lam
        if kind != LASSO:       # whose lambda needs no direction
            combine(inverse, ranks, sign, size, size, d)
            for attempt in range(3):
                combine(state.columns, ranks, d, size, v.size, v)
                if attempt == 2 or misfit(state, size, 1.0, v) <= ROUNDED:
                    break
                for k in range(size):
                    d[k] -= solved[k]
            rate = inner(v, v, v.size)
        square, last = 0.0, False
        for attempt in range(8):
            square = remainder(state, size, y, product)
            lam = goal(kind, parameter, lam, square, rate)
            worst = misfit(state, size, lam, residual)
            if last:
                break
            last = worst <= ROUNDED * numbers[TOP] or attempt == 6
            if not last:
                for k in range(size):
                    x[k] += solved[k]
                continue
            turned = False
            for k in range(size):
                if sign[k] * x[k] < 0.0:  # a zero at a corner, but for rounding
                    x[k], turned = 0.0, True
            if not turned:
                break
        numbers[LAM] = lam
        if kind != BASIS and (kind == LASSO or square > EXACT * numbers[FIRST]):
            combine(state.columns, ranks, solved, size, v.size, v)
            for i in range(v.size):
                v[i] = residual[i] - v[i]
        for i in range(v.size):
            dual[i] = v[i]
        for j in range(n):
            point[j] = 0.0
        for k in range(size):
            point[order[k]] = x[k]
