"""The way of a greedy method: check, scale, run, keep the best point, and judge it."""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kernelstab._checks import as_array, as_callable, as_count, as_number
from kernelstab._engines.duality_gap import relative
from kernelstab._engines.greedy.columns import combination, largest
from kernelstab._engines.greedy.dual import proof_of
from kernelstab._engines.greedy.task import Point, Task
from kernelstab._errors import NotConverged
from kernelstab.solvers._range import brought_back, ordinary, require_ordinary, shifted
from kernelstab.solvers._system import as_start, as_system, require_finite
from kernelstab.solvers.solution import Solution


def run(name, method: Callable, A, y, s, *, tol, max_iter, x0, callback, progress, history,
        eta=0.0) -> Solution:
    """Run a greedy method and judge the point of smallest residual that it met.

    ``method(task)`` is a generator of ``Point``; it returns whether its stopping rule was met and
    in which way it ran. Without a ``max_iter`` the budget is ``s``.
    """
    callback, progress = as_callable(callback, "callback"), as_callable(progress, "progress")
    system = as_system(A, y)
    start = as_start(x0, system)[0]
    system, *powers = ordinary(system)
    system = replace(system, y=np.require(system.y, None, ["C", "W"]))
    task = _task(system, s, tol, max_iter, shifted(start, powers[1] - powers[0]),
                 callback is not None or history, float(shifted(eta, powers[1])), powers[0])
    best = Point(0, np.zeros(0, int), np.zeros(0, system.dtype), system.y)
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
            _tell(task, point, powers, rows, callback, progress)
    except StopIteration as end:
        converged, words = end.value or (converged, words)
    except KeyboardInterrupt:
        converged, words, interrupted = False, "interrupted", True
    return _judged(task, best, powers, done, converged, interrupted, f"{name}, {words}",
                   rows if history else None)


def _task(system, s, tol, max_iter, start, each, eta, matrix):
    with np.errstate(invalid="ignore", over="ignore"):   # what is not finite is named in words
        correlation = system.adjoint(system.y)
        peak, size = float(np.abs(correlation).max()), float(np.linalg.norm(system.y))
    if system.matrix is not None and not (np.isfinite(peak) and system.y.all()):
        as_array(system.matrix, "A", ndim=2)     # a product with data without zeros sees every entry
    require_finite(0.0, peak)
    require_ordinary(system, peak, size)
    count = min(system.shape) if s is None else as_count(s, "s", low=1, high=min(system.shape))
    support = largest(start, min(count, np.count_nonzero(start))) if start.any() else np.zeros(0, int)
    budget = count if max_iter is None else as_count(max_iter, "max_iter", low=1)
    residual = system.y - combination(system, support, start[support]) if support.size else system.y
    return Task(system, correlation, size, count, as_number(tol, "tol", low=0), budget,
                Point(0, support, start[support], residual), each, eta, matrix)


def _tell(task, point, powers, rows, callback, progress):
    """Report a point in the caller's units."""
    matrix, data = powers
    size = float(shifted(point.size, -data))
    if task.each:
        x = shifted(point.dense(task.system.shape[1]), matrix - data)
        rows.append((point.done, float(np.abs(x).sum()), size))
    if callback is not None:
        callback(point.done, x, size)
    if progress is not None:
        progress(point.done, task.budget, f"{point.support.size} atoms, residual {size:.1e}")


def _judged(task, best, powers, done, converged, interrupted, method, rows):
    """Judge the best point as a candidate for QCBP at the noise level of its own residual."""
    kept = best.values != 0
    best = best._replace(support=best.support[kept], values=best.values[kept])
    found = proof_of(task, best)._asdict()
    require_finite(found["objective"], found["gap"])
    found = brought_back(found, *powers)
    if not converged:
        ended = "was interrupted" if interrupted else "stopped"
        warnings.warn(f"{method} {ended} after {done} steps with {best.support.size} atoms at residual "
                      f"{found['residual']:.1e}", NotConverged, stacklevel=4)
    return Solution(
        **found, relative_gap=relative(found["gap"], found["objective"]), feasibility=0.0, iterations=done,
        converged=converged, method=method, history=None if rows is None else np.array(rows).reshape(-1, 3),
        interrupted=interrupted)
