"""Signals that are sparse after analysis: any operator, tight frames, total variation with wavelets."""

import dataclasses

import numpy as np

from kernelstab._checks import as_array, as_count, as_number
from kernelstab._engines.imaging import analysis_primal_dual, analysis_splitting
from kernelstab._engines.imaging.frames import Frame, Gradient, Products, as_frame
from kernelstab._engines.linear_system import as_system
from kernelstab.operators import WaveletSynthesis, as_operator
from kernelstab.solvers._analysis_problem import AnalysisProblem
from kernelstab.solvers._imaging import posed, run
from kernelstab.solvers._solve import Start, as_start
from kernelstab.solvers.solution import Solution


def analysis(A, y, W, eta=None, *, lam=None, weights=None, lower=None, tol=1e-4, max_iter=20_000, x0=None,
             callback=None, progress=None, history=False) -> Solution:
    r"""Find the signal that fits the data and has the least :math:`\ell^1` norm after analysis by ``W``.

    Minimises :math:`\|w\cdot Wx\|_1` subject to :math:`\|Ax-y\|_2\le\eta`, or, with ``lam`` in
    place of ``eta``, :math:`\tfrac12\|Ax-y\|_2^2+\lambda\|w\cdot Wx\|_1`.

    Parameters
    ----------
    A : ForwardOperator, or anything that ``as_operator`` takes, shape (m, N)
        Forward operator.
    y : ndarray, shape (m,)
        Data.
    W : ndarray or LinearOperator, shape (K, N), or a sequence of these, stacked
        Analysis operator: injective, such as ``WaveletSynthesis(...).H`` or several of them. Total
        variation alone is not, see ``tv``.
    eta, lam : float
        Noise level :math:`\eta\ge0`, or penalty :math:`\lambda>0`; exactly one of the two.
    weights : ndarray, shape (K,), optional
        Positive weights.
    lower : float, optional
        A number with :math:`W^*W\ge lower\cdot I`. Arrays and anything that contains a tight frame
        do without.
    tol, max_iter, callback, progress, history
        As for :func:`kernelstab.solvers.qcbp`.
    x0 : ndarray (N,) or Solution, optional
        Where to start.

    Returns
    -------
    Solution
        ``x`` is the flat signal and ``image`` its image; ``dual`` is a point h for which a field p
        exists with :math:`W^*p=A^*h`, up to what the gap pays for, and :math:`|p_i|\le w_i` (times ``lam``).

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, not exactly one of ``eta`` and ``lam`` is
        given or it is out of range, or W has no known lower bound.

    Warns
    -----
    NotConverged
        If the budget ends first, or Ctrl-C does.

    Notes
    -----
    The dual is to maximise :math:`\mathrm{Re}\langle y,h\rangle-\eta\|h\|` (lasso:
    :math:`-\tfrac12\|h\|^2`) over those h. Any pair is repaired by
    :math:`p+W(W^*W)^{-1}(A^*h-W^*p)` and scaled; what conjugate gradients leave of the defect is
    measured and charged to the gap, so the gap is a theorem for every point.

    The image step is closed, and iterations are few, for tight frames with ``AA* = cI``; otherwise
    primal-dual steps take products only, and as many of them as the conditioning asks for.
    Cost per iteration: one product with each of A, W and their adjoints.

    Examples
    --------
    A step seen at its ends: neighbours cost their difference, one weak entry holds the mean. The
    jump happens once, wherever it is cheapest.

    >>> W = np.array([[-1.0, 1.0, 0.0], [0.0, -1.0, 1.0], [0.0, 0.5, 0.0]])
    >>> s = analysis(np.array([[1.0, 0, 0], [0, 0, 1.0]]), [0.0, 2.0], W, 0.0, tol=1e-9)
    >>> s.x.round(6) + 0.0, round(s.objective, 6)
    (array([0., 0., 2.]), 2.0)
    """
    A = as_operator(A)
    frame = as_frame(W, A.shape[1], lower, lambda part: as_system(part, np.zeros(part.shape[0])).norm())
    return _solve(A, y, frame, eta, lam, weights, tol, max_iter, x0, callback, progress, history)


