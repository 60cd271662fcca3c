r"""A proved upper bound of the spectral norm of a matrix of floats, in integers.

With the smaller Gram matrix :math:`G` of size :math:`n` and :math:`p=2^t`,
:math:`\|W\|^{4p}=\lambda_{\max}(G)^{2p}\le\|G^p\|_F^2`, and the loss is at most a factor
:math:`n^{1/4p}`. Powers are formed by squaring; after each step the entries are cut to 40
bits, which moves every eigenvalue by at most :math:`n` units.
"""

from math import frexp, ldexp

from flint import arb, ctx, fmpz_mat

PRECISION = 64     # of the roots at the end; fixed, so that a bound is always the same number
BITS = 40
SQUARINGS = 3      # p = 8: at most n^(1/32), 1.24 for n = 1000


def spectral_upper(rows: int, columns: int, data) -> arb:
    r"""Return an exact number that is at least :math:`\|W\|_2`.

    Parameters
    ----------
    rows, columns : int
        Shape of ``W``.
    data : sequence of float
        Entries in C order.

    Notes
    -----
    Cost: one Gram matrix and three squarings of size ``min(rows, columns)`` in integers
    of about 40 bits.

    Examples
    --------
    A diagonal matrix: the largest entry is the norm.

    >>> from flint import arb
    >>> bound = spectral_upper(2, 2, [3.0, 0.0, 0.0, 4.0])
    >>> bool(bound >= 4), bool(bound < 4.0001)
    (True, True)
    """
    largest = max(map(abs, data))
    if largest == 0:
        return arb(0)
    with ctx.workprec(PRECISION):
        return _norm_upper(rows, columns, data, largest)


def _norm_upper(rows, columns, data, largest):
    # entries below 2^BITS in size; cutting moves each by less than one unit
    shift = BITS - frexp(largest)[1]
    matrix = fmpz_mat(rows, columns, [int(ldexp(value, shift)) for value in data])
    gram = matrix * matrix.transpose() if rows <= columns else matrix.transpose() * matrix
    cut = arb(rows * columns).sqrt()
    norm = (_eigenvalue_upper(gram, SQUARINGS).sqrt() + cut) * arb((1, -shift))
    return norm.upper()


def _eigenvalue_upper(symmetric: fmpz_mat, squarings: int) -> arb:
    """Bound the largest absolute eigenvalue of a symmetric integer matrix."""
    size, entries = symmetric.nrows(), symmetric.entries()
    if squarings == 0:
        return arb(sum(value * value for value in entries)).sqrt().upper()
    excess = max(0, max(abs(value) for value in entries).bit_length() - BITS)
    reduced = fmpz_mat(size, size, [value >> excess for value in entries])
    inner = _eigenvalue_upper(reduced * reduced, squarings - 1).sqrt()
    moved = size if excess else 0
    return ((inner + moved) * arb((1, excess))).upper()
