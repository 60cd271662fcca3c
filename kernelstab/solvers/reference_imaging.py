"""Total variation and analysis problems through cvxpy: slower, independent, and easy to read."""

import numpy as np
import scipy.sparse as sp

from kernelstab._checks import as_array, as_number
from kernelstab._engines.imaging.frames import Frame, Gradient, Products, as_frame
from kernelstab._engines.linear_system import as_system
from kernelstab.operators import WaveletSynthesis
from kernelstab.operators.race import as_shape
from kernelstab.solvers._analysis_problem import AnalysisProblem
from kernelstab.solvers._imaging import posed
from kernelstab.solvers._tv_problem import TVProblem
from kernelstab.solvers.reference import dense, joined, minimise, said
from kernelstab.solvers.solution import Solution
from kernelstab.solvers.tv import TVSolution


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
    form, level = posed(eta, lam)
    shape = as_shape(getattr(A, "image_shape", (np.shape(A)[1],)) if shape is None else shape)
    system = as_system(dense(A), y)
    if int(np.prod(shape)) != system.shape[1]:
        raise ValueError(f"shape must hold the {system.shape[1]} columns of A, got {shape}")
    problem = TVProblem(form, system, level, shape, bool(isotropic), as_number(tol, "tol", low=0))
    steps = _differences(shape)
    answer, field = _solved(form, system, level, [steps] if isotropic else [[D] for D in steps], np.ones(1))
    return _judged_tv(problem, answer, field)


def reference_analysis(A, y, W, eta=None, *, lam=None, weights=None, lower=None, tol=1e-6) -> Solution:
    r"""Minimise :math:`\|w\cdot Wx\|_1` under a misfit by Clarabel.

    Same arguments, same ``Solution`` as :func:`kernelstab.solvers.analysis`. Operators are made
    dense first.

    Raises
    ------
    ValueError
        As :func:`kernelstab.solvers.analysis`, and if the constraint cannot be met.

    Warns
    -----
    NotConverged
        If the relative gap or the infeasibility of what comes back exceeds ``tol``.

    Examples
    --------
    The sum is 2 and a unit of the first entry costs 1, of the second 3:

    >>> reference_analysis(np.array([[1.0, 1.0]]), [2.0], np.diag([1.0, 3.0]), 0.0).x.round(6) + 0.0
    array([2., 0.])
    """
    frame = as_frame(W, A.shape[1], lower)
    parts = list(W) if isinstance(W, (list, tuple)) else [W]
    return _reference(A, y, frame, [[dense(part)] for part in parts], eta, lam, weights, tol)


def reference_tv_wavelet(A, y, eta=None, *, lam=None, tv_weight=1.0, wavelet="db4", level=None,
                         isotropic=True, weights=None, tol=1e-6) -> Solution:
    r"""Minimise the sum of total variation and wavelet coefficients under a misfit by Clarabel.

    Same arguments, same ``Solution`` as :func:`kernelstab.solvers.tv_wavelet`.

    Raises
    ------
    ValueError
        As :func:`kernelstab.solvers.tv_wavelet`, and if the constraint cannot be met.

    Warns
    -----
    NotConverged
        If the relative gap or the infeasibility of what comes back exceeds ``tol``.

    Examples
    --------
    A constant has no variation; its only Haar coefficient 4 shrinks by 1:

    >>> s = reference_tv_wavelet(np.eye(4), np.full(4, 2.0), lam=1.0, wavelet="haar", level=2)
    >>> s.x.round(5)
    array([1.5, 1.5, 1.5, 1.5])
    """
    v = as_number(tv_weight, "tv_weight", low=0, strict=True)
    shape = getattr(A, "image_shape", (np.shape(A)[1],))
    basis = WaveletSynthesis(shape, wavelet, level=level)
    joint = bool(isotropic) and len(shape) > 1
    frame = Frame([Gradient(shape, v, joint), Products(basis.H)], basis.shape[0])
    steps = [v * D for D in _differences(shape)]
    blocks = [steps] if joint else [[D] for D in steps]
    if weights is not None:
        weights = np.concatenate([np.ones(frame.places - basis.shape[0]), np.ravel(weights)])
    return _reference(A, y, frame, [*blocks, [dense(basis.H)]], eta, lam, weights, tol)


