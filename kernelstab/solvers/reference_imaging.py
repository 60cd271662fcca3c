"""Total variation and analysis problems through cvxpy: slower, independent, and easy to read."""

import numpy as np
import scipy.sparse as sp

from kernelstab.operators import DenseOperator, WaveletSynthesis
from kernelstab.solvers.analysis import analysis_problem, tv_wavelet_problem
from kernelstab.solvers.reference import dense, joined, minimise, said
from kernelstab.solvers.solution import Solution
from kernelstab.solvers.tv import TVSolution, tv_problem


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
    problem = analysis_problem(dense(A), y, W, eta, lam, weights, lower, tol)
    parts = list(W) if isinstance(W, (list, tuple)) else [W]
    figures, _ = _solved(problem, [[dense(part)] for part in parts], "analysis")
    return said(Solution(**figures, image=figures["x"].reshape(getattr(A, "image_shape", (-1,)))))


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
