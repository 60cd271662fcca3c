"""Compiled guess of the support of a solution: several columns join at a time, turned ones leave.

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
from kernelstab._engines.lasso_path.active_set_jit import ROUNDED, combine, goal, inner, join, leave
from kernelstab._engines.lasso_path.judge_jit import COLUMN, EVENTS

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
            combine(state.columns, ranks, x, size, m, product)
            for i in range(m):
                dual[i] = y[i] - product[i]
            lam = goal(kind, parameter, lam, inner(dual, dual, m), rate)
            worst = 0.0
            for k in range(size):
                new[k] = inner(state.columns[k], dual, m) - lam * sign[k]
                worst = abs(new[k]) if abs(new[k]) > worst else worst
            combine(inverse, ranks, new, size, size, solved)
            reached = worst <= ROUNDED * largest
            if reached:
                break
            for k in range(size):
                x[k] += solved[k]
        combine(state.columns, ranks, solved, size, m, v)
        for i in range(m):
            dual[i] -= v[i]
        for j in range(n):
            point[j] = 0.0
        for k in range(size):
            point[order[k]] = x[k]
            reached = reached and sign[k] * x[k] > 0.0      # else a corner, but for rounding
        if reached:
            verdicts[row, EVENTS] = joined
