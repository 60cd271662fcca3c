"""The same problems through cvxpy: slower, independent, and easy to read."""

import warnings
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from kernelstab._checks import as_flag, as_number
from kernelstab._engines.cone_program import solve_cone_program
from kernelstab._engines.problem import NAMES
from kernelstab._errors import NotConverged
from kernelstab.operators import DenseOperator, WaveletSynthesis
from kernelstab.solvers._solve import pose
from kernelstab.solvers.analysis import analysis_problem, tv_wavelet_problem
from kernelstab.solvers.solution import Solution
from kernelstab.solvers.tv import TVSolution, tv_problem

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


def reference_tv(A, y, eta=None, *, lam=None, shape=None, isotropic=True, tol=1e-6) -> TVSolution:
    r"""Minimise total variation by the interior point method Clarabel.

    Same arguments, same ``TVSolution`` as :func:`kernelstab.solvers.tv`; the differences are
    written as sparse matrices, and the gap is recomputed from the points that come back.
    Operators are made dense first.

    Raises
    ------
    ValueError
        As :func:`kernelstab.solvers.tv`, and if the constraint cannot be met.

    Warns
    -----
    NotConverged
        If the relative gap or the infeasibility of what comes back exceeds ``tol``.

    Examples
    --------
    Of three pixels on a circle two are known; the way from 0 to 1 and back costs 2:

    >>> s = reference_tv(np.eye(2, 3), [0.0, 1.0], 0.0)
    >>> round(s.objective, 6)
    2.0
    """
    shape = getattr(A, "image_shape", None) if shape is None else shape
    problem = tv_problem(dense(A), y, eta, lam, shape, isotropic, tol)
    shape = problem.frame.gradient.shape
    steps = _differences(shape)
    figures, bound = _solved(problem, [steps] if isotropic else [[D] for D in steps], "tv")
    image, field = figures["x"].reshape(shape), bound.field.reshape(-1, *shape)
    return said(TVSolution(**figures, image=image, field=field))


def reference_analysis(A, y, W, eta=None, *, lam=None, weights=None, lower=None, tol=1e-6) -> Solution:
    r"""Minimise :math:`\|w\cdot Wx\|_1` under a misfit by Clarabel.

    Same arguments, same ``Solution`` as :func:`kernelstab.solvers.analysis`. Operators are made
    dense first; errors and warnings are those of :func:`reference_tv`.

    Examples
    --------
    The sum is 2 and a unit of the first entry costs 1, of the second 3:

    >>> reference_analysis(np.array([[1.0, 1.0]]), [2.0], np.diag([1.0, 3.0]), 0.0).x.round(6) + 0.0
    array([2., 0.])
    """
    problem = analysis_problem(dense(A), y, W, eta, lam, weights, lower, tol)
    parts = list(W) if isinstance(W, (list, tuple)) else [W]
    figures, _ = _solved(problem, [[dense(part)] for part in parts], "analysis")
    return said(Solution(**figures, image=figures["x"].reshape(getattr(A, "image_shape", (-1,)))))


def reference_tv_wavelet(A, y, eta=None, *, lam=None, tv_weight=1.0, wavelet="db4", level=None,
                         isotropic=True, weights=None, tol=1e-6) -> Solution:
    r"""Minimise the sum of total variation and wavelet coefficients under a misfit by Clarabel.

    Same arguments, same ``Solution`` as :func:`kernelstab.solvers.tv_wavelet`; errors and warnings are those
    of :func:`reference_tv`.

    Examples
    --------
    A constant has no variation; its only Haar coefficient 4 shrinks by 1:

    >>> s = reference_tv_wavelet(np.eye(4), np.full(4, 2.0), lam=1.0, wavelet="haar", level=2)
    >>> s.x.round(5)
    array([1.5, 1.5, 1.5, 1.5])
    """
    shape = getattr(A, "image_shape", (np.shape(A)[1],))
    A = DenseOperator(dense(A), image_shape=shape)
    problem = tv_wavelet_problem(A, y, eta, lam, tv_weight, wavelet, level, isotropic, weights, tol)
    steps = [tv_weight * D for D in _differences(shape)]
    blocks = [*([steps] if isotropic else [[D] for D in steps]),
              [dense(WaveletSynthesis(shape, wavelet, level=level).H)]]
    figures, _ = _solved(problem, blocks, "analysis")
    return said(Solution(**figures, image=figures["x"].reshape(shape)))


def _differences(shape):
    """Return the periodic forward differences along each axis: the next pixel minus this one."""
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    here = sp.eye_array(numbers.size, format="csr")
    return [here[np.roll(numbers, -1, axis).ravel()] - here for axis in range(len(shape))]


def _solved(problem, blocks, name) -> tuple:
    r"""Minimise the sum of the sizes of :math:`(M_1x,M_2x,\ldots)_i` over blocks ``[M_1, M_2, ...]``.

    The fields :math:`M_kx` are variables of their own, so that the multipliers of these equations are
    the dual field. Returns what every solution says of itself, and the bound.
    """
    import cvxpy as cp

    equations, system = [], problem.system

    def state(z):
        total = 0
        for block, weights in zip(blocks, _weights(problem.frame, blocks)):
            rows = [part for M in block for part in _parts(M, z)]
            field = cp.Variable((len(rows), block[0].shape[0]))
            equations.append(cp.vstack(rows) == field)
            sizes = cp.abs(field[0]) if len(rows) == 1 else cp.norm(field, 2, axis=0)
            total += cp.sum(cp.multiply(np.broadcast_to(weights, block[0].shape[0]), sizes))
        return total, equations

    answer = minimise(problem.form, system, problem.parameter, state)
    width = 1 if system.dtype.kind == "f" else 2
    duals = [equation.dual_value for equation in equations]
    field = [joined(p[k:k + width]) for p in duals for k in range(0, len(p), width)]
    bound = problem.prove(answer.h, np.concatenate(field))
    best = problem.judge(answer.x, dual=bound)
    return best._asdict() | {
        "dual": bound.h, "iterations": answer.steps, "converged": problem.finished(best),
        "method": f"{name} {problem.form} by cvxpy, CLARABEL"}, bound


def _weights(frame, blocks):
    """Return the weights of each block: those of the frame, where a gradient is one block or several."""
    own = [block.weights for block in frame.blocks if block is not frame.gradient]
    return [np.ones(1)] * (len(blocks) - len(own)) + own


def _parts(M, z):
    """Return the real, or the real and the imaginary part of ``M x``."""
    if z.shape[0] == 1:
        return [M @ z[0]]
    if M.dtype.kind != "c":
        return [M @ z[0], M @ z[1]]
    return [M.real @ z[0] - M.imag @ z[1], M.imag @ z[0] + M.real @ z[1]]
