"""The front door of all convex problems: check, scale, run the engines in turn, and say what came out."""

import warnings
from dataclasses import replace
from math import isfinite
from typing import NamedTuple

import numpy as np

from kernelstab._checks import as_array, as_count, as_flag, as_number
from kernelstab._engines.lasso_path.path import kind_of
from kernelstab._engines.lasso_path.rows import solve_rows
from kernelstab._errors import NotConverged
from kernelstab.solvers._box import BoxProblem, as_box
from kernelstab.solvers._methods import SMALL, chain, engine
from kernelstab.solvers._problem import NAMES, Problem
from kernelstab.solvers._system import System, as_start, as_system, dense_products
from kernelstab.solvers._units import units_of
from kernelstab.solvers._watch import Watch
from kernelstab.solvers.solution import Solution

EVENTS = 2000   # on the path of a small problem; a longer one tells a monitor about its progress


class Start(NamedTuple):
    """Where an engine begins: fresh arrays, zeros unless ``given``."""

    x: np.ndarray
    dual: np.ndarray
    given: bool


def solve(form, A, y, level, *, weights=None, nonneg=False, box=None, tol=1e-6, method="auto", max_iter=None,
          x0=None, callback=None, progress=None, history=False, certify=False) -> Solution:
    """Solve one of the three forms of ``Problem``; the public functions describe the arguments."""
    tol = as_number(tol, "tol", low=0)
    nonneg = as_flag(nonneg, "nonneg")
    if method == "auto" and weights is box is max_iter is x0 is callback is progress is None and not (
            history or certify):
        found = _small(form, A, y, level, nonneg, tol)
        if found is not None:
            return found
    system = as_system(A, y)
    if nonneg and system.dtype.kind == "c":
        raise ValueError("nonneg must be False for complex problems")
    weights = None if weights is None else as_weights(weights, system.shape[1])
    box = None if box is None else as_box(box, nonneg, system)
    plain = system if weights is None else scaled(system, weights)
    problem = posed(form, plain, level, tol, nonneg, box, weights)
    require_finite_matrix(problem)
    engines = chain(problem, method)
    if certify and box is not None:
        raise ValueError("certify needs a problem without box: exact arithmetic does not know its dual yet")
    if certify and system.matrix is None:
        raise ValueError("certify needs a dense matrix, got an operator; a sparse matrix has .toarray()")
    budget = None if max_iter is None else as_count(max_iter, "max_iter", low=1)
    x, dual = as_start(x0, system)
    # The gap is one only where the signs and the bounds are those of the problem.
    if box is not None:
        np.clip(x, *box, out=x)
    elif nonneg:
        np.maximum(x, 0.0, out=x)
    units, scale = units_of(problem), weights
    if units is not None:
        scale = units.point if weights is None else weights * units.point
        problem = posed(form, units.system(problem.system), units.level(level), tol, nonneg, box, scale)
        dual = units.dual(dual)
    start = Start(x if scale is None else x * scale, dual, x0 is not None)
    watch = Watch(problem, callback, progress, history, scale, units)
    words, interrupted = "closed form", False
    try:
        if problem.zero_is_optimal:
            # Known without any product beyond A^H y.
            watch(0, np.zeros(system.shape[1], system.dtype), image=0 * system.y, dual=problem.system.y,
                  pulled=problem.correlation)
        else:
            words = _run(problem, engines, start, watch, budget)
    except KeyboardInterrupt:
        if watch.best is None:
            raise
        words, interrupted = watch.method, True
    best, proofs = _unscaled(watch.best, scale, units), None
    if box is not None:   # out by the rounding of the weights
        np.clip(best.x, *box, out=best.x)
    if certify:
        from kernelstab.solvers.proofs import prove_solution

        given = Problem(form, system, level, problem.tol, problem.nonneg)
        proofs = prove_solution(given, best.x, best.dual, weights)
    return _said(problem, watch, best, words, interrupted, proofs)


