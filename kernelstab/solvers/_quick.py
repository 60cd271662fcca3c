"""The short way of small real problems: one compiled call, without the machinery of the front door.

At 100 x 256 the path takes less time than a dozen calls of numpy, so that checking, judging and keeping
books outside compiled code would cost more than the answer. What this way finds is judged by the same
formulas; what it does not find, or may not try, goes through the front door.
"""

from functools import cache
from math import isfinite, sqrt

import numpy as np

from kernelstab._engines.duality_gap import KINDS, meets, relative
from kernelstab.solvers._homotopy import kind_of, locked
from kernelstab.solvers._methods import SMALL
from kernelstab.solvers.solution import Solution

WALK = 2000     # events; a longer walk is left to the front door, which listens in between
_NONE = np.empty((0, 0))   # no Gram matrix
_spare = []     # memory of the last call, with its shape; taken out while it is in use


def quickly(form, name, A, y, level, nonneg, tol) -> Solution | None:
    """Solve a small real dense problem given as plain arrays; None if that is not what it is."""
    if not (type(A) is np.ndarray is type(y) and A.dtype == y.dtype == np.float64 and A.flags.c_contiguous
            and A.ndim == 2 and y.shape == A.shape[:1] and 0 < A.size <= SMALL and y.flags.c_contiguous):
        return None
    loops, shape = _loops(), A.shape
    held = _spare.pop() if _spare else None
    if held is None or held[0] != shape:
        held = shape, *loops.room(*shape)
    state, room = held[1:]
    x, dual, verdict = np.empty(shape[1]), np.empty(shape[0]), np.empty(loops.FIELDS)
    kind = loops.KINDS[kind_of(form, level)]
    with np.errstate(over="ignore", invalid="ignore"):    # what is not finite is left to the front door
        loops.attempt(locked(A), _NONE, locked(y), kind, level, nonneg, WALK, state, room, x, dual, verdict)
        square = float(np.dot(y, y))
    objective, value, gap, residual, excess, length, column = verdict.tolist()
    steps, support = int(state.numbers[loops.STEPS]), state.numbers[loops.SIZE]
    _spare[:] = [held]
    # Zero is optimal, or something is amiss, or squares overflow.
    if not (support and isfinite(objective + gap + square)):
        return None
    if not meets(KINDS[form], level, tol, sqrt(square), column, length, objective, gap, residual, excess):
        return None
    return Solution(x, dual, objective, value, gap, relative(gap, objective), residual, excess, steps, True,
                    f"{name} by homotopy, compiled")


@cache
def _loops():
    """Import compiled code once; the statement itself costs as much as two products."""
    from kernelstab.solvers import _quick_jit

    return _quick_jit
