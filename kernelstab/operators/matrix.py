"""Forward matrices given by their entries, dense or sparse, random ensembles, and proved bounds of norms."""

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator, eigsh

from kernelstab._checks import as_array, as_count, as_generator, as_number
from kernelstab.operators.base import ForwardOperator

_UNIT = float(np.finfo(np.float64).eps) / 2
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
    :func:`dense_norm_upper` when it is first asked for.

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


def _gamma(count, complex_entries):
    """Return Higham's constant of ``count`` roundings; a complex operation costs at most four real ones."""
    roundings = (4 if complex_entries else 1) * count * _UNIT
    return roundings / (1 - roundings)


def rows_columns_upper(absolute) -> float:
    r"""Return :math:`\sqrt{\|A\|_1\|A\|_\infty}\ge\|A\|_2` from the absolute values of the entries.

    Sums of ``n`` non-negative floats are wrong by at most a factor ``1 + n eps``, which
    is added. Works for arrays and sparse matrices. Cost: one pass over the entries.

    >>> from math import isclose
    >>> isclose(rows_columns_upper(np.array([[3.0, 4.0]])), 28**0.5)    # row sum 7, column sum 4
    True
    """
    rows = np.asarray(absolute.sum(axis=1)).max()
    columns = np.asarray(absolute.sum(axis=0)).max()
    return float(np.sqrt(rows * columns) * (1 + (sum(absolute.shape) + 8) * 2 * _UNIT))


def dense_norm_upper(matrix) -> float:
    r"""Return a proved upper bound of the spectral norm of a finite matrix.

    Let :math:`G` be the smaller of the two Gram matrices as computed; it differs from the
    true one by at most :math:`\gamma_N\|A\|_F^2`. If the Cholesky factorisation of
    :math:`B=cI-G` runs through in floating point, then :math:`B+\Delta` is positive
    semidefinite for some :math:`\|\Delta\|\le\gamma_{n+1}\,\mathrm{tr}B/(1-\gamma_{n+1})`
    (Higham, *Accuracy and Stability*, Theorem 10.3 with :math:`|R^T||R|\le dd^T`). Hence

    .. math:: \|A\|_2^2 \le c + \|\Delta\| + \gamma_N\|A\|_F^2 .

    The candidate :math:`c` comes from a Lanczos estimate and proves nothing by itself; if
    the factorisation fails, :math:`c` grows. The result is never worse than the bounds
    :math:`\|A\|_F` and :math:`\sqrt{\|A\|_1\|A\|_\infty}`.

    Cost: one Gram matrix and one Cholesky factorisation.

    >>> bound = dense_norm_upper(np.array([[3.0, 0.0], [4.0, 0.0]]))
    >>> 5.0 <= bound < 5.0 + 1e-8
    True
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.conj().T
    is_complex = np.iscomplexobj(matrix)
    size, length = wide.shape
    # a power of two keeps the entries exact and the squares in range
    exponent = int(np.clip(np.frexp(np.abs(matrix).max())[1], -1000, 1000))
    scaled, scale = wide * np.ldexp(1.0, -exponent), float(np.ldexp(1.0, exponent))
    frobenius = float(np.linalg.norm(scaled)) * (1 + _gamma(size * length + 2, is_complex))
    simple = min(frobenius, rows_columns_upper(np.abs(scaled)) * (1 + 8 * _UNIT))
    gram = scaled @ scaled.conj().T
    gram_error = _gamma(length, is_complex) * frobenius**2
    largest = _largest_estimate(gram)
    for slack in (1e-9, 1e-6, 1e-3):
        candidate = largest * (1 + slack)
        shifted = -gram
        shifted[np.diag_indices(size)] += candidate
        if np.all(np.diag(shifted).real > 0) and _factorises(shifted):
            gamma = _gamma(size + 1, is_complex)
            defect = gamma / (1 - gamma) * float(np.trace(shifted).real) * 1.01
            defect += 4 * _UNIT * candidate                # rounding of the shift itself
            proved = float(np.sqrt(candidate + defect + gram_error)) * (1 + 8 * _UNIT)
            return min(proved, simple) * scale
    return simple * scale


def _largest_estimate(gram):
    size = len(gram)
    if size <= 64:
        return float(linalg.eigvalsh(gram)[-1])
    start = np.ones(size) + 0.1 * np.cos(np.arange(size))
    operator = LinearOperator(gram.shape, matvec=lambda v: gram @ v, dtype=gram.dtype)
    return float(eigsh(operator, k=1, v0=start, tol=1e-9, return_eigenvectors=False)[0])


def _factorises(matrix):
    try:
        linalg.cholesky(matrix, lower=True, check_finite=False)
    except linalg.LinAlgError:
        return False
    return True
