r"""Kernel sizes :math:`\sup\{\|x-x'\|:x,x'\in M,\ \|A(x-x')\|\le2\varepsilon\}`.

Options: ``prior``, a description with its ``kind``; ``eps``, the noise level; ``norm``, ``"2"`` or, for a
polytope, ``"inf"``. Numbers are those that the floats are. Noise is measured in the maximum norm for
a polytope, in the Euclidean norm else. Complex matrices act on real and imaginary parts, one
after the other, which changes no norm; sparse, polytope and l1-ball are for real ones.

Proofs of a lower bound, in exact arithmetic:

``pair``
    Integers ``x`` and ``x_alt`` over ``denominator`` (coefficients in the basis, for a subspace): that both
    are members and that their measurements differ by at most :math:`2\varepsilon` is checked.
``signals``
    Two members of a finite set, by their row.
``ray``
    Integers ``direction`` in the null space whose multiples all are differences of members; the size is
    infinite, and ``reach`` is the number that the certificate chooses to state.

Proofs of an upper bound; half of a size is the largest :math:`\|v\|` here:

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

from fractions import Fraction

from flint import fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import affordable, spend
from kernelstab.certify.constants.definite import Gram, require_below, require_definite
from kernelstab.certify.constants.matrix import (
    ExactMatrix,
    column,
    fractions,
    identity,
    largest,
    rational,
    rational_matrix,
    require_full_rank,
    root_above,
    root_below,
    squares,
)
from kernelstab.certify.constants.prior_setting import read_setting
from kernelstab.certify.constants.reading import (
    decimal,
    integer,
    integers,
    modulus,
    number,
    rationals,
)

MOST_SIGNALS = 2000


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the kernel size that a proof proves."""
    setting = read_setting(matrix, options)
    bound, priors = METHODS[proof["kind"]]
    if setting.kind not in priors:
        raise CertificateError(f"proof {proof['kind']} is not for the prior {setting.kind}")
    return bound(setting, proof)


def _pair(setting, proof) -> Fraction:
    """Check both members and their measurements; return their distance, rounded down."""
    denominator = integer(proof["denominator"], "denominator", 1)
    signals = []
    for name in ("x", "x_alt"):
        signals.append(setting.signal(column(_entries(setting, proof, name), denominator)))
        setting.require_member(signals[-1], name)
    return _distance(setting, signals[0] - signals[1])


def _entries(setting, proof, name):
    entries = integers(proof[name], name)
    if len(entries) != setting.width:
        raise CertificateError(f"{name} must have {setting.width} entries, got {len(entries)}")
    return entries


def _distance(setting, gap) -> Fraction:
    """Return the norm of a difference, rounded down, if its measurements are at most 2 eps apart."""
    difference = setting.matrix * gap
    if setting.kind == "polytope":
        near = largest(difference) <= 2 * setting.eps
    else:
        near = squares(difference) <= 4 * setting.eps**2
    if not near:
        raise CertificateError("the measurements of the pair differ by more than 2 eps")
    return largest(gap) if setting.norm == "inf" else root_below(squares(gap))


def _signals(setting, proof) -> Fraction:
    rows = setting.form.tolist()
    first, second = integers([proof["first"], proof["second"]], "signals", 0, len(rows) - 1)
    return _distance(setting, fmpq_mat([[a - b] for a, b in zip(rows[first], rows[second])]))


def _ray(setting, proof) -> Fraction:
    """Check that all multiples of a direction are differences of members with equal measurements."""
    entries = _entries(setting, proof, "direction")
    direction = setting.signal(column(entries))
    if setting.kind == "subspace":
        free = setting.radius is None
    elif setting.kind == "sparse":
        free = sum(value != 0 for value in entries) <= 2 * setting.s
    else:
        free = setting.kind == "everything" or not any((setting.form * direction).entries())
    if not free:
        raise CertificateError(f"the prior {setting.kind} is bounded along the direction")
    if not any(direction.entries()) or any((setting.matrix * direction).entries()):
        raise CertificateError("the direction is not a vector of the null space other than zero")
    return decimal(proof["reach"], "reach")


def _multipliers(setting, proof):
    alpha, beta = number(proof["alpha"], "alpha"), number(proof["beta"], "beta")
    seen, unit = setting.matrix, identity(setting.matrix.ncols())
    if setting.kind == "subspace":
        seen, unit = seen * setting.form, setting.form.transpose() * setting.form
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


def row_sums(matrix) -> list[Fraction]:
    """Return the 1-norms of the rows.

    >>> row_sums(fmpq_mat(2, 2, [1, -2, 0, 3]))
    [Fraction(3, 1), Fraction(3, 1)]
    """
    values, width = fractions(matrix), matrix.ncols()
    return [sum(map(abs, values[k:k + width]), Fraction(0)) for k in range(0, len(values), width)]


def _diagonal(setting, proof):
    if setting.norm != "2":
        raise CertificateError("proof diagonal is for the Euclidean norm")
    form, weights = identity(setting.matrix.ncols()) * -1, []
    for name, matrix in (("d", setting.form), ("f", setting.matrix)):
        weights.append(rationals(proof[name], name, matrix.nrows()))
        scaled = fmpq_mat([[value * rational(weight) for value in row]
                           for row, weight in zip(matrix.tolist(), weights[-1])])
        form = form + matrix.transpose() * scaled
    if min(map(min, weights)) < 0:
        raise CertificateError("d and f must not be negative")
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
    signals = setting.form
    affordable(signals.nrows(), MOST_SIGNALS, "signals")
    spend(signals.nrows()**2 * 500)
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
    require_full_rank(seen.numer_denom()[0], modulus(proof["prime"]))
    return Fraction(0)


_QUADRATIC = ("ball", "subspace", "everything", "ellipsoid")
_NOT_FINITE = (*_QUADRATIC, "polytope", "l1-ball")
# kind of proof -> its function, and the priors it is for
METHODS = {
    "pair": (_pair, (*_NOT_FINITE, "sparse")),
    "ray": (_ray, ("subspace", "everything", "ellipsoid", "polytope", "sparse")),
    "signals": (_signals, ("finite",)),
    "multipliers": (_multipliers, _QUADRATIC),
    "duals": (_duals, ("polytope",)),
    "diagonal": (_diagonal, ("polytope",)),
    "coordinates": (_coordinates, ("l1-ball",)),
    "matrix": (_matrix, ("l1-ball",)),
    "supports": (_supports, ("sparse",)),
    "enumeration": (_enumeration, ("finite",)),
    "injective": (_injective, _NOT_FINITE),
}
