"""Compiled loops of orthogonal matching pursuit: from the columns, and from their Gram matrix."""

from collections import namedtuple

import numpy as np
from numba import njit

# Why a loop ended.
FULL, FITTED, NOTHING, DEPENDENT = 0, 1, 2, 3

TIE = 2e-12    # squared scores this close are equal: rounding must not decide between equal columns
PIVOT = 1e-10  # a column whose distance from the chosen ones is this part of its length depends on them
GRAM_PIVOT = 1e-12  # the same for the squared distance, where the Gram matrix has lost half the digits

Factor = namedtuple("Factor", ["basis", "triangle", "weights"])
Rule = namedtuple("Rule", ["atoms", "eta", "floor"])


@njit(cache=True, nogil=True)
def leader(correlation, weights, scores):
    """Return the first column with the largest |correlation| times weight, and that number squared.

    Ties within rounding go to the lowest index. Four running maxima, because the compiler may
    not reorder a single one.
    """
    n = correlation.size
    a = b = c = d = 0.0
    for j in range(n):
        re, im = correlation[j].real * weights[j], correlation[j].imag * weights[j]
        scores[j] = re * re + im * im
    for j in range(0, n - 3, 4):
        a = scores[j] if scores[j] > a else a
        b = scores[j + 1] if scores[j + 1] > b else b
        c = scores[j + 2] if scores[j + 2] > c else c
        d = scores[j + 3] if scores[j + 3] > d else d
    for j in range(n - n % 4, n):
        a = scores[j] if scores[j] > a else a
    best = max(max(a, b), max(c, d))
    limit = (1.0 - TIE) * best
    for j in range(n):
        if scores[j] >= limit:
            return j, best
    return 0, 0.0


@njit(cache=True, nogil=True)
def energy(v):
    """Return the squared norm; a loop, because expressions with arrays take the compiler long."""
    re = im = 0.0
    for i in range(v.size):
        re += v[i].real ** 2
        im += v[i].imag ** 2
    return re + im


@njit(cache=True, nogil=True)
def copy(source, target):
    """Write ``source`` into ``target``."""
    for i in range(source.size):
        target[i] = source[i]


@njit(cache=True, nogil=True)
def climb(V, weights, residual, factor, picks, trail, k, rule):
    """Choose columns until ``rule`` says stop; return their number and the reason.

    The rows of ``V`` are the columns to choose from, so that each lies in one piece. Row ``i`` of
    ``factor.basis`` is the unit vector that the i-th chosen column adds to the span, row ``i`` of
    ``triangle`` holds the coordinates of that column, and ``factor.weights[i]`` those of the data.
    ``residual`` is changed in place; ``trail[i]`` keeps the residual before the i-th choice counted
    from the start of this call. Chosen columns lose their weight.
    """
    Q, R, z = factor
    first, scores = k, np.empty(weights.size)
    while True:
        copy(residual, trail[k - first])
        size = np.sqrt(energy(residual))
        if size <= rule.eta:
            return k, FITTED
        if k == rule.atoms:
            return k, FULL
        # r^H a_j; the conjugate of the correlation has the same modulus.
        j, score = leader(np.dot(V, np.conj(residual)), weights, scores)
        if score <= rule.floor * rule.floor:
            return k, NOTHING
        v, unit, row = V[j].copy(), Q[k], R[k]
        length = np.sqrt(energy(v))
        rest = length
        for i in range(k):
            row[i] = 0.0
        for _ in range(2):  # twice is enough: what the first leaves of the span is rounding
            before = rest
            if k > 0:
                t = np.conj(np.dot(Q[:k], np.conj(v)))
                part = np.dot(t, Q[:k])
                for i in range(v.size):
                    v[i] -= part[i]
                for i in range(k):
                    row[i] += t[i]
            rest = np.sqrt(energy(v))
            if rest > 0.7 * before:  # nothing cancelled
                break
        weights[j] = 0.0
        if rest <= PIVOT * length:
            return k, DEPENDENT
        row[k], share = rest, 0.0 * residual[0]
        for i in range(v.size):
            unit[i] = v[i] / rest
            share += np.conj(unit[i]) * residual[i]
        for i in range(v.size):
            residual[i] -= share * unit[i]
        z[k], picks[k] = share, j
        k += 1


@njit(cache=True, nogil=True)
def coordinates(triangle, weights, k):
    """Return the coefficients of the first ``k`` chosen columns, by back substitution."""
    x = weights[:k].copy()
    for i in range(k - 1, -1, -1):
        x[i] = x[i] / triangle[i, i]
        for l in range(i):
            x[l] -= triangle[i, l] * x[i]
    return x


@njit(cache=True, nogil=True)
def subtract(target, factors, rows, count):
    """Subtract ``sum_i conj(factors[i]) * rows[i]`` from ``target``, four rows at a time."""
    n, i = target.size, 0
    while i + 4 <= count:
        a, b = np.conj(factors[i]), np.conj(factors[i + 1])
        c, d = np.conj(factors[i + 2]), np.conj(factors[i + 3])
        p, q, r, s = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        for j in range(n):
            target[j] -= (a * p[j] + b * q[j]) + (c * r[j] + d * s[j])
        i += 4
    while i < count:
        a, p = np.conj(factors[i]), rows[i]
        for j in range(n):
            target[j] -= a * p[j]
        i += 1


