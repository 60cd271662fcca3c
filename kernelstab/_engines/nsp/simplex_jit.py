r"""Compiled loops of the null space constant: the simplex method on one fixed polytope, and the search.

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
REBUILD_AFTER = 400


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
def restart(T, basis, sign, start, start_basis, start_sign):
    """Copy the first vertex."""
    for i in range(len(T)):
        basis[i], sign[i] = start_basis[i], start_sign[i]
        for j in range(T.shape[1]):
            T[i, j] = start[i, j]


@njit(**INNER)
def rebuild(T, basis, sign, start, start_basis, start_sign):
    """Compute the tableau of ``basis`` afresh from that of the first vertex; False if it is singular."""
    rows, n = T.shape[0], T.shape[1] - 2
    wanted, signs = basis.copy(), sign.copy()
    restart(T, basis, sign, start, start_basis, start_sign)
    settled, found = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    for k in range(rows):                                   # what both bases share stays where it is
        for i in range(rows):
            if settled[i] == 0 and basis[i] == wanted[k] and sign[i] == signs[k]:
                settled[i], found[k] = 1, 1
                break
    column, top = np.empty(rows), np.empty(T.shape[1])
    for k in range(rows):
        if found[k] == 0:
            p, largest = np.int64(-1), SMALLEST_PIVOT      # a plain -1 would compile exchange twice
            for i in range(rows):
                column[i] = signs[k] * T[i, wanted[k]] + T[i, n]
                if settled[i] == 0 and abs(column[i]) > largest:
                    p, largest = i, abs(column[i])
            if p < 0:
                return False
            exchange(T, column, p, top)
            basis[p], sign[p], settled[p] = wanted[k], signs[k], 1
    return True


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


@njit(**INNER)
def best_sum(v, levels, caps):
    """Sum the largest magnitudes of ``v``, at most ``caps[l]`` of them in level ``l``, over all of them."""
    left, taken, total, size, s = caps.copy(), np.zeros(len(v), np.int64), 0.0, 0.0, 0
    for level in range(len(caps)):
        s += caps[level]
    for j in range(len(v)):
        size += abs(v[j])
    for _ in range(s):
        best = -1
        for j in range(len(v)):
            if taken[j] == 0 and left[levels[j]] > 0 and (best < 0 or abs(v[j]) > abs(v[best])):
                best = j
        taken[best] = 1
        left[levels[best]] -= 1
        total += abs(v[best])
    return total / size


@njit(**OUTER)
def solve_programs(Q, start, start_basis, start_sign, supports, signs, cutoff, levels, caps,
                   duals, vertices, sums):
    """Solve programs one after the other, each from the last vertex of the one before.

    Writes ``h`` in the coordinates of ``Q``, the last vertex, and the sum of its largest entries;
    a sum above ``cutoff`` becomes the new cutoff (none if ``cutoff`` is negative). Returns the
    number of pivots and of programs that did not end well.
    """
    r, n = Q.shape
    T, basis, sign = start.copy(), start_basis.copy(), start_sign.copy()
    xi, gradient = np.zeros(n), np.empty(n)
    limit = 40 * (r + 10)
    pivots, failures, since = 0, 0, 0
    for k in range(len(supports)):
        for j in range(n):
            xi[j] = 0.0
        for a in range(supports.shape[1]):
            xi[supports[k, a]] = signs[k, a]
        flip = face(T, basis, sign, xi, gradient)
        for attempt in range(3):
            value, steps = optimise(T, basis, sign, xi, cutoff, limit, gradient)
            pivots += steps
            since += steps
            bound = nearest_dual(Q, xi, gradient, duals[k])
            good = steps < limit and bound <= max(cutoff, value) + 10 * OPTIMAL
            if good and since < REBUILD_AFTER:
                break
            if not rebuild(T, basis, sign, start, start_basis, start_sign) or (attempt == 1 and not good):
                restart(T, basis, sign, start, start_basis, start_sign)
                flip *= face(T, basis, sign, xi, gradient)
            since = 0
        if not good:
            failures += 1
        for i in range(r):
            duals[k, i] *= flip
        for j in range(n):
            vertices[k, j] = 0.0
        for i in range(r + 1):
            vertices[k, basis[i]] += flip * sign[i] * T[i, n]
        sums[k] = best_sum(vertices[k], levels, caps)
        if 0.0 <= cutoff < sums[k]:
            cutoff = sums[k]
    return pivots, failures


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


@njit(**OUTER)
def enumerate_supports(pairs, later, latest, levels, caps, low, high, place, supports, signs, bounds,
                       nodes):
    """Go on with an enumeration of all supports with signs, writing those with a bound in ``(low, high]``.

    ``place`` holds the depth, then the columns, then the signs (0 is plus) of the path; the enumeration
    is over when the depth is -1. A path is left when no completion can exceed ``low``: an index to
    come adds at most ``later[i, c]`` to the pair sum for every ``i`` chosen, and two to come
    ``latest[c]``. Returns how many were written, the largest bound that was left out below
    ``low``, and the nodes visited; stops when the buffers are full or after ``nodes`` nodes.
    """
    n, s = len(levels), supports.shape[1]
    depth, chosen, sign = place[0], place[1:s + 1], place[s + 1:]
    part, left = np.zeros(s), caps.copy()
    for d in range(depth):                                  # take up the path again
        left[levels[chosen[d]]] -= 1
        part[d] = part[d - 1] if d else 0.0
        for a in range(d):
            part[d] += pairs[chosen[a], chosen[d], abs(sign[a] - sign[d])]
    count, seen, dropped = 0, 0, 0.0
    while depth >= 0 and count < len(bounds) and seen < nodes:
        c = chosen[depth]
        if c > n - s + depth:
            depth -= 1
            if depth >= 0:
                left[levels[chosen[depth]]] += 1
        elif left[levels[c]] > 0:
            seen += 1
            total = part[depth - 1] if depth else 0.0
            for a in range(depth):
                total += pairs[chosen[a], c, abs(sign[a] - sign[depth])]
            rest = s - 1 - depth
            bound = total + rest * (rest - 1) / 2 * latest[c + 1] + rest * later[c, c + 1]
            for a in range(depth):
                bound += rest * later[chosen[a], c + 1]
            bound = min(bound * (1 + 1e-15 * s * s) / (s - 1), 1.0)
            if bound <= low:
                dropped = max(dropped, bound)
            elif rest > 0:
                left[levels[c]] -= 1
                part[depth] = total
                depth += 1
                chosen[depth], sign[depth] = c + 1, 0
                continue
            elif bound <= high:
                bounds[count] = bound
                for a in range(s):
                    supports[count, a], signs[count, a] = chosen[a], 1 - 2 * sign[a]
                count += 1
        if depth > 0 and sign[depth] == 0:
            sign[depth] = 1
        elif depth >= 0:
            chosen[depth] += 1
            sign[depth] = 0
    place[0] = depth
    return count, dropped, seen
