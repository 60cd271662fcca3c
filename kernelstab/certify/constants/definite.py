"""Whether a symmetric rational matrix is positive definite, proved in ball arithmetic."""

from flint import arb, ctx, fmpq_mat

from kernelstab._errors import CertificateError

MOST_ROWS = 300
PRECISIONS = (128, 512)


def require_definite(matrix: fmpq_mat, name: str) -> None:
    """Refuse a symmetric matrix that is not proved to be positive definite.

    Elimination without pivoting in balls: if every pivot is certainly positive, so is the matrix. A
    singular matrix is refused at every precision, so proofs leave a little room.

    Raises
    ------
    CertificateError
        If a pivot is not certainly positive, or there are more than ``MOST_ROWS`` rows.

    Notes
    -----
    Cost: :math:`n^3/6` multiplications of balls, seconds for 200 rows.

    >>> require_definite(fmpq_mat(2, 2, [2, 1, 1, 2]), "Q")
    >>> require_definite(fmpq_mat(2, 2, [1, 1, 1, 1]), "Q")
    Traceback (most recent call last):
        ...
    kernelstab._errors.CertificateError: Q is not proved to be positive definite: pivot 2 of 2
    """
    size = matrix.nrows()
    if size > MOST_ROWS:
        raise CertificateError(f"{name} may have at most {MOST_ROWS} rows, got {size}")
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            failed = _failing_pivot(matrix)
        if failed is None:
            return
    raise CertificateError(f"{name} is not proved to be positive definite: pivot {failed} of {size}")


def _failing_pivot(matrix):
    """Return the number of the first pivot that is not certainly positive, or None."""
    size = matrix.nrows()
    rows = [[arb(matrix[i, j]) for j in range(i, size)] for i in range(size)]     # upper triangle
    for k in range(size):
        pivot, row = rows[k][0], rows[k]
        if not pivot > 0:
            return k + 1
        for i in range(k + 1, size):
            if row[i - k] != 0 or not row[i - k].is_exact():
                factor = row[i - k] / pivot
                below = rows[i]
                for j in range(size - i):
                    below[j] -= factor * row[i - k + j]
    return None
