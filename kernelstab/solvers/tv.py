"""Total variation: the image of least variation that explains the data, with a proof."""

from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_count, as_number, as_shape
from kernelstab._engines.imaging.analysis_problem import AnalysisProblem, form_of, solve_analysis
from kernelstab._engines.imaging.fourier_splitting import FourierSplitting
from kernelstab._engines.imaging.frames import Frame, Gradient
from kernelstab._engines.imaging.primal_dual import PrimalDual
from kernelstab._engines.imaging.spectrum import Spectrum
from kernelstab._engines.linear_system import as_system
from kernelstab.solvers._solve import as_start
from kernelstab.solvers.solution import Solution

METHODS = ("auto", "fourier", "primal-dual")
BUDGETS = {"fourier": 5_000, "primal-dual": 20_000}


@dataclass(frozen=True, repr=False)
class TVSolution(Solution):
    """An image with its dual point, and the dual field that shows the dual point feasible.

    Attributes
    ----------
    field : ndarray, shape (d, *image shape)
        Vectors p, one component per axis, no longer than 1 (or ``lam``), with
        :math:`D^*p=A^*h` for the ``dual`` h up to rounding.
    """

    field: np.ndarray | None = None


def tv(A, y, eta=None, *, lam=None, shape=None, isotropic=True, tol=1e-4, method="auto", max_iter=None,
       x0=None, callback=None, progress=None, history=False, workers=1) -> TVSolution:
    r"""Minimise total variation subject to :math:`\|Ax-y\|\le\eta`, or weighed against the misfit.

    Give exactly one of ``eta`` and ``lam``:

    .. math:: \min_{\|Ax-y\|_2\le\eta}TV(x),\qquad \min_x\tfrac12\|Ax-y\|_2^2+\lambda\,TV(x).

    D takes the periodic forward differences :math:`(D_cx)_i=x_{i+e_c}-x_i` along every axis c of
    the image, of any dimension, and :math:`TV(x)=\sum_i\|(Dx)_i\|_2`, or :math:`\sum_i\|(Dx)_i\|_1`
    if not isotropic. Complex images are measured by moduli.

    Parameters
    ----------
    A : ForwardOperator, LinearOperator or ndarray, shape (m, N)
        Acts on flat images.
    y : ndarray, shape (m,)
        Data.
    eta : float, optional
        Noise level, in units of ``y``.
    lam : float, optional
        Weight of the variation, positive.
    shape : tuple of int, optional
        Image shape. Default: ``A.image_shape``, or ``(N,)``.
    isotropic : bool
        How a pixel's differences are measured, see above.
    tol : float
        Stop at ``relative_gap <= tol``, ``feasibility <= tol * ||y||`` and
        ``||dual|| * feasibility <= tol * objective``.
    method : str
        ``"fourier"`` for :class:`~kernelstab.operators.SubsampledFourier` and (with ``eta`` not 0)
        :class:`~kernelstab.operators.Blur`, ``"primal-dual"`` for everything; ``"auto"`` takes the
        first where it applies.
    max_iter : int, optional
        Budget of iterations, by default 5000 ("fourier") or 20000.
    x0 : ndarray (N,) or TVSolution, optional
        Where to start; a solution starts the dual field as well.
    callback : callable, optional
        Called as ``callback(iteration, x, gap)`` at every evaluation of the gap.
    progress : callable, optional
        Called as ``progress(done, total, note)`` at every evaluation of the gap.
    history : bool
        Whether to record (iteration, objective, gap) of the best pair so far.
    workers : int
        Threads of the fast transforms.

    Returns
    -------
    TVSolution
        ``x`` flat and ``image`` in image form; ``dual`` a point :math:`h` and ``field`` the field
        that shows it feasible.

    Raises
    ------
    ValueError
        If not exactly one of ``eta`` and ``lam`` is given, a shape does not fit, an entry is not
        finite, a level is out of range, or the method does not apply.

    Warns
    -----
    NotConverged
        If the budget or Ctrl-C ends the iteration first (``interrupted`` tells), or no image is
        within ``eta`` of ``y``.

    Notes
    -----
    The dual is to maximise :math:`\mathrm{Re}\langle h,y\rangle-\eta\|h\|` over all h for which a
    field p exists with :math:`D^*p=A^*h` and :math:`|p_i|\le1`, since then
    :math:`TV(x)\ge\mathrm{Re}\langle p,Dx\rangle=\mathrm{Re}\langle h,Ax\rangle`; with ``lam`` it is
    :math:`\mathrm{Re}\langle h,y\rangle-\tfrac12\|h\|^2` and :math:`|p_i|\le\lambda`. Any h and p can
    be made feasible: take from h its part along :math:`A\mathbf1`, add to p the field
    :math:`D(D^*D)^+(A^*h-D^*p)`, which one fast transform and its inverse find, and scale both. So the
    gap is a proof for every operator. The bound that is returned is evaluated in this way once more
    at the end, from A, x, h and p alone. A constant image that explains the data up to the rounding of Ax
    is a solution for data that differ from ``y`` by no more: nothing closer can be told, and its
    ``relative_gap`` is 0.

    Cost: "fourier": one transform, one inverse and one pass over the field of differences per
    iteration, and up to six times as much in every twentieth; memory of 8 images in two
    dimensions at a quarter of the frequencies (12 below ``tol=3e-5``), more for complex ones.
    "primal-dual": one product with A and one with its adjoint more. Exact
    data (``eta=0``) that are not isotropic make a linear program, for which both are slow beyond 1e-4.

    Examples
    --------
    Two pixels, the second one measured as 1 and the first as 0. With a total error of
    :math:`\sqrt2/4` each may move by 1/4, which leaves a difference of 1/2, and a line of two pixels
    has two of them:

    >>> s = tv(np.eye(2), [0.0, 1.0], eta=np.sqrt(2) / 4, tol=1e-9)
    >>> s.x.round(6), round(s.objective, 6)
    (array([0.25, 0.75]), 1.0)
    """
    problem = tv_problem(A, y, eta, lam, shape, isotropic, tol, as_count(workers, "workers", low=1))
    chosen = _chosen(method, problem, A)
    figures, field = solve_analysis(
        problem, FourierSplitting if chosen == "fourier" else PrimalDual, "tv", _start(x0, problem),
        budget=BUDGETS[chosen] if max_iter is None else as_count(max_iter, "max_iter", low=1),
        callback=callback, progress=progress, history=history, stacklevel=4)
    shape = problem.frame.gradient.shape
    return TVSolution(**figures, image=figures["x"].reshape(shape), field=field.reshape(-1, *shape))


