"""Total variation problems: the judgement of an image and a dual field, and its proof."""

from functools import cached_property

import numpy as np

from kernelstab._engines.duality_gap import EPSILON, relative, shortfall
from kernelstab._engines.imaging.spectrum import Spectrum
from kernelstab._engines.imaging.trend import POLISH, Bound
from kernelstab._engines.problem import Judged

NOISE = 32 * EPSILON   # share of the data that rounding may take from the image of a constant


class TVProblem:
    r"""One of two problems for one system, on images of one shape.

    ``qcbp``: :math:`TV(x)` subject to :math:`\|Ax-y\|\le` level; ``lasso``:
    :math:`\tfrac12\|Ax-y\|^2+` level :math:`TV(x)`. A field p has one component per axis,
    ``|p|`` is its size at a pixel (``joint``) or of each entry, and the dual constraint is
    :math:`D^*p=A^*h,\ |p|\le` price. While a loop computes in single precision, ``rounding`` is the
    share of the objective by which it may be wrong; gaps are larger by it.
    """

    def __init__(self, form, system, level, shape, joint, tol, workers=1):
        self.form, self.system, self.level, self.joint, self.tol = form, system, level, joint, tol
        self.shape, self.size = tuple(shape), float(np.linalg.norm(system.y))
        self.real = system.dtype.kind == "f"
        self.spectrum = Spectrum(self.shape, self.real, workers)
        self.rows, self.n = self.spectrum.outer.size, self.shape[-1]
        numbers = np.arange(self.rows).reshape(self.shape[:-1])
        following = [np.roll(numbers, -1, c).ravel() for c in range(numbers.ndim)]
        self.step = np.array(following, dtype=np.int64).reshape(numbers.ndim, self.rows)
        self.price = 1.0 if form == "qcbp" else level
        self.rounding = 0.0

    def zeros(self, *, field=False, dtype=None):
        """Return a zero image (rows, n), or a zero field (d, rows, n)."""
        shape = (len(self.shape), self.rows, self.n) if field else (self.rows, self.n)
        return np.zeros(shape, self.system.dtype if dtype is None else dtype)

    def variation(self, x) -> float:
        """Return the total variation of an image."""
        from kernelstab._engines.imaging.gradient_jit import total

        return float(total(x.reshape(self.rows, self.n), self.step, self.joint))

    def objective(self, variation, residual) -> float:
        """Return the objective from the total variation and the norm of the residual."""
        return variation if self.form == "qcbp" else 0.5 * residual**2 + self.level * variation

    def excess(self, residual) -> float:
        """Return by how much the constraint is missed."""
        return max(residual - self.level, 0.0) if self.form == "qcbp" else 0.0

    def multiple(self, inner, norm, peak):
        r"""Return the best t for which t h is feasible, and its dual value.

        ``inner`` is :math:`\mathrm{Re}\langle h,y\rangle`, ``norm`` :math:`\|h\|` and ``peak`` the
        largest size of a field whose adjoint is :math:`A^*h`.
        """
        limit = self.price / peak if peak > 0 else 0.0
        if self.form == "qcbp":
            t = limit if inner > self.level * norm else 0.0
            return t, t * (inner - self.level * norm)
        t = min(limit, max(inner, 0.0) / norm**2) if norm > 0 else 0.0
        return t, t * inner - 0.5 * (t * norm) ** 2

    def explains(self, variation, residual) -> bool:
        """Return whether an image is constant and leaves nothing of the data but rounding.

        It is then a solution for data that differ from ``y`` by that rounding, and neither the
        objective nor the gap has a digit that tells more.
        """
        return variation == 0.0 and residual <= NOISE * self.size

    def judge(self, x, *, image=None, dual=None, pulled=None) -> Judged:
        """Pair an image with a ``Bound``; ``image`` is ``(variation, residual)`` where known."""
        if image is None:
            residual = float(np.linalg.norm(self.system.forward(x.ravel()) - self.system.y))
            image = self.variation(x), residual
        objective, excess = self.objective(*image), self.excess(image[1])
        weight = float(np.linalg.norm(dual.h)) if excess > 0 else 0.0
        gap = (1.0 + self.rounding) * objective + weight * excess - dual.value
        share = 0.0 if self.explains(*image) else relative(gap, objective)
        return Judged(x, dual, objective, dual.value, gap, share, image[1], excess)

    def finished(self, judged) -> bool:
        """Return whether the point meets the tolerance; a gap well below zero is rounding, no proof."""
        return abs(judged.relative_gap) <= self.tol and self._shortfall(judged) <= self.tol

    def distance(self, judged) -> float:
        """Return how far the point is from finished; smaller is better."""
        return max(judged.relative_gap, self._shortfall(judged))

    def _shortfall(self, judged):
        if self.explains(judged.objective, judged.residual):
            return 0.0
        return shortfall(self.size, float(np.linalg.norm(judged.dual.h)), judged.feasibility,
                         judged.objective)

    def prove(self, h, field, rounds=1, goal=np.inf) -> Bound:
        r"""Make any h and any field feasible, and return the bound they prove.

        h loses its component along :math:`A\mathbf1`, so that :math:`A^*h` has mean zero and
        lies in the range of :math:`D^*`; the field becomes
        :math:`p+D(D^*D)^+(A^*h-D^*p)`, whose adjoint is :math:`A^*h`; both are scaled. The
        field is overwritten. More ``rounds``, until the bound reaches the goal, move the field
        into the unit balls and back to those of that adjoint in turn, so that less is left to scale.
        Cost: one product with A, one with its adjoint, one solve by fast transforms per round.
        """
        from kernelstab._engines.imaging.gradient_jit import clip, correct

        h, field = self._balanced(h), self.zeros(field=True) if field is None else field
        pulled, rest = self.system.adjoint(h).reshape(self.rows, self.n), self.zeros()
        inner, norm = float(np.vdot(h, self.system.y).real), float(np.linalg.norm(h))
        for k in range(rounds):
            clip(field, rest, self.step, self.joint, POLISH if k else 0.0, 1.0)
            np.subtract(pulled, rest, out=rest)
            peak = float(correct(field, self.spectrum.invert(rest), self.step, self.joint, 1.0))
            t, value = self.multiple(inner, norm, peak)
            if value >= goal:
                break
        field *= t
        return Bound(value, t * h, field)

    @cached_property
    def flat(self):
        r"""What A makes of the constant image 1; exactly zero where it is rounding."""
        system = self.system
        flat = system.forward(np.ones(self.rows * self.n, system.dtype))
        # ||A* y|| / ||y|| is at most the norm of A, and of its size for most data
        typical = float(np.linalg.norm(system.adjoint(system.y))) * np.sqrt(self.rows * self.n)
        return flat if np.linalg.norm(flat) * self.size > 1e-10 * typical else 0.0 * flat

    def _balanced(self, h):
        """Return the part of h that is orthogonal to ``flat``: zero if what is left is rounding."""
        flat, square = self.flat, float(np.vdot(self.flat, self.flat).real)
        if square == 0:
            return h
        once = h - flat * (np.vdot(flat, h) / square)
        twice = once - flat * (np.vdot(flat, once) / square)
        return twice if np.linalg.norm(twice) > 0.5 * np.linalg.norm(once) else 0.0 * h
