"""Compiled loops of orthogonal matching pursuit: from the columns, or by their Gram matrix.

Correlations are kept as rows ``u^H A``, the conjugate of ``A^H u``: no product needs a copy.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab._engines.compiling_jit import INNER, OUTER

FULL, FITTED, NOTHING, DEPENDENT = 0, 1, 2, 3   # why a pursuit ended

TIE = 2e-12         # squared scores this close are equal: rounding must not decide between equal columns
PIVOT = 1e-10       # a column whose distance from the chosen ones is this part of its length depends on them
GRAM_PIVOT = 1e-12  # the same for the squared distance, where the Gram matrix has lost half the digits

Memory = namedtuple("Memory", [
    "rows", "basis", "triangle", "coordinates", "trail", "factors", "order", "scores", "weights"])
Found = namedtuple("Found", [
    "picks", "values", "direction", "residual", "correlation", "counts", "reasons"])


def memory(atoms, width, m, n, dtype) -> Memory:
    """Return what the loops work in: here, because making arrays takes the compiler long.

    Row ``i`` of ``rows`` is the i-th chosen column, row ``i`` of ``triangle`` its coordinates in the
    rows of ``basis``, whose ``width`` is m, or N for a Gram matrix; ``coordinates`` are those of the data.
    """
    longest = max(m, atoms) + 4
    return Memory(
        np.empty((atoms, m), dtype), np.empty((atoms, width), dtype), np.zeros((atoms, atoms), dtype),
        np.empty(atoms, dtype), np.empty((atoms + 1, m), dtype), np.zeros(longest, dtype),
        np.arange(longest), np.empty(n), np.empty(n))


def found(count, atoms, Y, correlation) -> Found:
    """Return where the loops write, one row for each problem; ``correlation`` is ``y^H A`` and is used up."""
    return Found(np.zeros((count, atoms + 4), np.int64), np.zeros((count, atoms + 4), Y.dtype),
                 np.empty_like(Y), Y.copy(), correlation, *np.zeros((2, count), np.int64))


@njit(**INNER)
def square(z):
    """Return the squared modulus; for real numbers one multiplication."""
    return (z * np.conj(z)).real


@njit(**INNER)
def inner(u, v):
    """Return the inner product; four sums, as each addition waits for the last."""
    n = u.size
    a = b = c = d = 0.0 * u[0]
    for i in range(0, n - 3, 4):
        a += np.conj(u[i]) * v[i]
        b += np.conj(u[i + 1]) * v[i + 1]
        c += np.conj(u[i + 2]) * v[i + 2]
        d += np.conj(u[i + 3]) * v[i + 3]
    for i in range(n - n % 4, n):
        a += np.conj(u[i]) * v[i]
    return (a + b) + (c + d)


@njit(**INNER)
def combine(target, factors, rows, order, count):
    """Add ``sum_i factors[i] * rows[order[i]]`` to ``target``, four rows at a time.

    Factors beyond ``count`` become zero; there is memory for three more than ``count``.
    """
    for i in range(count, count + (-count) % 4):
        factors[i] = 0.0
    for i in range(0, count, 4):
        a, b, c, d = factors[i], factors[i + 1], factors[i + 2], factors[i + 3]
        last = count - 1
        p, q = rows[order[i]], rows[order[min(i + 1, last)]]
        r, s = rows[order[min(i + 2, last)]], rows[order[min(i + 3, last)]]
        for j in range(target.size):
            target[j] += (a * p[j] + b * q[j]) + (c * r[j] + d * s[j])


@njit(**INNER)
def largest(scores):
    """Return the largest score; four maxima, as each comparison waits for the last."""
    a = b = c = d = 0.0
    n = scores.size
    for j in range(0, n - 3, 4):
        p, q, r, s = scores[j], scores[j + 1], scores[j + 2], scores[j + 3]
        a = p if p > a else a
        b = q if q > b else b
        c = r if r > c else c
        d = s if s > d else d
    for j in range(n - n % 4, n):
        a = max(a, scores[j])
    return max(max(a, b), max(c, d))


@njit(**INNER)
def leader(scores, best):
    """Return the first place whose score is the best one up to rounding."""
    for j in range(scores.size):
        if scores[j] >= (1.0 - TIE) * best:
            return j
    return scores.size


@njit(**INNER)
def substitute(triangle, x, k):
    """Turn coordinates in the basis into coefficients of the first ``k`` chosen columns."""
    for i in range(k - 1, -1, -1):
        x[i] /= triangle[i, i]
        for l in range(i):
            x[l] -= triangle[i, l] * x[i]


@njit(**INNER)
def fit(rows, order, y, triangle, coordinates, k, factors, values, direction, residual):
    """Fit the first ``k`` chosen columns, and find the shortest ``h`` with ``B^H h = sgn(x)`` for them."""
    for i in range(y.size):
        residual[i] = y[i]
        direction[i] = 0.0
    for i in range(k):
        values[i] = coordinates[i]
    substitute(triangle, values, k)
    for i in range(k):
        factors[i] = -values[i]
    combine(residual, factors, rows, order, k)
    for i in range(k):
        size = abs(values[i])
        factors[i] = values[i] / size if size > 0.0 else 0.0 * values[i]
        for l in range(i):
            factors[i] -= np.conj(triangle[i, l]) * factors[l]
        factors[i] /= triangle[i, i]
    substitute(triangle, factors, k)
    combine(direction, factors, rows, order, k)


@njit(**OUTER)
def by_columns(stack, Y, weights, etas, floors, atoms, work, found):
    """Choose columns of ``stack[p]``, or of ``stack[0]`` for all, and fit them to ``Y[p]``.

    A pursuit goes on from ``found.counts[p]`` columns, that many rows of the memory, and their residual;
    ``work.trail`` keeps the residual before each choice and after the last.
    """
    rows, basis, triangle, coordinates, trail, factors, order, scores, free = work
    m = Y.shape[1]
    for p in range(Y.shape[0]):
        A, weight = stack[min(p, stack.shape[0] - 1)], weights[min(p, weights.shape[0] - 1)]
        residual, correlation, picks = found.residual[p], found.correlation[p], found.picks[p]
        eta, floor = etas[p], floors[p]
        first = found.counts[p]
        k = first
        for j in range(free.size):
            free[j] = weight[j]
        size = np.sqrt(inner(residual, residual).real)
        while True:
            for i in range(m):
                trail[k - first, i] = residual[i]
            if size <= eta:
                reason = FITTED
                break
            if k == atoms:
                reason = FULL
                break
            for j in range(free.size):
                scores[j] = square(correlation[j] * free[j])
            best = largest(scores)
            if best <= floor * floor:
                reason = NOTHING
                break
            j = leader(scores, best)
            free[j] = 0.0
            unit, column = basis[k], rows[k]
            for i in range(m):
                column[i] = A[i, j]
                unit[i] = column[i]
            for i in range(k):
                triangle[k, i] = 0.0
            length = np.sqrt(inner(column, column).real)
            rest = length
            for _ in range(2):   # twice is enough: what the first leaves of the span is rounding
                before = rest
                for i in range(k):
                    t = inner(basis[i], unit)
                    triangle[k, i] += t
                    factors[i] = -t
                combine(unit, factors, basis, order, k)
                rest = np.sqrt(inner(unit, unit).real)
                if rest > 0.7 * before:   # nothing cancelled
                    break
            if rest <= PIVOT * length:
                reason = DEPENDENT
                break
            for i in range(m):
                unit[i] /= rest
            share = inner(unit, residual)
            for i in range(m):
                residual[i] -= share * unit[i]
                factors[i] = np.conj(residual[i])
            size = np.sqrt(inner(residual, residual).real)
            triangle[k, k], coordinates[k], picks[k] = rest, share, j
            k += 1
            if k < atoms and size > eta:
                for j in range(free.size):
                    correlation[j] = 0.0
                combine(correlation, factors, A, order, m)
        fit(rows, order, Y[p], triangle, coordinates, k, factors, found.values[p], found.direction[p], residual)
        found.counts[p], found.reasons[p] = k, reason


@njit(**OUTER)
def by_gram(columns, gram, Y, weights, etas, floors, atoms, work, found):
    """Choose among the columns of one matrix, the rows of ``columns``, by their Gram matrix, and fit ``Y[p]``.

    The rows of ``work.basis`` are ``Q^H A`` for the orthonormal basis ``Q`` that the chosen columns span: the
    pivoted Cholesky factor of the Gram matrix over all columns, so each choice costs one row and no
    triangular solve, and the correlations of the residual lose a multiple of that row.
    """
    basis, triangle, coordinates = work.basis, work.triangle, work.coordinates
    factors, order, scores, free = work.factors, work.order, work.scores, work.weights
    for p in range(Y.shape[0]):
        y, correlation, picks, values = Y[p], found.correlation[p], found.picks[p], found.values[p]
        direction, residual, eta, floor = found.direction[p], found.residual[p], etas[p], floors[p]
        whole = inner(y, y).real
        left = whole
        k = found.counts[p]
        for j in range(free.size):
            free[j] = weights[0, j]
        while True:
            size = np.sqrt(max(left, 0.0))
            if eta > 0.0 and left <= 1e-8 * whole and size <= 2.0 * eta + 1e-6 * np.sqrt(whole):
                # The difference of squares has lost its digits: measure.
                fit(columns, picks, y, triangle, coordinates, k, factors, values, direction, residual)
                size = np.sqrt(inner(residual, residual).real)
            if size <= eta:
                reason = FITTED
                break
            if k == atoms:
                reason = FULL
                break
            for j in range(free.size):
                scores[j] = square(correlation[j] * free[j])
            best = largest(scores)
            if best <= floor * floor:
                reason = NOTHING
                break
            j = leader(scores, best)
            free[j] = 0.0
            length = gram[j, j].real
            pivot = length
            for i in range(k):
                triangle[k, i] = basis[i, j]
                factors[i] = -np.conj(basis[i, j])
                pivot -= square(basis[i, j])
            if pivot <= GRAM_PIVOT * length:
                reason = DEPENDENT
                break
            root, new, start = np.sqrt(pivot), basis[k], gram[j]
            for l in range(new.size):
                new[l] = start[l]
            combine(new, factors, basis, order, k)
            by = 1.0 / root
            tail = correlation[j] * by
            for l in range(new.size):
                new[l] *= by
                correlation[l] -= tail * new[l]
            left -= square(tail)
            triangle[k, k], coordinates[k], picks[k] = root, np.conj(tail), j
            k += 1
        fit(columns, picks, y, triangle, coordinates, k, factors, values, direction, residual)
        found.counts[p], found.reasons[p] = k, reason
