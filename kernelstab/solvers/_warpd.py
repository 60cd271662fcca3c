r"""WARPd: the primal-dual method for ``qcbp``, restarted from its average by a shrinking radius.

**Theorem.** Let ``x`` meet :math:`\|Ax-y\|\le\eta` and be approximately sharp with
:math:`C_1,C_2` (``sharpness.py``), :math:`\kappa=C_2/C_1`, f the floor, and
:math:`D_0\ge\|x_0-x\|`. Run :math:`k=\lceil2C_2\|A\|/\nu\rceil` steps from the last average and a zero
dual point with :math:`\tau=D_j/(\kappa\|A\|)`, :math:`\sigma=\kappa/(D_j\|A\|)`. Then
:math:`\|X^{(j)}-x\|\le D_j` with :math:`D_{j+1}=\nu D_j+f`.

*Proof.* The supremum of :math:`\langle u,AX-y\rangle-\eta\|u\|` over :math:`\|u\|\le\kappa` is
:math:`\kappa(\|AX-y\|-\eta)_+`, and :math:`L(x,U)\le\|x\|_1`. So the estimate of ``_ergodic.py`` gives
:math:`\|X\|_1-\|x\|_1+\kappa(\|AX-y\|-\eta)_+\le\frac1k(D^2/\tau+\kappa^2/\sigma)=2\kappa D\|A\|/k`.
Multiply by :math:`C_1`. At :math:`x_0=0` sharpness itself gives :math:`D_0=C_2(\|y\|-\eta)+f`.
"""

import numpy as np

from kernelstab.solvers._ergodic import ergodic
from kernelstab.solvers._radius_restarts import run


def solve(problem, start, watch) -> str:
    """Restart by the radii that ``start.options["sharpness"]`` gives, or search for them."""
    return run(Warpd(problem), problem, start, watch)


class Warpd:
    """What the loop of restarts needs to know of this method."""

    words = "WARPd"

    def __init__(self, problem):
        self.problem, self.norm = problem, problem.system.norm() or 1.0
        self.kappa = 2.0 * problem.size / float(np.abs(problem.correlation).max())

    def use(self, sharpness) -> float:
        """Take over the constants; return the error per unit of objective."""
        self.kappa = sharpness.C2 / sharpness.C1
        return sharpness.C1

    @property
    def rate(self) -> float:
        """Steps per unit of ``2 * constant / ratio``."""
        return self.kappa * self.norm

    def begin(self, x) -> np.ndarray:
        """Return the start, which may be any point."""
        return x

    def value(self, judged) -> float:
        """Return the objective with what the excess costs."""
        return judged.objective + self.kappa * judged.feasibility

    def adapt(self, dual) -> bool:
        """Raise the price of the excess above the norm of a dual point, where it is exact."""
        size = 2.0 * float(np.linalg.norm(dual))
        if size <= self.kappa:
            return False
        self.kappa = 2.0 * size
        return True

    def stretch(self, x, radius, steps):
        """Yield averages, the last one after ``steps`` steps."""
        tau, sigma = radius / (self.kappa * self.norm), self.kappa / (radius * self.norm)

        def turn(v):
            size = float(np.linalg.norm(v))
            return v * max(0.0, 1.0 - sigma * self.problem.level / size) if size > 0 else v

        return ergodic(self.problem, x, tau, sigma, steps, turn)
