"""One stretch of Nesterov's method on the smoothed 1-norm over the constraint, for matrices with AA* = cI."""

import numpy as np

from kernelstab._engines.first_order.shrink import shrink


def nearest(A, y, eta, q):
    r"""Overwrite ``q`` by the nearest point with :math:`\|Ax-y\|\le\eta`; return it and its residual.

    It is :math:`q+\frac{(1-\eta/\|r\|)_+}{c}A^*r` with :math:`r=y-Aq`.
    """
    r = y - A.matvec(q)
    size = float(np.linalg.norm(r))
    if size <= eta:
        return q, r
    share = 1.0 - eta / size
    q += np.multiply(A.rmatvec(r), share / A.tight)
    return q, (1.0 - share) * r


def smoothed(A, y, eta, x, mu, steps):
    r"""Take accelerated projected gradient steps of length ``mu``; return the last point and its residual.

    The smoothed norm is :math:`|z|^2/(2\mu)` where :math:`|z|\le\mu` and :math:`|z|-\mu/2` beyond. It
    lies within :math:`N\mu/2` below the norm, and its gradient is :math:`1/\mu`-Lipschitz, so that a
    gradient step of length :math:`\mu` is soft thresholding by :math:`\mu`. After k steps its value
    exceeds that of *any* feasible z by at most :math:`2\|z-x\|^2/(\mu(k+1)^2)`.
    """
    ahead, momentum = x, 1.0
    for _ in range(steps):
        new, residual = nearest(A, y, eta, shrink(ahead.copy(), mu))
        following = 0.5 + np.sqrt(0.25 + momentum * momentum)
        ahead = np.subtract(new, x)
        ahead *= (momentum - 1.0) / following
        ahead += new
        x, momentum = new, following
    return x, residual
