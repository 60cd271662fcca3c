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

Work = namedtuple("Work", ["order", "sign", "factor", "border", "step"])


@njit(cache=True, nogil=True)
def forward(factor, size, v):
    """Solve ``L v = v`` in place."""
    for i in range(size):
        v[i] = (v[i] - np.dot(factor[i, :i], v[:i])) / factor[i, i]


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
def pivot(gram, level, nonneg, x, g, slack, budget, support, factor):
    """Solve the LASSO from ``x`` by exchanging columns; ``x`` and its correlations ``g`` in place.

    ``factor`` is the Cholesky factor for ``support``, the nonzero entries of ``x``, if they are
    independent; empty if not, or if it is not known.

    Returns
    -------
    bool
        Whether no column pulls harder than ``level + slack``; False if the budget ran out.
    """
    n = x.size
    work = Work(np.empty(n, np.int64), np.empty(n), np.empty((n, n)), np.empty(n), np.empty(n))
    size, step = support.size, work.step
    for i in range(size):
        work.order[i], work.sign[i] = support[i], 1.0 if x[support[i]] > 0.0 else -1.0
        work.factor[i, :i + 1] = factor[i, :i + 1]
    if size == 0:
        size = gather_face(gram, work, x)
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
        for k in range(size):
            j, value = work.order[k], share * step[k]
            x[j] = 0.0 if k == first else x[j] + value
            row = gram[j]
            for i in range(n):
                g[i] -= value * row[i]
        if first >= 0:
            leave(work, size, first)
            size -= 1
            continue
        worst, most, sign = -1, level + slack, 1.0
        for j in range(n):
            if x[j] == 0.0 and (g[j] > most or (g[j] < -most and not nonneg)):
                worst, most = j, abs(g[j])
                sign = 1.0 if g[j] > 0.0 else -1.0
        if worst < 0:
            return True
        size = enter(gram, work, size, worst, sign, x)
    return False
