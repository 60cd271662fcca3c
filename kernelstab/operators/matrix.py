"""Forward matrices given by their entries, dense or sparse, and the usual random ensembles."""

import numpy as np
from scipy import sparse

from kernelstab._checks import as_array, as_count, as_generator, as_number
from kernelstab.operators.base import ForwardOperator
from kernelstab.operators.norm import dense_norm_upper, rows_columns_upper

_DENSE_ENTRIES = 2**20     # of a sparse matrix that is described


class DenseOperator(ForwardOperator):
    r"""A forward matrix stored entry by entry.

    Parameters
    ----------
    matrix : array_like, shape (m, N)
        Real or complex entries, copied to float64 or complex128.
    image_shape : tuple of int, optional
        Shape of a signal as an image. Default ``(N,)``.
    tight : float, optional
        The constant :math:`c` if :math:`AA^*=cI` up to rounding; checked on a probe.

    Raises
    ------
    ValueError
        If the matrix is empty, not finite or zero, or if it is not tight as claimed.

    Notes
    -----
    ``spec()``: ``{"kind": "dense", "matrix": (m, N) array, "image_shape": tuple}``, and ``"tight"``
    if it is; every float is an exact dyadic rational. ``norm_upper`` is proved by
    :func:`~kernelstab.operators.norm.dense_norm_upper` when it is first asked for.

    Examples
    --------
    >>> A = DenseOperator([[1.0, 2.0, 0.0]])
    >>> A.matvec(np.array([1.0, 1.0, 5.0])), A.rmatvec(np.array([2.0]))
    (array([3.]), array([2., 4., 0.]))
    """

    def __init__(self, matrix, *, image_shape=None, tight=None):
        array = as_array(matrix, "matrix", ndim=2)
        if not array.any():
            raise ValueError(f"matrix must not be zero, got rank 0 and shape {array.shape}")
        self.matrix = np.array(array, order="C")
        self.matrix.flags.writeable = False
        if tight is not None:
            tight = as_number(tight, "tight", low=0.0, strict=True)
            probe = np.cos(np.arange(1.0, len(array) + 1))
            defect = np.linalg.norm(array @ (array.conj().T @ probe) - tight * probe)
            if defect > 1e-10 * tight * np.linalg.norm(probe):
                raise ValueError(f"tight must satisfy A A^* = tight I, got {tight!r}, defect {defect:.3g}")
        super().__init__(array.shape, array.dtype, image_shape=image_shape, tight=tight)
        self._norm_upper = None

    @property
    def norm_upper(self) -> float:
        r"""A proved upper bound of :math:`\|A\|_2`, within about 1e-8 of it. Cost: one Gram matrix, once."""
        if self._norm_upper is None:
            self._norm_upper = dense_norm_upper(self.matrix)
        return self._norm_upper

    def _matvec(self, x):
        return self.matrix @ np.ravel(x)

    def _rmatvec(self, y):
        return (np.ravel(y).conj() @ self.matrix).conj()

    def _matmat(self, X):
        return self.matrix @ X

    def _rmatmat(self, Y):
        return self.matrix.conj().T @ Y

    def to_dense(self) -> np.ndarray:
        """Return the matrix itself, read-only, shape ``(m, N)``."""
        return self.matrix

    def spec(self) -> dict:
        """Describe the operator exactly by its entries."""
        tight = {} if self.tight is None else {"tight": self.tight}
        return {"kind": "dense", "matrix": self.matrix, "image_shape": self.image_shape} | tight


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


def gaussian(m, N, *, image_shape=None, rng) -> DenseOperator:
    """Draw a matrix with independent normal entries of mean 0 and variance ``1/m``.

    The scaling makes the squared length of every column 1 on average.

    >>> A = gaussian(20, 64, rng=0)
    >>> A.shape, A.tight
    ((20, 64), None)
    """
    m, N = as_count(m, "m", low=1), as_count(N, "N", low=1)
    return DenseOperator(as_generator(rng).standard_normal((m, N)) / np.sqrt(m), image_shape=image_shape)


def bernoulli(m, N, *, image_shape=None, rng) -> DenseOperator:
    r"""Draw a matrix with independent entries :math:`\pm1/\sqrt m`, each sign with probability 1/2.

    >>> np.unique(bernoulli(4, 9, rng=0).matrix)
    array([-0.5,  0.5])
    """
    m, N = as_count(m, "m", low=1), as_count(N, "N", low=1)
    signs = 2.0 * as_generator(rng).integers(0, 2, (m, N)) - 1.0
    return DenseOperator(signs / np.sqrt(m), image_shape=image_shape)


def partial_orthogonal(m, N, *, image_shape=None, rng) -> DenseOperator:
    """Draw ``m`` orthonormal rows of length ``N``, uniformly distributed, so ``A A^T = I``.

    They are the first columns of the QR factor of a normal matrix, with the signs of the
    diagonal of R removed; without that correction the law would depend on the QR routine.

    >>> A = partial_orthogonal(3, 8, rng=0)
    >>> A.tight, bool(np.allclose(A.matrix @ A.matrix.T, np.eye(3)))
    (1.0, True)
    """
    N = as_count(N, "N", low=1)
    m = as_count(m, "m", low=1, high=N)
    factor, triangle = np.linalg.qr(as_generator(rng).standard_normal((N, m)))
    return DenseOperator((factor * np.sign(np.diag(triangle))).T, image_shape=image_shape, tight=1.0)
