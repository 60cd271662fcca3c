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

Memory in double precision, in images of two dimensions: s 2, the field of a bound 2 and the best one 2,
the image and the best one 2, a divergence and a spectrum 2, half an image of sampled data; in
single precision half as much, and the double of the best image.
"""

import numpy as np

from kernelstab.solvers.imaging._spectrum import Sampled
from kernelstab.solvers.imaging._tv_problem import POLISH, Bound
from kernelstab.solvers.imaging._tv_trend import Trend

RELAXATION = 1.9
ROUNDS = 6               # projections that polish a bound, at most;
SLOW, FAR = 0.8, 100.0   # fewer if one gains less than this share, or the gap is so many tolerances
FIRST = (2, 4, 7, 12)    # iterations after which the threshold is set to the mean variation
CHECK = 20               # iterations between two bounds
SINGLE, ROUNDING = 3e-5, 3e-6   # gap that single precision reaches, and by how much it may be wrong


class FourierSplitting:
    """The loop of one problem; ``run`` returns when the watch says so."""

    words = "splitting in the Fourier domain"

    def __init__(self, problem):
        self.problem, self.mu, self.done = problem, 1.0, 0
        self.best, self.figures, self.bound = None, (np.inf, 0.0), None
        self._enter(single=True)

    def run(self, start, dual, field, watch):
        """Iterate from an image and a field in units of the price (or None)."""
        s, x, t = self._begin(start, field)
        trend = Trend(self)
        if field is not None:
            self._polish(s, x, t)
        if not self._report(watch, x):
            t = self._iterate(s, x, t, trend, watch, field is None)
        del x
        self._enter(single=False)
        if not self._report(watch, self._doubled()):
            s = s.astype(self.problem.system.dtype)
            self._iterate(s, self.best, t, trend, watch, False)

    def measured(self, h):
        """Return values at the sampled places in the coordinates of y."""
        return self.sampled.measured(h)

    @property
    def objective(self) -> float:
        """The least objective so far."""
        return self.problem.objective(*self.figures)

    def _enter(self, single):
        """Take up one of the two precisions; double precision bounds anew what single has found."""
        problem, before = self.problem, self.bound
        self.sampled = Sampled(problem.system.source, problem.system.y, problem.spectrum.workers, single)
        self.number, dtype = self.sampled.number, self.sampled.dtype
        self.grid = problem.step, problem.joint
        problem.rounding = ROUNDING if single else 0.0
        self.field = problem.zeros(field=True, dtype=dtype)
        self.bound = Bound(0.0, np.zeros_like(self.sampled.data), np.zeros_like(self.field))
        if before is not None:
            self.field[:] = before.field
            self._bound(before.h, 1, 0.0)

    def _iterate(self, s, x, t, trend, watch, fresh):
        """Iterate until the watch says so or this precision has done its part; return the threshold."""
        from kernelstab.solvers.imaging._tv_jit import advance

        ratio, b = 1.0, np.empty_like(x)
        while True:
            advance(s, x, b, *self.grid, *map(self.number, (RELAXATION, t, ratio, 1.0)))
            t, ratio = t * ratio, 1.0
            self.done += 1
            x = self._image(b, t)
            if fresh and self.done in FIRST:
                ratio = self._mean(x) / t
            if self.done % CHECK == 0 or self.done >= watch.budget:
                self._polish(s, x, t)
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
        return max(self.problem.variation(x) / x.size, np.finfo(np.float32).tiny)

    def _begin(self, start, field):
        """Return the state, the image nearest to the start that fits, and the threshold."""
        from kernelstab.solvers.imaging._tv_jit import clip, correct

        problem, one = self.problem, self.number(1.0)
        s, x = np.zeros_like(self.field), start.reshape(problem.rows, problem.n).astype(self.field.dtype)
        b = np.empty_like(x)
        correct(s, x, *self.grid, one)
        clip(s, b, *self.grid, self.number(0.0), one)
        x = self._image(b, 1.0)
        t = self._mean(x)
        s[:] = 0.0 if field is None else t * field
        correct(s, x, *self.grid, one)
        return s, x, t

    def _doubled(self):
        """Return the best image in double precision, and forget how good it seemed in single."""
        x = self.best.astype(self.field.dtype)
        self.best, self.figures = None, (np.inf, 0.0)
        return self.sampled.project(x, self.problem.level if self.problem.form == "qcbp" else np.inf)

    def _report(self, watch, x):
        """Keep x if it is the best image so far, and let the watch judge it with the best bound."""
        problem = self.problem
        figures = problem.variation(x), self.sampled.norm(self.sampled.residual)
        if self.best is None or problem.objective(*figures) <= self.objective:
            self.best, self.figures = x, figures
        best = self.best.astype(problem.system.dtype, copy=False).ravel()
        return watch(self.done, best, image=self.figures, dual=self.bound)

    def _polish(self, s, x, t):
        """Look for a better bound near the dual field of the splitting."""
        from kernelstab.solvers.imaging._tv_jit import mismatch

        mismatch(s, x, self.field, *self.grid, self.number(t), self.number(1.0))
        guess = -self.mu / t * self.sampled.residual if self.sampled.a.size > 1 else None
        self._bound(guess, ROUNDS, POLISH)

    def _bound(self, h, rounds, relaxation):
        """Make the field feasible, in a few rounds if they help; keep its bound if it is the best so far.

        ``h`` is a guess of the dual point, which a subsampled transform does not need.
        """
        from kernelstab.solvers.imaging._tv_jit import clip, correct

        problem, sampled, p = self.problem, self.sampled, self.field
        b, value, wanted = np.empty(p.shape[1:], p.dtype), -np.inf, self.objective
        for _ in range(rounds):
            clip(p, b, *self.grid, self.number(relaxation), self.number(1.0))
            h, rest = sampled.share(b, h)
            peak, before = float(correct(p, rest, *self.grid, self.number(-1.0))), value
            multiple, value = problem.multiple(sampled.inner(h, sampled.data), sampled.norm(h), peak)
            gap, near = wanted - value, problem.tol * wanted
            if gap <= near or gap > FAR * near or gap > SLOW * (wanted - before):
                break
        if value > self.bound.value:
            p *= self.number(multiple)
            self.field, self.bound = self.bound.field, Bound(value, multiple * h, p)
