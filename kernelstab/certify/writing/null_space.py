"""The null space of a matrix exactly: rank, a basis, and exact vectors near computed ones.

Floats are dyadic rationals, so a matrix of floats has one rank, and it may differ from the
numerical rank: 0.1 + 0.2 and 0.3 are different rows. Elimination is fraction-free.
"""

from fractions import Fraction
from math import frexp, gcd, hypot, lcm
from operator import mul

from flint import fmpz_mat, nmod_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.matrix import PRIME, digits, exact, modular_rank, submatrix

# a column this close to a span, relative to its length, counts as lying in it; the smaller number keeps more
# zeros, the larger one columns of better condition
_SPANS = (1e-8, 1e-4)
_CLOSE = Fraction(1, 10**11)      # relative distance at which no other choice of columns is tried
_BITS = 60


def exact_nullspace(matrix) -> list[list[int]]:
    """Return an integer basis of the null space; ``A z = 0`` is checked exactly.

    Parameters
    ----------
    matrix : list of lists or ndarray, shape (m, N)
        Floats, integers or fractions.

    Returns
    -------
    list of lists of int
        One vector of length ``N`` per basis element, without common divisor; empty for
        a trivial null space.

    Raises
    ------
    ValueError
        If the rows differ in length, there is none, or an entry is not a finite rational.

    Notes
    -----
    Cost: one elimination over the rationals; integers grow, so this is for small matrices
    (a hundred columns of floats take seconds).

    Examples
    --------
    >>> exact_nullspace([[1, 0.5, 0.25]])
    [[-1, 2, 0], [-1, 0, 4]]
    >>> exact_nullspace([[0.1 + 0.2, 1], [0.3, 1]])      # equal rows only on paper
    []
    """
    table = exact([[value.item() if hasattr(value, "item") else value for value in row]
                   for row in matrix]).numerators
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


def kernel_vector_near(matrix, floats, tolerance=1e-6):
    """Return an exact kernel vector near a computed one.

    Columns are picked in falling order of the entries of the computed vector, each one only
    if it lies well away from the span of those before it. There the entries are solved for exactly;
    all others stay the floats that they are, to 60 bits of the largest. Floats often hold columns that depend
    on each other up to rounding only, as those of a partial Fourier matrix do: solved for together they would
    admit zero alone, but one of them stays as it is, and columns elsewhere take up the difference.

    Parameters
    ----------
    matrix : ExactMatrix
    floats : list of float, length N
        For a complex matrix a list of complex numbers. Set entries that are mere rounding to zero: zeros stay
        zeros where the columns of the others are exactly dependent.
    tolerance : float
        Largest distance, relative to the size of ``floats``, both in the 1-norm.

    Returns
    -------
    list of int, or for a complex matrix list of (int, int)
        Coprime integers, a positive multiple of a vector near ``floats``; real and imaginary parts.

    Raises
    ------
    CertificateError
        If none is found: the exact kernel is smaller than the numerical one, as for
        floats that only round to a matrix of smaller rank, or ``floats`` is near no kernel vector.

    Notes
    -----
    The distance is about the rounding of ``floats`` times the condition of the columns picked; where it
    is not small columns of better condition are tried too. Cost: two orthogonalisations in Python,
    :math:`mr^2` operations for rank r, one elimination modulo a prime and one exact solution of the size of
    the rank, at most three of both.

    Examples
    --------
    >>> from kernelstab.certify.constants.matrix import exact
    >>> kernel_vector_near(exact([[1, 1, 1]]), [-0.5, 0.25, 0.25])
    [-2, 1, 1]

    Two columns that differ by rounding, :math:`2^{-53}`, and a third that takes up the difference:

    >>> kernel_vector_near(exact([[0.5 + 2**-53, 0.5, 0], [1, 1, 1]]), [1.0, -1.0, 0.0])
    [4503599627370496, -4503599627370497, 1]
    """
    if len(floats) != matrix.shape[1]:
        raise CertificateError(f"a kernel vector must have {matrix.shape[1]} entries, got {len(floats)}")
    if not matrix.is_complex:
        return _near(matrix, [float(value) for value in floats], tolerance)
    parts = [*(complex(z).real for z in floats), *(complex(z).imag for z in floats)]
    wide = _near(matrix.embedded(), parts, tolerance, 2)
    return list(zip(wide[:len(floats)], wide[len(floats):]))


