r"""How wrong every model must be on given data, for some truth that nobody can exclude."""

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.distance import cdist

from kernelstab._checks import as_array, as_count, check_scales
from kernelstab._engines.feasible_sets.support_value import UNIT
from kernelstab._engines.largest_norm import climb
from kernelstab.priors.detail_interval import check_data
from kernelstab.priors.finite_set import chebyshev_ball
from kernelstab.priors.prior import Prior, as_prior

_EXACT = 1e-6
_ROUNDS = 20


@dataclass(frozen=True)
class Hallucination:
    r"""Two-sided value of :math:`h(y)=\inf_t\sup\{\|t-Dx\|:x\in F_y\}`.

    Attributes
    ----------
    prior : Prior
    eps : float
    lower, upper : float
        Every model errs by at least ``lower`` for some signal that explains the data; the answer ``centre``
        errs by at most ``upper`` for all of them.
    exact : bool
        Whether both agree to 1e-6, relative to ``upper`` (for a ball and the whole signal, to the radius).
    half_diameter : float
        Half the distance of the details of ``x`` and ``x_alt``; at most ``lower``.
    x, x_alt : ndarray, shape (N,)
        The two explanations found that differ most in their details.
    centre : ndarray, shape (k,)
        The best answer known, in the coordinates of the details.
    count : int or None
        For a finite prior, how many signals explain the data.
    direction : ndarray or None
        A line along which the feasible set is unbounded, if both ends are infinite.
    dual : dict
        For a ball and the whole signal, the multipliers ``lam`` and ``mu`` that prove ``upper``.
    """

    prior: Prior
    eps: float
    lower: float
    upper: float
    exact: bool
    half_diameter: float
    x: np.ndarray = field(repr=False)
    x_alt: np.ndarray = field(repr=False)
    centre: np.ndarray = field(repr=False)
    count: int | None = None
    direction: np.ndarray | None = field(repr=False, default=None)
    dual: dict = field(repr=False, default_factory=dict)

    def __repr__(self):
        members = "" if self.count is None else f", {self.count} signals"
        return (f"<Hallucination {self.prior!r}, eps={self.eps:g}{members}: "
                f"{self.lower:.10g} <= h <= {self.upper:.10g}>")


def minimum_hallucination(A, y, prior, eps=0.0, detail=None, *, max_supports=1_000_000) -> Hallucination:
    r"""Bound the error that no model can avoid on given data, from both sides.

    Whatever a model answers for :math:`y`, its worst error over :math:`F_y=\{x\in M:\|Ax-y\|\le\varepsilon\}`
    is at least the Chebyshev radius of :math:`DF_y`, and the Chebyshev centre attains it. It is at least half
    the diameter of :math:`DF_y`, and at most :math:`\sqrt{k/(2(k+1))}` of it for :math:`k` details, by
    Jung's theorem; for one detail both are half the interval.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    y : array_like, shape (m,)
    prior : Prior
    eps : float
        Noise level in the Euclidean norm.
    detail : array_like, shape (N,) or (k, N), optional
        The details :math:`D`, one a row. Default: the whole signal, :math:`D=I`.
    max_supports : int
        Most supports to go through for a sparse prior.

    Raises
    ------
    ValueError
        If no signal of the prior explains the data, or the input is malformed.

    See Also
    --------
    detail_interval : one detail, with verdicts on claims.
    tikhonov_centre : the whole signal and a ball, for operators of any size.

    Notes
    -----
    *Finite:* all signals that explain the data and the smallest ball around their details, exact.
    *Ball, whole signal:* :func:`tikhonov_centre`, exact with a null space.
    *Ball, ellipsoid, subspace, no prior:* the best of a family of ellipsoids that hold :math:`F_y`; exact
    without noise.
    *Others, several details:* the smallest box around :math:`DF_y` in two frames, of width from
    :math:`4k` intervals, against the smallest ball around the signals found at their ends; the gap may
    be wide where the set is round.

    Examples
    --------
    The measured coordinate is 3 and the norm at most 5: the hidden ones fill a disc of radius 4.

    >>> from kernelstab.priors import Ball, FiniteSet
    >>> found = minimum_hallucination([[1.0, 0.0, 0.0]], [3.0], Ball(5.0))
    >>> round(found.lower, 9), round(found.upper, 9), found.centre.round(9) + 0.0
    (4.0, 4.0, array([3., 0., 0.]))

    Three signals at the corners of a triangle, two of which explain the data:

    >>> corners = FiniteSet([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> minimum_hallucination([[1.0, 0.0]], [0.0], corners)
    <Hallucination FiniteSet(), eps=0, 2 signals: 0.5 <= h <= 0.5>
    """
    A, y, eps = check_data(A, y, eps)
    max_supports = as_count(max_supports, "max_supports", low=1)
    prior = as_prior(prior)
    found = prior.best_answer(A, y, eps) if detail is None else None
    if found is not None:
        return found
    feasible = prior.feasible(A, y, eps, max_supports=max_supports)
    D = None if detail is None else _details(detail, A.shape[1])
    if feasible.signals is not None:
        values = feasible.signals if D is None else feasible.signals @ D.T
        return _between(prior, eps, feasible.signals, values, count=len(values))
    D = np.eye(A.shape[1]) if D is None else D
    box, points = _box(feasible, D, np.eye(len(D)))
    if box is None:
        line, x = points
        return Hallucination(prior, eps, np.inf, np.inf, True, np.inf, x, x, D @ x, direction=line)
    outer, starts = [box], []
    if len(D) > 1:
        ball = feasible.enclosing_ball(D)
        if ball is not None:
            outer.append((ball[0], D @ ball[1]))
            starts.append(ball[2])
        values = np.array([D @ x for x in points])
        frame = np.linalg.svd(values - values.mean(axis=0))[2]
        turned, more = _box(feasible, D, frame)
        outer.append(turned)
        points = [*points, *more, *_wide_pairs(feasible, D, [*starts, frame[0]])]
    size = np.linalg.norm(D) * max(np.linalg.norm(x) for x in points)
    return _between(prior, eps, points, np.array([D @ x for x in points]),
                    min(outer, key=lambda pair: pair[0]), 1e-12 * size)


