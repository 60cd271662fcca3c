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

Memory, in images of two dimensions: s 2, the field of a bound 2 and the best one 2, the image and
the best one 2, a divergence and a spectrum 2; fields of bounds are in single precision, and
count half, if the tolerance is 1e-5 or more: then 8 images, else 10, and half an image of
sampled data.
"""

import numpy as np

from kernelstab.solvers.imaging._spectrum import Sampled
from kernelstab.solvers.imaging._tv_problem import POLISH, Bound
from kernelstab.solvers.imaging._tv_trend import Trend

RELAXATION = 1.9
ROUNDS = 6               # at most so many of them
FIRST = (2, 4, 7, 12)    # iterations after which the threshold is set to the mean variation
CHECK = 20               # iterations between two bounds
SLOW, FAR = 0.8, 100.0   # fewer if one gains less than this share, or the gap is so many tolerances
SINGLE = 2.5e-5          # from this tolerance on, bounds are sought in single precision


class FourierSplitting:
    """The loop of one problem; ``run`` returns when the watch says so."""

    words = "splitting in the Fourier domain"

    def __init__(self, problem):
        self.problem = problem
        self.sampled = Sampled(problem.system.source, problem.system.y, problem.spectrum.workers)
        single = np.float32 if problem.real else np.complex64
        kind = single if problem.tol >= SINGLE else problem.system.dtype
        self.field = problem.zeros(field=True, dtype=kind)
        self.bound = Bound(0.0, np.zeros_like(self.sampled.data), np.zeros_like(self.field))
        self.best, self.figures = None, (np.inf, 0.0)
        self.mu = 1.0

    def measured(self, h):
        """Return values at the sampled places in the coordinates of y."""
        return self.sampled.measured(h)

    def _image(self, b, t):
        """Take the x-step."""
        problem = self.problem
        if problem.form == "qcbp":
            x, self.mu = self.sampled.fit(b, self.mu, problem.level)
        else:
            x, self.mu = self.sampled.fit(b, t / problem.level)
        return x

    def run(self, start, dual, field, watch):
        """Iterate from an image and a field in units of the price (or None)."""
        from kernelstab.solvers.imaging._tv_jit import advance

        problem = self.problem
        s, b, x, t = self._begin(start, field)
        self._report(watch, 0, x)
        grid, ratio, done = (problem.step, problem.joint), 1.0, 0
        finished, trend = watch.finished, Trend(self)
        while not finished:
            advance(s, x, b, *grid, RELAXATION, t, ratio)
            t, ratio, done = t * ratio, 1.0, done + 1
            x = None
            x = self._image(b, t)
            if done in FIRST and field is None:
                ratio = self._mean(x) / t
            if done % CHECK == 0 or done == watch.budget:
                self._polish(s, x, b, t)
                finished = self._report(watch, done, x)
                ratio = trend.ratio()

    @property
    def objective(self) -> float:
        """The least objective so far."""
        return self.problem.objective(*self.figures)

    def _mean(self, x):
        return max(self.problem.variation(x) / x.size, np.finfo(float).tiny)

    def _begin(self, start, field):
        from kernelstab.solvers.imaging._tv_jit import clip, correct

        problem = self.problem
        s, b = problem.zeros(field=True), problem.zeros()
        correct(s, start.reshape(b.shape), problem.step, problem.joint, 1.0)
        clip(s, b, problem.step, problem.joint, 0.0)
        x = self._image(b, 1.0)
        t = self._mean(x)
        s[:] = 0.0 if field is None else t * field
        correct(s, x, problem.step, problem.joint, 1.0)
        return s, b, x, t

    def _report(self, watch, done, x):
        """Keep x if it is the best image so far, and let the watch judge it with the best bound."""
        problem = self.problem
        figures = problem.variation(x), self.sampled.norm(self.sampled.residual)
        if self.best is None or problem.objective(*figures) <= self.objective:
            self.best, self.figures = x, figures
        return watch(done, self.best.ravel(), image=self.figures, dual=self.bound)

    def _polish(self, s, x, b, t):
        """Find a bound near the dual field of the splitting, and keep it if it is the best so far."""
        from kernelstab.solvers.imaging._tv_jit import clip, correct, mismatch

        problem, sampled, p = self.problem, self.sampled, self.field
        grid, wanted = (problem.step, problem.joint), self.objective
        mismatch(s, x, p, *grid, t)
        h = -self.mu / t * sampled.residual if sampled.a.size > 1 else None
        b, value = b.astype(p.dtype, copy=False), -np.inf
        for _ in range(ROUNDS):
            clip(p, b, *grid, POLISH)
            h, rest = sampled.share(b, h)
            peak, before = float(correct(p, rest, *grid, -1.0)), value
            multiple, value = problem.multiple(sampled.inner(h, sampled.data), sampled.norm(h), peak)
            gap, near = wanted - value, problem.tol * wanted
            if gap <= near or gap > FAR * near or gap > SLOW * (wanted - before):
                break
        if value > self.bound.value:
            p *= multiple
            self.field, self.bound = self.bound.field, Bound(value, multiple * h, p)