def _near(matrix, floats, tolerance, parts=1):
    """Find the vector for a real matrix, or for one that acts on real and imaginary parts."""
    order = sorted(range(len(floats)), key=lambda j: -abs(floats[j]))
    wanted = _rounded(floats)
    size = sum(map(abs, wanted))
    best, least = None, Fraction(tolerance) * size
    rank = modular_rank(matrix)
    choices = [_independent(matrix.numerators, order, rank, span) for span in _SPANS]
    numerical = len(choices[0])
    if numerical < rank:
        choices.insert(0, [])         # rows of very different lengths: the order alone may keep more zeros
    for first in choices:             # where a choice falls short of the rank further columns fill up
        found = _completed(matrix.numerators, wanted, first + [j for j in order if j not in set(first)])
        away = sum(abs(a - b) for a, b in zip(found, wanted))
        if any(found) and away <= least:
            best, least = found, away
            if least <= _CLOSE * size:
                break
    if best is not None:
        return _coprime(best)
    if numerical == rank:
        raise CertificateError("no exact kernel vector is near the computed one")
    raise CertificateError("the exact kernel is smaller than the numerical one: the rank is "
                           f"{rank // parts}, in floating point {numerical // parts}, and no exact kernel "
                           "vector is near the computed one")


def _rounded(floats):
    """Return fractions near floats, all with as many bits behind the point as the largest has."""
    unit = Fraction(2) ** (frexp(max(map(abs, floats)))[1] - _BITS)
    return [round(Fraction(value) / unit) * unit for value in floats]


def _independent(matrix, order, most, span):
    """Return columns that lie away from the span of those before them, as floats; at most so many."""
    basis, chosen = [], []
    for j in order:
        if len(chosen) == most:
            break
        entries = [int(matrix[i, j]) for i in range(matrix.nrows())]
        scale = max(map(abs, entries))
        if scale == 0:
            continue
        column = [value / scale for value in entries]      # quotients of integers of any length
        length = hypot(*column)
        for vector in basis:
            along = sum(map(mul, vector, column))
            column = [a - along * b for a, b in zip(column, vector)]
        rest = hypot(*column)
        if rest > span * length:
            basis.append([value / rest for value in column])
            chosen.append(j)
    return chosen


def _completed(matrix, wanted, order):
    """Change the entries on the first independent columns so that the vector lies in the kernel."""
    rows = range(matrix.nrows())
    pivots = [order[k] for k in _pivots(submatrix(matrix, rows, order))]
    kept = _pivots(submatrix(matrix, rows, pivots).transpose())
    free = [j for j in order if j not in set(pivots) and wanted[j] != 0]
    found = [Fraction(0)] * matrix.ncols()
    if not free:
        return found
    scale = lcm(*{wanted[j].denominator for j in free})
    right = submatrix(matrix, rows, free) * fmpz_mat(len(free), 1, [int(-wanted[j] * scale) for j in free])
    if kept:
        solution = submatrix(matrix, kept, pivots).solve(submatrix(right, kept, [0]))
        for j, value in zip(pivots, solution.entries()):
            found[j] = Fraction(int(value.p), int(value.q)) / scale
    for j in free:
        found[j] = wanted[j]
    common = lcm(*{value.denominator for value in found})
    vector = fmpz_mat(len(found), 1, [int(value * common) for value in found])
    if any(value != 0 for value in (matrix * vector).entries()):
        raise CertificateError(f"the rank of the matrix modulo {PRIME} is not its rank")
    return found


def _pivots(matrix):
    """Return the first independent columns modulo the prime."""
    reduced, rank = nmod_mat(matrix, PRIME).rref()
    found = []
    for j in range(matrix.ncols()):
        if len(found) < rank and reduced[len(found), j] != 0:
            found.append(j)
    return found


def _coprime(found):
    """Return the integers in the proportions of fractions."""
    scale = lcm(*{value.denominator for value in found})
    whole = [value.numerator * (scale // value.denominator) for value in found]
    divisor = gcd(*whole)
    return [n // divisor for n in whole]


def sparse_entries(vector) -> dict:
    """Write an integer vector as proofs hold it: the columns where it is not zero, and the entries there.

    >>> sparse_entries([0, -2, 1])
    {'columns': [1, 2], 'entries': ['-2', '1']}
    >>> sparse_entries([(0, 0), (-2, 1)])
    {'columns': [1], 'entries': ['-2'], 'imag': ['1']}
    """
    columns = [j for j, value in enumerate(vector) if value not in (0, (0, 0))]
    if columns and isinstance(vector[0], tuple):
        parts = {"entries": [vector[j][0] for j in columns], "imag": [vector[j][1] for j in columns]}
    else:
        parts = {"entries": [vector[j] for j in columns]}
    return {"columns": columns} | {name: [digits(n) for n in part] for name, part in parts.items()}
