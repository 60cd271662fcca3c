"""What the checkers of both restricted isometry constants share."""

from fractions import Fraction

from flint import fmpq, fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import ComplexArray
from kernelstab.certify.constants._gram import Gram, require_below
from kernelstab.certify.constants.definite import require_definite
from kernelstab.certify.constants.reading import decimal, index_set, matrix_rows, proof_kind, rationals
from kernelstab.certify.constants.robust_nsp import root_above

KINDS = {"lower": {"vector": ["entries", "support"]},
         "upper": {"enumeration": ["bound"], "gershgorin": [], "sdp": ["Y", "t"]}}
MOST_COLUMNS = 2000


def check_isometry(matrix, order, side, proof, sign) -> Fraction:
    """Return the proved bound on ``max sign (|Ax|^2 - 1)`` over ``order``-sparse unit vectors."""
    if order is None or order > matrix.shape[1]:
        raise CertificateError(f"order must lie in [1, {matrix.shape[1]}], got {order}")
    if matrix.shape[1] > MOST_COLUMNS:
        raise CertificateError(f"matrix may have at most {MOST_COLUMNS} columns")
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
    if matrix.is_complex and isinstance(entries, ComplexArray):
        x = [value for part in entries for value in rationals(part, "entries", len(support))]
        support += tuple(j + matrix.shape[1] for j in support)
    else:
        x = rationals(entries, "entries", len(support))
    if not any(x):
        raise CertificateError("entries must not all be zero")
    table = (matrix.embedded() if matrix.is_complex else matrix)
    columns = fmpq_mat(table.columns(support))
    image = columns * fmpq_mat(len(x), 1, [fmpq(v.numerator, v.denominator) for v in x])
    energy = sum(Fraction(int(v.p), int(v.q))**2 for v in image.entries())
    return energy / table.denominator**2 / sum(v * v for v in x)


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
    y = proof["Y"]
    if width == 2:
        if not isinstance(y, ComplexArray):
            raise CertificateError("Y of a complex matrix must be complex")
        re, im = matrix_rows(y.real, "Y", (n, n)), matrix_rows(y.imag, "Y", (n, n))
    else:
        re = matrix_rows(y, "Y", (n, n))
        im = [(0.0,) * n] * n
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
