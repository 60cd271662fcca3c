"""What a greedy method gets, and the points that it yields."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kernelstab._engines.linear_system import System

# Why a pursuit ended: enough columns; a residual of at most eta; no column correlates; the best one lies in
# the span of those chosen, or a Gram matrix cannot tell; numbers are too large or too small, or none.
FULL, FITTED, NOTHING, DEPENDENT, UNCLEAR, EXTREME = range(6)


class Point(NamedTuple):
    """A sparse point after ``done`` steps; ``residual`` is y - Ax.

    A least squares fit may bring ``direction``, the shortest h with the signs ``A^H h`` of its support.
    """

    done: int
    support: np.ndarray
    values: np.ndarray
    residual: np.ndarray
    direction: np.ndarray | None = None

    @property
    def size(self) -> float:
        """The norm of the residual."""
        return float(np.linalg.norm(self.residual))

    def dense(self, count) -> np.ndarray:
        """Return the point as a vector of ``count`` entries."""
        x = np.zeros(count, self.values.dtype)
        x[self.support] = self.values
        return x


@dataclass(frozen=True, eq=False)
class Task:
    """A system with its sparsity, tolerance and budget, and the point to start from.

    ``each`` says whether somebody looks at every step; ``correlation`` is ``A^H y``, ``size`` the norm of
    the data, and ``eta`` their noise level. The caller's ``A`` was multiplied by ``unit``.
    """

    system: System
    correlation: np.ndarray
    size: float
    s: int
    tol: float
    budget: int
    start: Point
    each: bool
    eta: float
    unit: float

    def fitted(self, point) -> bool:
        """Return whether the residual of a point is below ``tol * ||y||``."""
        return point.size <= self.tol * self.size

    def correlations(self, point) -> np.ndarray:
        """Return ``A^H r`` for the residual of a point, without a product where it is zero."""
        return self.system.adjoint(point.residual) if point.support.size else self.correlation
