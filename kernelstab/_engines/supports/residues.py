"""A matrix of floats modulo primes, and its linear dependences decided exactly."""

from itertools import compress

import numpy as np


def primes_below(limit):
    """Yield the primes ``p = 1 mod 4`` below a limit, largest first: there ``-1`` has a square root.

    >>> from itertools import islice
    >>> list(islice(primes_below(2**31), 2))
    [2147483629, 2147483549]
    """
    odd = np.arange(3, int(limit**0.5) + 1, 2)
    for p in range(limit - limit % 4 + 1, 4, -4):
        if p < limit and (p % odd[odd * odd <= p]).all():
            yield p


def residues(matrix, p) -> np.ndarray:
    """Map a real or complex float matrix to the integers modulo an odd prime ``p = 1 mod 4``.

    Floats are dyadic rationals and 2 is invertible; the imaginary unit goes to a square root
    of -1. This is a homomorphism of rings, so a minor that is not zero modulo ``p`` is not zero:
    columns that are independent modulo ``p`` are independent.

    >>> residues(np.array([[0.5, 3.0]]), 13)
    array([[7, 3]])
    """
    if matrix.dtype.kind == "c":
        root = next(r for r in (pow(a, (p - 1) // 4, p) for a in range(2, p)) if r * r % p == p - 1)
        return (residues(matrix.real, p) + root * residues(matrix.imag, p)) % p
    ratios = map(float.as_integer_ratio, matrix.ravel().tolist())
    values = [n * pow(d, -1, p) % p for n, d in ratios]
    return np.array(values, dtype=np.int64).reshape(matrix.shape)


def reduced(table, p):
    """Return the row-reduced form without its zero rows, and the pivot columns.

    >>> reduced(np.array([[2, 4, 1], [1, 2, 0]]), 5)
    (array([[1, 2, 0],
           [0, 0, 1]]), [0, 2])
    """
    table, pivots = table % p, []
    for column in range(table.shape[1]):
        rank = len(pivots)
        nonzero = np.flatnonzero(table[rank:, column])
        if not len(nonzero):
            continue
        table[[rank, rank + nonzero[0]]] = table[[rank + nonzero[0], rank]]
        table[rank] = table[rank] * pow(int(table[rank, column]), -1, p) % p
        factors = table[:, column].copy()
        factors[rank] = 0
        table = (table - np.outer(factors, table[rank]) % p) % p
        pivots.append(column)
        if len(pivots) == table.shape[0]:
            break
    return table[:len(pivots)], pivots


def exact_circuit(matrix, columns):
    """Return the smallest support of a basis of the exact kernel of some columns, and its vector.

    Parameters
    ----------
    matrix : ndarray, shape (m, N)
        Floats, taken exactly as they stand; complex ones through ``[[Re, -Im], [Im, Re]]``.
    columns : sequence of int

    Returns
    -------
    (tuple of int, tuple of int or of (int, int)) or None
        Columns and coprime integers, real and imaginary parts for a complex matrix; None if the
        columns are independent.

    >>> exact_circuit(np.array([[1.0, 2.0, 0.0]]), (0, 1, 2))
    ((2,), (1,))
    """
    from kernelstab.certify import exact_nullspace

    part = matrix[:, list(columns)]
    if matrix.dtype.kind != "c":
        vectors = exact_nullspace(part)
    else:
        k = len(columns)
        wide = exact_nullspace(np.block([[part.real, -part.imag], [part.imag, part.real]]))
        vectors = [list(zip(z[:k], z[k:])) for z in wide]
    if not vectors:
        return None
    used = [[bool(np.any(entry)) for entry in z] for z in vectors]
    best = min(range(len(vectors)), key=lambda i: sum(used[i]))
    return tuple(compress(columns, used[best])), tuple(compress(vectors[best], used[best]))
