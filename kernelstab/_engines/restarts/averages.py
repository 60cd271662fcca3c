"""One stretch of the primal-dual method between two restarts: the average of its steps."""

import numpy as np

from kernelstab._engines.first_order.shrink import shrink


def average(A, y, x, tau, sigma, steps, weight, turn):
    r"""Take steps from ``x`` and a zero dual point; return their average X and ``A X``.

    .. math::
        x^+=\mathrm{prox}_{\tau\lambda\|\cdot\|_1}(x-\tau A^*u),\qquad
        u^+=\mathrm{turn}(u+\sigma(A(2x^+-x)-y)),

    where ``weight`` is :math:`\lambda` and ``turn`` the dual proximal map. With
    :math:`\tau\sigma\|A\|^2\le1`, L the Lagrangian and X, U the averages of k steps,

    .. math:: L(X,u)-L(x,U)\le\frac1k\Bigl(\frac{\|x-x_0\|^2}\tau+\frac{\|u\|^2}\sigma\Bigr)
              \quad\text{for all }x,u.

    *Proof.* One step is a proximal point step in the metric M with diagonal blocks
    :math:`1/\tau,1/\sigma` and off the diagonal :math:`-A^*,-A`, which is positive semidefinite:
    :math:`L(x^+,u)-L(x,u^+)\le\tfrac12(\|w-w_k\|_M^2-\|w-w_{k+1}\|_M^2)`. Sum, use convexity, and
    :math:`\|w\|_M^2\le2(\|x\|^2/\tau+\|u\|^2/\sigma)`.

    One product each way per step: that of ``2 x+ - x`` comes from those of ``x+`` and ``x``.
    """
    u, Ax = 0 * y, A.matvec(x)
    total, products = np.zeros_like(x), 0 * y
    for _ in range(steps):
        new = np.multiply(A.rmatvec(u), -tau)
        new += x
        shrink(new, tau * weight)
        ahead = A.matvec(new)
        u = turn(u + sigma * (2.0 * ahead - Ax - y))
        x, Ax = new, ahead
        total += x
        products += Ax
    return total / steps, products / steps
