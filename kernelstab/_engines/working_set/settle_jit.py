"""Compiled loops for the real LASSO on a Gram matrix: coordinate descent, and an active-set method.

The active-set method takes one column in or out at a time. The face is a list ``order`` of coordinates, their
signs, and the Cholesky factor of their Gram matrix (lower triangle, by rows), which grows by a row when a
column joins and is rotated when one leaves. Every move lowers the objective, so no face comes twice; columns
that depend on those present join only in exchange for one of them.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER


@njit(**OUTER)
def descend(gram, weight, nonneg, x, g, epochs, still):
    """Run coordinate descent on the LASSO, in place.

    ``g`` holds the correlations of the columns with the residual and is kept up to date. One
    epoch over all coordinates is followed by epochs over the nonzero ones, until no sign
    has changed for ``still`` epochs or the budget is spent.
    """
    size = x.size
    active, count, calm = np.arange(size), size, 0
    for epoch in range(epochs):
        changed = 0
        for i in range(count):
            j = active[i]
            diagonal, old = gram[j, j], x[j]
            if diagonal <= 0.0:
                continue
            correlation, new = g[j] + diagonal * old, 0.0
            if correlation > weight:
                new = (correlation - weight) / diagonal
            elif correlation < -weight and not nonneg:
                new = (correlation + weight) / diagonal
            step, row = new - old, gram[j]
            if step == 0.0:
                continue
            if (new > 0.0) != (old > 0.0) or (new < 0.0) != (old < 0.0):
                changed += 1
            x[j] = new
            for k in range(size):
                g[k] -= step * row[k]
        if epoch == 0 or changed > 0:
            count = 0
            for j in range(size):
                if x[j] != 0.0:
                    active[count] = j
                    count += 1
        calm = calm + 1 if changed == 0 else 0
        if calm >= still:
            break


DEPENDENT = 1e-13  # a squared distance below this share of its column is rounding
NEARLY = 0.5       # columns with this share of the largest excess may enter before all are looked at


@njit(**INNER)
def forward(factor, size, v):
    """Solve ``L v = v`` in place; leading zeros, which most steps have, cost nothing."""
    first = 0
    while first < size and v[first] == 0.0:
        first += 1
    for i in range(first, size):
        v[i] = (v[i] - np.dot(factor[i, first:i], v[first:i])) / factor[i, i]


@njit(**INNER)
def backward(factor, size, v):
    """Solve ``L' v = v`` in place."""
    for i in range(size - 1, -1, -1):
        v[i] /= factor[i, i]
        value, row = v[i], factor[i]
        for k in range(i):
            v[k] -= value * row[k]


@njit(**INNER)
def leave(order, sign, factor, size, place):
    """Take out the coordinate at ``place``; rotations restore the triangle."""
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


@njit(**INNER)
def enter(gram, order, sign, factor, row, step, size, j, s, x):
    """Bring ``j`` with the sign ``s`` into the face; return the new size.

    While ``j`` depends on the face, move along the dependence until an entry is zero, which leaves, or ``j``
    itself. On the way ``Ax`` does not change, and the sum of the absolute values does not grow.
    """
    while True:
        for k in range(size):
            row[k] = gram[j, order[k]]
        forward(factor, size, row)
        left, square = gram[j, j], gram[j, j]
        for k in range(size):
            left -= row[k] * row[k]
        if left > DEPENDENT * square:
            for k in range(size):
                factor[size, k] = row[k]
            factor[size, size] = np.sqrt(left)
            order[size], sign[size] = j, s
            return size + 1
        tilt = 1.0
        for k in range(size):
            step[k] = -row[k]
        backward(factor, size, step)
        for k in range(size):
            tilt += s * sign[k] * step[k]
        way, share, first = s if tilt <= 0.0 or x[j] == 0.0 else -s, np.inf, np.int64(-1)
        if x[j] * way < 0.0:
            share = abs(x[j])
        for k in range(size):
            step[k] *= way
            value = x[order[k]]
            if step[k] * sign[k] < 0.0 and -value / step[k] < share:
                share, first = max(-value / step[k], 0.0), k
        if share < np.inf:
            for k in range(size):
                x[order[k]] += share * step[k]
            x[j] += share * way
        if first < 0:
            x[j] = 0.0
            return size
        x[order[first]] = 0.0
        leave(order, sign, factor, size, first)
        size -= 1


@njit(**OUTER)
def pivot(gram, weight, nonneg, x, g, slack, budget):
    """Solve the LASSO from ``x`` by exchanging columns; ``x`` and its correlations ``g`` in place.

    A move changes the correlations of all columns, but the largest of them are enough to go on with: the
    others are looked at when these are done.

    Returns
    -------
    bool
        Whether no correlation exceeds ``weight + slack``; False if the budget ran out.
    """
    n, size = x.size, np.int64(0)   # a plain 0 is a type of its own, for which callees are compiled again
    order, sign, factor = np.empty(n, np.int64), np.empty(n), np.empty((n, n))
    row, step, largest = np.empty(n), np.empty(n), np.empty(n, np.int64)
    known, pending = g.copy(), np.zeros(n)
    for j in range(n):
        if x[j] != 0.0:
            size = enter(gram, order, sign, factor, row, step, size, j, 1.0 if x[j] > 0.0 else -1.0, x)
    count, least, done = 0, slack, False
    for turn in range(budget + 1):
        first, worst, share = np.int64(-1), np.int64(-1), 1.0
        if turn < budget:
            for k in range(size):
                step[k] = g[order[k]] - weight * sign[k]
            forward(factor, size, step)
            backward(factor, size, step)
            for k in range(size):
                value = x[order[k]]
                if (value + step[k]) * sign[k] <= 0.0 and step[k] != 0.0:
                    limit = max(-value / step[k], 0.0)
                    if limit < share:
                        share, first = limit, k
            # correlations are kept up on the face, in closed form, and of the largest
            for k in range(size):
                j, value = order[k], share * step[k]
                x[j] += value
                pending[j] += value
                g[j] -= share * (g[j] - weight * sign[k])
            for i in range(count):
                j, value = largest[i], 0.0
                if x[j] == 0.0:
                    for k in range(size):
                        value += gram[j, order[k]] * step[k]
                    g[j] -= share * value
            if first >= 0:
                x[order[first]] = 0.0
                leave(order, sign, factor, size, first)
                size -= 1
                continue
            most = least
            for i in range(count):
                j = largest[i]
                excess = (g[j] if nonneg else abs(g[j])) - weight
                if x[j] == 0.0 and excess > most:
                    worst, most = j, excess
            if worst >= 0:
                size = enter(gram, order, sign, factor, row, step, size, worst,
                             1.0 if g[worst] > 0.0 else -1.0, x)
                continue
        # all correlations, and the columns whose excess is nearly the largest
        for j in range(n):
            if pending[j] != 0.0:
                value = pending[j]
                for i in range(n):
                    known[i] -= value * gram[j, i]
                pending[j] = 0.0
        most = slack
        for j in range(n):
            g[j] = known[j]
            excess = (g[j] if nonneg else abs(g[j])) - weight
            if x[j] == 0.0:
                most = max(most, excess)
        least, count = max(slack, NEARLY * most), 0
        for j in range(n):
            excess = (g[j] if nonneg else abs(g[j])) - weight
            if x[j] == 0.0 and excess > least:
                largest[count] = j
                count += 1
        if count == 0:
            done = turn < budget
            break
    return done
