r"""A ball that holds several details of every signal that explains the data, for quadratic constraints.

Every weight :math:`\lambda\ge0` of the prior against the data confines the signals to an ellipsoid
:math:`(x-z)^TH(x-z)\le\gamma`; what :math:`D` makes of it lies in the ball around :math:`Dz` of
radius :math:`\sqrt{\gamma\,\|DH^{-1}D^T\|}`. The best weight is found by a search; every weight is right.
"""

import numpy as np
from scipy.optimize import minimize_scalar

from kernelstab._engines.feasible_sets.support_value import UNIT

_GRID = np.linspace(-60.0, 60.0, 61)


def ellipsoid(ratio, c, s, b, spare):
    r"""Return :math:`1/H` (0 where it is infinite) and :math:`\gamma` of the ellipsoid of one ratio.

    In coordinates with :math:`\sum c_i^2u_i^2\le1` and :math:`\sum(s_iu_i-b_i)^2\le` spare; its centre is
    :math:`sb/H`.
    """
    weight = ratio * c**2 + s**2
    inverse = np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)
    return inverse, ratio + spare - float(np.sum(ratio * c**2 * b**2 * inverse))


def enclosing_ball(feasible, D):
    """Return radius, centre (a signal) and the direction in which the ball is touched.

    ``feasible`` is a QuadraticSet in which ``D`` is bounded.
    """
    hidden = D - (D @ feasible.rows) @ feasible.rows.T
    hidden = hidden * feasible.radius if feasible.radius is not None else np.zeros((len(D), 0))
    G, c, s, b = D @ feasible.P, feasible.c, feasible.s, feasible.b
    size = np.linalg.norm(feasible.P, axis=0) * np.linalg.norm(D)
    G = np.where(np.linalg.norm(G, axis=0) <= 16 * UNIT * size, 0.0, G)
    if feasible.eps == 0:
        return _noise_free(feasible, G, hidden)
    spare = feasible.eps**2 - feasible.rest**2

    def shape(ratio):
        inverse, height = ellipsoid(ratio, c, s, b, spare)
        height += 8 * sum(feasible.A.shape) * UNIT * (ratio + abs(spare))
        unseen = hidden / np.sqrt(ratio) if ratio > 0 else 0.0 * hidden
        return max(height, 0.0), np.hstack([G * np.sqrt(inverse), unseen]), inverse * s * b

    def radius(ratio):
        height, axes, _ = shape(ratio)
        return float(np.sqrt(height)) * float(np.linalg.norm(axes, 2))

    scale = (np.max(s, initial=0.0)**2 or 1.0) / (np.max(c, initial=0.0)**2 or 1.0)
    ratios = [scale * float(np.exp(t)) for t in _GRID] if np.any(c > 0) or hidden.size else []
    if np.all((s > 0) | ~G.any(axis=0)) and np.linalg.norm(hidden) <= 1e-12 * np.linalg.norm(D):
        ratios.append(0.0)
    best = min(ratios, key=radius)
    if best > 0:
        near = minimize_scalar(lambda t: radius(best * np.exp(t)), bounds=(-2.5, 2.5), method="bounded",
                               options={"xatol": 1e-10})
        best = min(best, best * float(np.exp(near.x)), key=radius)
    _, axes, middle = shape(best)
    return radius(best) * (1 + 64 * UNIT), feasible.P @ middle, np.linalg.svd(axes)[0][:, 0]


def _noise_free(feasible, G, hidden):
    c, s, b = feasible.c, feasible.s, feasible.b
    seen, free = s > 0, (s == 0) & (c > 0)
    middle = np.where(seen, b / np.where(seen, s, 1.0), 0.0)
    left = max(0.0, 1 - float(np.sum((c * middle)**2))) + 8 * sum(feasible.A.shape) * UNIT
    axes = np.hstack([G[:, free] / c[free], hidden])
    if not axes.size:
        return 0.0, feasible.P @ middle, np.eye(len(G))[0]
    vectors, sizes, _ = np.linalg.svd(axes)
    return float(np.sqrt(left) * sizes[0]) * (1 + 64 * UNIT), feasible.P @ middle, vectors[:, 0]
