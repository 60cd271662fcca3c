"""Signals with their measurements, sorted so that near measurements are close in the list."""

import numpy as np

UNIT = float(np.finfo(np.float64).eps)


class Measured:
    r"""Signals and measurements as real rows, relative to the first signal, sorted by one coordinate.

    Attributes
    ----------
    matrix, signals : ndarray
        As given, dense.
    order : ndarray, shape (n,)
        Positions of the sorted rows in the list as given.
    direction, key : ndarray
        Unit vector along which the measurements vary most, and their sorted coordinates.
    seen, rows : ndarray
        Sorted measurements and signals; complex ones as real and imaginary parts.
    slack : float
        What :math:`\|A(x_i-x_j)\|` and the distance of the computed measurements can differ by, apart from
        the relative rounding of a distance itself.
    """

    def __init__(self, matrix, signals):
        self.matrix, self.signals = matrix, signals
        shifted = self.signals - self.signals[0]
        seen = real_rows(shifted @ self.matrix.T)
        size = np.abs(shifted) @ np.abs(self.matrix).T
        self.slack = 2 * (self.matrix.shape[1] + 4) * UNIT * float(np.linalg.norm(size, axis=1).max())
        centred = seen - seen.mean(axis=0)
        self.direction = np.linalg.eigh(centred.T @ centred)[1][:, -1]
        key = seen @ self.direction
        self.order = np.argsort(key, kind="stable")
        self.key, self.seen = key[self.order], np.ascontiguousarray(seen[self.order])
        self.rows = np.ascontiguousarray(real_rows(shifted)[self.order])
        # the key of two measurements differs by at most their distance, up to its own rounding
        self.key_slack = 4 * (seen.shape[1] + 4) * UNIT * float(np.linalg.norm(seen, axis=1).max())

    def relative(self, measurements):
        """Return measurements in the coordinates of ``seen``, and their keys."""
        rows = np.ascontiguousarray(real_rows(measurements - self.matrix @ self.signals[0]))
        return rows, rows @ self.direction


def real_rows(array):
    """Return complex rows as real ones of twice the length."""
    return np.hstack([array.real, array.imag]) if np.iscomplexobj(array) else array
