"""The ball of the Euclidean norm as a prior, and the Tikhonov reconstruction that is best for it."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from kernelstab._checks import as_array, as_number, check_scales
from kernelstab._engines.feasible_sets.quadratic import QuadraticSet
from kernelstab._engines.feasible_sets.support_value import CONSISTENT, empty_set, moved_inside
from kernelstab.operators import as_operator
from kernelstab.priors.hallucination import Hallucination
from kernelstab.priors.kernel_size import EPS, KernelSize
from kernelstab.priors.prior import Prior
from kernelstab.priors.subspace import linear_range_size


@dataclass(frozen=True)
class Ball(Prior):
    r"""Assume :math:`\|x\|_2\le R`.

    Parameters
    ----------
    radius : float
        :math:`R>0`.

    >>> Ball(2.0).contains([0.0, 3.0]), Ball(2.0).support([0.0, 3.0])
    (1.0, 6.0)
    """

    kind = "ball"
    radius: float

    def __post_init__(self):
        object.__setattr__(self, "radius", as_number(self.radius, "radius", low=0.0, strict=True))

    def contains(self, x) -> float:
        r"""Return :math:`\|x\|_2-R` as computed; not positive for a member."""
        return float(np.linalg.norm(as_array(x, "x", ndim=1))) - self.radius

    def support(self, c) -> float:
        r"""Return :math:`R\|c\|_2`."""
        return self.radius * float(np.linalg.norm(c))

    def kernel_size(self, A, eps=0.0, *, tol=None) -> KernelSize:
        r"""Return :math:`2\min(R,\varepsilon/\sigma_{\min})`, with :math:`\sigma_{\min}=0` if A has a kernel.

        Without noise the pseudo-inverse is optimal, and even the centre of every fibre
        :math:`A^\dagger y+\{n\in N(A):\|n\|^2\le R^2-\|A^\dagger y\|^2\}`. With noise and a kernel the
        smallest worst-case error is :math:`R`, which the map 0 attains already; then ask for the centre of
        the fibre of one ``y`` (:func:`tikhonov_centre`).

        Parameters
        ----------
        A, eps
            Real or complex; Euclidean noise level.
        tol : float, optional
            As for a :class:`Subspace`.

        Examples
        --------
        A hidden coordinate: the poles of the ball look alike. Without one, noise 0.1 is divided by 0.5:

        >>> hidden = Ball(2.1).kernel_size(np.eye(2, 3))
        >>> round(hidden.upper, 6), np.abs(hidden.x)
        (4.2, array([0. , 0. , 2.1]))
        >>> round(Ball(2.1).kernel_size(np.diag([1.0, 0.5]), eps=0.1).upper, 6)
        0.4
        """
        matrix, eps = self.checked_matrix(A, eps)
        return linear_range_size(matrix, self, np.eye(matrix.shape[1]), self.radius, eps, tol)

    def feasible(self, A, y, eps, *, max_supports=None) -> QuadraticSet:
        """Return the members that explain the data."""
        return QuadraticSet(self.checked_matrix(A, eps, real=True)[0], y, eps, self, radius=self.radius)

    def best_answer(self, A, y, eps) -> Hallucination:
        """Return the Tikhonov reconstruction with the least error, and its error."""
        self.check(A.shape[1])
        if A.tight is not None and A.shape[0] < A.shape[1]:
            return _tight(A, y, eps, self)
        if not A.is_real:
            raise ValueError(f"A must be real or tight and wide, got dtype {A.dtype}")
        feasible = self.feasible(A, y, eps)
        if len(feasible.s) < A.shape[1]:
            return _with_kernel(A, feasible, eps, self)
        return _injective(feasible, eps, self)


def tikhonov_centre(A, y, radius, eps=0.0) -> Hallucination:
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
    Hallucination
        ``centre`` is :math:`z`; the worst error of ``centre`` is at most ``upper``, that of any other
        reconstruction at least ``lower``. ``exact`` if both agree to 1e-6 of the radius; so it is if
        the null space is not trivial. ``dual`` holds ``lam`` and ``mu``, which is infinite where the data
        are equations (:math:`\varepsilon=0`).

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
    ball, eps = Ball(radius), as_number(eps, "eps", low=0.0)
    y = as_array(y, "y", shape=(A.shape[0],), real=A.is_real and A.tight is None)
    check_scales(A, y=y, eps=eps)
    return ball.best_answer(A, y, eps)


def _tight(A, y, eps, ball):
    """Return the answer for a tight and wide operator, in closed form."""
    size, back = float(np.linalg.norm(y)), A.rmatvec(y) / A.tight
    share = 1 - eps / size if size > eps else 0.0
    centre, least = share * back, share * size / np.sqrt(A.tight)
    if least > ball.radius * (1 + CONSISTENT):
        raise empty_set(size - ball.radius * np.sqrt(A.tight), eps, ball)
    mu = 0.0 if share == 0 else (np.inf if eps == 0 else (size / eps - 1) / A.tight)
    inside = centre if share == 0 else (1 - eps / (2 * size)) * back
    gamma = max(ball.radius**2 - least**2, 0.0) + 16 * EPS * ball.radius**2
    return _along_kernel(A, y, eps, ball, centre, inside, gamma, mu,
                         lambda v: v - A.rmatvec(A.matvec(v)) / A.tight)


def _with_kernel(A, feasible, eps, ball):
    """Find the signal of least norm that explains the data, by its multiplier."""
    s, b, squared = feasible.s, feasible.b, ball.radius**2
    if eps == 0:
        mu, used = np.inf, squared
        coordinates = inner = b / s
        gamma = squared - float(np.sum(coordinates**2))
    else:
        spare, enough = eps**2 - feasible.rest**2, feasible.misfit2(0.0 * b) <= eps**2
        mu = 0.0 if enough else squared / feasible.root(lambda u: eps**2 - feasible.misfit2(u))
        used = squared + mu * abs(spare)
        coordinates, inner = (weight * s * b / (1 + weight * s**2) for weight in (mu, 4 * mu))
        gamma = squared + mu * spare - float(np.sum(mu * b**2 / (1 + mu * s**2)))
    gamma = min(max(gamma, 0.0), squared) + 8 * sum(A.shape) * EPS * used
    return _along_kernel(A, feasible.y, eps, ball, feasible.P @ coordinates, feasible.P @ inner, gamma, mu,
                         lambda v: v - feasible.P @ (feasible.P.T @ v))


def _along_kernel(A, y, eps, ball, centre, inside, gamma, mu, project):
    """Go from the signal of least norm along the null space, both ways, as far as the ball allows."""
    rounding = 16 * np.sqrt(A.shape[1]) * EPS
    margin = rounding * (float(A.norm_upper) * ball.radius + float(np.linalg.norm(y)))

    def excess(x):
        return float(np.linalg.norm(A.matvec(x) - y)) + margin - eps

    line = project(project(np.cos(1.0 + np.arange(A.shape[1])**2)))     # a vector without pattern
    line /= np.linalg.norm(line)
    start = moved_inside(centre, inside, excess) if eps > 0 else centre
    step = np.sqrt(max(ball.radius**2 * (1 - rounding) - float(np.linalg.norm(start))**2, 0.0))
    return _answer(ball, eps, centre, gamma, start + step * line, start - step * line, 1.0, mu)


def _injective(feasible, eps, ball):
    """Search along the segment on which the smallest eigenvalue of ``Q`` is 1."""
    s, b, radius = feasible.s, feasible.b, ball.radius
    spare, least = eps**2 - feasible.rest**2, float(s.min())

    def gamma(mu):
        lam = 1 - mu * least**2
        weight = lam + mu * s**2
        fitted = np.divide(mu * lam * b**2, weight, out=np.zeros_like(b), where=weight > 0)
        return lam * radius**2 + mu * spare - float(np.sum(fitted))

    end = 1 / least**2
    found = minimize_scalar(gamma, bounds=(0.0, end), method="bounded", options={"xatol": 1e-12 * end})
    mu = min((float(found.x), 0.0, end), key=gamma)
    lam = 1 - mu * least**2
    centre = feasible.P @ (mu * s * b / (lam + mu * s**2))
    # the smallest singular value, and with it Q >= I, is known up to rounding
    shift = 16 * max(feasible.A.shape) * EPS * float(s.max()) * mu * least
    size = lam * radius**2 + mu * (eps**2 + float(b @ b) + feasible.rest**2)
    bound = (max(gamma(mu), 0.0) + 8 * sum(feasible.A.shape) * EPS * size) * (1 + 2 * shift)
    direction = feasible.P[:, int(np.argmin(s))]
    x, x_alt = feasible.support(direction).x, feasible.support(-direction).x
    return _answer(ball, eps, centre, bound, x, x_alt, lam, mu)


def _answer(ball, eps, centre, gamma, x, x_alt, lam, mu) -> Hallucination:
    lower, upper = float(np.linalg.norm(x - x_alt)) / 2, float(np.sqrt(gamma))
    return Hallucination(ball, eps, lower, upper, bool(upper - lower <= 1e-6 * ball.radius), lower, x, x_alt,
                         centre, dual={"lam": lam, "mu": float(mu)})
