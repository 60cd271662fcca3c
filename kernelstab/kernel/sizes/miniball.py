"""The smallest ball around finitely many points: the best one answer to all of them."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import nnls

from kernelstab._checks import as_array

_UNIT = float(np.finfo(np.float64).eps)
_FLAT = 1e-12      # weights and steps below this share of their scale count as zero
_ROUNDS = 6        # steps per dimension before the walk is stopped
_RIM = 1e-9        # squared distances this near to the largest, relatively, count as equal then


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
    The centre walks from the first point: always towards the centre of the sphere through the
    points it rests on, gathering the first point that stops it, and dropping the one with the
    most negative weight when it has arrived. The ball shrinks all the while. If many points lie on one
    sphere the walk may go round in circles; it is then stopped, and non-negative least squares finds
    the weights of the centre it has reached. The two radii show whatever is left open.
    Cost: :math:`nN` a step, and usually about as many steps as the dimension; a least-squares
    solution with the support in each.

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
    real = np.hstack([points.real, points.imag]) if np.iscomplexobj(points) else points
    base = real[0]
    scale = float(np.abs(real - base).max()) or 1.0  # so that squares neither vanish nor overflow
    centre, support, weights = _walk((real - base) / scale)
    centre = base + scale * centre
    lower, upper = (scale * bound for bound in _bounds((real - centre) / scale, support, weights))
    if np.iscomplexobj(points):
        centre = centre[:points.shape[1]] + 1j * centre[points.shape[1]:]
    order = np.argsort(support)
    return ChebyshevBall(centre, lower, upper, tuple(int(support[k]) for k in order), weights[order])


def _walk(points):
    """Return the centre, the support, and its weights."""
    n, dimension = points.shape
    centre = points[0].copy()
    support = [int(np.argmax(((points - centre) ** 2).sum(axis=1)))]
    for _ in range(_ROUNDS * (min(n, dimension) + 1)):
        offsets = centre - points
        squares = np.einsum("ij,ij->i", offsets, offsets)
        reach = squares[support].max()
        step, weights = _towards(points, support, centre)
        if float(step @ step) > (_FLAT**2) * reach:
            share, stopped = _first_stop(points, support, step, squares, reach)
            centre = centre + share * step
            if stopped is not None:
                support.append(stopped)
        elif weights.min() >= -_FLAT:
            weights = np.maximum(weights, 0.0)
            return centre, np.array(support), weights / weights.sum()
        else:
            support.pop(int(np.argmin(weights)))
    return centre, *_weights_at(points, centre)


def _weights_at(points, centre):
    """Return convex weights on the outermost points that come nearest to expressing the centre."""
    offsets = points - centre
    squares = (offsets**2).sum(axis=1)
    near = np.flatnonzero(squares >= (1 - _RIM) * squares.max())
    system = np.vstack([offsets[near].T, np.full(len(near), np.sqrt(squares.max()))])
    target = np.append(np.zeros(points.shape[1]), system[-1, 0])
    weights = nnls(system, target)[0]
    kept = weights > 0
    return near[kept], weights[kept] / weights.sum()


def _towards(points, support, centre):
    """Return the step from the centre to its projection on the hull of the support, and the weights there."""
    base = points[support[0]]
    spread = (points[support[1:]] - base).T
    coefficients = np.linalg.lstsq(spread, centre - base, rcond=None)[0] if len(support) > 1 else np.zeros(0)
    step = base + spread @ coefficients - centre
    return step, np.concatenate([[1.0 - coefficients.sum()], coefficients])


def _first_stop(points, support, step, squares, reach):
    r"""Return how much of the step can be taken, and the point that ends it.

    The sphere stays through the support points :math:`q`; a point :math:`p` inside stops it at the share
    :math:`(r^2-\|p-c\|^2)/2\langle u,q-p\rangle`.
    """
    approach = 2.0 * (points[support[0]] - points) @ step
    approach[support] = 0.0
    moving = approach > _FLAT * float(step @ step)
    shares = np.full(len(points), np.inf)
    shares[moving] = np.maximum(reach - squares[moving], 0.0) / approach[moving]
    first = int(np.argmin(shares))
    return (float(shares[first]), first) if shares[first] < 1.0 else (1.0, None)


def _bounds(offsets, support, weights):
    """Return the two radii, of points relative to the centre, with the rounding of their own evaluation."""
    dimension = offsets.shape[1]
    squares = (offsets**2).sum(axis=1)
    upper = float(np.sqrt(squares.max())) * (1 + (dimension + 8) * _UNIT)
    spread = float(weights @ squares[support])
    mean = weights @ offsets[support]
    slack = (2 * dimension + 2 * len(support) + 16) * _UNIT * spread
    return float(np.sqrt(max(0.0, spread - float(mean @ mean) - slack))), upper
