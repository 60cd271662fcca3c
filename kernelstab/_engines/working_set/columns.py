"""The columns in the working set: gathered once, with their Gram matrix."""

import numpy as np

PARALLEL = 1e-13  # relative error up to which two columns are the same


class WorkingColumns:
    """A selection of the columns of a dense matrix.

    ``rows[:size]`` holds the selected columns as rows, ``gram[j, i]`` is the product :math:`a_i^*a_j` of two
    of them (a symmetric matrix for real ones), ``index[:size]`` their numbers and ``member`` marks them
    among all columns. The arrays have space to spare, so that they are seldom copied.
    """

    def __init__(self, matrix):
        m, n = matrix.shape
        self.matrix = matrix
        self.index = np.empty(0, np.int64)
        self.member = np.zeros(n, bool)
        self.rows = np.empty((0, m), matrix.dtype)
        self.gram = np.empty((0, 0), matrix.dtype)

    @property
    def size(self) -> int:
        """How many columns are selected."""
        return self.index.size

    @property
    def members(self) -> np.ndarray:
        """The selected columns, as rows."""
        return self.rows[:self.size]

    @property
    def inner(self) -> np.ndarray:
        """Their inner products."""
        return self.gram[:self.size, :self.size]

    def add(self, chosen) -> None:
        """Add the columns numbered ``chosen`` (none of them a member yet).

        Cost: one read of them, and their inner products with all members.
        """
        if not chosen.size:
            return
        first, last = self.size, self.size + chosen.size
        chosen = np.sort(chosen)
        if last > self.rows.shape[0]:
            self._reserve(min(max(last, 2 * self.rows.shape[0]), self.member.size))
        new = self.rows[first:last]
        if self.matrix.flags.c_contiguous:
            new[:] = np.take(self.matrix, chosen, axis=1).T
        else:
            np.take(self.matrix.T, chosen, axis=0, out=new)
        other = new.conj().T
        if first:
            cross = self.rows[:first] @ other
            self.gram[:first, first:last] = cross
            self.gram[first:last, :first] = cross.conj().T
        self.gram[first:last, first:last] = new @ other
        self.index = np.concatenate([self.index, chosen])
        self.member[chosen] = True

    def silence_repeats(self, first) -> None:
        """Set to zero each column from ``first`` on that repeats an earlier one.

        Up to a factor of modulus at most one. It can be done without, and the Gram matrix of the others is
        not singular for its sake.
        """
        squares = self.inner.diagonal().real
        new = squares[first:, None]
        parallel = np.abs(self.inner[first:]) ** 2 >= (1.0 - PARALLEL) * new * squares
        repeats = np.tril(parallel & (new <= (1.0 + PARALLEL) * squares), first - 1).any(axis=1)
        if repeats.any():
            places = first + np.flatnonzero(repeats)
            self.rows[places] = 0.0
            self.gram[places, :self.size], self.gram[:self.size, places] = 0.0, 0.0

    def keep(self, kept) -> None:
        """Forget all columns but those where ``kept`` is True."""
        if kept.all():
            return
        places = np.flatnonzero(kept)
        self.member[self.index] = kept
        self.gram[:places.size, :places.size] = self.gram[np.ix_(places, places)]
        self.rows[:places.size] = self.rows[places]
        self.index = self.index[places]

    def combine(self, x) -> np.ndarray:
        """Return the combination of the columns with coefficients ``x`` (size,)."""
        return x @ self.members

    def correlate(self, u) -> np.ndarray:
        """Return the products of the columns with real ``u`` (m,)."""
        return self.members @ u

    def spread(self, x) -> np.ndarray:
        """Return the coefficients ``x`` at their places among all columns."""
        full = np.zeros(self.member.size, x.dtype)
        full[self.index] = x
        return full

    def _reserve(self, capacity):
        rows, gram = self.rows, self.gram
        self.rows = np.empty((capacity, rows.shape[1]), rows.dtype)
        self.rows[:self.size] = rows[:self.size]
        self.gram = np.empty((capacity, capacity), gram.dtype)
        self.gram[:self.size, :self.size] = gram[:self.size, :self.size]
