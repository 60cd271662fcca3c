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

from fractions import Fraction
from itertools import combinations
from math import comb

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import affordable, spend
from kernelstab.certify.constants.matrix import (
    adjoint_times,
    fractions,
    read_column,
    root_above,
    root_below,
    squares,
    times,
)
from kernelstab.certify.constants.reading import decimal, over_patterns, read_groups

MOST_SUPPORTS = 300_000
MOST_COLUMNS = 2000


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves."""
    if order > matrix.shape[1]:
        raise CertificateError(f"order must lie in [1, {matrix.shape[1]}], got {order}")
    rho = decimal(options.get("rho"), "rho")
    if rho < 0:
        raise CertificateError(f"rho must not be negative, got {options['rho']}")
    if side == "lower":
        return _quotient(matrix, order, rho, read_column(proof["entries"], "entries", matrix.shape[1]))
    return _largest(matrix, order, rho, proof["groups"])


def _quotient(matrix, order, rho, vector):
    """Return the quotient of a vector, rounded down."""
    sizes = sorted(map(abs, fractions(vector)), reverse=True)
    excess = sum(sizes[:order]) - rho * sum(sizes[order:])
    if excess <= 0:
        return Fraction(0)
    square = squares(times(matrix, vector))
    if square == 0:
        raise CertificateError("the vector lies in the kernel: tau is infinite, which a number cannot state")
    return root_below(excess**2 / square)


def _largest(matrix, order, rho, groups):
    """Return the largest bound over all supports, rounded up."""
    n = matrix.shape[1]
    affordable(n, MOST_COLUMNS, "columns")
    affordable(comb(n, order), MOST_SUPPORTS, "supports")
    spend(comb(n, order) * (2000 * order + 100 * order**3))     # the denominators grow
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

    def square(k):
        size = len(supports[k])
        if size not in (1, order):
            raise CertificateError(f"a support must have {order} columns or 1, got {size}")
        (product,), scale = adjoint_times([[duals[0][k]]], matrix)
        product = [value for value, in product]
        share = _share(supports[k], signs[k], product, scale, rho if size == order else rho1)
        return sum(Fraction(value)**2 for value in duals[0][k]) / share**2

    roots = {support: root_above(found) for support, found in over_patterns(supports, signs, square).items()}
    factor = (1 + rho) / (1 + rho1)
    return ({support: root for support, root in roots.items() if len(support) == order},
            {support[0]: factor * root for support, root in roots.items() if len(support) == 1})


def _share(support, signs, products, scale, limit):
    """Return 1 - r of a dual vector, from its products with the columns times ``scale``."""
    missing = max(abs(products[i] - int(sign) * scale) for i, sign in zip(support, signs))
    left = Fraction(scale - missing, scale)
    inside = set(support)
    off = max((abs(value) for j, value in enumerate(products) if j not in inside), default=0)
    if left <= 0 or Fraction(off, scale) > limit * left:
        raise CertificateError(f"a dual vector of support {list(support)} exceeds rho (1 - r) outside")
    return left
