"""Programs over all unit vectors on a support, between an ascent and polytopes around the sphere."""

from itertools import product

import numpy as np
from scipy.spatial import ConvexHull

from kernelstab._engines.robust_nsp.least_norm import (
    INFEASIBLE,
    MEET,
    LeastNormPrograms,
    LeastNorms,
    RobustBounds,
)

_EPS = float(np.finfo(np.float64).eps)
_TOLERANCE = 1e-4                 # supports whose bound is this close to the best value are finished
_MOST_CORNERS = 3000


class Sphere:
    r"""Find the largest :math:`(\|v_S\|_2-\sum_{j\notin S}c_j|v_j|)/\|Av\|` over supports of one size.

    For a support this is the largest :math:`g(u)=\min\{\|h\|:A_S^Th=u,\ |a_j^Th|\le c_j\}` over unit vectors.
    The function is convex and even, so over a polytope around the sphere it is largest at a corner. From
    below, ``u`` moves to the direction of the best ``v_S``: neither step of this alternation can lose.
    """

    def __init__(self, programs: LeastNormPrograms, supports, limits):
        self.programs, self.supports, self.limits = programs, supports, limits
        self.size = supports.shape[1]
        self.lower, self.witness = 0.0, np.zeros(len(limits))
        self.infinite = False

    def search(self, threads=1, progress=None) -> RobustBounds:
        """Refine the polytopes until every support is as good as decided or the corners are too many."""
        total = len(self.supports)
        bounds = np.full(total, np.inf)
        dual = np.zeros(self.programs.matrix.shape[0])
        self._start()
        left, interrupted = np.arange(total), False
        try:
            for round_, corners in enumerate(_polytopes(self.size)):
                batch = self.programs.all(self.supports[left], corners, self.limits, self._violates,
                                          threads=threads)
                if batch.kernel is not None:
                    return self._unbounded(batch.kernel, dual, total)
                found = batch.bounds.max(axis=1)
                bounds[left[:batch.done]] = np.minimum(bounds[left[:batch.done]], found)
                if batch.done:
                    place = np.unravel_index(np.argmax(batch.bounds), batch.bounds.shape)
                    dual = batch.duals[place]
                self._ascend(batch, left, corners)
                if self.infinite:
                    return self._unbounded(self.witness, dual, total)
                interrupted = batch.interrupted
                left = np.flatnonzero(bounds > self.lower * (1 + _TOLERANCE))
                if progress is not None:
                    progress(total - len(left), total,
                             f"{self.lower:.4g} <= tau <= {bounds.max():.4g}, round {round_}")
                if not len(left) or interrupted:
                    break
        except KeyboardInterrupt:
            interrupted = True
        if self.witness.any():          # the support of its program need not be the best for it
            self._offer(self.witness, self.supports[np.argmax(self._excess(self.witness))])
        upper = float(bounds.max())
        complete = self.size == 1 and not interrupted and upper <= self.lower * (1 + MEET)
        return RobustBounds(self.lower, upper, complete, self.witness, dual, (), total, interrupted)

    def _unbounded(self, kernel, dual, total):
        return RobustBounds(np.inf, np.inf, True, kernel, dual, (), total, False)

    def _start(self):
        """Start from a vector with one entry."""
        used = np.unique(self.supports)
        lengths = self.programs.lengths[used]
        unit = np.zeros(len(self.limits))
        unit[used[np.argmin(np.where(lengths > 0, lengths, np.inf))]] = 1.0
        self._offer(unit, self.supports[np.any(self.supports == np.argmax(unit), axis=1)][0])

    def _ascend(self, batch: LeastNorms, left, corners):
        """Ascend from the best corner of the most promising supports."""
        best = batch.bounds.argmax(axis=1)
        order = np.argsort(-batch.bounds.max(axis=1, initial=0.0), kind="stable")[:12]
        for k in order:
            support, u = self.supports[left[k]], corners[best[k]]
            last = 0.0
            for _ in range(40):
                outcome, _, v = self.programs.one(support, u / np.linalg.norm(u), self.limits)
                if outcome == INFEASIBLE:
                    kernel = self.programs.in_kernel(v)
                    if kernel is not None and self._violates(kernel):
                        self.infinite, self.witness = True, kernel
                        return
                    break
                value = self._offer(v, support)
                if not v[support].any() or value <= last * (1 + 1e-9):
                    break
                u, last = v[support], value

    def _offer(self, v, support) -> float:
        """Keep a vector if its quotient, rounded down, is the best."""
        slack = (len(v) + 4) * _EPS * (np.linalg.norm(v[support]) + self.limits @ np.abs(v))
        length = self.programs.data_norm_upper(v)
        value = (self._numerator(v, support) - slack) / length if length > 0 else 0.0
        if value > self.lower:
            self.lower, self.witness = float(value), v
        return value

    def _numerator(self, v, support) -> float:
        off = self.limits * np.abs(v)
        return float(np.linalg.norm(v[support]) - off.sum() + off[support].sum())

    def _violates(self, kernel) -> bool:
        """Whether a kernel vector of 1-norm one makes the constant infinite, by more than rounding."""
        return bool(self._excess(kernel).max() > 1e-12 * (1 + self.limits.max()))

    def _excess(self, v) -> np.ndarray:
        """Return the numerator of the quotient of ``v`` for every support."""
        off = self.limits * np.abs(v)
        return np.linalg.norm(v[self.supports], axis=1) - off.sum() + off[self.supports].sum(axis=1)


def _polytopes(size):
    """Yield the corners, one of each opposite pair, of ever finer polytopes around the unit ball."""
    if size == 1:
        yield np.ones((1, 1))
        return
    if size == 2:
        for count in (8, 32, 128, 512):
            angles = 2 * np.pi * np.arange(count // 2) / count
            radius = (1 + 8 * _EPS) / np.cos(np.pi / count)
            yield radius * np.column_stack([np.cos(angles), np.sin(angles)])
        return
    for order in (1, 2, 4, 8, 16):
        corners = lattice_directions(size, order)
        if order > 1 and len(corners) > _MOST_CORNERS:
            return
        hull = ConvexHull(np.vstack([corners, -corners]))
        yield corners * (1 + 1e-12) / -hull.equations[:, -1].max()


def lattice_directions(size, order) -> np.ndarray:
    """Return unit vectors along the integer points of 1-norm ``order``, one of each opposite pair.

    >>> lattice_directions(2, 1).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    points = np.array([point for point in product(range(-order, order + 1), repeat=size)
                       if sum(map(abs, point)) == order and next(x for x in point if x) > 0], dtype=float)
    return points / np.linalg.norm(points, axis=1, keepdims=True)
