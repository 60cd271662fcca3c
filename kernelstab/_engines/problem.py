"""The three convex problems, the one judgement of a point by its gap, and units for extreme entries."""

from dataclasses import replace
from math import log2, sqrt
from typing import NamedTuple

import numpy as np

from kernelstab._engines import duality_gap
from kernelstab._engines.duality_gap import KINDS, LASSO, relative
from kernelstab._engines.linear_system import System, dense_products

NAMES = {"lasso": "lasso", "qcbp": "qcbp", "sqrt-lasso": "square-root lasso"}


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
    form            minimise                                           ``parameter``
    =============== ================================================== ================
    ``lasso``       :math:`\tfrac12\|Ax-y\|^2+\lambda\|x\|_1`          :math:`\lambda`
    ``qcbp``        :math:`\|x\|_1` subject to :math:`\|Ax-y\|\le\eta` :math:`\eta`
    ``sqrt-lasso``  :math:`\lambda\|x\|_1+\|Ax-y\|`                    :math:`\lambda`
    =============== ================================================== ================

    With ``nonneg`` (real problems only) the minimum is over :math:`x\ge0`. ``correlation`` is
    :math:`A^*y`, ``largest`` its largest modulus (or entry), ``size`` the norm of :math:`y`, and
    ``column`` the norm that the longest column has at least, by the products seen so far: an entry of
    :math:`A^*u` cannot be trusted below the rounding of ``column * ||u||``, nor an entry of :math:`Ax`
    below that of ``column * ||x||_1``.
    """

    box: tuple | None = None   # bounds on the entries, see ``BoxProblem``

    def __init__(self, form: str, system: System, parameter: float, tol: float, nonneg: bool = False):
        self.form, self.system, self.parameter, self.tol, self.nonneg = form, system, parameter, tol, nonneg
        self.kind = KINDS[form]
        self.weight = 1.0 if form == "qcbp" else parameter   # of the absolute sum: |A^H h| <= weight
        with np.errstate(invalid="ignore", over="ignore"):   # what is not finite is named in words later
            self.correlation = system.adjoint(system.y)
            self.largest, self.size = self._largest_of(self.correlation), norm(system.y)
        self.column = self.largest / self.size if 0.0 < self.largest < np.inf and self.size > 0.0 else 0.0

    @property
    def zero_is_optimal(self) -> bool:
        r"""Whether zero is a solution: the dual point along ``y`` proves it, or nothing comes closer.

        lasso: :math:`\lambda\ge\|A^*y\|_\infty`; sqrt-lasso: :math:`\lambda\|y\|\ge\|A^*y\|_\infty`;
        qcbp: :math:`\eta\ge\|y\|`. Data orthogonal to the range are closest to zero's.
        """
        if self.form == "qcbp":
            return self.parameter >= self.size or not self.correlation.any()
        return self.parameter * (1.0 if self.form == "lasso" else self.size) >= self.largest

    def judge(self, x, *, Ax=None, dual=None, correlation=None) -> Judged:
        r"""Judge ``x`` with the best multiple of the direction ``dual`` (default: the residual).

        See ``duality_gap``. ``correlation`` is ``A^H dual``; like ``Ax``, it costs a product where it is not
        known.
        """
        system = self.system
        r = system.y - (system.forward(x) if Ax is None else Ax)
        if dual is None:
            dual = r
        if correlation is None:
            correlation = system.adjoint(dual)
        size = norm(r)
        length = size if dual is r else norm(dual)
        product = size * size if dual is r else float(np.vdot(dual, r).real)
        along = float(np.vdot(x, correlation).real)
        total, largest = float(np.add.reduce(np.abs(x))), self._largest_of(correlation)
        if Ax is not None and total > 0.0:
            self.column = max(self.column, norm(Ax) / total)
        if length > 0.0:
            self.column = max(self.column, largest / length)
        t = duality_gap.best_multiple(self.kind, self.parameter, self.weight, product + along, length,
                                      duality_gap.with_rounding(largest, self.column, length))
        distance = 0.0
        if self.kind == LASSO:
            distance = abs(1.0 - t) * size if dual is r else norm(r - t * dual)
        penalty = self.weight * total
        found = duality_gap.duality_gap(self.kind, self.parameter, penalty, penalty - t * along, size,
                                        t * length, t * product, distance)
        return judged(x, t * dual, found, size)

    def _largest_of(self, correlation):
        return float(np.maximum.reduce(correlation if self.nonneg else np.abs(correlation)))

    def finished(self, judged: Judged) -> bool:
        """Return whether the point meets the tolerance, and rounding leaves the digits to tell."""
        return self.distance(judged) <= self.tol and duality_gap.is_clear(
            self.kind, self.parameter, self.tol, self.size, self.column, norm(judged.dual), judged.objective,
            judged.residual)

    def distance(self, judged: Judged) -> float:
        """Return how far the point is from finished; smaller is better."""
        return max(judged.relative_gap, duality_gap.shortfall(
            self.size, norm(judged.dual), judged.feasibility, judged.objective))


class BoxProblem(Problem):
    r"""Minimise :math:`\tfrac12\|Ax-y\|^2+\lambda\|x\|_1` over :math:`l\le x\le h`, where :math:`l\le0\le h`.

    Without the bounds a minimiser has :math:`\lambda\|x\|_1\le\tfrac12\|y\|^2`. A bound from
    :math:`\|y\|^2/2\lambda` on, infinite or not, binds none: it is ``far``, and the dual point pays for the
    others only.
    """

    box: tuple

    def __init__(self, system, parameter, tol, box):
        self.box = box
        super().__init__("lasso", system, parameter, tol)
        with np.errstate(over="ignore"):
            most = self.size * (self.size / (2.0 * parameter))
        self.far = box[0] <= -most, box[1] >= most

    def _largest_of(self, correlation):
        """Return the largest correlation whose sign its entry may have."""
        return _largest(correlation, self.box[0] < 0.0, self.box[1] > 0.0)

    def judge(self, x, *, Ax=None, dual=None, correlation=None) -> Judged:
        r"""Judge ``x`` with ``dual`` (default: the residual), shortened where a far bound asks for it.

        For any u, with :math:`q=A^*u`, the least of the Lagrangian over the box is
        :math:`\langle y,u\rangle-\tfrac12\|u\|^2+\sum_i\min_t(\lambda|t|-q_it)`, where t is one of
        :math:`l_i,0,h_i`. With the parts :math:`x=x^+-x^-` the gap is

        .. math:: \tfrac12\|r-u\|^2+\sum_i(\lambda-q_i)_+x_i^++(\lambda+q_i)_+x_i^-
            +(q_i-\lambda)_+(h_i-x_i^+)+(-q_i-\lambda)_+(-l_i-x_i^-),

        in which nothing cancels. What rounding may have taken from q is added to it in the last two.
        """
        system, weight = self.system, self.weight
        r = system.y - (system.forward(x) if Ax is None else Ax)
        dual = r if dual is None else dual
        correlation = system.adjoint(dual) if correlation is None else correlation
        size, length, total = norm(r), norm(dual), float(np.abs(x).sum())
        if Ax is not None and total > 0.0:
            self.column = max(self.column, norm(Ax) / total)
        if length > 0.0:
            self.column = max(self.column, float(np.abs(correlation).max()) / length)
        lost = 4.0 * duality_gap.EPSILON * self.column * length
        largest = _largest(correlation, *self.far) + lost
        t = min(1.0, weight / largest) if largest > 0.0 else 1.0
        slack = 0.0
        for sign, bound, far in zip((1.0, -1.0), self.box[::-1], self.far[::-1]):
            part, q = np.maximum(sign * x, 0.0), sign * t * correlation
            left = np.where(far, 0.0, sign * bound) - np.where(far, 0.0, part)      # up to the bound
            slack += float(np.maximum(weight - q, 0.0) @ part + np.maximum(q + lost - weight, 0.0) @ left)
        found = duality_gap.duality_gap(self.kind, self.parameter, weight * total, slack, size, t * length,
                                        0.0, norm(r - t * dual))
        return judged(x, t * dual, found, size)


def _largest(correlation, below, above):
    """Return the largest correlation: of negative sign among the first entries, else among the second."""
    down, up = np.max(-correlation, where=below, initial=0.0), np.max(correlation, where=above, initial=0.0)
    return float(max(down, up))


def judged(x, dual, found, residual) -> Judged:
    """Return a point and a dual point with what they prove."""
    return Judged(x, dual, found.objective, found.dual_objective, found.gap,
                  relative(found.gap, found.objective), residual, found.excess)


def norm(v):
    return sqrt(np.vdot(v, v).real)


LEAST, MOST = 1e-30, 1e30    # what is within these needs no unit


class Units(NamedTuple):
    r"""Powers of two by which the matrix and the data are multiplied, and what follows from them.

    With :math:`A'=aA,\ y'=by,\ x'=\frac bax` the objective is multiplied by :math:`b^2` (lasso),
    :math:`b` (sqrt-lasso) or :math:`b/a` (qcbp), and the dual point by :math:`b`, 1 or :math:`1/a`.
    """

    form: str
    matrix: float
    data: float

    @property
    def point(self) -> float:
        """What a point is multiplied by."""
        return self.data / self.matrix

    def parameter(self, parameter) -> float:
        """Return the parameter of the problem in these units."""
        if self.form == "qcbp":
            return parameter * self.data
        return parameter * self.matrix * (self.data if self.form == "lasso" else 1.0)

    def dual(self, dual):
        """Return a dual point in these units."""
        return dual * {"lasso": self.data, "sqrt-lasso": 1.0, "qcbp": 1.0 / self.matrix}[self.form]

    def dual_back(self, dual):
        """Return a dual point in the units of the problem as it came."""
        return dual / {"lasso": self.data, "sqrt-lasso": 1.0, "qcbp": 1.0 / self.matrix}[self.form]

    def value_back(self, value):
        """Return an objective or gap in the units of the problem as it came."""
        if self.form == "lasso":
            return value / self.data / self.data   # the square alone might overflow
        unit = self.data if self.form == "sqrt-lasso" else self.point
        return value / unit if unit > 0.0 else np.inf * value if value else 0.0

    def judged_back(self, best: Judged) -> Judged:
        """Return all but the point of what was judged, in the units of the problem as it came."""
        value = self.value_back
        return best._replace(
            dual=self.dual_back(best.dual), objective=value(best.objective), gap=value(best.gap),
            dual_objective=value(best.dual_objective), residual=best.residual / self.data,
            feasibility=best.feasibility / self.data)

    def system(self, system: System) -> System:
        """Return the system in these units."""
        a, y = self.matrix, system.y * self.data
        tight = None if system.tight is None else system.tight * a * a
        if system.matrix is not None:
            matrix = system.matrix * a
            forward, adjoint = dense_products(matrix)
        else:
            matrix = None
            forward, adjoint = (lambda x: system.forward(x) * a), (lambda u: system.adjoint(u) * a)
        return replace(system, y=y, matrix=matrix, forward=forward, adjoint=adjoint, tight=tight, source=None)


def units_of(problem: Problem) -> Units | None:
    """Return the units that this problem needs, or None.

    The size of the matrix is that of its columns along the data; one product more is taken
    where the data are extreme.
    """
    data, column = 1.0, problem.column
    if not LEAST < problem.size < MOST:
        y = problem.system.y
        data = unit(float(np.abs(y).max()))
        y = y * data
        column = float(np.abs(problem.system.adjoint(y)).max() / np.linalg.norm(y)) if y.any() else 0.0
    matrix = unit(column)
    return None if matrix == data == 1.0 else Units(problem.form, matrix, data)


ROWS = 16.0      # rows whose sizes differ by less stay as they are


def row_units(matrix) -> np.ndarray | None:
    r"""Return powers of two that bring the rows of a matrix to one size, or None where they are near it.

    For :math:`\eta=0` a row times any number is the same equation, so that what is small beside other rows
    must not be lost beside them. With :math:`D` on the diagonal, :math:`A^*(Dh)=(DA)^*h`.

    >>> row_units(np.array([[1.0, -3.0], [0.0, 2.0**-9]])).tolist()
    [0.25, 256.0]
    """
    if matrix.dtype.kind == "f":    # the usual case, in one pass
        squares = np.einsum("ij,ij->i", matrix, matrix)
        if 1e-280 < squares.max() <= ROWS**2 * squares.min() < 1e280:
            return None
    largest = np.abs(matrix).max(axis=1)
    some = largest[(largest > 0.0) & (largest < np.inf)]
    if not some.size or some.max() <= ROWS * some.min():
        return None
    exponents = np.frexp(np.where(np.isfinite(largest), largest, 1.0))[1]
    return np.where(largest > 0.0, np.ldexp(1.0, np.clip(-exponents, -1000, 1000)), 1.0)


def in_rows(system: System, rows) -> System:
    """Return the system whose equations are multiplied by ``rows``."""
    with np.errstate(over="ignore", invalid="ignore"):   # named in words
        y = system.y * rows
    if not np.isfinite(y).all():
        raise ValueError("y must be small enough, next to A, for the solution to be finite, got "
                         f"{system.y[~np.isfinite(y)][0]} beside a row of A that is far smaller")
    matrix = system.matrix * rows[:, None]
    forward, adjoint = dense_products(matrix)
    return replace(system, y=y, matrix=matrix, forward=forward, adjoint=adjoint, tight=None,
                   source=None)


def unit(size) -> float:
    """Return the power of two that brings a size that is extreme near to one, 1 for all others."""
    return 1.0 if LEAST < size < MOST or not 0.0 < size < np.inf else 2.0 ** min(-round(log2(size)), 1000)
