"""The same problems through cvxpy: slower, independent, and easy to read."""

import warnings
from typing import NamedTuple

import numpy as np

from kernelstab._checks import as_flag, as_number
from kernelstab._engines.cone_program import solve_cone_program
from kernelstab._engines.problem import NAMES
from kernelstab._errors import NotConverged
from kernelstab.solvers._solve import pose
from kernelstab.solvers.solution import Solution

TOLERANCES = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


class Answer(NamedTuple):
    """The point, the multiplier h of ``Ax + r = y``, and the number of steps."""

    x: np.ndarray
    h: np.ndarray
    steps: int


def reference_lasso(A, y, lam, *, weights=None, nonneg=False, box=None, tol=1e-6) -> Solution:
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
    return _reference("lasso", A, y, as_number(lam, "lam", low=0, strict=True), weights, nonneg, tol, box)


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


def _reference(form, A, y, level, weights, nonneg, tol, box=None):
    """State the problem as ``Ax + r = y``; the multiplier of this equation is the dual point."""
    import cvxpy as cp

    posed = pose(form, dense(A), y, level, weights, as_flag(nonneg, "nonneg"), box, tol)
    problem = posed.problem

    def state(z):
        term = cp.norm1(z) if z.shape[0] == 1 else cp.sum(cp.norm(z, 2, axis=0))
        if problem.box is None:
            return term, [z >= 0] if problem.nonneg else []
        low, high = problem.box
        below, above = np.isfinite(low), np.isfinite(high)
        return term, [z[0, below] >= low[below], z[0, above] <= high[above]]

    return _judged(posed, minimise(form, problem.system, problem.parameter, state))


def _judged(posed, answer):
    """Judge the points that came back as any other solver's; the solver may leave dust beyond a bound."""
    problem = posed.problem
    x = np.maximum(answer.x, 0.0) if problem.nonneg else answer.x
    best = problem.judge(x if problem.box is None else np.clip(x, *problem.box), dual=answer.h)
    return said(Solution(*posed.back(best), answer.steps, problem.finished(best),
                         f"{NAMES[problem.form]} by cvxpy, CLARABEL"))


def minimise(form, system, level, state) -> Answer:
    """Minimise a sparsity term as ``form`` says: "lasso", "qcbp" or "sqrt-lasso".

    ``state(z)`` returns the sparsity term and a list of constraints, where the rows of the variable ``z``
    are the signal, or its real and its imaginary part.
    """
    import cvxpy as cp

    z, product, data = _embedded(cp, system)
    term, constraints = state(z)
    exact = form == "qcbp" and level == 0
    residual = np.zeros(data.size) if exact else cp.Variable(data.size)
    balance = product + residual == data
    constraints = [balance, *constraints]
    if form == "qcbp":
        objective = term
        constraints += [] if exact else [cp.norm(residual) <= level]
    else:
        fit = 0.5 * cp.sum_squares(residual) if form == "lasso" else cp.norm(residual)
        objective = fit + level * term
    program = cp.Problem(cp.Minimize(objective), constraints)
    if not solve_cone_program(program, **TOLERANCES):
        raise ValueError(f"eta must allow a solution, got {level} and the solver's verdict {program.status}")
    h = -joined(np.reshape(balance.dual_value, (-1, system.shape[0])))
    return Answer(joined(z.value), h, program.solver_stats.num_iters or 0)


def _embedded(cp, system):
    """State ``Ax`` and y in real and imaginary parts, one after the other."""
    A, y = system.matrix, system.y
    if system.dtype.kind == "f":
        z = cp.Variable((1, A.shape[1]))
        return z, A @ z[0], y
    z = cp.Variable((2, A.shape[1]))
    product = cp.hstack([A.real @ z[0] - A.imag @ z[1], A.imag @ z[0] + A.real @ z[1]])
    return z, product, np.concatenate([y.real, y.imag])


def joined(parts):
    """Return a vector from its one or two parts."""
    return parts[0].copy() if len(parts) == 1 else parts[0] + 1j * parts[1]


def dense(A):
    """Return operators and sparse matrices as arrays, anything else as it is."""
    return A @ np.eye(A.shape[1]) if hasattr(A, "rmatvec") or hasattr(A, "tocsr") else A


def said(solution):
    """Return a solution, with a warning if it is short of its tolerance."""
    if not solution.converged:
        warnings.warn(f"{solution.method} ended at relative gap {solution.relative_gap:.1e}, infeasible by "
                      f"{solution.feasibility:.1e}", NotConverged, stacklevel=4)
    return solution
