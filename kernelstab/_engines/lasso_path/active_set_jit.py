"""The active set of a LASSO: its columns, the inverse of their Gram matrix, and how both change.

What is shared by the guess of a support and the path. Every array that compiled code makes, every slice and
every copy of an array costs time of the compiler, so that all memory is part of the state.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER
from kernelstab._engines.duality_gap import LASSO, QCBP, ROOT

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
