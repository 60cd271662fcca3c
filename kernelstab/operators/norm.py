r"""Upper bounds of :math:`\|A\|_2` that rounding errors cannot break."""

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import LinearOperator, eigsh

_UNIT = float(np.finfo(np.float64).eps) / 2


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
