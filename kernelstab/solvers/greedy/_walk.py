"""The front door of the greedy methods: check, scale, walk, keep the best point, and judge it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from kernelstab._checks import as_callable, as_count, as_number
from kernelstab._engines.linear_system import System, as_system, require_finite
from kernelstab._engines.problem import Problem
from kernelstab._errors import NotConverged
from kernelstab.solvers._solve import as_start, require_finite_matrix
from kernelstab.solvers.greedy._columns import combination, largest
from kernelstab.solvers.greedy._fuchs import dual_direction
from kernelstab.solvers.greedy._range import brought_back, ordinary, require_ordinary, shifted
from kernelstab.solvers.solution import Solution


class Point(NamedTuple):
    """A sparse point of the scaled problem; ``residual`` is y - Ax, ``pulled`` is A^H of it if known.

    A least squares fit may bring ``direction``, the shortest h with the signs ``A^H h`` of its support.
    """

    done: int
    support: np.ndarray
    values: np.ndarray
    residual: np.ndarray
    pulled: np.ndarray | None = None
    direction: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """What a method gets: data of size 1, its sparsity, tolerance and budget, and where to start.

    ``each`` says whether somebody looks at every step; ``correlation`` is ``A^H y``. The caller's
    data were multiplied by ``scale``, and before, where they were extreme, ``A`` by ``2**matrix`` and
    ``y`` by ``2**data``.
    """

    system: System
    correlation: np.ndarray
    s: int
    tol: float
    budget: int
    support: np.ndarray
    values: np.ndarray
    each: bool
    size: float
    scale: float
    eta: float
    matrix: np.int64
    data: np.int64

    def fitted(self, residual) -> bool:
        """Return whether a residual is below ``tol * ||y||``."""
        return bool(np.linalg.norm(residual) <= self.tol * self.size)


def walked(name, walk: Callable, A, y, s, *, tol, max_iter, x0, callback, progress, history,
           eta=0.0) -> Solution:
    """Run a greedy method and judge the point of smallest residual that it met.

    ``walk(task)`` is a generator of ``Point``; it returns whether its stopping rule was met and
    in which way it ran. Without a ``max_iter`` the budget is ``s``. Data are scaled by a
    power of two, which changes no digit, so that thresholds mean the same at every scale and no
    square overflows; so is a matrix of extreme size.
    """
    callback, progress = as_callable(callback, "callback"), as_callable(progress, "progress")
    system = as_system(A, y)
    start = as_start(x0, system)[0]
    system, matrix, data = ordinary(system)
    given = Problem("qcbp", system, 0.0, 0.0)
    require_finite_matrix(given)
    require_finite(0.0, given.peak)
    require_ordinary(system, given.peak, given.size)
    task = _task(given, s, tol, max_iter, shifted(start, data - matrix),
                 callback is not None or history, float(shifted(eta, data)), matrix, data)
    best = Point(0, np.zeros(0, int), np.zeros(0, system.dtype), task.system.y)
    last, rows, done, interrupted = task.size, [], 0, False
    # No column correlates with the data: zero is the least squares fit on every support.
    converged, words = not eta or task.size <= task.eta, "closed form"
    try:
        steps = walk(task) if given.correlation.any() else iter(())
        while True:
            point = next(steps)
            size, done = float(np.linalg.norm(point.residual)), point.done
            if size <= last:  # later points win ties
                best, last = point, size
            _tell(task, point, size, rows, callback, progress)
    except StopIteration as end:
        converged, words = end.value or (converged, words)
    except KeyboardInterrupt:
        converged, words, interrupted = False, "interrupted", True
    return _judged(given, task, best, done, converged, interrupted, f"{name}, {words}",
                   rows if history else None)


def power_of_two(sizes):
    """Return the powers of two that bring sizes into [1/2, 1), or near.

    >>> power_of_two(np.array([5.0, 0.0]))
    array([0.125, 1.   ])
    """
    return np.ldexp(1.0, np.minimum(-np.frexp(sizes)[1], 1000))


def _task(given, s, tol, max_iter, start, each, eta, matrix, data):
    system = given.system
    scale = float(power_of_two(np.abs(system.y).max()))
    scaled = replace(system, y=system.y * scale)
    count = min(system.shape) if s is None else as_count(s, "s", low=1, high=min(system.shape))
    support = largest(start, min(count, np.count_nonzero(start))) if start.any() else np.zeros(0, int)
    budget = count if max_iter is None else as_count(max_iter, "max_iter", low=1)
    return Task(scaled, given.correlation * scale, count, as_number(tol, "tol", low=0), budget, support,
                start[support] * scale, each, float(np.linalg.norm(scaled.y)), scale, eta * scale, matrix,
                data)


def _tell(task, point, size, rows, callback, progress):
    """Report a point in the caller's units."""
    size = float(shifted(size / task.scale, -task.data))
    values = shifted(point.values / task.scale, task.matrix - task.data)
    if task.each:
        rows.append((point.done, float(np.abs(values).sum()), size))
    if callback is not None:
        callback(point.done, _spread(task, point.support, values), size)
    if progress is not None:
        progress(point.done, task.budget, f"{point.support.size} atoms, residual {size:.1e}")


def _spread(task, support, values):
    x = np.zeros(task.system.shape[1], task.system.dtype)
    x[support] = values
    return x


def _judged(given, task, best, done, converged, interrupted, method, rows):
    """Judge the best point as a candidate for QCBP at the level of its own residual."""
    values = best.values / task.scale
    kept = values != 0
    support, values = best.support[kept], values[kept]
    x, image = _spread(task, support, values), combination(given.system, support, values)
    given.level = float(np.linalg.norm(given.system.y - image))
    # The walk's own residual, because what it was pulled to belongs to it to the last digit.
    pulled = None if best.pulled is None else best.pulled / task.scale
    h, pulled = dual_direction(given.system, support, values, best.residual / task.scale, given.column,
                               pulled, best.direction)
    judged = given.judge(x, image=image, dual=h, pulled=pulled)
    require_finite(judged.objective, judged.gap)
    found = judged._asdict()
    if task.matrix or task.data:
        found = brought_back(found, task.matrix, task.data)
    if not converged:
        ended = "was interrupted" if interrupted else "stopped"
        warnings.warn(f"{method} {ended} after {done} steps with {support.size} atoms at residual "
                      f"{found['residual']:.1e}", NotConverged, stacklevel=4)
    return Solution(
        **found | {"feasibility": 0.0}, iterations=done, converged=converged, method=method,
        history=None if rows is None else np.array(rows).reshape(-1, 3), interrupted=interrupted)
