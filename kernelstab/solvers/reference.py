"""The same problems through cvxpy: slower, independent, and easy to read."""

import warnings

import numpy as np

from kernelstab._checks import as_number
from kernelstab._errors import NotConverged
from kernelstab.solvers._problem import NAMES, Problem
from kernelstab.solvers._solve import as_weights, scaled
from kernelstab.solvers._system import as_system
from kernelstab.solvers.solution import Solution

_OPTIONS = {"solver": "CLARABEL", "tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


def reference_lasso(A, y, lam, *, weights=None, nonneg=False, tol=1e-6) -> Solution:
    r"""Minimise :math:`\tfrac12\|Ax-y\|^2+\lambda\|x\|_1` by the interior point method Clarabel.

    Same arguments, same ``Solution`` as :func:`kernelstab.solvers.lasso`; the gap is
    recomputed here from the points that come back. Operators are made dense first.

    Raises
    ------
    ValueError
        As :func:`kernelstab.solvers.lasso`.

    Warns
    -----
    NotConverged
        If the relative gap of what comes back exceeds ``tol``.

    Examples
    --------
    >>> reference_lasso(np.eye(2), [3.0, 0.5], lam=1.0).x.round(6) + 0.0
    array([2., 0.])
    """
    return _reference("lasso", A, y, as_number(lam, "lam", low=0, strict=True), weights, nonneg, tol)


def reference_qcbp(A, y, eta=0.0, *, weights=None, nonneg=False, tol=1e-6) -> Solution:
    r"""Minimise :math:`\|x\|_1` subject to :math:`\|Ax-y\|\le\eta` by Clarabel.

    Same arguments, same ``Solution`` as :func:`kernelstab.solvers.qcbp`. The dual point is
    the multiplier of ``Ax + r = y``, scaled into :math:`\|A^*h\|_\infty\le1`.

    Raises
    ------
    ValueError
        As :func:`kernelstab.solvers.qcbp`, and if the constraint cannot be met.

    Warns
    -----
    NotConverged
        If the relative gap or the infeasibility of what comes back exceeds ``tol``.

    Examples
    --------
    >>> reference_qcbp(np.array([[1.0, 2.0]]), [2.0]).x.round(6) + 0.0
    array([0., 1.])
    """
    return _reference("qcbp", A, y, as_number(eta, "eta", low=0), weights, nonneg, tol)


def reference_sqrt_lasso(A, y, lam, *, weights=None, nonneg=False, tol=1e-6) -> Solution:
    r"""Minimise :math:`\lambda\|x\|_1+\|Ax-y\|` by Clarabel.

    Same arguments, same ``Solution`` as :func:`kernelstab.solvers.sqrt_lasso`.

    Raises
    ------
    ValueError
        As :func:`kernelstab.solvers.sqrt_lasso`.

    Warns
    -----
    NotConverged
        If the relative gap of what comes back exceeds ``tol``.

    Examples
    --------
    ``|x|/2 + |x - 3|`` is least at 3:

    >>> reference_sqrt_lasso(np.eye(1), [3.0], lam=0.5).x.round(6)
    array([3.])
    """
    return _reference("sqrt-lasso", A, y, as_number(lam, "lam", low=0, strict=True), weights, nonneg, tol)


def _reference(form, A, y, level, weights, nonneg, tol):
    """State the problem as ``Ax + r = y``; the multiplier of this equation is the dual point."""
    import cvxpy as cp

    system = as_system(_dense(A), y)
    weights = None if weights is None else as_weights(weights, system.shape[1])
    problem = Problem(form, system if weights is None else scaled(system, weights), level, tol, nonneg)
    z, product, data, mass = _embedded(cp, problem.system)
    exact = form == "qcbp" and level == 0
    residual = np.zeros(data.size) if exact else cp.Variable(data.size)
    balance = product + residual == data
    constraints = [balance] + ([z >= 0] if nonneg else [])
    if form == "qcbp":
        objective = mass
        constraints += [] if exact else [cp.norm(residual) <= level]
    else:
        fit = 0.5 * cp.sum_squares(residual) if form == "lasso" else cp.norm(residual)
        objective = fit + level * mass
    program = cp.Problem(cp.Minimize(objective), constraints)
    _solve(program)
    if z.value is None:
        raise ValueError(f"eta must allow a solution, got {level} and the solver's verdict {program.status}")
    h = -_complex(np.reshape(balance.dual_value, (-1, system.shape[0])), system)
    return _judged(problem, _complex(z.value, system), h, program, weights)


def _solve(problem):
    """Run Clarabel; its own doubts are silenced because the gap is recomputed from the points."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Solution may be inaccurate", UserWarning)
        problem.solve(**_OPTIONS)


def _judged(problem, x, dual, program, weights):
    """Judge the points that came back as any other solver's; the solver may leave dust below zero."""
    best = problem.judge(np.maximum(x, 0.0) if problem.nonneg else x, dual=dual)
    solution = Solution(
        best.x if weights is None else best.x / weights, best.dual, best.objective, best.dual_objective,
        best.gap, best.relative_gap, best.residual, best.feasibility, program.solver_stats.num_iters or 0,
        problem.finished(best), f"{NAMES[problem.form]} by cvxpy, CLARABEL")
    if not solution.converged:
        warnings.warn(f"{solution.method} ended at relative gap {solution.relative_gap:.1e}, infeasible by "
                      f"{solution.feasibility:.1e}", NotConverged, stacklevel=4)
    return solution


def _dense(A):
    return A @ np.eye(A.shape[1]) if hasattr(A, "rmatvec") or hasattr(A, "tocsr") else A


def _embedded(cp, system):
    """State the problem in real and imaginary parts: rows of the variable ``z``."""
    A, y = system.matrix, system.y
    if system.dtype.kind == "f":
        z = cp.Variable((1, A.shape[1]))
        return z, A @ z[0], y, cp.norm1(z)
    z = cp.Variable((2, A.shape[1]))
    product = cp.hstack([A.real @ z[0] - A.imag @ z[1], A.imag @ z[0] + A.real @ z[1]])
    return z, product, np.concatenate([y.real, y.imag]), cp.sum(cp.norm(z, 2, axis=0))


def _complex(parts, system):
    return parts[0].copy() if system.dtype.kind == "f" else parts[0] + 1j * parts[1]
