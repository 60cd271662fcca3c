r"""Constants that the Gram matrix decides: the coherence, and both restricted isometry constants.

.. math:: \mu=\max_{i\ne j}\frac{|\langle a_i,a_j\rangle|}{\|a_i\|\|a_j\|},\qquad
          \delta_s^+=\max_{|S|=s}\lambda_{\max}(A_S^*A_S)-1,\qquad
          \delta_s^-=1-\min_{|S|=s}\lambda_{\min}(A_S^*A_S)

The one kind of proof of a coherence, for both sides, is ``gram``: all pairs are compared in integers, and the
root of the largest squared quotient is rounded outward.

Proof of a lower bound of an isometry constant: ``vector``, ``entries`` on a ``support``, whose quotient
:math:`\|Ax\|^2/\|x\|^2` is evaluated exactly. Proofs of an upper bound, with :math:`H=A^*A` for the first and
:math:`H=-A^*A` for the second, which never exceeds 1:

``enumeration``
    A decimal ``bound``: that no support exceeds it is decided by exact elimination for all of them.
``gershgorin``
    A diagonal entry of ``H`` and the ``s - 1`` largest moduli in its row.
``sdp``
    A matrix ``Y`` and a decimal ``t`` with :math:`tI-H-Y` positive definite, hence at most
    :math:`t+s\max|Y_{ij}|`.
"""

from fractions import Fraction

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.definite import Gram, require_below, require_definite
from kernelstab.certify.constants.matrix import (
    ExactMatrix,
    exact,
    identity,
    rational,
    read_column,
    root_above,
    root_below,
    squares,
    times,
)
from kernelstab.certify.constants.reading import decimal, index_set, parts_rows


def check_coherence(matrix, order, options, side, proof) -> Fraction:
    """Return the coherence, rounded to the side.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> above = check_coherence(exact([[1, 1], [0, 1]]), None, {}, "upper", {"kind": "gram"})
    >>> 0 < above ** 2 - Fraction(1, 2) < 1e-30
    True
    """
    if matrix.shape[1] < 2:
        raise CertificateError("matrix must have at least 2 columns")
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


def check_upper(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the upper isometry constant that a proof proves.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> check_upper(exact([[1, 1], [0, 1]]), 1, {}, "upper", {"kind": "gershgorin"})
    Fraction(1, 1)
    """
    return _isometry(matrix, order, proof, 1)


def check_lower(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the lower isometry constant that a proof proves.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> check_lower(exact([[1, 1], [0, 1]]), 1, {}, "upper", {"kind": "gershgorin"})
    Fraction(0, 1)
    """
    return _isometry(matrix, order, proof, -1)


def _isometry(matrix, order, proof, sign) -> Fraction:
    """Return the proved bound on ``max sign (|Ax|^2 - 1)`` over ``order``-sparse unit vectors."""
    if order > matrix.shape[1]:
        raise CertificateError(f"order must lie in [1, {matrix.shape[1]}], got {order}")
    kind = proof["kind"]
    if kind == "vector":
        return sign * (_quotient(matrix, order, proof) - 1)
    if kind == "enumeration":
        bound = decimal(proof["bound"], "bound")
        if sign < 0 and bound >= 1:           # no Gram matrix has a negative eigenvalue
            return Fraction(1)
        require_below(Gram(matrix), sign, bound + sign, order)
        return bound
    gram = Gram(matrix)
    found = _gershgorin(gram, order, sign) if kind == "gershgorin" else _relaxation(gram, order, sign, proof)
    return min(found - sign, Fraction(1)) if sign < 0 else found - sign


def _quotient(matrix, order, proof):
    """Return the Rayleigh quotient of a sparse vector."""
    support = index_set(proof["support"], "support", matrix.shape[1])
    if len(support) > order:
        raise CertificateError(f"support must have at most {order} columns, got {len(support)}")
    x = read_column(proof["entries"], "entries", len(support), matrix.is_complex)
    if not any(x.entries()):
        raise CertificateError("entries must not all be zero")
    return squares(times(ExactMatrix(matrix.columns(support), matrix.denominator), x)) / squares(x)


def _gershgorin(gram, order, sign):
    """Return the largest diagonal entry of ``sign * G`` plus the ``order - 1`` largest moduli beside it."""
    best = None
    for i in range(gram.size):
        beside = sorted((gram.squared(i, j) for j in range(gram.size) if j != i), reverse=True)[:order - 1]
        value = sign * gram.length(i) + sum(root_above(Fraction(square)) for square in beside)
        best = value if best is None else max(best, value)
    return Fraction(best) / gram.denominator


def _relaxation(gram, order, sign, proof):
    r"""Return :math:`t+s\max|Y_{ij}|` after proving that :math:`tI-H-Y` is positive definite.

    For a unit vector ``x`` with ``s`` entries :math:`x^*Hx\le t-x^*Yx\le t+\max|Y_{ij}|\,\|x\|_1^2`.
    """
    t, n = decimal(proof["t"], "t"), gram.size
    Y = exact(*parts_rows(proof["Y"], "Y", (n, n), gram.width == 2))
    whole = Y.embedded().rational
    if whole != whole.transpose():
        raise CertificateError("Y must be Hermitian")
    H = ExactMatrix(gram.product * sign, gram.denominator).rational
    require_definite(identity(whole.nrows()) * rational(t) - H - whole, "t - H - Y")
    parts = [part.entries() for part in (Y.numerators, Y.imag) if part is not None]
    largest = max(sum(int(value)**2 for value in entry) for entry in zip(*parts))
    return t + order * root_above(Fraction(largest, Y.denominator**2))
