"""Forward matrices stored as scipy sparse matrices."""

import numpy as np
from scipy import sparse

from kernelstab._checks import as_array
from kernelstab.operators.base import ForwardOperator
from kernelstab.operators.norm import rows_columns_upper

_DENSE_ENTRIES = 2**20


class SparseOperator(ForwardOperator):
    r"""A forward matrix stored by its non-zero entries; the adjoint is the same matrix transposed.

    ``norm_upper`` is :math:`\sqrt{\|A\|_1\|A\|_\infty}`, which no rounding can break.
    ``spec()`` is the dense matrix while it has at most :math:`2^{20}` entries, else None.

    Parameters
    ----------
    matrix : scipy sparse matrix or array, shape (m, N)
    image_shape : tuple of int, optional

    Raises
    ------
    ValueError
        If an entry is not finite, or if all are zero.

    Examples
    --------
    >>> A = SparseOperator(sparse.csr_array([[0.0, 2.0]]))
    >>> A.matvec(np.array([1.0, 3.0])), round(A.norm_upper, 6)
    (array([6.]), 2.0)
    """

    def __init__(self, matrix, *, image_shape=None):
        if matrix.ndim != 2:
            raise ValueError(f"matrix must have 2 dimension(s), got shape {matrix.shape}")
        rows = sparse.csr_array(matrix)
        if rows.nnz == 0 or not rows.data.any():
            raise ValueError(f"matrix must not be zero, got rank 0 and shape {matrix.shape}")
        rows.data = as_array(rows.data, "matrix entries")
        self.matrix = rows
        self._adjoint_matrix = sparse.csr_array(rows.conj().T)
        super().__init__(rows.shape, rows.dtype, image_shape=image_shape,
                         norm_upper=rows_columns_upper(abs(rows)))

    def _matvec(self, x):
        return self.matrix @ np.ravel(x)

    def _rmatvec(self, y):
        return self._adjoint_matrix @ np.ravel(y)

    def _matmat(self, X):
        return self.matrix @ X

    def _rmatmat(self, Y):
        return self._adjoint_matrix @ Y

    def to_dense(self) -> np.ndarray:
        """Return the matrix as an array, shape ``(m, N)``."""
        return self.matrix.toarray()

    def spec(self) -> dict | None:
        """Describe the operator exactly by its entries while the dense matrix is small."""
        if self.shape[0] * self.shape[1] > _DENSE_ENTRIES:
            return None
        return {"kind": "dense", "matrix": self.to_dense(), "image_shape": self.image_shape}
