"""The spark: the least number of dependent columns; larger than the number of columns if none are.

Proof of a lower bound: ``ranks``, a ``size`` and a ``prime``: all sets of that many columns are independent,
which elimination modulo the prime shows for all of them. For a complex matrix the prime is 1 modulo 4,
and the imaginary unit becomes a root of -1. Proof of an upper bound: ``dependent``, integer
``entries`` on ``columns``, a kernel vector; real and imaginary part of each entry for a complex matrix.
"""

from fractions import Fraction
from math import comb

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.exact_vectors import require_null
from kernelstab.certify.constants.reading import index_set, integers, modulus, proof_kind

KINDS = {"lower": {"ranks": ["prime", "size"]}, "upper": {"dependent": ["columns", "entries"]}}
MOST_SETS = 5_000_000


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves.

    Raises
    ------
    CertificateError
        If it is malformed or proves nothing.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> A = exact([[1, 0, 1], [0, 1, 1]])
    >>> check(A, None, {}, "lower", {"kind": "ranks", "prime": 101, "size": 2})
    Fraction(3, 1)
    >>> check(A, None, {}, "upper", {"kind": "dependent", "columns": [0, 1, 2], "entries": ["1", "1", "-1"]})
    Fraction(3, 1)
    """
    if proof_kind(proof, KINDS[side]) == "dependent":
        return _dependent(matrix, proof)
    size, prime, n = proof["size"], modulus(proof["prime"]), matrix.shape[1]
    if type(size) is not int or not 1 <= size <= min(matrix.shape):
        raise CertificateError(f"size must lie in [1, {min(matrix.shape)}], got {size!r:.60}")
    if comb(n, size) > MOST_SETS:
        raise CertificateError(f"{comb(n, size)} sets of {size} columns are too many to be gone through")
    dependent = _search(_columns(matrix, prime), size, prime)
    if dependent is not None:
        raise CertificateError(f"columns {dependent} are dependent modulo {prime}")
    return Fraction(size + 1)


def _dependent(matrix, proof):
    columns = index_set(proof["columns"], "columns", matrix.shape[1])
    parts = 2 if matrix.is_complex else 1
    entries = integers(proof["entries"], "entries")
    if len(entries) != parts * len(columns):
        raise CertificateError(f"entries must be {parts * len(columns)} integers, got {len(entries)}")
    kept = [entries[k::parts] for k in range(parts)]
    require_null(matrix, columns, *kept)
    return Fraction(sum(map(any, zip(*kept))))


def _columns(matrix, prime):
    """Return the columns modulo a prime."""
    if not matrix.is_complex:
        return [[int(entry) % prime for entry in column] for column in matrix.numerators.transpose().tolist()]
    if prime % 4 != 1:
        raise CertificateError(f"prime must be 1 modulo 4 for a complex matrix, got {prime}")
    root = next(r for r in (pow(a, (prime - 1) // 4, prime) for a in range(2, prime)) if r * r % prime != 1)
    pairs = zip(matrix.real.numerators.transpose().tolist(), matrix.imag.numerators.transpose().tolist())
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
