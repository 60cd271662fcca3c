r"""Splitting for analysis problems whose image step is closed: no step size is bounded by a norm.

With z the field s shrunk by :math:`\tau w` and :math:`b=2z-s`, the image step is

.. math:: x=\arg\min_x\ \tau D(x)+\tfrac12\|Wx-b\|^2,\qquad s\leftarrow s+\rho\,(Wx-z),

with the data term D. It is closed when :math:`W^*W` and :math:`A^*A` are diagonal in the Fourier
basis, or when :math:`W^*W=c_WI` and :math:`AA^*=c_AI`. Its optimality reads
:math:`W^*(Wx-b)/\tau=A^*h`: the pair :math:`((Wx-b)/\tau, h)` solves the linear dual constraint
at every step, and x meets the constraint on the data.
"""

import numpy as np
from scipy import fft

from kernelstab.operators import Blur, SubsampledFourier

RELAXATION = 1.8
FIRST, GROWTH, CHANGE = 5, 1.5, 5.0   # when the step size is chosen anew, and its largest change
CHECK = 10


def image_step(problem, A):
    """Return the object that takes the image step, or None where it has no closed form."""
    frame, system = problem.frame, problem.system
    spectral = isinstance(A, (SubsampledFourier, Blur)) and system.dtype == A.dtype
    exact = problem.form == "qcbp" and problem.level == 0.0
    if frame.gram == "fourier" and spectral and not (exact and isinstance(A, Blur)):
        return _FourierStep(problem, A)
    if frame.gram == "scalar" and system.tight is not None:
        return _TightStep(problem)
    return None


def solve(problem, start, watch, step) -> str:
    """Run the loop with an image step."""
    frame, w = problem.frame, problem.weights * problem.price
    field = frame.forward(start.x)
    typical = frame.sizes(frame.forward(frame.solve(problem.correlation))) / problem.system.norm() ** 2
    tau = float(np.linalg.norm(typical) / np.sqrt(typical.size) / np.mean(w)) or 1.0    # A*y = 0: any
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


class _FourierStep:
    r"""Every frequency by itself, with :math:`d_k` the eigenvalue of :math:`W^*W` and :math:`a_k` of A.

    The free minimiser :math:`\hat x_k=\hat b_k/d_k` moves to
    :math:`(d_k\hat x_k+\mu\bar a_k\hat y_k)/(d_k+\mu|a_k|^2)` where something is measured, with
    :math:`\mu=\tau` for lasso; for qcbp :math:`\mu` meets the constraint. Half spectra of real
    images count a frequency twice where it stands for two.
    """

    name = "Fourier"

    def __init__(self, problem, A):
        self.problem, self.shape, self.real = problem, A.image_shape, A.is_real
        count = self.shape[-1] // 2 + 1 if self.real else self.shape[-1]
        self.values = problem.frame.eigenvalues(self.real)
        if isinstance(A, Blur):
            a, whole = A.transfer[..., :count].ravel(), self._spectrum(problem.system.y).ravel()
            self.index, self.a = np.arange(a.size), a
        else:
            whole = A.to_kspace(problem.system.y)[..., :count].ravel()
            self.index, self.a = np.flatnonzero(A.mask[..., :count]), np.ones(1)
        self.data, self.d = whole[self.index], self.values.ravel()[self.index]
        column = self.index % count
        alone = (column == 0) | (2 * column == self.shape[-1])
        self.weight = np.where(alone, 1.0, 2.0) if self.real else np.ones(column.size)
        self.mu, seen = 0.0, np.abs(self.a[self.a != 0]) ** 2
        self.most = float(np.max(self.d) / np.min(seen) / np.finfo(float).eps) if seen.size else 0.0

    def _spectrum(self, image):
        transform = fft.rfftn if self.real else fft.fftn
        return transform(image.reshape(self.shape), norm="ortho")

    def __call__(self, b, tau):
        B = self._spectrum(self.problem.frame.adjoint(b)) / self.values
        free = B.ravel()[self.index]
        if self.problem.form == "lasso":
            self.mu = tau
        else:
            self.mu = self._multiplier(self.d * (self.a * free - self.data))
        if self.mu == np.inf:
            B.ravel()[self.index] = self.data / self.a
        else:
            above = self.d * free + self.mu * np.conj(self.a) * self.data
            B.ravel()[self.index] = above / (self.d + self.mu * np.abs(self.a) ** 2)
        back = fft.irfftn(B, s=self.shape, norm="ortho") if self.real else fft.ifftn(B, norm="ortho")
        self.x = back.ravel()
        return self.x

    def _multiplier(self, r):
        """Return the least mu with ``||r/(d + mu |a|^2)|| <= eta``: Newton on the reciprocal, from 0.

        The reciprocal of the norm is increasing and concave in mu, so the steps never overshoot. What is
        left when mu is so large that all that can be fitted is fitted was never in the range of A.
        """
        eta, q, a2, mu = self.problem.level, self.weight * np.abs(r) ** 2, np.abs(self.a) ** 2, 0.0
        if eta == 0.0:
            return np.inf
        for _ in range(100):
            below = self.d + mu * a2
            square, slope = float(np.sum(q / below**2)), float(np.sum(q * a2 / below**3))
            size = np.sqrt(square)
            if size <= eta * (1.0 + 1e-14) or slope == 0.0 or mu == self.most:
                break
            mu = min(mu + (size / eta - 1.0) * square / slope, self.most)
        return mu

    def image(self):
        """Return ``A x``."""
        self.seen = self.problem.system.forward(self.x)
        return self.seen

    def dual(self, p, tau):
        """Return h, after ``image``; with exact data the one that fits p."""
        if self.mu == np.inf:
            return self.problem.system.forward(self.problem.frame.adjoint(p))
        return (-self.mu / tau) * (self.seen - self.problem.system.y)
