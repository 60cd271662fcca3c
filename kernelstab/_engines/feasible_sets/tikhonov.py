"""The centre of the signals of a ball that explain data: its error from both sides, by two multipliers.

:func:`~kernelstab.priors.tikhonov_centre` says why the bounds hold.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from kernelstab._engines.feasible_sets.support_value import CONSISTENT, UNIT, empty_set, moved_inside

_EXACT = 1e-6      # share of the radius up to which both sides are called one value


class BallCentre(NamedTuple):
    """A centre, its error from both sides, the multipliers, and two signals twice ``lower`` apart."""

    centre: np.ndarray
    lower: float
    upper: float
    exact: bool
    lam: float
    mu: float
    x: np.ndarray
    x_alt: np.ndarray


def centre_of_ball(A, y, eps, ball) -> BallCentre:
    """Return the centre for checked data of a real or of a tight and wide operator."""
    if A.tight is not None and A.shape[0] < A.shape[1]:
        return _tight(A, y, eps, ball)
    if not A.is_real:
        raise ValueError(f"A must be real or tight and wide, got dtype {A.dtype}")
    feasible = ball.feasible(A, y, eps)
    if len(feasible.s) < A.shape[1]:
        return _with_kernel(A, feasible, ball.radius, eps)
    return _injective(feasible, ball.radius, eps)


def _tight(A, y, eps, ball):
    radius = ball.radius
    size, back = float(np.linalg.norm(y)), A.rmatvec(y) / A.tight
    share = 1 - eps / size if size > eps else 0.0
    centre, least = share * back, share * size / np.sqrt(A.tight)
    if least > radius * (1 + CONSISTENT):
        raise empty_set(size - radius * np.sqrt(A.tight), eps, ball)
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
        enough = feasible.misfit2(0.0 * b) <= eps**2
        mu = 0.0 if enough else radius**2 / feasible.root(lambda u: eps**2 - feasible.misfit2(u))
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

    start = moved_inside(centre, inside, excess) if eps > 0 else centre
    step = np.sqrt(max(radius**2 * (1 - rounding) - float(np.linalg.norm(start))**2, 0.0))
    x, x_alt = start + step * line, start - step * line
    lower = float(np.linalg.norm(x - x_alt)) / 2
    upper = float(np.sqrt(max(radius**2 - least**2, 0.0) + slack))
    return BallCentre(centre, lower, upper, upper - lower <= _EXACT * radius, 1.0, float(mu), x, x_alt)


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
        fitted = np.divide(mu * lam * b**2, weight, out=np.zeros_like(b), where=weight > 0)
        return lam * radius**2 + mu * spare - float(np.sum(fitted))

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
    x, x_alt = feasible.support(direction).x, feasible.support(-direction).x
    lower, upper = float(np.linalg.norm(x - x_alt)) / 2, float(np.sqrt(bound))
    return BallCentre(centre, lower, upper, upper - lower <= _EXACT * radius, lam, mu, x, x_alt)
