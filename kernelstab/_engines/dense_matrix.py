"""A dense matrix: entries whose squares fit into floats, its rank, its null space and its row space."""

import warnings

import numpy as np
from scipy.linalg import get_lapack_funcs, qr, svd, svdvals

from kernelstab._checks import as_number, if_stored_as_complex
from kernelstab._errors import UnclearRank
from kernelstab.operators import as_operator

_DOUBT = 10.0


def dense_within_range(A, *, real=False) -> np.ndarray:
    """Return the entries of a forward matrix, after a look at the largest.

    Squares and inverses of numbers beyond these limits leave the range of floats, and nan
    fails every comparison, so that a bound would look as if it held.

    Raises
    ------
    ValueError
        If the largest entry does not lie between 1e-100 and 1e100, or one is complex and ``real`` is asked.

    >>> dense_within_range([[1e-200]])
    Traceback (most recent call last):
        ...
    ValueError: A must have its largest entry between 1e-100 and 1e100, got 1e-200
    """
    matrix = as_operator(A).to_dense()
    largest = float(np.abs(matrix).max())
    if largest > 0 and not 1e-100 < largest < 1e100:
        raise ValueError(f"A must have its largest entry between 1e-100 and 1e100, got {largest!r}")
    if real and np.iscomplexobj(matrix):
        raise ValueError(f"A must be real, got dtype {matrix.dtype}{if_stored_as_complex(matrix, 'A')}")
    return matrix


def unit_scale(matrix) -> float:
    """Return the power of two that brings the largest entry to between 1/2 and 1: nothing is rounded.

    >>> unit_scale(np.array([[3.0, -6.0]]))
    0.125
    """
    return 2.0 ** -float(np.frexp(np.abs(matrix).max())[1])


def unit_columns(matrix) -> np.ndarray:
    """Multiply every column by the power of two that brings its largest part near to one; zero stays zero.

    Moduli are taken afterwards: those of entries near the largest float would overflow.

    >>> unit_columns(np.array([[3e300, 1e-310], [0.0, 1e-310]])).max(axis=0) >= 0.5
    array([ True,  True])
    """
    parts = np.ascontiguousarray(matrix).view(float).reshape(*matrix.shape, -1)
    exponents = np.frexp(np.abs(parts).max(axis=(0, 2)))[1]
    return np.ldexp(parts, -exponents[:, None]).reshape(len(matrix), -1).view(matrix.dtype)


def rounding_of(sigma, shape) -> float:
    """Return the rounding error of computed singular values, which fall: what is below counts as zero."""
    return max(shape) * float(np.finfo(float).eps) * float(sigma[0])


def decide_rank(sigma, shape, tol=None, *, stacklevel=3) -> tuple[float, int, tuple[int, ...]]:
    """Return the threshold, the number of singular values above it, and the other defensible numbers.

    See :func:`~kernelstab.kernel.nullspace_basis` for the rule and what is raised; warns if there are others.
    """
    noise = rounding_of(sigma, shape)
    tol = noise if tol is None else as_number(tol, "tol", low=0.0)
    rank = int(np.sum(sigma > tol))
    if rank == 0:
        raise ValueError(f"tol must lie below the largest singular value {sigma[0]:.6g}, got {tol!r}")
    low = int(np.sum(sigma > _DOUBT * max(tol, noise)))
    high = int(np.sum(sigma > max(tol / _DOUBT, min(tol, noise))))
    others = tuple(sorted({low, high} - {rank}))
    if others:
        near = sigma[low:high]
        message = (f"the rank of a {shape[0]}x{shape[1]} matrix is unclear, between {low} and {high}: "
                   f"singular values {near[-1]:.3g} to {near[0]:.3g} are close to tol={tol:.3g}")
        warnings.warn(message, UnclearRank, stacklevel=stacklevel)
    return float(tol), rank, others


