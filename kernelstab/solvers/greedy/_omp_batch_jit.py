"""Compiled loops of orthogonal matching pursuit over many problems: by a Gram matrix, or from the columns."""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab.solvers.greedy._dual_jit import blur, copy, energy, join, prove, square
from kernelstab.solvers.greedy._omp_jit import (
    DEPENDENT,
    FITTED,
    FULL,
    NOTHING,
    Factor,
    Rule,
    climb,
    coordinates,
    first,
    sign_coordinates,
)

GRAM_PIVOT = 1e-12   # PIVOT for the squared distance, where the Gram matrix has lost half the digits
GRAM_DIGITS = 1e-6   # down to this squared residual, relative to the data's, its correlations are kept
GRAM_SPREAD = 1e3    # up to this sum of weights, relative to the length of their combination

Memory = namedtuple("Memory", [
    "rows", "triangle", "z", "factors", "order", "picks", "scores", "weights", "correlation",
    "pulled", "h", "residual", "trail"])
Found = namedtuple("Found", [
    "x", "dual", "objective", "dual_objective", "gap", "residual", "iterations", "reasons"])


def memory(atoms, width, m, n, dtype) -> Memory:
    """Return what the loops work in; here, because making arrays takes the compiler long."""
    return Memory(
        np.zeros((atoms + 1, width), dtype), np.zeros((atoms, atoms), dtype), np.empty(atoms, dtype),
        np.zeros(atoms + 4, dtype), np.zeros(atoms + 4, np.int64), np.zeros(atoms, np.int64), np.empty(n),
        np.empty(n), np.empty(n, dtype), np.empty(n, dtype), np.empty(m, dtype), np.empty(m, dtype),
        np.empty((atoms + 1, m), dtype))


@njit(cache=True, nogil=True)
def add(target, factors, rows, picks, count):
    """Add ``sum_i factors[i] * rows[picks[i]]`` to ``target``, four rows at a time."""
    n, i = target.size, 0
    while i + 4 <= count:
        a, b, c, d = factors[i], factors[i + 1], factors[i + 2], factors[i + 3]
        p, q, r, s = rows[picks[i]], rows[picks[i + 1]], rows[picks[i + 2]], rows[picks[i + 3]]
        for j in range(n):
            target[j] += (a * p[j] + b * q[j]) + (c * r[j] + d * s[j])
        i += 4
    while i < count:
        a, p = factors[i], rows[picks[i]]
        for j in range(n):
            target[j] += a * p[j]
        i += 1


@njit(cache=True, nogil=True)
def measure(columns, y, picks, values, residual):
    """Write ``y - Ax`` into ``residual``."""
    for i in range(y.size):
        residual[i] = -y[i]
    add(residual, values, columns, picks, values.size)
    for i in range(y.size):
        residual[i] = -residual[i]


@njit(cache=True, nogil=True)
def project(start, factors, rows, order, count, scale, new):
    """Write ``scale`` times (``start`` plus the combination of ``count`` rows) into ``new``.

    Four rows at a time, all in one form of loop: what is missing to four has the factor 0.
    """
    a, b, c, d = factors[0], factors[1], factors[2], factors[3]
    p, q, r, s = rows[order[0]], rows[order[1]], rows[order[2]], rows[order[3]]
    by = scale if count <= 4 else 1.0
    for l in range(new.size):
        new[l] = (start[l] + ((a * p[l] + b * q[l]) + (c * r[l] + d * s[l]))) * by
    for i in range(4, count, 4):  # apart, because the compiler must see that source and target are one
        a, b, c, d = factors[i], factors[i + 1], factors[i + 2], factors[i + 3]
        p, q, r, s = rows[order[i]], rows[order[i + 1]], rows[order[i + 2]], rows[order[i + 3]]
        by = scale if i + 4 >= count else 1.0
        for l in range(new.size):
            new[l] = (new[l] + ((a * p[l] + b * q[l]) + (c * r[l] + d * s[l]))) * by


