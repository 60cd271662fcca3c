r"""Null space constants of real and complex matrices, with weights and in levels.

.. math:: \alpha=\max\{\|v_S\|_{1,w}/\|v\|_{1,w}:\ Av=0,\ v\ne0,\ S\text{ admissible}\}

Admissible are the supports of at most ``order`` columns; entries count by their moduli. Options:

``weights``
    Positive weights of the columns in both norms; 1 if absent.
``levels``, ``sparsities``
    The level of every column, counted from 0, and how many columns of each level are admissible;
    ``order`` is the sum of the sparsities.

Proofs of a lower bound:

``kernel-vector``
    Integers ``entries`` on ``columns``, zero elsewhere, and for a complex matrix ``imag``: :math:`Av=0` is
    checked, and the largest admissible part of :math:`v` is a lower bound.

Proofs of an upper bound:

``duals`` (real)
    Groups of ``supports``, ``signs`` and ``duals`` :math:`h`. On the null space

    .. math:: \langle w\xi,v_S\rangle=\langle w\xi_S-A^Th,v\rangle
              \le\max_j\frac{|w_j\xi_j1_{j\in S}-a_j^Th|}{w_j}\,\|v\|_{1,w},

    so a support whose :math:`2^{l-1}` patterns of signs up to a global one are all there has the largest of
    these numbers as its bound; ``nsp_cover`` goes from there to all supports.
``arcs`` (complex)
    The same with complex duals, where ``signs`` are products of arcs of phases, see ``nsp_arcs``.
``jn``
    A matrix :math:`Y`: on the null space :math:`v=Mv` with :math:`M=I-Y^*A`, so that
    :math:`\|v_S\|_{1,w}\le\sum_j|v_j|\sum_{i\in S}w_i|M_{ij}|`, and the largest admissible sum of a column of
    :math:`w_i|M_{ij}|/w_j` is an upper bound.
``trivial-kernel``
    The columns are independent modulo ``prime``, therefore independent: the constant is 0.

Bounds are integers in units of 2^-160, rounded outward.
"""

from fractions import Fraction
from math import isqrt

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import affordable
from kernelstab.certify.constants.matrix import (
    adjoint_times,
    null_vector,
    over_common,
    require_full_rank,
    whole_root_above,
)
from kernelstab.certify.constants.nsp_arcs import arc_bounds
from kernelstab.certify.constants.nsp_cover import UNIT, cover
from kernelstab.certify.constants.reading import (
    integers,
    modulus,
    over_patterns,
    parts_rows,
    rationals,
    read_groups,
)

