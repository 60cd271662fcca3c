"""Least squares with a penalty on the norm."""

from fractions import Fraction

import numpy as np
from scipy.linalg import solve as solve_dense

from kernelstab._checks import as_array, as_number
from kernelstab.maps.adjoint import scaled_adjoint
from kernelstab.maps.base import Map
from kernelstab.maps.pseudo_inverse import DENSE_ENTRIES, solve
from kernelstab.operators import as_operator


class Tikhonov(Map):
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
        self.A, self.lam = as_operator(A), as_number(lam, "lam", low=0, strict=True)
        self.name = name or f"Tikhonov {self.lam:g}"
        self.matrix = None
        m, n = self.A.shape
        if self.A.tight is None and m * n <= DENSE_ENTRIES:
            self.matrix = _filter(self.A.to_dense(), self.lam)

    def __call__(self, y):
        y = as_array(y, "y", shape=self.A.shape[:1])
        if self.A.tight is not None:
            return self.A.rmatvec(y) / (self.A.tight + self.lam)
        return self.matrix @ y if self.matrix is not None else solve(self.A, y, damp=np.sqrt(self.lam))

    def vjp(self, y, u):
        r"""Return :math:`A(A^*A+\lambda I)^{-1}u`, the same map for :math:`A^*`."""
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


def _filter(matrix, lam):
    """Return the matrix of the map by the smaller of the two normal equations."""
    m, n = matrix.shape
    adjoint = matrix.conj().T
    if m <= n:  # A* (AA* + lam)^-1, transposed so that the factorised matrix stands on the left
        return solve_dense(matrix @ adjoint + lam * np.eye(m), matrix, assume_a="pos").conj().T
    return solve_dense(adjoint @ matrix + lam * np.eye(n), adjoint, assume_a="pos")
