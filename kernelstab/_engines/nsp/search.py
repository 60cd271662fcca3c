r"""The search for the null space constant of a real matrix: which programs have to be solved.

With :math:`\alpha_{K,\xi}` the value of the program of support ``K`` and signs :math:`\xi`, and every
index of ``K`` in ``s - 1`` of its pairs,

.. math:: (s-1)\,\langle\xi,v_K\rangle=\sum_{i<j\in K}(\xi_iv_i+\xi_jv_j)
          \quad\Rightarrow\quad\alpha_{K,\xi}\le\frac1{s-1}\sum_{i<j\in K}\alpha_{\{i,j\},(\xi_i,\xi_j)} ,

and the mean of the duals of the pairs is a dual for ``K`` that proves it. Taken for the worst signs of every
pair this rules out most supports, and whoever checks the proof does the same; the others are examined
in falling order of that bound, with programs for the signs whose mean dual proves too little.
"""

from itertools import combinations
from math import comb

import numpy as np

from kernelstab._engines.nsp.programs import EPS, KernelPrograms

_TIE = 1e-12                    # a bound this little above the incumbent is not pursued: rounding
_AT_ONCE = 400_000              # numbers of supports to extend together, times columns
_NODES_PER_SUPPORT = 2000
_MOST_NUMBERS = 2e7             # in the duals of the supports examined


class SignSearch(KernelPrograms):
    """One search: bounds of pairs, the supports examined, and what is proved about the rest."""

    def __init__(self, matrix, basis, rank, weights, levels, caps, threads, max_supports):
        super().__init__(matrix, basis, rank, weights, levels, caps, threads)
        self.s, self.n, self.max_supports = int(caps.sum()), matrix.shape[1], max_supports
        self.single_duals, self.single_bounds = np.zeros(matrix.shape[::-1]), np.ones(self.n)
        self.rest, self.settled = 1.0, 0.0          # bounds of the supports to come and of those done with
        self.table = self.pair_duals = None
        self.proofs, self.evaluated = [], 0

    def run(self, report):
        """Search until every support is settled or the budget is spent."""
        self.report = report
        singles = self.solve(np.arange(self.n)[:, None], np.ones((self.n, 1)))
        self.single_duals, self.single_bounds = singles.duals, singles.bounds
        largest = self.largest(singles.bounds)
        self.rest = min(1.0, float(singles.bounds[largest].sum()) * (1 + 2 * self.s * EPS))
        self._search_on(singles)
        if self.s == 1:
            self.settled, self.rest = self.rest, 0.0
            self.evaluated = int((self.caps[self.levels] > 0).sum())
        elif self.lower < 1 - _TIE:
            self.table = sums_of_pairs(self.single_bounds)
            if self.s > 2:
                self._solve_pairs()
            self._settle_supports()

    def upper(self):
        """Return what is proved about all supports."""
        return min(1.0, max(self.rest, self.settled))

    def _search_on(self, batch, starts=32):
        """Search on from the best vertices of a batch that name different supports."""
        named, chosen = set(), []
        for i in np.argsort(-batch.shares, kind="stable"):
            key = tuple(self.largest(np.abs(batch.vertices[i])))
            if key not in named:
                named.add(key)
                chosen.append(batch.vertices[i])
            if len(chosen) == starts:
                break
        self.improve(chosen)
        self.report()

    def _solve_pairs(self):
        """Solve the programs of all admissible pairs, equal and opposite signs."""
        size = 8 * self.chunk
        pairs = np.column_stack(np.triu_indices(self.n, 1))
        counts = (self.levels[pairs][:, :, None] == np.arange(len(self.caps))).sum(axis=1)
        pairs = pairs[(counts <= self.caps).all(axis=1)]
        duals, bounds = np.zeros((len(pairs), 2, len(self.matrix))), np.ones((len(pairs), 2))
        for cut in (slice(i, i + size) for i in range(0, len(pairs), size)):
            supports, signs = with_all_signs(pairs[cut])
            batch = self.solve(supports, signs)
            duals[cut], bounds[cut] = batch.duals.reshape(duals[cut].shape), batch.bounds.reshape(-1, 2)
            self._search_on(batch, starts=8)
        i, j = pairs.T
        self.table[i, j] = self.table[j, i] = np.minimum(self.table[i, j], bounds.max(axis=1))
        self.pairs, self.pair_duals = pairs, duals
        self.place = np.zeros((self.n, self.n), np.int64)
        self.place[i, j] = np.arange(len(pairs))

    def _mean_duals(self, supports, signs):
        """Return the sums of the duals of columns, or the means of those of pairs, which prove the same."""
        if self.s == 2:
            return (signs[:, :, None] * self.single_duals[supports]).sum(axis=1)
        total = np.zeros((len(supports), len(self.matrix)))
        for a, b in combinations(range(self.s), 2):
            opposite = (signs[:, a] != signs[:, b]).astype(int)
            pairs = self.place[supports[:, a], supports[:, b]]
            total += signs[:, a, None] * self.pair_duals[pairs, opposite]
        return total / (self.s - 1)

    # supports of full size

    def _settle_supports(self):
        """Examine the supports above the incumbent in falling order."""
        supports, bounds, left = supports_above(self.table, self.levels, self.caps, self.lower + _TIE,
                                                self.max_supports)
        size = max(1, 8 * self.chunk >> self.s - 1)
        for start in range(0, len(supports), size):
            self.rest = min(self.rest, max(left, float(bounds[start])))
            if bounds[start] <= self.lower + _TIE:
                break
            self._examine(supports[start:start + size])
        else:
            self.rest = min(self.rest, left)

    def _examine(self, supports):
        """Solve the programs of supports for the signs that the duals of smaller ones do not settle."""
        self.evaluated += len(supports)
        supports, signs = with_all_signs(supports)
        duals = self._mean_duals(supports, signs)
        bounds = np.minimum(1.0, self.bounds(supports, signs, duals))
        open_ = np.flatnonzero(bounds > self.lower + _TIE)
        batch = self.solve(supports[open_], signs[open_], self.lower)
        better = batch.bounds < bounds[open_]
        bounds[open_[better]], duals[open_[better]] = batch.bounds[better], batch.duals[better]
        self.settled = max(self.settled, float(bounds.max()))
        if sum(len(proof[0]) for proof in self.proofs) * duals.shape[1] < _MOST_NUMBERS:
            self.proofs.append((supports, signs, duals))
        if len(open_) and batch.shares.max() > self.lower:
            self.improve([batch.vertices[np.argmax(batch.shares)]])
        self.report()

    def groups(self):
        """Return supports, signs and duals of single columns, pairs, and the supports examined.

        Of more than 160 megabytes of the latter the rest is left out and proves less.
        """
        groups = [(np.arange(self.n)[:, None], np.ones((self.n, 1), np.int8), self.single_duals)]
        if self.pair_duals is not None:
            groups.append((*with_all_signs(self.pairs), self.pair_duals.reshape(2 * len(self.pairs), -1)))
        if self.proofs:
            groups.append(tuple(map(np.concatenate, zip(*self.proofs))))
        return groups


