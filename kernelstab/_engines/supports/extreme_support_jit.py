"""Compiled search for supports on which a Hermitian matrix has an eigenvalue above a threshold.

``t - H_S`` is positive definite if and only if all pivots of its elimination are positive. The sets
that begin alike share their elimination, depth first: a node keeps the Schur complement of what it
has chosen over all later columns, and the last two columns of a set cost one comparison
``|b_ij|^2 < b_ii b_jj``. Only upper triangles are kept.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER


@njit(**INNER)
def _square(z):
    """Return the squared modulus."""
    return z.real * z.real + z.imag * z.imag


@njit(**INNER)
def _eliminate(source, c, n, target):
    """Write the Schur complement over the columns after ``c``, whose pivot is positive."""
    pivot = source[c, c].real
    for i in range(c + 1, n):
        factor = np.conj(source[c, i]) / pivot
        row, head, out = source[i, i + 1:n], source[c, i + 1:n], target[i, i + 1:n]
        for j in range(len(row)):
            out[j] = row[j] - factor * head[j]
        target[i, i] = source[i, i].real - _square(source[c, i]) / pivot


@njit(**INNER)
def _pairs(table, first, n, pair):
    """Find two columns whose block is not positive definite; one is reported twice. True if found."""
    for i in range(first, n):
        if table[i, i].real <= 0.0:
            pair[0] = pair[1] = i
            return True
    for i in range(first, n - 1):
        d = table[i, i].real
        for j in range(i + 1, n):
            if _square(table[i, j]) >= d * table[j, j].real:
                pair[0], pair[1] = i, j
                return True
    return False


@njit(**INNER)
def _triples(table, c, n, diagonal, pair):
    """Find two columns whose block fails after ``c`` is eliminated, without storing the complement."""
    pivot = table[c, c].real
    for i in range(c + 1, n):
        diagonal[i] = table[i, i].real - _square(table[c, i]) / pivot
        if diagonal[i] <= 0.0:
            pair[0] = pair[1] = i
            return True
    for i in range(c + 1, n - 1):
        factor = np.conj(table[c, i]) / pivot
        d = diagonal[i]
        row, head, later = table[i, i + 1:n], table[c, i + 1:n], diagonal[i + 1:n]
        bad = 0                                # counting without leaving the loop lets it be vectorised
        for j in range(len(row)):
            bad += 1 if _square(row[j] - factor * head[j]) >= d * later[j] else 0
        if bad > 0:
            for j in range(len(row)):
                if _square(row[j] - factor * head[j]) >= d * later[j]:
                    pair[0], pair[1] = i, i + 1 + j
            return True
    return False


@njit(**INNER)
def _record(found, d, pair):
    """Append the pair to the columns chosen; return how many there are."""
    found[d] = pair[0]
    if pair[1] == pair[0]:
        return d + 1
    found[d + 1] = pair[1]
    return d + 2


@njit(**OUTER)
def exceeding_set(matrix, threshold, prefix, size, found):
    """Find a set of ``size`` columns, beginning with ``prefix``, where an eigenvalue reaches the threshold.

    ``size`` is at least 2 and ``prefix`` at most ``size - 2`` long. Returns the number of columns put
    into ``found``, 0 if there is no such set; fewer than ``size`` if those alone suffice.
    """
    n = matrix.shape[0]
    work = np.empty((size - 1, n, n), dtype=matrix.dtype)
    for i in range(n):
        for j in range(i + 1, n):
            work[0, i, j] = -matrix[i, j]
        work[0, i, i] = threshold - matrix[i, i].real
    following = np.zeros(size, dtype=np.int64)
    diagonal, pair = np.empty(n), np.zeros(2, dtype=np.int64)
    base, d = len(prefix), 0
    if base > 0:
        following[0] = prefix[0]
    while True:
        c, free = following[d], size - d
        if free == 2:
            if _pairs(work[d], c, n, pair):
                return _record(found, d, pair)
            d -= 1
        elif c > n - free:
            d -= 1
        else:
            following[d] = c + 1
            found[d] = c
            if work[d, c, c].real <= 0.0:
                return d + 1
            if free > 3 or d < base:
                _eliminate(work[d], c, n, work[d + 1])
                d += 1
                following[d] = prefix[d] if d < base else c + 1
                continue
            if _triples(work[d], c, n, diagonal, pair):
                return _record(found, d + 1, pair)
        if d < base:
            return 0
