r"""FIRENET: the primal-dual method for ``sqrt_lasso``, restarted from its average by a shrinking radius.

**Theorem.** Let ``x`` be approximately sharp with :math:`C_1,C_2`, let
:math:`\lambda\le C_1/C_2` and :math:`C=C_1/\lambda`. Run :math:`k=\lceil2C\|A\|/\nu\rceil` steps from the
last average and a zero dual point with :math:`\tau=D_j/\|A\|`, :math:`\sigma=1/(D_j\|A\|)`, the dual
point projected on the unit ball. Then :math:`\|X^{(j)}-x\|\le D_j` with :math:`D_{j+1}=\nu D_j+f` and
:math:`f=C_1\delta+(C_2+C)\|Ax-y\|`. The steps know the noise through the radii only.

*Proof.* With F the objective, sharpness and
:math:`\|A(z-x)\|\le\|Az-y\|+\|Ax-y\|` give :math:`\|z-x\|\le C(F(z)-F(x))+f`, because the coefficient
:math:`C_2-C` of :math:`\|Az-y\|` that is left over is not positive. The estimate of
``_ergodic.py``, whose supremum over the unit ball is :math:`F(X)`, is
:math:`F(X)-F(x)\le\frac1k(D^2/\tau+1/\sigma)=2D\|A\|/k`.
"""

import numpy as np

from kernelstab.solvers._ergodic import ergodic
from kernelstab.solvers._radius_restarts import run


def solve(problem, start, watch) -> str:
    """Restart by the radii that ``start.options["sharpness"]`` gives, or search for them."""
    return run(Firenet(problem), problem, start, watch)


class Firenet:
    """What the loop of restarts needs to know of this method."""

    words = "FIRENET"

    def __init__(self, problem):
        self.problem = problem
        self.norm = self.rate = problem.system.norm() or 1.0

    def use(self, sharpness) -> float:
        """Return the error per unit of objective.

        Raises
        ------
        ValueError
            If ``lam`` is too large for the constants.
        """
        lam = self.problem.level
        if lam * sharpness.C2 > sharpness.C1 * (1 + 1e-12):
            raise ValueError(f"lam must be at most C1/C2 = {sharpness.C1 / sharpness.C2:.6g} of the "
                             f"sharpness, got {lam}")
        return sharpness.C1 / lam

    def begin(self, x) -> np.ndarray:
        """Return the start, which may be any point."""
        return x

    def value(self, judged) -> float:
        """Return the objective."""
        return judged.objective

    def adapt(self, dual) -> bool:
        """Keep everything: the dual ball is given."""
        return False

    def stretch(self, x, radius, steps):
        """Yield averages, the last one after ``steps`` steps."""
        return ergodic(self.problem, x, radius / self.norm, 1.0 / (radius * self.norm), steps,
                       lambda v: v / max(1.0, float(np.linalg.norm(v))))