def tv_problem(A, y, eta, lam, shape, isotropic, tol, workers=1) -> AnalysisProblem:
    """Check what the user hands in and pose the problem whose frame is the gradient."""
    form, parameter = form_of(eta, lam)
    system = as_system(A, y)
    shape = as_shape(getattr(A, "image_shape", (system.shape[1],)) if shape is None else shape)
    if int(np.prod(shape)) != system.shape[1]:
        raise ValueError(f"shape must hold the {system.shape[1]} columns of A, got {shape}")
    spectrum = Spectrum(shape, system.dtype.kind == "f", workers)
    frame = Frame([Gradient(shape, bool(isotropic))], system.shape[1], spectrum=spectrum)
    return AnalysisProblem(form, system, frame, parameter, as_number(tol, "tol", low=0))


def _chosen(method, problem, A):
    """Return the method by name; "auto" takes the transforms where A is diagonal under them."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    fits = FourierSplitting.fits(problem, A)
    if method == "fourier" and not fits:
        raise ValueError('method must be "primal-dual" for this A, y and shape, got "fourier"')
    return "fourier" if fits and method != "primal-dual" else "primal-dual"


def _start(x0, problem):
    """Return where to begin, None where not given: the image, the dual point and the field."""
    if x0 is None:
        return None, None, None
    x, dual = as_start(x0, problem.system)
    field = getattr(x0, "field", None)
    return x, dual / problem.weight, None if field is None else field.ravel() / problem.weight