def _small(form, A, y, parameter, nonneg, tol):
    """Solve a small real dense problem given as plain arrays; None where it is none, or not proved.

    It takes less time than a dozen calls of numpy, so that the checks and books of ``solve`` would cost more
    than the answer.
    """
    if not (type(A) is np.ndarray is type(y) and A.dtype == y.dtype == np.float64 and A.ndim == 2
            and y.shape == A.shape[:1] and 0 < A.size <= SMALL and A.flags.carray and y.flags.carray):
        return None
    (x,), (dual,), verdicts = solve_rows(A[None], y[None], np.array([kind_of(form, parameter)]),
                                         np.array([parameter]), nonneg, tol, EVENTS)
    *proved, _, met, events = verdicts[0].tolist()
    if not (met and events):    # zero is optimal, or something is amiss
        return None
    return Solution(x, dual, *proved, int(events), True, f"{_name(form, parameter)} by homotopy, compiled")


def posed(form, system, level, tol, nonneg, box=None, scale=None) -> Problem:
    """Return the problem for a system whose points are those of the bounds in ``box`` times ``scale``."""
    if box is None:
        return Problem(form, system, level, tol, nonneg)
    return BoxProblem(system, level, tol, box if scale is None else tuple(bound * scale for bound in box))


def _run(problem, engines, start, watch, budget):
    words = ""
    for name, method in engines:
        watch.method = name
        watch.begin(method.budget if budget is None else budget)
        if watch.best is not None:  # what the engine before has left
            start = start._replace(x=watch.best.x.copy(), dual=watch.best.dual.copy(), given=True)
        words = engine(method, problem).solve(problem, start, watch)
        if watch.finished:
            break
    return words


def _unscaled(best, scale, units):
    """Return what was judged, for the problem as it came.

    Raises
    ------
    ValueError
        If that is too large for a double.
    """
    with np.errstate(over="ignore", invalid="ignore"):   # named in words below
        if scale is not None:
            best = best._replace(x=best.x / scale)
        if units is None:
            return best
        value = units.value_back
        best = best._replace(
            dual=units.dual_back(best.dual), objective=value(best.objective), gap=value(best.gap),
            dual_objective=value(best.dual_objective), residual=best.residual / units.data,
            feasibility=best.feasibility / units.data)
    if not (isfinite(best.objective) and np.isfinite(best.x).all() and np.isfinite(best.dual).all()):
        raise ValueError("y must be small enough, next to A, for the solution to be finite, "
                         f"got an objective of {best.objective}")
    return best


def _said(problem, watch, best, words, interrupted, proofs):
    name = _name(problem.form, problem.level)
    solution = Solution(*best, watch.done, watch.finished, f"{name} by {words}", watch.history,
                        interrupted=interrupted, proofs=proofs)
    if not watch.finished:
        ended = "was interrupted" if interrupted else "stopped"
        excess = f", infeasible by {best.feasibility:.1e}" if problem.form == "qcbp" else ""
        warnings.warn(f"{name} {ended} after {watch.done} iterations at relative gap "
                      f"{best.relative_gap:.1e}{excess}", NotConverged, stacklevel=4)
    return solution


def _name(form, level):
    return "basis pursuit" if form == "qcbp" and level == 0 else NAMES[form]


def as_weights(weights, count) -> np.ndarray:
    """Check positive weights, one for each column."""
    weights = as_array(weights, "weights", shape=(count,), real=True)
    if weights.min() <= 0:
        raise ValueError(f"weights must be positive, got {weights.min()}")
    return weights


def scaled(system: System, weights) -> System:
    r"""Return the system in :math:`z=w\cdot x`, where the weighted absolute sum is the plain one."""
    if system.matrix is not None:
        matrix = system.matrix / weights
        forward, adjoint = dense_products(matrix)
        return replace(system, matrix=matrix, forward=forward, adjoint=adjoint, tight=None, source=None)
    return replace(system, forward=lambda z: system.forward(z / weights),
                   adjoint=lambda u: system.adjoint(u) / weights, tight=None, source=None)


def require_finite_matrix(problem) -> None:
    """Refuse a dense matrix with entries that are not finite, without a pass over it.

    One such entry makes the product with data without zeros not finite; only then, or when
    the data hold zeros, all entries are looked at.

    Raises
    ------
    ValueError
        Naming the entry.
    """
    system = problem.system
    all_count = not problem.nonneg and problem.box is None
    finite = isfinite(problem.peak) if all_count else np.isfinite(problem.correlation).all()
    if system.matrix is not None and not (finite and np.count_nonzero(system.y) == system.y.size):
        as_array(system.matrix, "A", ndim=2)