@njit(cache=True, nogil=True)
def combine(V, picks, x, target):
    """Write the combination of the rows ``picks`` of ``V`` into ``target``."""
    for l in range(target.size):
        target[l] = 0.0
    for i in range(x.size):
        row, a = V[picks[i]], x[i]
        for l in range(target.size):
            target[l] += a * row[l]


@njit(cache=True, nogil=True)
def sign_weights(triangle, x, k):
    """Return ``(B^H B)^-1 sgn(x)`` for the chosen columns ``B``, by two triangular solves."""
    w = np.zeros_like(x)
    for i in range(k):
        size = abs(x[i])
        if size > 0.0:
            w[i] = x[i] / size
    for i in range(k):
        for l in range(i):
            w[i] -= np.conj(triangle[i, l]) * w[l]
        w[i] = w[i] / triangle[i, i]
    return coordinates(triangle, w, k)


@njit(cache=True, nogil=True)
def write(V, picks, triangle, z, k, x, h):
    """Fill the point and the dual point that its signs suggest."""
    values = coordinates(triangle, z, k)
    combine(V, picks, sign_weights(triangle, values, k), h)
    for j in range(x.size):
        x[j] = 0.0
    for i in range(k):
        x[picks[i]] = values[i]


@njit(cache=True, nogil=True)
def gram_climb(V, G, y, correlation, weights, rows, triangle, z, picks, scores,
               residual, rule):
    """Choose columns by a Gram matrix ``G``; return their number and the reason.

    The rows of ``rows`` are ``Q^H A`` for the orthonormal basis that the chosen columns span: the
    pivoted Cholesky factor of ``G`` over all columns, so each choice costs one row and no
    triangular solve. ``correlation`` holds ``conj(A^H y)`` and becomes ``conj(A^H r)``.
    """
    square = energy(y)
    left, k = square, np.int64(0)  # a literal would have the callees compiled once more
    while True:
        size = np.sqrt(max(left, 0.0))
        if rule.eta > 0.0 and left <= 1e-8 * square and size <= 2.0 * rule.eta + 1e-6 * np.sqrt(square):
            # The difference of squares has lost its digits: measure.
            combine(V, picks, coordinates(triangle, z, k), residual)
            for i in range(y.size):
                residual[i] -= y[i]
            size = np.sqrt(energy(residual))
        if size <= rule.eta:
            return k, FITTED
        if k == rule.atoms:
            return k, FULL
        j, score = leader(correlation, weights, scores)
        if score <= rule.floor * rule.floor:
            return k, NOTHING
        whole = G[j, j].real
        pivot = whole
        for i in range(k):
            entry = rows[i, j]
            triangle[k, i] = entry
            pivot -= entry.real ** 2 + entry.imag ** 2
        weights[j] = 0.0
        if pivot <= GRAM_PIVOT * whole:
            return k, DEPENDENT
        root = np.sqrt(pivot)
        new = rows[k]
        copy(G[j], new)
        subtract(new, triangle[k], rows, k)
        tail = correlation[j] / root
        for l in range(new.size):
            new[l] /= root
            correlation[l] -= tail * new[l]
        left -= tail.real ** 2 + tail.imag ** 2
        triangle[k, k], z[k], picks[k] = root, np.conj(tail), j
        k += 1


@njit(cache=True, nogil=True)
def gram_batch(V, G, Y, correlations, weights, atoms, etas, floors, X, H, counts, reasons):
    """Solve one problem per row of ``Y``, all with the columns in the rows of ``V``; fill the rest."""
    n = weights.size
    rows, triangle = np.empty((atoms, n), Y.dtype), np.zeros((atoms, atoms), Y.dtype)
    z, scores, picks = np.empty(atoms, Y.dtype), np.empty(n), np.zeros(atoms, np.int64)
    residual, correlation, free = np.empty(Y.shape[1], Y.dtype), np.empty(n, Y.dtype), np.empty(n)
    for p in range(Y.shape[0]):
        copy(weights, free)
        for j in range(n):
            correlation[j] = np.conj(correlations[p, j])
        k, reason = gram_climb(V, G, Y[p], correlation, free, rows, triangle, z, picks, scores, residual,
                               Rule(atoms, etas[p], floors[p]))
        write(V, picks, triangle, z, k, X[p], H[p])
        counts[p], reasons[p] = k, reason


@njit(cache=True, nogil=True)
def column_batch(V, Y, weights, atoms, etas, floors, X, H, counts, reasons):
    """Solve one problem per row of ``Y``: columns are the rows of ``V[p]``, or ``V[0]`` for all."""
    m, own = Y.shape[1], V.shape[0] > 1
    factor = Factor(np.empty((atoms, m), Y.dtype), np.zeros((atoms, atoms), Y.dtype),
                    np.empty(atoms, Y.dtype))
    trail, picks = np.empty((atoms + 1, m), Y.dtype), np.zeros(atoms, np.int64)
    for p in range(Y.shape[0]):
        i = p if own else 0
        k, reason = climb(V[i], weights[i].copy(), Y[p].copy(), factor, picks, trail, 0,
                          Rule(atoms, etas[p], floors[p]))
        write(V[i], picks, factor.triangle, factor.weights, k, X[p], H[p])
        counts[p], reasons[p] = k, reason
