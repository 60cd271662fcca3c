"""Pairs of signals whose measurements lie close together: the farthest of them, and all that are long."""

from typing import NamedTuple

import numpy as np

UNIT = float(np.finfo(np.float64).eps)
_SINGLE = 2.0**-24     # rounding unit of single precision
_CHUNK = 256           # rows of a tile
_WIDE = 2048           # columns of a tile
_LOOSE = 1 / 8         # share of all pairs, or of a tile, below which a window or one limit is enough


class Measured:
    r"""Signals and measurements as real rows, relative to the first signal, sorted by one coordinate.

    ``order`` holds the positions of the sorted rows ``rows`` and measurements ``seen`` in the list as given.
    ``key`` is the sorted coordinate, along the unit vector ``direction`` in which measurements vary most.
    ``slack`` is what :math:`\|A(x_i-x_j)\|` and the distance of computed measurements can differ by, and
    ``key_slack`` what rounding can add to the difference of two keys, which is at most that distance.
    """

    def __init__(self, matrix, signals):
        self.matrix, self.signals = matrix, signals
        shifted = signals - signals[0]
        seen = real_rows(shifted @ matrix.T)
        size = np.abs(shifted) @ np.abs(matrix).T
        self.slack = 2 * (matrix.shape[1] + 4) * UNIT * float(np.linalg.norm(size, axis=1).max())
        centred = seen - seen.mean(axis=0)
        self.direction = np.linalg.eigh(centred.T @ centred)[1][:, -1]
        key = seen @ self.direction
        self.order = np.argsort(key, kind="stable")
        self.key, self.seen, self.rows = key[self.order], seen[self.order], real_rows(shifted)[self.order]
        self.key_slack = 4 * (seen.shape[1] + 4) * UNIT * float(np.linalg.norm(seen, axis=1).max())

    def relative(self, measurements):
        """Return measurements in the coordinates of ``seen``, and their keys."""
        rows = real_rows(measurements - self.matrix @ self.signals[0])
        return rows, rows @ self.direction


def real_rows(array):
    """Return complex rows as real ones of twice the length."""
    return np.hstack([array.real, array.imag]) if np.iscomplexobj(array) else array


