"""A small real problem in one compiled call: a leap or the exact path, and the judgement of its end."""

from collections import namedtuple

import numpy as np
from numba import njit

from kernelstab._engines.duality_gap import BASIS, KINDS, LASSO
from kernelstab.solvers._homotopy_jit import (
    LAM,
    LEFT,
    PEAK,
    SIZE,
    SQUARE,
    STATUS,
    STEPS,
    WALKING,
    allocate,
    begin,
    combine,
    finish,
    walk,
)
from kernelstab.solvers._judge_jit import COLUMN, FIELDS, judge
from kernelstab.solvers._leap_jit import leap

__all__ = ["FIELDS", "KINDS", "SIZE", "STEPS", "arrive", "attempt", "room"]
LOWER = 0.03   # of the strongest pull: the level at which a path to basis pursuit may begin
Room = namedtuple("Room", ["correlation", "image", "pulled"])


def room(m, n):
    """Return what one solve works in; here, because making arrays takes the compiler long."""
    return allocate(m, n), Room(np.empty(n), np.empty(m), np.empty(n))


@njit(cache=True, nogil=True, error_model="numpy")
def arrive(A, gram, y, correlation, kind, level, nonneg, count, state, x, image, dual, verdict):
    """Solve from zero, over at most ``count`` events of the path; write the point, its image and its dual.

    ``correlation`` is ``A'y`` and may be the memory of ``x``. The Gram matrix is of size 0, or ``A`` the
    transposed matrix. The verdict learns how long columns are at least.
    """
    numbers = state.numbers
    begin(state, correlation, y, nonneg)
    verdict[COLUMN] = numbers[LAM] / np.sqrt(numbers[SQUARE]) if numbers[SQUARE] > 0.0 else 0.0
    if kind == BASIS:       # its path passes through every LASSO, and may begin at one with few columns
        leap(A, gram, y, correlation, state, LASSO, LOWER * numbers[PEAK], nonneg)
        numbers[STATUS], numbers[LEFT] = WALKING, -1.0
    elif leap(A, gram, y, correlation, state, kind, level, nonneg):
        count = 0
    walk(A, gram, y, state, kind, level, nonneg, count)
    finish(y, state, kind, level, x, image, dual)


@njit(cache=True, nogil=True)
def attempt(A, gram, y, kind, level, nonneg, count, state, room, x, dual, verdict):
    """Solve from zero, over at most ``count`` events of the path, and judge where that ends.

    ``gram`` is of size 0. Writes the point, its dual point and the verdict.
    """
    correlation, image, pulled = room
    combine(A, state.ranks, y, y.size, x.size, correlation)
    arrive(A, gram, y, correlation, kind, level, nonneg, count, state, x, image, dual, verdict)
    combine(A, state.ranks, dual, y.size, x.size, pulled)
    judge(kind, level, nonneg, y, x, image, dual, pulled, verdict)
