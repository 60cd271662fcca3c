"""How convex problems are solved: check and scale once, run the methods in turn, say what came out."""

import importlib
import warnings
from dataclasses import dataclass, replace
from math import isfinite
from typing import NamedTuple

import numpy as np

from kernelstab._checks import as_array, as_count, as_flag, as_number
from kernelstab._engines.lasso_path.path import kind_of, solve_rows
from kernelstab._engines.linear_system import System, as_system, dense_products
from kernelstab._engines.monitor import Monitor
from kernelstab._engines.problem import (
    NAMES,
    BoxProblem,
    Judged,
    Problem,
    Units,
    in_rows,
    norm,
    row_units,
    units_of,
)
from kernelstab._errors import NotConverged
from kernelstab.solvers.solution import Solution, prove_solution

SMALL = 400_000   # entries of a real matrix up to which the whole path is the fastest
EVENTS = 2000     # on the path of a small problem; a longer one tells a monitor about its progress


class Start(NamedTuple):
    """Where a method begins: fresh arrays, zeros unless ``given``."""

    x: np.ndarray
    dual: np.ndarray
    given: bool


@dataclass(frozen=True)
class Posed:
    """A checked problem: ``system`` and ``parameter`` as they came, and ``problem`` as it is solved.

    Its points are those of the caller times ``scale`` (None: 1), which holds the weights and the units, and
    its equations are multiplied by ``rows`` (None: 1), which is for ``eta = 0`` only.
    """

    system: System
    parameter: float
    weights: np.ndarray | None
    box: tuple | None
    units: Units | None
    scale: np.ndarray | float | None
    rows: np.ndarray | None
    problem: Problem

    def start(self, x0) -> Start:
        """Return where to begin, in the scale of the problem."""
        x, dual = as_start(x0, self.system)
        # The gap is one only where the signs and the bounds are those of the problem.
        if self.box is not None:
            np.clip(x, *self.box, out=x)
        elif self.problem.nonneg:
            np.maximum(x, 0.0, out=x)
        if x0 is None:      # zeros are zeros in every unit, even in an infinite one
            return Start(x, dual, False)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):   # named in words below
            x = x if self.scale is None else x * self.scale
            dual = dual if self.rows is None else dual / self.rows
            dual = dual if self.units is None else self.units.dual(dual)
        if not (np.isfinite(x).all() and np.isfinite(dual).all()):
            raise ValueError("x0 must not be huge beside the solution; leave it out to start at zero")
        return Start(x, dual, True)

    def back(self, best: Judged) -> Judged:
        """Return what was judged, for the problem as it came; refuse what is too large for a double."""
        solved = best.x
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):   # named in words below
            if self.scale is not None:
                best = best._replace(x=np.divide(solved, self.scale, out=np.zeros_like(solved),
                                                 where=solved != 0.0))
            if self.units is not None:
                best = self.units.judged_back(best)
            if self.rows is not None:   # the residual of the equations as they came
                left = norm(self.system.y - self.system.forward(best.x))
                best = best._replace(dual=best.dual * self.rows, residual=left, feasibility=left)
        if self.box is not None:   # out by the rounding of the weights
            np.clip(best.x, *self.box, out=best.x)
        if self.units is not None and not (
                isfinite(best.objective) and np.isfinite(best.x).all() and np.isfinite(best.dual).all()):
            raise ValueError("y must be small enough, next to A, for the solution to be finite, "
                             f"got an objective of {best.objective}")
        if self.units is not None and solved.any() and np.abs(best.x).max() < np.finfo(float).tiny:
            raise ValueError("y must be large enough, next to A, for the solution not to vanish: "
                             "give one of them in other units")
        return best


def solve(form, A, y, parameter, *, weights=None, nonneg=False, box=None, tol=1e-6, method="auto",
          max_iter=None, x0=None, callback=None, progress=None, history=False, certify=False) -> Solution:
    """Solve one of the three forms of ``Problem``; the public functions describe the arguments."""
    tol, nonneg = as_number(tol, "tol", low=0), as_flag(nonneg, "nonneg")
    if method == "auto" and weights is box is max_iter is x0 is callback is progress is None and not (
            history or certify):
        found = _small(form, A, y, parameter, nonneg, tol)
        if found is not None:
            return found
    posed = pose(form, A, y, parameter, weights, nonneg, box, tol, equations=True)
    methods = chain(posed.problem, method)
    if certify and box is not None:
        raise ValueError("certify needs a problem without box: exact arithmetic does not know its dual yet")
    if certify and posed.system.matrix is None:
        raise ValueError("certify needs a dense matrix, got an operator; a sparse matrix has .toarray()")
    budget = None if max_iter is None else as_count(max_iter, "max_iter", low=1)
    monitor = Monitor(posed.problem, callback, progress, history, posed.scale, posed.units)
    words, interrupted = _run(posed.problem, methods, posed.start(x0), monitor, budget)
    best, proofs = posed.back(monitor.best), None
    if certify:
        proofs = prove_solution(Problem(form, posed.system, parameter, tol, nonneg), best.x, best.dual,
                                posed.weights)
    return _said(posed.problem, monitor, best, words, interrupted, proofs)


