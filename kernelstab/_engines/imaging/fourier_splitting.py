r"""Analysis problems behind a subsampled Fourier transform or a blur: splitting on the entries of Wx.

Douglas-Rachford splitting, in other words the alternating direction method of multipliers, on
``z = Wx``, for frames whose ``W* W`` is diagonal in the Fourier basis: gradients, alone or with tight frames.
Its one state is the field ``s = z + t p``: z is s shrunk by the threshold t, p what
was shrunk away, divided by t. The x-step projects ``2z - s`` on the fields Wx of the
images that fit the data, every frequency by itself. So an iteration is one transform, one
inverse and one pass over s.

Four things make it fast. Steps are lengthened by 1.9. The threshold begins at the mean
size of the entries of Wx, and later moves towards the side, primal or dual, whose
bound has gained more lately. Of the images and of the bounds that were met the best are kept
apart. And bounds are polished: the field ``p' = (Wx - 2z + s)/t`` has an adjoint of the form
``A^H h`` by the x-step, but may be infeasible a little; alternating relaxed projections
on the two sets bring it back at the cost of an iteration each.

For total variation and wavelets the first stage computes in single precision, whose transforms take less
than half the time, to a gap of 3e-5 if that is not enough; the second in double precision, where the result
is judged.

Memory of total variation in single precision, in real double images of two dimensions a quarter of whose
frequencies are sampled: s 1, the field of a bound 1 and the best one 1, the image, a divergence (which the
next image is written over) and a spectrum 1.5, the best image 1, sampled data 1.5, a new best image or a
bound's values 0.5: under 8, also at the change to double precision, where s is let go. In double precision
s and both fields take 3 more, the three arrays of an iteration 1.5: under 12.
"""

import numpy as np

from kernelstab._engines.imaging.analysis_problem import POLISH, Bound, Method, Trend
from kernelstab._engines.imaging.spectrum import FourierFit
from kernelstab.operators import Blur, SubsampledFourier

RELAXATION = 1.9
ROUNDS = 6               # projections that polish a bound, at most;
SLOW, FAR = 0.8, 100.0   # fewer if one gains less than this share, or the gap is so many tolerances
FIRST = (2, 4, 7, 12)    # iterations after which the threshold is set to that mean
CHECK = 20               # iterations between two bounds
CALM = 100.0             # moves of the threshold until they are gentle: if sooner, images stall near 1e-6
SINGLE, ROUNDING = 3e-5, 3e-6   # gap that single precision reaches, and by how much it may be wrong
TINY = float(np.finfo(np.float32).tiny)


