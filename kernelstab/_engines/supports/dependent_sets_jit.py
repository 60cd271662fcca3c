"""Compiled elimination over column sets, modulo a prime and in floating point.

Both loops go depth first through the sets that begin with a given prefix. At every node the
columns to come are already reduced by the chosen ones, so that one more column costs one
elimination step; modulo a prime the last two together cost one determinant for each pair.

Modulo ``p < 2**31`` a step is free of division: ``x_ij <- (a x_ij - x_ic x_rj) 2**-32`` with the
pivot ``a = x_rc``; the common factor of a row is a unit, which changes no dependence, and the
product with ``2**-32`` is Montgomery's reduction, two multiplications and a shift.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ZERO = np.uint64(0)


@njit(**INNER)
def _record(chosen, length, found, sizes, count):
    """Write the first columns chosen to a row of ``found``; return the new count, or -1 if it is full."""
    if count == len(sizes):
        return -1
    for i in range(length):
        found[count, i] = chosen[i]
    sizes[count] = length
    return count + 1


@njit(**INNER)
def _eliminate(source, rows, column, n, p, q, target):
    """Eliminate one column from the later ones; False if it is zero."""
    pivot = -1
    for i in range(rows):
        if source[i, column] != _ZERO:
            pivot = i
            break
    if pivot < 0:
        return False
    a = source[pivot, column]
    out = 0
    for i in range(rows):
        if i == pivot:
            continue
        if source[i, column] == _ZERO:
            for j in range(column + 1, n):
                target[out, j] = source[i, j]
        else:
            c = p - source[i, column]
            for j in range(column + 1, n):
                t = a * source[i, j] + c * source[pivot, j]
                u = (t + ((t & _LOW) * q & _LOW) * p) >> _HALF
                target[out, j] = u - p if u >= p else u
        out += 1
    return True


@njit(**INNER)
def _parallel(table, rows, pivot, i, j, p):
    """Whether column j is a multiple of column i, whose entry in the pivot row is not zero."""
    a = table[pivot, i]
    for r in range(rows):
        if r != pivot:
            t = a * table[r, j] + (p - table[r, i]) * table[pivot, j]
            if t % p != _ZERO:
                return False
    return True


@njit(**INNER)
def _pairs(table, rows, first, n, p, q, chosen, d, found, sizes, count):
    """Look for zero columns and pairs of parallel columns; record each with the chosen ones."""
    for i in range(first, n - 1):
        pivot = -1
        for r in range(rows):
            if table[r, i] != _ZERO:
                pivot = r
                break
        chosen[d] = i
        if pivot < 0:
            count = _record(chosen, d + 1, found, sizes, count)
            if count < 0:
                return count
            continue
        other = 1 if pivot == 0 else 0
        a = table[pivot, i]
        c = p - table[other, i]
        for j in range(i + 1, n):
            t = a * table[other, j] + c * table[pivot, j]
            u = (t + ((t & _LOW) * q & _LOW) * p) >> _HALF
            if u in (_ZERO, p) and _parallel(table, rows, pivot, i, j, p):
                chosen[d + 1] = j
                count = _record(chosen, d + 2, found, sizes, count)
                if count < 0:
                    return count
    return count


@njit(**OUTER)
def dependent_sets(table, p, q, prefix, size, found, sizes):
    """Search the sets of ``size`` columns that begin with ``prefix`` for dependent ones modulo ``p``.

    ``table`` holds residues, ``q = -1/p`` modulo ``2**32``, ``size`` is at least 2 and ``prefix``
    at most ``size - 2`` long. A dependent set, or a shorter dependent beginning of sets, is put
    into a row of ``found`` with its length in ``sizes``, and nothing that continues it is visited.
    Returns how many there are; when they do not fit, the search ends with -1.
    """
    rows, n = table.shape
    work = np.empty((size - 1, rows, n), dtype=np.uint64)
    for i in range(rows):
        for j in range(n):
            work[0, i, j] = table[i, j]
    chosen, following = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    base, d, count = len(prefix), 0, 0
    if base > 0:
        following[0] = prefix[0]
    while True:
        column = following[d]
        if d == size - 2:
            count = _pairs(work[d], rows - d, column, n, p, q, chosen, d, found, sizes, count)
            d -= 1
        elif column > n - (size - d):
            d -= 1
        else:
            following[d] = column + 1
            chosen[d] = column
            if _eliminate(work[d], rows - d, column, n, p, q, work[d + 1]):
                d += 1
                following[d] = prefix[d] if d < base else column + 1
                continue
            count = _record(chosen, d + 1, found, sizes, count)
        if count < 0 or d < base:
            return count


@njit(**INNER)
def _length(table, column):
    """Return the length of a column."""
    total = 0.0
    for i in range(len(table)):
        z = table[i, column]
        total += z.real * z.real + z.imag * z.imag
    return np.sqrt(total)


@njit(**INNER)
def _project(source, column, length, n, products, target):
    """Make the later columns orthogonal to one column."""
    for j in range(column + 1, n):
        products[j] = np.conj(source[0, column]) * source[0, j]
    for i in range(1, len(source)):
        factor = np.conj(source[i, column])
        for j in range(column + 1, n):
            products[j] += factor * source[i, j]
    for i in range(len(source)):
        factor = source[i, column] / length / length
        for j in range(column + 1, n):
            target[i, j] = source[i, j] - products[j] * factor


@njit(**OUTER)
def dependent_sets_float(table, tol, prefix, size, found, sizes):
    """As :func:`dependent_sets`, for real or complex columns of length one.

    A column counts as dependent if its distance from the span of the earlier ones of its set,
    found by modified Gram-Schmidt, is at most ``tol``. Returns also the least distance above.
    """
    m, n = table.shape
    work, products = np.empty((size, m, n), dtype=table.dtype), np.empty(n, dtype=table.dtype)
    for i in range(m):
        for j in range(n):
            work[0, i, j] = table[i, j]
    chosen, following = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    base, d, count, least = len(prefix), 0, 0, np.inf
    if base > 0:
        following[0] = prefix[0]
    while True:
        column = following[d]
        if column > n - (size - d):
            d -= 1
        else:
            following[d] = column + 1
            chosen[d] = column
            length = _length(work[d], column)
            if length <= tol:
                count = _record(chosen, d + 1, found, sizes, count)
            else:
                least = min(least, length)
                if d < size - 1:
                    _project(work[d], column, length, n, products, work[d + 1])
                    d += 1
                    following[d] = prefix[d] if d < base else column + 1
                    continue
        if count < 0 or d < base:
            return count, least
