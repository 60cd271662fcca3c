"""Problems for images: one judgement of a point, by its duality gap; what methods share; how one is run."""

import warnings
from dataclasses import replace
from functools import cached_property
from math import log2
from typing import NamedTuple

import numpy as np

from kernelstab._checks import as_number
from kernelstab._engines.duality_gap import EPSILON, KINDS, best_multiple, relative, shortfall
from kernelstab._engines.monitor import Monitor
from kernelstab._engines.problem import Judged, Units
from kernelstab._errors import NotConverged

SMALL, LARGE = 1e-6, 1e6   # data of sizes between these are solved as they are, others in units of their size
NOISE = 32 * EPSILON   # share of the data that rounding may take from Ax of a constant x


POLISH = 1.9     # relaxation of the projections that polish a bound
TARGET, GAIN = 0.3, 0.7     # what the primal bound should gain over the dual one; how sharply to steer
IDLE = 0.02                 # share of the gap that counts as a gain of the dual bound at least,
PATIENCE = 0.1              # and the share of that for the primal one
STEEPEST = 3.0              # most by which the threshold changes at a time,
SMALLEST, LARGEST = 0.02, 4.0   # and least and most of where it began


class Bound(NamedTuple):
    """A dual point of a proved value: ``field`` is feasible and its adjoint is ``A^H h``; None means 0."""

    value: float
    h: np.ndarray
    field: np.ndarray | None
    length: float = 0.0     # the norm of h


