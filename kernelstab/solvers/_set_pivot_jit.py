"""Compiled active-set method for the LASSO on a Gram matrix: one column in or out at a time.

The face is kept as a list ``order`` of coordinates, their signs, and the Cholesky factor of
their Gram matrix (lower triangle, by rows), which is bordered when a column joins and
rotated when one leaves. Every move lowers the objective, so no face comes twice; columns that
depend on those present join only in exchange for one of them.
"""

from collections import namedtuple

import numpy as np
from numba import njit

DEPENDENT = 1e-13  # a squared distance below this share of its column is rounding
NEARLY = 0.5       # columns that pull this share of the largest excess may enter before all are looked at

Work = namedtuple("Work", ["order", "sign", "factor", "border", "step"])


@njit(cache=True, nogil=True)
def forward(factor, size, v):
    """Solve ``L v = v`` in place; leading zeros, which most steps have, cost nothing."""
    first = 0
    while first < size and v[first] == 0.0:
        first += 1
    for i in range(first, size):
        v[i] = (v[i] - np.dot(factor[i, first:i], v[first:i])) / factor[i, i]


@njit(cache=True, nogil=True)
def backward(factor, size, v):
    """Solve ``L' v = v`` in place."""
    for i in range(size - 1, -1, -1):
        v[i] /= factor[i, i]
        value, row = v[i], factor[i]
        for k in range(i):
            v[k] -= value * row[k]


@njit(cache=True, nogil=True)
def border(gram, work, size, j):
    """Prepare the row with which ``j`` would join the factor; return its pivot, 0 if it depends."""
    for k in range(size):
        work.border[k] = gram[j, work.order[k]]
    forward(work.factor, size, work.border)
    pivot = gram[j, j] - np.dot(work.border[:size], work.border[:size])
    return pivot if pivot > DEPENDENT * gram[j, j] else 0.0


@njit(cache=True, nogil=True)
def join(work, size, j, sign, pivot):
    """Append ``j``, whose row has been prepared."""
    work.factor[size, :size] = work.border[:size]
    work.factor[size, size] = np.sqrt(pivot)
    work.order[size], work.sign[size] = j, sign


@njit(cache=True, nogil=True)
def leave(work, size, place):
    """Take out the coordinate at ``place``; rotations restore the triangle."""
    factor, order, sign = work.factor, work.order, work.sign
    cosine, sine = np.empty(size), np.empty(size)
    for i in range(place, size - 1):
        order[i], sign[i] = order[i + 1], sign[i + 1]
        above, row = factor[i], factor[i + 1]
        for k in range(place):
            above[k] = row[k]
        carried = row[place]
        for k in range(place, i):
            above[k] = cosine[k] * carried + sine[k] * row[k + 1]
            carried = cosine[k] * row[k + 1] - sine[k] * carried
        length = np.hypot(carried, row[i + 1])
        cosine[i], sine[i] = carried / length, row[i + 1] / length
        above[i] = length


@njit(cache=True, nogil=True)
def exchange(gram, work, size, j, sign, x):
    """Move along the dependence of ``j`` on the face until an entry is zero, which leaves.

    ``work.border`` is what ``border`` has left. Along the dependence images do not change, and
    the sum of the entries changes in one direction only; ``sign`` says which way ``j`` goes.
    Returns the new size, and whether ``j`` itself was the one that stopped.
    """
    step = work.step
    step[:size] = -work.border[:size]
    backward(work.factor, size, step)
    share, first = np.inf, -1
    if x[j] * sign < 0.0:
        share = abs(x[j])
    for k in range(size):
        step[k] *= sign
        value = x[work.order[k]]
        if step[k] * work.sign[k] < 0.0 and -value / step[k] < share:
            share, first = max(-value / step[k], 0.0), k
    if share == np.inf:
        x[j] = 0.0
        return size, True
    for k in range(size):
        x[work.order[k]] += share * step[k]
    x[j] += share * sign
    if first < 0:
        x[j] = 0.0
        return size, True
    x[work.order[first]] = 0.0
    leave(work, size, first)
    return size - 1, False


@njit(cache=True, nogil=True)
def enter(gram, work, size, j, sign, x):
    """Bring ``j`` into the face, in exchange where it depends on it; return the new size."""
    while True:
        pivot = border(gram, work, size, j)
        if pivot > 0.0:
            join(work, size, j, sign, pivot)
            return size + 1
        size, done = exchange(gram, work, size, j, sign, x)
        if done:
            return size


