r"""Douglas-Rachford splitting for ``qcbp`` when :math:`AA^*=cI`.

With P the projection on the constraint and J the 1-norm, one step is

.. math:: x=\mathrm{prox}_{\tau J}(z),\qquad p=P(2x-z),\qquad z\leftarrow z+\rho\,(p-x).

It is the relaxed primal-dual step with :math:`\tau\sigma=1` for the matrix
:math:`Q=A/\sqrt c`, seen through :math:`z=x'-\tau Q^*u`: the primal step is the same, the dual one takes
:math:`\tau u^+=v-P_B(v)` with :math:`v=\tau u+Q(2x-x')=Q(2x-z)` because :math:`QQ^*=I`, so
:math:`p=2x-z-\tau Q^*u^+`, and relaxing :math:`(x',u)` by :math:`\rho` relaxes z by :math:`\rho`.

What this form saves: ``p`` is feasible, its image is known, and
:math:`2x-z-p=\tau Q^*u^+` is the pulled back dual point, so that a gap costs no product at all, and
a change of :math:`\tau` costs none either. It holds z, x, p and a work array.
"""

import numpy as np

from kernelstab.solvers._shrink import shrink

BLOCK = 10        # steps between two evaluations of the gap
RELAXATION = 1.8  # steps are lengthened by this factor; the same as in the primal-dual loop


def solve(problem, start, watch) -> str:
    r"""Run the loop; one product with ``A`` and one with its adjoint per step, none for the gap.

    The step size :math:`\tau` balances the sizes of the primal and of the pulled back dual
    point, after 10, 20, 40, ... steps.
    """
    z, tau = _begin(problem, start)
    done, balanced, stop = 0, BLOCK, False
    vars(problem).pop("correlation", None)  # as long as a point; it comes back if anybody asks
    while not stop:
        count = min(BLOCK, watch.budget - done)
        for _ in range(count):
            p, image, dual, pull = step(problem, z, tau, RELAXATION)
        done += count
        stop = watch(done, p, image=image, dual=dual, pulled=pull)
        if done >= balanced:
            balanced *= 2
            size, turned = float(np.linalg.norm(p)), float(np.linalg.norm(pull))
            if size > 0 and turned > 0:
                new = float(np.sqrt(tau * tau * size / turned))
                z = np.multiply(pull, new / tau)
                z += p
                tau = new
    return "Douglas-Rachford splitting"


def _begin(problem, start):
    """Return z and the step size; the fixed point is z = x + tau A* h."""
    guess, c = problem.correlation, problem.system.tight
    tau = float(np.linalg.norm(guess)) / (c * float(np.sqrt(guess.size)))
    z = start.x
    if start.given and np.any(start.dual) and np.any(z):
        pulled = problem.system.adjoint(start.dual)
        tau = float(np.linalg.norm(z) / np.linalg.norm(pulled))
        z += np.multiply(pulled, tau)
    return z, tau


def step(problem, z, tau, relaxation):
    r"""Overwrite ``z`` by the next one; return p, its image, and :math:`\tau h`, :math:`\tau A^*h`.

    The dual point h is a multiple of the residual at p.
    """
    system = problem.system
    x = shrink(z.copy(), tau)
    p = 2.0 * x
    p -= z
    r = system.y - system.forward(p)
    size = float(np.linalg.norm(r))
    share = 1.0 - problem.level / size if size > problem.level else 0.0
    dual = r * (share / system.tight)
    pull = system.adjoint(dual)
    p += pull
    x -= p
    x *= -relaxation
    z += x
    return p, system.y - (1.0 - share) * r, dual, pull
