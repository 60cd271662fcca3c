"""Orthogonal matching pursuit on its three ways: at once, by blocks of guesses, by products."""

import numpy as np

from kernelstab.solvers.greedy._columns import largest
from kernelstab.solvers.greedy._walk import Point, Task

AT_ONCE = 1 << 18   # entries up to which a matrix stays in the cache, and every step looks at all of it
BLOCK = 32          # guesses in the first block
LONGEST = 64        # guesses in a block at most
CANDIDATES = 192    # columns gathered for a block; more for long ones
PER_GUESS = 4


class Pursuit:
    """The state of a run: the chosen columns, their triangular factor, the residual, and the rule.

    The rows of ``factor.basis`` are orthonormal and span the chosen columns.
    """

    def __init__(self, task: Task, weights, eta):
        from kernelstab.solvers.greedy._omp_jit import Factor, Rule

        self.task, self.system, self.weights = task, task.system, weights
        self.limit = limit = min(task.s, task.budget)
        m, dtype = self.system.shape[0], self.system.dtype
        self.factor = Factor(np.empty((limit, m), dtype), np.zeros((limit, limit), dtype),
                             np.empty(limit, dtype))
        self.picks, self.count, self.reason = np.zeros(limit, np.int64), 0, None
        self.residual = self.system.y.copy()
        self.rule = Rule(limit, eta, task.tol * task.size)

    def walk(self):
        """Yield the points; the residual's correlations are looked at in the cheapest way that is exact."""
        yield from self._begin()
        if self.system.matrix is None:
            yield from self._by_products()
        elif self.system.matrix.size <= AT_ONCE:
            everywhere = np.arange(self.weights.size)
            chosen, trail = self._climb(_loop_form(self.system.matrix), everywhere, self.limit)
            yield from self._accept(chosen, trail)
        else:
            yield from self._by_blocks()

    def verdict(self) -> tuple:
        """Return whether the stopping rule was met, and the words for the way taken."""
        from kernelstab.solvers.greedy import _omp_jit as loops

        if self.rule.eta > 0:
            met = self.reason == loops.FITTED
        else:
            met = self.reason != loops.FULL or self.limit == self.task.s
        matrix = self.system.matrix
        return met, "operator" if matrix is None else "at once" if matrix.size <= AT_ONCE else "by blocks"

    def _by_products(self):
        """One product with the adjoint finds a column, one with the operator fetches it."""
        pulled = self.task.correlation if self.count == 0 else self.system.adjoint(self.residual)
        while (place := self._next(pulled)) is not None:
            chosen, trail = self._climb(self._fetch([place]), np.array([place]), self.count + 1)
            if chosen == 0:
                break
            pulled = self.system.adjoint(trail[-1])
            yield from self._accept(1, trail, pulled)

    def _by_blocks(self):
        """Guess many steps among the columns that correlate most, then check them all in one pass.

        One product of a block of residuals with the matrix costs little more than one residual's,
        since the time goes into reading the matrix. Guesses stand up to the first residual whose
        best column is another; its correlations are then known and choose the next candidates.
        """
        matrix, block = self.system.matrix, BLOCK
        pulled = self.task.correlation if self.count == 0 else self.system.adjoint(self.residual)
        while self._next(pulled) is not None:
            places = largest(np.abs(pulled) * self.weights, max(CANDIDATES, PER_GUESS * block))
            chosen, trail = self._climb(_loop_form(matrix[:, places]), places,
                                        min(self.limit, self.count + block))
            if chosen == 0:
                break
            found = np.conj(trail[1:]) @ matrix  # r^H A for every residual
            right, first = 1, self.count
            while right < chosen:
                self.weights[self.picks[first + right - 1]] = 0.0
                if self._leader(found[right - 1])[0] != self.picks[first + right]:
                    break
                right += 1
            block = min(2 * block, LONGEST) if right == chosen else max(right, BLOCK // 2)
            pulled = np.conj(found[right - 1])
            yield from self._accept(right, trail[: right + 1], pulled)

    def _next(self, pulled):
        """Return the column to take, or None and the reason why none."""
        from kernelstab.solvers.greedy import _omp_jit as loops

        if np.linalg.norm(self.residual) <= self.rule.eta:
            self.reason = loops.FITTED
        elif self.count == self.limit:
            self.reason = loops.FULL
        else:
            place, score = self._leader(pulled)
            if score > self.rule.floor**2:
                return place
            self.reason = loops.NOTHING
        return None

    def _leader(self, pulled):
        from kernelstab.solvers.greedy._omp_jit import leader

        return leader(pulled, self.weights, np.empty(self.weights.size))

    def _climb(self, columns, places, atoms):
        """Guess among ``columns``; return how many are chosen and the residuals met."""
        from kernelstab.solvers.greedy._omp_jit import climb

        picks = np.zeros(self.limit, np.int64)
        trail = np.empty((atoms - self.count + 1, self.residual.size), self.residual.dtype)
        end, self.reason = climb(columns, self.weights[places], self.residual.copy(), self.factor, picks,
                                 trail, self.count, self.rule._replace(atoms=atoms))
        self.picks[self.count : end] = places[picks[self.count : end]]
        return end - self.count, trail[: end - self.count + 1]

    def _accept(self, chosen, trail, pulled=None):
        """Let the first guesses stand; yield their points, or the last one only if nobody looks."""
        first, self.count = self.count, self.count + chosen
        self.residual = trail[chosen]
        self.weights[self.picks[first : self.count]] = 0.0
        for i in range(1 if self.task.each else max(chosen, 1), chosen + 1):
            yield self._point(first + i, trail[i], pulled if i == chosen else None)

    def _point(self, count, residual, pulled):
        from kernelstab.solvers.greedy._omp_jit import fit

        values, direction = fit(self.factor, count)
        order = np.argsort(self.picks[:count])
        return Point(count, self.picks[:count][order], values[order], residual, pulled, direction)

    def _begin(self):
        """Take the columns of a warm start first, the largest coefficient leading."""
        support, values = self.task.support, self.task.values
        for place in support[np.argsort(-np.abs(values), kind="stable")]:
            if self.count < self.limit:
                chosen, trail = self._climb(self._fetch([place]), np.array([place]), self.count + 1)
                yield from self._accept(chosen, trail)

    def _fetch(self, places):
        if self.system.matrix is not None:
            return _loop_form(self.system.matrix[:, places])
        unit = np.zeros(self.system.shape[1], self.system.dtype)
        unit[places] = 1.0
        return _loop_form(self.system.forward(unit).astype(self.system.dtype).reshape(-1, 1))


def _loop_form(matrix):
    """Return the form for which the loops are compiled: C order, writeable."""
    return np.require(matrix, None, ["C", "W"])