def _small(form, A, y, parameter, nonneg, tol):
    """Solve a small real dense problem given as plain arrays; None where it is none, or not proved.

    It takes less time than a dozen calls of numpy, so that the checks and books of ``solve`` would cost more
    than the answer.
    """
    if not (type(A) is np.ndarray is type(y) and A.dtype == y.dtype == np.float64 and A.ndim == 2
            and y.shape == A.shape[:1] and 0 < A.size <= SMALL and A.flags.carray and y.flags.carray) \
            or (form == "qcbp" and parameter == 0 and row_units(A) is not None):
        return None
    (x,), (dual,), verdicts = solve_rows(A[None], y[None], np.array([kind_of(form, parameter)]),
                                         np.array([parameter]), nonneg, tol, EVENTS)
    *proved, _, met, events = verdicts[0].tolist()
    if not (met and events and proved[0] > 1e-290):    # zero is optimal, squares are lost, or worse
        return None
    return Solution(x, dual, *proved, int(events), True, f"{_name(form, parameter)} by homotopy, compiled")


def pose(form, A, y, parameter, weights, nonneg, box, tol, equations=False) -> Posed:
    """Check a problem, and scale it: by its weights, and to units in which nothing is extreme.

    With ``equations`` and ``eta = 0`` the rows are scaled, too: nothing but ``Ax = y`` is asked of them.
    """
    system = as_system(A, y)
    if nonneg and system.dtype.kind == "c":
        raise ValueError("nonneg must be False for complex problems")
    weights = None if weights is None else as_weights(weights, system.shape[1])
    box = None if box is None else as_box(box, nonneg, system)
    scale, plain = weights, system if weights is None else scaled(system, weights)
    equations = equations and form == "qcbp" and parameter == 0 and plain.matrix is not None
    rows = row_units(plain.matrix) if equations else None
    plain = plain if rows is None else in_rows(plain, rows)
    problem = _problem(form, plain, parameter, tol, nonneg, box, scale)
    require_finite_matrix(problem)
    units = units_of(problem)
    if units is not None:
        scale = units.point if weights is None else weights * units.point
        problem = _problem(form, units.system(problem.system), units.parameter(parameter), tol, nonneg, box,
                           scale)
    return Posed(system, parameter, weights, box, units, scale, rows, problem)


def _problem(form, system, parameter, tol, nonneg, box, scale):
    """Return the problem for a system whose points are those of the bounds in ``box`` times ``scale``."""
    if box is None:
        return Problem(form, system, parameter, tol, nonneg)
    return BoxProblem(system, parameter, tol, box if scale is None else tuple(bound * scale for bound in box))


def _run(problem, methods, start, monitor, budget):
    """Run one method after the other until one finishes; return its words, and whether Ctrl-C ended it."""
    words = "closed form"
    try:
        if problem.zero_is_optimal:
            # Known without any product beyond A^H y.
            monitor(0, np.zeros_like(start.x), Ax=0 * problem.system.y, dual=problem.system.y,
                    correlation=problem.correlation)
            return words, False
        for name, method in methods:
            monitor.method = name
            monitor.begin(method.budget if budget is None else budget)
            if monitor.best is not None:  # what the method before has left
                start = Start(monitor.best.x.copy(), monitor.best.dual.copy(), True)
            words = engine(method, problem).solve(problem, start, monitor)
            if monitor.finished:
                break
    except KeyboardInterrupt:
        if monitor.best is None:
            raise
        return monitor.method, True
    return words, False


def _said(problem, monitor, best, words, interrupted, proofs):
    name = _name(problem.form, problem.parameter)
    solution = Solution(*best, monitor.done, monitor.finished, f"{name} by {words}", monitor.history,
                        interrupted=interrupted, proofs=proofs)
    if not monitor.finished:
        ended = "was interrupted" if interrupted else "stopped"
        excess = f", infeasible by {best.feasibility:.1e}" if problem.form == "qcbp" else ""
        if monitor.unclear:
            excess += ": the tolerance is met, but rounding of Ax leaves no digits to tell"
        warnings.warn(f"{name} {ended} after {monitor.done} iterations at relative gap "
                      f"{best.relative_gap:.1e}{excess}", NotConverged, stacklevel=4)
    return solution


def _name(form, parameter):
    return "basis pursuit" if form == "qcbp" and parameter == 0 else NAMES[form]


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


