"""Units in which neither the matrix nor the data are extreme: squares neither overflow nor vanish."""

from dataclasses import replace
from math import log2
from typing import NamedTuple

import numpy as np

from kernelstab._engines.linear_system import System, dense_products
from kernelstab._engines.problem import Judged, Problem

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
        return value / (self.data if self.form == "sqrt-lasso" else self.point)

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


def unit(size) -> float:
    """Return the power of two that brings a size that is extreme near to one, 1 for all others."""
    return 1.0 if LEAST < size < MOST or not 0.0 < size < np.inf else 2.0 ** min(-round(log2(size)), 1000)
