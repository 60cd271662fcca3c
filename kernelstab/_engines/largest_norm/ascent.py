"""Ascent of the norm on a convex set that is known by its support points."""

import numpy as np


def climb(support_point, u, steps, tolerance=1e-12):
    """Climb the norm on a convex set from one direction; return the point that is reached.

    From ``u`` the next point is a farthest one of the set along ``u``: the norm cannot fall, since
    it is at least the inner product with ``u`` over the norm of ``u``.

    >>> climb(np.sign, np.array([0.5, -2.0]), 10)
    array([ 1., -1.])
    """
    largest = 0.0
    for _ in range(steps):
        u = support_point(u)
        size = float(np.linalg.norm(u))
        if size <= largest * (1 + tolerance):
            break
        largest = size
    return u


def farthest_found(support_point, found, starts, rng, steps=100):
    """Climb from the farthest of several points and from random directions; return the farthest point."""
    ranked = [point for point in sorted(found, key=np.linalg.norm, reverse=True)[:starts] if point.any()]
    directions = [*ranked, *(rng.standard_normal(len(found[0])) for _ in range(starts))]
    return max([*found, *(climb(support_point, u, steps) for u in directions)], key=np.linalg.norm)
