"""Finitely many signals as a prior: far pairs with close measurements, and balls around fibres."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_count
from kernelstab._engines.feasible_sets.enumerated import FiniteFeasible
from kernelstab._engines.finite_sets.measured import UNIT, Measured
from kernelstab._engines.finite_sets.pairs import PairSearch
from kernelstab._engines.finite_sets.shared_data import SharedDataSearch
from kernelstab.priors.chebyshev_ball import chebyshev_ball
from kernelstab.priors.kernel_size import KernelSize, jung
from kernelstab.priors.prior import Prior


@dataclass(frozen=True)
class FiniteSet(Prior):
    """Assume that the signal is one of finitely many.

    Parameters
    ----------
    signals : array_like, shape (n, N)
        One signal a row.

    >>> FiniteSet([[0.0, 0.0], [3.0, 4.0]]).contains([3.0, 3.0])
    1.0
    >>> FiniteSet([[0.0, 0.0], [3.0, 4.0]]).support([1.0, 1.0])
    7.0
    """

    kind = "finite"
    convex = False
    detail_proof = "enumeration"
    signals: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "signals", as_array(self.signals, "signals", ndim=2))

    def contains(self, x) -> float:
        """Return the distance to the nearest signal; 0 for a member."""
        x = as_array(x, "x", shape=self.signals.shape[1:])
        return float(np.min(np.linalg.norm(self.signals - x, axis=1)))

    def support(self, c) -> float:
        """Return the largest inner product with a signal."""
        return float(np.max((self.signals.conj() @ as_array(c, "c", shape=self.signals.shape[1:])).real))

    def kernel_size(self, A, eps=0.0, *, max_balls=400, threads=1) -> "FiniteKernelSize":
        """Return :func:`finite_kernel_size`."""
        return finite_kernel_size(A, self, eps, max_balls=max_balls, threads=threads)

    def feasible(self, A, y, eps, *, max_supports=None) -> FiniteFeasible:
        """Return the members that explain the data; the operator is applied to all signals."""
        self.check(A.shape[1], real=True)
        return FiniteFeasible(A, y, eps, self)

    def measured(self, A, eps=0.0) -> tuple[Measured, float]:
        """Return the signals with their measurements, sorted for searches, and the noise level."""
        matrix, eps = self.checked_matrix(A, eps)
        return Measured(matrix, self.signals), eps

    def exact_signal(self, matrix, y, x, middle, eps):
        """Return the signal as it is: the checker measures its misfit."""
        return x

    def lower_proof(self, size, margin) -> dict | None:
        """Return the positions of the two witnesses."""
        first, second = size.pair or (0, 0)
        return {"kind": "signals", "first": first, "second": second}

    def upper_proof(self, size, margin) -> dict | None:
        """Return the word that lets the checker go through all pairs."""
        return {"kind": "enumeration"}


@dataclass(frozen=True, repr=False)
class FiniteKernelSize(KernelSize):
    """A kernel size with the signals behind it.

    Attributes
    ----------
    pair : (int, int) or None
        Positions of the two witnesses; None if no two different signals share data.
    simplex : tuple of int
        Signals that share data, and whose smallest ball has the radius ``c_opt_lower``.
    balls : int
        How many smallest balls were computed for the radius.
    """

    pair: tuple[int, int] | None = None
    simplex: tuple[int, ...] = ()
    balls: int = 0


@dataclass(frozen=True)
class FibreCentre:
    r"""The map that answers ``y`` with the centre of the smallest ball around all signals that explain it.

    No map has a smaller worst-case error, for any ``y``. Raises ValueError if no signal explains ``y``.

    >>> FibreCentre(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 2.0], [1.0, 5.0]]), 0.1)([0.05])
    array([0., 1.])
    """

    matrix: np.ndarray = field(repr=False)
    signals: np.ndarray = field(repr=False)
    eps: float

    def __call__(self, y):
        """Return the centre for one measurement, shape (N,)."""
        y = as_array(y, "y", shape=(self.matrix.shape[0],))
        misfits = np.linalg.norm(self.signals @ self.matrix.T - y, axis=1)
        size = np.linalg.norm(np.abs(self.signals) @ np.abs(self.matrix).T, axis=1)
        members = misfits <= self.eps + (self.matrix.shape[1] + 8) * UNIT * (size + np.linalg.norm(y))
        if not members.any():
            raise ValueError(f"y must be explained by a signal within {self.eps:g}, "
                             f"got misfit {misfits.min():.6g}")
        return chebyshev_ball(self.signals[members]).centre


def finite_kernel_size(A, signals, eps=0.0, *, max_balls=400, threads=1) -> FiniteKernelSize:
    r"""Return the kernel size of a finite set, and the least worst-case error of any map on it.

    Two signals share data at noise level :math:`\varepsilon` if :math:`\|A(x_i-x_j)\|\le2\varepsilon`, so the
    kernel size is the largest distance of such a pair. More signals share data only if their measurements
    fit into one ball of radius :math:`\varepsilon`; the best answer to that data is the centre of their
    smallest ball, so the least error is the largest radius of such a group. It lies between half
    the kernel size and :math:`\sqrt{d/(2(d+1))}` of it, with :math:`d` the dimension of the fibres.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    signals : array_like, shape (n, N), or FiniteSet
        Real or complex, one signal a row.
    eps : float
        Euclidean noise level.
    max_balls : int
        How many smallest balls to compute for the least error; then it is returned between two bounds.
    threads : int
        For the pairs; the result does not depend on it.

    Returns
    -------
    FiniteKernelSize
        ``exact`` if the two sides of the kernel size differ by rounding only.

    Raises
    ------
    ValueError
        If there is no signal, entries are not finite, shapes do not fit, or a number is out of range.

    Notes
    -----
    ``lower`` counts the pairs that are measured to be within :math:`2\varepsilon`; without noise that
    means computed measurements, taken relative to the first signal, that are equal bit by bit: true
    equality for integers, a matter of luck for others. ``upper`` counts every pair that the rounding of
    the measurements could let in. Where they differ, a noise level a little above rounding decides.

    Pairs: sorted along the direction in which measurements vary most, only a window of
    :math:`2\varepsilon` is compared. Where that leaves many, matrix products in single precision sort
    out, with a margin for their rounding, the pairs that are not near or no farther than the best one,
    from the outermost signals inward; the others are computed in double precision. At most :math:`n^2/2`
    comparisons, about a nanosecond each. Groups: branch and bound, exponential in the worst case.
    Ctrl-C ends either and leaves true bounds.

    Examples
    --------
    Three signals over the corners of an equilateral triangle of side 1, seen from above, with hidden
    heights 0, 0 and 2. At noise 1/2 every two of them share data, but not all three:

    >>> corners = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.75**0.5, 2.0]]
    >>> size = finite_kernel_size(np.eye(2, 3), corners, eps=0.51)
    >>> round(size.lower**2, 9), round(size.c_opt_upper / size.upper, 9)
    (5.0, 0.5)
    """
    prior = signals if isinstance(signals, FiniteSet) else FiniteSet(signals)
    max_balls = as_count(max_balls, "max_balls")
    threads = as_count(threads, "threads", low=1)
    measured, eps = prior.measured(A, eps)
    pairs = PairSearch(measured, eps, threads)
    far = pairs.farthest()
    budget = 0 if far.interrupted else max_balls
    radius = SharedDataSearch(pairs, eps, far, _largest_radius(measured, eps), budget).run()
    first, second = (0, 0) if far.pair is None else sorted(int(measured.order[k]) for k in far.pair)
    simplex = tuple(sorted(int(measured.order[k]) for k in radius.simplex))
    return FiniteKernelSize(
        prior, eps, "2", far.lower, far.upper,
        not far.interrupted and far.upper <= far.lower * (1 + 1e-12), radius.lower, radius.upper,
        measured.signals[first], measured.signals[second], None,
        FibreCentre(measured.matrix, measured.signals, eps), {"kind": "enumeration"}, measured.matrix,
        radius.upper, far.interrupted or radius.interrupted,
        None if far.pair is None else (first, second), simplex, radius.balls)


def _largest_radius(measured, eps):
    """Return the largest radius of fibres of diameter 1, by Jung's theorem."""
    count, dimension = measured.signals.shape
    if eps == 0:       # fibres lie along the null space; singular values that are surely not zero count
        sigma = np.linalg.svd(measured.matrix, compute_uv=False)
        dimension -= int(np.sum(sigma > 1e-8 * sigma[0]))
    if np.iscomplexobj(measured.signals) or np.iscomplexobj(measured.matrix):
        dimension *= 2
    return jung(max(1, min(dimension, count - 1))) * (1 + 4 * UNIT)
