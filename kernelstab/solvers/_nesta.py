r"""NESTA: Nesterov's method on the smoothed 1-norm over the constraint of ``qcbp``, restarted.

For :math:`AA^*=cI` only, where the nearest point of the constraint is known:
:math:`q+\frac{(1-\eta/\|r\|)_+}{c}A^*r` with :math:`r=y-Aq`.

**Theorem.** Let ``x`` meet the constraint and be approximately sharp with
:math:`C_1,C_2`. Take :math:`n=\lceil2\sqrt NC_1/\nu\rceil` steps with the smoothing
:math:`\mu=2D_j/((n+1)\sqrt N)`, from the last point. Then :math:`\|X^{(j)}-x\|\le D_j` with
:math:`D_{j+1}=\nu D_j+C_1\delta+C_2(\eta+\|Ax-y\|)`.

*Proof.* The smoothed norm, :math:`|z|^2/(2\mu)` where :math:`|z|\le\mu` and :math:`|z|-\mu/2` beyond,
lies within :math:`N\mu/2` below the norm, and its gradient is :math:`1/\mu`-Lipschitz. Accelerated
projected gradient steps of length :math:`\mu` lead to a value that exceeds that of *any* feasible
``x`` by at most :math:`2\|x-x_0\|^2/(\mu(n+1)^2)`. So the norm exceeds it by at most
:math:`N\mu/2+2D^2/(\mu(n+1)^2)=2\sqrt ND/(n+1)`, and sharpness for feasible points gives the rest.

A gradient step of length :math:`\mu` is soft thresholding by :math:`\mu`.
"""

import numpy as np

from kernelstab.solvers._ergodic import Point, checks
from kernelstab.solvers._radius_restarts import run
from kernelstab.solvers._shrink import shrink


def solve(problem, start, watch) -> str:
    """Restart by the radii that ``start.options["sharpness"]`` gives, or search for them."""
    return run(Nesta(problem), problem, start, watch)


class Nesta:
    """What the loop of restarts needs to know of this method."""

    words = "NESTA"

    def __init__(self, problem):
        self.problem, self.rate = problem, float(np.sqrt(problem.system.shape[1]))
        self.norm = float(np.sqrt(problem.system.tight))

    def use(self, sharpness) -> float:
        """Return the error per unit of objective."""
        return sharpness.C1

    def begin(self, x) -> np.ndarray:
        """Return the feasible point next to the start."""
        return self._nearest(x)[0]

    def value(self, judged) -> float:
        """Return the objective; all points are feasible."""
        return judged.objective

    def adapt(self, dual) -> bool:
        """Keep everything: the constraint is met."""
        return False

    def stretch(self, x, radius, steps):
        """Yield feasible points, the last one after ``steps`` products each way."""
        mu = 2.0 * radius / ((steps + 1) * self.rate)
        ahead, momentum, every = x, 1.0, checks(x.size)
        for k in range(1, steps + 1):
            new, residual = self._nearest(shrink(ahead.copy(), mu))
            following = 0.5 + np.sqrt(0.25 + momentum * momentum)
            ahead = np.subtract(new, x)
            ahead *= (momentum - 1.0) / following
            ahead += new
            x, momentum = new, following
            if k == steps or k % every == 0:
                yield k, Point(x.copy(), self.problem.system.y - residual, self._dual(x, mu))

    def _nearest(self, q):
        """Overwrite ``q`` by the nearest feasible point; return it and its residual."""
        system = self.problem.system
        r = system.y - system.forward(q)
        size = float(np.linalg.norm(r))
        if size <= self.problem.level:
            return q, r
        share = 1.0 - self.problem.level / size
        q += np.multiply(system.adjoint(r), share / system.tight)
        return q, (1.0 - share) * r

    def _dual(self, x, mu):
        """Return what pulls back to the gradient at the minimum; the residual does unless it is 0."""
        if self.problem.level > 0:
            return None
        return self.problem.system.forward(x / np.maximum(np.abs(x), mu))
