r"""Checker of the smallest tau of the robust null space property in l1 form.

For all supports :math:`|S|=s` and all ``v``: :math:`\|v_S\|_1\le\rho\|v_{S^c}\|_1+\tau\|Av\|`.

*Lower bound,* ``vector``. Any ``entries`` :math:`v`:
:math:`(\|v_S\|_1-\rho\|v_{S^c}\|_1)/\|Av\|` with their ``s`` largest.

*Upper bound,* ``duals``, in ``groups`` of ``supports``, ``signs``, ``duals``. For signs :math:`\xi` on ``S``
a vector ``h`` with :math:`r=\|A_S^Th-\xi\|_\infty<1` and :math:`\|A_{S^c}^Th\|_\infty\le\rho(1-r)` proves
:math:`\tau_{S,\xi}\le\|h\|/(1-r)`, by
:math:`\|v_S\|_1=\langle h,Av\rangle-\langle A_{S^c}^Th,v_{S^c}\rangle+\langle\xi-A_S^Th,v_S\rangle`. A
support with all its sign patterns, up to a common sign, is bounded by the largest of them. For
supports left out single columns do: with :math:`\rho_1=\rho/(s+(s-1)\rho)`,
:math:`\tau_S(\rho)\le\frac{1+\rho}{1+\rho_1}\sum_{i\in S}\tau_i(\rho_1)`. Option: ``rho``, a decimal.
"""

from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from math import comb

from flint import fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.exact_vectors import over_common, root_above, root_below
from kernelstab.certify.constants.reading import decimal, proof_kind, rationals, read_groups

MOST_SUPPORTS = 300_000
KINDS = {"lower": {"vector": ["entries"]}, "upper": {"duals": ["groups"]}}


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves.

    Raises
    ------
    CertificateError
        If it is malformed or proves nothing.
    """
    if order > matrix.shape[1]:
        raise CertificateError(f"order must lie in [1, {matrix.shape[1]}], got {order}")
    rho = decimal(options.get("rho"), "rho")
    if rho < 0:
        raise CertificateError(f"rho must not be negative, got {options['rho']}")
    proof_kind(proof, KINDS[side])
    if side == "lower":
        return _quotient(matrix, order, rho, rationals(proof["entries"], "entries", matrix.shape[1]))
    return _largest(matrix, order, rho, proof["groups"])


def _quotient(matrix, order, rho, vector):
    """Return the quotient of a vector, rounded down."""
    sizes = sorted(map(abs, vector), reverse=True)
    excess = sum(sizes[:order]) - rho * sum(sizes[order:])
    if excess <= 0:
        return Fraction(0)
    entries, common = over_common(vector)
    product = (matrix.numerators * fmpz_mat(len(entries), 1, entries)).entries()
    square = Fraction(sum(int(value) ** 2 for value in product), (matrix.denominator * common) ** 2)
    if square == 0:
        raise CertificateError("the vector lies in the kernel: tau is infinite, which a number cannot state")
    return root_below(excess**2 / square)


def _largest(matrix, order, rho, groups):
    """Return the largest bound over all supports, rounded up."""
    n = matrix.shape[1]
    if comb(n, order) > MOST_SUPPORTS:
        raise CertificateError(f"{comb(n, order)} supports are more than {MOST_SUPPORTS}")
    own, singles = _own_bounds(matrix, order, rho, groups)
    worst = Fraction(0)
    for support in combinations(range(n), order):
        found = own.get(support)
        if found is None:
            if any(i not in singles for i in support):
                raise CertificateError(f"support {list(support)} is not covered")
            found = sum(singles[i] for i in support)
        worst = max(worst, found)
    return worst


def _own_bounds(matrix, order, rho, groups):
    """Return the bounds of complete supports of the order, and the shares of single columns."""
    height, width = matrix.shape
    rho1 = rho / (order + (order - 1) * rho)
    supports, signs, duals = read_groups(groups, width, order, height)
    squares = {order: defaultdict(dict), 1: defaultdict(dict)}
    for support, xi, (h,) in zip(supports, signs, duals):
        if len(support) not in squares:
            raise CertificateError(f"a support must have {order} columns or 1, got {len(support)}")
        if not set(xi) <= {-1, 1}:
            raise CertificateError("signs must be 1 or -1")
        known = squares[len(support)][support]
        square = _square(matrix, support, xi, h, rho if len(support) == order else rho1)
        pattern = tuple(int(k * xi[0]) for k in xi)
        known[pattern] = min(square, known.get(pattern, square))
    roots = {size: {support: root_above(max(found.values())) for support, found in table.items()
                    if len(found) == 2 ** (size - 1)} for size, table in squares.items()}
    factor = (1 + rho) / (1 + rho1)
    return roots[order], {support[0]: factor * bound for support, bound in roots[1].items()}


def _square(matrix, support, signs, h, limit):
    """Return the square of what ``h`` proves."""
    entries, common = over_common([Fraction(value) for value in h])
    scale = matrix.denominator * common
    products = (fmpz_mat(1, len(entries), entries) * matrix.numerators).entries()
    missing = max(abs(products[i] - int(sign) * scale) for i, sign in zip(support, signs))
    left = scale - int(missing)                          # (1 - r) scale
    inside = set(support)
    off = max((abs(value) for j, value in enumerate(products) if j not in inside), default=0)
    if left <= 0 or int(off) * limit.denominator > limit.numerator * left:
        raise CertificateError(f"a dual vector of support {list(support)} exceeds rho (1 - r) outside")
    return Fraction(sum(value * value for value in entries) * matrix.denominator**2, left * left)