def tv_wavelet(A, y, eta=None, *, lam=None, tv_weight=1.0, wavelet="db4", level=None, isotropic=True,
               weights=None, tol=1e-4, max_iter=20_000, x0=None, callback=None, progress=None,
               history=False) -> Solution:
    r"""Find the image that fits the data with the least sum of total variation and wavelet coefficients.

    Minimises :math:`v\,\|x\|_{TV}+\|w\cdot\Psi^*x\|_1` with :math:`v` = ``tv_weight``, periodic total
    variation and orthonormal wavelets :math:`\Psi`, subject to :math:`\|Ax-y\|_2\le\eta`, or,
    with ``lam``, :math:`\tfrac12\|Ax-y\|_2^2` plus :math:`\lambda` times that sum.

    Parameters
    ----------
    A, y, eta, lam, tol, max_iter, x0, callback, progress, history
        As for :func:`analysis`; ``A.image_shape`` is the image.
    tv_weight : float
        Positive weight of the total variation.
    wavelet, level
        As for :class:`kernelstab.operators.WaveletSynthesis`.
    isotropic : bool
        Whether a pixel is measured by the Euclidean norm of its differences, or each difference
        by its modulus.
    weights : ndarray, shape (N,), optional
        Positive weights of the wavelet coefficients.

    Returns
    -------
    Solution
        As :func:`analysis`.

    Raises
    ------
    ValueError
        As :func:`analysis`, or if the wavelet does not fit the image.

    Warns
    -----
    NotConverged
        If the budget ends first, or Ctrl-C does.

    Notes
    -----
    :math:`W^*W=v^2\,(-\Delta)+I` is diagonal in the Fourier basis, so the dual field is repaired by
    two transforms, and for subsampled Fourier transforms and, unless ``eta=0``, blurs the image step is
    closed. Cost of such a step: two transforms, an analysis, a synthesis and passes over all fields; every
    other ``A`` takes primal-dual steps, as in :func:`analysis`.

    Examples
    --------
    Everything is seen, and a constant image has no variation; its only Haar coefficient 4 shrinks by 1:

    >>> s = tv_wavelet(np.eye(4), np.full(4, 2.0), lam=1.0, wavelet="haar", level=2, tol=1e-13)
    >>> s.x.round(6)
    array([1.5, 1.5, 1.5, 1.5])
    """
    A = as_operator(A)
    v = as_number(tv_weight, "tv_weight", low=0, strict=True)
    basis = WaveletSynthesis(A.image_shape, wavelet, level=level)
    gradient = Gradient(A.image_shape, v, bool(isotropic) and len(A.image_shape) > 1)
    frame = Frame([gradient, Products(basis.H)], A.shape[1])
    if weights is not None:
        own = as_array(weights, "weights", shape=(A.shape[1],), real=True)
        weights = np.concatenate([np.ones(frame.places - own.size), own])
    return _solve(A, y, frame, eta, lam, weights, tol, max_iter, x0, callback, progress, history)


def _solve(A, y, frame, eta, lam, weights, tol, max_iter, x0, callback, progress, history):
    form, bound = posed(eta, lam)
    w = np.ones(1) if weights is None else as_array(weights, "weights", shape=(frame.places,), real=True)
    if w.min() <= 0:
        raise ValueError(f"weights must be positive, got {w.min()}")
    system = as_system(A, y)
    problem = AnalysisProblem(form, system, frame, w, bound, as_number(tol, "tol", low=0))
    start = Start(*as_start(x0, system), x0 is not None)
    step = analysis_splitting.image_step(problem, A)

    def engine(watch):
        if step is not None:
            return analysis_splitting.solve(problem, start, watch, step)
        return analysis_primal_dual.solve(problem, start, watch)

    solution = run(problem, engine, f"analysis {form}", budget=as_count(max_iter, "max_iter", low=1),
                   callback=callback, progress=progress, history=history)
    return dataclasses.replace(solution, image=A.image(solution.x))
