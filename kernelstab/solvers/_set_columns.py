"""The columns in the working set: gathered once, with their Gram matrix."""

import numpy as np

FIRST = 256  # columns for which there is room before the first move


class Columns:
    """A growing selection of the columns of a dense real matrix.

    ``rows[:size]`` holds the selected columns as rows, ``gram[:size, :size]`` their inner
    products, ``index[:size]`` their numbers and ``member`` marks them among all columns.
    """

    def __init__(self, matrix):
        m, n = matrix.shape
        self.matrix = matrix.view()
        self.matrix.flags.writeable = False  # compiled loops are specialised for one kind of array
        self.size = 0
        self.index = np.empty(0, np.int64)
        self.member = np.zeros(n, bool)
        self.rows = np.empty((min(n, FIRST), m))
        self.gram = np.empty((min(n, FIRST),) * 2)

    def extend(self, chosen) -> None:
        """Add the columns numbered ``chosen`` (none of them a member yet).

        Cost: one read of them, and their inner products with all members.
        """
        if not chosen.size:
            return
        first, last = self.size, self.size + chosen.size
        chosen = np.sort(chosen)
        if last > self.rows.shape[0]:
            self._reserve(min(max(last, 2 * self.rows.shape[0]), self.member.size))
        if self.matrix.flags.c_contiguous:
            from kernelstab.solvers._gram_jit import gather

            gather(self.matrix, chosen, self.rows, first)
        else:
            np.take(self.matrix.T, chosen, axis=0, out=self.rows[first:last])
        new = self.rows[first:last]
        if first:
            cross = self.rows[:first] @ new.T
            self.gram[:first, first:last] = cross
            self.gram[first:last, :first] = cross.T
        self.gram[first:last, first:last] = new @ new.T
        self.index = np.concatenate([self.index, chosen])
        self.member[chosen] = True
        self.size = last

    @property
    def members(self) -> np.ndarray:
        """The selected columns, as rows."""
        return self.rows[:self.size]

    @property
    def inner(self) -> np.ndarray:
        """Their inner products."""
        return self.gram[:self.size, :self.size]

    def combine(self, x) -> np.ndarray:
        """Return the combination of the columns with coefficients ``x`` (size,)."""
        return x @ self.members

    def correlate(self, u) -> np.ndarray:
        """Return the inner products of the columns with ``u`` (m,)."""
        return self.members @ u

    def spread(self, x) -> np.ndarray:
        """Return the coefficients ``x`` at their places among all columns."""
        full = np.zeros(self.member.size)
        full[self.index] = x
        return full

    def _reserve(self, capacity):
        rows, gram = self.rows, self.gram
        self.rows = np.empty((capacity, rows.shape[1]))
        self.rows[:self.size] = rows[:self.size]
        self.gram = np.empty((capacity, capacity))
        self.gram[:self.size, :self.size] = gram[:self.size, :self.size]
