r"""The upper restricted isometry constant :math:`\delta_s^+=\max_{|S|=s}\lambda_{\max}(A_S^*A_S)-1`.

Proof of a lower bound: ``vector``, ``entries`` on a ``support``, whose quotient :math:`\|Ax\|^2/\|x\|^2` is
evaluated exactly. Proofs of an upper bound:

``enumeration``
    A decimal ``bound``: that no support exceeds it is decided by exact elimination for all of them.
``gershgorin``
    A diagonal entry and the ``s - 1`` largest moduli in its row of the Gram matrix.
``sdp``
    A matrix ``Y`` and a decimal ``t`` with :math:`tI-A^*A-Y` positive definite, hence at most
    :math:`t+s\max|Y_{ij}|`.
"""

from fractions import Fraction

from kernelstab.certify.constants._gram import MOST_SUPPORTS
from kernelstab.certify.constants._ric import check_isometry

__all__ = ["MOST_SUPPORTS", "check"]


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves.

    Raises
    ------
    CertificateError
        If it is malformed or proves nothing.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> check(exact([[1, 1], [0, 1]]), 1, {}, "upper", {"kind": "gershgorin"})
    Fraction(1, 1)
    """
    return check_isometry(matrix, order, side, proof, 1)
