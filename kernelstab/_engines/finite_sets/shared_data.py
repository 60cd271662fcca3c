r"""The largest radius of finitely many signals that share data, by branch and bound.

Signals :math:`I` share data at noise level :math:`\varepsilon` if their measurements lie in one ball of that
radius: they form a Čech simplex. Pairwise distances of at most :math:`2\varepsilon` are not enough.
"""

from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from kernelstab._engines.finite_sets.smallest_ball import smallest_ball

_MARGIN = 1e-12
_MOST_EDGES = 200_000


class Radius(NamedTuple):
    """Both sides of the largest radius, a simplex that has ``lower``, and how many balls were computed."""

    lower: float
    upper: float
    simplex: tuple[int, ...]
    balls: int
    interrupted: bool


class SharedDataSearch:
    """Branch and bound over the simplices that have a given edge as their longest.

    A node demands the signals ``inside`` and allows the ``others``. The ball of them all bounds it. If
    its support shares data, the bound is attained; else one of the support must go, and each child drops one.
    """

    def __init__(self, pairs, eps, far, jung, budget):
        self.rows, self.seen = pairs.measured.rows, pairs.measured.seen
        self.pairs, self.eps, self.jung, self.budget = pairs, eps, jung, budget
        self.slack = pairs.measured.slack
        self.lower, self.upper = far.lower / 2, far.upper / 2
        self.simplex = far.pair or (0,)
        self.limit, self.balls, self.heap = jung * far.upper, 0, []

    def run(self) -> Radius:
        """Search until the bounds meet, the budget is spent or Ctrl-C."""
        least = self.lower / self.jung * (1 - _MARGIN)
        edges = self.pairs.longer_than(least, _MOST_EDGES) if self.budget else None
        if edges is None:
            return Radius(self.lower, max(self.upper, self.limit), self.simplex, 0, False)
        ends, lengths = edges
        opened, interrupted = 0, False
        try:
            while self.balls < self.budget:
                rest = self._rest(lengths, opened)
                if rest <= self.lower * (1 + _MARGIN):
                    break
                if not self.heap or -self.heap[0][0] < rest:
                    self._open(ends[opened], lengths[opened])
                    opened += 1
                else:
                    self._branch(*heappop(self.heap)[2:])
        except KeyboardInterrupt:
            interrupted = True
        upper = max(self.upper, self.lower * (1 + 2 * _MARGIN), min(self.limit, self._rest(lengths, opened)))
        return Radius(self.lower, upper, self.simplex, self.balls, interrupted)

    def _rest(self, lengths, opened):
        """Return the largest bound of what has not been searched."""
        edge = self.jung * lengths[opened] if opened < len(lengths) else 0.0
        return max(edge, -self.heap[0][0] if self.heap else 0.0)

    def _open(self, edge, length):
        """Start a node with the signals that may share data with an edge and do not exceed it."""
        i, j = (int(k) for k in edge)
        self.balls += 1         # each edge is looked at once, and that costs about as much as a ball
        key, width = self.pairs.measured.key, self.pairs.window
        others = np.arange(np.searchsorted(key, key[j] - width),
                           np.searchsorted(key, key[i] + width, side="right"))
        others = self._near(self._near(others[(others != i) & (others != j)], i), j)
        longest = (length * (1 + _MARGIN)) ** 2
        for end in (i, j):
            others = others[((self.rows[others] - self.rows[end]) ** 2).sum(axis=1) <= longest]
        if len(others):
            self._push((i, j), others)

    def _near(self, others, i):
        """Keep the signals whose measurements could lie within twice the noise level of another's."""
        gaps = ((self.seen[others] - self.seen[i]) ** 2).sum(axis=1)
        return others[gaps <= self.pairs.near]

    def _push(self, inside, others):
        members = np.concatenate([np.array(inside, dtype=np.int64), others])
        self.balls += 1
        ball = smallest_ball(self.rows[members])
        if ball.upper > self.lower * (1 + _MARGIN):
            support = [int(members[k]) for k in ball.support]
            heappush(self.heap, (-ball.upper, self.balls, inside, others, support, ball))

    def _branch(self, inside, others, support, ball):
        members = sorted({*inside, *support})
        self.balls += 1
        data = smallest_ball(self.seen[members])
        if data.upper <= self.eps:
            if ball.lower > self.lower:
                self.lower, self.simplex = ball.lower, tuple(support)
            self.upper = max(self.upper, ball.upper)
            return
        if data.lower <= self.eps + self.slack:
            self.upper = max(self.upper, ball.upper)
        for leaver in [k for k in support if k not in inside]:
            others = others[others != leaver]
            self._push(inside, others)
            inside, others = (*inside, leaver), self._near(others, leaver)
            if smallest_ball(self.seen[list(inside)]).lower > self.eps + self.slack:
                return
