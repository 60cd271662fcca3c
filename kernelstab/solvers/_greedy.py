"""The way of a greedy method: check, scale, run, keep the best point, and judge it."""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kernelstab._checks import as_callable, as_count, as_number
from kernelstab._engines.duality_gap import relative
from kernelstab._engines.greedy.columns import combination, largest
from kernelstab._engines.greedy.dual import proof_of
from kernelstab._engines.greedy.task import Point, Task
from kernelstab._engines.linear_system import require_finite
from kernelstab._engines.problem import Judged
from kernelstab._errors import NotConverged
from kernelstab.solvers._solve import pose
from kernelstab.solvers.solution import Solution

SPAN = 1e290    # answers larger than this, or smaller than its inverse, lose digits


def run(name, method: Callable, A, y, s, *, tol, max_iter, x0, callback, progress, history,
        eta=0.0) -> Solution:
    """Run a greedy method and judge the point of smallest residual that it met.

    ``method(task)`` is a generator of ``Point``; it returns whether its stopping rule was met and
    in which way it ran. Without a ``max_iter`` the budget is ``s``.
    """
    callback, progress = as_callable(callback, "callback"), as_callable(progress, "progress")
    posed = pose("qcbp", A, y, eta, None, False, None, 0.0)
    task = _task(posed, s, tol, max_iter, x0, callback is not None or history)
    best = Point(0, np.zeros(0, int), np.zeros(0, task.system.dtype), task.system.y)
    rows, done, interrupted = [], 0, False
    # No column correlates with the data: zero is the least squares fit on every support.
    converged, words = not eta or task.size <= task.eta, "closed form"
    try:
        steps = method(task) if task.correlation.any() else iter(())
        while True:
            point = next(steps)
            done = point.done
            if point.size <= best.size:  # later points win ties
                best = point
            _tell(posed, task, point, rows, callback, progress)
    except StopIteration as end:
        converged, words = end.value or (converged, words)
    except KeyboardInterrupt:
        converged, words, interrupted = False, "interrupted", True
    found = _judged(posed, task, best)
    said = f"{name}, {words}"
    if not converged:
        ended = "was interrupted" if interrupted else "stopped"
        warnings.warn(f"{said} {ended} after {done} steps with {best.support.size} atoms at residual "
                      f"{found.residual:.1e}", NotConverged, stacklevel=3)
    return Solution(*found, done, converged, said, np.array(rows).reshape(-1, 3) if history else None,
                    interrupted=interrupted)


def _task(posed, s, tol, max_iter, x0, each):
    """Return the problem in units in which nothing is extreme, with what the method is told."""
    problem, units = posed.problem, posed.units
    if units is not None and not 1.0 / SPAN < units.point < SPAN:
        raise ValueError("A and y must be of sizes for which floating point holds the answer, got one near "
                         f"{1.0 / units.point if units.point else np.inf:.1e}")
    require_finite(0.0, problem.largest)
    system = replace(problem.system, y=np.require(problem.system.y, None, ["C", "W"]))
    count = min(system.shape) if s is None else as_count(s, "s", low=1, high=min(system.shape))
    budget = count if max_iter is None else as_count(max_iter, "max_iter", low=1)
    x = posed.start(x0).x
    support = largest(x, min(count, np.count_nonzero(x))) if x.any() else np.zeros(0, int)
    residual = system.y - combination(system, support, x[support]) if support.size else system.y
    return Task(system, problem.correlation, problem.size, count, as_number(tol, "tol", low=0), budget,
                Point(0, support, x[support], residual), each, problem.parameter,
                1.0 if units is None else units.matrix)


def _tell(posed, task, point, rows, callback, progress):
    """Report a point in the caller's units."""
    size = point.size if posed.units is None else point.size / posed.units.data
    if task.each:
        x = point.dense(task.system.shape[1])
        x = x if posed.scale is None else x / posed.scale
        rows.append((point.done, float(np.abs(x).sum()), size))
    if callback is not None:
        callback(point.done, x, size)
    if progress is not None:
        progress(point.done, task.budget, f"{point.support.size} atoms, residual {size:.1e}")


def _judged(posed, task, best) -> Judged:
    """Judge a point as a candidate for QCBP at the noise level of its own residual, in the caller's units."""
    kept = best.values != 0
    x, dual, objective, value, gap, residual = proof_of(
        task, best._replace(support=best.support[kept], values=best.values[kept]))
    require_finite(objective, gap)
    return posed.back(Judged(x, dual, objective, value, gap, relative(gap, objective), residual, 0.0))
