r"""Compiled simplex method on the fixed polytope of the null space constant.

The polytope is :math:`\{v:Qv=0,\|v\|_1=1\}` with orthonormal rows ``Q``, written with
:math:`v=v^+-v^-`. For a basis ``B`` of signed columns the tableau holds
:math:`T=B^{-1}[Q;0]`, then :math:`x=B^{-1}e_{r+1}`, then ``x`` for a slightly perturbed right-hand
side. The column of :math:`v_j^\pm` is :math:`\pm T_j+x`, so one tableau serves both signs.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER

SMALLEST_PIVOT = 1e-9
OPTIMAL = 1e-12
FRESH_AFTER = 1000      # pivots


@njit(**INNER)
def exchange(T, column, p, top):
    """Bring the column with coefficients ``column`` into the basis at row ``p``; ``top`` is work space."""
    scale = 1.0 / column[p]
    for j in range(len(top)):                       # a copy does not overlap with the rows: faster code
        top[j] = T[p, j] * scale
        T[p, j] = top[j]
    for i in range(len(T)):
        if i != p and column[i] != 0.0:
            row, factor = T[i], column[i]
            for j in range(len(row)):
                row[j] -= factor * top[j]


@njit(**INNER)
def reduced_costs(T, basis, sign, xi, gradient):
    """Write ``xi - A^T h`` of the basis to ``gradient``; return the value and its largest entry."""
    rows, n = T.shape[0], T.shape[1] - 2
    for j in range(n):
        gradient[j] = xi[j]
    value = 0.0
    for i in range(rows):
        cost = xi[basis[i]] * sign[i]
        if cost != 0.0:
            value += cost * T[i, n]
            for j in range(n):
                gradient[j] -= cost * T[i, j]
    enter = 0
    for j in range(1, n):
        if abs(gradient[j]) > abs(gradient[enter]):
            enter = j
    return value, enter


@njit(**INNER)
def optimise(T, basis, sign, xi, cutoff, limit, gradient):
    """Pivot to an optimum, or until ``max |xi - A^T h| <= cutoff``; return the value and the pivots.

    The perturbed right-hand side keeps every step positive on degenerate polytopes; rows with
    almost equal ratios are decided by the size of the pivot.
    """
    rows, n = T.shape[0], T.shape[1] - 2
    column, top = np.empty(rows), np.empty(T.shape[1])
    for pivots in range(limit):
        value, enter = reduced_costs(T, basis, sign, xi, gradient)
        worst = abs(gradient[enter])
        if worst <= value + OPTIMAL or worst <= cutoff:
            return value, pivots
        direction = 1 if gradient[enter] > 0 else -1
        step = np.inf
        for i in range(rows):
            column[i] = direction * T[i, enter] + T[i, n]
            if column[i] > SMALLEST_PIVOT:
                step = min(step, (max(T[i, n + 1], 0.0) + 1e-13) / column[i])
        leave = np.int64(-1)
        for i in range(rows):
            if column[i] > SMALLEST_PIVOT and T[i, n + 1] <= step * column[i] \
                    and (leave < 0 or column[i] > column[leave]):
                leave = i
        if leave < 0:                                       # rounding: the polytope is bounded
            return value, limit
        exchange(T, column, leave, top)
        basis[leave], sign[leave] = enter, direction
    return value, limit


@njit(**OUTER)
def solve_programs(Q, start, start_basis, start_sign, supports, signs, cutoff, duals, vertices):
    """Solve programs one after the other, each from the last vertex of the one before.

    Writes ``h`` in the coordinates of ``Q`` and the last vertex; returns the number of programs that
    did not end well. The tableau is replaced by that of the first vertex before rounding adds up.
    """
    r, n = Q.shape
    T, basis, sign = start.copy(), start_basis.copy(), start_sign.copy()
    xi, gradient = np.zeros(n), np.empty(n)
    limit = 40 * (r + 10)
    failures, since = 0, 0
    for k in range(len(supports)):
        for j in range(n):
            xi[j] = 0.0
        for a in range(supports.shape[1]):
            xi[supports[k, a]] = signs[k, a]
        flip, good = 1.0, False
        for attempt in range(2):
            if attempt == 1 or since > FRESH_AFTER:
                for i in range(r + 1):
                    basis[i], sign[i] = start_basis[i], start_sign[i]
                    for j in range(n + 2):
                        T[i, j] = start[i, j]
                since = 0
            flip *= face(T, basis, sign, xi, gradient)
            value, steps = optimise(T, basis, sign, xi, cutoff, limit, gradient)
            since += steps
            bound = nearest_dual(Q, xi, gradient, duals[k])
            good = steps < limit and bound <= max(cutoff, value) + 10 * OPTIMAL
            if good:
                break
        if not good:
            failures += 1
        for i in range(r):
            duals[k, i] *= flip
        for j in range(n):
            vertices[k, j] = 0.0
        for i in range(r + 1):
            vertices[k, basis[i]] += flip * sign[i] * T[i, n]
    return failures


@njit(**INNER)
def face(T, basis, sign, xi, gradient):
    """Replace ``xi`` by ``-xi`` if its value is negative, for the polytope is symmetric; return the sign."""
    if reduced_costs(T, basis, sign, xi, gradient)[0] >= 0:
        return 1.0
    for j in range(len(xi)):
        xi[j] = -xi[j]
    return -1.0


@njit(**INNER)
def nearest_dual(Q, xi, gradient, h):
    """Write ``h = Q (xi - gradient)``; return ``max |xi - Q^T h|``.

    The rows of ``Q`` are orthonormal, so this is the nearest ``h``: it takes out what the tableau
    has drifted from ``gradient = xi - Q^T h``. The gradient is overwritten.
    """
    for i in range(len(Q)):
        total = 0.0
        for j in range(len(xi)):
            total += Q[i, j] * (xi[j] - gradient[j])
        h[i] = total
    for j in range(len(xi)):
        gradient[j] = xi[j]
    for i in range(len(Q)):
        for j in range(len(xi)):
            gradient[j] -= h[i] * Q[i, j]
    worst = 0.0
    for j in range(len(xi)):
        worst = max(worst, abs(gradient[j]))
    return worst
