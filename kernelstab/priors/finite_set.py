"""Finitely many signals: their kernel size at one or all noise levels, and the smallest balls around them."""

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.distance import cdist

from kernelstab._checks import as_array, as_count, as_number
from kernelstab._engines.feasible_sets.enumerated import FiniteFeasible
from kernelstab._engines.finite_sets.pairs import UNIT, Measured, PairSearch, real_rows
from kernelstab._engines.finite_sets.shared_data import SharedDataSearch
from kernelstab._engines.finite_sets.smallest_ball import smallest_ball
from kernelstab.priors.kernel_size import KernelSize, jung
from kernelstab.priors.prior import Prior

_BLOCK = 256


@dataclass(frozen=True)
class FiniteSet(Prior):
    """Assume that the signal is one of finitely many.

    Parameters
    ----------
    signals : array_like, shape (n, N)
        Real or complex, one signal a row.

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

    def kernel_size(self, A, eps=0.0, *, max_balls=400) -> KernelSize:
        r"""Return the kernel size of a finite set, and the least worst-case error of any map on it.

        Two signals share data if :math:`\|A(x_i-x_j)\|\le2\varepsilon`. More signals share data only if
        their measurements fit into one ball of radius :math:`\varepsilon`; the best answer to that data is
        the centre of their smallest ball, so the least error is the largest radius of such a group, at most
        :math:`\sqrt{d/(2(d+1))}` of the kernel size if fibres have dimension :math:`d`.

        ``dual`` holds ``pair``, the positions of the two witnesses (None if no two different signals share
        data), ``simplex``, signals that share data and whose smallest ball has the radius ``c_opt_lower``,
        and ``balls``, how many smallest balls were computed.

        Parameters
        ----------
        A, eps
            Real or complex; Euclidean noise level.
        max_balls : int
            How many smallest balls to compute for the least error; then it is returned between two bounds.

        Notes
        -----
        ``lower`` counts the pairs that are measured to be within :math:`2\varepsilon`; without noise that
        means computed measurements, taken relative to the first signal, that are equal bit by bit: true
        equality for integers, a matter of luck for others. ``upper`` counts every pair that the rounding of
        the measurements could let in. Where they differ, a noise level a little above rounding decides.

        Pairs: matrix products in single precision sort out, with a margin for their rounding, the pairs that
        are not near or no farther than the best one, from the outermost signals inward or in a window of the
        direction in which measurements vary most; the others are computed in double precision. At most
        :math:`n^2/2` comparisons, about a nanosecond each. Groups: branch and bound, exponential in the worst
        case. Ctrl-C ends either and leaves true bounds.

        Examples
        --------
        Three signals over the corners of an equilateral triangle of side 1, seen from above, with hidden
        heights 0, 0 and 2. At noise 1/2 every two of them share data, but not all three:

        >>> corners = FiniteSet([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.75**0.5, 2.0]])
        >>> size = corners.kernel_size(np.eye(2, 3), eps=0.51)
        >>> round(size.lower**2, 9), round(size.c_opt_upper / size.upper, 9)
        (5.0, 0.5)
        """
        max_balls = as_count(max_balls, "max_balls")
        measured, eps = self.measured(A, eps)
        pairs = PairSearch(measured, eps)
        far = pairs.farthest()
        budget = 0 if far.interrupted else max_balls
        radius = SharedDataSearch(pairs, eps, far, _largest_radius(measured, eps), budget).run()
        pair = None if far.pair is None else tuple(sorted(int(measured.order[k]) for k in far.pair))
        x, x_alt = self.signals[list(pair or (0, 0))]
        dual = {"kind": "enumeration", "pair": pair, "balls": radius.balls,
                "simplex": tuple(sorted(int(measured.order[k]) for k in radius.simplex))}
        exact = not far.interrupted and far.upper <= far.lower * (1 + 1e-12)
        return KernelSize(
            self, eps, "2", far.lower, far.upper, exact, radius.lower, radius.upper, x, x_alt, None,
            FibreCentre(measured.matrix, self.signals, eps), dual, measured.matrix,
            optimal_error=radius.upper, interrupted=far.interrupted or radius.interrupted)

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
        first, second = size.dual["pair"] or (0, 0)
        return {"kind": "signals", "first": first, "second": second}

    def upper_proof(self, size, margin) -> dict | None:
        """Return the word that lets the checker go through all pairs."""
        return {"kind": "enumeration"}


@dataclass(frozen=True)
class FibreCentre:
    """The map that answers ``y`` with the centre of the smallest ball around all signals that explain it.

    No map has a smaller worst-case error, for any ``y``.

    >>> FibreCentre(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 2.0], [1.0, 5.0]]), 0.1)([0.05])
    array([0., 1.])
    """

    matrix: np.ndarray = field(repr=False)
    signals: np.ndarray = field(repr=False)
    eps: float

    def __call__(self, y):
        """Return the centre, or raise ValueError if no signal explains the measurement."""
        y = as_array(y, "y", shape=(self.matrix.shape[0],))
        misfits = np.linalg.norm(self.signals @ self.matrix.T - y, axis=1)
        size = np.linalg.norm(np.abs(self.signals) @ np.abs(self.matrix).T, axis=1)
        members = misfits <= self.eps + (self.matrix.shape[1] + 8) * UNIT * (size + np.linalg.norm(y))
        if not members.any():
            raise ValueError(f"y must be explained by a signal within {self.eps:g}, "
                             f"got misfit {misfits.min():.6g}")
        return chebyshev_ball(self.signals[members]).centre


def _largest_radius(measured, eps):
    """Return the largest radius of fibres of diameter 1, by Jung's theorem."""
    count, dimension = measured.signals.shape
    if eps == 0:       # fibres lie along the null space; singular values that are surely not zero count
        sigma = np.linalg.svd(measured.matrix, compute_uv=False)
        dimension -= int(np.sum(sigma > 1e-8 * sigma[0]))
    if np.iscomplexobj(measured.signals) or np.iscomplexobj(measured.matrix):
        dimension *= 2
    return jung(max(1, min(dimension, count - 1))) * (1 + 4 * UNIT)


