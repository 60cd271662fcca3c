r"""Compiled dual active-set method for least-norm points of slabs, and its loop over many programs.

The program of a support S, a target t on S and limits c off S is

    minimise ||h||  subject to  <a_i, h> = t_i (i in S),  |<a_j, h>| <= c_j (j not in S).

The method of Goldfarb and Idnani starts at h = 0 and makes the violated constraints active one by one; the
norm only grows. Throughout h = sum of v_j a_j over the active columns, so v is the primal vector of
the robust null space property, and the active columns are kept as Q R, so the condition number of the
matrix enters once, not squared.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER

SOLVED, INFEASIBLE, UNFINISHED = 0, 1, 2
_EPS = 2.220446049250313e-16


@njit(**INNER)
def _split(Q, k, a, coefficients, z):
    """Write ``a`` as a combination of ``k`` orthonormal rows plus a rest ``z``; return its norm."""
    m = a.size
    for c in range(m):
        z[c] = a[c]
    for i in range(k):
        coefficients[i] = 0.0
    for _ in range(2):                                # twice is enough
        for i in range(k):
            product = 0.0
            for c in range(m):
                product += Q[i, c] * z[c]
            coefficients[i] += product
            for c in range(m):
                z[c] -= product * Q[i, c]
    square = 0.0
    for c in range(m):
        square += z[c] * z[c]
    return np.sqrt(square)


@njit(**INNER)
def _back(R, k, right):
    """Solve ``R r = right`` in place for the leading ``k`` by ``k`` triangle."""
    for i in range(k - 1, -1, -1):
        for j in range(i + 1, k):
            right[i] -= R[i, j] * right[j]
        right[i] /= R[i, i]


@njit(**INNER)
def _restore(Q, R, k, bounds, h, values):
    """Put ``h = Q^T y`` on the active constraints, ``R^T y = bounds``; ``values = R^-1 y``."""
    for i in range(k):
        y = bounds[i]
        for j in range(i):
            y -= R[j, i] * values[j]
        values[i] = y / R[i, i]
    for c in range(h.size):
        h[c] = 0.0
        for i in range(k):
            h[c] += values[i] * Q[i, c]
    _back(R, k, values)


@njit(**INNER)
def _drop(Q, R, k, gone):
    """Delete column ``gone`` of the ``k`` active ones and make ``R`` triangular again by rotations."""
    for j in range(gone, k - 1):
        for i in range(j + 2):
            R[i, j] = R[i, j + 1]
    for i in range(gone, k - 1):
        size = np.hypot(R[i, i], R[i + 1, i])
        cosine, sine = R[i, i] / size, R[i + 1, i] / size
        for j in range(i, k - 1):
            upper, lower = R[i, j], R[i + 1, j]
            R[i, j] = cosine * upper + sine * lower
            R[i + 1, j] = cosine * lower - sine * upper
        for c in range(Q.shape[1]):
            upper, lower = Q[i, c], Q[i + 1, c]
            Q[i, c] = cosine * upper + sine * lower
            Q[i + 1, c] = cosine * lower - sine * upper


@njit(**INNER)
def _most_violated(columns, lengths, limits, inside, h):
    """Return the column outside the support whose limit is exceeded most, and its product with ``h``."""
    n, m = columns.shape
    size = 0.0
    for c in range(m):
        size += h[c] * h[c]
    size = np.sqrt(size)
    worst, found, product = 0.0, -1, 0.0
    for j in range(n):
        if inside[j] or lengths[j] == 0.0:
            continue
        y = 0.0
        for c in range(m):
            y += columns[j, c] * h[c]
        excess = (abs(y) - limits[j]) / lengths[j] - 4.0 * m * _EPS * size
        if excess > worst:
            worst, found, product = excess, j, y
    return found, product


@njit(**INNER)
def solve(columns, lengths, limits, support, target, h, v):
    """Solve one program; fill ``h`` and ``v`` and return the outcome.

    Without a feasible point ``v`` becomes a kernel vector, up to rounding, that proves it:
    ``<target, v_S> > sum of limits |v|`` off the support.
    """
    n, m = columns.shape
    width = min(m, n)
    Q, R = np.empty((width + 1, m)), np.empty((width + 1, width + 1))
    active, sides, bounds = np.empty(width, np.int64), np.empty(width), np.empty(width)
    values, corner = np.empty(width), np.empty(width)
    r, z = np.empty(width + 1), np.empty(m)
    inside = np.empty(n, np.bool_)
    for j in range(n):
        inside[j] = False
        v[j] = 0.0
    for i in range(support.size):
        inside[support[i]] = True
    for c in range(m):
        h[c] = 0.0
    none = np.int64(0)                                # a plain 0 would compile what it is handed to again
    k, given = none, none
    for _ in range(50 * (n + m)):
        if given < support.size:
            p, side, bound = support[given], 0.0, target[given]
            given += 1
            product = 0.0
            for c in range(m):
                product += columns[p, c] * h[c]
        else:
            p, product = _most_violated(columns, lengths, limits, inside, h)
            if p < 0:
                for i in range(k):
                    v[active[i]] = values[i]
                return SOLVED
            side = 1.0 if product > 0 else -1.0
            bound = side * limits[p]
        push = 1.0 if bound > product else -1.0
        while True:
            rest = _split(Q, k, columns[p], r, z)
            free = k < width and rest > 1e-12 * lengths[p]
            for i in range(k):
                corner[i] = r[i]
            _back(R, k, corner)
            blocked, step = none - 1, np.inf
            for i in range(k):
                if sides[i] != 0.0 and push * sides[i] * corner[i] < 0.0:
                    length = values[i] / (push * corner[i])
                    if length < step:
                        blocked, step = i, max(length, 0.0)
            whole = abs(bound - product) / (rest * rest) if free else np.inf
            if blocked < 0 and not free:
                if side == 0.0 and abs(bound - product) <= 1e-12 * (1.0 + abs(bound)):
                    break                             # an equation that follows from the earlier ones
                v[p] = push
                for i in range(k):
                    v[active[i]] = -push * corner[i]
                return INFEASIBLE
            if whole <= step:
                for i in range(k):
                    R[i, k] = r[i]
                R[k, k] = rest
                for c in range(m):
                    Q[k, c] = z[c] / rest
                active[k], sides[k], bounds[k] = p, side, bound
                k += 1
                _restore(Q, R, k, bounds, h, values)
                break
            for i in range(k):
                values[i] -= step * push * corner[i]
            if free:
                for c in range(m):
                    h[c] += step * push * z[c]
                product += step * push * rest * rest
            _drop(Q, R, k, blocked)
            k -= 1
            for i in range(blocked, k):
                active[i], sides[i] = active[i + 1], sides[i + 1]
                bounds[i], values[i] = bounds[i + 1], values[i + 1]
    return UNFINISHED


@njit(**OUTER)
def solve_all(columns, lengths, limits, supports, targets, duals, vectors, outcomes):
    """Solve programs one after the other."""
    for k in range(len(supports)):
        outcomes[k] = solve(columns, lengths, limits, supports[k], targets[k], duals[k], vectors[k])
