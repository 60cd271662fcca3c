"""What a greedy method gets, the points that it yields, and what dual points prove of them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kernelstab._engines.duality_gap import EPSILON, QCBP, best_multiple, duality_gap, relative, with_rounding
from kernelstab._engines.greedy.columns import columns_of, lengths
from kernelstab._engines.linear_system import System
from kernelstab._engines.problem import Judged


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


def judged(task, point) -> Judged:
    r"""Judge a point as a candidate for QCBP at its own residual, with the best dual point that is known.

    With the columns :math:`B` on the support and the signs :math:`\sigma` of the values, the direction
    :math:`h=B(B^*B)^{-1}\sigma` is the shortest with :math:`B^*h=\sigma`. The residual alone competes where
    the point may be no least squares fit; of a fit it is worth nothing.
    """
    system, values, residual = task.system, point.values, point.residual
    directions = [residual if point.direction is None else point.direction]
    if point.direction is None and values.size:
        columns = columns_of(system, point.support)
        directions.append(columns.combination(columns.solve(values / np.abs(values))))
    along_r = task.correlations(point)
    along = [along_r if h is residual else system.adjoint(h) for h in directions]
    column = max(np.abs(correlation).max() / max(np.linalg.norm(u), np.finfo(float).tiny)
                 for u, correlation in zip([system.y, *directions], [task.correlation, *along]))
    x, residuals, along_r = (np.array([row] * len(directions))
                           for row in (point.dense(system.shape[1]), residual, along_r))
    found = prove(x, residuals, along_r, np.array(directions), np.array(along), task.size, column)
    best = np.argmin(found[Judged._fields.index("gap")])
    return Judged(*(field[best] for field in found[:2]), *(float(field[best]) for field in found[2:]))


def prove(x, residuals, along_r, directions, along_h, size, column) -> tuple:
    r"""Judge sparse points, one in each row, by directions h and the residuals r: the fields of ``Judged``.

    ``along_h`` and ``along_r`` are ``A^H h`` and ``A^H r``, ``size`` is the norm of the data, and ``column``
    a norm that the longest column has at least.

    The residual of a least squares fit is orthogonal to the support, so :math:`h+tr` has the same signs
    there; its dual value at the noise level :math:`\|r\|`,

    .. math:: \|x\|_1 + t\|r\|^2 - \|r\|\sqrt{\|h\|^2+t^2\|r\|^2},

    grows with :math:`t`, so the largest :math:`t` that keeps :math:`|A^*(h+tr)|\le1` off the support is
    the best, but for rounding. That moves the correlations of the support by up to ``noise`` times t,
    which costs so much of each unit of :math:`\|x\|_1`, and it moves the product of norms.
    With :math:`\kappa\|r\|^2` the cost per unit of t, the difference is largest where
    :math:`t\|r\|=\tan\beta\,\|h\|` for :math:`\sin\beta=1-\kappa`; this ends t where no column sees the
    residual. Where noise times :math:`\|x\|_1` is not less than :math:`\|r\|^2`, h is better as it is.
    """
    total, left = np.abs(x).sum(axis=1), lengths(residuals)
    noise = 4.0 * EPSILON * column * (size + column * total)
    grows = (total > 0.0) & (noise * total < left**2)
    with np.errstate(divide="ignore", invalid="ignore"):     # rows without a use for t
        cost = noise * total / left**2 + 4.0 * EPSILON
        most = (1.0 - cost) * lengths(directions) / np.sqrt(cost * (2.0 - cost)) / left
        t = np.where(grows, np.minimum(reach(along_h, along_r, noise), most), 0.0)[:, None]
    dual, along_h = directions + t * residuals, along_h + t * along_r
    numbers = np.empty((4, len(x)))
    long, largest = lengths(dual), np.abs(along_h).max(axis=1)
    products = (dual.conj() * residuals).sum(axis=1).real
    along = (along_h.conj() * x).sum(axis=1).real
    columns = np.broadcast_to(column, long.shape)
    for p, r in enumerate(left):
        most = with_rounding(largest[p], columns[p], long[p])
        t = best_multiple(QCBP, r, 1.0, products[p] + along[p], long[p], most)
        objective, value, gap, _ = duality_gap(QCBP, r, total[p], total[p] - t * along[p], r, t * long[p],
                                               t * products[p], 0.0)
        numbers[:, p] = objective, value, gap, relative(gap, objective)
        dual[p] *= t
    return x, dual, *numbers, left, np.zeros(len(x))


def reach(start, slope, noise):
    r"""Return the largest t >= 0 with :math:`|q_j+tp_j|\le1` wherever :math:`|p_j|` is not rounding, by rows.

    Infinite if all slopes are rounding, zero if a modulus above 1 grows. Entries of modulus 1 with no
    slope are the support and its duplicates.
    """
    bend, half = np.abs(slope) ** 2, (start.conj() * slope).real
    still = np.maximum(noise**2, 1e-20 * bend.max(axis=1))[:, None]
    left = np.minimum(np.abs(start) ** 2 - 1.0, 0.0)
    root = np.sqrt(half**2 - left * bend)
    # Two forms of one root, so that nothing cancels.
    t = np.where(half > 0.0, -left / (half + root), (root - half) / bend)
    return np.where(bend > still, t, np.inf).min(axis=1)