@dataclass(frozen=True)
class ChebyshevBall:
    r"""The smallest enclosing ball, with a proof of its radius from both sides.

    Attributes
    ----------
    centre : ndarray, shape (N,)
    lower : float
        :math:`(\sum_iw_i\|p_i\|^2-\|\sum_iw_ip_i\|^2)^{1/2}`, rounded down: no ball is smaller.
    upper : float
        The largest distance of a point to ``centre``, rounded up: this ball holds them all.
    support : tuple of int
        Points on the sphere whose convex hull holds the centre; at most ``N + 1``.
    weights : ndarray
        :math:`w`, convex weights of the support points.
    """

    centre: np.ndarray = field(repr=False)
    lower: float
    upper: float
    support: tuple[int, ...]
    weights: np.ndarray = field(repr=False)

    @property
    def radius(self) -> float:
        """The radius of the ball around ``centre``, which is ``upper``."""
        return self.upper

    def __repr__(self):
        return f"<ChebyshevBall {self.lower:.10g} <= radius <= {self.upper:.10g}, support {self.support}>"


def chebyshev_ball(points) -> ChebyshevBall:
    r"""Return the smallest ball that holds finitely many points.

    Its centre is the value with the least worst-case error if the truth is one of the points.
    For convex weights and any :math:`c`,
    :math:`\max_i\|p_i-c\|^2\ge\sum_iw_i\|p_i-c\|^2\ge\sum_iw_i\|p_i\|^2-\|\sum_iw_ip_i\|^2`, with
    equality for the weights that express the optimal centre by points on its sphere.

    Parameters
    ----------
    points : array_like, shape (n, N)
        Real or complex, one point a row. Repeated points do no harm.

    Raises
    ------
    ValueError
        If there is no point, or an entry is not finite.

    Notes
    -----
    The two radii show whatever rounding leaves open, such as that of the centre where the points agree in
    almost all digits. Cost: :math:`nN` and a decomposition of the support a round; about as many rounds as
    the support has points.

    Examples
    --------
    A right triangle lies in the ball over its long side, an equilateral one needs all corners:

    >>> chebyshev_ball([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    <ChebyshevBall 2.5 <= radius <= 2.5, support (1, 2)>
    >>> ball = chebyshev_ball([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
    >>> ball.support, abs(ball.radius - 3**-0.5) < 1e-14
    ((0, 1, 2), True)
    """
    points = as_array(points, "points", ndim=2)
    ball = smallest_ball(real_rows(points))
    centre = ball.centre
    if np.iscomplexobj(points):
        centre = centre[:points.shape[1]] + 1j * centre[points.shape[1]:]
    return ChebyshevBall(centre, ball.lower, ball.upper, ball.support, ball.weights)


