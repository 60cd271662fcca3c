r"""The tree search for the null space constant: which programs have to be solved.

With :math:`\alpha_{K,\xi}` the value of the program of support ``K`` and signs :math:`\xi`, and every
index of ``K`` in ``s - 1`` of its pairs,

.. math:: (s-1)\,\langle\xi,v_K\rangle=\sum_{i<j\in K}(\xi_iv_i+\xi_jv_j)
          \quad\Rightarrow\quad\alpha_{K,\xi}\le\frac1{s-1}\sum_{i<j\in K}\alpha_{\{i,j\},(\xi_i,\xi_j)} ,

and the mean of the duals of the pairs is a dual for ``K`` that proves it. So a support with signs
for which this does not exceed the incumbent is settled without a program.
"""

from math import comb

import numpy as np

from kernelstab._engines.nsp.programs import EPS

_TIE = 1e-12                    # a bound this little above the incumbent is not pursued: rounding
_BUFFER = 100_000
_NODES = 500_000                # of the tree, in one compiled call
_NODES_PER_SUPPORT = 20_000
_SLICES = (0.5, 0.25, 0.125, 0.0625, 0.0)


class SignSearch:
    """One search: tables of bounds of pairs, the supports solved, and what is proved about the rest."""

    def __init__(self, programs, s, max_supports, report):
        self.programs, self.s, self.max_supports, self.report = programs, s, max_supports, report
        m, n = programs.matrix.shape
        self.n, self.supports = n, count_supports(programs.levels, programs.caps)
        self.single_duals, self.single_bounds = np.zeros((n, m)), np.ones(n)
        self.rest, self.settled = 1.0, 0.0          # bounds of the supports to come and of those done with
        self.batches, self.seen, self.nodes = [], set(), 0
        self.pairs = self.pair_duals = None
        self.complete = False

    def run(self):
        """Search until every support is settled or the budget is spent."""
        singles = self.programs.solve(np.arange(self.n)[:, None], np.ones((self.n, 1)))
        self.single_duals, self.single_bounds = singles.duals, singles.bounds
        self.rest = min(1.0, self._sum_of_singles())
        self._improve(singles)
        if self.s == 1:
            allowed = self.programs.caps[self.programs.levels] > 0
            self.settled, self.rest, self.complete = float(singles.bounds[allowed].max()), 0.0, True
            self.seen = {(int(i),) for i in np.flatnonzero(allowed)}
            return
        if self.programs.lower >= 1 - _TIE:
            self.complete = True
            return
        self._open_tables(singles)
        if self.s > 2:
            self._solve_pairs()
            # every support holds a pair
            self.rest = min(self.rest, float(self._completions().max()))
        self._settle_slices()

    def upper(self):
        """Return what is proved about all supports."""
        return min(1.0, max(self.rest, self.settled))

    def over_budget(self):
        """Whether the enumerations have visited as many nodes as they may."""
        return self.nodes > _NODES_PER_SUPPORT * self.max_supports

    def _sum_of_singles(self):
        allowed = self.programs.largest(self.single_bounds)
        return float(self.single_bounds[allowed].sum()) * (1 + 2 * self.s * EPS)

    def _improve(self, batch, starts=32):
        """Search on from the best vertices of a batch that name different supports."""
        named, chosen = set(), []
        for i in np.argsort(-batch.sums, kind="stable"):
            key = tuple(self.programs.largest(np.abs(batch.vertices[i])))
            if key not in named:
                named.add(key)
                chosen.append(batch.vertices[i])
            if len(chosen) == starts:
                break
        self.programs.improve(chosen)
        self.report(self)

    # bounds of pairs, before and after their own programs

    def _open_tables(self, singles):
        """Bound every pair, equal and opposite signs, by the sum of the duals of its two columns."""
        g, slack = self.programs.residuals(singles.supports, singles.signs, singles.duals)
        slack = slack.max(axis=1)
        self.pairs = np.zeros((self.n, self.n, 2))
        for i in range(self.n):
            for k, sign in enumerate((1, -1)):
                worst = np.abs(g[i] + sign * g).max(axis=1)
                self.pairs[i, :, k] = np.minimum(1.0, (worst + slack[i] + slack) * (1 + 2 * EPS))
        if self.s > 2:
            d = self.single_duals
            self.pair_duals = np.stack([d[:, None] + d, d[:, None] - d], axis=2)

    def _solve_pairs(self):
        """Solve the programs of all pairs that may be part of a support above the incumbent."""
        first, second, k = np.nonzero(self._completions() > self.programs.lower + _TIE)
        rising = first < second
        supports = np.column_stack([first, second])[rising]
        k = k[rising]
        signs = np.column_stack([np.ones(len(k), int), 1 - 2 * k])
        size = 16 * self.programs.chunk
        for cut in (slice(i, i + size) for i in range(0, len(k), size)):
            batch = self.programs.solve(supports[cut], signs[cut])
            for (i, j), same, dual, bound in zip(supports[cut], k[cut], batch.duals, batch.bounds):
                if bound < self.pairs[i, j, same]:
                    self.pairs[i, j, same] = self.pairs[j, i, same] = bound
                    self.pair_duals[i, j, same] = dual          # looked up by rising pairs only
            self._improve(batch, starts=8)

    def _completions(self):
        """Bound all supports of size ``s`` that hold a pair with signs, by the bounds of pairs."""
        n, s, b = self.n, self.s, self.pairs
        answer = np.empty((n, n, 2))
        off = b.copy()
        off[np.arange(n), np.arange(n)] = 0.0
        for k in (0, 1):
            for i in range(n):
                # a third index with the sign of the first, or the opposite one
                third = np.maximum(off[i, None, :, 0] + off[:, :, k], off[i, None, :, 1] + off[:, :, 1 - k])
                third[:, i] = 0.0
                third[np.arange(n), np.arange(n)] = 0.0
                most = -np.sort(-third, axis=1)[:, :s - 2].sum(axis=1)
                answer[i, :, k] = off[i, :, k] + most + comb(s - 2, 2) * off.max()
        answer[np.arange(n), np.arange(n)] = 0.0
        return np.minimum(1.0, answer * (1 + 1e-15 * s * s) / (s - 1))

    # supports of full size

    def _settle_slices(self):
        """Settle supports in slices of falling bound, so that an early end leaves a small rest."""
        high = self.rest
        for share in _SLICES:
            low = self.programs.lower + _TIE
            low += share * max(0.0, high - low)
            dropped = self._settle_all(low, np.inf if share == _SLICES[0] else high)
            if dropped is None:
                return
            self.rest, high = min(self.rest, max(dropped, 0.0)), low
        self.complete = True

    def _settle_all(self, low, high):
        """Settle all supports with bounds in ``(low, high]``; return the largest left, None over budget."""
        left_out = 0.0
        for supports, signs, bounds, dropped, last in self.supports_above(self.pairs, low, high):
            left_out = max(left_out, dropped)
            if self.over_budget() and not last:
                return None
            following = self._settle(supports, signs, bounds)
            if following is not None:
                if last:                        # the slice was complete: its own largest bound is left
                    self.rest = min(self.rest, max(left_out, following))
                return None
        return left_out

    def supports_above(self, table, low, high):
        """Yield blocks of supports with signs whose bound from a table of pairs lies in ``(low, high]``.

        With each block come the bounds, the largest bound not above ``low`` so far, and whether it is
        the last. The next block is written over it.
        """
        from kernelstab._engines.nsp.simplex_jit import enumerate_supports

        s, n = self.s, self.n
        largest = np.zeros((n + 1, n + 1))
        largest[:n, :n] = np.where(np.eye(n, dtype=bool), 0.0, table.max(axis=2))
        later = np.maximum.accumulate(largest[:, ::-1], axis=1)[:, ::-1].copy()
        latest = np.append([later[i:, i:].max() for i in range(n)], 0.0)
        place = np.zeros(2 * s + 1, np.int64)
        supports, signs = np.zeros((_BUFFER, s), np.int64), np.zeros((_BUFFER, s), np.int64)
        bounds, count, left_out = np.zeros(_BUFFER), 0, 0.0
        while place[0] >= 0:
            found, dropped, nodes = enumerate_supports(
                table, later, latest, self.programs.levels, self.programs.caps, low, high, place,
                supports[count:], signs[count:], bounds[count:], _NODES)
            count, left_out, self.nodes = count + found, max(left_out, dropped), self.nodes + nodes
            last = place[0] < 0
            if last or count == _BUFFER or self.over_budget():
                yield supports[:count], signs[:count], bounds[:count], left_out, last
                count = 0

    def _settle(self, supports, signs, bounds):
        """Solve programs in falling order of their bounds; return the next bound if the budget ends it."""
        order = np.lexsort((*supports.T[::-1], -bounds))
        size = 8 * self.programs.chunk
        for cut in (order[i:i + size] for i in range(0, len(order), size)):
            above = bounds[cut] > self.programs.lower + _TIE
            self.settled = max(self.settled, bounds[cut[~above]].max(initial=0.0))
            cut, following = self._within_budget(cut[above], supports)
            if len(cut):
                cut = cut[np.lexsort((*signs[cut].T[::-1], *supports[cut].T[::-1]))]
                batch = self.programs.solve(supports[cut], signs[cut], self.programs.lower)
                self.batches.append((batch.supports, batch.signs, batch.duals))
                # the bound from the pairs holds as well
                self.settled = max(self.settled, float(np.minimum(batch.bounds, bounds[cut]).max()))
                if batch.sums.max() > self.programs.lower:
                    self.programs.improve([batch.vertices[np.argmax(batch.sums)]])
                self.report(self)
            if following is not None:
                return bounds[following]
        return None

    def _within_budget(self, cut, supports):
        """Return the programs whose supports the budget allows, and the first that it does not."""
        for position, row in enumerate(cut):
            key = tuple(supports[row].tolist())
            if key not in self.seen:
                if len(self.seen) == self.max_supports:
                    return cut[:position], row
                self.seen.add(key)
        return cut, None


def count_supports(levels, caps):
    """Count the supports with exactly ``caps[l]`` of the columns of each level."""
    total = 1
    for level, cap in enumerate(caps):
        total *= comb(int(np.sum(levels == level)), int(cap))
    return total

