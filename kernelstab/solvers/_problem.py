"""The three convex problems, and the one judgement of a point: its duality gap."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from kernelstab.solvers._system import System
from kernelstab.solvers.solution import relative

NAMES = {"lasso": "lasso", "qcbp": "qcbp", "sqrt-lasso": "square-root lasso"}
EPSILON = float(np.finfo(float).eps)
HEARD = 1e-12    # a share of rounding below this is left out of account


class Judged(NamedTuple):
    """A point, a dual point that is feasible up to rounding, and what the two prove."""

    x: np.ndarray
    dual: np.ndarray
    objective: float
    dual_objective: float
    gap: float
    relative_gap: float
    residual: float
    feasibility: float


class Problem:
    r"""One of three problems for one system.

    =============== ================================================== ================
    form            minimise                                           ``level``
    =============== ================================================== ================
    ``lasso``       :math:`\tfrac12\|Ax-y\|^2+\lambda\|x\|_1`          :math:`\lambda`
    ``qcbp``        :math:`\|x\|_1` subject to :math:`\|Ax-y\|\le\eta` :math:`\eta`
    ``sqrt-lasso``  :math:`\lambda\|x\|_1+\|Ax-y\|`                    :math:`\lambda`
    =============== ================================================== ================

    With ``nonneg`` (real problems only) the minimum is over :math:`x\ge0`. ``correlation`` is
    :math:`A^*y`, ``peak`` its largest modulus (or entry), ``size`` the norm of :math:`y`, and
    ``column`` the norm that the longest column has at least, by the products seen so far: an entry of
    :math:`A^*u` cannot be trusted below the rounding of ``column * ||u||``, nor an entry of :math:`Ax`
    below that of ``column * ||x||_1``.
    """

    box: tuple | None = None   # bounds on the entries, see ``BoxProblem``

    def __init__(self, form: str, system: System, level: float, tol: float, nonneg: bool = False):
        self.form, self.system, self.level, self.tol, self.nonneg = form, system, level, tol, nonneg
        self.price = 1.0 if form == "qcbp" else level   # of the absolute sum: |A^H h| <= price
        with np.errstate(invalid="ignore", over="ignore"):   # what is not finite is named in words later
            self.correlation = system.adjoint(system.y)
            self.peak, self.size = self._peak(self.correlation), norm(system.y)
        self.column = self.peak / self.size if 0.0 < self.peak < np.inf and self.size > 0.0 else 0.0

    @property
    def zero_is_optimal(self) -> bool:
        r"""Whether zero is a solution: the dual point along ``y`` proves it, or nothing comes closer.

        lasso: :math:`\lambda\ge\|A^*y\|_\infty`; sqrt-lasso: :math:`\lambda\|y\|\ge\|A^*y\|_\infty`;
        qcbp: :math:`\eta\ge\|y\|`. Data orthogonal to the range are closest to zero's.
        """
        if self.form == "qcbp":
            return self.level >= self.size or not self.correlation.any()
        return self.level * (1.0 if self.form == "lasso" else self.size) >= self.peak

    def judge(self, x, *, image=None, dual=None, pulled=None) -> Judged:
        r"""Judge ``x`` with the best multiple ``u`` of the direction ``dual`` (default: the residual).

        With :math:`r=y-Ax` and :math:`\|A^*u\|_\infty\le p`, the price, the gap is
        :math:`p\|x\|_1-\mathrm{Re}\langle x,A^*u\rangle` plus what the data term adds:

        - lasso: :math:`\tfrac12\|r-u\|^2`;
        - qcbp: :math:`\|u\|\max(\eta,\|r\|)-\mathrm{Re}\langle u,r\rangle`, so that an infeasible
          ``x`` pays :math:`\|u\|` times its excess;
        - sqrt-lasso: :math:`\|r\|-\mathrm{Re}\langle u,r\rangle`, where :math:`\|u\|\le1`.

        Both parts are nonnegative, so nothing cancels. Where rounding may have taken a share of
        :math:`\|A^*u\|_\infty`, as in directions nearly orthogonal to the range, ``u`` is so much
        shorter, which keeps the gap true. ``image`` is ``Ax`` and ``pulled``
        is ``A^H dual``, where known; each one that is missing costs a product.
        """
        system, price = self.system, self.price
        r = system.y - (system.forward(x) if image is None else image)
        if dual is None:
            dual = r
        if pulled is None:
            pulled = system.adjoint(dual)
        size = norm(r)
        length = size if dual is r else norm(dual)
        inner = size * size if dual is r else float(np.vdot(dual, r).real)
        along = float(np.vdot(x, pulled).real)
        total, peak = float(np.add.reduce(np.abs(x))), self._peak(pulled)
        mass = price * total
        if image is not None and total > 0.0:
            self.column = max(self.column, norm(image) / total)
        if length > 0.0:
            self.column = max(self.column, peak / length)
        lost = 4.0 * EPSILON * self.column * length
        t = self._multiple(inner + along, length, peak + lost if HEARD * abs(peak) < lost else peak)
        slack = mass - t * along
        if self.form == "lasso":
            objective, excess = 0.5 * size * size + mass, 0.0
            rest = 0.5 * (1.0 - t) ** 2 * size * size if dual is r else 0.5 * norm(r - t * dual) ** 2
        elif self.form == "qcbp":
            objective, excess = mass, max(size - self.level, 0.0)
            rest = t * (length * max(self.level, size) - inner)
        else:
            objective, excess = mass + size, 0.0
            rest = size - t * inner
        gap = max(slack, 0.0) + max(rest, 0.0)   # below zero by rounding only
        value = objective + t * length * excess - gap
        return Judged(x, t * dual, objective, value, gap, relative(gap, objective), size, excess)

    def _peak(self, pulled):
        return float(np.maximum.reduce(pulled if self.nonneg else np.abs(pulled)))

    def _multiple(self, value, length, peak):
        """Return the t that makes ``t * dual`` feasible and its dual value largest."""
        if length == 0 or not value > (self.level * length if self.form == "qcbp" else 0.0):
            return 0.0
        limit = self.price / peak if peak > 0 else np.inf
        if self.form == "lasso":
            return min(value / (length * length), limit)
        if self.form == "sqrt-lasso":
            return min(1.0 / length, limit)
        return limit if limit < np.inf else 0.0

    def finished(self, judged: Judged) -> bool:
        """Return whether the point meets the tolerance, see ``meets``."""
        return meets(self.form, self.level, self.tol, self.size, self.column, norm(judged.dual), judged)

    def distance(self, judged: Judged) -> float:
        """Return how far the point is from finished; smaller is better."""
        return max(judged.relative_gap, shortfall(self.size, norm(judged.dual), judged))


def shortfall(size, length, judged: Judged) -> float:
    r"""Return by how much a point misses its constraint: as a share of the data, or of the objective.

    ``size`` and ``length`` are the norms of the data and of the dual point :math:`u`, whose value is the
    objective plus :math:`\|u\|` times the excess less the gap. So the excess has to be small beside the
    objective, too; then objective and dual value agree. Otherwise the gap vanishes at points far below
    every feasible one, as near zero where ``eta`` is nearly :math:`\|y\|`. Zero itself, if it is not
    feasible, is infinitely far.
    """
    excess = judged.feasibility
    if excess <= 0.0:
        return 0.0
    return max(relative(excess, size), length * excess / judged.objective if judged.objective > 0 else np.inf)


def meets(form, level, tol, size, column, length, judged: Judged) -> bool:
    """Return whether a point meets the tolerance, and rounding leaves the digits to tell.

    ``size`` and ``length`` are the norms of the data and of the dual point, ``column`` as in ``Problem``.
    """
    return (judged.relative_gap <= tol and shortfall(size, length, judged) <= tol
            and clear(form, level, tol, size, column, length, judged.objective, judged.residual))


def clear(form, level, tol, size, column, length, objective, residual):
    r"""Return whether rounding leaves the digits to tell; numbers, or arrays of them.

    What it may change: the residual by that of :math:`Ax`, and for ``qcbp`` the gap by
    that of :math:`\|u\|\|r\|`, which is large beside the objective where ``eta`` is
    nearly the distance of ``y`` from the range, or nearly its norm.
    """
    enough = max(tol, HEARD)
    if form == "qcbp":
        return ((EPSILON * column * objective <= enough * size)
                & (EPSILON * length * residual <= enough * objective))
    # The rounding of Ax, times the level, and what it moves the data term by.
    if form == "sqrt-lasso":
        return EPSILON * column * (objective - residual) <= enough * objective * level
    moved = EPSILON * column * (objective - 0.5 * residual * residual)
    return moved * (level * residual + 0.5 * moved) <= enough * objective * level * level


def norm(v):
    return sqrt(np.vdot(v, v).real)
