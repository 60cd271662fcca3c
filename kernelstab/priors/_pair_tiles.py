"""Pairs of rows that are close, or far, found by matrix products in single precision with a proved margin."""

import numpy as np

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
