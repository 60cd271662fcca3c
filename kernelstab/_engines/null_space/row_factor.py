"""One orthogonal factorisation of a matrix, for its singular values, its null space and its row space.

For a wide matrix :math:`A^*=QR` with a small triangle. The triangle has the singular values of
:math:`A`, so that the rank is decided by the true gap, and no column needs to be pivoted: the
trailing columns of :math:`Q` are in the null space anyway, and if the triangle is singular its
own singular vectors supply the rest. A tall matrix has the null space of its triangle.
"""

import warnings

import numpy as np
from scipy.linalg import get_blas_funcs, qr, solve_triangular, svd, svdvals

from kernelstab._checks import as_number
from kernelstab._errors import UnclearRank

_DOUBT = 10.0


def decide_rank(sigma, shape, tol=None, *, stacklevel=3) -> tuple[float, int, tuple[int, ...]]:
    """Return the threshold, the number of singular values above it, and the other defensible numbers.

    See :func:`~kernelstab.kernel.nullspace_basis` for the rule and what is raised; warns if there are others.
    """
    noise = max(shape) * np.finfo(float).eps * float(sigma[0])
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


class RowFactor:
    """The factorisation of one dense matrix ``(m, N)``; ``sigma`` are its singular values, falling."""

    def __init__(self, matrix):
        m, n = matrix.shape
        self.columns, self.tall = n, m >= n
        source = matrix if self.tall else _adjoint(matrix)
        self.reflectors = None
        if self.tall:
            (self.triangle,) = qr(source, mode="r", check_finite=False)
            self.triangle = self.triangle[:n]
        else:
            (self.reflectors, self.tau), self.triangle = qr(
                np.array(source, order="F"), mode="raw", overwrite_a=True, check_finite=False)
        self.sigma = svdvals(self.triangle, check_finite=False)

    def kernel(self, rank) -> np.ndarray:
        """Return the right singular vectors after the first ``rank``, ``(N, N - rank)``, falling."""
        if self.tall:
            if rank == self.columns:
                return np.zeros((rank, 0), dtype=self.triangle.dtype)
            return svd(self.triangle, check_finite=False)[2][rank:].conj().T
        m = len(self.triangle)
        trailing = self._times_trailing()
        if rank == m:
            return trailing
        small = svd(self.triangle, check_finite=False)[0][:, rank:]
        return np.hstack([self._times_leading(small), trailing])

    def rows(self, rank) -> np.ndarray:
        """Return an orthonormal basis of the span of the first ``rank`` right singular vectors."""
        if self.tall:
            if rank == self.columns:
                return np.eye(rank, dtype=self.triangle.dtype)
            return svd(self.triangle, check_finite=False)[2][:rank].conj().T
        m = len(self.triangle)
        if rank == m:
            return self._times_leading(np.eye(m, dtype=self.triangle.dtype))
        return self._times_leading(svd(self.triangle, check_finite=False)[0][:, :rank])

    def _compact(self):
        r"""Return :math:`V` and :math:`T^{-1}` of :math:`Q=I-VTV^*`.

        The inverse is the upper triangle of :math:`V^*V` with the reciprocal factors of the
        reflectors on its diagonal: matrix products only, where LAPACK goes by blocks of columns.
        A reflector with factor zero is the identity; its vector is dropped.
        """
        m = len(self.triangle)
        V = self.reflectors.copy(order="F")
        V[:m] = np.tril(V[:m], -1)
        V[np.arange(m), np.arange(m)] = 1.0
        idle = self.tau == 0
        V[:, idle] = 0.0
        inverse = np.triu(_adjoint(V) @ V, 1)
        inverse[np.arange(m), np.arange(m)] = 1.0 / np.where(idle, 1.0, self.tau)
        return V, inverse

    def _times_trailing(self):
        """Return the columns of ``Q`` after the first ``m``."""
        V, inverse = self._compact()
        m = len(inverse)
        weights = solve_triangular(inverse, -_adjoint(V[m:]), overwrite_b=True, check_finite=False)
        (triangular_product,) = get_blas_funcs(("trmm",), (V,))
        basis = np.empty((self.columns, self.columns - m), dtype=V.dtype)
        np.matmul(V[m:], weights, out=basis[m:])
        basis[:m] = triangular_product(1.0, V[:m], weights, lower=True)
        basis[np.arange(m, self.columns), np.arange(self.columns - m)] += 1.0
        return basis

    def _times_leading(self, small):
        """Return the first ``m`` columns of ``Q`` times ``small``."""
        V, inverse = self._compact()
        m = len(inverse)
        weights = solve_triangular(inverse, -(_adjoint(V[:m]) @ small), overwrite_b=True, check_finite=False)
        product = V @ weights
        product[:m] += small
        return product


def _adjoint(matrix):
    """Return the adjoint, of a real matrix as a view: numpy then sees that a Gram matrix is symmetric."""
    return matrix.conj().T if np.iscomplexobj(matrix) else matrix.T


def kernel_basis(matrix, *, stacklevel=3):
    """Return an orthonormal basis of the null space ``(N, k)`` and the rank, warning if that is unclear.

    >>> kernel_basis(np.array([[1.0, 1.0]]))[1]
    1
    """
    factor = RowFactor(matrix)
    rank = decide_rank(factor.sigma, matrix.shape, stacklevel=stacklevel)[1]
    return factor.kernel(rank), rank
