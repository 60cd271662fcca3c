"""Vectors of exact numbers: columns, norms, square roots to one side, vectors of the null space."""

from fractions import Fraction
from math import isqrt, lcm

from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from kernelstab._errors import CertificateError

_ROOT_BITS = 128


def over_common(values) -> tuple[list[int], int]:
    """Write rational numbers as integers over one denominator.

    >>> over_common([Fraction(1, 2), Fraction(-3)])
    ([1, -6], 2)
    """
    common = lcm(*{value.denominator for value in values})
    return [value.numerator * (common // value.denominator) for value in values], common


def column(values, denominator=1) -> fmpq_mat:
    """Return a vector of integers over a denominator as a column."""
    return fmpq_mat(len(values), 1, [fmpq(fmpz(value), fmpz(denominator)) for value in values])


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


def require_null(matrix, columns, *parts) -> None:
    """Refuse integers on some columns unless they are a vector of the null space other than zero.

    Parameters
    ----------
    matrix : ExactMatrix or ComplexExactMatrix
    columns : tuple of int
    parts : lists of int
        The entries; for a complex matrix their real parts, then their imaginary parts.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> require_null(exact([[1, 2, 5]]), (0, 1), [2, -1])
    """
    if any(len(part) != len(columns) for part in parts) or not any(map(any, parts)):
        raise CertificateError("a kernel vector needs one entry per column in each part, "
                               "and one that is not zero")
    entries = [fmpz(value) for part in parts for value in part]
    product = matrix.columns(columns) * fmpz_mat(len(entries), 1, entries)
    if any(value != 0 for value in product.entries()):
        raise CertificateError("the vector does not lie in the null space")
