"""Least squares with the smallest norm."""

import warnings
from fractions import Fraction

import numpy as np
from scipy.sparse.linalg import lsmr

from kernelstab._checks import as_array
from kernelstab._errors import NotConverged
from kernelstab.maps.adjoint import scaled_adjoint
from kernelstab.maps.base import Map
from kernelstab.operators import as_operator

DENSE_ENTRIES = 2**22  # a matrix of at most this many entries is inverted once and kept


class PseudoInverse(Map):
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
        self.A, self.name = as_operator(A), name
        self.matrix = self.rank = None
        m, n = self.A.shape
        if self.A.tight is None and m * n <= DENSE_ENTRIES:
            self.matrix, self.rank = _invert(self.A.to_dense())

    def __call__(self, y):
        y = as_array(y, "y", shape=self.A.shape[:1])
        if self.A.tight is not None:
            return self.A.rmatvec(y) / self.A.tight
        return self.matrix @ y if self.matrix is not None else solve(self.A, y)

    def vjp(self, y, u):
        r"""Return :math:`(A^\dagger)^*u = (A^*)^\dagger u`; ``y`` does not matter."""
        if self.A.tight is not None:
            return self.A.matvec(u) / self.A.tight
        return self.matrix.conj().T @ u if self.matrix is not None else solve(self.A.H, u)

    def spec(self):
        """Describe the map exactly: a scaled adjoint, a real matrix, or None."""
        if self.A.tight is not None:
            return scaled_adjoint(self.A, Fraction(self.A.tight))
        if self.matrix is None or self.matrix.dtype.kind != "f":
            return None
        return {"kind": "linear", "matrix": self.matrix}


def _invert(matrix):
    """Return the pseudo-inverse and the rank that was used."""
    u, s, vh = np.linalg.svd(matrix, full_matrices=False)
    rank = int(np.sum(s > max(matrix.shape) * np.finfo(float).eps * s[0])) if s[0] > 0 else 0
    if rank == 0:
        raise ValueError("A must have rank at least 1, got the zero matrix")
    return (vh[:rank].conj().T / s[:rank]) @ u[:, :rank].conj().T, rank


def solve(A, y, damp=0.0):
    r"""Minimise :math:`\|Ax-y\|^2 + \texttt{damp}^2\|x\|^2` by LSMR to working accuracy."""
    budget = 20 * min(A.shape) + 200
    y = y.astype(np.result_type(A.dtype, y.dtype))      # lsmr works in the type of y
    x, reason, iterations, *_ = lsmr(A, y, damp=damp, atol=1e-14, btol=1e-14, conlim=1e13, maxiter=budget)
    if reason == 7:
        warnings.warn(f"LSMR stopped after {iterations} iterations", NotConverged, stacklevel=3)
    return x
