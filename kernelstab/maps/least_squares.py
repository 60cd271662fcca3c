"""Least squares: with the smallest norm, or with a penalty on the norm."""

import warnings
from fractions import Fraction

import numpy as np
from scipy.linalg import solve as solve_dense
from scipy.sparse.linalg import lsmr

from kernelstab._checks import as_array, as_number
from kernelstab._errors import NotConverged
from kernelstab.maps.base import Map
from kernelstab.maps.linear import scaled_adjoint
from kernelstab.operators import as_operator

DENSE_ENTRIES = 2**22  # the map of a matrix of at most this many entries is computed once and kept


class LeastSquares(Map):
    r"""Minimise :math:`\|Ax-y\|^2+\lambda\|x\|^2`; the subclasses say with which matrix.

    Three ways, chosen by the structure of ``A``: for :math:`AA^*=cI` the closed form
    :math:`A^*y/(c+\lambda)`; a matrix where ``A`` is small; LSMR at every call otherwise.
    """

    def __init__(self, A, lam, name):
        self.A, self.lam, self.name = as_operator(A), lam, name
        self.matrix = None
        m, n = self.A.shape
        if self.A.tight is None and m * n <= DENSE_ENTRIES:
            self.matrix = self._matrix_of(self.A.to_dense())

    def __call__(self, y):
        y = as_array(y, "y", shape=self.A.shape[:1])
        if self.A.tight is not None:
            return self.A.rmatvec(y) / (self.A.tight + self.lam)
        return self.matrix @ y if self.matrix is not None else solve(self.A, y, damp=np.sqrt(self.lam))

    def vjp(self, y, u):
        r"""Return the same map for :math:`A^*`, applied to ``u``; ``y`` does not matter."""
        if self.A.tight is not None:
            return self.A.matvec(u) / (self.A.tight + self.lam)
        if self.matrix is not None:
            return self.matrix.conj().T @ u
        return solve(self.A.H, u, damp=np.sqrt(self.lam))

    def spec(self):
        """Describe the map exactly: a scaled adjoint, a real matrix, or None."""
        if self.A.tight is not None:
            return scaled_adjoint(self.A, Fraction(self.A.tight) + Fraction(self.lam))
        if self.matrix is None or self.matrix.dtype.kind != "f":
            return None
        return {"kind": "linear", "matrix": self.matrix}


class PseudoInverse(LeastSquares):
    r"""Apply the Moore-Penrose inverse: :math:`\Psi(y) = A^\dagger y`.

    Three ways, chosen by the structure of ``A``: for :math:`AA^* = cI` the closed form
    :math:`A^*y/c`; for matrices of up to four million entries one singular value
    decomposition, whose result is kept; otherwise LSMR at every call, started at zero,
    so that it stays in the range of :math:`A^*`.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator.
    name : str
        Shown in reports.

    Attributes
    ----------
    matrix : ndarray, shape (N, m), or None
        The inverse, if it was computed as a matrix. Singular values below
        ``max(m, N) * eps * sigma_max`` count as zero.
    rank : int or None
        The number of singular values above that line, if it was counted.

    Raises
    ------
    ValueError
        If the matrix is zero: nothing can be inverted.

    Warns
    -----
    NotConverged
        If LSMR stops at its budget.

    Examples
    --------
    The smallest solution of ``3 x_1 + 4 x_2 = 25``:

    >>> PseudoInverse([[3.0, 4.0]])(np.array([25.0])).round(12)
    array([3., 4.])
    """

    def __init__(self, A, name="pseudo-inverse"):
        self.rank = None
        super().__init__(A, 0.0, name)

    def _matrix_of(self, dense):
        u, s, vh = np.linalg.svd(dense, full_matrices=False)
        self.rank = int(np.sum(s > max(dense.shape) * np.finfo(float).eps * s[0])) if s[0] > 0 else 0
        if self.rank == 0:
            raise ValueError("A must have rank at least 1, got the zero matrix")
        return (vh[:self.rank].conj().T / s[:self.rank]) @ u[:, :self.rank].conj().T


class Tikhonov(LeastSquares):
    r"""Regularised least squares: :math:`\Psi(y) = (A^*A + \lambda I)^{-1}A^*y`.

    A singular value :math:`\sigma` of ``A`` becomes :math:`\sigma/(\sigma^2+\lambda)`, so
    the map is Lipschitz with a constant of at most :math:`1/(2\sqrt\lambda)`. For
    :math:`AA^* = cI` it is :math:`A^*y/(c+\lambda)`; matrices of up to four million
    entries are factorised once; otherwise damped LSMR at every call.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator.
    lam : float
        The weight :math:`\lambda > 0`, in the unit of :math:`\sigma^2`.
    name : str, optional
        Shown in reports.

    Raises
    ------
    ValueError
        If ``lam`` is not positive and finite; the limit 0 is :class:`PseudoInverse`.

    Warns
    -----
    NotConverged
        If LSMR stops at its budget.

    Examples
    --------
    One equation ``2 x = y``: the factor is ``2 / (4 + 1)``.

    >>> Tikhonov([[2.0]], 1.0)(np.array([10.0]))
    array([4.])
    """

    def __init__(self, A, lam, name=None):
        lam = as_number(lam, "lam", low=0, strict=True)
        super().__init__(A, lam, name or f"Tikhonov {lam:g}")

    def _matrix_of(self, dense):
        """Return the matrix of the map by the smaller of the two normal equations."""
        m, n = dense.shape
        adjoint = dense.conj().T
        if m <= n:  # A* (AA* + lam)^-1, transposed so that the factorised matrix stands on the left
            return solve_dense(dense @ adjoint + self.lam * np.eye(m), dense, assume_a="pos").conj().T
        return solve_dense(adjoint @ dense + self.lam * np.eye(n), adjoint, assume_a="pos")


def solve(A, y, damp=0.0):
    r"""Minimise :math:`\|Ax-y\|^2 + \texttt{damp}^2\|x\|^2` by LSMR to working accuracy."""
    budget = 20 * min(A.shape) + 200
    y = y.astype(np.result_type(A.dtype, y.dtype))      # lsmr works in the type of y
    x, reason, iterations, *_ = lsmr(A, y, damp=damp, atol=1e-14, btol=1e-14, conlim=1e13, maxiter=budget)
    if reason == 7:
        warnings.warn(f"LSMR stopped after {iterations} iterations", NotConverged, stacklevel=3)
    return x
