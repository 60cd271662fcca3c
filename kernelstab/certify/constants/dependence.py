"""Which columns depend on each other: the rank, over the rationals or complex rationals, and the spark.

*Rank.* Lower bound: ``modular``, the rank modulo a ``prime``, for a minor that is not zero there is not zero.
Upper bound: ``kernel-basis``, integer ``vectors`` that the matrix maps to zero, of which as many as
are independent are taken off the number of columns; for a complex matrix each vector holds
real parts, then imaginary parts. Or ``shape``: no rank exceeds the number of rows or columns.

*Spark*, the least number of dependent columns; larger than the number of columns if none are.
Proof of a lower bound: ``ranks``, a ``size`` and a ``prime``: all sets of that many columns are independent,
which elimination modulo the prime shows for all of them. For a complex matrix the prime is 1 modulo 4,
and the imaginary unit becomes a root of -1. Proof of an upper bound: ``dependent``, integer
``entries`` on ``columns``, a kernel vector; real and imaginary part of each entry for a complex matrix.
"""

from fractions import Fraction
from math import comb

from flint import fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import affordable
from kernelstab.certify.constants.definite import affordable_steps
from kernelstab.certify.constants.matrix import modular_rank, null_vector
from kernelstab.certify.constants.reading import integer, integers, modulus

MOST_SETS = 5_000_000


def check_rank(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the rank that a proof proves.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> proof = {"kind": "kernel-basis", "vectors": [["2", "-1"]]}
    >>> check_rank(exact([[1, 2], [2, 4]]), None, {}, "upper", proof)
    Fraction(1, 1)
    """
    if proof["kind"] == "modular":
        return Fraction(modular_rank(matrix, prime=modulus(proof["prime"])))
    if proof["kind"] == "shape":
        return Fraction(min(matrix.shape))
    if not isinstance(proof["vectors"], list):
        raise CertificateError("vectors must be a list")
    table = matrix.embedded()
    width = table.shape[1]
    vectors = [integers(vector, "vectors") for vector in proof["vectors"]]
    if any(len(vector) != width for vector in vectors):
        raise CertificateError(f"every vector must have {width} entries")
    if not vectors:
        return Fraction(matrix.shape[1])
    basis = fmpz_mat(vectors)
    if any(entry != 0 for entry in (table.numerators * basis.transpose()).entries()):
        raise CertificateError("the matrix does not map every vector to zero")
    if not matrix.is_complex:
        return Fraction(width - basis.rank())
    # with (u, v) the kernel of the embedded matrix holds (-v, u): complex multiples
    half = width // 2
    closed = vectors + [[-entry for entry in vector[half:]] + vector[:half] for vector in vectors]
    return Fraction(half - fmpz_mat(closed).rank() // 2)


def check_spark(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the spark that a proof proves.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> A = exact([[1, 0, 1], [0, 1, 1]])
    >>> check_spark(A, None, {}, "lower", {"kind": "ranks", "prime": 101, "size": 2})
    Fraction(3, 1)
    """
    if proof["kind"] == "dependent":
        parts = 1 + matrix.is_complex
        entries = integers(proof["entries"], "entries")
        _, kept = null_vector(matrix, proof["columns"], *(entries[k::parts] for k in range(parts)))
        return Fraction(sum(map(any, zip(*kept))))
    prime, n = modulus(proof["prime"]), matrix.shape[1]
    size = integer(proof["size"], "size", 1, min(matrix.shape))
    affordable(comb(n, size), MOST_SETS, f"sets of {size} columns")
    affordable_steps(n, size, size - 2, 1, matrix.shape[0])
    dependent = _search(_columns(matrix, prime), size, prime)
    if dependent is not None:
        raise CertificateError(f"columns {dependent} are dependent modulo {prime}")
    return Fraction(size + 1)


def _columns(matrix, prime):
    """Return the columns modulo a prime."""
    if not matrix.is_complex:
        return [[int(entry) % prime for entry in column] for column in matrix.numerators.transpose().tolist()]
    if prime % 4 != 1:
        raise CertificateError(f"prime must be 1 modulo 4 for a complex matrix, got {prime}")
    root = next(r for r in (pow(a, (prime - 1) // 4, prime) for a in range(2, prime)) if r * r % prime != 1)
    pairs = zip(matrix.numerators.transpose().tolist(), matrix.imag.transpose().tolist())
    return [[(int(re) + root * int(im)) % prime for re, im in zip(*pair)] for pair in pairs]


def _search(columns, size, prime, first=0):
    """Return the indices of at most ``size`` dependent columns, or None if all sets are independent."""
    if size == 1:
        return next(([first + k] for k, column in enumerate(columns) if not any(column)), None)
    for k in range(len(columns) - size + 1):
        column, later = columns[k], columns[k + 1:]
        pivot = next((r for r, entry in enumerate(column) if entry), None)
        if pivot is None:
            return [first + k]
        if size == 2:
            found = _parallel(column, later, pivot, prime)
            found = None if found is None else [first + k + 1 + found]
        else:
            found = _search(_reduced(column, later, pivot, prime), size - 1, prime, first + k + 1)
        if found is not None:
            return [first + k, *found]
    return None


def _reduced(column, later, pivot, prime):
    """Eliminate a column from later ones; the row of the pivot is dropped, the others only scaled."""
    a = column[pivot]
    rows = [(r, entry) for r, entry in enumerate(column) if r != pivot]
    return [[(a * other[r] - entry * other[pivot]) % prime for r, entry in rows] for other in later]


def _parallel(column, later, pivot, prime):
    """Return the first later column that is a multiple of a column."""
    a, probe = column[pivot], 1 if pivot == 0 else 0
    b = column[probe] if len(column) > 1 else 0
    for k, other in enumerate(later):
        if len(column) > 1 and (a * other[probe] - b * other[pivot]) % prime:
            continue
        if not any(_reduced(column, [other], pivot, prime)[0]):
            return k
    return None
