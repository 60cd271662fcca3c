r"""Null space constants of real matrices, with weights and in levels.

.. math:: \alpha=\max\{\|v_S\|_{1,w}/\|v\|_{1,w}:\ Av=0,\ v\ne0,\ S\text{ admissible}\}

Admissible are the supports of at most ``order`` columns. Options:

``weights``
    Positive weights of the columns in both norms; 1 if absent.
``levels``, ``sparsities``
    The level of every column, counted from 0, and how many columns of each level are admissible;
    ``order`` is the sum of the sparsities.

Proofs of a lower bound:

``kernel-vector``
    Integers ``entries`` on ``columns``, zero elsewhere: :math:`Av=0` is checked, and the largest
    admissible part of :math:`v` is a lower bound.

Proofs of an upper bound:

``duals``
    Groups of ``supports``, ``signs`` and ``duals`` :math:`h`. On the null space

    .. math:: \langle w\xi,v_S\rangle=\langle w\xi_S-A^Th,v\rangle
              \le\max_j\frac{|w_j\xi_j1_{j\in S}-a_j^Th|}{w_j}\,\|v\|_{1,w},

    so a support whose :math:`2^{l-1}` patterns of signs up to a global one are all there has the largest of
    these numbers as its bound; ``nsp_cover`` goes from there to all supports.
``jn``
    A matrix :math:`Y`: on the null space :math:`v=Mv` with :math:`M=I-Y^TA`, so that
    :math:`\|v_S\|_{1,w}\le\sum_j|v_j|\sum_{i\in S}w_i|M_{ij}|`, and the largest admissible sum of a column of
    :math:`w_i|M_{ij}|/w_j` is an upper bound.
``sdp``
    The matrices of a semidefinite program, see ``nsp_sdp``; without weights and levels only.
``trivial-kernel``
    The columns are independent modulo ``prime``, therefore independent: the constant is 0.
"""

from fractions import Fraction

from flint import fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.matrix import modular_rank
from kernelstab.certify.constants.nsp_cover import UNIT, cover
from kernelstab.certify.constants.nsp_reading import best_part, read_groups, read_levels, read_weights
from kernelstab.certify.constants.nsp_sdp import sdp_bound
from kernelstab.certify.constants.reading import index_set, integers, matrix_rows, modulus, proof_kind

KINDS = {
    "lower": {"kernel-vector": ["columns", "entries"]},
    "upper": {"duals": ["groups"], "jn": ["Y"], "sdp": ["L", "M", "P", "Q", "R", "T"],
              "trivial-kernel": ["prime"]},
}
MOST_PRODUCTS = 1 << 31


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the null space constant that a proof proves.

    Raises
    ------
    CertificateError
        If the proof is malformed or proves nothing.
    """
    width = matrix.shape[1]
    weights, common = read_weights(options, width)
    levels = read_levels(order, options, width)
    kind = proof_kind(proof, KINDS[side])
    if kind == "kernel-vector":
        return _lower(matrix, proof, weights, levels)
    if kind == "duals":
        return Fraction(cover(_own(matrix, levels, proof["groups"], weights, common), width, levels), UNIT)
    if kind == "jn":
        return _jn(matrix, proof["Y"], weights, levels)
    if kind == "sdp":
        if options:
            raise CertificateError("a semidefinite program is for constants without weights and levels")
        return sdp_bound(matrix, order, proof)
    if modular_rank(matrix, prime=modulus(proof["prime"])) < width:
        raise CertificateError(f"the columns are dependent modulo {proof['prime']}")
    return Fraction(0)


def _lower(matrix, proof, weights, levels):
    columns = index_set(proof["columns"], "columns", matrix.shape[1])
    entries = integers(proof["entries"], "entries")
    if len(columns) != len(entries) or not any(entries):
        raise CertificateError("a kernel vector needs one entry per column, and one that is not zero")
    product = matrix.columns(columns) * fmpz_mat(len(entries), 1, entries)
    if any(value != 0 for value in product.entries()):
        raise CertificateError("the vector does not lie in the null space")
    sizes = [0] * matrix.shape[1]
    for j, entry in zip(columns, entries):
        sizes[j] = weights[j] * abs(entry)
    return Fraction(best_part(sizes, levels), sum(sizes))


def _own(matrix, levels, groups, weights, common):
    """Return the supports with all their patterns of signs, with the bounds that the duals prove."""
    height, width = matrix.shape
    supports, signs, arrays = read_groups(groups, width, sum(free for _, free in levels))
    if len(supports) * height * width > MOST_PRODUCTS:
        raise CertificateError(f"{len(supports)} duals are more than are checked")
    rows = [row for array in arrays for row in matrix_rows(array, "duals", (None, height))]
    if len(rows) != len(supports):
        raise CertificateError(f"{len(supports)} supports have {len(rows)} duals")
    products, scale = _times(rows, matrix)
    whole = [weight * scale for weight in weights]
    found = {}
    for support, pattern, product in zip(supports, signs, products):
        if not set(pattern) <= {1, -1}:
            raise CertificateError("signs must be 1 or -1")
        rest = [value * common for value in product]
        for j, sign in zip(support, pattern):
            rest[j] -= int(sign) * whole[j]
        # rounded up to the unit
        size = max(-(-abs(value) * UNIT // full) for value, full in zip(rest, whole))
        pattern = tuple(sign * pattern[0] for sign in pattern)
        patterns = found.setdefault(support, {})
        patterns[pattern] = min(size, patterns.get(pattern, size))
    return {support: max(patterns.values()) for support, patterns in found.items()
            if len(patterns) == 2 ** (len(support) - 1)}


def _times(rows, matrix):
    """Multiply rows of floats by the matrix: rows of integers, and their common denominator."""
    ratios = [[value.as_integer_ratio() for value in row] for row in rows]
    scale = max(q for row in ratios for _, q in row)       # powers of two
    left = fmpz_mat([[p * (scale // q) for p, q in row] for row in ratios])
    product = left * matrix.numerators
    return [[int(value) for value in row] for row in product.tolist()], scale * matrix.denominator


def _jn(matrix, array, weights, levels):
    height, width = matrix.shape
    if height * width * width > MOST_PRODUCTS:
        raise CertificateError(f"a matrix of {height} x {width} is larger than is checked")
    rows = matrix_rows(array, "Y", (height, width))
    products, scale = _times(list(zip(*rows)), matrix)       # Y^T A
    for j in range(width):
        products[j][j] -= scale
    found = max(Fraction(best_part([weight * abs(row[j]) for weight, row in zip(weights, products)], levels),
                         weights[j] * scale) for j in range(width))
    return min(found, Fraction(1))
