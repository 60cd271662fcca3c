"""Ascent of the norm on a convex set that is known by its support points."""

import numpy as np


def climb(support_point, found, starts, rng, steps=100):
    """Climb the norm on a convex set from several points; return the farthest point reached.

    From ``u`` the next point is a farthest one of the set along ``u``: the norm cannot fall, since
    it is at least the inner product with ``u`` over the norm of ``u``.
    """
    best = max(found, key=np.linalg.norm)
    width = len(best)
    ranked = [point for point in sorted(found, key=np.linalg.norm, reverse=True)[:starts] if point.any()]
    for u in [*ranked, *(rng.standard_normal(width) for _ in range(starts))]:
        reached = 0.0
        for _ in range(steps):
            u = support_point(u)
            size = float(np.linalg.norm(u))
            if size <= reached * (1 + 1e-12):
                break
            reached = size
        best = max(best, u, key=np.linalg.norm)
    return best
