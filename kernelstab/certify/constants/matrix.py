"""Matrices and vectors as certificates of constants hold them: exactly.

Floats are dyadic rationals, so a matrix of floats is one integer matrix over one power of two; matrices
of integers and fractions are stored as integers over one denominator.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, lcm

from flint import fmpq, fmpq_mat, fmpz, fmpz_mat, nmod_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import MOST_BYTES, MOST_ENTRIES, Array, ComplexArray, affordable, decode, spend
from kernelstab.certify.constants.reading import (
    index_set,
    integer,
    integers,
    matrix_rows,
    parts_of,
    rationals,
)

PRIME = 2**61 - 1
MOST_SIDE = 1500       # of a square matrix that is not in the file
MOST_PRODUCTS = 1 << 22
_ROOT_BITS = 128


@dataclass(frozen=True)
class ExactMatrix:
    """The matrix ``(numerators + i imag) / denominator`` of rationals; ``imag`` is None for a real one."""

    numerators: fmpz_mat
    denominator: int
    imag: fmpz_mat | None = None

    @property
    def is_complex(self) -> bool:
        """Whether there is an imaginary part."""
        return self.imag is not None

    @property
    def shape(self) -> tuple[int, int]:
        """Return (m, N)."""
        return self.numerators.nrows(), self.numerators.ncols()

    @property
    def rational(self) -> fmpq_mat:
        """The real part, as python-flint has matrices of rationals."""
        return fmpq_mat(self.numerators) * fmpq(1, self.denominator)

    def columns(self, chosen) -> fmpz_mat:
        """Return the numerators of some columns, of ``[[Re, -Im], [Im, Re]]`` for a complex matrix.

        >>> exact([[0.5, 0.25]]).columns([1, 0])
        [1, 2]
        >>> exact([[1, 0]], [[2, 0]]).columns([0])
        [1, -2]
        [2,  1]
        """
        re, *im = (submatrix(part, range(self.shape[0]), chosen) for part in (self.numerators, self.imag)
                   if part is not None)
        if not im:
            return re
        re, im = re.tolist(), im[0].tolist()
        return fmpz_mat([a + [-x for x in b] for a, b in zip(re, im)] + [b + a for a, b in zip(re, im)])

    def embedded(self) -> "ExactMatrix":
        """Return the real matrix that acts on (Re z, Im z); its rank is twice that of the complex one."""
        return ExactMatrix(self.columns(range(self.shape[1])), self.denominator) if self.is_complex else self

    def __repr__(self):
        return f"<ExactMatrix {self.shape[0]} x {self.shape[1]}{' complex' if self.is_complex else ''}>"


def submatrix(matrix: fmpz_mat, rows, columns) -> fmpz_mat:
    """Return some rows and columns of an integer matrix."""
    rows, columns = list(rows), list(columns)
    return fmpz_mat(len(rows), len(columns), [matrix[i, j] for i in rows for j in columns])


def exact(*parts) -> ExactMatrix:
    """Read a matrix exactly: lists of rows of floats, integers or fractions, the real and the imaginary part.

    >>> exact([[0.75, -1]]).numerators, exact([[0.75, -1]]).denominator
    ([3, -4], 4)
    """
    tables = [[list(row) for row in rows] for rows in parts]
    rows = [row for table in tables for row in table]
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise CertificateError("matrix must have rows of one length, at least 1")
    try:
        common = lcm(*{value.as_integer_ratio()[1] for row in rows for value in row})
    except (AttributeError, ValueError, OverflowError):
        raise CertificateError("matrix must hold finite rationals") from None
    size = len(rows) * len(rows[0]) * (80 + common.bit_length() // 4)
    affordable(size, 2 * MOST_BYTES, "bytes of a matrix")
    whole = [fmpz_mat([[p * (common // q) for p, q in (value.as_integer_ratio() for value in row)]
                       for row in table]) for table in tables]
    return ExactMatrix(whole[0], common, *whole[1:])


def read_matrix(plain) -> ExactMatrix:
    """Read the field ``matrix`` of a certificate.

    >>> read_matrix({"numerators": [["1", "2"]], "denominator": "3"}).rational
    [1/3, 2/3]
    """
    if isinstance(plain, dict) and "numerators" in plain:
        return _read_rationals(plain)
    try:
        array = decode(plain)
    except ValueError as error:
        raise CertificateError(f"matrix is malformed: {error}") from None
    parts = list(array) if isinstance(array, ComplexArray) else [array]
    if not all(isinstance(part, Array) and len(part.shape) == 2 for part in parts):
        raise CertificateError("matrix must be an array with two axes, or numerators over a denominator")
    affordable(len(parts[0].data), MOST_ENTRIES, "entries of the matrix")
    return exact(*(matrix_rows(part, "matrix", (None, None)) for part in parts))


def _read_rationals(plain):
    if set(plain) - {"imag"} != {"numerators", "denominator"}:
        raise CertificateError("matrix needs the fields denominator and numerators, "
                               f"got {sorted(plain)!r:.80}")
    denominator = integer(plain["denominator"], "denominator", 1)
    parts = [_integer_rows(plain[name], name) for name in ("numerators", "imag") if name in plain]
    if len({(part.nrows(), part.ncols()) for part in parts}) > 1:
        raise CertificateError("numerators and imag must have one shape")
    return ExactMatrix(parts[0], denominator, *parts[1:])


def _integer_rows(rows, name):
    if (not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows)
            or not rows[0] or any(len(row) != len(rows[0]) for row in rows)):
        raise CertificateError(f"{name} must be rows of one length")
    affordable(len(rows) * len(rows[0]), MOST_ENTRIES, "entries of the matrix")
    return fmpz_mat([[fmpz(integer(value, name)) for value in row] for row in rows])


def rational_matrix(array, name, shape) -> fmpq_mat:
    """Read a real array as a matrix of rationals."""
    return exact(matrix_rows(array, name, shape)).rational


def digits(value) -> str:
    """Write an integer in decimal digits; unlike ``str``, without a limit on their number.

    >>> digits(-12)
    '-12'
    """
    return str(fmpz(int(value)))


def modular_rank(matrix: ExactMatrix, columns=None, prime=PRIME) -> int:
    """Return the rank of the numerators of some columns, or all, modulo a prime below 2^64.

    That is a lower bound of their rank: a minor that is not zero modulo a prime is not zero. For a complex
    matrix half the rank of the embedded real matrix, rounded up.

    >>> modular_rank(exact([[1, 2], [2, 4]])), modular_rank(exact([[3, 1]]), [0], prime=3)
    (1, 0)
    """
    rank = nmod_mat(matrix.columns(range(matrix.shape[1]) if columns is None else columns), prime).rank()
    return (rank + 1) // 2 if matrix.is_complex else rank


def require_full_rank(matrix: fmpz_mat, prime) -> None:
    """Refuse unless the columns are independent modulo a prime, and therefore independent."""
    if nmod_mat(matrix, prime).rank() < matrix.ncols():
        raise CertificateError(f"the columns are dependent modulo {prime}")


def column(values, denominator=1) -> fmpq_mat:
    """Return a vector of rationals, over a denominator, as a column."""
    return fmpq_mat(len(values), 1, [rational(value) / denominator for value in values])


def read_column(values, name, size, is_complex=False) -> fmpq_mat:
    """Read a vector as a column, a complex one with its imaginary parts below.

    >>> read_column({"integers": ["1", "-4"], "denominator": "2"}, "x", 2)
    [1/2]
    [ -2]
    """
    return column([value for part in parts_of(values, is_complex) for value in rationals(part, name, size)])


def rational(value) -> fmpq:
    """Return an integer or a fraction as python-flint has it."""
    return fmpq(fmpz(value.numerator), fmpz(value.denominator))


def identity(n) -> fmpq_mat:
    """Return the identity matrix."""
    affordable(n, MOST_SIDE, "rows of a square matrix")
    return fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def fractions(vector) -> list[Fraction]:
    """Return the entries of a matrix of rationals.

    >>> fractions(fmpq_mat(1, 2, [fmpq(1, 2), 3]))
    [Fraction(1, 2), Fraction(3, 1)]
    """
    return [Fraction(int(value.p), int(value.q)) for value in vector.entries()]


def squares(vector) -> Fraction:
    """Return the squared Euclidean norm of a column."""
    return sum((value**2 for value in fractions(vector)), Fraction(0))


def largest(vector) -> Fraction:
    """Return the maximum norm of a column."""
    return max(abs(value) for value in fractions(vector))


def inner(a, b) -> Fraction:
    """Return the inner product of two columns."""
    return fractions(a.transpose() * b)[0]


def times(matrix: ExactMatrix, vector: fmpq_mat, transposed=False) -> fmpq_mat:
    """Return the product of a real matrix with a column, in integers over one denominator."""
    numerators, below = vector.numer_denom()
    left = matrix.numerators.transpose() if transposed else matrix.numerators
    return fmpq_mat(left * numerators) / (below * fmpz(matrix.denominator))


def adjoint_times(duals, matrix: ExactMatrix) -> tuple[list, int]:
    """Return :math:`(A^*h)_j` for rows h of floats, as tuples of integers over one denominator.

    ``duals`` holds the rows of each part. With A = P + iQ and h = x + iy:
    :math:`A^*h = (P^Tx + Q^Ty) + i(P^Ty - Q^Tx)`.
    """
    count = len(duals[0]) * matrix.shape[1]
    affordable(count, MOST_PRODUCTS, "products of duals with columns")
    spend(count * (2000 + matrix.shape[0]))
    h = exact(*duals)
    x, real = h.numerators, matrix.numerators
    if matrix.imag is not None and h.imag is not None:
        products = [x * real + h.imag * matrix.imag, h.imag * real - x * matrix.imag]
    else:
        products = [x * real]
    parts = [[[int(value) for value in row] for row in part.tolist()] for part in products]
    return [list(zip(*row)) for row in zip(*parts)], h.denominator * matrix.denominator


def over_common(values) -> tuple[list[int], int]:
    """Write rational numbers as integers over one denominator.

    >>> over_common([Fraction(1, 2), Fraction(-3)])
    ([1, -6], 2)
    """
    common = lcm(*{value.denominator for value in values})
    return [value.numerator * (common // value.denominator) for value in values], common


def whole_root_above(square: int) -> int:
    """Return the smallest integer whose square is at least an integer.

    >>> whole_root_above(9), whole_root_above(10)
    (3, 4)
    """
    root = isqrt(square)
    return root + (root * root != square)


def root_below(value: Fraction) -> Fraction:
    """Return a lower bound of a square root, exact to 128 bits, and exact if the root is rational.

    >>> root_below(Fraction(1, 9)), root_below(Fraction(2)) ** 2 < 2 < root_above(Fraction(2)) ** 2
    (Fraction(1, 3), True)
    """
    product, shift = _scaled(value)
    return Fraction(isqrt(product), value.denominator << shift)


def root_above(value: Fraction) -> Fraction:
    """Return an upper bound of a square root, exact to 128 bits, and exact if the root is rational.

    >>> root_above(Fraction(9, 4))
    Fraction(3, 2)
    """
    product, shift = _scaled(value)
    return Fraction(whole_root_above(product), value.denominator << shift)


def _scaled(value):
    """Return numerator times denominator, with zeros behind it, and half their number."""
    product = value.numerator * value.denominator
    shift = max(0, 2 * _ROOT_BITS - product.bit_length()) // 2 + 1
    return product << 2 * shift, shift


def null_vector(matrix: ExactMatrix, columns, *parts) -> tuple:
    """Read integers on some columns that are a vector of the null space other than zero.

    ``parts`` are the entries; for a complex matrix their real parts, then their imaginary parts.

    >>> null_vector(exact([[1, 2, 5]]), [0, 1], ["2", "-1"])
    ((0, 1), [[2, -1]])
    """
    columns = index_set(columns, "columns", matrix.shape[1])
    vectors = [integers(part, "entries") for part in parts]
    if len(vectors) != 1 + matrix.is_complex or any(len(part) != len(columns) for part in vectors) \
            or not any(map(any, vectors)):
        raise CertificateError("a kernel vector needs one entry per column in each part, "
                               "and one that is not zero")
    entries = [fmpz(value) for part in vectors for value in part]
    product = matrix.columns(columns) * fmpz_mat(len(entries), 1, entries)
    if any(value != 0 for value in product.entries()):
        raise CertificateError("the vector does not lie in the null space")
    return columns, vectors
