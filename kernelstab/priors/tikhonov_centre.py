r"""The Tikhonov reconstruction whose worst error for these data is proved, and two signals that force it."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from kernelstab._checks import as_array, as_number
from kernelstab.operators import as_operator
from kernelstab.priors._reach import CONSISTENT, UNIT, empty, pull_inside
from kernelstab.priors._reach_quadratic import QuadraticSet
from kernelstab.priors._scales import check_scales
from kernelstab.priors.priors import Ball

_EXACT = 1e-6


@dataclass(frozen=True)
class TikhonovCentre:
    r"""A reconstruction and its certified error over all signals of a ball that explain the data.

    Attributes
    ----------
    centre : ndarray, shape (N,)
        :math:`z=Q^{-1}\mu A^*y` with :math:`Q=\lambda I+\mu A^*A`.
    lower, upper : float
        The least worst-case error of any reconstruction of these data lies between; ``upper`` is
        what that of ``centre`` does not exceed.
    exact : bool
        Whether both agree to 1e-6 of the radius; so it is if the null space is not trivial.
    lam, mu : float
        The multipliers; ``mu`` is infinite where the data are equations (:math:`\varepsilon=0`).
    x, x_alt : ndarray, shape (N,)
        Two signals that explain the data, twice ``lower`` apart.
    radius, eps : float
        The ball and the noise level.
    """

    centre: np.ndarray = field(repr=False)
    lower: float
    upper: float
    exact: bool
    lam: float
    mu: float
    x: np.ndarray = field(repr=False)
    x_alt: np.ndarray = field(repr=False)
    radius: float
    eps: float

    def __repr__(self):
        return (f"<TikhonovCentre R={self.radius:g}, eps={self.eps:g}: "
                f"{self.lower:.10g} <= error <= {self.upper:.10g}>")


def tikhonov_centre(A, y, radius, eps=0.0) -> TikhonovCentre:
    r"""Reconstruct by Tikhonov with the parameter whose worst error for these data is provably least.

    Let :math:`\lambda,\mu\ge0` with :math:`Q=\lambda I+\mu A^*A\succeq I` and :math:`b=\mu A^*y`. For every
    :math:`x` with :math:`\|x\|\le R` and :math:`\|Ax-y\|\le\varepsilon`

    .. math:: \|x-z\|^2\le\|x-z\|^2+\lambda(R^2-\|x\|^2)+\mu(\varepsilon^2-\|Ax-y\|^2)
              \le\gamma=\lambda R^2+\mu(\varepsilon^2-\|y\|^2)+\langle b,Q^{-1}b\rangle

    with :math:`z=Q^{-1}b`, since the middle is a concave quadratic of :math:`x` whose maximum over all
    :math:`x` is :math:`\gamma`. The least :math:`\gamma` is found in one variable, because it is
    attained where the smallest eigenvalue of :math:`Q` is 1.

    With a null space that means :math:`\lambda=1`, and the bound is attained: :math:`R^2-\gamma` is then the
    dual function of :math:`\min\{\|x\|^2:\|Ax-y\|\le\varepsilon\}`, the best :math:`z` is that signal of
    least norm, and :math:`z\pm\sqrt\gamma\,n` with a unit vector :math:`n` of the null space both explain the
    data.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real, or of any size and field if :math:`AA^*=cI` (``tight``): then
        :math:`z=(1-\varepsilon/\|y\|)A^*y/c` and :math:`\gamma=R^2-(\|y\|-\varepsilon)^2/c` for
        :math:`\|y\|\ge\varepsilon`.
    y : array_like, shape (m,)
    radius : float
        :math:`R`, a bound of the norm of the signal.
    eps : float
        Noise level; zero takes :math:`Ax=y` as satisfied up to :math:`10^{-9}\|y\|`.

    Returns
    -------
    TikhonovCentre

    Raises
    ------
    ValueError
        If no signal of the ball explains the data, or the matrix is complex and not tight.

    Notes
    -----
    Cost: one singular value decomposition; for a tight operator two applications of :math:`A^*` and one
    or two of :math:`A`.

    Examples
    --------
    One of two coordinates is measured as 3 with noise 0.5, and the norm is at most 5. The seen one is at
    least 2.5, so the hidden one is within the root of 25 - 6.25:

    >>> found = tikhonov_centre([[1.0, 0.0]], [3.0], 5.0, 0.5)
    >>> found.centre.round(6), round(found.upper**2, 6), round(found.lower**2, 6)
    (array([2.5, 0. ]), 18.75, 18.75)
    """
    A = as_operator(A)
    radius, eps = as_number(radius, "radius", low=0.0, strict=True), as_number(eps, "eps", low=0.0)
    y = as_array(y, "y", shape=(A.shape[0],), real=A.is_real and A.tight is None)
    check_scales(A, y=y, radius=radius, eps=eps)
    if A.tight is not None and A.shape[0] < A.shape[1]:
        return _tight(A, y, radius, eps)
    if not A.is_real:
        raise ValueError(f"A must be real or tight and wide, got dtype {A.dtype}")
    feasible = QuadraticSet(A.to_dense(), y, eps, Ball(radius), radius=radius)
    if len(feasible.s) < A.shape[1]:
        return _with_kernel(A, feasible, radius, eps)
    return _injective(feasible, radius, eps)


def _tight(A, y, radius, eps):
    size, back = float(np.linalg.norm(y)), A.rmatvec(y) / A.tight
    share = 1 - eps / size if size > eps else 0.0
    centre, least = share * back, share * size / np.sqrt(A.tight)
    if least > radius * (1 + CONSISTENT):
        raise empty(size - radius * np.sqrt(A.tight), eps, Ball(radius))
    mu = 0.0 if share == 0 else (np.inf if eps == 0 else (size / eps - 1) / A.tight)
    inside = centre if share == 0 else (1 - eps / (2 * size)) * back
    line = _kernel_direction(lambda v: v - A.rmatvec(A.matvec(v)) / A.tight, A.shape[1])
    return _between(A, y, centre, inside, line, least, radius, eps, mu, 16 * UNIT * radius**2)


def _with_kernel(A, feasible, radius, eps):
    """Find the signal of least norm that explains the data, by its multiplier."""
    s, b, spare = feasible.s, feasible.b, eps**2 - feasible.rest**2
    if eps == 0:
        mu, coordinates = np.inf, b / s
    else:
        slope = lambda mu: spare - float(np.sum(b**2 / (1 + mu * s**2)**2))      # noqa: E731
        top = 1 / s.min()**2
        while slope(top) < 0 and top < 1e30 / s.min()**2:
            top *= 16
        mu = 0.0 if slope(0.0) >= 0 else (brentq(slope, 0.0, top, xtol=1e-300) if slope(top) > 0 else top)
        coordinates = mu * s * b / (1 + mu * s**2)
    centre = feasible.P @ coordinates
    if np.isinf(mu):
        gamma = radius**2 - float(np.sum(coordinates**2))
    else:
        gamma = radius**2 + mu * spare - float(np.sum(mu * b**2 / (1 + mu * s**2)))
    used = radius**2 + (0.0 if np.isinf(mu) else mu * abs(spare))
    least = np.sqrt(max(radius**2 - gamma, 0.0))
    slack = 8 * sum(A.shape) * UNIT * used
    inside = centre if np.isinf(mu) else feasible.P @ (4 * mu * s * b / (1 + 4 * mu * s**2))
    line = _kernel_direction(lambda v: v - feasible.P @ (feasible.P.T @ v), A.shape[1])
    return _between(A, feasible.y, centre, inside, line, least, radius, eps, mu, slack)


def _between(A, y, centre, inside, line, least, radius, eps, mu, slack):
    """Go from the signal of least norm along the null space, both ways, as far as the ball allows."""
    rounding = 16 * np.sqrt(A.shape[1]) * UNIT
    margin = rounding * (float(A.norm_upper) * radius + float(np.linalg.norm(y)))

    def excess(x):
        return float(np.linalg.norm(A.matvec(x) - y)) + margin - eps

    start = pull_inside(centre, inside, excess) if eps > 0 else centre
    step = np.sqrt(max(radius**2 * (1 - rounding) - float(np.linalg.norm(start))**2, 0.0))
    x, x_alt = start + step * line, start - step * line
    lower = float(np.linalg.norm(x - x_alt)) / 2
    upper = float(np.sqrt(max(radius**2 - least**2, 0.0) + slack))
    exact = upper - lower <= _EXACT * radius
    return TikhonovCentre(centre, lower, upper, exact, 1.0, float(mu), x, x_alt, radius, eps)


def _kernel_direction(project, n):
    """Return a unit vector of the null space: a vector without pattern, projected twice."""
    v = project(project(np.cos(1.0 + np.arange(n)**2)))
    return v / np.linalg.norm(v)


def _injective(feasible, radius, eps):
    """Search along the segment on which the smallest eigenvalue of ``Q`` is 1."""
    s, b, spare = feasible.s, feasible.b, eps**2 - feasible.rest**2
    least = float(s.min())

    def gamma(mu):
        lam = 1 - mu * least**2
        weight = lam + mu * s**2
        pulled = np.divide(mu * lam * b**2, weight, out=np.zeros_like(b), where=weight > 0)
        return lam * radius**2 + mu * spare - float(np.sum(pulled))

    end = 1 / least**2
    found = minimize_scalar(gamma, bounds=(0.0, end), method="bounded", options={"xatol": 1e-12 * end})
    mu = min((float(found.x), 0.0, end), key=gamma)
    lam = 1 - mu * least**2
    centre = feasible.P @ (mu * s * b / (lam + mu * s**2))
    # the smallest singular value, and with it Q >= I, is known up to rounding
    shift = 16 * max(feasible.A.shape) * UNIT * float(s.max()) * mu * least
    size = lam * radius**2 + mu * (eps**2 + float(b @ b) + feasible.rest**2)
    bound = (max(gamma(mu), 0.0) + 8 * sum(feasible.A.shape) * UNIT * size) * (1 + 2 * shift)
    direction = feasible.P[:, int(np.argmin(s))]
    x, x_alt = feasible.reach(direction).x, feasible.reach(-direction).x
    lower, upper = float(np.linalg.norm(x - x_alt)) / 2, float(np.sqrt(bound))
    exact = upper - lower <= _EXACT * radius
    return TikhonovCentre(centre, lower, upper, exact, lam, mu, x, x_alt, radius, eps)
