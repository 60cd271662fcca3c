"""Compiled loops of orthogonal matching pursuit: from the columns, or by their Gram matrix.

Correlations are kept as rows ``u^H A``, the conjugate of ``A^H u``: no product needs a copy.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER
from kernelstab._engines.greedy.dual_jit import prove
from kernelstab._engines.greedy.task import DEPENDENT, EXTREME, FITTED, FULL, NOTHING, UNCLEAR
from kernelstab._engines.greedy.vectors_jit import combine, correlate, inner, norm, square

TIE = 2e-12          # squared scores this close are equal: rounding must not decide between equal columns
PIVOT = 1e-10        # a column whose distance from the chosen ones is this part of its length depends on them
GRAM_PIVOT = 1e-12   # the same for the squared distance, where the Gram matrix has lost half the digits
GRAM_DIGITS = 1e-6   # down to this squared residual, relative to the data's, its correlations are kept
GRAM_SPREAD = 1e3    # up to this sum of coefficients, relative to the length of their combination
LOW, HIGH = 1e-60, 1e60   # between these a fourth power is a number, also that of a residual of rounding

Memory = namedtuple("Memory", [
    "rows", "basis", "triangle", "coordinates", "trail", "factors", "order", "scores", "weights",
    "correlations"])
Found = namedtuple("Found", ["picks", "values", "vectors", "counts", "reasons", "x", "numbers"])


def memory(atoms, width, m, n, dtype) -> Memory:
    """Return what the loops work in: here, because making arrays takes the compiler long.

    Row ``i`` of ``rows`` is the i-th chosen column, row ``i`` of ``triangle`` its coordinates in the
    rows of ``basis``, whose ``width`` is m, or N for a Gram matrix; ``coordinates`` are those of the data.
    """
    longest = max(m, atoms) + 4
    return Memory(
        np.empty((atoms, m), dtype), np.empty((atoms, width), dtype), np.zeros((atoms, atoms), dtype),
        np.empty(atoms, dtype), np.empty((atoms + 1, m), dtype), np.zeros(longest, dtype),
        np.arange(longest), np.empty(n), np.empty(n), np.empty((2, n), dtype))


def fields(atoms, Y, n) -> Found:
    """Return where the loops write, one row for each problem; without N, nothing is proved.

    ``vectors`` are the dual point and the residual, which begins as the data.
    """
    count = len(Y)
    picks, values = np.zeros((count, atoms + 4), np.int64), np.zeros((count, atoms + 4), Y.dtype)
    x, numbers = np.zeros((count, n), Y.dtype), np.empty((count if n else 0, 4))
    vectors = np.empty((count, 2, Y.shape[1]), Y.dtype)
    vectors[:] = Y[:, None]
    counts, reasons = np.zeros((2, count), np.int64)
    return Found(picks, values, vectors, counts, reasons, x, numbers)


@njit(**INNER)
def leader(correlation, weights, scores):
    """Return the first column whose |correlation| times weight is largest up to rounding, and that number.

    Four maxima, as each comparison waits for the last.
    """
    n = scores.size
    for j in range(n):
        scores[j] = square(correlation[j] * weights[j])
    a = b = c = d = 0.0
    for j in range(0, n - 3, 4):
        p, q, r, s = scores[j], scores[j + 1], scores[j + 2], scores[j + 3]
        a = p if p > a else a
        b = q if q > b else b
        c = r if r > c else c
        d = s if s > d else d
    for j in range(n - n % 4, n):
        a = max(a, scores[j])
    best, place = max(max(a, b), max(c, d)), n
    for j in range(n):
        if scores[j] >= (1.0 - TIE) * best:
            place = j
            break
    return place, np.sqrt(best)


@njit(**INNER)
def fit(rows, order, y, triangle, coordinates, k, factors, values, vectors):
    """Fit the first ``k`` chosen columns, and find the shortest ``h`` with ``B^H h = sgn(x)`` for them.

    The vectors become that direction and the residual, the factors the coefficients of the direction.
    """
    for q in range(1, -1, -1):
        for i in range(k):
            factors[i] = -coordinates[i]
            if q == 0:
                size = abs(values[i])
                factors[i] = values[i] / size if size > 0.0 else 0.0 * values[i]
                for l in range(i):
                    factors[i] -= np.conj(triangle[i, l]) * factors[l]
                factors[i] /= triangle[i, i]
        for i in range(k - 1, -1, -1):    # from coordinates in the basis to coefficients of the columns
            factors[i] /= triangle[i, i]
            for l in range(i):
                factors[l] -= triangle[i, l] * factors[i]
            if q == 1:
                values[i] = -factors[i]
        for i in range(y.size):
            vectors[q, i] = q * y[i]
        combine(vectors[q], factors, rows, order, k)


@njit(**OUTER)
def by_columns(kind, stack, Y, norms, etas, tol, atoms, work, found):
    """Choose columns of ``stack[p]``, or of ``stack[0]`` for all, and fit them to ``Y[p]``.

    ``norms`` has a row for each matrix, or none where columns are to be measured; columns of norm zero are
    never chosen. A pursuit goes on from ``found.counts[p]`` columns, that many rows of the memory, and their
    residual; ``work.trail`` keeps the residual before each choice and after the last.
    """
    rows, basis, triangle, coordinates, trail, factors, order, scores, free, correlations = work
    m = Y.shape[1]
    for p in range(Y.shape[0]):
        A, y, residual, picks = stack[min(p, stack.shape[0] - 1)], Y[p], found.vectors[p, 1], found.picks[p]
        eta, data, longest, total, correlation = etas[p], norm(y), 0.0, 0.0, correlations[1]
        for j in range(free.size):
            free[j] = 0.0
        if norms.shape[0] > 0:
            given = norms[min(p, norms.shape[0] - 1)]
            for j in range(free.size):
                free[j] = given[j]
        else:
            for i in range(m):
                row = A[i]
                for j in range(free.size):
                    free[j] += square(row[j])
            for j in range(free.size):
                free[j] = np.sqrt(free[j])
        for j in range(free.size):
            longest = max(longest, free[j])
            total += free[j] if free[j] >= 0.0 else np.inf
            free[j] = 1.0 / free[j] if free[j] > 0.0 else 0.0
        first = found.counts[p]
        k, size, reason = first, norm(residual), EXTREME
        ordinary = total < np.inf and LOW <= data <= HIGH and LOW <= longest <= HIGH
        while ordinary:
            for i in range(m):
                trail[k - first, i] = residual[i]
            if size <= eta:
                reason = FITTED
                break
            if k == atoms:
                reason = FULL
                break
            correlate(correlation, residual, A, factors, order)
            j, best = leader(correlation, free, scores)
            if best <= tol * data:
                reason = NOTHING
                break
            free[j] = 0.0
            unit, column = basis[k], rows[k]
            for i in range(m):
                column[i] = A[i, j]
                unit[i] = column[i]
            for i in range(k):
                triangle[k, i] = 0.0
            length = norm(column)
            rest = length
            for _ in range(2):   # twice is enough: what the first leaves of the span is rounding
                before = rest
                for i in range(k):
                    t = inner(basis[i], unit)
                    triangle[k, i] += t
                    factors[i] = -t
                combine(unit, factors, basis, order, k)
                rest = norm(unit)
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
            size = norm(residual)
            triangle[k, k], coordinates[k], picks[k] = rest, share, j
            k += 1
        fit(rows, order, y, triangle, coordinates, k, factors, found.values[p], found.vectors[p])
        if found.numbers.shape[0] > 0:
            for q in range(2):
                correlate(correlations[q], found.vectors[p, q], A, factors, order)
            for j in range(free.size):
                total += abs(correlation[j])
            if not total < np.inf:     # the sum shows an entry that is no number
                reason = EXTREME
            prove(kind, picks, found.values[p], k, data, longest, found.vectors[p], correlations,
                  found.x[p], found.numbers[p])
        found.counts[p], found.reasons[p] = k, reason


@njit(**OUTER)
def by_gram(kind, A, columns, gram, Y, correlations, norms, etas, tol, atoms, work, found):
    """Choose among the columns of one matrix by their Gram matrix, and fit them to ``Y[p]``.

    The rows of ``columns`` are the columns of ``A``, those of ``correlations`` are ``y^H A`` and used up.
    The rows of ``work.basis`` are ``Q^H A`` for the orthonormal basis ``Q`` that the chosen columns span: the
    pivoted Cholesky factor of the Gram matrix over all columns, so each choice costs one row and no
    triangular solve, and the correlations of the residual lose a multiple of that row.
    """
    _, basis, triangle, coordinates, _, factors, order, scores, free, at_end = work
    longest = 0.0
    for j in range(free.size):
        longest = max(longest, norms[j])
    for p in range(Y.shape[0]):
        y, correlation, picks, vectors, eta = Y[p], correlations[p], found.picks[p], found.vectors[p], etas[p]
        whole = inner(y, y).real
        left, data, reason = whole, np.sqrt(whole), -1
        if not (LOW <= data <= HIGH and LOW <= longest <= HIGH):
            reason = EXTREME
        k = found.counts[p]
        for j in range(free.size):
            free[j] = 1.0 / norms[j] if norms[j] > 0.0 else 0.0
        while True:
            size = np.sqrt(max(left, 0.0))
            # Where the difference of squares has lost its digits, the residual is measured.
            lost = eta > 0.0 and left <= 1e-8 * whole and size <= 2.0 * eta + 1e-6 * data
            if reason < 0 and size <= eta and not lost:
                reason = FITTED
            elif reason < 0 and k == atoms:
                reason = FULL
            if lost or reason >= 0:
                fit(columns, picks, y, triangle, coordinates, k, factors, found.values[p], vectors)
                if lost and reason != EXTREME and norm(vectors[1]) <= eta:
                    reason = FITTED
                if reason >= 0:
                    break
            j, best = leader(correlation, free, scores)
            if best <= tol * data:
                reason = NOTHING
                continue
            free[j] = 0.0
            length = gram[j, j].real
            pivot = length
            for i in range(k):
                triangle[k, i] = basis[i, j]
                factors[i] = -np.conj(basis[i, j])
                pivot -= square(basis[i, j])
            if pivot <= GRAM_PIVOT * length:
                reason = UNCLEAR
                continue
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
        # What the Gram matrix knows of the two correlations is taken where it has the digits.
        spread = 0.0
        for i in range(k):
            spread += abs(factors[i])
            factors[i] = np.conj(factors[i])
        for l in range(free.size):
            at_end[0, l] = 0.0
            at_end[1, l] = correlation[l]
        combine(at_end[0], factors, gram, picks, k)
        inexact = (spread * longest > GRAM_SPREAD * norm(vectors[0]),
                   inner(vectors[1], vectors[1]).real < GRAM_DIGITS * whole)
        for q in range(2):
            if inexact[q]:
                correlate(at_end[q], vectors[q], A, factors, order)
        found.counts[p], found.reasons[p] = k, reason
        prove(kind, picks, found.values[p], k, data, longest, vectors, at_end, found.x[p], found.numbers[p])
