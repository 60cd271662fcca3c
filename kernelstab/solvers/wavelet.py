"""Images from few measurements: wavelet coefficients of least sum, and weights in levels for them."""

import dataclasses
import functools
import weakref

import numpy as np

from kernelstab._checks import as_array, as_callable, as_count, as_number
from kernelstab._engines.imaging.analysis_problem import AnalysisProblem, solve_analysis
from kernelstab._engines.imaging.frames import Frame, Products
from kernelstab._engines.imaging.tight_splitting import TightSplitting
from kernelstab._engines.linear_system import as_system
from kernelstab._engines.problem import NAMES
from kernelstab.operators import DenseOperator, WaveletSynthesis, as_operator
from kernelstab.solvers._solve import as_start, as_weights, solve
from kernelstab.solvers.solution import Solution

_DENSE_PRODUCTS = weakref.WeakKeyDictionary()  # dense operator -> {synthesis settings: product}


def wavelet_qcbp(A, y, eta, wavelet="coif2", *, level=None, weights=None, tol=1e-4, max_iter=20_000, x0=None,
                 callback=None, progress=None, history=False) -> Solution:
    r"""Find the image with the least :math:`\ell^1` norm of wavelet coefficients that fits the data.

    Minimises :math:`\|c\|_1` subject to :math:`\|AWc-y\|_2\le\eta`, where :math:`W` is
    orthonormal periodic wavelet synthesis. Since :math:`WW^*=I`, a tight ``A`` stays
    tight behind ``W`` and the answer is feasible up to rounding.

    Parameters
    ----------
    A : ForwardOperator, or anything that ``as_operator`` takes
        Acts on flat images; its ``image_shape`` is the shape that is transformed. A
        ``DenseOperator`` that is used again is multiplied by :math:`W` only once.
    y : ndarray, shape (m,)
        Data.
    eta : float
        Noise level, in units of ``y``. About ``0.01 * ||y||`` is a good choice for
        noise-free photographs and MR slices, see Notes.
    wavelet : str
        An orthonormal wavelet of PyWavelets.
    level : int, optional
        Number of levels. Default 2, or 1 if a side is not divisible by 4.
    weights : ndarray, shape (N,), optional
        Positive weights of the coefficients: :math:`\|w\cdot c\|_1` is minimised. For weights in
        levels see :func:`level_weights`.
    tol, max_iter, x0, callback, progress, history
        As for :func:`kernelstab.solvers.qcbp`, on coefficients.

    Returns
    -------
    Solution
        ``x`` holds the coefficients in the layout of
        :class:`kernelstab.operators.WaveletSynthesis`, ``image`` the image.

    Raises
    ------
    ValueError
        As :func:`kernelstab.solvers.qcbp`; also if the wavelet is unknown or not
        orthonormal, or if the image has sides that cannot be halved ``level`` times.

    Warns
    -----
    NotConverged
        If the budget ends first.

    Notes
    -----
    The defaults were chosen on every fifth bundled training slice (64 by 64, 30 per cent of the
    Fourier coefficients, ``masks.standard``, ``eta = 0.01 ||y||``), mean signal-to-noise ratio at
    peak 1 in dB, by ``python benchmarks/wavelet_choice.py``:

    ======== ===== ===== ===== ===== ===== =====
    level    haar  db2   db4   sym4  coif2 coif3
    ======== ===== ===== ===== ===== ===== =====
    1        26.79 27.53 27.25 27.62 27.83 27.84
    2        27.27 28.01 27.89 28.43 28.45 28.16
    3        27.23 27.82 27.57 28.15 28.21 27.90
    ======== ===== ===== ===== ===== ===== =====

    against 26.76 for the zero-filled inverse. Images are compressible rather than sparse, so a
    small positive ``eta`` is more accurate than 0, and it makes the method converge ten times
    faster.

    Cost of a step, where :math:`AA^*=cI` and ``A`` is no dense matrix: a product with ``A`` and with its
    adjoint, a synthesis and an analysis, and a few more of each when a point is judged. MR slices take
    a few dozen steps to a relative gap of 1e-3. Every other ``A`` is left to
    :func:`kernelstab.solvers.qcbp`.

    Examples
    --------
    The sum of four pixels and of the last two. The box is one Haar coefficient:

    >>> import numpy as np
    >>> A = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    >>> s = wavelet_qcbp(A, [2.0, 2.0], 0.0, "haar", level=1)
    >>> s.x.round(3) + 0.0, s.image.round(3) + 0.0
    (array([0.   , 1.414, 0.   , 0.   ]), array([0., 0., 1., 1.]))
    """
    eta = as_number(eta, "eta", low=0)
    return _recover("qcbp", A, y, eta, wavelet, level, weights,
                    dict(tol=tol, max_iter=max_iter, x0=x0, callback=callback, progress=progress,
                         history=history))


