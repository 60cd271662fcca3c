"""Compiled loop of orthogonal matching pursuit from the columns, and what it shares with batches.

Vectors of correlations are kept as rows ``u^H A``, the conjugate of ``A^H u``: no product needs a copy.
The cache of compiled code sees changes of one file only: touch ``_omp_batch_jit.py`` and
``_omp_quick_jit.py`` after a change of this one, and all three after one of ``_dual_jit.py``.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab.solvers.greedy._dual_jit import copy, energy, square

# Why a loop ended.
FULL, FITTED, NOTHING, DEPENDENT = 0, 1, 2, 3

TIE = 2e-12    # squared scores this close are equal: rounding must not decide between equal columns
PIVOT = 1e-10  # a column whose distance from the chosen ones is this part of its length depends on them

Factor = namedtuple("Factor", ["basis", "triangle", "weights"])
Rule = namedtuple("Rule", ["atoms", "eta", "floor"])


@njit(cache=True, nogil=True)
def first(scores):
    """Return the place of the largest score, and that score; ties within rounding go to the lowest index."""
    best = 0.0
    for j in range(scores.size):
        best = scores[j] if scores[j] > best else best
    limit = (1.0 - TIE) * best
    for j in range(scores.size):
        if scores[j] >= limit:
            return j, best
    return 0, 0.0


@njit(cache=True, nogil=True)
def leader(correlation, weights, scores):
    """Return the first column with the largest |correlation| times weight, and that number squared."""
    for j in range(scores.size):
        scores[j] = square(correlation[j] * weights[j])
    return first(scores)


@njit(cache=True, nogil=True)
def climb(A, weights, residual, factor, picks, trail, k, rule):
    """Choose columns until ``rule`` says stop; return their number and the reason.

    ``A`` holds the columns to choose from. Row ``i`` of ``factor.basis`` is the unit vector that the
    i-th chosen column adds to the span, row ``i`` of ``triangle`` holds the coordinates of that column,
    and ``factor.weights[i]`` those of the data. ``residual`` is changed in place; ``trail[i]`` keeps the
    residual before the i-th choice counted from the start of this call. Chosen columns lose their
    weight.
    """
    Q, R, z = factor
    first, scores, v = k, np.empty(weights.size), np.empty_like(residual)
    while True:
        copy(residual, trail[k - first])
        size = np.sqrt(energy(residual))
        if size <= rule.eta:
            return k, FITTED
        if k == rule.atoms:
            return k, FULL
        j, score = leader(np.dot(np.conj(residual), A), weights, scores)
        if score <= rule.floor * rule.floor:
            return k, NOTHING
        unit, row = Q[k], R[k]
        for i in range(v.size):
            v[i] = A[i, j]
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
def sign_coordinates(triangle, x, k):
    """Return the coordinates, in the basis, of the shortest ``h`` with ``B^H h = sgn(x)``."""
    w = np.zeros_like(x)
    for i in range(k):
        size = abs(x[i])
        if size > 0.0:
            w[i] = x[i] / size
    for i in range(k):
        for l in range(i):
            w[i] -= np.conj(triangle[i, l]) * w[l]
        w[i] = w[i] / triangle[i, i]
    return w


@njit(cache=True, nogil=True)
def fit(factor, k):
    """Return the coefficients of the first ``k`` chosen columns, and the dual point of their signs."""
    x = coordinates(factor.triangle, factor.weights, k)
    return x, np.dot(sign_coordinates(factor.triangle, x, k), factor.basis[:k])
