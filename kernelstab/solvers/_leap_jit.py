"""Compiled guess of the face on which a LASSO ends: several columns join at a time, turned ones leave.

The path passes every corner between zero and the solution, and reads the matrix at each. Where the support
is plain, a few rounds find it: the columns that pull hardest join, the problem is solved on them, those
whose sign turned leave, and one product tells who else pulls more than the level. Where that does not
come to rest soon, the path is walked.
"""

from numba import njit

from kernelstab.solvers._homotopy_jit import (
    ARRIVED,
    BARRED,
    LAM,
    SIZE,
    STATUS,
    STEPS,
    begin,
    combine,
    join,
    leave,
)

ROUNDS = 8
SHARE = 0.7      # of the strongest pull outside, that a column must have to join with it
SLACK = 1e-12    # what a column may pull beyond the level


@njit(cache=True, nogil=True)
def leap(A, gram, y, correlation, state, level, nonneg):
    """Set the state to the solution at ``level``; return whether that was found, else begin again.

    Called at the zero solution. ``correlation`` is ``A'y``; a Gram matrix of size 0 is one not at hand.
    """
    numbers, order, sign, x, rest = state.numbers, state.order, state.sign, state.x, state.correlation
    a, ranks, new = state.a, state.ranks, state.new
    numbers[LAM] = level
    for _ in range(ROUNDS):
        top = 0.0
        for j in range(rest.size):
            size = rest[j] if nonneg else abs(rest[j])
            top = size if size > top else top
        if top <= level * (1.0 + SLACK):
            numbers[STATUS] = ARRIVED
            return True
        bound = max(level * (1.0 + SLACK), SHARE * top)
        for j in range(rest.size):
            value = rest[j]
            if (value if nonneg else abs(value)) >= bound:
                join(state, A, gram, j, 1.0 if value > 0.0 else -1.0)
                numbers[STEPS] += 1.0
        turned = 0
        while turned >= 0 and numbers[BARRED] == 0.0:
            size, turned, worst = int(numbers[SIZE]), -1, 0.0
            for k in range(size):
                new[k] = correlation[order[k]] - level * sign[k]
            combine(state.inverse, ranks, new, size, size, x)
            for k in range(size):
                if sign[k] * x[k] < worst:
                    worst, turned = sign[k] * x[k], k
            if turned >= 0:
                leave(state, turned)
                numbers[STEPS] += 1.0
        if numbers[BARRED] > 0.0:       # columns depend on each other: the path knows what to do
            break
        size = int(numbers[SIZE])
        if gram.size:
            combine(gram, order, x, size, a.size, a)
        else:
            combine(state.columns, ranks, x, size, y.size, state.v)
            combine(A, ranks, state.v, y.size, a.size, a)
        for j in range(rest.size):
            rest[j] = correlation[j] - a[j]
        for k in range(size):
            rest[order[k]] = 0.0
    begin(state, correlation, y, nonneg)
    return False