@njit(cache=True, nogil=True)
def gram_climb(columns, gram, y, work, rule):
    """Choose columns by their Gram matrix; return their number and the reason.

    All but the last row, of zeros, of ``work.rows`` are ``Q^H A`` for the orthonormal basis ``Q`` that
    the chosen columns span: the pivoted Cholesky factor of the Gram matrix over all columns, so each
    choice costs one row and no triangular solve. ``work.correlation`` holds ``y^H A`` and becomes ``r^H A``.
    """
    rows, triangle, z, picks = work.rows, work.triangle, work.z, work.picks
    correlation, weights, scores, factors, order = (
        work.correlation, work.weights, work.scores, work.factors, work.order)
    whole = energy(y)
    left, k = whole, np.int64(0)  # a literal would have the callees compiled once more
    for l in range(scores.size):
        scores[l] = square(correlation[l] * weights[l])
    while True:
        size = np.sqrt(max(left, 0.0))
        if rule.eta > 0.0 and left <= 1e-8 * whole and size <= 2.0 * rule.eta + 1e-6 * np.sqrt(whole):
            # The difference of squares has lost its digits: measure.
            measure(columns, y, picks, coordinates(triangle, z, k), work.residual)
            size = np.sqrt(energy(work.residual))
        if size <= rule.eta:
            return k, FITTED
        if k == rule.atoms:
            return k, FULL
        j, score = first(scores)
        if score <= rule.floor * rule.floor:
            return k, NOTHING
        length = gram[j, j].real
        pivot = length
        for i in range(k):
            triangle[k, i], factors[i] = rows[i, j], -np.conj(rows[i, j])
            pivot -= square(rows[i, j])
        weights[j] = 0.0
        if pivot <= GRAM_PIVOT * length:
            return k, DEPENDENT
        root, new = np.sqrt(pivot), rows[k]
        for i in range(k, k + 4):
            factors[i], order[i] = 0.0 * factors[i], rows.shape[0] - 1
        project(gram[j], factors, rows, order, k, 1.0 / root, new)
        tail, order[k] = correlation[j] / root, k
        for l in range(new.size):
            correlation[l] -= tail * new[l]
            scores[l] = square(correlation[l] * weights[l])
        left -= square(tail)
        triangle[k, k], z[k], picks[k] = root, np.conj(tail), j
        k += 1


@njit(cache=True, nogil=True)
def write(found, p, work, values, scale, longest):
    """Judge the point, and fill row ``p``; data and residual are ``scale`` times the caller's."""
    h, picks, level = work.h, work.picks, np.sqrt(energy(work.residual))
    proof = prove(values, picks, h, work.pulled, work.residual, level, longest)
    x, dual = found.x[p], found.dual[p]
    for j in range(x.size):
        x[j] = 0.0
    for i in range(values.size):
        x[picks[i]] = values[i] / scale
    for i in range(h.size):
        dual[i] = proof.multiple * h[i]
    found.objective[p], found.dual_objective[p] = proof.objective / scale, proof.dual_objective / scale
    found.gap[p], found.residual[p] = proof.gap / scale, level / scale


@njit(cache=True, nogil=True)
def settle(A, columns, y, work, k, longest, gram):
    """Fit the first ``k`` chosen columns, and find the dual point of their signs and the residual.

    What the Gram matrix knows of ``h^H A`` and ``r^H A`` is taken where it has the digits; where ``gram``
    is of size 0 it knows nothing.
    """
    h, pulled, residual, slope = work.h, work.pulled, work.residual, work.correlation
    values = coordinates(work.triangle, work.z, k)
    measure(columns, y, work.picks, values, residual)
    left, whole, mass = energy(residual), energy(y), 0.0
    for i in range(k):
        mass += abs(values[i])
    noise = blur(np.sqrt(whole), longest, mass)
    joins = noise * mass < left
    if (joins or k == 0) and (gram.size == 0 or left < GRAM_DIGITS * whole):
        np.dot(np.conj(residual), A, slope)
    if k == 0:
        copy(residual, h)
        copy(slope, pulled)
        return values
    w = coordinates(work.triangle, sign_coordinates(work.triangle, values, k), k)  # (B^H B)^-1 sgn(x)
    total = 0.0
    for i in range(h.size):
        h[i] = 0.0
    add(h, w, columns, work.picks, k)
    for i in range(k):
        total += abs(w[i])
        w[i] = np.conj(w[i])
    if gram.size > 0 and total * longest <= GRAM_SPREAD * np.sqrt(energy(h)):
        for j in range(pulled.size):
            pulled[j] = 0.0
        add(pulled, w, gram, work.picks, k)
    else:
        np.dot(np.conj(h), A, pulled)
    if joins:
        join(h, pulled, residual, slope, noise, mass)
    return values


@njit(cache=True, nogil=True)
def gram_batch(A, columns, gram, Y, correlations, weights, scales, atoms, etas, floors, longest, work, found):
    """Solve one problem per row of ``Y``, all with the columns of ``A``, the rows of ``columns``."""
    for p in range(Y.shape[0]):
        copy(weights, work.weights)
        copy(correlations[p], work.correlation)
        k, reason = gram_climb(columns, gram, Y[p], work, Rule(atoms, etas[p], floors[p]))
        values = settle(A, columns, Y[p], work, k, longest, gram)
        write(found, p, work, values, scales[p], longest)
        found.iterations[p], found.reasons[p] = k, reason


@njit(cache=True, nogil=True)
def column_batch(A, gram, Y, weights, scales, atoms, etas, floors, longest, work, found):
    """Solve one problem per row of ``Y``, with the columns of ``A[p]``, or of ``A[0]`` for all."""
    factor = Factor(work.rows, work.triangle, work.z)
    for p in range(Y.shape[0]):
        i = p if A.shape[0] > 1 else 0
        copy(weights[i], work.weights)
        copy(Y[p], work.residual)
        k, reason = climb(A[i], work.weights, work.residual, factor, work.picks, work.trail, 0,
                          Rule(atoms, etas[p], floors[p]))
        values = settle(A[i], A[i].T, Y[p], work, k, longest[i], gram)
        write(found, p, work, values, scales[p], longest[i])
        found.iterations[p], found.reasons[p] = k, reason
