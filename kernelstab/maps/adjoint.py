"""The simplest reconstruction: back-projection."""

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
    >>> import numpy as np
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


def scaled_adjoint(A, divisor) -> dict | None:
    r"""Describe :math:`y \mapsto A^*y/d` for a rational ``d``, or None without a spec of ``A``."""
    operator = A.spec()
    if operator is None:
        return None
    return {"kind": "scaled-adjoint", "operator": operator,
            "scale": [divisor.denominator, divisor.numerator]}
