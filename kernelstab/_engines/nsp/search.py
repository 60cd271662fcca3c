r"""The search for the null space constant of a real matrix: which programs have to be solved.

With :math:`\alpha_{K,\xi}` the value of the program of support ``K`` and signs :math:`\xi`, and every
index of ``K`` in ``s - 1`` of its pairs,

.. math:: (s-1)\,\langle\xi,v_K\rangle=\sum_{i<j\in K}(\xi_iv_i+\xi_jv_j)
          \quad\Rightarrow\quad\alpha_{K,\xi}\le\frac1{s-1}\sum_{i<j\in K}\alpha_{\{i,j\},(\xi_i,\xi_j)} ,

and the mean of the duals of the pairs is a dual for ``K`` that proves it. Taken for the worst signs of every
pair this rules out most supports, and whoever checks the proof does the same; the others are examined
in falling order of that bound, with programs for the signs whose own sum is above the incumbent.
"""

from itertools import combinations
from math import comb

import numpy as np

from kernelstab._engines.nsp.programs import EPS

_TIE = 1e-12                    # a bound this little above the incumbent is not pursued: rounding
_AT_ONCE = 400_000              # numbers of supports to extend together, times columns
_NODES_PER_SUPPORT = 2000
_MOST_NUMBERS = 2e7             # in the duals of the supports examined