def kernel_distance(matrix, rank, v) -> float:
    r"""Bound the distance of a computed vector to the null space, the rounding of its residual included.

    With the smallest singular value that counts it is at most :math:`\|Av\|/\sigma_r`; rows of very different
    sizes are brought to one size by powers of two, which changes no null space, if that proves more.

    >>> kernel_distance(np.array([[1.0, 1.0]]), 1, np.array([0.5, -0.5])) < 1e-14
    True
    """
    sizes = np.linalg.norm(matrix, axis=1, keepdims=True)
    best = np.inf
    for scale in (1.0, np.exp2(-np.round(np.log2(np.where(sizes > 0, sizes, 1.0))))):
        rows = scale * matrix
        sigma = svdvals(rows, check_finite=False)
        rounding = 4 * (len(v) + 4) * np.finfo(float).eps * np.linalg.norm(np.abs(rows) @ np.abs(v))
        safe = sigma[rank - 1] - rounding_of(sigma, matrix.shape)
        if safe > 0:
            best = min(best, float((np.linalg.norm(rows @ v) + rounding) / safe))
    return best


class RowFactor:
    """One orthogonal factorisation for the singular values ``sigma``, the null space and the row space.

    For a wide matrix ``A^H = QR`` with a small triangle, which has the singular values of ``A``: the rank is
    decided by the true gap, and no column needs to be pivoted. The trailing columns of ``Q`` are in the null
    space anyway, and the singular vectors of the triangle supply the rest. A tall matrix has the null space
    of its triangle.
    """

    def __init__(self, matrix):
        m, self.columns = matrix.shape
        self.tall = m >= self.columns
        if self.tall:
            self.triangle = qr(matrix, mode="r", check_finite=False)[0][:self.columns]
        else:
            self.reflectors, self.triangle = qr(np.array(matrix.conj().T, order="F"), mode="raw",
                                                overwrite_a=True, check_finite=False)
        self.sigma = svdvals(self.triangle, check_finite=False)

    def kernel(self, rank) -> np.ndarray:
        """Return the right singular vectors after the first ``rank``, ``(N, N - rank)``, falling."""
        size = len(self.triangle)
        inner = np.zeros((size, 0)) if rank == size else self._inner()[:, rank:]
        return self._outer(inner, self.columns - size)

    def rows(self, rank) -> np.ndarray:
        """Return an orthonormal basis of the span of the first ``rank`` right singular vectors."""
        size = len(self.triangle)
        return self._outer(np.eye(size) if rank == size else self._inner()[:, :rank], 0)

    def _inner(self):
        left, _, right = svd(self.triangle, check_finite=False)
        return right.conj().T if self.tall else left

    def _outer(self, inner, trailing):
        """Return the first columns of ``Q`` times ``inner``, and some of the others."""
        if self.tall:
            return inner.astype(self.triangle.dtype, copy=False)
        (reflectors, tau), (size, count) = self.reflectors, inner.shape
        block = np.zeros((self.columns, count + trailing), self.triangle.dtype, order="F")
        block[:size, :count] = inner
        block[np.arange(size, size + trailing), np.arange(count, count + trailing)] = 1.0
        (multiply,) = get_lapack_funcs(("unmqr" if np.iscomplexobj(block) else "ormqr",), (reflectors,))
        lwork = int(multiply("L", "N", reflectors, tau, block, -1)[1][0].real)
        return np.ascontiguousarray(multiply("L", "N", reflectors, tau, block, lwork, overwrite_c=True)[0])


def kernel_basis(matrix, *, stacklevel=3):
    """Return an orthonormal basis of the null space ``(N, k)`` and the rank, warning if that is unclear.

    >>> kernel_basis(np.array([[1.0, 1.0]]))[1]
    1
    """
    factor = RowFactor(matrix)
    rank = decide_rank(factor.sigma, matrix.shape, stacklevel=stacklevel)[1]
    return factor.kernel(rank), rank