MOST_PRODUCTS = 1 << 31
MOST_COMPLEX_PRODUCTS = 1 << 29


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the null space constant that a proof proves."""
    kind, width = proof["kind"], matrix.shape[1]
    weights, common = read_weights(options, width)
    levels = read_levels(order, options, width)
    if kind == "kernel-vector":
        return _lower(matrix, proof, weights, levels)
    if kind in ("arcs", "duals"):
        if kind == "arcs" and not matrix.is_complex:
            raise CertificateError("proof arcs is for complex matrices")
        bounds = (_on_arcs if kind == "arcs" else _on_signs)(matrix, levels, proof, weights, common)
        return Fraction(cover(bounds, width, levels), UNIT)
    if kind == "jn":
        return _jn(matrix, proof["Y"], weights, levels)
    require_full_rank(matrix.columns(range(width)), modulus(proof["prime"]))
    return Fraction(0)


def read_levels(order, options, width) -> list[tuple[list[int], int]]:
    """Return the levels as lists of columns, each with the number of columns a support may hold.

    >>> read_levels(2, {}, 3)
    [([0, 1, 2], 2)]
    """
    if ("levels" in options) != ("sparsities" in options):
        raise CertificateError("levels and sparsities belong together")
    if not 1 <= order <= width:
        raise CertificateError(f"order must lie in [1, {width}], got {order!r:.60}")
    if "levels" not in options:
        return [(list(range(width)), order)]
    sparsities = integers(options["sparsities"], "sparsities", 0, width)
    labels = integers(options["levels"], "levels", 0, len(sparsities) - 1)
    if len(labels) != width or order != sum(sparsities):
        raise CertificateError(f"levels must label {width} columns and order be the sum of the sparsities, "
                               f"got {len(labels)} labels and order {order}")
    return [([j for j in range(width) if labels[j] == k], free) for k, free in enumerate(sparsities)]


def read_weights(options, width) -> tuple[list[int], int]:
    """Return the weights as integers over one denominator.

    >>> read_weights({"weights": [0.5, 2]}, 2), read_weights({}, 2)
    (([1, 4], 2), ([1, 1], 1))
    """
    if "weights" not in options:
        return [1] * width, 1
    weights = rationals(options["weights"], "weights", width)
    if min(weights) <= 0:
        raise CertificateError("weights must be positive")
    return over_common(weights)


def best_part(sizes, levels):
    """Return the largest sum of entries of an admissible support.

    >>> best_part([3, 1, 2, 5], [([0, 1, 2], 2), ([3], 0)])
    5
    """
    return sum(sum(sorted((sizes[j] for j in columns), reverse=True)[:free]) for columns, free in levels)


def _lower(matrix, proof, weights, levels):
    parts = [proof[name] for name in ("entries", "imag") if name in proof]
    columns, parts = null_vector(matrix, proof["columns"], *parts)
    below, above = [0] * matrix.shape[1], [0] * matrix.shape[1]
    for j, entry in zip(columns, zip(*parts)):
        # in units small against the modulus, so that rounding to them costs nothing
        square = weights[j] ** 2 * sum(part * part for part in entry) * UNIT**2
        below[j], above[j] = isqrt(square), whole_root_above(square)
    return Fraction(best_part(below, levels), sum(above))


def _modulus_above(parts):
    """Bound the modulus of a number from above, in units."""
    return abs(parts[0]) * UNIT if len(parts) == 1 else whole_root_above(sum(p * p for p in parts) * UNIT**2)


def _products(matrix, levels, groups):
    """Return supports, signs, and (A^* h)_j for every dual as tuples of integers over one denominator."""
    height, width = matrix.shape
    supports, signs, duals = read_groups(groups, width, sum(free for _, free in levels), height,
                                         matrix.is_complex)
    _affordable(matrix, len(supports) * height * width)
    return supports, signs, *adjoint_times(duals, matrix)


def _affordable(matrix, products):
    affordable(products, MOST_COMPLEX_PRODUCTS if matrix.is_complex else MOST_PRODUCTS, "products")


def _on_signs(matrix, levels, proof, weights, common):
    """Return the supports with all their patterns of signs, with the bounds that the duals prove."""
    supports, signs, products, scale = _products(matrix, levels, proof["groups"])
    whole = [weight * scale for weight in weights]

    def bound(k):
        rest = [value * common for value, in products[k]]
        for j, sign in zip(supports[k], signs[k]):
            rest[j] -= int(sign) * whole[j]
        return max(-(-abs(value) * UNIT // full) for value, full in zip(rest, whole))     # up to the unit

    return over_patterns(supports, signs, bound)


def _on_arcs(matrix, levels, proof, weights, common):
    """Return the supports whose arcs cover all phases, with the bounds that the duals prove."""
    supports, cells, products, scale = _products(matrix, levels, proof["groups"])
    below = [weight * scale for weight in weights]
    points = [([(common * re, common * im) for re, im in product], below) for product in products]
    return arc_bounds(supports, cells, points, proof["polygon"])


def _jn(matrix, array, weights, levels):
    height, width = matrix.shape
    _affordable(matrix, height * width * width)
    columns = [list(zip(*part)) for part in parts_rows(array, "Y", (height, width), matrix.is_complex)]
    products, scale = adjoint_times(columns, matrix)      # row i holds (A^* y_i)_j, conjugate to (Y^* A)_ij
    best = Fraction(0)
    for j in range(width):
        sizes = [weights[i] * _modulus_above((row[j][0] - scale * (i == j), *row[j][1:]))
                 for i, row in enumerate(products)]
        best = max(best, Fraction(best_part(sizes, levels), weights[j] * scale * UNIT))
    return min(best, Fraction(1))
