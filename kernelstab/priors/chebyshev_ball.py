"""The smallest ball around finitely many points: the best one answer to all of them."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array
from kernelstab._engines.finite_sets.smallest_ball import smallest_ball


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

    The centre is the value with the least worst-case error if the truth is one of the points.
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
    The lower radius climbs: the point farthest from the centre joins the support, and the weights move
    towards those of the centre of the sphere through the support, dropping each point whose weight
    reaches zero on the way. A point in the flat through the support, where there is no such sphere, takes the
    place of another; so repeated and nearly repeated points do no harm. The climb ends where the farthest
    point is no farther than the support; the two radii show whatever rounding leaves open, such as that of
    the centre where the points agree in almost all digits. Cost: :math:`nN` and a decomposition of the
    support a round; about as many rounds as the support has points.

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
    width, real = points.shape[1], points
    if np.iscomplexobj(points):
        real = np.hstack([points.real, points.imag])
    ball = smallest_ball(real)
    centre = ball.centre if real is points else ball.centre[:width] + 1j * ball.centre[width:]
    return ChebyshevBall(centre, *ball[1:])
