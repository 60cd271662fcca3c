"""Exact rank and exact null space of small matrices of rational numbers.

Floats are dyadic rationals, so a matrix of floats has one rank, and it may differ from the
numerical rank: 0.1 + 0.2 and 0.3 are different rows. Elimination is fraction-free.
"""

from fractions import Fraction
from math import gcd, lcm

from flint import fmpq, fmpq_mat, fmpz_mat


def exact_rank(matrix) -> int:
    """Return the rank of a matrix of floats, integers or fractions.

    Parameters
    ----------
    matrix : list of lists or ndarray, shape (m, N)

    Raises
    ------
    ValueError
        If the rows differ in length, there is none, or an entry is not a finite rational.

    Examples
    --------
    >>> exact_rank([[1, 2], [2, 4]]), exact_rank([[0.1 + 0.2], [0.3]])
    (1, 1)
    >>> exact_rank([[0.1 + 0.2, 1], [0.3, 1]])       # equal rows only on paper
    2
    """
    return _rational(matrix).rref()[1]


def exact_nullspace(matrix) -> list[list[int]]:
    """Return an integer basis of the null space; ``A z = 0`` is checked exactly.

    Returns
    -------
    list of lists of int
        One vector of length ``N`` per basis element, without common divisor; empty for
        a trivial null space.

    Raises
    ------
    ValueError
        As :func:`exact_rank`.

    Notes
    -----
    Cost: one elimination over the rationals; integers grow, so this is for small matrices
    (a hundred columns of floats take seconds).

    Examples
    --------
    >>> exact_nullspace([[1, 0.5, 0.25]])
    [[-1, 2, 0], [-1, 0, 4]]
    """
    rational = _rational(matrix)
    reduced, rank = rational.rref()
    width = rational.ncols()
    pivots = [next(j for j in range(width) if reduced[i, j] != 0) for i in range(rank)]
    basis = []
    for free in sorted(set(range(width)) - set(pivots)):
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for i, pivot in enumerate(pivots):
            vector[pivot] = -Fraction(int(reduced[i, free].p), int(reduced[i, free].q))
        basis.append(_primitive(vector))
    columns = fmpq_mat(fmpz_mat(len(basis), width, [n for z in basis for n in z])).transpose()
    if basis and any(entry != 0 for entry in (rational * columns).entries()):
        raise ArithmeticError("a null vector is not in the null space")
    return basis


def _rational(matrix) -> fmpq_mat:
    """Read a matrix exactly."""
    rows = [list(row) for row in matrix]
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("matrix must have rows of one length, at least 1")
    entries = []
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            try:
                exact = Fraction(value.item() if hasattr(value, "item") else value)
            except (TypeError, ValueError, OverflowError):
                raise ValueError(f"matrix must hold finite rationals, got {value!r} at {(i, j)}") from None
            entries.append(fmpq(exact.numerator, exact.denominator))
    return fmpq_mat(len(rows), len(rows[0]), entries)


def _primitive(vector) -> list[int]:
    """Scale a rational vector to integers without common divisor."""
    scale = lcm(*(value.denominator for value in vector))
    integers = [int(value * scale) for value in vector]
    return [n // gcd(*integers) for n in integers]
