"""The columns that a greedy method has chosen, and least squares on them."""

import numpy as np
from scipy.linalg import get_lapack_funcs
from scipy.sparse.linalg import LinearOperator, cg

from kernelstab._engines.dense_matrix import rounding_of

# Cholesky squares the condition number: below this relative pivot it keeps too few digits.
_PIVOT = 1e-10


def columns_of(system, support):
    """Return the chosen columns of a system: gathered if it is dense, two products if not."""
    if system.matrix is not None:
        return DenseColumns(system.matrix[:, support])
    return OperatorColumns(system, support)


def combination(system, support, values):
    """Return ``Ax`` for a sparse ``x``: from its columns if the system is dense, by one product if not."""
    if system.matrix is not None:
        return system.matrix[:, support] @ values
    return OperatorColumns(system, support).combination(values)


def largest(values, count) -> np.ndarray:
    """Return the places of the ``count`` entries of largest modulus, ascending; ties to the lowest index.

    >>> largest(np.array([1.0, -3.0, 2.0, -2.0]), 2)
    array([1, 2])
    """
    size = np.abs(values)
    if count == 0 or count >= size.size:
        return np.arange(count and size.size)
    limit = np.partition(size, size.size - count)[size.size - count]
    above = np.flatnonzero(size > limit)
    equal = np.flatnonzero(size == limit)[: count - above.size]
    return np.sort(np.concatenate([above, equal]))


def column_norms(matrices) -> np.ndarray:
    """Return the norms of the columns of a matrix, or of each in a stack, in one pass and without a copy.

    >>> column_norms(np.array([[3.0, 1j], [4.0, 0.0]]))
    array([5., 1.])
    """
    parts = (matrices.real, matrices.imag) if matrices.dtype.kind == "c" else (matrices,)
    norms = np.sqrt(sum(np.einsum("...ij,...ij->...j", part, part) for part in parts))
    short = norms < 1e-140                # their squares may be lost
    if short.any():
        columns = np.swapaxes(matrices, -1, -2)[short]
        largest = np.abs(columns).max(axis=1)
        units = np.where(largest > 0.0, largest, 1.0)
        norms[short] = largest * lengths(columns / units[:, None])
    return norms


def lengths(rows) -> np.ndarray:
    """Return the norms of the rows of a matrix."""
    return np.sqrt(np.einsum("ij,ij->i", rows.conj(), rows).real)


class DenseColumns:
    """An array of columns, with the Cholesky factor of its Gram matrix.

    Columns that depend on each other, or nearly so, get a singular value decomposition
    instead, and the solution of least norm.
    """

    def __init__(self, matrix):
        self.matrix, self.adjoint = matrix, matrix.conj().T
        gram = self.adjoint @ matrix
        factor, self._potrs = get_lapack_funcs(("potrf", "potrs"), (gram,))
        self.factor, info = factor(gram, lower=True)
        self.parts = None
        pivots = self.factor.diagonal().real ** 2
        if info or np.any(pivots <= _PIVOT * gram.diagonal().real):
            left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
            kept = sizes > rounding_of(sizes, matrix.shape)
            self.parts = left[:, kept], sizes[kept], right[kept].conj().T

    def combination(self, values):
        """Return the combination of the columns."""
        return self.matrix @ values

    def correlations(self, u):
        """Return the inner products of the columns with ``u``."""
        return self.adjoint @ u

    def solve(self, rhs):
        """Return ``(B^H B)^-1 rhs`` for the columns ``B``."""
        if not rhs.size:
            return rhs.copy()
        if self.parts is None:
            return self._potrs(self.factor, rhs, lower=True)[0]
        _, sizes, right = self.parts
        return right @ ((right.conj().T @ rhs) / sizes**2)

    def fit(self, y, guess=None):
        """Return the coefficients closest to ``y``; one round of refinement restores the digits."""
        if self.parts is not None:
            left, sizes, right = self.parts
            return right @ ((left.conj().T @ y) / sizes)
        values = self.solve(self.correlations(y))
        return values + self.solve(self.correlations(y - self.combination(values)))


class OperatorColumns:
    """Columns that are only known by their products: systems are solved by conjugate gradients."""

    def __init__(self, system, support):
        self.system, self.support = system, support

    def combination(self, values):
        """Return the combination of the columns."""
        x = np.zeros(self.system.shape[1], self.system.dtype)
        x[self.support] = values
        return self.system.forward(x)

    def correlations(self, u):
        """Return the inner products of the columns with ``u``."""
        return self.system.adjoint(u)[self.support]

    def solve(self, rhs, accuracy=1e-14):
        """Return ``(B^H B)^-1 rhs`` for the columns ``B``, as accurate as rounding lets it become."""
        gram = LinearOperator((rhs.size, rhs.size), lambda v: self.correlations(self.combination(v.ravel())),
                              dtype=rhs.dtype)
        return cg(gram, rhs, rtol=accuracy, maxiter=2 * rhs.size + 20)[0]

    def fit(self, y, guess=None):
        """Return the coefficients closest to ``y``; the second round starts from a measured residual."""
        values = np.zeros(self.support.size, self.system.dtype) if guess is None else guess
        for accuracy in (1e-10, 1e-6):
            values = values + self.solve(self.correlations(y - self.combination(values)), accuracy)
        return values
