"""The rank of a matrix over the rationals, or the complex rationals.

Lower bound: ``modular``, the rank modulo a ``prime``, for a minor that is not zero there is not zero.
Upper bound: ``kernel-basis``, integer ``vectors`` that the matrix maps to zero, of which as many as
are independent are taken off the number of columns; for a complex matrix each vector holds
real parts, then imaginary parts. Or ``shape``: no rank exceeds the number of rows or columns.
"""

from fractions import Fraction

from flint import fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.matrix import modular_rank
from kernelstab.certify.constants.reading import integers, modulus, proof_kind

KINDS = {"lower": {"modular": ["prime"]}, "upper": {"kernel-basis": ["vectors"], "shape": []}}


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves.

    Raises
    ------
    CertificateError
        If it is malformed or proves nothing.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> check(exact([[1, 2], [2, 4]]), None, {}, "upper", {"kind": "kernel-basis", "vectors": [["2", "-1"]]})
    Fraction(1, 1)
    """
    kind = proof_kind(proof, KINDS[side])
    if kind == "modular":
        return Fraction(modular_rank(matrix, prime=modulus(proof["prime"])))
    if kind == "shape":
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
