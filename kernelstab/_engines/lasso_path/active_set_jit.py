"""The active set of a LASSO: its columns, the inverse of their Gram matrix, how both change; the judgement.

What is shared by the guess of a support and the path. Every array that compiled code makes, every slice and
every copy of an array costs time of the compiler, so that all memory is part of the state.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER
from kernelstab._engines.duality_gap import LASSO, QCBP, ROOT
from kernelstab._engines.duality_gap_jit import (
    best_multiple,
    gap_of,
    is_clear,
    relative,
    shortfall,
    with_rounding,
)

DEPENDENT = 1e-13   # a pivot below this share of its squared column adds nothing but rounding
CLEAR = 0.01        # a pivot above this share loses two digits to cancellation at most
ROUNDED = 1e-15     # correlations this close, as a share of the largest of the data, differ by rounding

# Coefficients ``x``, signs and columns are kept in the order of joining. The correlation with the residual
# is held at zero where a column is active or barred, which keeps it out of the search for the next to join.
# On one support the path is x = p - lam * d; v is A d, and a is A'v. ``numbers`` are those of the path, the
# rest is memory to work in.
State = namedtuple("State", ["correlation", "x", "order", "sign", "inverse", "columns", "barred", "numbers",
                             "d", "a", "v", "new", "solved", "residual", "ranks"])


def allocate(m, n):
    """Return a state with memory for every column that can be independent of the others."""
    most = min(m, n)
    return State(np.empty(n), np.empty(most), np.empty(most, np.int64), np.empty(most),
                 np.empty((most, most)), np.empty((most, m)), np.zeros(n, np.int64), np.zeros(11),
                 np.empty(most), np.empty(n), np.empty(m), np.empty(most), np.empty(most), np.empty(m),
                 np.arange(m))


@njit(**INNER)
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


@njit(**INNER)
def combine(rows, chosen, weights, count, width, out):
    """Write the sum of ``weights[k] * rows[chosen[k]][:width]``; four rows per sweep over ``out``."""
    whole = count - count % 4
    for i in range(width):
        out[i] = 0.0
    for k in range(0, whole, 4):
        k0, k1, k2, k3 = chosen[k], chosen[k + 1], chosen[k + 2], chosen[k + 3]
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for i in range(width):
            out[i] += (w0 * rows[k0, i] + w1 * rows[k1, i]) + (w2 * rows[k2, i] + w3 * rows[k3, i])
    for k in range(whole, count):
        k0, w0 = chosen[k], weights[k]
        for i in range(width):
            out[i] += w0 * rows[k0, i]


@njit(**INNER)
def join(state, A, gram, size, j, side):
    """Border the inverse of ``size`` columns by column ``j``; return whether it is independent of them.

    A pivot that is not clear is measured as the square of what the active columns leave of the new one:
    errors of the inverse enter that squared. A Gram matrix of size 0 is one not at hand; with one, ``A`` is
    the transposed matrix.
    """
    inverse, columns, order = state.inverse, state.columns, state.order
    ranks, new, solved, rest = state.ranks, state.new, state.solved, state.residual
    m = rest.size
    if size == order.size:
        return False
    fresh = columns[size]
    for i in range(m):
        fresh[i] = A[j, i] if gram.size else A[i, j]
    square = inner(fresh, fresh, m)
    for k in range(size):
        new[k] = gram[j, order[k]] if gram.size else inner(columns[k], fresh, m)
    combine(inverse, ranks, new, size, size, solved)
    pivot = square - inner(new, solved, size)
    if pivot < CLEAR * square:
        combine(columns, ranks, solved, size, m, rest)
        for i in range(m):
            rest[i] -= fresh[i]
        pivot = inner(rest, rest, m)
    if pivot <= DEPENDENT * square:
        return False
    for k in range(size):
        share = solved[k] / pivot
        for i in range(size):
            inverse[k, i] += share * solved[i]
        inverse[k, size] = inverse[size, k] = -share
    inverse[size, size] = 1.0 / pivot
    state.x[size], order[size], state.sign[size] = 0.0, j, side
    return True


@njit(**INNER)
def leave(state, last, k):
    """Take the active column at place ``k`` out of the inverse; the ``last`` one moves to its place."""
    x, order, sign, inverse, work = state.x, state.order, state.sign, state.inverse, state.new
    pivot = inverse[k, k]
    for i in range(last + 1):
        work[i] = inverse[k, i]
    work[k] = work[last]
    for i in range(last):
        inverse[k, i] = inverse[i, k] = inverse[last, i]
    inverse[k, k] = inverse[last, last]
    for i in range(last):
        share = work[i] / pivot
        for l in range(last):
            inverse[i, l] -= share * work[l]
    x[k], order[k], sign[k] = x[last], order[last], sign[last]
    for i in range(state.residual.size):
        state.columns[k, i] = state.columns[last, i]


@njit(**INNER)
def goal(kind, parameter, lam, square, rate):
    """Return the lambda at which this piece reaches the parameter, 0 if it does not.

    Along a piece ``||r||^2`` is linear in ``lambda^2`` with slope ``rate = ||A_S d||^2``.
    """
    target = 0.0
    if kind == LASSO:
        return parameter
    if kind == QCBP and rate == 0.0:  # no column is active
        return lam if square <= parameter * parameter else 0.0
    if kind == QCBP:
        target = lam * lam - (square - parameter * parameter) / rate
    elif kind == ROOT and parameter * parameter * rate < 1.0:
        target = parameter * parameter * (square - rate * lam * lam) / (1.0 - parameter * parameter * rate)
    return np.sqrt(target) if target > 0.0 else 0.0


@njit(**INNER)
def remainder(state, size, y, product):
    """Write ``Ax`` and what it leaves of ``y``; return its square."""
    residual = state.residual
    combine(state.columns, state.ranks, state.x, size, y.size, product)
    for i in range(y.size):
        residual[i] = y[i] - product[i]
    return inner(residual, residual, residual.size)


@njit(**INNER)
def misfit(state, size, scale, vector):
    """Return by how much the correlations of the active columns with a vector miss ``scale * sign``.

    ``solved`` becomes the combination of the active columns that has the missing correlations.
    """
    sign, columns, new, worst = state.sign, state.columns, state.new, 0.0
    for k in range(size):
        new[k] = inner(columns[k], vector, vector.size) - scale * sign[k]
        worst = abs(new[k]) if abs(new[k]) > worst else worst
    combine(state.inverse, state.ranks, new, size, size, state.solved)
    return worst


# What is known of a row: its gap, whether that meets the tolerance, and the events on the way.
OBJECTIVE, VALUE, GAP, RELATIVE, RESIDUAL, EXCESS, COLUMN, MET, EVENTS, FIELDS = range(10)


@njit(**OUTER)
def judge(Y, kinds, parameters, nonneg, tol, X, products, duals, correlations, verdicts):
    """Judge each row of ``X``, of the product ``Ax``, with its dual direction of the correlations ``A'h``.

    The directions become the multiples that prove most, the products are overwritten. The verdict knows the
    norm that the longest column has at least, and learns.
    """
    m, n = Y.shape[1], X.shape[1]
    for row in range(Y.shape[0]):
        y, x, rest, dual, slope = Y[row], X[row], products[row], duals[row], correlations[row]
        kind, parameter, verdict = kinds[row], parameters[row], verdicts[row]
        weight = 1.0 if kind >= QCBP else parameter
        fitted, length = np.sqrt(inner(rest, rest, m)), np.sqrt(inner(dual, dual, m))
        for i in range(m):
            rest[i] = y[i] - rest[i]
        size, product, along = np.sqrt(inner(rest, rest, m)), inner(dual, rest, m), inner(x, slope, n)
        total = largest = 0.0
        for j in range(n):
            total += abs(x[j])
            value = slope[j] if nonneg else abs(slope[j])
            largest = value if not value <= largest else largest            # also where it is not a number
        column = max(verdict[COLUMN], fitted / total if total > 0.0 else 0.0,
                     largest / length if length > 0.0 else 0.0)
        t = best_multiple(kind, parameter, weight, product + along, length,
                          with_rounding(largest, column, length))
        distance = 0.0
        for i in range(m):
            dual[i] *= t
            distance += (rest[i] - dual[i]) * (rest[i] - dual[i])
        found = gap_of(kind, parameter, weight * total, weight * total - t * along, size, t * length,
                       t * product, np.sqrt(distance))
        data = np.sqrt(inner(y, y, m))
        ratio = relative(found.gap, found.objective)
        verdict[OBJECTIVE], verdict[VALUE], verdict[GAP] = found.objective, found.dual_objective, found.gap
        verdict[RELATIVE], verdict[RESIDUAL], verdict[EXCESS] = ratio, size, found.excess
        verdict[COLUMN] = column
        met = (data < np.inf and ratio <= tol
               and shortfall(data, t * length, found.excess, found.objective) <= tol
               and is_clear(kind, parameter, tol, data, column, t * length, found.objective, size))
        verdict[MET] = 1.0 if met else 0.0