def _details(detail, n):
    detail = as_array(detail, "detail", real=True)
    if detail.ndim not in (1, 2) or detail.shape[-1] != n:
        raise ValueError(f"detail must have shape ({n},) or (k, {n}), got {detail.shape}")
    check_scales(detail=detail)
    return np.atleast_2d(detail)


def _between(prior, eps, signals, values, outer=None, slack=0.0, count=None) -> Hallucination:
    """Put the smallest ball and the farthest pair of signals below an outer ball, if they are not all."""
    ball, best, pair = chebyshev_ball(values), -1.0, (0, 0)
    for start in range(0, len(values), 1000):
        distances = cdist(values[start:start + 1000], values)
        i, j = divmod(int(np.argmax(distances)), len(values))
        if distances[i, j] > best:
            best, pair = float(distances[i, j]), (start + i, j)
    upper, centre = outer or (ball.upper, ball.centre)
    half = min(best / 2 * (1 - 4 * values.shape[1] * UNIT), upper)
    lower = min(max(ball.lower, half), upper)
    exact = upper - lower <= _EXACT * upper + slack
    x, x_alt = (signals[k] for k in pair)
    return Hallucination(prior, eps, lower, upper, bool(exact), half, x, x_alt, centre, count)


def _box(feasible, D, frame):
    """Return (radius, centre) of the box along the rows of a frame, and the signals at its sides.

    If a side is infinite: None, and the line with a signal on it.
    """
    middle, half, points = [], [], []
    for row in frame:
        up, down = feasible.support(row @ D), feasible.support(-(row @ D))
        for found in (up, down):
            if found.direction is not None:
                return None, (found.direction, found.x)
        middle.append((up.bound - down.bound) / 2)
        half.append(max(0.0, (up.bound + down.bound) / 2))
        points += [up.x, down.x]
    defect = float(np.linalg.norm(frame @ frame.T - np.eye(len(frame)), 2))      # how orthonormal it is
    return (float(np.linalg.norm(half)) * (1 + 2 * defect), frame.T @ np.array(middle)), points


def _wide_pairs(feasible, D, starts):
    """Return pairs whose details differ much, by ascent on the set of all differences."""
    points = []

    def difference(g):
        g = g / np.linalg.norm(g)
        pair = feasible.support(g @ D).x, feasible.support(-(g @ D)).x
        points.extend(pair)
        return D @ (pair[0] - pair[1])

    for g in starts:
        climb(difference, g, _ROUNDS, tolerance=1e-9)
    return points
