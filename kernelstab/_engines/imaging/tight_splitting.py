r"""Sparse analysis by tight frames, W* W = cI: the splitting of ``fourier_splitting`` with steps of its own.

The x-step is closed for every operator with :math:`AA^*=cI` as well. Where W is a wavelet analysis this is
Douglas-Rachford splitting on the coefficients, and it is what ``wavelet_qcbp`` runs. Three things differ:

The point that is judged is :math:`W^*z`, moved to the data: z is sparse, so that its objective is much closer
to the least one than that of x. The threshold is the ratio of how far x and the dual field have moved.
Where the last points only circle around a solution, as with exact data, their average closes in: it is judged
now and then, and the iteration restarts from it when its gap is small.
"""

import numpy as np

from kernelstab._engines.imaging.fourier_splitting import TINY, FourierSplitting
from kernelstab._engines.imaging.frames import clipped
from kernelstab._engines.imaging.spectrum import FourierFit
from kernelstab.operators import Blur, SubsampledFourier

START, SHARE = 0.7, 0.9   # first threshold, as a multiple of what this share of all entries stays below;
LEAST = 0.05       # and of the typical entry, at least
RELAXATION, PLAIN = 1.8, 2     # and first steps without: after them the data are met, and nothing swings
CHECK = 8          # iterations between two bounds
TURN = 8           # iterations until the threshold is set;
GROWTH, APART = 1.5, 5      # again at GROWTH times as many, and this many more at least
CHANGE = 5.0       # largest factor between two thresholds
AVERAGE = 40       # iterations that an average is taken over at least
DECREASE = 0.5     # a gap that has fallen by this factor is progress
LONGEST = 0.36     # an average over this share of all iterations ends in any case


class TightSplitting(FourierSplitting):
    """The iteration for one problem; ``run`` returns when the monitor says so."""

    # dual points fill about a third of the space: longer steps reach further; polished only near the end
    polish, rounds, far = 3.0, 3, 6.0

    def __init__(self, problem):
        self.fourier = _is_fourier(problem, problem.system.source)
        self.words = FourierSplitting.words if self.fourier else "splitting"
        super().__init__(problem)
        self.next, self.reference = TURN, None

    @staticmethod
    def fits(problem, A) -> bool:
        """Return whether the x-step of a problem has a closed form."""
        tight = problem.system.tight is not None
        return problem.frame.gram == "scalar" and (tight or _is_fourier(problem, A))

    def _sampled(self, system):
        if not self.fourier:
            return TightFit(system, self.frame.scalar)
        return FourierFit(system.source, system.y, *self.frame.symbol,
                          single=all(block.wavelet for block in self.frame.blocks))

    def _iterate(self, s, x, t, trend, monitor, fresh):
        # of the last points the average is judged too: the iteration restarts from it where it is better
        ratio, x, b, first = 1.0, x.copy(), np.empty_like(x), np.inf
        total, count = np.zeros_like(s), 0
        while True:
            self.frame.advance(s, x, b, 1.0 if self.done < PLAIN else RELAXATION, t, ratio)
            t, ratio = t * ratio, 1.0
            self.done += 1
            x, b = self._image(b, t), x
            total += s
            count += 1
            if self.done % CHECK == 0 or self.done >= monitor.budget:
                if self._look(s, x, t, monitor) or self.single_is_done(monitor):
                    return t
                if count >= AVERAGE:
                    gap, long = self._gap(), count >= LONGEST * self.done
                    total /= count
                    self.frame.advance(total, x, b, 0.0, t, 1.0)     # b becomes what the x-step starts from
                    b = self._image(b, t)
                    if self._look(total, b, t, monitor):
                        return t
                    good = self._gap() <= DECREASE * first or (long and self._gap() < gap)
                    if good:
                        s[:], x, b = total, b, x
                    total *= count
                    if good or long:
                        first, count = self._gap(), 0
                        total[:] = 0.0
            if self.done == self.next:
                ratio, count = self._ratio(s, x, t), 0
                total[:] = 0.0

    def _mean(self, x):
        """Return a threshold that leaves a tenth of the entries of Wx."""
        sizes = np.abs(self.frame.blocks[0].forward(x))
        typical, place = float(np.linalg.norm(sizes)) / np.sqrt(sizes.size), int(SHARE * sizes.size)
        sizes.partition(place)
        return max(START * float(sizes[place]), LEAST * typical, TINY)

    def _gap(self):
        return self.cost(self.figures) - self.bound.value

    def _look(self, s, x, t, monitor):
        """Look for a better bound and a better image near a state; return whether to stop."""
        self._polish(s, x, np.empty_like(x), t)
        if self.sampled.a.size > 1:     # a blur: what an image misses is paid for
            return self._judge(monitor, x.copy())
        z = s.copy()
        for here, w in self.frame.pieces(s):
            z[here] -= clipped(z[here], t * w)
        z = self.frame.adjoint(z).reshape(x.shape)
        z /= self.frame.scalar
        return self._judge(monitor, self.sampled.project(z, np.inf if self.radius is None else self.radius))

    def _ratio(self, s, x, t):
        """Return by how much to change the threshold: the move of x over that of its dual field."""
        p, ratio = np.empty_like(s), 1.0
        self.frame.mismatch(s, x, p, t)
        if self.reference is not None:
            moved = float(np.linalg.norm(x - self.reference[0])) * np.sqrt(self.frame.scalar)
            turned = float(np.linalg.norm(p - self.reference[1]))
            ratio = moved / (turned * t) if moved > 0.0 and turned > 0.0 else 1.0
        self.reference, self.next = (x.copy(), p), max(self.next + APART, int(GROWTH * self.next))
        return float(min(max(ratio, 1.0 / CHANGE), CHANGE))


def _is_fourier(problem, A):
    fits = type(A) is SubsampledFourier or (type(A) is Blur and problem.parameter > 0)
    return fits and problem.system.dtype == A.dtype


class TightFit:
    r"""The x-step, as of ``FourierFit``, for any operator with :math:`AA^*=cI`: two products."""

    number = np.float64

    def __init__(self, system, scale):
        self.system, self.scale, self.c = system, scale, system.tight
        self.dtype, self.data, self.residual = system.dtype, system.y, system.y
        self.a, self.layout = np.ones(1), (1, system.shape[1])
        self.measured, self.norm = np.asarray, np.linalg.norm

    def fit(self, b, mu, radius=None):
        """As ``FourierFit.fit``; b is left as it is."""
        x = b.ravel() / self.scale
        r = self.system.forward(x)
        r -= self.data
        size = self.norm(r)
        if radius is None:
            share = self.scale / (self.scale + mu * self.c)
        else:
            share = min(1.0, radius / size) if size > 0.0 else 1.0
            mu = self.scale / self.c * (1.0 / share - 1.0) if share > 0.0 else np.inf
        change = self.system.adjoint(r)
        change *= (1.0 - share) / self.c
        x -= change
        self.residual = share * r
        return x.reshape(b.shape), mu

    def project(self, x, radius):
        """Return the image nearest to x with a residual of at most ``radius``, and note its residual."""
        return self.fit(self.scale * x, 0.0, radius)[0]

    def share(self, b, h):
        """Split b = W*p into A*h and a rest; return h and the rest over ``scale``."""
        h = self.system.forward(b.ravel()) / self.c
        return h, (b.ravel() - self.system.adjoint(h)) / self.scale

    @staticmethod
    def inner(u, v) -> float:
        """Return the real inner product."""
        return float(np.vdot(u, v).real)
