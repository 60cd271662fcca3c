r"""Douglas-Rachford splitting for sparse synthesis with an orthonormal frame and ``AA* = cI``.

The point z of coefficients moves by :math:`\rho(p-x)`, where :math:`x` is the proximal point of
z for :math:`\tau\|\cdot\|_{1,w}` and p that of the reflection :math:`v=2x-z` for the data term.
With :math:`r=AWv-y` every data term gives :math:`p=v-(f/c)W^*A^*r` with a number f from 0 to 1,

===== =================================
qcbp  :math:`f=(1-\eta/\|r\|)_+`
lasso :math:`f=\tau c/(1+\tau c)`
===== =================================

so a step costs one product with A, one with its adjoint, one synthesis, one analysis and a
single pass over the coefficients. As :math:`AWp-y=(1-f)r`, the point p meets the constraint of
qcbp, its objective is known, and :math:`-r` is a dual direction whose :math:`W^*A^*r` is already
there: the duality gap of this pair costs no product, and steers the loop.

The answer is another point: x, moved to the ball for qcbp, whose objective is much closer to the
least one than that of p (on a phantom by a factor of 20 and more). The value of -r is close to the
greatest one as well, but a few entries of :math:`W^*A^*r` exceed their limit, and the multiple that
is feasible is worth as much less. So where the gap between x and -r is near ``tol``, a few steps
take the excess off, see ``_bands``, and the pair is judged where that brings the gap to ``tol``.

Where the last points only circle around a solution, their average closes in: it is judged now and
then, and the loop restarts from it when its gap is small.

Transforms of images start in single precision, which halves their cost, and go on in double
precision where the gap of p is at ``tol``, at ``FINE``, or rounding stops the progress. Only points
judged in double precision count as answers.
"""

from typing import NamedTuple

import numpy as np

from kernelstab._engines.duality_gap import EPSILON, best_multiple
from kernelstab._engines.imaging.bands import seen
from kernelstab._engines.imaging.sampling import sampling

WORDS = "Douglas-Rachford splitting, fused"

# Chosen by steps to a gap of 1e-4 on phantoms and MR slices, 128 by 128, eta from 1e-4 to 5e-2 of ||y||.
RELAXATION = 1.8   # among 1, 1.5, 1.8, 1.9
PLAIN = 2          # first steps without relaxation: after them the data are met, and nothing is left to swing
START = 0.7        # first step size, as a multiple of the entry of W^*A^*y that SHARE of all stay below
SHARE = 0.9        # (both by steps at 256 by 256)
LEAST = 0.05       # least first step size, as a multiple of the typical entry
FIRST = 8          # steps until it is measured how far the points move; the step size follows
APART = 5          # at each GROWTH times as many steps, and this many more at least
GROWTH = 1.5
CHANGE = 5.0       # largest factor between two step sizes
CHECK = 4          # steps between two looks at the gap
REPORT = 40        # steps between two reports to the monitor
BLOCK = 20         # steps between two looks at the average
DECREASE = 0.5     # a gap that has fallen by this factor since the last restart is progress
LONGEST = 0.36     # a stretch that is this share of all steps ends in any case
FINE = 1e-5        # relative gap that single precision is trusted with
PATIENCE = 60      # steps without a new least gap that end single precision
MEND = 5.5         # how much too large a gap may be that mending is hoped to close
MENDS = 3          # steps of mending; a fourth gained little
SLOPE = 0.2        # a gap that is k times too large is looked at again after k**SLOPE times as many steps


class Parts(NamedTuple):
    """What the problem is made of: A, its products with images, the frame, and weights (or one number)."""

    A: object
    system: object
    frame: object
    weights: np.ndarray


def solve(problem, start, monitor, parts) -> None:
    """Run the loop; ``problem`` is stated for the coefficients times their weights."""
    loop = _Loop(problem, parts, start)
    del start                                     # two arrays of the size of an image
    least, when, refined, wait = np.inf, 0, -1, 0
    for done in range(1, monitor.budget + 1):
        last, turn, refine = done == monitor.budget, done == loop.next, False
        if last:
            loop.refine()
        loop.correlate()
        if last or turn or done % CHECK == 0 or done == refined + 1:
            gap = loop.gap(loop.penalty(loop.point()))
            mend, reached = False, np.inf
            if last or done >= wait:
                penalty = loop.penalty(loop.shrunk())
                mend = loop.gap(penalty) <= MEND * problem.tol
                reached = loop.mend(penalty) if mend else np.inf
            report = reached <= problem.tol or last or done % REPORT == 0
            if report:
                if loop.report(monitor, done):
                    break
                reached = max(monitor.last.relative_gap, problem.tol)
            if mend:      # it was not enough
                wait = done * (reached / max(problem.tol, EPSILON)) ** SLOPE
            if mend or report:
                loop.again()
            if loop.single:
                least, when = (gap, done) if gap < least else (least, when)
                refine = gap <= max(problem.tol, FINE) or done >= when + PATIENCE
            new = loop.balanced(loop.point()) if turn else loop.tau
            loop.consider_average(gap)
        loop.advance()
        if turn:
            loop.rescale(new)
        if refine:
            loop.refine()
            refined = done
        elif loop.length >= BLOCK and loop.length % BLOCK == 0:
            loop.restart(done)


