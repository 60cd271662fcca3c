r"""Total variation behind a subsampled Fourier transform or a blur: splitting on the differences.

Douglas-Rachford splitting, in other words the alternating direction method of multipliers, on
``z = Dx``. Its one state is the field ``s = z + t p``: z is s shrunk by the threshold t, p what
was shrunk away, divided by t. The x-step projects ``2z - s`` on the differences of the
images that fit the data, every frequency by itself. So an iteration is one transform, one
inverse and one pass over s.

Four things make it fast. Steps are lengthened by 1.9. The threshold begins at the mean
variation of the image, and later moves towards the side, primal or dual, whose
bound has gained more lately. Of the images and of the bounds that were met the best are kept
apart. And bounds are polished: the field ``p' = (Dx - 2z + s)/t`` has an adjoint of the form
``A^H h`` by the x-step, but may exceed the unit balls a little; alternating relaxed projections
on the two sets bring it back at the cost of an iteration each.

The first stage computes in single precision, whose transforms take less than half the time, to a
gap of 3e-5 if that is not enough; the second in double precision, where the result is judged.

Memory in single precision, in real double images of two dimensions a quarter of whose frequencies are
sampled: s 1, the field of a bound 1 and the best one 1, the image, a divergence (which the next image is
written over) and a spectrum 1.5, the best image 1, sampled data 1.5, a new best image or a bound's values
0.5: under 8, also at the change to double precision, where s is let go. In double precision s and
both fields take 3 more, the three arrays of an iteration 1.5: under 12.
"""

import numpy as np

from kernelstab._engines.imaging.spectrum import Sampled
from kernelstab._engines.imaging.trend import POLISH, Bound, Trend

RELAXATION = 1.9
ROUNDS = 6               # projections that polish a bound, at most;
SLOW, FAR = 0.8, 100.0   # fewer if one gains less than this share, or the gap is so many tolerances
FIRST = (2, 4, 7, 12)    # iterations after which the threshold is set to the mean variation
CHECK = 20               # iterations between two bounds
SINGLE, ROUNDING = 3e-5, 3e-6   # gap that single precision reaches, and by how much it may be wrong
TINY = float(np.finfo(np.float32).tiny)