class AnalysisProblem:
    r"""One of two problems for one system and one frame W.

    With :math:`\|Wx\|_w` for the sum of the sizes of :math:`Wx`, each times its weight, ``qcbp`` is
    to minimise :math:`\|Wx\|_w` subject to :math:`\|Ax-y\|\le` parameter, and ``lasso``
    :math:`\tfrac12\|Ax-y\|^2+` parameter :math:`\|Wx\|_w`. Total variation is the case where W is the
    gradient. The dual constraint on a field p is :math:`W^*p=A^*h`, with sizes of at most ``weight`` times
    their own weights. While a method computes in single precision, ``rounding`` is the share of the objective
    by which it may be wrong; gaps are larger by it.
    """

    def __init__(self, form, system, frame, parameter, tol):
        self.form, self.kind, self.system, self.frame = form, KINDS[form], system, frame
        self.parameter, self.tol = parameter, tol
        self.size, self.rounding = float(np.linalg.norm(system.y)), 0.0
        self.weight = 1.0 if form == "qcbp" else parameter

    def in_units(self):
        """Return the problem for data near one, and the units, None where the data are as they should be.

        Single precision ends near 1e38, its squares near 1e19. Only the data are multiplied: a method may
        know how A looks under transforms.
        """
        largest = float(np.abs(self.system.y).max())
        if SMALL < largest < LARGE or not 0.0 < largest < np.inf:
            return self, None
        units = Units(self.form, 1.0, 2.0 ** min(-round(log2(largest)), 1000))
        system = replace(self.system, y=self.system.y * units.data)
        # so large or small a parameter is as good as any larger or smaller one, and its square is finite
        least = 1e-150 if self.form == "lasso" else 0.0
        parameter = min(max(units.parameter(self.parameter), least), 1e150)
        return AnalysisProblem(self.form, system, self.frame, parameter, self.tol), units

    def objective(self, total, residual) -> float:
        """Return the objective from the sum of all sizes and the norm of the residual."""
        return total if self.form == "qcbp" else 0.5 * residual**2 + self.parameter * total

    def excess(self, residual) -> float:
        """Return by how much the constraint is missed."""
        return max(residual - self.parameter, 0.0) if self.form == "qcbp" else 0.0

    def multiple(self, inner, length, largest):
        r"""Return the best t for which t h is dual-feasible, and its dual value.

        ``inner`` is :math:`\mathrm{Re}\langle h,y\rangle`, ``length`` :math:`\|h\|` and ``largest`` the
        largest size of a field whose adjoint is :math:`A^*h`, next to its weight.
        """
        t = best_multiple(self.kind, self.parameter, self.weight, inner, length, largest)
        if self.form == "qcbp":
            return t, t * (inner - self.parameter * length)
        return t, t * inner - 0.5 * (t * length) ** 2

    def explains(self, total, residual) -> bool:
        """Return whether W annihilates x and x leaves nothing of the data but rounding.

        It is then a solution for data that differ from ``y`` by that rounding, and neither the
        objective nor the gap has a digit that tells more.
        """
        return total == 0.0 and residual <= NOISE * self.size

    def judge(self, x, *, Ax=None, dual=None, correlation=None) -> Judged:
        """Pair x with a ``Bound``; ``Ax`` stands for ``(total, residual)`` where known."""
        if Ax is None:
            residual = float(np.linalg.norm(self.system.forward(x.ravel()) - self.system.y))
            Ax = self.frame.total(x), residual
        objective, excess = self.objective(*Ax), self.excess(Ax[1])
        gap = (1.0 + self.rounding) * objective + dual.length * excess - dual.value
        share = 0.0 if self.explains(*Ax) else relative(gap, objective)
        return Judged(x, dual, objective, dual.value, gap, share, Ax[1], excess)

    def finished(self, judged) -> bool:
        """Return whether the point meets the tolerance; a gap well below zero is rounding, no proof."""
        return abs(judged.relative_gap) <= self.tol and self._shortfall(judged) <= self.tol

    def distance(self, judged) -> float:
        """Return how far the point is from finished; smaller is better."""
        return max(judged.relative_gap, self._shortfall(judged))

    def _shortfall(self, judged):
        if self.explains(judged.objective, judged.residual):
            return 0.0
        return shortfall(self.size, judged.dual.length, judged.feasibility, judged.objective)

    def prove(self, h, field, rounds=1, goal=np.inf) -> Bound:
        r"""Make any h and any field feasible, and return the bound they prove.

        Where W annihilates constants, h loses its component along :math:`A\mathbf1`, so that :math:`A^*h`
        lies in the range of :math:`W^*`; the field becomes :math:`p+W(W^*W)^+(A^*h-W^*p)`, whose adjoint is
        :math:`A^*h`; both are scaled. The field is overwritten. More ``rounds``, until the bound reaches the
        goal, move the field into the feasible set and back to those of that adjoint in turn, so that less is
        left to scale.

        For injective W the e that is left in :math:`W^*p=A^*h-e` is measured and paid: a minimiser z
        has :math:`\|z\|\le\|Wz\|_1/\sqrt{lower}\le f(z)/(weight\,\min w\,\sqrt{lower})`, so with
        the value v that the dual point would have if e were 0

        .. math:: f(z)\ge v-\|e\|\|z\|,\qquad
            f(z)\ge\frac{v}{1+\|e\|/(weight\,\min w\,\sqrt{lower})}.

        Cost: one product with A, one with its adjoint, one solve with :math:`W^*W` per round.
        """
        frame = self.frame
        h, field = self._balanced(h), np.zeros(frame.count, self.system.dtype) if field is None else field
        back = self.system.adjoint(h)
        rest = np.empty_like(back)
        inner, length = float(np.vdot(h, self.system.y).real), float(np.linalg.norm(h))
        for k in range(rounds):
            frame.project(field, None, rest, 0.0, POLISH if k else 0.0)
            np.subtract(back, rest, out=rest)
            t, value = self.multiple(inner, length, frame.correct(field, frame.solve(rest, out=rest)))
            if not frame.annihilates:
                defect = float(np.linalg.norm(back - frame.adjoint(field)))
                value /= 1.0 + t * defect / (self.weight * frame.least * np.sqrt(frame.lower))
            if value >= goal:
                break
        field *= t
        return Bound(value, t * h, field, t * length)

    @cached_property
    def A_ones(self):
        r"""``A`` times the constant image 1 where W annihilates it; exactly zero where it is rounding."""
        system = self.system
        if not self.frame.annihilates:
            return 0.0 * system.y
        ones = system.forward(np.ones(self.frame.size, system.dtype))
        # ||A* y|| / ||y|| is at most the norm of A, and of its size for most data
        typical = float(np.linalg.norm(system.adjoint(system.y))) * np.sqrt(self.frame.size)
        return ones if np.linalg.norm(ones) * self.size > 1e-10 * typical else 0.0 * ones

    def _balanced(self, h):
        """Return the part of h that is orthogonal to ``ones``: zero if what is left is rounding."""
        ones, square = self.A_ones, float(np.vdot(self.A_ones, self.A_ones).real)
        if square == 0:
            return h
        once = h - ones * (np.vdot(ones, h) / square)
        twice = once - ones * (np.vdot(ones, once) / square)
        return twice if np.linalg.norm(twice) > 0.5 * np.linalg.norm(once) else 0.0 * h

    def closed_form(self, monitor) -> bool:
        """Report the image closest to the data among those that W annihilates, if it is a solution.

        Returns whether it is.
        """
        y, ones = self.system.y, self.A_ones
        square, constant = float(np.vdot(ones, ones).real), 0.0
        if square > 0:
            constant = np.vdot(ones, y) / square
            constant += np.vdot(ones, y - constant * ones) / square      # what the long sum has lost
        residual = y - constant * ones
        size = float(np.linalg.norm(residual))
        exact = self.explains(0.0, size)
        if self.excess(size) > 0.0 and not exact:
            return False
        bound = self.prove(0.0 * residual if self.form == "qcbp" or exact else residual, None)
        x = constant * np.ones(self.frame.size, self.system.dtype)
        judged = self.judge(x, Ax=(0.0, size), dual=bound)
        return self.finished(judged) and monitor(0, x, Ax=(0.0, size), dual=bound)


def form_of(eta, lam) -> tuple:
    """Return the form of the problem and its parameter, of which exactly one must be given."""
    if (eta is None) == (lam is None):
        raise ValueError(f"exactly one of eta and lam must be given, got eta={eta} and lam={lam}")
    if lam is None:
        return "qcbp", as_number(eta, "eta", low=0)
    return "lasso", as_number(lam, "lam", low=0, strict=True)


