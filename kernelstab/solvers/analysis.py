"""Signals that are sparse after analysis: any operator, tight frames, total variation with wavelets."""

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._engines.imaging.analysis_problem import AnalysisProblem, form_of, solve_analysis
from kernelstab._engines.imaging.fourier_splitting import FourierSplitting
from kernelstab._engines.imaging.frames import Frame, Gradient, Products
from kernelstab._engines.imaging.primal_dual import PrimalDual
from kernelstab._engines.imaging.spectrum import Spectrum
from kernelstab._engines.imaging.tight_splitting import TightSplitting
from kernelstab._engines.linear_system import as_system
from kernelstab.operators import WaveletSynthesis, as_operator
from kernelstab.solvers._solve import as_start, as_weights
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

    For tight frames the image step is closed, and iterations are few, wherever :math:`AA^*=cI` and, unless
    ``eta=0``, behind blurs; otherwise primal-dual steps take products with A, and as many of them as the
    conditioning asks for. Cost per iteration: one product with each of A (or two transforms), W and
    their adjoints, and for arrays W a triangular solve.

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
    problem = analysis_problem(A, y, W, eta, lam, weights, lower, tol)
    return _solve(A, problem, max_iter, x0, callback, progress, history)


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
    problem = tv_wavelet_problem(A, y, eta, lam, tv_weight, wavelet, level, isotropic, weights, tol)
    return _solve(A, problem, max_iter, x0, callback, progress, history)


def analysis_problem(A, y, W, eta, lam, weights, lower, tol) -> AnalysisProblem:
    """Check what the user hands in, W an operator, an array or a sequence of these, and pose the problem."""
    form, parameter = form_of(eta, lam)
    parts = list(W) if isinstance(W, (list, tuple)) else [W]
    for part in parts:
        if getattr(part, "ndim", 2) != 2 or part.shape[1] != A.shape[1]:
            raise ValueError(f"W must act on {A.shape[1]} entries, got shape {part.shape}")
    unit = np.result_type(*(part.dtype for part in parts)).type(1)
    # a complex W measures moduli, for which a complex signal may be better than any real one
    system = as_system(A, np.asarray(y) * unit if np.iscomplexobj(unit) else y)
    counts = [part.shape[0] for part in parts]
    shares: list = [None] * len(parts)
    if weights is not None:
        shares = np.split(as_weights(weights, sum(counts)), np.cumsum(counts)[:-1])
    blocks = [Products(part, share, _norm) for part, share in zip(parts, shares)]
    frame = Frame(blocks, A.shape[1], lower)
    return AnalysisProblem(form, system, frame, parameter, as_number(tol, "tol", low=0))


def tv_wavelet_problem(A, y, eta, lam, tv_weight, wavelet, level, isotropic, weights, tol) -> AnalysisProblem:
    """Check what the user hands in and pose the problem of a gradient above a wavelet analysis."""
    form, parameter = form_of(eta, lam)
    v = as_number(tv_weight, "tv_weight", low=0, strict=True)
    shape, system = getattr(A, "image_shape", (np.shape(A)[1],)), as_system(A, y)
    basis = WaveletSynthesis(shape, wavelet, level=level)
    weights = None if weights is None else as_weights(weights, system.shape[1])
    blocks = [Gradient(shape, bool(isotropic), v), Products(basis.H, weights)]
    frame = Frame(blocks, system.shape[1], spectrum=Spectrum(shape, system.dtype.kind == "f"))
    return AnalysisProblem(form, system, frame, parameter, as_number(tol, "tol", low=0))


def _solve(A, problem, max_iter, x0, callback, progress, history):
    x, dual = as_start(x0, problem.system)
    start = (None, None, None) if x0 is None else (x, dual / problem.weight, None)
    method = next(m for m in (TightSplitting, FourierSplitting, PrimalDual) if m.fits(problem, A))
    figures, _ = solve_analysis(
        problem, method, f"analysis {problem.form}", start, callback=callback, progress=progress,
        history=history, budget=as_count(max_iter, "max_iter", low=1))
    return Solution(**figures, image=A.image(figures["x"]))


def _norm(W):
    return as_system(W, np.zeros(W.shape[0])).norm()
