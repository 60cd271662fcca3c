"""The short way of small dense problems of matching pursuit: one compiled call, as in a batch of one row.

In so small a problem the choices take far less time than what the general way spends on checks, objects
and judgement outside compiled code. What this way may not try, or finds worth a warning, goes there.
"""

from functools import cache
from math import isfinite

import numpy as np

from kernelstab._engines.duality_gap import relative
from kernelstab.solvers.greedy import _pursuit
from kernelstab.solvers.solution import Solution

WORK = 1 << 23   # multiplications; a longer run, of more than some milliseconds, can be interrupted
_NONE = np.empty(0)
_spare = {}      # memory of the last call, by its shape; taken out while it is in use


def quickly(name, A, y, s, eta, norms, tol) -> Solution | None:
    """Solve a small dense problem given as plain arrays of one arithmetic; None if that is not what it is."""
    if not (type(A) is np.ndarray is type(y) and A.dtype == y.dtype and A.dtype in (np.float64, np.complex128)
            and A.ndim == 2 and y.shape == A.shape[:1] and 0 < A.size <= _pursuit.AT_ONCE
            and type(tol) is float and 0.0 <= tol < 1.0 and (norms is None or _fits(norms, A))):
        return None
    (m, n), low = A.shape, min(A.shape)
    s = low if s is None else s
    if not (type(s) is int and 1 <= s <= low and s * A.size <= WORK):
        return None
    loops, reasons = _loops()
    key = s, m, n, A.dtype
    work, single, numbers = held = _spare.pop(key, None) or loops.room(*key)
    x, dual = np.empty((1, n), A.dtype), np.empty((1, m), A.dtype)
    with np.errstate(over="ignore", invalid="ignore"):   # what is not finite is left to the general way
        ordinary = loops.attempt(_own(A)[None], _own(y), _NONE if norms is None else _own(norms), s, eta, tol,
                                 work, single, loops.fields(x, dual, numbers))
    objective, value, gap, residual, steps, reason = (number.item() for number in numbers)
    _spare.clear()
    _spare[key] = held
    if not (ordinary and steps and isfinite(objective + gap)) or (eta and reason != reasons.FITTED):
        return None
    return Solution(x[0], dual[0], objective, value, gap, relative(gap, objective), residual, 0.0, steps,
                    True, f"{name}, compiled")


def _fits(norms, A):
    return type(norms) is np.ndarray and norms.dtype == np.float64 and norms.shape == A.shape[1:]


def _own(array):
    """Return the form for which the loop is compiled: C order, aligned, writeable."""
    return array if array.flags.carray else np.require(array, None, ["C", "A", "W"])


@cache
def _loops():
    """Import compiled code once; the statement itself costs as much as two products."""
    from kernelstab.solvers.greedy import _omp_jit, _omp_quick_jit

    return _omp_quick_jit, _omp_jit