@dataclass(frozen=True)
class KernelProfile:
    r"""The staircase :math:`k(\delta)=\max\{\|x-x'\|:\|A(x-x')\|\le\delta\}` over the pairs of a finite set.

    Attributes
    ----------
    deltas, sizes : ndarray, shape (k,)
        Where it rises, and to what; both rise strictly.
    pairs : ndarray of int, shape (k, 2)
        Signals that attain each step.
    """

    deltas: np.ndarray = field(repr=False)
    sizes: np.ndarray = field(repr=False)
    pairs: np.ndarray = field(repr=False)

    def __call__(self, delta):
        """Return the profile at one number or an array of them; 0 before the first step."""
        delta = as_array(delta, "delta", real=True)
        steps = np.searchsorted(self.deltas, delta, side="right")
        return np.concatenate([[0.0], self.sizes])[steps]

    def lipschitz_lower(self, error) -> float:
        r"""Return :math:`\sup_\delta(k(\delta)-2e)/\delta`, a slope that no map with error ``e`` avoids.

        A map that is within ``e`` of two signals moves by at least their distance less ``2e`` between
        their measurements. Infinite if two signals farther apart than ``2e`` have equal measurements: then
        there is no such map.
        """
        excess = self.sizes - 2 * as_number(error, "error", low=0.0)
        kept = excess > 0
        with np.errstate(divide="ignore"):
            return float(np.max(excess[kept] / self.deltas[kept], initial=0.0))

    def __repr__(self):
        return f"<KernelProfile {len(self.sizes)} steps, up to {np.max(self.sizes, initial=0.0):.6g}>"


def kernel_profile(A, signals) -> KernelProfile:
    r"""Return how far apart two signals of a finite set can lie, as a function of their measured distance.

    At :math:`2\varepsilon` it is the kernel size at noise level :math:`\varepsilon`.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    signals : array_like, shape (n, N)
        Real or complex, one signal a row.

    Raises
    ------
    ValueError
        If shapes do not fit or entries are not finite.

    Notes
    -----
    Distances are those of computed measurements. Cost: all pairs, in blocks; only those above the
    staircase so far are sorted.

    Examples
    --------
    Measurements 0, 1 and 3 with hidden heights 0, 5 and 0. The pair at measured distance 1 is
    sqrt(26) apart, those at 2 and 3 are sqrt(29) and 3 apart:

    >>> profile = kernel_profile([[1.0, 0.0]], [[0.0, 0.0], [1.0, 5.0], [3.0, 0.0]])
    >>> profile.deltas, (profile.sizes**2).round(9), profile.pairs.tolist()
    (array([1., 2.]), array([26., 29.]), [[0, 1], [1, 2]])
    >>> profile(1.5).round(6), round(profile.lipschitz_lower(1.0), 6)
    (np.float64(5.09902), 3.09902)
    """
    measured, _ = FiniteSet(signals).measured(A)
    rows, seen, order = measured.rows, measured.seen, measured.order
    deltas, sizes, pairs = np.zeros(0), np.zeros(0), np.zeros((0, 2), dtype=np.int64)
    for start in range(0, len(rows), _BLOCK):
        stop = min(start + _BLOCK, len(rows))
        gaps, far = (cdist(points[start:stop], points[start:]) for points in (seen, rows))
        later = np.arange(start, len(rows)) > np.arange(start, stop)[:, None]
        reached = np.concatenate([[0.0], sizes])[np.searchsorted(deltas, gaps, side="right")]
        i, j = np.nonzero(later & (far > reached))
        ends = np.sort(order[np.column_stack([i + start, j + start])], axis=1)
        deltas = np.concatenate([deltas, gaps[i, j]])
        sizes, pairs = np.concatenate([sizes, far[i, j]]), np.vstack([pairs, ends])
        by = np.lexsort((-sizes, deltas))
        highest = np.maximum.accumulate(np.concatenate([[0.0], sizes[by]]))
        by = by[sizes[by] > highest[:-1]]
        deltas, sizes, pairs = deltas[by], sizes[by], pairs[by]
    return KernelProfile(deltas, sizes, pairs)
