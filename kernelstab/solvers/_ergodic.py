"""One stretch of the primal-dual method between restarts: averages from a zero dual point."""

from typing import NamedTuple

import numpy as np

from kernelstab.solvers._shrink import shrink


class Point(NamedTuple):
    """A primal point, its image ``A x``, and a dual direction (None: the residual)."""

    x: np.ndarray
    image: np.ndarray
    dual: np.ndarray | None


def checks(size) -> int:
    """Return after how many steps a long stretch shows a point: fewer for large signals."""
    return max(5, min(50, 10_000_000 // size))


def ergodic(problem, x, tau, sigma, steps, turn):
    r"""Take steps from ``(x, 0)`` and yield (steps taken, :class:`Point` of averages) now and then.

    .. math::
        x^+=\mathrm{prox}_{\tau p\|\cdot\|_1}(x-\tau A^*u),\qquad
        u^+=\mathrm{turn}(u+\sigma(A(2x^+-x)-y)).

    With :math:`\tau\sigma\|A\|^2\le1`, L the Lagrangian and X, U the averages of k steps,

    .. math:: L(X,u)-L(x,U)\le\frac1k\Bigl(\frac{\|x-x_0\|^2}\tau+\frac{\|u\|^2}\sigma\Bigr)
              \quad\text{for all }x,u.

    *Proof.* One step is a proximal point step in the metric M with diagonal blocks
    :math:`1/\tau,1/\sigma` and off the diagonal :math:`-A^*,-A`, which is positive semidefinite:
    :math:`L(x^+,u)-L(x,u^+)\le\tfrac12(\|w-w_k\|_M^2-\|w-w_{k+1}\|_M^2)`. Sum, use convexity, and
    :math:`\|w\|_M^2\le2(\|x\|^2/\tau+\|u\|^2/\sigma)`.

    The image of ``2 x+ - x`` comes from those of ``x+`` and ``x``: one product each way per step.
    Holds five vectors of length N at a time, two of them for a moment.
    """
    system, every = problem.system, checks(x.size)
    u, image = 0 * system.y, system.forward(x)
    mass, images, turns = np.zeros_like(x), 0 * system.y, 0 * system.y
    for k in range(1, steps + 1):
        new = np.multiply(system.adjoint(u), -tau)
        new += x
        shrink(new, tau * problem.price, problem.nonneg)
        ahead = system.forward(new)
        u = turn(u + sigma * (2.0 * ahead - image - system.y))
        x, image = new, ahead
        mass += x
        images += image
        turns += u
        if k == steps or k % every == 0:
            yield k, Point(mass / k, images / k, turns / -k)
