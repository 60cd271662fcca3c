"""Exact rank and exact null space of small matrices of rational numbers.

Floats are dyadic rationals, so a matrix of floats has one rank, and it may differ from the
numerical rank: 0.1 + 0.2 and 0.3 are different rows. Elimination is fraction-free.
"""

from math import gcd

from flint import fmpz_mat

from kernelstab.certify.constants.matrix import exact


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
    return _read(matrix).rank()


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
    table = _read(matrix)
    reduced, denominator, rank = table.rref()
    width, sign = table.ncols(), 1 if denominator > 0 else -1
    pivots = [next(j for j in range(width) if reduced[i, j] != 0) for i in range(rank)]
    basis = []
    for free in sorted(set(range(width)) - set(pivots)):
        vector = [0] * width
        vector[free] = sign * int(denominator)
        for i, pivot in enumerate(pivots):
            vector[pivot] = -sign * int(reduced[i, free])
        divisor = gcd(*vector)
        basis.append([value // divisor for value in vector])
    if basis and any(entry != 0 for entry in (table * fmpz_mat(basis).transpose()).entries()):
        raise ArithmeticError("a null vector is not in the null space")
    return basis


def _read(matrix) -> fmpz_mat:
    """Return integers with the rank and the null space of a matrix of numbers of Python or numpy."""
    return exact([[value.item() if hasattr(value, "item") else value for value in row]
                  for row in matrix]).numerators
