"""The analysis problems, and the judgement of a point: its duality gap."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kernelstab._engines.duality_gap import relative, shortfall
from kernelstab._engines.imaging.frames import Frame
from kernelstab._engines.linear_system import System
from kernelstab._engines.problem import Judged


@dataclass(frozen=True, eq=False)
class AnalysisProblem:
    r"""Minimise :math:`\|w\cdot Wx\|_1` subject to :math:`\|Ax-y\|\le level` ("qcbp"), or
    :math:`\tfrac12\|Ax-y\|^2+level\cdot\|w\cdot Wx\|_1` ("lasso").

    ``weights`` holds one positive number per place of the frame, or a single one for all.
    """

    form: str
    system: System
    frame: Frame
    weights: np.ndarray
    level: float
    tol: float

    @cached_property
    def correlation(self) -> np.ndarray:
        """``A^H y``."""
        return self.system.adjoint(self.system.y)

    @cached_property
    def size(self) -> float:
        """``||y||``."""
        return float(np.linalg.norm(self.system.y))

    @property
    def zero_is_optimal(self) -> bool:
        """Whether zero is known to be a solution, by its own judgement."""
        if self.form == "qcbp" and self.level >= self.size:
            return True
        zero = self.judge(0 * self.correlation, image=0 * self.system.y, dual=self.system.y)
        return zero.gap <= 0.0 and zero.feasibility == 0.0

    @property
    def price(self) -> float:
        """What one unit of the weighted sum costs."""
        return 1.0 if self.form == "qcbp" else self.level

    def judge(self, x, *, image=None, dual=None, pulled=None) -> Judged:
        r"""Judge ``x`` with the dual point (p, h) made of the fields ``pulled`` and ``dual``.

        The dual constraints are :math:`W^*p=A^*h` and :math:`|p_i|\le price\cdot w_i`. The field is
        repaired to :math:`p+W(W^*W)^{-1}(A^*h-W^*p)` and both are scaled. The e that is left in
        :math:`W^*p=A^*h-e` is measured and paid: a minimiser z has
        :math:`\|z\|\le\|Wz\|_1/\sqrt{lower}\le f(z)/(price\,\min w\,\sqrt{lower})`, hence

        .. math:: f(z)\ge v-\|e\|\|z\|,\qquad
            f(z)\ge\frac{v}{1+\|e\|/(price\,\min w\,\sqrt{lower})}

        with the value v that the dual point would have if e were 0.
        """
        system, frame, w = self.system, self.frame, self.weights
        r = system.y - (system.forward(x) if image is None else image)
        h = r if dual is None else dual
        back = system.adjoint(h)
        p = np.zeros(frame.rows, back.dtype) if pulled is None else pulled
        p = p + frame.forward(frame.solve(back - frame.adjoint(p)))
        rest = back - frame.adjoint(p)
        size, length = float(np.linalg.norm(r)), float(np.linalg.norm(h))
        field = frame.forward(x)
        mass = self.price * float(np.sum(w * frame.sizes(field)))
        objective = mass + (0.5 * size * size if self.form == "lasso" else 0.0)
        peak = float(np.max(frame.sizes(p) / w))
        value = float(np.vdot(h, system.y).real)
        t = self._multiple(value, length, peak)
        excess = max(size - self.level, 0.0) if self.form == "qcbp" else 0.0
        slack = mass - t * float((np.vdot(field, p) + np.vdot(x, rest)).real)
        inner = float(np.vdot(h, r).real)
        if self.form == "qcbp":
            slack += t * (length * max(self.level, size) - inner)
        else:
            slack += 0.5 * float(np.linalg.norm(r - t * h)) ** 2
        bound = objective + t * length * excess - slack
        doubt = t * float(np.linalg.norm(rest)) / (self.price * float(np.min(w)) * np.sqrt(frame.lower))
        gap = slack + max(bound, 0.0) * doubt / (1.0 + doubt)
        return Judged(x, t * h, objective, objective + t * length * excess - gap, gap,
                      relative(gap, objective), size, excess)

    def _multiple(self, value, length, peak):
        """Return the t that makes (p, h) feasible and its value largest."""
        if value <= (self.level * length if self.form == "qcbp" else 0.0):
            return 0.0
        limit = self.price / peak if peak > 0 else np.inf
        if self.form == "lasso":
            return min(value / (length * length), limit)
        return limit if limit < np.inf else 0.0

    def finished(self, judged: Judged) -> bool:
        """Return whether the point meets the tolerance."""
        return self.distance(judged) <= self.tol

    def distance(self, judged: Judged) -> float:
        """Return how far the point is from finished; smaller is better."""
        length = float(np.linalg.norm(judged.dual))
        return max(judged.relative_gap, shortfall(self.size, length, judged.feasibility, judged.objective))
