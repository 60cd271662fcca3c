"""A matrix as certificates of constants hold it: exactly.

Floats are dyadic rationals, so a matrix of floats is one integer matrix over one power of two; matrices
of integers and fractions are stored as integers over one denominator.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from flint import fmpz, fmpz_mat, nmod_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import Array, ComplexArray, decode

PRIME = 2**61 - 1
MOST_ENTRIES = 1 << 22
_INTEGER = re.compile("-?[0-9]{1,100000}")


@dataclass(frozen=True)
class ExactMatrix:
    """The rational matrix ``numerators / denominator``."""

    numerators: fmpz_mat
    denominator: int
    is_complex = False

    @property
    def shape(self) -> tuple[int, int]:
        """Return (m, N)."""
        return self.numerators.nrows(), self.numerators.ncols()

    def entry(self, row, column) -> Fraction:
        """Return one entry.

        >>> exact([[0.5, 0.25]]).entry(0, 1)
        Fraction(1, 4)
        """
        return Fraction(int(self.numerators[row, column]), self.denominator)

    def columns(self, chosen) -> fmpz_mat:
        """Return the numerators of some columns, in the order given.

        >>> exact([[0.5, 0.25]]).columns([1, 0])
        [1, 2]
        """
        return submatrix(self.numerators, range(self.shape[0]), chosen)

    def embedded(self) -> "ExactMatrix":
        """Return the real matrix that acts on real vectors: this one."""
        return self

    def __repr__(self):
        return f"<ExactMatrix {self.shape[0]} x {self.shape[1]}>"


@dataclass(frozen=True)
class ComplexExactMatrix:
    """A matrix of complex rationals: two real ones with one denominator."""

    real: ExactMatrix
    imag: ExactMatrix
    is_complex = True

    @property
    def shape(self) -> tuple[int, int]:
        """Return (m, N)."""
        return self.real.shape

    @property
    def denominator(self) -> int:
        """Return the denominator that both parts have."""
        return self.real.denominator

    def columns(self, chosen) -> fmpz_mat:
        """Return the numerators of ``[[Re, -Im], [Im, Re]]`` for some columns, in the order given.

        >>> read_matrix({"numerators": [["1", "0"]], "imag": [["2", "0"]], "denominator": "1"}).columns([0])
        [1, -2]
        [2,  1]
        """
        re, im = (part.columns(chosen).tolist() for part in (self.real, self.imag))
        return fmpz_mat([a + [-x for x in b] for a, b in zip(re, im)] + [b + a for a, b in zip(re, im)])

    def embedded(self) -> ExactMatrix:
        """Return the real matrix that acts on (Re z, Im z); its rank is twice that of the complex one."""
        return ExactMatrix(self.columns(range(self.shape[1])), self.denominator)

    def __repr__(self):
        return f"<ComplexExactMatrix {self.shape[0]} x {self.shape[1]}>"


def submatrix(matrix: fmpz_mat, rows, columns) -> fmpz_mat:
    """Return some rows and columns of an integer matrix."""
    rows, columns = list(rows), list(columns)
    return fmpz_mat(len(rows), len(columns), [matrix[i, j] for i in rows for j in columns])


def exact(rows) -> ExactMatrix:
    """Read a real matrix of numbers exactly.

    Parameters
    ----------
    rows : list of lists
        Floats, integers or fractions, as Python numbers.

    Raises
    ------
    CertificateError
        If the rows differ in length, there is none, or an entry is no finite rational.

    >>> exact([[0.75, -1]]).numerators, exact([[0.75, -1]]).denominator
    ([3, -4], 4)
    """
    rows = [list(row) for row in rows]
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise CertificateError("matrix must have rows of one length, at least 1")
    try:
        pairs = [[value.as_integer_ratio() for value in row] for row in rows]
    except (AttributeError, ValueError, OverflowError):
        raise CertificateError("matrix must hold finite rationals") from None
    denominator = lcm(*{q for row in pairs for _, q in row})
    return ExactMatrix(fmpz_mat([[p * (denominator // q) for p, q in row] for row in pairs]), denominator)


def read_matrix(plain) -> ExactMatrix | ComplexExactMatrix:
    """Read the field ``matrix`` of a certificate.

    Raises
    ------
    CertificateError
        If it is malformed or has more than ``MOST_ENTRIES`` entries.

    >>> read_matrix({"numerators": [["1", "2"]], "denominator": "3"}).entry(0, 1)
    Fraction(2, 3)
    """
    if isinstance(plain, dict) and "numerators" in plain:
        return _read_rationals(plain)
    try:
        array = decode(plain)
    except ValueError as error:
        raise CertificateError(f"matrix is malformed: {error}") from None
    if isinstance(array, Array):
        return _from_array(array)
    if not isinstance(array, ComplexArray):
        raise CertificateError("matrix must be an array, or numerators over a denominator")
    real, imag = _from_array(array.real), _from_array(array.imag)
    common = lcm(real.denominator, imag.denominator)
    return ComplexExactMatrix(_over(real, common), _over(imag, common))


def _over(matrix, denominator):
    """Write a matrix over a multiple of its denominator."""
    return ExactMatrix(matrix.numerators * (denominator // matrix.denominator), denominator)


def _from_array(array):
    if len(array.shape) != 2 or len(array.data) > MOST_ENTRIES:
        raise CertificateError(f"matrix must have two axes and at most {MOST_ENTRIES} entries, "
                               f"got shape {array.shape}")
    width = array.shape[1]
    return exact([array.data[k:k + width] for k in range(0, len(array.data), width)])


def _read_rationals(plain):
    if set(plain) - {"imag"} != {"numerators", "denominator"}:
        raise CertificateError("matrix needs the fields denominator and numerators, "
                               f"got {sorted(plain)!r:.80}")
    denominator = integer(plain["denominator"], "denominator")
    if denominator < 1:
        raise CertificateError(f"denominator must be positive, got {denominator!r:.60}")
    parts = [_integer_rows(plain[name], name) for name in ("numerators", "imag") if name in plain]
    if len(parts) == 1:
        return ExactMatrix(parts[0], denominator)
    if (parts[0].nrows(), parts[0].ncols()) != (parts[1].nrows(), parts[1].ncols()):
        raise CertificateError("numerators and imag must have one shape")
    return ComplexExactMatrix(*(ExactMatrix(part, denominator) for part in parts))


def _integer_rows(rows, name):
    if (not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows)
            or not rows[0] or any(len(row) != len(rows[0]) for row in rows)
            or len(rows) * len(rows[0]) > MOST_ENTRIES):
        raise CertificateError(f"{name} must be rows of one length, at most {MOST_ENTRIES} entries in all")
    return fmpz_mat([[fmpz(integer(value, name)) for value in row] for row in rows])


def integer(value, name) -> int:
    """Read an integer, given as a JSON number or as a decimal string.

    Raises
    ------
    CertificateError
        If it is neither.

    >>> integer("-12", "n") + integer(2, "n")
    -10
    """
    if type(value) is int:
        return value
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise CertificateError(f"{name} must hold integers, got {value!r:.60}")
    return int(fmpz(value))       # unlike int, without a limit on the number of digits


def digits(value) -> str:
    """Write an integer in decimal digits; unlike ``str``, without a limit on their number.

    >>> digits(-12)
    '-12'
    """
    return str(fmpz(int(value)))


def modular_rank(matrix, columns=None, prime=PRIME) -> int:
    """Return the rank of the numerators of some columns modulo a prime: a lower bound of their rank.

    A minor that is not zero modulo a prime is not zero. For a complex matrix half the rank of the
    embedded real matrix, rounded up.

    Parameters
    ----------
    matrix : ExactMatrix or ComplexExactMatrix
    columns : sequence of int, optional
        All if None.
    prime : int
        Below 2^64.

    >>> modular_rank(exact([[1, 2], [2, 4]])), modular_rank(exact([[3, 1]]), [0], prime=3)
    (1, 0)
    """
    rank = nmod_mat(matrix.columns(range(matrix.shape[1]) if columns is None else columns), prime).rank()
    return (rank + 1) // 2 if matrix.is_complex else rank
