r"""Upper bounds of kernel sizes; half of a size is the largest :math:`\|v\|` here.

``multipliers`` (ball, subspace, everything, ellipsoid)
    :math:`\alpha T^*T+\beta A^*A\succ I` on the subspace, :math:`T=I/R` for a ball:
    :math:`\|v\|^2\le\alpha+\beta\varepsilon^2`.
``duals`` (polytope)
    Rows :math:`\mu_i,q_i` with residual :math:`\rho_i=e_i-W^T\mu_i-A^Tq_i`:
    :math:`|v_i|\le c_i+\|\rho_i\|_1\max_j|v_j|`, :math:`c_i=\|\mu_i\|_1+\varepsilon\|q_i\|_1`; where all
    :math:`\|\rho_i\|_1<1` this bounds every entry, whatever the residual.
``diagonal`` (polytope, Euclidean norm)
    :math:`W^T\mathrm{diag}(d)W+A^T\mathrm{diag}(f)A\succ I`: :math:`\|v\|^2\le\sum d+\varepsilon^2\sum f`.
``coordinates`` (l1-ball)
    Rows :math:`q_i`: :math:`|v_i|\le t\|e_i-A^Tq_i\|_\infty+\varepsilon\|q_i\|_2`, and the largest
    norm that these and :math:`\|v\|_1\le t` allow.
``matrix`` (l1-ball)
    :math:`Y+\beta A^TA\succ I`: :math:`\|v\|^2\le t^2\max|Y_{ij}|+\beta\varepsilon^2`.
``supports`` (sparse)
    ``sigma`` with :math:`A_S^TA_S\succ\sigma^2I` for every support of :math:`2s` columns, by elimination
    in integers: the size is at most :math:`2\varepsilon/\sigma`.
``enumeration`` (finite)
    All pairs.
``injective`` (without noise)
    The columns (of :math:`AB`, for a subspace) are independent modulo ``prime``: the size is 0.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from flint import fmpq, fmpq_mat, fmpz, nmod_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.definite import Gram, require_below, require_definite
from kernelstab.certify.constants.exact_vectors import fractions, largest, root_above
from kernelstab.certify.constants.matrix import ExactMatrix
from kernelstab.certify.constants.prior_setting import number, rational_matrix
from kernelstab.certify.constants.reading import modulus, rationals

MOST_SIGNALS = 2000


def upper(setting, kind, proof) -> Fraction:
    """Return the upper bound that a proof of a known kind proves."""
    method = METHODS[kind]
    if setting.kind not in method.priors:
        raise CertificateError(f"proof {kind} is not for the prior {setting.kind}")
    return method.bound(setting, proof)


def _multipliers(setting, proof):
    alpha, beta = number(proof["alpha"], "alpha"), number(proof["beta"], "beta")
    seen, n = setting.matrix, setting.matrix.ncols()
    if setting.kind == "subspace":
        seen, unit = seen * setting.form, setting.form.transpose() * setting.form
    else:
        unit = identity(n)
    if setting.kind == "ellipsoid":
        quadratic = setting.form.transpose() * setting.form * rational(alpha)
    elif setting.radius is None:
        quadratic, alpha = unit * 0, Fraction(0)
    else:
        quadratic = unit * rational(alpha / setting.radius**2)
    require_definite(quadratic + seen.transpose() * seen * rational(beta) - unit, "alpha T*T + beta A*A - I")
    return 2 * root_above(alpha + beta * setting.eps**2)


def _duals(setting, proof):
    (m, n), k = (setting.matrix.nrows(), setting.matrix.ncols()), setting.form.nrows()
    mu, q = rational_matrix(proof["mu"], "mu", (n, k)), rational_matrix(proof["q"], "q", (n, m))
    defects = row_sums(identity(n) - mu * setting.form - q * setting.matrix)
    costs = [a + setting.eps * b for a, b in zip(row_sums(mu), row_sums(q))]
    if max(defects) >= 1:
        raise CertificateError("the duals leave a residual of 1 or more")
    every = max(costs) / (1 - max(defects))
    radii = [cost + defect * every for cost, defect in zip(costs, defects)]
    return 2 * (max(radii) if setting.norm == "inf" else root_above(sum(r**2 for r in radii)))


def _diagonal(setting, proof):
    if setting.norm != "2":
        raise CertificateError("proof diagonal is for the Euclidean norm")
    m, k = setting.matrix.nrows(), setting.form.nrows()
    weights = [rationals(proof["d"], "d", k), rationals(proof["f"], "f", m)]
    if min(map(min, weights)) < 0:
        raise CertificateError("d and f must not be negative")
    form = identity(setting.matrix.ncols()) * -1
    for matrix, entries in zip((setting.form, setting.matrix), weights):
        scaled = fmpq_mat([[value * rational(entry) for value in row]
                           for row, entry in zip(matrix.tolist(), entries)])
        form = form + matrix.transpose() * scaled
    require_definite(form, "W'diag(d)W + A'diag(f)A - I")
    return 2 * root_above(sum(weights[0]) + setting.eps**2 * sum(weights[1]))


def _coordinates(setting, proof):
    m, n = setting.matrix.nrows(), setting.matrix.ncols()
    q = rational_matrix(proof["q"], "q", (n, m))
    gaps = fractions(identity(n) - q * setting.matrix)
    duals = fractions(q)
    bounds = []
    for i in range(n):
        flat = max(map(abs, gaps[i * n:(i + 1) * n]))
        length = root_above(sum(value**2 for value in duals[i * m:(i + 1) * m]))
        bounds.append(setting.radius * flat + setting.eps * length)
    return 2 * root_above(fill_squared(bounds, setting.radius))


def fill_squared(bounds, total):
    r"""Return the largest :math:`\|v\|_2^2` with :math:`|v_i|\le b_i` and :math:`\|v\|_1\le t`.

    Making a larger entry larger at the cost of a smaller one raises the norm, so the largest bounds are
    filled first.

    >>> fill_squared([3, 1, 4], 6)                     # 16 + 4
    20
    """
    left, found = total, 0
    for bound in sorted(bounds, reverse=True):
        entry = min(bound, left)
        found, left = found + entry**2, left - entry
    return found


def _matrix(setting, proof):
    n, beta = setting.matrix.ncols(), number(proof["beta"], "beta")
    y = rational_matrix(proof["Y"], "Y", (n, n))
    if y != y.transpose():
        raise CertificateError("Y must be symmetric")
    gram = setting.matrix.transpose() * setting.matrix * rational(beta)
    require_definite(y + gram - identity(n), "Y + beta A'A - I")
    return 2 * root_above(setting.radius**2 * largest(y) + beta * setting.eps**2)


def _supports(setting, proof):
    sigma, n = number(proof["sigma"], "sigma"), setting.matrix.ncols()
    if sigma == 0 and setting.eps > 0:
        raise CertificateError("sigma must be positive where there is noise")
    numerators, denominator = setting.matrix.numer_denom()
    require_below(Gram(ExactMatrix(numerators, int(denominator))), -1, -sigma**2, min(2 * setting.s, n))
    return 2 * setting.eps / sigma if sigma else Fraction(0)


def _enumeration(setting, proof):
    """Compare all pairs through two Gram matrices of integers."""
    if setting.form.nrows() > MOST_SIGNALS:
        raise CertificateError(f"at most {MOST_SIGNALS} signals are compared, got {setting.form.nrows()}")
    signals = setting.form
    far, far_scale = _gram(signals)
    near, near_scale = _gram(signals * setting.matrix.transpose())
    limit = 4 * setting.eps**2 * near_scale
    limit = limit.numerator // limit.denominator        # compared with integers
    found = 0
    for i in range(len(far)):
        for j in range(i):
            if near[i][i] + near[j][j] - 2 * near[i][j] <= limit:
                found = max(found, far[i][i] + far[j][j] - 2 * far[i][j])
    return root_above(Fraction(int(found), far_scale))


def _gram(rows):
    """Return the Gram matrix of rows as integers, and what they are multiples of."""
    numerators, denominator = rows.numer_denom()
    return (numerators * numerators.transpose()).tolist(), int(denominator) ** 2


def _injective(setting, proof):
    if setting.eps != 0:
        raise CertificateError("proof injective is for measurements without noise")
    seen = setting.matrix * setting.form if setting.kind == "subspace" else setting.matrix
    if nmod_mat(seen.numer_denom()[0], modulus(proof["prime"])).rank() < seen.ncols():
        raise CertificateError(f"the columns are dependent modulo {proof['prime']}")
    return Fraction(0)


def identity(n) -> fmpq_mat:
    """Return the identity matrix."""
    return fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def rational(value: Fraction) -> fmpq:
    """Return a fraction as python-flint has it."""
    return fmpq(fmpz(value.numerator), fmpz(value.denominator))


def row_sums(matrix) -> list[Fraction]:
    """Return the 1-norms of the rows.

    >>> row_sums(fmpq_mat(2, 2, [1, -2, 0, 3]))
    [Fraction(3, 1), Fraction(3, 1)]
    """
    values, width = fractions(matrix), matrix.ncols()
    return [sum(map(abs, values[k:k + width]), Fraction(0)) for k in range(0, len(values), width)]


class UpperProof(NamedTuple):
    """A kind of proof: its function, its fields, and the priors it is for."""

    bound: Callable
    fields: tuple[str, ...]
    priors: tuple[str, ...]


_QUADRATIC = ("ball", "subspace", "everything", "ellipsoid")
METHODS = {
    "multipliers": UpperProof(_multipliers, ("alpha", "beta"), _QUADRATIC),
    "duals": UpperProof(_duals, ("mu", "q"), ("polytope",)),
    "diagonal": UpperProof(_diagonal, ("d", "f"), ("polytope",)),
    "coordinates": UpperProof(_coordinates, ("q",), ("l1-ball",)),
    "matrix": UpperProof(_matrix, ("Y", "beta"), ("l1-ball",)),
    "supports": UpperProof(_supports, ("sigma",), ("sparse",)),
    "enumeration": UpperProof(_enumeration, (), ("finite",)),
    "injective": UpperProof(_injective, ("prime",), (*_QUADRATIC, "polytope", "l1-ball")),
}
