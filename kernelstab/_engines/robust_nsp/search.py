r"""Bounds of the smallest :math:`\tau`, over sign patterns (1-norm form) and unit vectors (2-norm form)."""

from itertools import combinations_with_replacement
from math import comb

import numpy as np
from scipy.spatial import ConvexHull

from kernelstab._engines.dense_matrix import kernel_distance
from kernelstab._engines.nsp.programs import largest_support
from kernelstab._engines.nsp.search import sign_patterns, with_all_signs
from kernelstab._engines.robust_nsp.least_norm import EPS, INFEASIBLE, SOLVED, all_supports

_MEET = 1e-6                      # relative distance of two ends that count as one
_MOST_FRACTIONS = 200             # programs that are decided in fractions where rounding cannot decide
_TOLERANCE = 1e-4                 # supports whose bound is this close to the best value are finished
_MOST_CORNERS = 3000


class RobustSearch:
    r"""Bounds of the largest :math:`(\|v_S\|-\sum_{j\notin S}c_j|v_j|)/\|Av\|` over admissible supports.

    Admissible are ``caps[l]`` entries of level ``l``, where the limits :math:`c_j` are equal; the norm on the
    support is the 1-norm or the 2-norm. After Ctrl-C the bounds are true, too.
    """

    def __init__(self, programs, labels, caps, limits, norm):
        self.programs, self.labels, self.caps, self.limits = programs, labels, caps, limits
        self.order = 1 if norm == "l1" else 2
        self.n, self.s = len(limits), int(caps.sum())
        self.lower, self.upper, self.witness = 0.0, np.inf, np.zeros(self.n)
        self.exact, self.groups, self.evaluated, self.interrupted = False, (), 0, False

    def _numerator(self, v):
        """Return the numerator of the quotient of ``v`` for its best support, and a bound of its rounding."""
        support = largest_support(np.abs(v), self.labels, self.caps)
        on, off = np.linalg.norm(v[support], self.order), self.limits * np.abs(v)
        slack = (self.n + 4) * EPS * (on + off.sum())
        return float(on - off.sum() + off[support].sum()), slack

    def _violates(self, kernel) -> bool:
        """Whether a kernel vector of 1-norm one makes the constant infinite, its rounding errors counted."""
        numerator, slack = self._numerator(kernel)
        if numerator <= max(slack, 1e-12 * (1 + self.limits.max())):
            return False
        near = kernel_distance(self.programs.matrix, self.programs.rank, kernel)
        return numerator - slack > np.sqrt(self.n) * (1 + self.limits.max()) * near

    def _offer(self, v) -> float:
        """Keep a vector if its quotient, rounded down, is the best."""
        numerator, slack = self._numerator(v)
        length = self.programs.data_norm_upper(v)
        value = (numerator - slack) / length if length > 0 else 0.0
        if value > self.lower:
            self.lower, self.witness = float(value), v
        return value

    def _offer_one_entry(self):
        """Offer the vector on the shortest column, never below 1 / ||a||."""
        lengths = np.where(self.programs.lengths > 0, self.programs.lengths, np.inf)
        unit = np.zeros(self.n)
        unit[np.argmin(lengths)] = 1.0
        self._offer(unit)

    def _zero_column(self) -> bool:
        """Whether a column is zero: its unit vector, in the kernel, forbids every ratio."""
        if self.programs.lengths.all():
            return False
        self._unbounded(np.eye(self.n)[int(np.argmin(self.programs.lengths))])
        return True

    def _unbounded(self, kernel):
        self.witness, self.lower, self.upper, self.exact = kernel, np.inf, np.inf, True

    # the 1-norm: signs

    def over_signs(self, rho, max_supports, threads, progress):
        """Solve all supports with all signs, or those that matter most, and bound the others."""
        if self._zero_column():
            return
        total, rest, groups = comb(self.n, self.s), 0.0, ()
        if total <= max_supports:
            supports = all_supports(self.n, self.s)
        else:
            supports, rest, groups = self._partial(rho, max_supports)
        tick = None if progress is None else lambda done, bounds: progress(
            done, len(supports), f"tau <= {bounds.max():.4g} so far")
        batch = self.programs.all(supports, sign_patterns(self.s), self.limits, self._violates,
                                  threads=threads, tick=tick)
        self.evaluated, self.interrupted = len(batch.bounds), batch.interrupted
        if batch.kernel is not None:
            self._unbounded(batch.kernel)
            return
        if batch.interrupted:
            shares, *groups = self._single_sums(rho)
            rest = float(np.sort(shares)[-self.s:].sum())
        supports, signs = with_all_signs(supports[:self.evaluated])
        duals, bounds = batch.duals.reshape(len(signs), -1), batch.bounds.ravel()
        for k in np.flatnonzero(np.isinf(bounds))[:_MOST_FRACTIONS]:      # a limit is met with equality
            (h,), _, (outcome,) = self.programs.solve(supports[k:k + 1], signs[k:k + 1], self.limits)
            if outcome == SOLVED:
                duals[k], bounds[k] = h, self.programs.proved_exactly(supports[k], signs[k], rho, h)
        self._offer_one_entry()
        best = np.argsort(-bounds, kind="stable")[:8]
        for v in self.programs.solve(supports[best], signs[best], self.limits)[1]:
            self._offer(v)
        self.upper = max(rest, float(bounds.max(initial=0.0)))
        self.exact = self.evaluated == total and self.upper <= self.lower * (1 + _MEET)
        self.groups = (*groups, (supports, signs, duals))

    def _single_sums(self, rho):
        """Return the share of every column in the bound by single columns, and the duals that prove it."""
        rho1 = rho / (self.s + (self.s - 1) * rho) * (1 - 4 * EPS)
        columns = np.arange(self.n)[:, None]
        batch = self.programs.all(columns, np.ones((1, 1)), np.full(self.n, rho1), lambda kernel: False)
        done, shares = len(batch.bounds), np.full(self.n, np.inf)
        shares[:done] = batch.bounds[:, 0] * (1 + rho) / (1 + rho1) * (1 + 8 * self.s * EPS)
        return shares, (columns[:done], np.ones((done, 1), np.int8), batch.duals[:, 0])

    def _partial(self, rho, max_supports):
        """Choose the supports inside the columns of largest share; any other has one column outside."""
        shares, *groups = self._single_sums(rho)
        order = np.argsort(-shares, kind="stable")
        inside = self.s
        while comb(inside + 1, self.s) <= max_supports:
            inside += 1
        supports = np.sort(order[all_supports(inside, self.s)], axis=1)
        return supports, float(shares[order[:self.s - 1]].sum() + shares[order[inside]]), groups

    # the 2-norm: unit vectors

    def over_sphere(self, supports, threads, progress):
        r"""Refine polytopes until every support is as good as decided or the corners are too many.

        For a support the constant is the largest :math:`\min\{\|h\|:A_S^Th=u,\ |a_j^Th|\le c_j\}` over
        unit vectors ``u``. It is convex and even in ``u``, so over a polytope around the sphere it is
        largest at a corner. From below, ``u`` moves to the direction of the best ``v_S``: neither step of
        this alternation can lose.
        """
        if self._zero_column():
            return
        total = self.evaluated = len(supports)
        bounds, left = np.full(total, np.inf), np.arange(total)
        self._offer_one_entry()
        try:
            for round_, corners in enumerate(_polytopes(self.s)):
                batch = self.programs.all(supports[left], corners, self.limits, self._violates,
                                          threads=threads)
                done = left[:len(batch.bounds)]
                bounds[done] = np.minimum(bounds[done], batch.bounds.max(axis=1))
                kernel = batch.kernel
                if kernel is None:
                    kernel = self._ascend(batch.bounds, supports[left], corners)
                if kernel is not None:
                    self._unbounded(kernel)
                    return
                self.interrupted = batch.interrupted
                left = np.flatnonzero(bounds > self.lower * (1 + _TOLERANCE))
                if progress is not None:
                    progress(total - len(left), total,
                             f"{self.lower:.4g} <= tau <= {bounds.max():.4g}, round {round_}")
                if not len(left) or self.interrupted:
                    break
        except KeyboardInterrupt:
            self.interrupted = True
        self.upper = float(bounds.max())
        self.exact = self.s == 1 and not self.interrupted and self.upper <= self.lower * (1 + _MEET)

    def _ascend(self, bounds, supports, corners):
        """Ascend from the best corner of the most promising supports; return a kernel vector met."""
        best = bounds.argmax(axis=1)
        for k in np.argsort(-bounds.max(axis=1, initial=0.0), kind="stable")[:12]:
            support, u, last = supports[k], corners[best[k]], 0.0
            for _ in range(40):
                target = u[None] / np.linalg.norm(u)
                _, (v,), (outcome,) = self.programs.solve(support[None], target, self.limits)
                if outcome == INFEASIBLE:
                    kernel = self.programs.in_kernel(v)
                    if kernel is not None and self._violates(kernel):
                        return kernel
                    break
                value = self._offer(v)
                if not v[support].any() or value <= last * (1 + 1e-9):
                    break
                u, last = v[support], value
        return None


def _polytopes(size):
    """Yield the corners, one of each opposite pair, of ever finer polytopes around the unit ball."""
    if size == 1:
        yield np.ones((1, 1))
        return
    for order in (1, 4, 16, 64, 256) if size == 2 else (1, 2, 4, 8, 16):
        count = sum(comb(size, k) * comb(order - 1, k - 1) * 2 ** (k - 1) for k in range(1, size + 1))
        if order > 1 and count > _MOST_CORNERS:
            return
        corners = lattice_directions(size, order)
        hull = ConvexHull(np.vstack([corners, -corners]))
        yield corners * (1 + 1e-12) / -hull.equations[:, -1].max()


def lattice_directions(size, order) -> np.ndarray:
    """Return unit vectors along the integer points of 1-norm ``order``, one of each opposite pair.

    >>> lattice_directions(2, 1).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    points = []
    for places in combinations_with_replacement(range(size), order):
        point = np.bincount(places, minlength=size).astype(float)
        where = np.flatnonzero(point)
        signs = np.ones((2 ** (len(where) - 1), size))
        signs[:, where] = sign_patterns(len(where))
        points.extend(signs * point)
    return np.array(points) / np.linalg.norm(points, axis=1, keepdims=True)
