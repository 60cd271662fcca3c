r"""Douglas-Rachford splitting for sparse synthesis with an orthonormal frame and ``AA* = cI``.

The point z of coefficients moves by :math:`\rho(p-x)`, where :math:`x` is the proximal point of
z for :math:`\tau\|\cdot\|_{1,w}` and p that of the reflection :math:`v=2x-z` for the data term.
With :math:`r=AWv-y` every data term gives :math:`p=v-(f/c)W^*A^*r` with a number f from 0 to 1,

========== ===================================
qcbp       :math:`f=(1-\eta/\|r\|)_+`
lasso      :math:`f=\tau c/(1+\tau c)`
sqrt-lasso :math:`f=\min(1,\tau c/\|r\|)`
========== ===================================

so a step costs one product with A, one with its adjoint, one synthesis, one analysis and a
single pass over the coefficients. As :math:`AWp-y=(1-f)r`, the point p meets the constraint of
qcbp, its objective is known, and :math:`-r` is a dual direction whose :math:`W^*A^*r` is already
there: the duality gap of this pair costs no product.
"""

from typing import NamedTuple

import numpy as np

from kernelstab.solvers.imaging._sampling import sampling

# Chosen by steps to a gap of 1e-4 on phantoms and MR slices, 128 by 128, eta from 1e-4 to 5e-2 of ||y||.
RELAXATION = 1.8   # among 1, 1.5, 1.8, 1.9
START = 0.5        # first step size, as a multiple of the typical entry of W^*A^*y
FIRST = 5          # steps until the step size is chosen anew, then at each GROWTH times as many
GROWTH = 1.5
CHANGE = 5.0       # largest factor between two step sizes
CHECK = 4          # steps between two looks at the gap
REPORT = 24        # steps between two reports to the watch


class Parts(NamedTuple):
    """What the problem is made of: A, its products with images, the frame, and weights (or one number)."""

    A: object
    system: object
    frame: object
    weights: np.ndarray


def solve(problem, start, watch, parts) -> str:
    """Run the loop; ``problem`` is stated for the coefficients times their weights."""
    loop = _Loop(problem, parts, start)
    for done in range(1, watch.budget + 1):
        loop.pull()
        last, turn = done == watch.budget, done == loop.next
        if last or turn or done % CHECK == 0:
            p = loop.point()
            near = loop.gap(p) <= problem.tol
            if (near or last or done % REPORT == 0) and loop.report(watch, done, p, near):
                break
            new = loop.balanced(p) if turn else loop.tau
        loop.advance()
        if turn:
            loop.rescale(new)
    return "Douglas-Rachford splitting, fused"


class _Loop:
    """The point z, and an array that holds v, then the image of v, then the pulled residual g, in turn."""

    def __init__(self, problem, parts, start):
        from kernelstab.solvers.imaging import _splitting_jit as jit

        self.problem, self.frame, self.w = problem, parts.frame, parts.weights
        self.sampling, self.c = sampling(parts.A, parts.system), parts.system.tight
        kind = "complex" if problem.system.dtype.kind == "c" else "real"
        self._reflect, self._advance = getattr(jit, f"reflect_{kind}"), getattr(jit, f"advance_{kind}")
        x, q = start.x / self.w, problem.system.adjoint(start.dual) * self.w
        self.tau = START * float(np.linalg.norm(problem.correlation * self.w)) / (
            self.c * np.sqrt(x.size) * problem.price * float(np.mean(self.w)))
        if np.any(q) and np.any(x):
            self.tau = float(np.linalg.norm(x) / np.linalg.norm(q))
        self.z, self.g = x + self.tau * q, np.empty_like(x)
        self.reference, self.next = None, FIRST
        self._reflect(self.z, self.tau * problem.price, self.w, self.g)

    def pull(self):
        """Overwrite v by g."""
        self.frame.synthesise(self.g)
        back, self.size, self.inner = self.sampling.pull(self.g)
        self.frame.analyse(back, self.g)
        form, stiff = self.problem.form, self.tau * self.c
        if form == "lasso":
            self.factor = stiff / (1.0 + stiff)
        elif form == "qcbp":
            self.factor = 1.0 - min(1.0, self.problem.level / self.size) if self.size > 0 else 0.0
        else:
            self.factor = min(1.0, stiff / self.size) if self.size > 0 else 1.0

    def advance(self):
        """Move z, and overwrite g by the next v."""
        self._advance(self.z, self.g, self.factor / self.c, RELAXATION, self.tau * self.problem.price, self.w)

    def point(self):
        """Return p."""
        p = np.empty_like(self.z)
        self._reflect(self.z, self.tau * self.problem.price, self.w, p)
        p -= (self.factor / self.c) * self.g
        return p

    def gap(self, p):
        """Return the relative gap of p and the best multiple of -r; only a report judges for good."""
        level, form, size, price = self.problem.level, self.problem.form, self.size, self.problem.price
        mass = price * float(np.sum(np.abs(p) * self.w))
        peak = float(np.max(np.abs(self.g) / self.w))
        if peak == 0.0 or size == 0.0:
            return np.inf
        limit, value, rest = price / peak, -self.inner, (1.0 - self.factor) * size
        if form == "qcbp":
            bound = limit * (value - level * size)
        elif form == "lasso":
            t = min(max(value, 0.0) / size**2, limit)
            mass, bound = mass + 0.5 * rest**2, t * value - 0.5 * (t * size)**2
        else:
            mass, bound = mass + rest, min(1.0 / size, limit) * value
        return (mass - bound) / mass if mass > 0 else np.inf

    def report(self, watch, done, p, near):
        """Let the watch judge p and the direction -r: by what is known, ``near`` the end by new products."""
        r, x = self.sampling.residual(), p * self.w
        if near:
            return watch(done, x, dual=-r)
        image = self.problem.system.y + (1.0 - self.factor) * r
        return watch(done, x, image=image, dual=-r, pulled=self.g / -self.w)

    def balanced(self, p):
        """Return the ratio of the ways that p and the dual point have come since the last call."""
        turned = self.sampling.travelled(self.factor / (np.sqrt(self.c) * self.tau))
        moved = float(np.linalg.norm(p if self.reference is None else p - self.reference))
        self.reference, self.next = p, max(self.next + FIRST, int(GROWTH * self.next))
        ratio = moved / turned if moved > 0 and turned > 0 else self.tau
        return min(max(ratio, self.tau / CHANGE), self.tau * CHANGE)

    def rescale(self, tau):
        """Change the step size between two steps: z = x + tau q keeps x and q."""
        ratio = tau / self.tau
        self.z = 0.5 * ((1.0 + ratio) * self.z + (1.0 - ratio) * self.g)
        self.tau = tau
        self._reflect(self.z, self.tau * self.problem.price, self.w, self.g)
