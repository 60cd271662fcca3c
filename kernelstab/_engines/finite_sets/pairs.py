"""The farthest pair of signals whose measurements lie close together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from kernelstab._engines.finite_sets.measured import UNIT
from kernelstab._engines.finite_sets.tiles import CHUNK, Tiles

_LOOSE = 1 / 8   # share of all pairs that a window must leave out, or a tile keep, to change the method
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

    def farthest(self) -> FarPair:
        """Return the farthest pair. Ctrl-C ends the search; what is left out stays in ``upper``."""
        return self._farthest_in_windows() if self.selective else self._farthest_in_tiles()

    def _farthest_in_tiles(self) -> FarPair:
        """Sort out what is not near, or too close to the best pair, by matrix products."""
        tiles = Tiles(self)
        found, pair, possible, rest, interrupted = 0.0, None, 0.0, 0.0, False
        starts = range(0, len(tiles.order), CHUNK)
        with ThreadPoolExecutor(self.threads) as pool:
            for k in range(0, len(starts), _ROUND):
                outermost = 2 * tiles.radii[starts[k]]
                if outermost <= np.sqrt(found):
                    break
                try:
                    answers = [*pool.map(lambda low, best=found: tiles.farthest(low, best),
                                         starts[k:k + _ROUND])]
                except KeyboardInterrupt:
                    interrupted, rest = True, outermost
                    break
                for size, ends, larger in answers:
                    if size > found:
                        found, pair = size, ends
                    possible = max(possible, larger)
        upper = max(np.sqrt(max(found, possible)) * self.rounding, rest)
        return FarPair(float(np.sqrt(found) / self.rounding), float(upper), pair, interrupted)

    def _farthest_in_windows(self) -> FarPair:
        """Go through the pairs within the window."""
        from kernelstab._engines.finite_sets.fibres_jit import farthest

        m, radii = self.measured, self.radii
        turns = np.argsort(-radii, kind="stable")
        chunks = [turns[k:k + CHUNK] for k in range(0, len(turns), CHUNK)]
        found, pair, possible, rest = 0.0, None, 0.0, 0.0
        interrupted = False
        with ThreadPoolExecutor(self.threads) as pool:
            for k in range(0, len(chunks), _ROUND):
                if 2 * radii[turns[0]] <= np.sqrt(found):
                    break
                try:
                    answers = [*pool.map(
                        lambda rows, best=found: farthest(rows, m.key, m.seen, m.rows, radii, self.window,
                                                          self.near, self.sure, best), chunks[k:k + _ROUND])]
                except KeyboardInterrupt:
                    interrupted, rest = True, radii[chunks[k][0]] + radii[turns[0]]
                    break
                for size, i, j, larger, *_ in answers:
                    if size > found:
                        found, pair = size, (int(i), int(j))
                    possible = max(possible, larger)
        upper = max(np.sqrt(max(found, possible)) * self.rounding, rest)
        return FarPair(float(np.sqrt(found) / self.rounding), float(upper), pair, interrupted)

    def longer_than(self, least, most):
        """Return the possible pairs longer than ``least``, longest first, or None if there are too many."""
        from kernelstab._engines.finite_sets.fibres_jit import long_pairs

        if not self.selective:
            return self._longer_in_tiles(least, most)
        m = self.measured
        pairs, sizes = np.empty((most, 2), dtype=np.int64), np.empty(most)
        count = 0
        for start in range(0, len(m.key), CHUNK):
            count += long_pairs(start, min(start + CHUNK, len(m.key)), m.key, m.seen, m.rows, self.radii,
                                self.window, self.near, least**2, pairs[count:], sizes[count:])
            if count > most:
                return None
        order = np.argsort(-sizes[:count], kind="stable")
        return pairs[order], np.sqrt(sizes[order]) * self.rounding

    def _longer_in_tiles(self, least, most):
        """Gather the long pairs tile by tile."""
        tiles, parts, count = Tiles(self), [], 0
        for low in range(0, len(tiles.order), CHUNK):
            for columns in tiles.columns(low, least**2):
                ends, _, sizes = tiles.pairs(low, columns, least**2)
                parts.append((ends, sizes))
                count += len(sizes)
                if count > most:
                    return None
        if not parts:
            return np.empty((0, 2), dtype=np.int64), np.empty(0)
        ends, sizes = (np.concatenate(part) for part in zip(*parts))
        order = np.argsort(-sizes, kind="stable")
        return ends[order], np.sqrt(sizes[order]) * self.rounding
