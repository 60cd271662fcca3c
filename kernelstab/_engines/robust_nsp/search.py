r"""Bounds of the smallest :math:`\tau`, over sign patterns (1-norm form) and unit vectors (2-norm form)."""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb

import numpy as np
from scipy.spatial import ConvexHull

from kernelstab._engines.nsp.search import sign_patterns, with_all_signs
from kernelstab._engines.robust_nsp.least_norm import EPS, INFEASIBLE, SOLVED, all_supports

_MEET = 1e-6                      # relative distance of two ends that count as one
_MOST_FRACTIONS = 200             # programs that are decided in fractions where rounding cannot decide
_TOLERANCE = 1e-4                 # supports whose bound is this close to the best value are finished
_MOST_CORNERS = 3000


@dataclass
class RobustBounds:
    """Bounds of a constant, the vector of the lower one, and dual vectors of the upper one."""

    witness: np.ndarray
    lower: float = 0.0
    upper: float = np.inf
    exact: bool = False
    groups: tuple = ()
    evaluated: int = 0
    interrupted: bool = False

    def unbounded(self, kernel):
        """Record a kernel vector that makes the constant infinite."""
        self.witness, self.lower, self.upper, self.exact = kernel, np.inf, np.inf, True
        return self

    def offer(self, value, v):
        """Keep a vector if its quotient is the best."""
        if value > self.lower:
            self.lower, self.witness = float(value), v


class Signs:
    """All supports of one size with all signs, or those that matter most and a bound for the others."""

    def __init__(self, programs, s, rho):
        self.programs, self.s, self.rho = programs, s, rho
        self.n = len(programs.columns)
        self.limits = np.full(self.n, rho)

    def search(self, max_supports, threads, progress) -> RobustBounds:
        """Solve, bound what was left out, and find the best witness."""
        total, rest, groups = comb(self.n, self.s), 0.0, ()
        if total <= max_supports:
            supports = all_supports(self.n, self.s)
        else:
            supports, rest, groups = self._partial(max_supports)
        tick = None if progress is None else lambda done, bounds: progress(
            done, len(supports), f"tau <= {bounds.max():.4g} so far")
        batch = self.programs.all(supports, sign_patterns(self.s), self.limits, self._violates,
                                  threads=threads, tick=tick)
        found = RobustBounds(np.zeros(self.n), evaluated=len(batch.bounds), interrupted=batch.interrupted)
        if batch.kernel is not None:
            return found.unbounded(batch.kernel)
        if batch.interrupted:
            shares, *groups = self._single_sums()
            rest = float(np.sort(shares)[-self.s:].sum())
        supports, signs = with_all_signs(supports[:found.evaluated])
        duals, bounds = batch.duals.reshape(len(signs), -1), batch.bounds.ravel()
        self._settle(supports, signs, duals, bounds)
        self._find_witness(supports, signs, bounds, found)
        found.upper = max(rest, float(bounds.max(initial=0.0)))
        found.exact = found.evaluated == total and found.upper <= found.lower * (1 + _MEET)
        found.groups = (*groups, (supports, signs, duals))
        return found

    def _numerator(self, v) -> float:
        """Return ``||v_S||_1 - rho ||v_{S^c}||_1`` for the best support."""
        sizes = np.sort(np.abs(v))
        return float(sizes[self.n - self.s:].sum() - self.rho * sizes[:self.n - self.s].sum())

    def _violates(self, kernel) -> bool:
        """Whether a kernel vector of 1-norm one violates the property by more than rounding."""
        return self._numerator(kernel) > 1e-12 * (1 + self.rho)

    def _settle(self, supports, signs, duals, bounds):
        """Try once more, without inset and in fractions, where a limit is met with equality."""
        for k in np.flatnonzero(np.isinf(bounds))[:_MOST_FRACTIONS]:
            (h,), _, (outcome,) = self.programs.solve(supports[k:k + 1], signs[k:k + 1], self.limits)
            if outcome == SOLVED:
                duals[k], bounds[k] = h, self.programs.proved_exactly(supports[k], signs[k], self.rho, h)

    def _find_witness(self, supports, signs, bounds, found):
        """Offer a vector with one entry, never below 1 / ||a||, and those of the best programs."""
        lengths = np.where(self.programs.lengths > 0, self.programs.lengths, np.inf)
        found.witness[np.argmin(lengths)] = 1.0
        best = np.argsort(-bounds, kind="stable")[:8]
        for v in (found.witness, *self.programs.solve(supports[best], signs[best], self.limits)[1]):
            slack = (self.n + 4) * EPS * (1 + self.rho) * np.abs(v).sum()
            length = self.programs.data_norm_upper(v)
            if length > 0:
                found.offer((self._numerator(v) - slack) / length, v)

    def _single_sums(self):
        """Return the share of every column in the bound by single columns, and the duals that prove it."""
        rho1 = self.rho / (self.s + (self.s - 1) * self.rho) * (1 - 4 * EPS)
        columns = np.arange(self.n)[:, None]
        batch = self.programs.all(columns, np.ones((1, 1)), np.full(self.n, rho1), lambda kernel: False)
        done, shares = len(batch.bounds), np.full(self.n, np.inf)
        shares[:done] = batch.bounds[:, 0] * (1 + self.rho) / (1 + rho1) * (1 + 8 * self.s * EPS)
        return shares, (columns[:done], np.ones((done, 1), np.int8), batch.duals[:, 0])

    def _partial(self, max_supports):
        """Choose the supports inside the columns of largest share; any other has one column outside."""
        shares, *groups = self._single_sums()
        order = np.argsort(-shares, kind="stable")
        inside = self.s
        while comb(inside + 1, self.s) <= max_supports:
            inside += 1
        supports = np.sort(order[all_supports(inside, self.s)], axis=1)
        return supports, float(shares[order[:self.s - 1]].sum() + shares[order[inside]]), groups


