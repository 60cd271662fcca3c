"""The smallest ball around finitely many points of real coordinates, by a climb of its lower bound.

The point farthest from the centre joins the support, and the weights move towards those of the centre of the
sphere through the support, dropping each point whose weight reaches zero on the way. A point in the flat
through the support, where there is no such sphere, takes the place of another, so that repeated and nearly
repeated points do no harm. The climb ends where the farthest point is no farther than the support.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

UNIT = float(np.finfo(np.float64).eps)
_FLAT = 1e-12      # points this near to the flat through others, relatively, count as lying in it
_ROUNDS = 20       # points taken in per dimension before the climb is stopped
_STALE = 5         # rounds in which rounding eats the progress before it is given up


class SmallestBall(NamedTuple):
    """The centre, the radius from both sides, and the convex weights of the points that prove the lower."""

    centre: np.ndarray
    lower: float
    upper: float
    support: tuple[int, ...]
    weights: np.ndarray


def smallest_ball(points) -> SmallestBall:
    """Return the smallest ball around real points, one a row.

    >>> ball = smallest_ball(np.array([[0.0], [2.0], [1.5]]))
    >>> ball.centre, round(ball.lower, 9), round(ball.upper, 9), ball.support
    (array([1.]), 1.0, 1.0, (0, 1))
    """
    base = points[0]
    scale = float(np.abs(points - base).max()) or 1.0  # so that squares neither vanish nor overflow
    near = (points - base) / scale
    if len(near) < near.shape[1]:       # the same distances in as many dimensions as there are points
        triangle = np.asarray(np.linalg.qr(near.T, mode="r"))
        _, support, weights = _climb(np.ascontiguousarray(triangle.T))
        centre = weights @ near[support]
    else:
        centre, support, weights = _climb(near)
    lower = scale * _lower(near - centre, support, weights)
    centre = base + scale * centre
    upper = max(lower, scale * _upper((points - centre) / scale))
    order = np.argsort(support)
    return SmallestBall(centre, lower, upper, tuple(int(support[k]) for k in order), weights[order])


def _climb(points):
    """Return the centre, the support, and its weights."""
    n, dimension = points.shape
    first = int(np.argmax(((points - points[0]) ** 2).sum(axis=1)))
    squares = ((points - points[first]) ** 2).sum(axis=1)
    if squares.max() == 0:
        return points[first].copy(), np.array([first]), np.ones(1)
    support, weights = [first, int(np.argmax(squares))], np.array([0.5, 0.5])
    largest, spread, stale = np.inf, 0.0, 0
    for _ in range(_ROUNDS * (min(n, dimension) + 10)):
        centre = weights @ points[support]
        offsets = points - centre
        squares = np.einsum("ij,ij->i", offsets, offsets)
        farthest, mean = int(np.argmax(squares)), float(weights @ squares[support])
        if squares[farthest] < largest:
            largest, best = float(squares[farthest]), centre
        stale += 1
        if mean > spread:
            stale = 0 if mean > spread * (1 + UNIT) else stale
            spread, proof = mean, (np.array(support), weights)
        if largest <= spread * (1 + 8 * UNIT) or farthest in support or stale > _STALE:
            break
        support, weights = _take_in(offsets, [*support, farthest], np.append(weights, 0.0))
    return best, *proof


def _take_in(offsets, support, weights):
    """Move the weights to those of the sphere through the support, whose last point is new; drop the others.

    Along the way the lower radius, a concave function of the weights, only rises.
    """
    while len(support) > 1:
        edges = offsets[support[1:]] - offsets[support[0]]
        steps = np.linalg.qr(edges.T, mode="r")
        if len(edges) > len(steps) or abs(steps[-1, -1]) <= _FLAT * np.linalg.norm(edges[-1]):
            leaver, weights = _replaced(steps, weights)
        else:
            halves = (edges**2).sum(axis=1) / 2
            goal = solve_triangular(steps, solve_triangular(steps, halves, trans="T"))
            goal = np.append(1 - goal.sum(), goal)
            if goal.min() >= 0:
                return support, goal
            below = np.flatnonzero(goal < 0)
            shares = weights[below] / (weights[below] - goal[below])
            leaver = int(below[np.argmin(shares)])
            weights = weights + shares.min() * (goal - weights)
        weights = np.delete(np.maximum(weights, 0.0), leaver)
        weights, support = weights / weights.sum(), support[:leaver] + support[leaver + 1:]
    return support, weights


def _replaced(steps, weights):
    """Shift weight to the last point from those whose combination it is; return which one runs out."""
    shares = np.linalg.lstsq(steps[:, :-1], steps[:, -1], rcond=None)[0] if len(weights) > 2 else np.zeros(0)
    shares = np.append(1 - shares.sum(), shares)
    limits = np.divide(weights[:-1], shares, out=np.full(len(shares), np.inf), where=shares > _FLAT)
    leaver = int(np.argmin(limits))
    return leaver, np.append(weights[:-1] - limits[leaver] * shares, limits[leaver])


def _lower(offsets, support, weights):
    """Return the radius that the weights prove, less the rounding of its evaluation."""
    squares = (offsets[support] ** 2).sum(axis=1)
    spread, mean = float(weights @ squares), weights @ offsets[support]
    slack = (2 * offsets.shape[1] + 2 * len(support) + 16) * UNIT * spread
    return float(np.sqrt(max(0.0, spread - float(mean @ mean) - slack)))


def _upper(offsets):
    """Return the largest distance to the centre, and the rounding of its evaluation."""
    return float(np.sqrt((offsets**2).sum(axis=1).max())) * (1 + (offsets.shape[1] + 8) * UNIT)