def sums_of_pairs(bounds) -> np.ndarray:
    """Bound every pair by the sum of the bounds of its columns; zero on the diagonal."""
    table = np.add.outer(bounds, bounds) * (1 + 4 * EPS)
    np.fill_diagonal(table, 0.0)
    return table


def supports_above(table, levels, caps, low, most):
    """Return the supports whose bound from pairs exceeds ``low``, and the largest bound of the others.

    They come in falling order of the bound, with the bounds, ``most`` of them at most. Supports are extended
    by later columns, many together. With ``rest`` indices to come, each adds at most ``later[i, c]`` to the
    sum for every ``i`` chosen, and two of them ``latest[c]``; a start is left when no completion can
    exceed ``low``.

    >>> supports, bounds, left = supports_above(np.array([[0, 0.5, 0.25], [0.5, 0, 0.125], [0.25, 0.125, 0]]),
    ...                                         np.zeros(3, int), np.array([2]), 0.2, 10)
    >>> supports.tolist(), bounds.round(9).tolist(), round(left, 9)
    ([[0, 1], [0, 2]], [0.5, 0.25], 0.125)
    """
    s, n, columns = int(caps.sum()), len(table), np.arange(len(table))
    later = np.zeros((n, n + 1))                    # the largest entry from a column on
    later[:, :n] = np.maximum.accumulate(table[:, ::-1], axis=1)[:, ::-1]
    latest = np.append([later[c:, c].max() for c in range(n)], 0.0)
    found, left, nodes, at_once = [(np.zeros((0, s), np.int64), np.zeros(0))], 0.0, 0, max(1, _AT_ONCE // n)
    stack = [(np.zeros((1, 0), np.int64), np.zeros(1))]
    while stack:
        chosen, sums = stack.pop()
        rest = s - 1 - chosen.shape[1]
        nodes += len(chosen)
        if nodes > _NODES_PER_SUPPORT * most:
            left = 1.0                              # nothing is known about the starts not reached
            break
        total = sums[:, None] + table[chosen].sum(axis=1)
        bound = total + rest * (later[:, 1:].diagonal() + later[chosen][:, :, 1:].sum(axis=1))
        bound = (bound + comb(rest, 2) * latest[1:]) * ((1 + 1e-15 * s * s) / (s - 1))
        fits = (levels[chosen][:, :, None] == levels).sum(axis=1) < caps[levels]
        fits &= (columns > chosen[:, -1:].max(axis=1, initial=-1)[:, None]) & (columns < n - rest)
        bound = np.where(fits, np.minimum(bound, 1.0), 0.0)
        left = max(left, float(bound[bound <= low].max(initial=0.0)))
        rows, new = np.nonzero(bound > low)
        grown = np.column_stack([chosen[rows], new])
        if rest:
            cuts = [slice(i, i + at_once) for i in range(0, len(rows), at_once)]
            stack += [(grown[cut], total[rows[cut], new[cut]]) for cut in cuts]
            continue
        found.append((grown, bound[rows, new]))
        if sum(len(supports) for supports, _ in found) > 2 * most + _AT_ONCE:
            *best, cut = _largest(found, most)
            found, left, low = [best], max(left, cut), max(low, cut)
    supports, bounds, cut = _largest(found, most)
    return supports, bounds, max(left, cut)


def _largest(found, most):
    """Return the supports of the largest bounds in falling order, and the largest bound left out."""
    supports, bounds = map(np.concatenate, zip(*found))
    order = np.lexsort((*supports.T[::-1], -bounds))
    kept, dropped = order[:most], order[most:]
    return supports[kept], bounds[kept], float(bounds[dropped].max(initial=0.0))


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


def with_all_signs(supports):
    """Return every support with each pattern of signs up to a common one, row by row.

    >>> [part.tolist() for part in with_all_signs(np.array([[0, 2]]))]
    [[[0, 2], [0, 2]], [[1, 1], [1, -1]]]
    """
    patterns = sign_patterns(supports.shape[1])
    return np.repeat(supports, len(patterns), axis=0), np.tile(patterns, (len(supports), 1))
