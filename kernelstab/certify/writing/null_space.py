"""The null space of a matrix exactly: a basis, and exact vectors near computed ones.

Floats are dyadic rationals, so a matrix of floats has one rank, and it may differ from the
numerical rank: 0.1 + 0.2 and 0.3 are different rows. Elimination is fraction-free.
"""

from fractions import Fraction
from math import frexp, gcd, hypot
from operator import mul

from flint import fmpz_mat, nmod_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.matrix import (
    PRIME,
    digits,
    exact,
    fractions,
    modular_rank,
    over_common,
    submatrix,
)

# a column this close to a span, relative to its length, counts as lying in it; the smaller number keeps more
# zeros, the larger one columns of better condition
_SPANS = (1e-8, 1e-4)
_CLOSE = Fraction(1, 10**11)      # relative distance at which no other choice of columns is tried
_BITS = 60


def exact_rank(matrix) -> int:
    """Return the rank of a matrix of floats, integers or fractions, decided exactly.

    >>> exact_rank([[1, 2], [2, 4]]), exact_rank([[0.1 + 0.2, 1], [0.3, 1]])
    (1, 2)
    """
    return len(matrix[0]) - len(exact_nullspace(matrix))


def exact_nullspace(matrix) -> list[list[int]]:
    """Return an integer basis of the null space of a matrix of floats, integers or fractions.

    The vectors have no common divisor, and ``A z = 0`` is checked exactly; a ValueError says that the matrix
    is none of finite rationals. Integers grow: a hundred columns of floats take seconds.

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
    """Return an exact kernel vector near a computed one: coprime integers, a positive multiple of it.

    ``matrix`` is an ExactMatrix; for a complex one ``floats`` are complex, and so are the integers, as pairs.
    ``tolerance`` is the largest distance relative to the size of ``floats``, both in the 1-norm. A
    CertificateError says that none is so near: as where floats only round to a matrix of smaller rank.

    Columns are picked in falling order of the entries of the computed vector, each one only
    if it lies well away from the span of those before it. There the entries are solved for exactly;
    all others stay the floats that they are, to 60 bits of the largest. Floats often hold columns that depend
    on each other up to rounding only, as those of a partial Fourier matrix do: solved for together they would
    admit zero alone, but one of them stays as it is, and columns elsewhere take up the difference. Set
    entries that are mere rounding to zero: zeros stay zeros where the columns of the others are exactly
    dependent.

    The distance is about the rounding of ``floats`` times the condition of the columns picked; where it
    is not small columns of better condition are tried too. Cost: two orthogonalisations in Python,
    at most three eliminations modulo a prime and exact solutions of the size of the rank.

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
        whole, _ = over_common(best)
        divisor = gcd(*whole)
        return [n // divisor for n in whole]
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
    entries, scale = over_common([-wanted[j] for j in free])
    right = submatrix(matrix, rows, free) * fmpz_mat(len(free), 1, entries)
    if kept:
        solution = submatrix(matrix, kept, pivots).solve(submatrix(right, kept, [0]))
        for j, value in zip(pivots, fractions(solution)):
            found[j] = value / scale
    for j in free:
        found[j] = wanted[j]
    if any((matrix * fmpz_mat(len(found), 1, over_common(found)[0])).entries()):
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


def sparse_entries(vector) -> dict:
    """Write an integer vector as proofs hold it: the columns where it is not zero, and the entries there.

    >>> sparse_entries([0, -2, 1])
    {'columns': [1, 2], 'entries': ['-2', '1']}
    >>> sparse_entries([(0, 0), (-2, 1)])
    {'columns': [1], 'entries': ['-2'], 'imag': ['1']}
    """
    columns = [j for j, value in enumerate(vector) if value not in (0, (0, 0))]
    kept = [vector[j] if isinstance(vector[j], tuple) else (vector[j],) for j in columns]
    return {"columns": columns} | {name: [digits(n) for n in part]
                                   for name, part in zip(("entries", "imag"), zip(*kept))}