@njit(cache=True, nogil=True)
def gather_face(gram, work, x):
    """Build the face of ``x``; where its columns depend on each other the sum shrinks or stays."""
    size = 0
    for j in range(x.size):
        if x[j] == 0.0:
            continue
        sign = 1.0 if x[j] > 0.0 else -1.0
        while x[j] != 0.0:
            pivot = border(gram, work, size, j)
            if pivot > 0.0:
                join(work, size, j, sign, pivot)
                size += 1
                break
            work.step[:size] = -work.border[:size]
            backward(work.factor, size, work.step)
            tilt = 1.0
            for k in range(size):
                tilt += sign * work.sign[k] * work.step[k]
            size, _ = exchange(gram, work, size, j, sign if tilt <= 0.0 else -sign, x)
    return size


@njit(cache=True, nogil=True)
def refresh(gram, known, pending, g):
    """Write into ``g`` and ``known`` the correlations after the moves ``pending``, which are then done."""
    n = known.size
    for j in range(n):
        if pending[j] != 0.0:
            row, value = gram[j], pending[j]
            for i in range(n):
                known[i] -= value * row[i]
            pending[j] = 0.0
    for i in range(n):
        g[i] = known[i]


@njit(cache=True, nogil=True)
def excess(g, j, level, nonneg):
    """Return how far the pull of ``j`` goes beyond the level."""
    return g[j] - level if nonneg else abs(g[j]) - level


@njit(cache=True, nogil=True)
def candidates(x, g, level, slack, nonneg, hard):
    """List in ``hard`` the columns that pull nearly as hard beyond the level as any; return their number.

    And the excess from which on one of them may enter.
    """
    most = slack
    for j in range(x.size):
        if x[j] == 0.0:
            most = max(most, excess(g, j, level, nonneg))
    least, count = max(slack, NEARLY * most), 0
    for j in range(x.size):
        if x[j] == 0.0 and excess(g, j, level, nonneg) > least:
            hard[count] = j
            count += 1
    return count, least


@njit(cache=True, nogil=True)
def advance(gram, work, size, level, share, x, g, pending, hard, count):
    """Go a share of the step; correlations are kept up on the face, in closed form, and in ``hard``."""
    for k in range(size):
        j, value = work.order[k], share * work.step[k]
        x[j] += value
        pending[j] += value
        g[j] -= share * (g[j] - level * work.sign[k])
    for i in range(count):
        j, row, value = hard[i], gram[hard[i]], 0.0
        if x[j] == 0.0:
            for k in range(size):
                value += row[work.order[k]] * work.step[k]
            g[j] -= share * value


@njit(cache=True, nogil=True)
def pivot(gram, level, nonneg, x, g, slack, budget, support, factor):
    """Solve the LASSO from ``x`` by exchanging columns; ``x`` and its correlations ``g`` in place.

    ``factor`` is the Cholesky factor for ``support``, the nonzero entries of ``x``, if they are
    independent; empty if not, or if it is not known. A move changes the correlations of all columns, but
    those that pull hardest are enough to go on with: the others are looked at when these are done.

    Returns
    -------
    bool
        Whether no column pulls harder than ``level + slack``; False if the budget ran out.
    """
    n = x.size
    work = Work(np.empty(n, np.int64), np.empty(n), np.empty((n, n)), np.empty(n), np.empty(n))
    known, pending, hard = g.copy(), np.zeros(n), np.empty(n, np.int64)
    size, step = support.size, work.step
    for i in range(size):
        work.order[i], work.sign[i] = support[i], 1.0 if x[support[i]] > 0.0 else -1.0
        work.factor[i, :i + 1] = factor[i, :i + 1]
    if size == 0:
        size = gather_face(gram, work, x)
    count, least = 0, slack
    for _ in range(budget):
        share, first = 1.0, -1
        for k in range(size):
            step[k] = g[work.order[k]] - level * work.sign[k]
        forward(work.factor, size, step)
        backward(work.factor, size, step)
        for k in range(size):
            value = x[work.order[k]]
            if (value + step[k]) * work.sign[k] <= 0.0 and step[k] != 0.0:
                limit = max(-value / step[k], 0.0)
                if limit < share:
                    share, first = limit, k
        advance(gram, work, size, level, share, x, g, pending, hard, count)
        if first >= 0:
            x[work.order[first]] = 0.0
            leave(work, size, first)
            size -= 1
            continue
        worst, most = -1, least
        for i in range(count):
            j = hard[i]
            if x[j] == 0.0 and excess(g, j, level, nonneg) > most:
                worst, most = j, excess(g, j, level, nonneg)
        if worst < 0:
            refresh(gram, known, pending, g)
            count, least = candidates(x, g, level, slack, nonneg, hard)
            if count == 0:
                return True
            continue
        size = enter(gram, work, size, worst, 1.0 if g[worst] > 0.0 else -1.0, x)
    refresh(gram, known, pending, g)
    return False
