"""Compiled elimination over column sets, modulo a prime and in floating point.

Both loops go depth first through the sets that begin with a given prefix. At every node the
columns to come are already reduced by the chosen ones, so that one more column costs one
elimination step, and the last two together one determinant for each pair.

Modulo ``p < 2**31`` a step is free of division: ``x_ij <- (a x_ij - x_ic x_rj) 2**-32`` with the
pivot ``a = x_rc``; the common factor of a row is a unit, which changes no dependence, and the
product with ``2**-32`` is Montgomery's reduction, two multiplications and a shift.
"""

import numpy as np
from numba import njit

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ZERO = np.uint64(0)


@njit(cache=True, nogil=True)
def _step(source, rows, column, n, p, q, target):
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


@njit(cache=True, nogil=True)
def _parallel(table, rows, pivot, i, j, p):
    """Whether column j is a multiple of column i, whose entry in the pivot row is not zero."""
    a = table[pivot, i]
    for r in range(rows):
        if r != pivot:
            t = a * table[r, j] + (p - table[r, i]) * table[pivot, j]
            if t % p != _ZERO:
                return False
    return True


@njit(cache=True, nogil=True)
def dependent_sets(table, p, q, prefix, size, found, sizes):
    """Search the sets of ``size`` columns that begin with ``prefix`` for dependent ones modulo ``p``.

    ``table`` holds residues, ``q = -1/p`` modulo ``2**32``, ``size`` is at least 2 and ``prefix``
    at most ``size - 2`` long. A dependent set, or a shorter dependent beginning of sets, is put
    into a row of ``found`` with its length in ``sizes``, and nothing that continues it is visited.
    Returns how many there are; when they do not fit, the search ends with -1.
    """
    rows, n = table.shape
    work = np.empty((size - 1, rows, n), dtype=np.uint64)
    work[0] = table
    chosen = np.zeros(size, dtype=np.int64)
    following = np.zeros(size, dtype=np.int64)
    count = 0
    base = len(prefix)
    for d in range(base):
        chosen[d] = prefix[d]
        if not _step(work[d], rows - d, prefix[d], n, p, q, work[d + 1]):
            found[0, :d + 1] = prefix[:d + 1]
            sizes[0] = d + 1
            return 1
        following[d + 1] = prefix[d] + 1
    d = base
    while d >= base:
        if d == size - 2:
            count = _pairs(work[d], rows - d, following[d], n, p, q, chosen, d, found, sizes, count)
            if count < 0:
                return -1
            d -= 1
            continue
        column = following[d]
        if column > n - (size - d):
            d -= 1
            continue
        following[d] = column + 1
        chosen[d] = column
        if _step(work[d], rows - d, column, n, p, q, work[d + 1]):
            d += 1
            following[d] = column + 1
        else:
            if count == len(sizes):
                return -1
            found[count, :d + 1] = chosen[:d + 1]
            sizes[count] = d + 1
            count += 1
    return count


@njit(cache=True, nogil=True)
def _pairs(table, rows, first, n, p, q, chosen, d, found, sizes, count):
    """Look for zero columns and pairs of parallel columns; record each with the chosen ones."""
    for i in range(first, n - 1):
        pivot = -1
        for r in range(rows):
            if table[r, i] != _ZERO:
                pivot = r
                break
        if pivot < 0:
            if count == len(sizes):
                return -1
            found[count, :d] = chosen[:d]
            found[count, d] = i
            sizes[count] = d + 1
            count += 1
            continue
        other = 1 if pivot == 0 else 0
        a = table[pivot, i]
        c = p - table[other, i]
        for j in range(i + 1, n):
            t = a * table[other, j] + c * table[pivot, j]
            u = (t + ((t & _LOW) * q & _LOW) * p) >> _HALF
            if u in (_ZERO, p) and _parallel(table, rows, pivot, i, j, p):
                if count == len(sizes):
                    return -1
                found[count, :d] = chosen[:d]
                found[count, d] = i
                found[count, d + 1] = j
                sizes[count] = d + 2
                count += 1
    return count


@njit(cache=True, nogil=True)
def _project(source, column, n, tol, target):
    """Make the later columns orthogonal to one column; return its length, nothing done below ``tol``."""
    m = source.shape[0]
    length = np.sqrt(np.sum(np.abs(source[:, column])**2))
    if length <= tol:
        return length
    unit = source[:, column] / length
    for j in range(column + 1, n):
        product = np.sum(np.conj(unit) * source[:, j])
        for i in range(m):
            target[i, j] = source[i, j] - product * unit[i]
    return length


@njit(cache=True, nogil=True)
def dependent_sets_float(table, tol, prefix, size, found, sizes):
    """As :func:`dependent_sets`, for real or complex columns of length one.

    A column counts as dependent if its distance from the span of the earlier ones of its set,
    found by modified Gram-Schmidt, is at most ``tol``. Returns also the least distance above.
    """
    m, n = table.shape
    work = np.empty((size, m, n), dtype=table.dtype)
    work[0] = table
    chosen = np.zeros(size, dtype=np.int64)
    following = np.zeros(size, dtype=np.int64)
    count = 0
    least = np.inf
    base = len(prefix)
    for d in range(base):
        chosen[d] = prefix[d]
        length = _project(work[d], prefix[d], n, tol, work[d + 1])
        if length <= tol:
            found[0, :d + 1] = prefix[:d + 1]
            sizes[0] = d + 1
            return 1, least
        least = min(least, length)
        following[d + 1] = prefix[d] + 1
    d = base
    while d >= base:
        column = following[d]
        if column > n - (size - d):
            d -= 1
            continue
        following[d] = column + 1
        chosen[d] = column
        if d < size - 1:
            length = _project(work[d], column, n, tol, work[d + 1])
        else:
            length = np.sqrt(np.sum(np.abs(work[d][:, column])**2))
        if length <= tol:
            if count == len(sizes):
                return -1, least
            found[count, :d + 1] = chosen[:d + 1]
            sizes[count] = d + 1
            count += 1
            continue
        least = min(least, length)
        if d < size - 1:
            d += 1
            following[d] = column + 1
    return count, least