class FourierSplitting:
    """The loop of one problem; ``run`` returns when the watch says so."""

    words = "splitting in the Fourier domain"

    def __init__(self, problem):
        self.problem, self.grid, self.mu, self.done = problem, (problem.step, problem.joint), 1.0, 0
        system = problem.system
        self.sampled = Sampled(system.source, system.y, problem.spectrum.workers, single=True)
        self.best, self.figures, self.field = None, (np.inf, 0.0), None
        self.bound = Bound(0.0, np.zeros_like(self.sampled.data), None)

    def run(self, start, dual, field, watch):
        """Iterate from an image and a field in units of the price (or None for either)."""
        self.problem.rounding = ROUNDING
        s, x, t = self._begin(start, field)
        trend = Trend(self)
        if field is not None:
            self._polish(s, x, np.empty_like(x), t)
        if not self._report(watch, x):
            t = self._iterate(s, x, t, trend, watch, field is None)
        del x
        if self.problem.tol >= SINGLE:      # most likely done
            del s
        self._double()
        if self._report(watch, self._best_doubled()):
            return
        if self.problem.tol >= SINGLE:
            self._iterate(*self._begin(self.best, self.bound.field), trend, watch, False)
        else:
            s = s.astype(self.sampled.dtype)
            self._iterate(s, self.best, t, trend, watch, False)

    def measured(self, h):
        """Return values at the sampled places in the coordinates of y."""
        return self.sampled.measured(h)

    @property
    def objective(self) -> float:
        """The least objective so far."""
        return self.problem.objective(*self.figures)

    @property
    def number(self):
        """The type of the numbers that the loop computes with."""
        return self.sampled.number

    def _double(self):
        """Go on in double precision: bound anew what single has found."""
        self.problem.rounding, self.field = 0.0, None
        self.sampled.set_precision(single=False)
        before, self.bound = self.bound, Bound(0.0, np.zeros_like(self.bound.h), None)
        if before.field is not None:
            self.field = before.field.astype(self.sampled.dtype)
            self._bound(before.h, np.empty(self.field.shape[1:], self.field.dtype), 1, 0.0)

    def _iterate(self, s, x, t, trend, watch, fresh):
        """Iterate until the watch says so or this precision has done its part; return the threshold."""
        from kernelstab._engines.imaging.gradient_jit import advance

        ratio, b = 1.0, np.empty_like(x)
        while True:
            advance(s, x, b, *self.grid, *map(self.number, (RELAXATION, t, ratio, 1.0)))
            t, ratio = t * ratio, 1.0
            self.done += 1
            before, x = x, self._image(b, t)
            if x is b:
                b = np.empty_like(x) if before is self.best else before
            del before
            if fresh and self.done in FIRST:
                ratio = self._mean(x) / t
            if self.done % CHECK == 0 or self.done >= watch.budget:
                self._polish(s, x, b, t)
                finished = self._report(watch, x)
                if finished or (self.number is np.float32 and watch.last.relative_gap <= SINGLE):
                    return t
                ratio = trend.ratio()

    def _image(self, b, t):
        """Take the x-step."""
        problem = self.problem
        if problem.form == "qcbp":
            x, self.mu = self.sampled.fit(b, self.mu, problem.level)
        else:
            x, self.mu = self.sampled.fit(b, t / problem.level)
        return x

    def _mean(self, x):
        return max(self.problem.variation(x) / x.size, TINY)

    def _begin(self, start, field):
        """Return the state, an image that fits, and the threshold."""
        from kernelstab._engines.imaging.gradient_jit import clip, correct

        problem, one = self.problem, self.number(1.0)
        s, b = (problem.zeros(field=kind, dtype=self.sampled.dtype) for kind in (True, False))
        radius = problem.level if problem.form == "qcbp" else None
        x, self.mu = self.sampled.fit(b, self.mu, radius)
        t = self._mean(x)
        if start is None or self._mean(start) == TINY:
            correct(s, x, *self.grid, one)
            return s, x, t
        t, x = self._mean(start), start.reshape(b.shape).astype(b.dtype)
        s -= 0.0 if field is None else t * field.astype(s.dtype)
        correct(s, x, *self.grid, one)
        clip(s, b, *self.grid, self.number(0.0), one)     # the adjoint of 2z - s, where z = Dx
        s += 0.0 if field is None else 2.0 * t * field.astype(s.dtype)
        return s, self._image(b, t), t

    def _best_doubled(self):
        """Return a copy of the best image, and forget how good it seemed in single precision."""
        x, self.best, self.figures = self.best.copy(), None, (np.inf, 0.0)
        return self.sampled.project(x, self.problem.level if self.problem.form == "qcbp" else np.inf)

    def _report(self, watch, x):
        """Keep x if it is the best image so far, and let the watch judge it with the best bound."""
        problem = self.problem
        figures = problem.variation(x), self.sampled.norm(self.sampled.residual)
        if self.best is None or problem.objective(*figures) <= self.objective:
            self.best, self.figures = x.astype(problem.system.dtype, copy=False), figures
        return watch(self.done, self.best.ravel(), image=self.figures, dual=self.bound)

    def _polish(self, s, x, b, t):
        """Look for a better bound near the dual field of the splitting; b is overwritten."""
        from kernelstab._engines.imaging.gradient_jit import mismatch

        if self.field is None:
            self.field = np.empty_like(s)
        mismatch(s, x, self.field, *self.grid, self.number(t), self.number(1.0))
        guess = -self.mu / t * self.sampled.residual if self.sampled.a.size > 1 else None
        self._bound(guess, b, ROUNDS, POLISH)

    def _bound(self, h, b, rounds, relaxation):
        """Make the field feasible, in a few rounds if they help; keep its bound if it is the best so far.

        ``h`` is a guess of the dual point, which a subsampled transform does not need.
        """
        from kernelstab._engines.imaging.gradient_jit import clip, correct

        problem, sampled, p = self.problem, self.sampled, self.field
        value, wanted = -np.inf, self.objective
        for _ in range(rounds):
            clip(p, b, *self.grid, self.number(relaxation), self.number(1.0))
            h, rest = sampled.share(b, h)
            peak, before = float(correct(p, rest, *self.grid, self.number(-1.0))), value
            del rest
            multiple, value = problem.multiple(sampled.inner(h, sampled.data), sampled.norm(h), peak)
            gap, near = wanted - value, problem.tol * wanted
            if gap <= near or gap > FAR * near or gap > SLOW * (wanted - before):
                break
        if value > self.bound.value:
            p *= self.number(multiple)
            self.field, self.bound = self.bound.field, Bound(value, multiple * h, p)
