r"""What the data and a prior say about one number of the signal: its interval, and a verdict on claims."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_count, as_number, check_scales, if_stored_as_complex
from kernelstab.operators import ForwardOperator, as_operator
from kernelstab.priors.prior import Prior, as_prior

_EXACT = 1e-7
_ROUNDING = 1e-9


@dataclass(frozen=True)
class ValueCheck:
    """How one value of a detail stands to what the data allow.

    Attributes
    ----------
    value : float
    consistent : bool or None
        Whether some signal that explains the data has this value; None if it lies between the
        inner and the outer interval, or inside for sparse or finitely many signals, whose values have gaps.
    worst_lower, worst_upper : float
        The largest error of the value over all signals that explain the data lies between.
    """

    value: float
    consistent: bool | None
    worst_lower: float
    worst_upper: float


@dataclass(frozen=True)
class DetailInterval:
    r"""The values of :math:`\langle d,x\rangle` over :math:`F_y=\{x\in M:\|Ax-y\|\le\varepsilon\}`.

    Attributes
    ----------
    prior : Prior
    eps : float
    lower, upper : float
        Outer ends: no signal of :math:`F_y` has a value outside. Infinite if the detail is not bounded.
    inner : (float, float)
        Inner ends: the values of ``x_min`` and ``x_max``, as computed.
    x_min, x_max : ndarray, shape (N,)
        Signals of :math:`F_y` at the two ends; if an end is infinite, any signal of :math:`F_y`.
    exact : bool
        Whether outer and inner ends agree to 1e-7, relative to the size of the detail.
    direction : ndarray or None
        A unit vector along which :math:`F_y` is unbounded and the detail changes.
    dual : dict
        ``"upper"`` and ``"lower"``: the vectors ``q`` (and ``mu``) whose bound the ends are, the lower
        ones for the detail :math:`-d`. Empty for priors that are enumerated.
    detail, data, matrix : ndarray
        What was asked: :math:`d`, :math:`y` and :math:`A`.
    checked : bool
        Whether ``x_min`` and ``x_max``, measured with their rounding, are in :math:`F_y`. If not, they
        miss it by rounding, and no claim is called undecidable.
    """

    prior: Prior
    eps: float
    lower: float
    upper: float
    inner: tuple[float, float]
    x_min: np.ndarray = field(repr=False)
    x_max: np.ndarray = field(repr=False)
    exact: bool
    direction: np.ndarray | None = field(repr=False)
    dual: dict = field(repr=False)
    detail: np.ndarray = field(repr=False)
    data: np.ndarray = field(repr=False)
    matrix: ForwardOperator = field(repr=False)
    checked: bool = True

    @property
    def value_best(self) -> float:
        """The midpoint, which errs least in the worst case; NaN if an end is infinite."""
        return (self.lower + self.upper) / 2 if np.isfinite(self.upper - self.lower) else np.nan

    @property
    def hallucination(self) -> float:
        """Half the width: what the worst case of every model is at most, if it answers the midpoint."""
        return (self.upper - self.lower) / 2

    @property
    def hallucination_lower(self) -> float:
        """Half the inner width: every model errs by this much for one of ``x_min`` and ``x_max``."""
        return max(0.0, (self.inner[1] - self.inner[0]) / 2)

    @property
    def residual(self) -> float:
        r"""The larger :math:`\|Ax-y\|` of ``x_min`` and ``x_max``, at most ``eps``, or rounding."""
        return max(float(np.linalg.norm(self.matrix @ x - self.data)) for x in (self.x_min, self.x_max))

    @property
    def rounding(self) -> float:
        """What rounding may change in the inner ends: that of their sums, if the signals were measured.

        Equations hold up to rounding only: then, and for signals that are not checked, 1e-9 of the size.
        """
        pair = (self.x_min, self.x_max)
        if self.checked and self.eps > 0:
            sums = max(float(np.abs(self.detail) @ np.abs(x)) for x in pair)
            return (len(self.detail) + 4) * float(np.finfo(float).eps) * sums
        return _ROUNDING * float(np.linalg.norm(self.detail)) * max(float(np.linalg.norm(x)) for x in pair)

    def claim(self, theta) -> str:
        r"""Judge the claim :math:`\langle d,x\rangle\ge\theta`.

        ``"FAITHFUL"``: it holds for every signal that explains the data. ``"HALLUCINATED"``: for
        none. ``"UNDECIDABLE"``: ``x_max`` and ``x_min`` explain the same data, and it holds for one and not
        for the other; no model can know. ``"UNDECIDED"``: :math:`\theta` lies in the gap
        between the outer and the inner end, or within rounding of the inner one.

        Parameters
        ----------
        theta : float
            Threshold, in the units of the detail.
        """
        theta = as_number(theta, "theta")
        if self.lower >= theta:
            return "FAITHFUL"
        if self.upper < theta:
            return "HALLUCINATED"
        low, high = self.inner
        between = low + self.rounding < theta < high - self.rounding
        return "UNDECIDABLE" if self.checked and between else "UNDECIDED"

    def check(self, value) -> ValueCheck:
        """Judge the value that a model gives to the detail."""
        value = as_number(value, "value")
        consistent = None
        if value in self.inner or (self.prior.convex and self.inner[0] <= value <= self.inner[1]):
            consistent = True
        elif not self.lower <= value <= self.upper:
            consistent = False
        return ValueCheck(value, consistent, max(self.inner[1] - value, value - self.inner[0]),
                          max(self.upper - value, value - self.lower))

    def certificate(self, path=None, *, end="range") -> dict:
        """Return a certificate that ``kernelstab verify`` proves again; write it to ``path`` if one is given.

        Parameters
        ----------
        path : path-like, optional
        end : {"range", "largest", "smallest"}
            ``"range"``: no value lies outside ``lower`` and ``upper``, which proves FAITHFUL and
            HALLUCINATED. ``"largest"`` or ``"smallest"``: both bounds of one end, a signal for the inner one;
            the two together prove UNDECIDABLE.

        Raises
        ------
        ValueError
            If the interval is infinite, or asks for the outer ends over sparse signals.
        CertificateError
            If the data or the detail are consistent in floating point only: equations (no noise, no prior)
            that hold up to rounding have no exact solution.
        """
        from kernelstab.certify import make_constant_certificate

        if end not in ("range", "largest", "smallest"):
            raise ValueError(f"end must be 'range', 'largest' or 'smallest', got {end!r}")
        if self.direction is not None:
            raise ValueError("end points of an unbounded interval have no certificate: they are infinite")
        matrix, prior, proofs = self.matrix.to_dense(), self.prior, {}
        middle, kind = (self.x_min + self.x_max) / 2, prior.detail_proof
        for side, outer, d in (("lower", "smallest", -self.detail), ("upper", "largest", self.detail)):
            if end not in ("range", outer):         # the inner end, by its signal
                x = self.x_min if end == "smallest" else self.x_max
                proofs[side] = {"kind": "point",
                                "x": prior.exact_signal(matrix, self.data, x, middle, self.eps)}
            elif kind is not None:
                dual = prior.exact_dual(matrix, d, self.dual[side]) if kind == "dual" else {}
                proofs[side] = {"kind": kind} | dual
        options = {"d": self.detail, "y": self.data, "prior": prior.within(matrix.shape[1]).spec(),
                   "eps": self.eps, "end": end}
        if end == "range" and not proofs:
            raise ValueError(f"the interval over {prior!r} has no certificate, only 'largest' and "
                             "'smallest' have one for their witness")
        return make_constant_certificate("detail-interval", matrix, options=options, path=path, **proofs)

    def __repr__(self):
        return (f"<DetailInterval {self.prior!r}, eps={self.eps:g}: [{self.lower:.10g}, {self.upper:.10g}]"
                f"{'' if self.exact else f', attained [{self.inner[0]:.10g}, {self.inner[1]:.10g}]'}>")


def detail_interval(A, y, d, prior, eps=0.0, *, max_supports=1_000_000) -> DetailInterval:
    r"""Enclose what the data allow one linear functional of the signal to be.

    Over the signals of the prior with :math:`\|Ax-y\|_2\le\varepsilon`. Whatever a model answers, it errs by
    at least half the width for one of two signals that nobody can exclude; the midpoint errs by no more. Each
    outer end is a dual bound, true whatever vector the solver returned; each inner end belongs to a signal.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
        A complex matrix on real signals is its real rows above its imaginary rows.
    y : array_like, shape (m,)
        Data.
    d : array_like, shape (N,)
        The detail: a crop, a coefficient, a difference of means. An image is flattened.
    prior : Prior
    eps : float
        Noise level in the Euclidean norm. Zero asks for :math:`Ax=y`, taken to hold where the misfit is
        below :math:`10^{-9}\|y\|`.
    max_supports : int
        Most supports to go through for a sparse prior.

    Raises
    ------
    ValueError
        If no signal of the prior explains the data (with the smallest ``eps`` that some signal
        attains), the matrix is complex, shapes do not fit, an entry is not finite, or a sparse prior has more
        supports than ``max_supports``.

    Notes
    -----
    *Ball, ellipsoid, subspace, no prior:* one decomposition and one root finding in one variable per end.
    *l1 ball, polytope:* a linear program (HiGHS) per end, with noise a cone program (cvxpy).
    *Sparse:* all :math:`\binom Ns` supports, about a million in seconds. *Finite:* all signals.

    With an unbounded prior the detail is bounded if and only if its part in the common null space is zero,
    which floating point cannot decide: below :math:`10^{-10}\|d\|` it is taken for zero.

    See Also
    --------
    minimum_hallucination : the same for several details at once, or for the whole signal.

    Examples
    --------
    One coordinate is measured as 3, the signal has norm at most 5: the other lies in [-4, 4].

    >>> from kernelstab.priors import Ball, Everything
    >>> found = detail_interval([[1.0, 0.0]], [3.0], [0.0, 1.0], Ball(5.0))
    >>> round(found.lower, 9), round(found.upper, 9), found.exact
    (-4.0, 4.0, True)
    >>> found.claim(-4.5), found.claim(1.0), found.claim(4.5)
    ('FAITHFUL', 'UNDECIDABLE', 'HALLUCINATED')
    >>> found.x_max.round(9), round(found.check(1.0).worst_upper, 9)
    (array([3., 4.]), 5.0)

    Without the prior nothing is known:

    >>> free = detail_interval([[1.0, 0.0]], [3.0], [0.0, 1.0], Everything())
    >>> free.lower, free.upper, abs(free.direction)
    (-inf, inf, array([0., 1.]))
    """
    A, y, eps = check_data(A, y, eps)
    d = as_array(as_array(d, "d", real=True).ravel(), "d", shape=(A.shape[1],))
    check_scales(d=d)
    max_supports = as_count(max_supports, "max_supports", low=1)
    feasible = as_prior(prior).feasible(A, y, eps, max_supports=max_supports)
    up, down = feasible.support(d), feasible.support(-d)
    direction = up.direction if up.direction is not None else down.direction
    if direction is not None:
        return DetailInterval(prior, eps, -np.inf, np.inf, (-np.inf, np.inf), down.x, up.x, True, direction,
                              {}, d, y, A, up.checked and down.checked)
    inner = float(d @ down.x), float(d @ up.x)
    size = max(abs(down.bound), abs(up.bound),
               np.linalg.norm(d) * max(np.linalg.norm(down.x), np.linalg.norm(up.x)))
    exact = max(up.bound - inner[1], inner[0] + down.bound) <= _EXACT * size
    dual = {side: {name: vector for name, vector in (("q", found.q), ("mu", found.mu)) if vector is not None}
            for side, found in (("upper", up), ("lower", down)) if found.q is not None}
    return DetailInterval(prior, eps, -down.bound, up.bound, inner, down.x, up.x, bool(exact), None, dual,
                          d, y, A, up.checked and down.checked)


def check_data(A, y, eps):
    """Return a real operator, data and noise level, checked."""
    A = as_operator(A)
    if not A.is_real:
        way = if_stored_as_complex(A, "A") or "; stack its real rows on its imaginary rows"
        raise ValueError(f"A must be real, got dtype {A.dtype}{way}")
    y = as_array(np.ravel(as_array(y, "y", real=True)), "y", shape=(A.shape[0],))
    eps = as_number(eps, "eps", low=0.0)
    check_scales(A, y=y, eps=eps)
    return A, y, eps
