"""Linear reconstructions: back-projection, any matrix, least squares with and without a penalty."""

import warnings
from fractions import Fraction

import numpy as np
from scipy.linalg import solve as solve_dense
from scipy.sparse.linalg import lsmr

from kernelstab._checks import as_array, as_number
from kernelstab._errors import NotConverged
from kernelstab.maps.base import Map
from kernelstab.operators import as_operator

DENSE_ENTRIES = 2**22  # least squares for a matrix of at most this many entries are computed once and kept


class _Linear(Map):
    r"""Multiply by ``matrix``, or by :math:`A^*/d` with ``divisor`` d, or else use LSMR at every call."""

    matrix: np.ndarray | None = None
    divisor: Fraction | None = None
    lam = 0.0

    def __call__(self, y):
        m = self.A.shape[:1] if self.matrix is None else self.matrix.shape[1:]
        y = as_array(y, "y", shape=m)
        if self.matrix is not None:
            return self.matrix @ y
        return self.A.rmatvec(y) / float(self.divisor) if self.divisor else _solve(self.A, y, self.lam)

    def vjp(self, y, u):
        """Return the adjoint of the map applied to ``u``; ``y`` does not matter."""
        if self.matrix is not None:
            return self.matrix.conj().T @ u
        return self.A.matvec(u) / float(self.divisor) if self.divisor else _solve(self.A.H, u, self.lam)

    def spec(self):
        """Describe the map by a real matrix, or as a scaled adjoint; else None."""
        if self.matrix is not None:
            return {"kind": "linear", "matrix": self.matrix} if self.matrix.dtype.kind == "f" else None
        operator = self.A.spec()
        if self.divisor is None or operator is None:
            return None
        return {"kind": "scaled-adjoint", "operator": operator,
                "scale": [self.divisor.denominator, self.divisor.numerator]}

    def _least_squares(self, A, lam, matrix_of):
        """Choose how to minimise: in closed form, by a matrix computed once, or at every call."""
        self.A, self.lam = as_operator(A), lam
        if self.A.tight is not None:
            self.divisor = Fraction(self.A.tight) + Fraction(lam)
        elif self.A.shape[0] * self.A.shape[1] <= DENSE_ENTRIES:
            self.matrix = matrix_of(self.A.to_dense())


class AdjointMap(_Linear):
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
        self.A, self.divisor, self.name = as_operator(A), Fraction(1), name


class LinearMap(_Linear):
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
        self.matrix, self.name = as_array(matrix, "matrix", ndim=2, copy=True), name

    @property
    def lipschitz(self) -> float:
        r"""The Lipschitz constant :math:`\|W\|_2`, in floating point. Cost: one SVD."""
        return float(np.linalg.norm(np.asarray(self.matrix), 2))


class PseudoInverse(_Linear):
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
        self.name = name
        self._least_squares(A, 0.0, self._inverse)

    def _inverse(self, dense):
        if not dense.any():
            raise ValueError("A must have rank at least 1, got the zero matrix")
        return np.linalg.pinv(dense, rcond=max(dense.shape) * np.finfo(float).eps)


class Tikhonov(_Linear):
    r"""Regularised least squares: :math:`\Psi(y) = (A^*A + \lambda I)^{-1}A^*y`.

    A singular value :math:`\sigma` of ``A`` becomes :math:`\sigma/(\sigma^2+\lambda)`, so
    the map is Lipschitz with a constant of at most :math:`1/(2\sqrt\lambda)`. It is computed
    as :class:`PseudoInverse` is; for :math:`AA^* = cI` it is :math:`A^*y/(c+\lambda)`.

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
        self.name = name or f"Tikhonov {lam:g}"
        self._least_squares(A, lam, self._inverse)

    def _inverse(self, dense):
        """Return the matrix of the map by the smaller of the two normal equations."""
        m, n = dense.shape
        adjoint = dense.conj().T
        if m <= n:  # A* (AA* + lam)^-1, transposed so that the factorised matrix stands on the left
            return solve_dense(dense @ adjoint + self.lam * np.eye(m), dense, assume_a="pos").conj().T
        return solve_dense(adjoint @ dense + self.lam * np.eye(n), adjoint, assume_a="pos")


def _solve(A, y, lam):
    r"""Minimise :math:`\|Ax-y\|^2 + \lambda\|x\|^2` by LSMR to working accuracy."""
    budget = 20 * min(A.shape) + 200
    y = y.astype(np.result_type(A.dtype, y.dtype))      # lsmr works in the type of y
    x, reason, iterations, *_ = lsmr(A, y, np.sqrt(lam), atol=1e-14, btol=1e-14, conlim=1e13, maxiter=budget)
    if reason == 7:
        warnings.warn(f"LSMR stopped after {iterations} iterations", NotConverged, stacklevel=3)
    return x
