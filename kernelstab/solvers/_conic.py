"""What the references share: a problem in real and imaginary parts, solved by Clarabel through cvxpy."""

import warnings
from typing import NamedTuple

import numpy as np

from kernelstab._errors import NotConverged

_OPTIONS = {"solver": "CLARABEL", "tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


class Answer(NamedTuple):
    """The point, the multiplier h of ``Ax + r = y``, and the number of steps."""

    x: np.ndarray
    h: np.ndarray
    steps: int


def minimise(form, system, level, state) -> Answer:
    """Minimise a sparsity term as ``form`` says: "lasso", "qcbp" or "sqrt-lasso".

    ``state(z)`` returns the term and a list of constraints, where the rows of the variable ``z``
    are the signal, or its real and its imaginary part.
    """
    import cvxpy as cp

    z, product, data = _embedded(cp, system)
    mass, constraints = state(z)
    exact = form == "qcbp" and level == 0
    residual = np.zeros(data.size) if exact else cp.Variable(data.size)
    balance = product + residual == data
    constraints = [balance, *constraints]
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


def _solve(program):
    """Run Clarabel; its own doubts are silenced because the gap is recomputed from the points."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Solution may be inaccurate", UserWarning)
        program.solve(**_OPTIONS)


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