class SignSearch:
    """One search: bounds of pairs, the supports examined, and what is proved about the rest."""

    def __init__(self, programs, max_supports):
        self.programs, self.max_supports = programs, max_supports
        self.s = s = int(programs.caps.sum())
        self.n = programs.matrix.shape[1]
        self.single_duals, self.single_bounds = np.zeros(programs.matrix.shape[::-1]), np.ones(self.n)
        self.rest, self.settled = 1.0, 0.0          # bounds of the supports to come and of those done with
        self.patterns = sign_patterns(s)
        self.batches, self.evaluated = [], 0
        self.pairs = self.pair_duals = None

    @property
    def lower(self):
        """The best share that a kernel vector was found to have."""
        return self.programs.lower

    @property
    def witness(self):
        """That kernel vector."""
        return self.programs.witness

    @property
    def solved(self):
        """Number of programs solved."""
        return self.programs.solved

    def run(self, report):
        """Search until every support is settled or the budget is spent."""
        self.report, programs = report, self.programs
        singles = programs.solve(np.arange(self.n)[:, None], np.ones((self.n, 1)))
        self.single_duals, self.single_bounds = singles.duals, singles.bounds
        largest = programs.largest(singles.bounds)
        self.rest = min(1.0, float(singles.bounds[largest].sum()) * (1 + 2 * self.s * EPS))
        self._improve(singles)
        if self.s == 1:
            self.settled, self.rest = self.rest, 0.0
            self.evaluated = int((programs.caps[programs.levels] > 0).sum())
        elif programs.lower < 1 - _TIE:
            self._open_tables()
            if self.s > 2:
                self._solve_pairs()
            self._settle_supports()

    def upper(self):
        """Return what is proved about all supports."""
        return min(1.0, max(self.rest, self.settled))

    def _improve(self, batch, starts=32):
        """Search on from the best vertices of a batch that name different supports."""
        named, chosen = set(), []
        for i in np.argsort(-batch.shares, kind="stable"):
            key = tuple(self.programs.largest(np.abs(batch.vertices[i])))
            if key not in named:
                named.add(key)
                chosen.append(batch.vertices[i])
            if len(chosen) == starts:
                break
        self.programs.improve(chosen)
        self.report()

    # bounds of pairs, before and after their own programs

    def _open_tables(self):
        """Bound every pair, equal and opposite signs, by the sum of the duals of its two columns."""
        columns, duals = np.arange(self.n)[:, None], self.single_duals
        g, slack = self.programs.residuals(columns, np.ones((self.n, 1)), duals)
        slack = slack.max(axis=1)
        self.pairs = np.zeros((self.n, self.n, 2))
        for i in range(self.n):
            for k, sign in enumerate((1, -1)):
                worst = np.abs(g[i] + sign * g).max(axis=1)
                self.pairs[i, :, k] = np.minimum(1.0, (worst + slack[i] + slack) * (1 + 2 * EPS))
        if self.s > 2:
            self.pair_duals = np.stack([duals[:, None] + duals, duals[:, None] - duals], axis=2)

    def _solve_pairs(self):
        """Solve the programs of all pairs that may be part of a support above the incumbent."""
        first, second, k = np.nonzero(self._completions() > self.lower + _TIE)
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
        self.rest = min(self.rest, float(self._completions().max()))        # every support holds a pair

    def _completions(self):
        """Bound all supports of size ``s`` that hold a pair with signs, by the bounds of pairs."""
        n, s, largest = self.n, self.s, self.table()
        answer = np.zeros((n, n, 2))
        for i in range(n):
            third = largest[i] + largest                # of j and a third index, which is neither i nor j
            third[:, i] = 0.0
            np.fill_diagonal(third, 0.0)
            most = -np.sort(-third, axis=1)[:, :s - 2].sum(axis=1) + comb(s - 2, 2) * largest.max()
            answer[i] = self.pairs[i] + most[:, None]
        answer[np.arange(n), np.arange(n)] = 0.0
        return np.minimum(1.0, answer * (1 + 1e-15 * s * s) / (s - 1))

    def table(self):
        """Return the bounds of pairs that proofs are checked with: of both signs, zero on the diagonal."""
        table = np.add.outer(self.single_bounds, self.single_bounds) * (1 + 4 * EPS)
        if self.s > 2:
            table = np.minimum(table, self.pairs.max(axis=2))
        np.fill_diagonal(table, 0.0)
        return table

    # supports of full size

    def _settle_supports(self):
        """Examine the supports above the incumbent in falling order."""
        supports, bounds, left = self._supports_above(self.lower + _TIE)
        size = max(1, 8 * self.programs.chunk // len(self.patterns))
        for start in range(0, len(supports), size):
            self.rest = min(self.rest, max(left, float(bounds[start])))
            if bounds[start] <= self.lower + _TIE:
                break
            self._examine(supports[start:start + size])
        else:
            self.rest = min(self.rest, left)

    def _examine(self, supports):
        """Solve the programs of supports for the signs that sums over pairs do not settle."""
        self.evaluated += len(supports)
        signs = np.tile(self.patterns, (len(supports), 1))
        supports = np.repeat(supports, len(self.patterns), axis=0)
        bounds = np.zeros(len(supports))
        for a, b in combinations(range(self.s), 2):
            opposite = (signs[:, a] != signs[:, b]).astype(int)
            bounds += self.pairs[supports[:, a], supports[:, b], opposite]
        bounds = np.minimum(1.0, bounds * (1 + 1e-15 * self.s**2) / (self.s - 1))
        open_ = np.flatnonzero(bounds > self.lower + _TIE)
        batch = self.programs.solve(supports[open_], signs[open_], self.lower)
        better = batch.bounds < bounds[open_]
        bounds[open_[better]] = batch.bounds[better]
        self.settled = max(self.settled, float(bounds.max()))
        self.batches.append((supports, signs, open_[better], batch.duals[better]))
        if len(open_) and batch.shares.max() > self.lower:
            self.programs.improve([batch.vertices[np.argmax(batch.shares)]])
        self.report()

    def _supports_above(self, low):
        """Return the supports whose bound from pairs exceeds ``low``, and the largest bound of the others.

        They come in falling order of the bound, at most as many as the budget allows. Supports are extended
        by later columns, many together. With ``rest`` indices to come, each adds at most ``later[i, c]`` to
        the sum for every ``i`` chosen, and two of them ``latest[c]``; a start is left when no completion
        can exceed ``low``.
        """
        s, n, levels, caps = self.s, self.n, self.programs.levels, self.programs.caps
        table = self.table()
        later = np.zeros((n, n + 1))                    # the largest entry from a column on
        later[:, :n] = np.maximum.accumulate(table[:, ::-1], axis=1)[:, ::-1]
        latest = np.append([later[c:, c].max() for c in range(n)], 0.0)
        found, bounds, left, nodes = [np.zeros((0, s), np.int64)], [np.zeros(0)], 0.0, 0
        stack, at_once = [(np.zeros((1, 0), np.int64), np.zeros(1))], max(1, _AT_ONCE // n)
        while stack:
            chosen, sums = stack.pop()
            depth, columns = chosen.shape[1], np.arange(n)
            rest = s - 1 - depth
            nodes += len(chosen)
            if nodes > _NODES_PER_SUPPORT * self.max_supports:
                left = 1.0                              # nothing is known about the starts not reached
                break
            total = sums[:, None] + table[chosen].sum(axis=1)
            most = total + rest * (later[:, 1:].diagonal() + later[chosen][:, :, 1:].sum(axis=1))
            most = (most + comb(rest, 2) * latest[1:]) * ((1 + 1e-15 * s * s) / (s - 1))
            fits = (levels[chosen][:, :, None] == levels).sum(axis=1) < caps[levels]
            fits &= (columns > chosen[:, -1:].max(axis=1, initial=-1)[:, None]) & (columns < n - rest)
            most = np.where(fits, np.minimum(most, 1.0), 0.0)
            left = max(left, float(most[most <= low].max(initial=0.0)))
            rows, new = np.nonzero(most > low)
            grown = np.column_stack([chosen[rows], new])
            if rest:
                cuts = [slice(i, i + at_once) for i in range(0, len(rows), at_once)]
                stack += [(grown[cut], total[rows[cut], new[cut]]) for cut in cuts]
                continue
            found.append(grown)
            bounds.append(most[rows, new])
            if sum(map(len, found)) > 2 * self.max_supports + _AT_ONCE:
                found, bounds, cut = self._best(found, bounds)
                left, low = max(left, cut), max(low, cut)
        (supports,), (bounds,), cut = self._best(found, bounds)
        return supports, bounds, max(left, cut)

    def _best(self, found, bounds):
        """Keep as many supports as the budget allows, in falling order; return the largest bound dropped."""
        supports, bounds = np.concatenate(found), np.concatenate(bounds)
        order = np.lexsort((*supports.T[::-1], -bounds))
        kept, dropped = order[:self.max_supports], order[self.max_supports:]
        return [supports[kept]], [bounds[kept]], float(bounds[dropped].max(initial=0.0))

    # the proof

    def groups(self):
        """Return supports, signs and duals of single columns, pairs, and the supports examined.

        For signs that were settled without a program these are the sums of the duals of columns, or the mean
        of those of pairs. Where they would fill more than 160 megabytes the rest proves less.
        """
        n, s = self.n, self.s
        groups = [(np.arange(n)[:, None], np.ones((n, 1), np.int8), self.single_duals)]
        if s > 2 and self.pairs is not None:
            pairs = np.column_stack(np.triu_indices(n, 1))
            pairs = pairs[[self._admissible(pair) for pair in pairs]]
            groups.append((np.repeat(pairs, 2, axis=0), np.tile(sign_patterns(2), (len(pairs), 1)),
                           self.pair_duals[pairs[:, 0], pairs[:, 1]].reshape(2 * len(pairs), -1)))
        if sum(len(batch[0]) for batch in self.batches) * len(self.programs.matrix) > _MOST_NUMBERS:
            return groups
        proofs = []
        for supports, signs, solved, duals in self.batches:
            proof = self._mean_duals(supports, signs)
            proof[solved] = duals
            proofs.append((supports, signs, proof))
        return groups + [tuple(map(np.concatenate, zip(*proofs)))] * bool(proofs)

    def _admissible(self, columns):
        return (np.bincount(self.programs.levels[columns], minlength=len(self.programs.caps))
                <= self.programs.caps).all()

    def _mean_duals(self, supports, signs):
        if self.s == 2:
            return (signs[:, :, None] * self.single_duals[supports]).sum(axis=1)
        total = np.zeros((len(supports), len(self.programs.matrix)))
        for a, b in combinations(range(self.s), 2):
            opposite = (signs[:, a] != signs[:, b]).astype(int)
            total += signs[:, a, None] * self.pair_duals[supports[:, a], supports[:, b], opposite]
        return total / (self.s - 1)


def count_supports(levels, caps):
    """Count the supports with exactly ``caps[l]`` of the columns of each level."""
    total = 1
    for level, cap in enumerate(caps):
        total *= comb(int(np.sum(levels == level)), int(cap))
    return total


def sign_patterns(s) -> np.ndarray:
    """Return the signs of length ``s`` up to a common one.

    >>> sign_patterns(2).tolist()
    [[1, 1], [1, -1]]
    """
    codes = np.arange(2 ** (s - 1))[:, None] >> np.arange(s - 1)
    return np.hstack([np.ones((len(codes), 1)), 1 - 2 * (codes & 1)]).astype(np.int8)