class _Loop:
    """The point z and its average, and an array that holds v, its image and the correlation g in turn."""

    def __init__(self, problem, parts, start):
        self.problem, self.parts, self.frame = problem, parts, parts.frame
        self.c, self.complex = parts.system.tight, problem.system.dtype.kind == "c"
        sizes = np.abs(problem.correlation)
        del problem.correlation                   # an image that nobody asks for any more
        typical, place = float(np.linalg.norm(sizes)) / np.sqrt(sizes.size), int(SHARE * sizes.size)
        sizes.partition(place)
        self.tau = max(START * float(sizes[place]), LEAST * typical) / (self.c * problem.weight)
        del sizes
        self.z, self.reference, self.next = start.x / parts.weights, None, FIRST
        if start.given and np.any(start.dual):
            q = problem.system.adjoint(start.dual) * parts.weights
            if np.any(q) and np.any(self.z):
                self.tau = float(np.linalg.norm(self.z) / np.linalg.norm(q))
            self.z += self.tau * q
        self.first = self.gap_now = np.inf
        self.shares, self.moves = None, 0
        self._begin(single=True)

    def _begin(self, single):
        """Set up one precision for the point z there is."""
        self.sampling = sampling(self.parts.A, self.parts.system, single)
        self.single = self.sampling.single
        self.real = np.float32 if self.single else np.float64
        kind = (np.complex64 if self.single else np.complex128) if self.complex else self.real
        self.z, self.w = self.z.astype(kind), self.parts.weights.astype(self.real)
        self.g, self.total, self.length = np.empty_like(self.z), np.zeros_like(self.z), 0
        self.reflect(self.g)

    def refine(self):
        """Go on in double precision."""
        if self.single:
            before = self.sampling.reference
            self._begin(single=False)
            self.sampling.reference = before

    def reflect(self, out, point=None, limit=None):
        """Write the reflection of a point to ``out``, by default v."""
        from kernelstab._engines.imaging.wavelet_splitting_jit import reflect_complex, reflect_real

        act = reflect_complex if self.complex else reflect_real
        point, limit = (self.z, self.tau * self.problem.weight) if point is None else (point, limit)
        act(point.view(self.real), self.real(limit), self.w, out.view(self.real))

    def correlate(self):
        """Overwrite v by g."""
        self.frame.synthesise(self.g)
        back, self.size, self.inner = self.sampling.correlate(self.g)
        self.frame.analyse(back, self.g)
        stiff, self.largest = self.tau * self.c, None
        if self.problem.form == "lasso":
            self.factor = stiff / (1.0 + stiff)
        else:
            self.factor = 1.0 - min(1.0, self.problem.parameter / self.size) if self.size > 0 else 0.0
        self.rest = (1.0 - self.factor) * self.size

    def advance(self):
        """Move z, and overwrite g by the next v."""
        from kernelstab._engines.imaging.wavelet_splitting_jit import advance_complex, advance_real

        act, real = advance_complex if self.complex else advance_real, self.real
        relaxation = 1.0 if self.moves < PLAIN else RELAXATION
        self.moves += 1
        act(self.z.view(real), self.g.view(real), self.total.view(real),
            real(relaxation * self.factor / self.c), real(relaxation),
            real(self.tau * self.problem.weight), self.w)
        self.length += 1

    def point(self):
        """Return p."""
        p = np.empty_like(self.z)
        self.reflect(p)
        p -= self.real(self.factor / self.c) * self.g
        return p

    def penalty(self, point):
        """Return the weight times the absolute sum of a point."""
        sizes = np.abs(point)
        sizes *= self.w
        return self.problem.weight * float(np.sum(sizes, dtype=float))

    def gap(self, penalty):
        """Return the relative gap of a point of that penalty and the best multiple of -r.

        Only a report judges for good.
        """
        problem, size, value = self.problem, self.size, -self.inner
        if self.largest is None:
            sizes = np.abs(self.g)
            sizes /= self.w
            self.largest = float(np.max(sizes))
            del sizes
        if self.largest == 0.0 or size == 0.0:
            return np.inf
        t = best_multiple(problem.kind, problem.parameter, problem.weight, value, size, self.largest)
        if problem.form == "lasso":
            objective, bound = penalty + 0.5 * self.rest**2, t * value - 0.5 * (t * size) ** 2
        else:
            objective, bound = penalty, t * (value - problem.parameter * size)
        return (objective - bound) / objective if objective > 0 else np.inf

    def mend(self, penalty):
        r"""Move r so that less of g exceeds its limit, and return the gap with a point of that penalty.

        Takes the excess off, divided by the share that the operator sees of its band, until the gap meets
        the tolerance. Then g and r are no longer those of z.
        """
        gap = self.gap(penalty)
        for _ in range(MENDS):
            if gap <= self.problem.tol or self.factor == 0.0:
                break
            limit = self.tau * self.c * self.problem.weight / self.factor
            self.shares = self.shares or seen(self.frame, self.sampling, self.z.dtype)
            clipped = np.empty_like(self.g)
            self.reflect(clipped, self.g, limit)
            self.g += clipped                    # twice the excess
            del clipped
            shaped = self.g.reshape(self.frame.image_shape)
            for band, share in self.shares:
                shaped[band] *= self.real(0.5 / share)
            self.frame.synthesise(self.g)
            back, self.size, self.inner = self.sampling.correlate(self.g, lessen=True)
            self.frame.analyse(back, self.g)
            del back
            self.largest = None
            gap = self.gap(penalty)
        return gap

    def shrunk(self):
        """Return x, which is sparse and need not meet a constraint."""
        x = np.empty_like(self.z)
        self.reflect(x)
        x += self.z
        x *= self.real(0.5)
        return x

    def again(self):
        """Find g and r of z, after a report or mending took their place."""
        self.g = np.empty_like(self.z)
        self.reflect(self.g)
        self.correlate()

    def report(self, monitor, done):
        """Let the monitor judge x, made feasible in double precision, and the direction -r; g is given up."""
        self.g = None
        x, Ax = self._feasible()
        dual = -self.sampling.residual().astype(Ax.dtype, copy=False)
        return monitor(done, x, Ax=Ax, dual=dual)

    def _feasible(self):
        """Return x in double precision times its weights, made to meet the constraint of qcbp, and Ax.

        Its objective is much closer to the least one than that of p.
        """
        system = self.parts.system
        picture = self.shrunk().astype(system.dtype, copy=False)
        self.frame.synthesise(picture)
        r = system.forward(picture)
        r -= system.y
        size, share = float(np.linalg.norm(r)), 0.0
        if self.problem.form == "qcbp" and size > 0:
            share = 1.0 - min(1.0, self.problem.parameter / size)
            change = system.adjoint(r)
            change *= share / self.c
            picture -= change
            del change
        out = np.empty_like(picture)
        self.frame.analyse(picture, out)
        plain = self.parts.weights.size == 1 and self.parts.weights[0] == 1.0
        return out if plain else out * self.parts.weights, system.y + (1.0 - share) * r

    def balanced(self, p):
        """Return the ratio of how far p and the dual point have moved since the last call.

        The move of the first steps, from zero to the size of an image, says nothing.
        """
        turned = self.sampling.travelled(self.factor / (np.sqrt(self.c) * self.tau))
        moved = 0.0 if self.reference is None else float(np.linalg.norm(p - self.reference))
        self.reference, self.next = p, max(self.next + APART, int(GROWTH * self.next))
        ratio = moved / turned if moved > 0 and turned > 0 else self.tau
        return min(max(ratio, self.tau / CHANGE), self.tau * CHANGE)

    def consider_average(self, gap):
        """Begin a new average where the last point alone makes progress."""
        self.gap_now = gap
        if gap <= DECREASE * self.first:
            self.first, self.length = gap, 0
            self.total[:] = 0.0

    def restart(self, done):
        """Go on from the average of the points since the last restart if it is good enough.

        Where the solution is sharp but the last points circle around it, the average closes in.
        It takes one step to judge it.
        """
        last = self.z
        self.z = self.total / self.real(self.length)
        self.reflect(self.g)
        self.correlate()
        p = self.point()
        gap, long = self.gap(self.penalty(p)), self.length >= LONGEST * done
        if gap < self.gap_now and (gap <= DECREASE * self.first or long):
            tau = self.balanced(p)
            self.reflect(self.g)
            self.rescale(tau)
        else:
            self.z = last
            self.reflect(self.g)
            if not long:
                return
        self.first, self.length = min(gap, self.gap_now), 0
        self.total[:] = 0.0

    def rescale(self, tau):
        """Change the step size between two steps: z = x + tau q keeps x and q."""
        ratio = tau / self.tau
        self.z *= self.real(0.5 + 0.5 * ratio)
        self.z += self.real(0.5 - 0.5 * ratio) * self.g
        self.tau = tau
        self.reflect(self.g)
        self.length = 0
        self.total[:] = 0.0
