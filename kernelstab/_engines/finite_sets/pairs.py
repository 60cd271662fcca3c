"""The farthest pair of signals whose measurements lie close together."""

from dataclasses import dataclass

import numpy as np

from kernelstab._engines.finite_sets.measured import UNIT
from kernelstab._engines.finite_sets.tiles import CHUNK, Tiles
from kernelstab._threads import in_order

_LOOSE = 1 / 8   # share of all pairs that a window must leave out to be used
_ROUND = 8       # chunks between two updates of the best pair; fixed, so that threads change nothing


@dataclass(frozen=True)
class FarPair:
    """The largest distance measured and the largest that rounding could allow, with sorted positions."""

    lower: float
    upper: float
    pair: tuple[int, int] | None
    interrupted: bool


class PairSearch:
    r"""All pairs with :math:`\|A(x_i-x_j)\|\le2\varepsilon`, by a window in one coordinate or by products."""

    def __init__(self, measured, eps, threads):
        self.measured, self.threads = measured, threads
        width = measured.seen.shape[1]
        self.sure = (2 * eps) ** 2
        self.near = ((2 * eps + measured.slack) * (1 + (width + 8) * UNIT)) ** 2
        self.window = np.sqrt(self.near) * (1 + 1e-12) + measured.key_slack
        self.rounding = 1 + (measured.rows.shape[1] + 8) * UNIT
        centre = measured.rows.mean(axis=0)
        self.radii = np.linalg.norm(measured.rows - centre, axis=1) * (1 + 1e-12)

    @property
    def selective(self) -> bool:
        """Whether the window alone leaves few pairs."""
        key = self.measured.key
        inside = np.searchsorted(key, key + self.window, side="right") - np.arange(1, len(key) + 1)
        return int(inside.sum()) <= _LOOSE * len(key) ** 2 / 2

    def scan(self):
        """Return the pairs in the order in which they are gone through."""
        return Windows(self) if self.selective else Tiles(self)

    def farthest(self) -> FarPair:
        """Return the farthest pair. Ctrl-C ends the search; what is left out stays in ``upper``."""
        scan = self.scan()
        found, pair, possible, rest, interrupted = 0.0, None, 0.0, 0.0, False
        starts = range(0, len(self.radii), CHUNK)
        for k in range(0, len(starts), _ROUND):
            longest = scan.longest(starts[k])
            if longest <= np.sqrt(found):
                break
            work = in_order(lambda low, best=found: scan.farthest(low, best), starts[k:k + _ROUND],
                            self.threads)
            try:
                answers = [answer for _, answer in work]
            except KeyboardInterrupt:
                interrupted, rest = True, longest
                break
            for size, ends, larger in answers:
                if size > found:
                    found, pair = size, ends
                possible = max(possible, larger)
        upper = max(np.sqrt(max(found, possible)) * self.rounding, rest)
        return FarPair(float(np.sqrt(found) / self.rounding), float(upper), pair, interrupted)

    def longer_than(self, least, most):
        """Return the possible pairs longer than ``least``, longest first, or None if there are too many."""
        scan, count = self.scan(), 0
        ends, sizes = [np.empty((0, 2), dtype=np.int64)], [np.empty(0)]
        for low in range(0, len(self.radii), CHUNK):
            for found, squares in scan.longer(low, least**2, most - count):
                count += len(squares)
                if count > most:
                    return None
                ends.append(found)
                sizes.append(squares)
        pairs, squares = np.concatenate(ends), np.concatenate(sizes)
        order = np.argsort(-squares, kind="stable")
        return pairs[order], np.sqrt(squares[order]) * self.rounding


class Windows:
    """The pairs whose keys lie within the window, by the first of both, from the outermost inward."""

    def __init__(self, search):
        m = search.measured
        self.order, self.radii = np.argsort(-search.radii, kind="stable"), search.radii
        self.limits = search.window, search.near, search.sure
        self.data = m.key, m.seen, m.rows, search.radii

    def longest(self, low) -> float:
        """Return what no pair from position ``low`` on exceeds."""
        return self.radii[self.order[low]] + self.radii[self.order[0]]

    def farthest(self, low, best):
        """Return the farthest sure pair of a stretch beyond ``best``, and the largest possible size."""
        from kernelstab._engines.finite_sets.fibres_jit import farthest

        found, i, j, possible = farthest(self.order[low:low + CHUNK], *self.data, *self.limits, best)
        return found, (int(i), int(j)), possible

    def longer(self, low, least, most):
        """Yield the near pairs of a stretch longer than the root of ``least``, up to one too many."""
        from kernelstab._engines.finite_sets.fibres_jit import long_pairs

        pairs, sizes = np.empty((most + 1, 2), dtype=np.int64), np.empty(most + 1)
        count = long_pairs(self.order[low:low + CHUNK], *self.data, *self.limits[:2], least, pairs, sizes)
        yield pairs[:count], sizes[:count]
