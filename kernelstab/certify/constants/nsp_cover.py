r"""From bounds on small supports to a bound on all supports of an order.

For a support :math:`K` let :math:`\alpha_K` be the largest :math:`\|v_K\|_{1,w}` of a kernel vector with
:math:`\|v\|_{1,w}=1`; the null space constant is the largest :math:`\alpha_K` of the admissible :math:`K`.

*Cover rule.* Every index of :math:`K` lies in :math:`\binom{k-1}{l-1}` of the sets :math:`L\subset K` of
size :math:`l`, where :math:`k=|K|`. Adding :math:`\|v_L\|_{1,w}\le\alpha_L\|v\|_{1,w}` over them counts every
entry of :math:`v_K` that often, hence

.. math:: \alpha_K\le\binom{k-1}{l-1}^{-1}\sum_{L\subset K,\,|L|=l}\alpha_L .

The bound used is :math:`b_K`, the smaller of the proved one, where there is one, and of
:math:`\sum_{i\in K}b_{K\setminus\{i\}}/(k-1)`, the rule with :math:`l=k-1`. Inserted in itself it gives the
rule for every smaller :math:`l`: a set :math:`L` is reached from :math:`K` by removing the other :math:`k-l`
indices in any order, and :math:`(k-l)!/((k-1)(k-2)\cdots l)=\binom{k-1}{l-1}^{-1}`. So nothing is lost. In
particular :math:`b_K\le\sum b_L/(k-1)` over the pairs, which prunes.

All bounds are integers in units of 2^-160, rounded up.
"""

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import affordable, spend

UNIT = 1 << 160
MOST_NODES = 2_000_000
MOST_COLUMNS = 2000
MOST_SUPPORTS = 1 << 22


def cover(own, width, levels) -> int:
    """Return the largest of the cover bounds of all admissible supports, at most ``UNIT``.

    ``own`` maps rising tuples of columns to proved bounds; every single column must be there. ``levels`` are
    disjoint sets of columns that cover all ``width``, and how many of each a support may hold.

    >>> single = {(0,): UNIT // 4, (1,): UNIT // 4, (2,): UNIT // 8}
    >>> cover(single, 3, [([0, 1, 2], 2)]) * 2 == UNIT          # 1/4 + 1/4
    True
    >>> cover(single | {(0, 1): UNIT // 4}, 3, [([0, 1, 2], 2)]) * 8 == 3 * UNIT      # now 1/4 + 1/8
    True
    """
    affordable(width, MOST_COLUMNS, "columns for the cover rule")
    missing = next((i for i in range(width) if (i,) not in own), None)
    if missing is not None:
        raise CertificateError(f"the single column {missing} has no dual")
    capacities = [min(capacity, len(columns)) for columns, capacity in levels]
    size = sum(capacities)
    if size == 0:
        return 0
    if size == 1:
        allowed = [i for (columns, _), free in zip(levels, capacities) if free for i in columns]
        return min(UNIT, max(own[i,] for i in allowed))
    affordable(2**size, MOST_SUPPORTS, "supports of the cover rule")       # the parts of one support
    return _Search(own, width, levels, size).run(capacities)


class _Search:
    """Depth-first search for the largest bound, columns of large bounds first."""

    def __init__(self, own, width, levels, size):
        self.own, self.size = own, size
        self.known = {}
        self.best = 0
        self.nodes = 0
        pairs = [[0] * width for _ in range(width)]
        for i in range(width):
            for j in range(i):
                pairs[i][j] = pairs[j][i] = self.bound((j, i))
        self.pairs = pairs
        self.largest = [max(row) for row in pairs]
        self.level = [0] * width
        for number, (columns, _) in enumerate(levels):
            for j in columns:
                self.level[j] = number
        self.order = sorted(range(width), key=lambda j: -self.largest[j])

    def bound(self, support) -> int:
        """Return b_K for a rising tuple of columns."""
        if len(support) == 1:
            return self.own[support]
        found = self.known.get(support)
        if found is None:
            affordable(len(self.known), MOST_SUPPORTS, "supports of the cover rule")
            spend(2500 * len(support))
            parts = sum(self.bound(support[:k] + support[k + 1:]) for k in range(len(support)))
            found = -(-parts // (len(support) - 1))
            if support in self.own:
                found = min(found, self.own[support])
            if len(support) < self.size:
                self.known[support] = found
        return found

    def run(self, capacities):
        """Return the largest bound of the supports of full size."""
        self._descend((), 0, 0, [0] * len(self.level), capacities)
        return min(self.best, UNIT)

    def _descend(self, chosen, start, within, joined, capacities):
        """Extend a support; ``within`` sums its pairs, ``joined[j]`` those of column j with it.

        The pairs that a completion adds are its new columns with the chosen ones, and its new columns
        with each other: at most half the largest pair of each column for each of the others.
        """
        self.nodes += 1
        affordable(self.nodes, MOST_NODES, "steps of the cover rule")
        spend(500 * (len(self.order) - start))
        left = self.size - len(chosen)
        gains = [[] for _ in capacities]
        candidates = []
        for place in range(start, len(self.order)):
            j = self.order[place]
            if capacities[self.level[j]]:
                gain = 2 * joined[j] + (left - 1) * self.largest[j]
                gains[self.level[j]].append(gain)
                candidates.append((gain, place, j))
        if any(len(values) < free for values, free in zip(gains, capacities)):
            return
        # falling gains: what the best completion adds, level by level
        tops = [sum(sorted(values, reverse=True)[:free]) for values, free in zip(gains, capacities)]
        if 2 * within + sum(tops) <= 2 * (self.size - 1) * self.best:
            return
        for gain, place, j in candidates:
            if left == 1:
                if 2 * within + gain > 2 * (self.size - 1) * self.best:
                    self.best = max(self.best, self.bound(tuple(sorted((*chosen, j)))))
                continue
            rest = list(capacities)
            rest[self.level[j]] -= 1
            self._descend((*chosen, j), place + 1, within + joined[j],
                          [a + b for a, b in zip(joined, self.pairs[j])], rest)