class Sphere:
    r"""Find the largest :math:`(\|v_S\|_2-\sum_{j\notin S}c_j|v_j|)/\|Av\|` over supports of one size.

    For a support this is the largest :math:`g(u)=\min\{\|h\|:A_S^Th=u,\ |a_j^Th|\le c_j\}` over unit vectors.
    The function is convex and even, so over a polytope around the sphere it is largest at a corner. From
    below, ``u`` moves to the direction of the best ``v_S``: neither step of this alternation can lose.
    """

    def __init__(self, programs, supports, limits):
        self.programs, self.supports, self.limits = programs, supports, limits
        self.found = RobustBounds(np.zeros(len(limits)), evaluated=len(supports))

    def search(self, threads, progress) -> RobustBounds:
        """Refine the polytopes until every support is as good as decided or the corners are too many."""
        found, total, size = self.found, *self.supports.shape
        bounds, left = np.full(total, np.inf), np.arange(total)
        self._offer_one_entry()
        try:
            for round_, corners in enumerate(_polytopes(size)):
                batch = self.programs.all(self.supports[left], corners, self.limits, self._violates,
                                          threads=threads)
                done = left[:len(batch.bounds)]
                bounds[done] = np.minimum(bounds[done], batch.bounds.max(axis=1))
                kernel = batch.kernel
                if kernel is None:
                    kernel = self._ascend(batch.bounds, left, corners)
                if kernel is not None:
                    return found.unbounded(kernel)
                found.interrupted = batch.interrupted
                left = np.flatnonzero(bounds > found.lower * (1 + _TOLERANCE))
                if progress is not None:
                    progress(total - len(left), total,
                             f"{found.lower:.4g} <= tau <= {bounds.max():.4g}, round {round_}")
                if not len(left) or found.interrupted:
                    break
        except KeyboardInterrupt:
            found.interrupted = True
        if found.witness.any():         # the support of its program need not be the best for it
            self._offer(found.witness, self.supports[np.argmax(self._excess(found.witness))])
        found.upper = float(bounds.max())
        found.exact = size == 1 and not found.interrupted and found.upper <= found.lower * (1 + _MEET)
        return found

    def _offer_one_entry(self):
        used = np.unique(self.supports)
        lengths = self.programs.lengths[used]
        unit = np.zeros(len(self.limits))
        unit[used[np.argmin(np.where(lengths > 0, lengths, np.inf))]] = 1.0
        self._offer(unit, self.supports[np.any(self.supports == np.argmax(unit), axis=1)][0])

    def _ascend(self, bounds, left, corners):
        """Ascend from the best corner of the most promising supports; return a kernel vector met."""
        best = bounds.argmax(axis=1)
        for k in np.argsort(-bounds.max(axis=1, initial=0.0), kind="stable")[:12]:
            support, u, last = self.supports[left[k]], corners[best[k]], 0.0
            for _ in range(40):
                target = u[None] / np.linalg.norm(u)
                _, (v,), (outcome,) = self.programs.solve(support[None], target, self.limits)
                if outcome == INFEASIBLE:
                    kernel = self.programs.in_kernel(v)
                    if kernel is not None and self._violates(kernel):
                        return kernel
                    break
                value = self._offer(v, support)
                if not v[support].any() or value <= last * (1 + 1e-9):
                    break
                u, last = v[support], value
        return None

    def _offer(self, v, support) -> float:
        """Keep a vector if its quotient, rounded down, is the best."""
        off = self.limits * np.abs(v)
        slack = (len(v) + 4) * EPS * (np.linalg.norm(v[support]) + off.sum())
        length = self.programs.data_norm_upper(v)
        excess = np.linalg.norm(v[support]) - off.sum() + off[support].sum()
        value = float(excess - slack) / length if length > 0 else 0.0
        self.found.offer(value, v)
        return value

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