class SquaredDistances:
    r"""Tiles of :math:`-\tfrac12\|a_i-a_j\|^2` as one product in single precision, by the largest norm.

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
        self.margin = (2 * self.left.shape[1] + 16) * _SINGLE

    def tile(self, rows, columns):
        """Return the products for two stretches of rows."""
        return self.left[rows] @ self.right[columns].T

    def limit(self, square, sign=1):
        """Return the least product of squared distances up to ``square``; -1: the largest of those above.

        All of them are above -4, so that a limit below changes nothing and rounding it costs 2 units.
        """
        return np.float32(max(-square / (2 * self.scale**2), -3.9) - sign * self.margin)


class FarPair(NamedTuple):
    """The largest distance measured and the largest that rounding could allow, with sorted positions."""

    lower: float
    upper: float
    pair: tuple[int, int] | None
    interrupted: bool


class PairSearch:
    r"""All pairs with :math:`\|A(x_i-x_j)\|\le2\varepsilon`, found in tiles of products.

    The rows of the tiles run over the signals by their keys if a window of those leaves few pairs, else from
    the outermost signals inward, which ends where no pair can be longer than the best one.
    """

    def __init__(self, measured, eps, by_key=None):
        self.measured, count = measured, len(measured.key)
        self.sure = (2 * eps) ** 2
        self.near = ((2 * eps + measured.slack) * (1 + (measured.seen.shape[1] + 8) * UNIT)) ** 2
        self.window = np.sqrt(self.near) * (1 + 1e-12) + measured.key_slack
        self.rounding = 1 + (measured.rows.shape[1] + 8) * UNIT
        radii = np.linalg.norm(measured.rows - measured.rows.mean(axis=0), axis=1) * (1 + 1e-12)
        ends = np.searchsorted(measured.key, measured.key + self.window, side="right")
        self.by_key = by_key
        if by_key is None:
            self.by_key = int((ends - np.arange(1, count + 1)).sum()) <= _LOOSE * count**2 / 2
        self.order = np.arange(count) if self.by_key else np.argsort(-radii, kind="stable")
        self.ends, self.radii = ends, radii[self.order]
        self.seen = SquaredDistances(measured.seen[self.order])
        self.signals = SquaredDistances(measured.rows[self.order])

    def longest(self, low) -> float:
        """Return what no pair whose first signal is at position ``low`` or later exceeds."""
        return 2 * float(self.radii[low:].max())

    def tiles(self, low, best):
        """Return the tiles of a chunk of rows that may hold pairs longer than the root of ``best``."""
        rows = slice(low, min(low + _CHUNK, len(self.order)))
        stop = int(self.ends[rows.stop - 1]) if self.by_key else int(
            np.searchsorted(-self.radii, self.radii[low] - np.sqrt(best)))
        return [(rows, slice(start, min(start + _WIDE, stop))) for start in range(low, stop, _WIDE)]

    def pairs(self, rows, columns, best):
        """Return the near pairs of a tile that are farther apart than the root of ``best``.

        Positions, squared distances of the measurements and of the signals; these are computed in double
        precision for the pairs that the products leave.
        """
        mask = self.seen.tile(rows, columns) >= self.seen.limit(self.near)
        if np.count_nonzero(mask) > _LOOSE * mask.size:
            mask &= self.signals.tile(rows, columns) <= self.signals.limit(best, -1)
        i, j = np.divmod(np.flatnonzero(mask), mask.shape[1])
        ends = np.column_stack([i + rows.start, j + columns.start])
        ends = np.sort(self.order[ends[ends[:, 0] < ends[:, 1]]], axis=1)
        gaps, sizes = _squares(self.measured.seen, ends), _squares(self.measured.rows, ends)
        kept = (gaps <= self.near) & (sizes > best)
        return ends[kept], gaps[kept], sizes[kept]

    def farthest(self) -> FarPair:
        """Return the farthest pair. Ctrl-C ends the search; what is left out stays in ``upper``."""
        found, pair, possible, rest, interrupted = 0.0, None, 0.0, 0.0, False
        for low in range(0, len(self.order), _CHUNK):
            rest = self.longest(low)
            if rest <= np.sqrt(found):
                break
            try:
                for rows, columns in self.tiles(low, found):
                    ends, gaps, sizes = self.pairs(rows, columns, found)
                    possible = max(possible, float(sizes.max(initial=0.0)))
                    sure = np.where(gaps <= self.sure, sizes, 0.0)
                    if sure.max(initial=0.0) > found:
                        first, second = map(int, ends[np.argmax(sure)])
                        found, pair = float(sure.max()), (first, second)
            except KeyboardInterrupt:
                interrupted = True
                break
        upper = max(np.sqrt(max(found, possible)) * self.rounding, rest if interrupted else 0.0)
        return FarPair(float(np.sqrt(found) / self.rounding), float(upper), pair, interrupted)

    def longer_than(self, least, most):
        """Return the possible pairs longer than ``least``, longest first, or None if there are too many."""
        count, parts = 0, [(np.empty((0, 2), dtype=np.int64), np.empty(0))]
        for low in range(0, len(self.order), _CHUNK):
            for tile in self.tiles(low, least**2):
                ends, _, sizes = self.pairs(*tile, least**2)
                count += len(sizes)
                if count > most:
                    return None
                parts.append((ends, sizes))
        pairs, squares = (np.concatenate(part) for part in zip(*parts))
        order = np.argsort(-squares, kind="stable")
        return pairs[order], np.sqrt(squares[order]) * self.rounding


def _squares(rows, ends):
    """Return the squared distances of pairs of rows, some at a time."""
    squares, step = np.empty(len(ends)), max(1, 2**20 // rows.shape[1])
    for start in range(0, len(ends), step):
        i, j = ends[start:start + step].T
        difference = rows[i] - rows[j]
        squares[start:start + step] = np.einsum("ij,ij->i", difference, difference)
    return squares
