"""Positive definite matrices: one of rationals, in balls, and all blocks of a Gram matrix, in integers."""

from fractions import Fraction
from math import comb

from flint import arb, ctx, fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import affordable, spend

MOST_ROWS = 300
MOST_COLUMNS = 2000
MOST_SUPPORTS = 5_000_000
MOST_STEPS = 1 << 25        # of elimination in small integers, 250 nanoseconds each
PRECISIONS = (128, 512)
_BITS = 80                  # to which the entries are rounded; the rounding is taken off the diagonal


def require_definite(matrix: fmpq_mat, name: str) -> None:
    """Refuse a symmetric matrix that is not proved to be positive definite.

    Elimination without pivoting in balls: if every pivot is certainly positive, so is the matrix. A
    singular matrix is refused at every precision, so proofs stay a little away from that.
    Cost: :math:`n^3/6` multiplications of balls, seconds for 200 rows.

    >>> require_definite(fmpq_mat(2, 2, [2, 1, 1, 2]), "Q")
    >>> require_definite(fmpq_mat(2, 2, [1, 1, 1, 1]), "Q")
    Traceback (most recent call last):
        ...
    kernelstab._errors.CertificateError: Q is not proved to be positive definite: pivot 2 of 2
    """
    size = matrix.nrows()
    affordable(size, MOST_ROWS, f"rows of {name}")
    spend(100 * size**3)
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


class Gram:
    """Inner products of the columns times ``denominator``, as integers.

    A complex matrix is embedded; each of its columns stands for two, (Re, Im) and (-Im, Re), next to
    each other in ``rows``: ``width`` 2. In ``product`` all real parts come first, as in the embedding.
    """

    def __init__(self, matrix):
        self.size, self.width = matrix.shape[1], 1 + matrix.is_complex
        affordable(self.size, MOST_COLUMNS, "columns")
        table = matrix.embedded().numerators
        # of entries of up to 100 digits each
        digits = max((abs(entry) for part in (matrix.numerators, matrix.imag) if part is not None
                      for entry in part.entries()), default=0).bit_length() // 3
        affordable((self.size * self.width)**2 * (1 + digits // 50), MOST_COLUMNS**2, "inner products")
        spend(self.size**2 * self.width * 1000)
        self.product, self.denominator = table.transpose() * table, matrix.denominator**2
        order = [j + k * self.size for j in range(self.size) for k in range(self.width)]
        entries = self.product.tolist()
        self.rows = [[int(entries[i][j]) for j in order] for i in order]

    def length(self, i) -> int:
        """Return the squared length of a column, times the denominator."""
        return self.rows[self.width * i][self.width * i]

    def squared(self, i, j) -> int:
        """Return the squared modulus of an inner product, times the squared denominator."""
        return sum(entry**2 for entry in self.rows[self.width * i][self.width * j:self.width * (j + 1)])


def require_below(gram: Gram, sign, limit: Fraction, order):
    """Refuse unless every block of ``order`` columns of ``limit - sign * G`` is positive definite.

    The matrix is scaled and rounded to integers, and what that may change in an eigenvalue is taken off
    the diagonal. Then fraction-free elimination (Bareiss) decides exactly, shared along a
    depth-first passage through the supports.
    """
    affordable(comb(gram.size, order) * gram.width**2, MOST_SUPPORTS, "supports")
    affordable_steps(gram.size, order, order + gram.width - 3, 2, gram.width**3)
    sizes = [abs(entry) for row in gram.rows for entry in row]
    top = limit * gram.denominator
    largest = max(sizes) + abs(top)
    shift = _BITS + 1 - max(1, int(largest)).bit_length()
    table = []
    for i, row in enumerate(gram.rows):
        rounded = [_nearest(-sign * entry, 1, shift) for entry in row]
        rounded[i] = _nearest(top.numerator - sign * row[i] * top.denominator, top.denominator, shift)
        rounded[i] -= order * gram.width      # a block of half units has a norm of at most half its order
        table.append(rounded[i:])
    if not _definite(table, 1, order, gram.width):
        raise CertificateError(f"not every support of {order} columns keeps within the bound")


def _nearest(above, below, shift) -> int:
    """Return the integer nearest to ``above / below * 2**shift``; a fraction would be reduced slowly."""
    above, below = above << max(shift, 0), below << max(-shift, 0)
    return (2 * above + below) // (2 * below) if 4 * abs(above) > below else 0


def affordable_steps(n, order, depth, axes, each) -> None:
    r"""Refuse a depth-first elimination over all supports of a size that takes too many steps.

    A prefix of ``d`` columns, up to ``depth``, leaves rows for later columns, with ``each`` entries, or (two
    ``axes``) a triangle with as many columns. At most :math:`\binom{n-s+d}{d}` prefixes can be completed, and
    the entries of all are :math:`\binom{n}{d+1}` or :math:`\binom{n+1}{d+2}`. In a triangle the numbers grow.
    """
    steps = 0
    for d in range(1, depth + 1):
        growth = 16 + (axes - 1) * d * d
        count = min(comb(n - order + d, d) * (n - d)**axes // axes, comb(n + axes - 1, d + axes))
        steps += count * each * growth // 16
    affordable(steps, MOST_STEPS, "steps of elimination")
    spend(steps * 250)


def _definite(table, previous, free, width) -> bool:
    """Whether each block of ``free`` groups of the rows of an upper triangle is positive definite."""
    if free == 1:
        return all(_block_definite(table, k, width) for k in range(0, len(table), width))
    if free == 2 and width == 1:
        diagonal = [row[0] for row in table]
        return all(d > 0 for d in diagonal) and not any(
            entry * entry >= row[0] * d for i, row in enumerate(table)
            for entry, d in zip(row[1:], diagonal[i + 1:]))
    for first in range(0, len(table) - width * (free - 1), width):
        part, pivot = table[first:], previous
        for _ in range(width):
            if part[0][0] <= 0:
                return False
            part, pivot = _eliminated(part, pivot), part[0][0]
        if not _definite(part, pivot, free - 1, width):
            return False
    return True


def _block_definite(table, k, width):
    if table[k][0] <= 0:
        return False
    return width == 1 or table[k][0] * table[k + 1][0] > table[k][1]**2


def _eliminated(table, previous):
    """Take one step of fraction-free elimination; the divisions leave no remainder."""
    head, pivot = table[0], table[0][0]
    return [[(pivot * entry - head[i] * other) // previous for entry, other in zip(row, head[i:])]
            for i, row in enumerate(table[1:], start=1)]
