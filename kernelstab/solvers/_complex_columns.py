"""Columns of a complex matrix, gathered once, with the Gram matrix they have in common."""

import numpy as np
from scipy.linalg.blas import zgemm, zherk

PARALLEL = 1e-13  # relative error up to which two columns are the same


class Columns:
    """A changing choice of columns.

    ``index`` are their places in the matrix. Their entries are the leading rows of ``B`` and
    their correlations with the data the leading entries of ``c``; ``K[j, i]`` is
    :math:`a_i^*a_j`, all in the units given. The arrays have room to spare, so that they are seldom
    copied.
    """

    def __init__(self, matrix, correlation, matrix_unit=1.0, data_unit=1.0):
        self.matrix, self.correlation = matrix, correlation
        self.matrix_unit, self.data_unit = matrix_unit, data_unit
        m, n = matrix.shape
        self.index, self.chosen = np.empty(0, np.intp), np.zeros(n, bool)
        self.B, self.K, self.c = np.empty((0, m), complex), np.empty((0, 0), complex), np.empty(0, complex)

    @property
    def count(self) -> int:
        """How many columns are in use."""
        return self.index.size

    def add(self, places) -> None:
        """Append columns; the Gram matrix grows by its new rows only."""
        old, total = self.count, self.count + places.size
        self._reserve(total)
        rows = self.B[old:total]
        by_column = self.matrix.flags.f_contiguous
        rows[:] = self.matrix.T[places] if by_column else np.take(self.matrix, places, axis=1).T
        if self.matrix_unit != 1.0:
            rows *= self.matrix_unit
        self.c[old:total] = self.correlation[places] * self.data_unit * self.matrix_unit
        self.index = np.concatenate([self.index, places])
        self.chosen[places] = True
        upper = np.triu(zherk(1.0, rows.T, trans=2), 1)  # a_i^* a_j for i < j
        self.K[old:total, old:total] = upper.T + upper.conj()
        np.fill_diagonal(self.K[old:total, old:total], np.einsum("ij,ij->i", rows, rows.conj()).real)
        if old:
            across = zgemm(1.0, self.B[:old].T, rows.T, trans_a=2)  # a_i^* a_j for i old and j new
            self.K[old:total, :old] = across.T
            self.K[:old, old:total] = across.conj()
        self._silence(old, total)

    def _silence(self, old, total):
        """Set to zero what repeats an earlier column, up to a factor of modulus at most one.

        It can be done without, and the Gram matrix of the others is not singular for its sake.
        """
        squares = self.K.diagonal()[:total].real
        new = squares[old:total, None]
        parallel = np.abs(self.K[old:total, :total]) ** 2 >= (1.0 - PARALLEL) * new * squares
        repeats = np.tril(parallel & (new <= (1.0 + PARALLEL) * squares), old - 1).any(axis=1)
        if not repeats.any():
            return
        places = old + np.flatnonzero(repeats)
        self.B[places], self.c[places] = 0.0, 0.0
        self.K[places, :total], self.K[:total, places] = 0.0, 0.0

    def keep(self, kept) -> None:
        """Forget all columns but those where ``kept`` is True."""
        if kept.all():
            return
        places = np.flatnonzero(kept)
        self.chosen[self.index] = kept
        self.K[: places.size, : places.size] = self.K[np.ix_(places, places)]
        self.B[: places.size], self.c[: places.size] = self.B[places], self.c[places]
        self.index = self.index[places]

    def _reserve(self, total):
        room, old = self.B.shape[0], self.count
        if total <= room:
            return
        room = min(max(total, 2 * room), self.chosen.size)
        B, K, c = self.B, self.K, self.c
        self.B, self.c = np.empty((room, B.shape[1]), complex), np.empty(room, complex)
        self.K = np.empty((room, room), complex)
        self.B[:old], self.K[:old, :old], self.c[:old] = B[:old], K[:old, :old], c[:old]
