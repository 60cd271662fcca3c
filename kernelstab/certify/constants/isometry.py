r"""Both restricted isometry constants.

.. math:: \delta_s^+=\max_{|S|=s}\lambda_{\max}(A_S^*A_S)-1,\qquad
          \delta_s^-=1-\min_{|S|=s}\lambda_{\min}(A_S^*A_S)

Proof of a lower bound: ``vector``, ``entries`` on a ``support``, whose quotient :math:`\|Ax\|^2/\|x\|^2` is
evaluated exactly. Proofs of an upper bound, with :math:`H=A^*A` for the first and :math:`H=-A^*A` for the
second, which never exceeds 1:

``enumeration``
    A decimal ``bound``: that no support exceeds it is decided by exact elimination for all of them.
``gershgorin``
    A diagonal entry of ``H`` and the ``s - 1`` largest moduli in its row.
``sdp``
    A matrix ``Y`` and a decimal ``t`` with :math:`tI-H-Y` positive definite, hence at most
    :math:`t+s\max|Y_{ij}|`.
"""

from fractions import Fraction

from flint import fmpq, fmpq_mat, fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.definite import MOST_COLUMNS, Gram, require_below, require_definite
from kernelstab.certify.constants.exact_vectors import over_common, root_above
from kernelstab.certify.constants.reading import (
    complex_parts,
    decimal,
    index_set,
    parts_rows,
    proof_kind,
    rationals,
)

KINDS = {"lower": {"vector": ["entries", "support"]},
         "upper": {"enumeration": ["bound"], "gershgorin": [], "sdp": ["Y", "t"]}}


def check_upper(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the upper constant that a proof proves.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> check_upper(exact([[1, 1], [0, 1]]), 1, {}, "upper", {"kind": "gershgorin"})
    Fraction(1, 1)
    """
    return _check(matrix, order, side, proof, 1)


def check_lower(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the lower constant that a proof proves.

    >>> from kernelstab.certify.constants.matrix import exact
    >>> check_lower(exact([[1, 1], [0, 1]]), 1, {}, "upper", {"kind": "gershgorin"})
    Fraction(0, 1)
    """
    return _check(matrix, order, side, proof, -1)


def _check(matrix, order, side, proof, sign) -> Fraction:
    """Return the proved bound on ``max sign (|Ax|^2 - 1)`` over ``order``-sparse unit vectors."""
    if order is None or order > matrix.shape[1]:
        raise CertificateError(f"order must lie in [1, {matrix.shape[1]}], got {order}")
    if matrix.shape[1] > MOST_COLUMNS:
        raise CertificateError(f"matrix may have at most {MOST_COLUMNS} columns, got {matrix.shape[1]}")
    kind = proof_kind(proof, KINDS[side])
    if kind == "vector":
        return sign * (_quotient(matrix, order, proof) - 1)
    if kind == "enumeration":
        bound = decimal(proof["bound"], "bound")
        if sign < 0 and bound >= 1:           # no Gram matrix has a negative eigenvalue
            return Fraction(1)
        require_below(Gram(matrix), sign, bound + sign, order)
        return bound
    found = (_gershgorin(Gram(matrix), order, sign) if kind == "gershgorin"
             else _relaxation(Gram(matrix), order, sign, proof))
    return min(found - sign, Fraction(1)) if sign < 0 else found - sign


def _quotient(matrix, order, proof):
    """Return the Rayleigh quotient of a sparse vector."""
    support = index_set(proof["support"], "support", matrix.shape[1])
    if len(support) > order:
        raise CertificateError(f"support must have at most {order} columns, got {len(support)}")
    entries = proof["entries"]
    if matrix.is_complex:
        x = [value for part in complex_parts(entries) for value in rationals(part, "entries", len(support))]
    else:
        x = rationals(entries, "entries", len(support))
    if not any(x):
        raise CertificateError("entries must not all be zero")
    whole, common = over_common(x)
    product = matrix.columns(support) * fmpz_mat(len(whole), 1, whole)
    energy = sum(int(value) ** 2 for value in product.entries())
    return Fraction(energy, (matrix.denominator * common) ** 2) / sum(value * value for value in x)


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
    t, n, width = decimal(proof["t"], "t"), gram.size, gram.width
    rows = parts_rows(proof["Y"], "Y", (n, n), width == 2)
    re, im = [row[0] for row in rows], [row[1] if width == 2 else (0.0,) * n for row in rows]
    if any(re[i][j] != re[j][i] or im[i][j] != -im[j][i] for i in range(n) for j in range(i + 1)):
        raise CertificateError("Y must be Hermitian")
    entries = []
    for i in range(len(gram.rows)):
        for j in range(len(gram.rows)):
            (a, k), (b, l) = divmod(i, width), divmod(j, width)
            part = re[a][b] if k == l else (im[a][b] if k > l else -im[a][b])
            value = (t if i == j else 0) - Fraction(sign * gram.rows[i][j], gram.denominator) - Fraction(part)
            entries.append(fmpq(value.numerator, value.denominator))
    require_definite(fmpq_mat(len(gram.rows), len(gram.rows), entries), "t - H - Y")
    largest = max(Fraction(re[i][j])**2 + Fraction(im[i][j])**2 for i in range(n) for j in range(i + 1))
    return t + order * root_above(largest)