class FourierSplitting(Method):
    """The iteration for one problem; ``run`` returns when the monitor says so."""

    words, polish, rounds, far = "splitting in the Fourier domain", POLISH, ROUNDS, FAR

    def __init__(self, problem):
        system = problem.system
        self.frame, self.mu, self.done, self.field = problem.frame, 1.0, 0, None
        self.sampled = self._sampled(system)
        self.radius = problem.parameter if problem.form == "qcbp" else None
        self.measured = self.sampled.measured
        super().__init__(problem, Bound(0.0, np.zeros_like(self.sampled.data), None))

    @staticmethod
    def fits(problem, A) -> bool:
        """Return whether the x-step of a problem has a closed form."""
        if not (type(A) is SubsampledFourier or (type(A) is Blur and problem.parameter > 0)):
            return False
        gradient, gram = problem.frame.gradient, problem.frame.gram
        return gram == "fourier" and A.image_shape == gradient.shape and problem.system.dtype == A.dtype

    def _sampled(self, system):
        return FourierFit(system.source, system.y, *self.frame.symbol, self.frame.spectrum.workers,
                          single=self.frame.annihilates)

    def run(self, start, dual, field, monitor):
        """Iterate from an image and a field in units of the weight (or None for either)."""
        self.problem.rounding = ROUNDING if self.sampled.number is np.float32 else 0.0
        s, x, t = self._begin(start, field)
        trend = Trend(self, CALM)
        if field is not None:
            self._polish(s, x, np.empty_like(x), t)
        if not self._judge(monitor, x):
            t = self._iterate(s, x, t, trend, monitor, field is None)
        if self.sampled.number is np.float64:
            return
        del x
        if self.problem.tol >= SINGLE:      # most likely done
            del s
        self._double()
        monitor.best = None     # only what is judged in double precision is an answer
        if self._judge(monitor, self._best_doubled()):
            return
        if self.problem.tol >= SINGLE:
            self._iterate(*self._begin(self.best, self.bound.field), trend, monitor, False)
        else:
            s = s.astype(self.sampled.dtype)
            self._iterate(s, self.best, t, trend, monitor, False)

    def _double(self):
        """Go on in double precision: bound anew what single has found."""
        self.problem.rounding, self.field = 0.0, None
        self.sampled.set_precision(single=False)
        before, self.bound = self.bound, Bound(0.0, np.zeros_like(self.bound.h), None)
        if before.field is not None:
            self.field = before.field.astype(self.sampled.dtype)
            self._bound(before.h, np.empty_like(self.best, self.sampled.dtype), 1, 0.0)

    def _iterate(self, s, x, t, trend, monitor, fresh):
        """Iterate until the monitor says so or this precision has done its part; return the threshold."""
        ratio, b = 1.0, np.empty_like(x)
        while True:
            self.frame.advance(s, x, b, RELAXATION, t, ratio)
            t, ratio = t * ratio, 1.0
            self.done += 1
            before, x = x, self._image(b, t)
            if x is b:
                b = np.empty_like(x) if before is self.best else before
            del before
            if fresh and self.done in FIRST:
                ratio = self._mean(x) / t
            if self.done % CHECK == 0 or self.done >= monitor.budget:
                self._polish(s, x, b, t)
                if self._judge(monitor, x) or self.single_is_done(monitor):
                    return t
                ratio = trend.ratio()

    def single_is_done(self, monitor) -> bool:
        """Return whether single precision has done its part."""
        return self.sampled.number is np.float32 and monitor.last.relative_gap <= SINGLE

    def _image(self, b, t):
        """Take the x-step."""
        mu = t / self.problem.parameter if self.radius is None else self.mu
        x, self.mu = self.sampled.fit(b, mu, self.radius)
        return x

    def _mean(self, x):
        return max(self.frame.total(x) / x.size, TINY)

    def _begin(self, start, field):
        """Return the state, an image that fits, and the threshold."""
        frame, kind = self.frame, self.sampled.dtype
        s, b = np.zeros(frame.count, kind), np.zeros(self.sampled.layout, kind)
        x, self.mu = self.sampled.fit(b, self.mu, self.radius)
        t = self._mean(x)
        if start is None or self._mean(start) == TINY:
            frame.correct(s, x, 1.0)
            return s, x, t
        t, x = self._mean(start), start.reshape(b.shape).astype(kind)
        if field is not None:
            field = t * field.astype(kind)
            s -= field
        frame.correct(s, x, 1.0)
        b = np.empty_like(b)
        frame.project(s, None, b, 0.0, 0.0)     # the adjoint of 2z - s, where z = Wx
        if field is not None:
            field *= 2.0
            s += field
        return s, self._image(b, t), t

    def _best_doubled(self):
        """Return a copy of the best image, and forget how good it seemed in single precision."""
        x, self.best, self.figures = self.best.copy(), None, (np.inf, 0.0)
        return self.sampled.project(x, np.inf if self.radius is None else self.radius)

    def _judge(self, monitor, x):
        """Report x with its figures."""
        return self.report(monitor, self.done, x,
                           (self.frame.total(x), self.sampled.norm(self.sampled.residual)))

    def _polish(self, s, x, b, t):
        """Look for a better bound near the dual field of the splitting; b is overwritten."""
        if self.field is None:
            self.field = np.empty_like(s)
        self.frame.mismatch(s, x, self.field, t)
        guess = -self.mu / t * self.sampled.residual if self.sampled.a.size > 1 else None
        self._bound(guess, b, self.rounds, self.polish)

    def _bound(self, h, b, rounds, relaxation):
        """Make the field feasible, in a few rounds if they help; keep its bound if it is the best so far.

        ``h`` is a guess of the dual point, which a subsampled transform does not need.
        """
        problem, sampled, p = self.problem, self.sampled, self.field
        value, wanted = -np.inf, self.cost(self.figures)
        for _ in range(rounds):
            self.frame.project(p, None, b, 0.0, relaxation)
            h, rest = sampled.share(b, h)
            largest, before, length = self.frame.correct(p, rest, -1.0), value, sampled.norm(h)
            del rest
            multiple, value = problem.multiple(sampled.inner(h, sampled.data), length, largest)
            gap, near = wanted - value, problem.tol * wanted
            if gap <= near or gap > self.far * near or gap > SLOW * (wanted - before):
                break
        if value > self.bound.value:
            p *= sampled.number(multiple)
            self.field, self.bound = self.bound.field, Bound(value, multiple * h, p, multiple * length)