def as_box(box, nonneg, system) -> tuple:
    """Check bounds low <= 0 <= high, perhaps infinite, and return two arrays, one entry per column."""
    count = system.shape[1]
    if system.dtype.kind == "c":
        raise ValueError("box must be None for complex problems")
    if not isinstance(box, (tuple, list)) or len(box) != 2:
        raise ValueError(f"box must be a pair (low, high), got {box!r}")
    bounds = []
    for name, given, sign in (("low", box[0], -1.0), ("high", box[1], 1.0)):
        bound = np.asarray(given)
        if bound.dtype.kind not in "biuf" or bound.shape not in ((), (1,), (count,)):
            raise ValueError(f"{name} of box must be a real number or have shape ({count},), got {given!r}")
        wrong = ~(sign * bound >= 0.0)   # also where it is not a number
        if wrong.any():
            raise ValueError(f"box must have low <= 0 <= high, got {name} {bound[wrong][0]}")
        bounds.append(np.broadcast_to(bound.astype(float), (count,)))
    low, high = bounds
    return (np.maximum(low, 0.0) if nonneg else low), high


def as_start(x0, system: System) -> tuple:
    """Return fresh starting points, primal and dual; zeros where none is given."""
    x, dual = (x0.x, x0.dual) if isinstance(x0, Solution) else (x0, None)
    found = []
    for given, name, size in ((x, "x0", system.shape[1]), (dual, "x0.dual", system.shape[0])):
        if given is None:
            found.append(np.zeros(size, system.dtype))
        else:
            start = as_array(given, name, shape=(size,), real=system.dtype.kind == "f")
            found.append(start.astype(system.dtype))
    return tuple(found)


def require_finite_matrix(problem) -> None:
    """Refuse a dense matrix with entries that are not finite, without a pass over it.

    One such entry makes the product with data without zeros not finite; only then, or when
    the data hold zeros, all entries are looked at.
    """
    system = problem.system
    all_count = not problem.nonneg and problem.box is None
    finite = isfinite(problem.largest) if all_count else np.isfinite(problem.correlation).all()
    if system.matrix is not None and not (finite and np.count_nonzero(system.y) == system.y.size):
        as_array(system.matrix, "A", ndim=2)


class SolverMethod(NamedTuple):
    """A method: its modules (real, complex), the forms it solves, its default budget, what it needs."""

    real: str | None
    complex: str | None
    forms: tuple
    budget: int
    dense: bool = False
    box: bool = False

    def module(self, problem: Problem) -> str | None:
        """Return the module that solves problems of this arithmetic."""
        return self.complex if problem.system.dtype.kind == "c" else self.real


_ALL = ("lasso", "qcbp", "sqrt-lasso")
METHODS = {
    "homotopy": SolverMethod("_engines.lasso_path.path", None, _ALL, 100_000, dense=True),
    "working-set": SolverMethod("_engines.working_set.real", "_engines.working_set.complex", _ALL, 1_000,
                                dense=True),
    "fista": SolverMethod("_engines.first_order.fista", "_engines.first_order.fista", ("lasso",), 50_000,
                          box=True),
    "primal-dual": SolverMethod("_engines.first_order.primal_dual", "_engines.first_order.primal_dual",
                                ("qcbp", "sqrt-lasso"), 20_000),
}


def chain(problem: Problem, method: str) -> list:
    """Return the methods to try in turn, as pairs (name, SolverMethod).

    ``auto``: real dense problems take the exact path when they are small and a working set
    otherwise, complex dense ones a working set; operators FISTA for the LASSO and the
    restarted primal-dual method for the rest, which is also the safety net behind a dense
    method that breaks down (columns that depend on each other). A LASSO with a box takes FISTA.
    A method asked for by name runs alone, and is refused where it cannot do this problem.
    """
    if method == "auto":
        net = "fista" if problem.form == "lasso" else "primal-dual"
        names = [*_dense_order(problem), net] if problem.system.matrix is not None else [net]
        return [(name, METHODS[name]) for name in names
                if name in METHODS and refusal(problem, METHODS[name]) is None]
    known = sorted(name for name, m in METHODS.items() if problem.form in m.forms)
    if method not in known:
        raise ValueError(f"method must be 'auto' or one of {known}, got {method!r}")
    reason = refusal(problem, METHODS[method])
    if reason is not None:
        raise ValueError(f"method {method!r} needs {reason}")
    return [(method, METHODS[method])]


def refusal(problem: Problem, method: SolverMethod) -> str | None:
    """Return what the method lacks for this problem, or None."""
    system = problem.system
    if problem.form not in method.forms:
        return f"a problem of the form {' or '.join(method.forms)}"
    if method.dense and system.matrix is None:
        return "a dense matrix"
    if problem.box is not None and not method.box:
        return "a problem without box"
    if method.module(problem) is None:
        return "a real problem" if method.complex is None else "a complex problem"
    return None


def _dense_order(problem):
    if problem.system.dtype.kind == "c":
        return ["working-set"]
    m, n = problem.system.shape
    return ["homotopy", "working-set"] if m * n <= SMALL else ["working-set", "homotopy"]


def engine(method: SolverMethod, problem: Problem):
    """Import the module that solves this problem."""
    return importlib.import_module(f"kernelstab.{method.module(problem)}")
