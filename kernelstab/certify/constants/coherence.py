r"""The coherence :math:`\mu=\max_{i\ne j}|\langle a_i,a_j\rangle|/(\|a_i\|\|a_j\|)`.

The one kind of proof, for both sides, is ``gram``: all pairs are compared in integers, and the root of the
largest squared quotient is rounded outward.
"""

from fractions import Fraction

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.definite import MOST_COLUMNS, Gram
from kernelstab.certify.constants.exact_vectors import root_above, root_below
from kernelstab.certify.constants.reading import proof_kind

KINDS: dict = {"lower": {"gram": []}, "upper": {"gram": []}}


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves.

    Raises
    ------
    CertificateError
        If it is malformed, or the coherence is not defined.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> check(exact([[1, 1], [0, 1]]), None, {}, "upper", {"kind": "gram"}) ** 2 - Fraction(1, 2) < 1e-30
    True
    """
    proof_kind(proof, KINDS[side])
    if not 2 <= matrix.shape[1] <= MOST_COLUMNS:
        raise CertificateError(f"matrix must have 2 to {MOST_COLUMNS} columns, got {matrix.shape[1]}")
    gram = Gram(matrix)
    lengths = [gram.length(i) for i in range(gram.size)]
    if not all(lengths):
        raise CertificateError(f"column {lengths.index(0)} is zero")
    above, below = 0, 1
    for i in range(gram.size):
        for j in range(i):
            square, product = gram.squared(i, j), lengths[i] * lengths[j]
            if square * below > above * product:
                above, below = square, product
    return (root_above if side == "upper" else root_below)(Fraction(above, below))
