"""Pairs of rows that are close, or far, found by matrix products in single precision with a proved margin."""

import numpy as np

CHUNK = 256            # rows of a tile
_WIDE = 2048           # columns of a tile
_LOOSE = 1 / 8         # share of a tile that must be left for distances to be sorted out by products, too
_UNIT = 2.0**-24       # rounding unit of single precision


class SquaredDistances:
    r"""Tiles of :math:`-\tfrac12\|a_i-a_j\|^2` as one matrix product, in units of the largest norm.

    Squared distances are at most 4 then. The product of :math:`(a_i,-\tfrac12\|a_i\|^2,1)` and
    :math:`(a_j,1,-\tfrac12\|a_j\|^2)` has :math:`k` terms of total size at most 2. Rounding its factors costs
    at most 3 units, rounding the sum :math:`2k`, rounding the limit that it is compared with 2.

    >>> tiles = SquaredDistances(np.array([[0.0, 0.0], [3.0, 4.0]]))
    >>> bool(tiles.tile(slice(0, 1), slice(1, 2))[0, 0] >= tiles.limit(5.0**2))     # perhaps within 5
    True
    >>> bool(tiles.tile(slice(0, 1), slice(1, 2))[0, 0] >= tiles.limit(4.9**2))     # surely not within 4.9
    False
    """

    def __init__(self, rows):
        rows = rows - rows.mean(axis=0)
        self.scale = float(np.linalg.norm(rows, axis=1).max()) or 1.0
        rows = rows / self.scale
        half, ones = (rows**2).sum(axis=1, keepdims=True) / -2, np.ones((len(rows), 1))
        self.left = np.hstack([rows, half, ones]).astype(np.float32)
        self.right = np.hstack([rows, ones, half]).astype(np.float32)
        self.margin = (2 * self.left.shape[1] + 16) * _UNIT

    def tile(self, rows, columns):
        """Return the products for two stretches of rows."""
        return self.left[rows] @ self.right[columns].T

    def limit(self, square, sign=1):
        """Return the least product of squared distances up to ``square``; -1: the largest of those above.

        All of them are above -4, so that a limit below changes nothing and rounding it costs 2 units.
        """
        return np.float32(max(-square / (2 * self.scale**2), -3.9) - sign * self.margin)


class Tiles:
    """All pairs of signals, from the outermost inward, in tiles of products."""

    def __init__(self, search):
        self.search, m = search, search.measured
        self.order = np.argsort(-search.radii, kind="stable")
        self.radii = search.radii[self.order]
        self.seen, self.signals = SquaredDistances(m.seen[self.order]), SquaredDistances(m.rows[self.order])

    def longest(self, low) -> float:
        """Return what no pair from position ``low`` on exceeds."""
        return 2 * self.radii[low]

    def columns(self, low, best):
        """Return the stretches of later signals that may lie farther than the root of ``best`` from some."""
        stop = int(np.searchsorted(-self.radii, self.radii[low] - np.sqrt(best)))
        return [slice(start, min(start + _WIDE, stop)) for start in range(low, stop, _WIDE)]

    def pairs(self, low, columns, best):
        """Return the pairs of a tile that are near and farther apart than the root of ``best``.

        Sorted positions, squared distances of the measurements and of the signals, which are computed in
        double precision for the pairs that the products leave.
        """
        from kernelstab._engines.finite_sets.fibres_jit import measure_pairs

        rows, m = slice(low, min(low + CHUNK, len(self.order))), self.search.measured
        mask = self.seen.tile(rows, columns) >= self.seen.limit(self.search.near)
        if np.count_nonzero(mask) > _LOOSE * mask.size:
            mask &= self.signals.tile(rows, columns) <= self.signals.limit(best, -1)
        i, j = np.divmod(np.flatnonzero(mask), mask.shape[1])
        ends = np.column_stack([i + low, j + columns.start])
        ends = np.sort(self.order[ends[ends[:, 0] < ends[:, 1]]], axis=1)
        gaps, sizes = np.empty(len(ends)), np.empty(len(ends))
        measure_pairs(ends, m.seen, m.rows, gaps, sizes)
        kept = (gaps <= self.search.near) & (sizes > best)
        return ends[kept], gaps[kept], sizes[kept]

    def farthest(self, low, best):
        """Return the farthest sure pair of a stretch beyond ``best``, and the largest possible size."""
        found, pair, possible = best, None, 0.0
        for columns in self.columns(low, best):
            ends, gaps, sizes = self.pairs(low, columns, found)
            possible = max(possible, float(sizes.max(initial=0.0)))
            sure = np.where(gaps <= self.search.sure, sizes, 0.0)
            if sure.max(initial=0.0) > found:
                found, pair = float(sure.max()), tuple(map(int, ends[np.argmax(sure)]))
        return found, pair, possible

    def longer(self, low, least, most):
        """Yield the near pairs of a stretch that are longer than the root of ``least``, tile by tile."""
        for columns in self.columns(low, least):
            ends, _, sizes = self.pairs(low, columns, least)
            yield ends, sizes
