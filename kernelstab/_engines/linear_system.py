"""The linear system as the loops see it: a dense matrix, or two products."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator, aslinearoperator, svds

from kernelstab._checks import as_array
from kernelstab.operators.adapt import is_operator, products_of


@dataclass(frozen=True)
class System:
    """A forward matrix and data, in one arithmetic.

    ``matrix`` is the array as it came if the matrix is dense (any order, perhaps read-only),
    else None; ``forward`` and ``adjoint`` work for both. ``tight`` is the constant of
    ``AA* = cI`` where known, ``source`` what the caller handed in.
    """

    shape: tuple
    dtype: np.dtype
    y: np.ndarray
    matrix: np.ndarray | None
    forward: Callable
    adjoint: Callable
    tight: float | None
    source: object

    def norm(self) -> float:
        """Return the spectral norm, or an upper bound where the operator declares one.

        Dense: square root of the largest eigenvalue of the smaller Gram matrix. An
        operator without a declared bound is measured by Lanczos iterations, raised by
        one per cent because they approach the norm from below.
        """
        declared = getattr(self.source, "norm_upper", None)
        if declared is not None:
            return float(declared)
        if self.matrix is not None:
            m, n = self.shape
            gram = self.matrix @ self.matrix.conj().T if m <= n else self.matrix.conj().T @ self.matrix
            return float(np.sqrt(max(np.linalg.eigvalsh(gram)[-1], 0.0)))
        if min(self.shape) <= 2:  # too small for Lanczos
            product = self.adjoint if self.shape[0] <= self.shape[1] else self.forward
            rows = [product(unit) for unit in np.eye(min(self.shape), dtype=self.dtype)]
            return float(np.linalg.norm(rows, 2))
        operator = LinearOperator(self.shape, lambda x: self.forward(x.ravel()),
                                  lambda u: self.adjoint(u.ravel()), dtype=self.dtype)
        start = np.random.default_rng(0).standard_normal(min(self.shape)).astype(self.dtype)
        try:
            return 1.01 * float(svds(operator, k=1, v0=start, return_singular_vectors=False)[0])
        except ArpackError:  # one step finds everything where many singular values are equal, as for AA* = I
            return 1.01 * self._norm_by_powers()

    def _norm_by_powers(self, steps=200) -> float:
        """Return the length that a random vector has after repeated products, a lower bound of the norm."""
        x = np.random.default_rng(0).standard_normal(self.shape[1]).astype(self.dtype)
        size = 0.0
        for _ in range(steps):
            x = self.adjoint(self.forward(x / np.linalg.norm(x)))
            before, size = size, float(np.linalg.norm(x))
            if size <= before * (1 + 1e-6):
                break
        return float(np.sqrt(size))


def as_system(A, y) -> System:
    """Check a matrix (or operator) and data, and bring both to one arithmetic.

    Complex data or a complex matrix make the whole problem complex. A real operator
    is applied to the real and imaginary parts in turn when the data are complex. What products
    return is new and in double precision; the laws of a user's operator are tested once.
    """
    if not isinstance(A, np.ndarray) and (is_operator(A) or hasattr(A, "tocsr")):
        operator = products_of(A) if is_operator(A) else aslinearoperator(A)
        matrix = getattr(A, "matrix", None)
        matrix = matrix if isinstance(matrix, np.ndarray) else None
    else:
        operator, matrix = None, _as_matrix(A)
    source = operator if matrix is None else matrix
    y = _as_data(y, *source.shape)
    dtype = np.result_type(source.dtype, y.dtype, np.float64)
    y = y if y.dtype == dtype else y.astype(dtype)
    tight = None if operator is None else getattr(A, "tight", None)
    if matrix is not None:
        matrix = matrix if matrix.dtype == dtype else matrix.astype(dtype)
        forward, adjoint = dense_products(matrix)
        return System(matrix.shape, dtype, y, matrix, forward, adjoint, tight, A)
    forward, adjoint = operator.matvec, operator.rmatvec
    if dtype.kind == "c" and np.dtype(operator.dtype).kind != "c":
        forward, adjoint = _by_parts(forward), _by_parts(adjoint)
    return System(operator.shape, dtype, y, None, forward, adjoint, tight, A)


def dense_products(matrix) -> tuple:
    """Return forward and adjoint."""
    if matrix.dtype.kind == "f":
        return partial(np.dot, matrix), lambda u: np.dot(u, matrix)
    return partial(np.dot, matrix), lambda u: np.conj(np.dot(np.conj(u), matrix))


def _as_data(y, count, other):
    """Check the data; the usual case by one product instead of a pass over flags."""
    if type(y) is np.ndarray and y.dtype == np.float64 and y.shape == (count,):
        with np.errstate(over="ignore"):
            square = np.dot(y, y)
        if isfinite(square):
            return y
    return as_array(y, "y", shape=(count,), other=other)


def _as_matrix(A):
    """Check all but finiteness, which the first product tells."""
    if type(A) is np.ndarray and A.ndim == 2 and A.size and A.dtype in (np.float64, np.complex128):
        return A
    return as_array(A, "A", ndim=2)


def _by_parts(product):
    return lambda v: product(v.real.copy()) + 1j * product(v.imag.copy())


def require_finite(objective, gap) -> None:
    """Refuse to go on with numbers that prove nothing.

    The products returned NaN or infinity, the loop diverged because the norm that the operator declares is
    too small, or squares overflow where it starts.
    """
    if not isfinite(objective + gap):
        raise ValueError("A must return finite values and be no larger than its norm_upper, and a start x0 "
                         f"must not be huge, got objective {objective} and gap {gap}")
