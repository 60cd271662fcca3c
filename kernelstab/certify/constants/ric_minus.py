r"""The lower restricted isometry constant :math:`\delta_s^-=1-\min_{|S|=s}\lambda_{\min}(A_S^*A_S)`.

The kinds of proof are those of ``ric_plus`` with :math:`-A^*A` for :math:`A^*A`; no constant exceeds 1.
"""

from fractions import Fraction

from kernelstab.certify.constants._ric import check_isometry


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves.

    Raises
    ------
    CertificateError
        If it is malformed or proves nothing.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> check(exact([[1, 1], [0, 1]]), 1, {}, "upper", {"kind": "gershgorin"})
    Fraction(0, 1)
    """
    return check_isometry(matrix, order, side, proof, -1)