def wavelet_lasso(A, y, lam, wavelet="coif2", *, level=None, weights=None, tol=1e-4, max_iter=20_000, x0=None,
                  callback=None, progress=None, history=False) -> Solution:
    r"""Find the image that balances its misfit against the :math:`\ell^1` norm of its wavelet coefficients.

    Minimises :math:`\tfrac12\|AWc-y\|_2^2+\lambda\|c\|_1`; arguments, answer and cost are those of
    :func:`wavelet_qcbp`, with ``lam`` positive in place of ``eta``.

    Raises
    ------
    ValueError
        As :func:`wavelet_qcbp`, with ``lam`` in place of ``eta``.

    Warns
    -----
    NotConverged
        If the budget ends first.

    Examples
    --------
    All pixels are seen, so every coefficient shrinks by 1: (6, 0) becomes (5, 0).

    >>> import numpy as np
    >>> s = wavelet_lasso(np.eye(2), np.sqrt([18.0, 18.0]), 1.0, "haar", level=1)
    >>> s.x.round(3) + 0.0
    array([5., 0.])
    """
    lam = as_number(lam, "lam", low=0, strict=True)
    return _recover("lasso", A, y, lam, wavelet, level, weights,
                    dict(tol=tol, max_iter=max_iter, x0=x0, callback=callback, progress=progress,
                         history=history))


def level_weights(scales, sparsities) -> np.ndarray:
    r"""Return the weight :math:`\sqrt{s/s_l}` for every coefficient of level l, where :math:`s=\sum_ls_l`.

    Recovery bounds for weighted sparsity in r levels grow with
    :math:`\kappa=\sum_lw_l^2s_l\,/\,\min_lw_l^2s_l`. A sum of r terms is at least r times the
    least of them, with equality if and only if all are equal; these weights make all equal, so
    :math:`\kappa=r`, the least value there is.

    Parameters
    ----------
    scales : ndarray of int, shape (N,)
        The level of each coefficient, from 0 on, such as ``WaveletSynthesis.scales``.
    sparsities : sequence of float
        How many large coefficients are expected in each level: :math:`s_0, s_1, \dots`, positive.

    Returns
    -------
    ndarray, shape (N,)

    Raises
    ------
    ValueError
        If a sparsity is not positive, a level has none, or ``scales`` is empty or not of integers.

    Examples
    --------
    One large coefficient in the first level, three in the second, four in all:

    >>> level_weights([0, 1, 1, 1], [1, 3]).round(4)
    array([2.    , 1.1547, 1.1547, 1.1547])
    """
    sparsities = as_array(sparsities, "sparsities", ndim=1, real=True)
    if sparsities.min() <= 0:
        raise ValueError(f"sparsities must be positive, got {sparsities.min()}")
    scales = np.asarray(scales)
    known = np.arange(sparsities.size)
    if scales.dtype.kind not in "iu" or not scales.size or not np.isin(scales, known).all():
        raise ValueError(f"scales must hold integers from 0 to {sparsities.size - 1}, one for each sparsity, "
                         f"got {scales!r}")
    return np.sqrt(sparsities.sum() / sparsities)[scales]


def _recover(form, A, y, bound, wavelet, level, weights, options):
    """Split where ``AA* = cI`` and products are fast; every other problem is one of ``solve``."""
    A = as_operator(A)
    product, W = wavelet_system(A, wavelet, level)
    if isinstance(A, DenseOperator) or A.tight is None:
        solution = solve(form, product, y, bound, weights=weights, **options)
        solution = dataclasses.replace(solution, image=A.image(W.matvec(solution.x)))
    else:
        solution = _split(form, A, product, W, y, bound, weights, **options)
    return dataclasses.replace(solution, method=f"{solution.method}, {wavelet} level {W.level}")


def _split(form, A, product, W, y, bound, weights, *, tol, max_iter, x0, callback, **options):
    """Solve for the image: as W is orthonormal, its coefficients are those of analysis by ``W*``."""
    system = as_system(A, y)
    c, h = as_start(x0, as_system(product, y))
    weights = None if weights is None else as_weights(weights, W.shape[1])
    problem = AnalysisProblem(form, system, Frame([Products(W.H, weights)], W.shape[1]), bound,
                              as_number(tol, "tol", low=0))
    field = None if x0 is None else W.rmatvec(system.adjoint(h)) / problem.weight
    start = (None, None, None) if x0 is None else (W.matvec(c), None, field)
    if as_callable(callback, "callback") is not None:
        options["callback"] = lambda k, x, gap: callback(k, W.rmatvec(x), gap)
    del c, h, field
    figures, _ = solve_analysis(problem, TightSplitting, NAMES[form], start, stacklevel=6,
                                budget=as_count(max_iter, "max_iter", low=1), **options)
    return Solution(**figures | {"x": W.rmatvec(figures["x"]), "image": A.image(figures["x"])})


def wavelet_system(A, wavelet="coif2", level=None):
    """Return the operator on coefficients ``A W``, and the synthesis ``W``, that ``wavelet_qcbp`` uses."""
    if level is None:
        level = 2 if all(n % 4 == 0 for n in A.image_shape) else 1
    W = _synthesis(tuple(A.image_shape), wavelet, level)
    return (_dense_product(A, W) if isinstance(A, DenseOperator) else A @ W), W


@functools.lru_cache(maxsize=16)
def _synthesis(shape, wavelet, level):
    return WaveletSynthesis(shape, wavelet, level=level)


def _dense_product(A, W):
    """Form ``A W`` once for each dense operator, so that nothing about it is found twice."""
    products = _DENSE_PRODUCTS.setdefault(A, {})
    key = (W.wavelet, W.level)
    if key not in products:
        matrix = W.rmatmat(A.matrix.conj().T).conj().T
        products[key] = DenseOperator(matrix, image_shape=A.image_shape, tight=A.tight)
    return products[key]