class Method:
    """What both methods share: the best image and the best bound that were met are kept apart.

    ``figures`` of an image are the sum of the sizes of ``W x`` and the norm of the residual.
    """

    def __init__(self, problem, bound):
        self.problem, self.bound = problem, bound
        self.best, self.figures = None, (np.inf, 0.0)

    def cost(self, figures) -> float:
        """Return the objective, and what the excess costs."""
        return self.problem.objective(*figures) + self.problem.excess(figures[1]) * self.bound.length

    def report(self, monitor, done, x, figures) -> bool:
        """Keep x if it is the best image so far, and let the monitor judge it with the best bound."""
        if self.best is None or self.cost(figures) <= self.cost(self.figures):
            self.best, self.figures = x.astype(self.problem.system.dtype, copy=False), figures
        return monitor(done, self.best.ravel(), Ax=self.figures, dual=self.bound)


class Trend:
    """Steer the threshold of a method by what each bound has gained since the last time.

    A side that gains little while the gap stays open has to be helped: a small threshold moves the
    dual field slowly and lets the image settle, a large one does the opposite. As the best image and the
    best bound are kept apart, the two sides may well finish one after the other. When neither gains,
    the threshold sweeps from one end of its range to the other. The logarithms of the moves have a
    finite sum, which is what lets the method converge in spite of them; after ``calm`` moves they have
    become gentle.
    """

    def __init__(self, method, calm):
        self.method, self.calm, self.before = method, calm, None
        self.product, self.sweep, self.moves = 1.0, STEEPEST, 0

    def ratio(self) -> float:
        """Return by how much to change the threshold."""
        upper, lower = self.method.cost(self.method.figures), self.method.bound.value
        before, self.before = self.before, (upper, lower)
        if before is None or not upper > lower:
            return 1.0
        up, down = IDLE * (upper - lower), PATIENCE * IDLE * (upper - lower)
        if before[0] - upper <= down and lower - before[1] <= up:
            return self._move(self.sweep)
        down, up = max(before[0] - upper, down), max(lower - before[1], up)
        ratio = min(max((TARGET * up / down) ** GAIN, 1.0 / STEEPEST), STEEPEST)
        self.sweep = STEEPEST if ratio > 1.0 else 1.0 / STEEPEST
        return self._move(ratio)

    def _move(self, ratio):
        """Stay in the range, and turn the sweep around at its ends."""
        self.moves += 1
        product = self.product * ratio ** (1.0 + self.moves / self.calm) ** -1.5
        product = min(max(product, SMALLEST), LARGEST)
        if product in (SMALLEST, LARGEST):
            self.sweep = STEEPEST if product == SMALLEST else 1.0 / STEEPEST
        ratio, self.product = product / self.product, product
        return ratio


def solve_analysis(problem, method, name, start, *, budget, callback=None, progress=None, history=False,
                   stacklevel=4) -> tuple:
    """Run a method of ``_engines.imaging`` on an analysis problem; return the figures and the dual field.

    ``start`` is where it begins: an image, a dual point and a field, each None where not given. Everything
    that is reported is evaluated once more, from A, x and the dual pair alone. ``stacklevel`` is that of the
    warning.

    Warns
    -----
    NotConverged
        If the tolerance is not met, or Ctrl-C ended the method.
    """
    problem, units = problem.in_units()
    scale = None if units is None else units.point
    monitor, iteration, ended = Monitor(problem, callback, progress, history, scale, units), None, "stopped"
    image, dual, field = start
    if units is not None and image is not None:
        start = image * scale, dual, field      # the dual points are given next to their weight
    monitor.begin(budget)
    monitor.method = "closed form"
    try:
        if not problem.closed_form(monitor):
            iteration = method(problem)
            monitor.method = iteration.words
            iteration.run(*start, monitor)
    except KeyboardInterrupt:
        if monitor.best is None:
            raise
        ended = "was interrupted"
    x, (_, h, field, _) = monitor.best.x, monitor.best.dual
    if iteration is not None:
        h = iteration.measured(h)
    del iteration
    problem.rounding = 0.0
    field = None if field is None else field.ravel().astype(problem.system.dtype, copy=False)
    bound = problem.prove(h, field)
    best = problem.judge(x, dual=bound)
    converged = bool(problem.finished(best))
    if not converged:
        warnings.warn(f"{name} {ended} after {monitor.done} iterations at relative gap "
                      f"{best.relative_gap:.1e}, infeasible by {best.feasibility:.1e}", NotConverged,
                      stacklevel=stacklevel)
    best, field = best._replace(dual=bound.h), bound.field
    if units is not None:
        best = units.judged_back(best._replace(x=best.x / scale))
        field = None if field is None else units.dual_back(field)
    return best._asdict() | {
        "iterations": monitor.done, "converged": converged,
        "method": f"{name} by {monitor.method}", "history": monitor.history,
        "interrupted": ended != "stopped"}, field