def _judged_tv(problem, answer, field):
    """Judge the points that came back as those of ``tv``."""
    bound = problem.prove(answer.h, field.reshape(-1, problem.rows, problem.n))
    best = problem.judge(answer.x, dual=bound)
    return said(TVSolution(
        **_figures(best, answer, problem), dual=bound.h, method=f"tv {problem.form} by cvxpy, CLARABEL",
        image=best.x.reshape(problem.shape), field=bound.field.reshape(-1, *problem.shape)))


def _reference(A, y, frame, blocks, eta, lam, weights, tol):
    """Solve an analysis problem, and judge the points that came back as any other solver's."""
    form, level = posed(eta, lam)
    # a complex W measures moduli, for which a complex signal may be better than any real one
    unit = np.ones(1, np.result_type(float, *(M.dtype for block in blocks for M in block)))
    system = as_system(dense(A), np.asarray(y) * unit)
    w = np.ones(1) if weights is None else as_array(weights, "weights", shape=(frame.places,), real=True)
    if w.min() <= 0:
        raise ValueError(f"weights must be positive, got {w.min()}")
    problem = AnalysisProblem(form, system, frame, w, level, as_number(tol, "tol", low=0))
    answer, field = _solved(form, system, level, blocks, w)
    best = problem.judge(answer.x, dual=answer.h, pulled=field)
    return said(Solution(
        **_figures(best, answer, problem), dual=best.dual, method=f"analysis {form} by cvxpy, CLARABEL",
        image=best.x.reshape(getattr(A, "image_shape", (-1,)))))


def _figures(best, answer, problem):
    """Return what every solution says of itself."""
    return {"x": best.x, "objective": best.objective, "dual_objective": best.dual_objective, "gap": best.gap,
            "relative_gap": best.relative_gap, "residual": best.residual, "feasibility": best.feasibility,
            "iterations": answer.steps, "converged": problem.finished(best)}


def _differences(shape):
    """Return the periodic forward differences along each axis: the next pixel minus this one."""
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    here = sp.eye_array(numbers.size, format="csr")
    return [here[np.roll(numbers, -1, axis).ravel()] - here for axis in range(len(shape))]


def _solved(form, system, level, blocks, weights):
    r"""Minimise :math:`\sum_iw_i\|(M_1x,M_2x,\ldots)_i\|`, summed over blocks ``[M_1, M_2, ...]``.

    The fields :math:`M_kx` are variables of their own, so that the multipliers of these
    equations are the dual field.
    """
    import cvxpy as cp

    equations = []

    def state(z):
        sizes = []
        for block in blocks:
            rows = [part for M in block for part in _parts(M, z)]
            field = cp.Variable((len(rows), block[0].shape[0]))
            equations.append(cp.vstack(rows) == field)
            sizes.append(cp.abs(field[0]) if len(rows) == 1 else cp.norm(field, 2, axis=0))
        return cp.sum(cp.multiply(np.broadcast_to(weights, places), cp.hstack(sizes))), equations

    places = sum(block[0].shape[0] for block in blocks)
    answer = minimise(form, system, level, state)
    width = 1 if system.dtype.kind == "f" else 2
    duals = [equation.dual_value for equation in equations]
    field = [joined(p[k:k + width]) for p in duals for k in range(0, len(p), width)]
    return answer, np.concatenate(field)


def _parts(M, z):
    """Return the real, or the real and the imaginary part of ``M x``."""
    if z.shape[0] == 1:
        return [M @ z[0]]
    if M.dtype.kind != "c":
        return [M @ z[0], M @ z[1]]
    return [M.real @ z[0] - M.imag @ z[1], M.imag @ z[0] + M.real @ z[1]]
