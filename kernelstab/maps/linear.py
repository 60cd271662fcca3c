"""Linear reconstructions: back-projection, and any matrix."""

import numpy as np

from kernelstab._checks import as_array
from kernelstab.maps.base import Map
from kernelstab.operators import as_operator


class AdjointMap(Map):
    r"""Apply the adjoint: :math:`\Psi(y) = A^*y`.

    For a tight operator with constant 1 this is the zero-filled reconstruction and
    equals the pseudo-inverse.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator.
    name : str
        Shown in reports.

    Examples
    --------
    >>> AdjointMap(np.array([[1.0, 2.0]]))(np.array([3.0]))
    array([3., 6.])
    """

    def __init__(self, A, name="adjoint"):
        self.A, self.name = as_operator(A), name

    def __call__(self, y):
        return self.A.rmatvec(as_array(y, "y", shape=self.A.shape[:1]))

    def vjp(self, y, u):
        """Return ``A u``; the map is linear, so ``y`` does not matter."""
        return self.A.matvec(u)

    def spec(self):
        """Describe the map as a scaled adjoint with scale 1."""
        return scaled_adjoint(self.A, 1)


class LinearMap(Map):
    r"""Multiply by a matrix: :math:`\Psi(y) = Wy`.

    Parameters
    ----------
    matrix : ndarray, shape (N, m)
        The matrix :math:`W`, real or complex.
    name : str
        Shown in reports.

    Raises
    ------
    ValueError
        If the matrix is not two-dimensional or holds NaN or infinity.

    Examples
    --------
    >>> psi = LinearMap([[2.0], [0.0]])
    >>> psi(np.array([1.5]))
    array([3., 0.])
    >>> psi.vjp(np.array([1.5]), np.array([1.0, 7.0]))
    array([2.])
    """

    def __init__(self, matrix, name="linear"):
        self.matrix, self.name = as_array(matrix, "matrix", ndim=2), name

    def __call__(self, y):
        return self.matrix @ as_array(y, "y", shape=self.matrix.shape[1:])

    def vjp(self, y, u):
        """Return :math:`W^*u`; the map is linear, so ``y`` does not matter."""
        return self.matrix.conj().T @ u

    @property
    def lipschitz(self) -> float:
        r"""The Lipschitz constant :math:`\|W\|_2`, in floating point. Cost: one SVD."""
        return float(np.linalg.norm(self.matrix, 2))

    def spec(self):
        """Describe the map by its matrix; None for complex matrices."""
        return {"kind": "linear", "matrix": self.matrix} if self.matrix.dtype.kind == "f" else None


def scaled_adjoint(A, divisor) -> dict | None:
    r"""Describe :math:`y \mapsto A^*y/d` for a rational ``d``, or None without a spec of ``A``."""
    operator = A.spec()
    if operator is None:
        return None
    return {"kind": "scaled-adjoint", "operator": operator,
            "scale": [divisor.denominator, divisor.numerator]}
