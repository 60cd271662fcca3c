r"""Splitting for analysis problems whose image step is closed: no step size is bounded by a norm.

With z the field s shrunk by :math:`\tau w` and :math:`b=2z-s`, the image step is

.. math:: x=\arg\min_x\ \tau D(x)+\tfrac12\|Wx-b\|^2,\qquad s\leftarrow s+\rho\,(Wx-z),

with the data term D. It is closed when :math:`W^*W` and :math:`A^*A` are diagonal in the Fourier
basis, or when :math:`W^*W=c_WI` and :math:`AA^*=c_AI`. Its optimality reads
:math:`W^*(Wx-b)/\tau=A^*h`: the pair :math:`((Wx-b)/\tau, h)` solves the linear dual constraint
at every step, and x meets the constraint on the data.
"""

import numpy as np

from kernelstab.operators import Blur, SubsampledFourier
from kernelstab.solvers.imaging._spectrum import Sampled

RELAXATION = 1.8
FIRST, GROWTH, CHANGE = 5, 1.5, 5.0   # when the step size is chosen anew, and its largest change
CHECK = 10


def image_step(problem, A):
    """Return the object that takes the image step, or None where it has no closed form."""
    frame, system = problem.frame, problem.system
    spectral = isinstance(A, (SubsampledFourier, Blur)) and system.dtype == A.dtype
    if frame.gram == "fourier" and spectral:
        return _FourierStep(problem, A)
    if frame.gram == "scalar" and system.tight is not None:
        return _TightStep(problem)
    return None


def solve(problem, start, watch, step) -> str:
    """Run the loop with an image step."""
    frame, w = problem.frame, problem.weights * problem.price
    field = frame.forward(start.x)
    typical = frame.sizes(frame.forward(frame.solve(problem.correlation))) / problem.system.norm() ** 2
    tau = float(np.linalg.norm(typical) / np.sqrt(typical.size) / np.mean(w))
    s, reference, turning = field, None, FIRST
    for done in range(1, watch.budget + 1):
        size = frame.sizes(s)
        keep = frame.spread(1.0 - np.broadcast_to(tau * w, size.shape) / np.maximum(size, tau * w))
        z = keep * s
        b = 2.0 * z - s
        x = step(b, tau)
        moved = frame.forward(x)
        if done % CHECK == 0 or done == watch.budget:
            p = (moved - b) / tau
            if watch(done, x, image=step.image(), dual=step.dual(p, tau), pulled=p):
                break
        s = s + RELAXATION * (moved - z)
        if done == turning:
            q = (moved - b) / tau
            turning = max(turning + FIRST, int(GROWTH * turning))
            new = _balanced(moved, q, reference, tau)
            reference = (moved, q)
            size = frame.sizes(s)
            z = frame.spread(1.0 - np.broadcast_to(tau * w, size.shape) / np.maximum(size, tau * w)) * s
            s, tau = z + (new / tau) * (s - z), new
    return f"splitting, {step.name}"


def _balanced(field, q, reference, tau):
    """Return the ratio of the ways that the field and the dual field have come."""
    before, dual_before = (0.0, 0.0) if reference is None else reference
    moved, turned = np.linalg.norm(field - before), np.linalg.norm(q - dual_before)
    ratio = float(moved / turned) if moved > 0 and turned > 0 else tau
    return min(max(ratio, tau / CHANGE), tau * CHANGE)


class _TightStep:
    r"""From :math:`x_0=W^*b/c_W` move against :math:`A^*(Ax_0-y)` as far as the data term asks."""

    name = "tight frame"

    def __init__(self, problem):
        self.problem = problem
        self.c_w, self.c_a = problem.frame.scalar, problem.system.tight

    def __call__(self, b, tau):
        system = self.problem.system
        x = self.problem.frame.adjoint(b) / self.c_w
        self.r = system.forward(x) - system.y
        size = float(np.linalg.norm(self.r))
        if self.problem.form == "lasso":
            stiff = tau / self.c_w * self.c_a
            self.factor = stiff / (1.0 + stiff)
        else:
            self.factor = 1.0 - min(1.0, self.problem.level / size) if size > 0 else 0.0
        return x - (self.factor / self.c_a) * system.adjoint(self.r)

    def image(self):
        """Return ``A x``."""
        return self.problem.system.y + (1.0 - self.factor) * self.r

    def dual(self, p, tau):
        """Return h."""
        return (-self.c_w * self.factor / (self.c_a * tau)) * self.r


class _FourierStep(Sampled):
    """Every frequency by itself: ``W^H W`` takes the place of the Laplacian."""

    name = "Fourier"

    def __init__(self, problem, A):
        super().__init__(A, problem.system.y)
        self.problem, scalar = problem, problem.frame.scalar
        scale = sum(block.scale ** 2 for block in problem.frame.gradients)
        self.outer, self.last = scale * self.outer + scalar, scale * self.last
        self.d = scale * self.d + scalar
        self.mu = 1.0

    def __call__(self, b, tau):
        qcbp = self.problem.form == "qcbp"
        x, mu = self.fit(self.problem.frame.adjoint(b), self.mu if qcbp else tau,
                         self.problem.level if qcbp else None)
        self.mu = mu if np.isfinite(mu) else 1.0
        self.slope = mu
        return x.ravel()

    def image(self):
        """Return ``A x``."""
        return self.problem.system.y + self.measured(self.residual)

    def dual(self, p, tau):
        """Return h; with exact data the one that fits p."""
        if np.isfinite(self.slope):
            return (-self.slope / tau) * self.measured(self.residual)
        return self.problem.system.forward(self.problem.frame.adjoint(p))
