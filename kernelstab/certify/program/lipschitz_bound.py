r"""Upper bounds of Lipschitz constants by one recursion along the description of a map.

The recursion is written once and run in balls, where it proves, and in floats, where it
informs; an ``arithmetic`` supplies numbers, roots and spectral norms.

======================  =====================================================================
dense layer             the spectral norm of its weight
convolution             the sum over the taps of the norms of the (out, in) matrices, since a
                        shift of a zero-padded image has norm at most 1
ReLU                    1, entry by entry
push, add               the bounds of the two branches are added
data consistency        :math:`h+A^*(y-Ah)/c=(I-A^*A/c)h+A^*y/c`: two terms with orthogonal
                        ranges when :math:`AA^*=cI`, hence :math:`\sqrt{L^2+1/c}`
======================  =====================================================================

Matrices of floats are tight only up to rounding. With :math:`\|AA^*-cI\|\le\epsilon` the
square of the last bound becomes
:math:`\max(1,\epsilon/c)^2L^2+(c+\epsilon)/c^2+2\epsilon\sqrt{c+\epsilon}\,L/c^2`.

The spectral norm of a matrix of floats is bounded in integers. With the smaller Gram matrix :math:`G` of
size :math:`n` and :math:`p=2^t`, :math:`\|W\|^{4p}=\lambda_{\max}(G)^{2p}\le\|G^p\|_F^2`, and the loss is at
most a factor :math:`n^{1/4p}`. Powers are formed by squaring; after each step the entries are cut to 40 bits,
which moves every eigenvalue by at most :math:`n` units.
"""

from fractions import Fraction
from math import frexp, ldexp
from typing import Any, NamedTuple

from flint import arb, ctx, fmpq, fmpz_mat

from kernelstab.certify.arrays import Array
from kernelstab.certify.program.vectors import magnitude, root

PRECISION = 64     # bits; fixed, so that a bound does not depend on who computes it
BITS = 40          # to which the entries of a power are cut
SQUARINGS = 3      # p = 8: at most n^(1/32), 1.24 for n = 1000


class BallArithmetic:
    """Numbers are balls; every bound is proved."""

    @staticmethod
    def number(value):
        """Return an exactly given number as a ball."""
        exact = Fraction(value)
        return arb(fmpq(exact.numerator, exact.denominator))

    @staticmethod
    def sqrt(value):
        """Return the root of a number that is not negative."""
        return root(value)

    @staticmethod
    def spectral(rows, columns, data):
        """Bound the spectral norm of a matrix given by its entries in C order."""
        return spectral_upper(rows, columns, data)

    @staticmethod
    def upper(value):
        """Return an upper bound that is not a ball any more."""
        return magnitude(value)


class OperatorFacts(NamedTuple):
    """What the recursion needs of a forward matrix: its norm, ``c``, and the defect of ``c``."""

    norm: Any
    tight: Any
    defect: Any


def matrix_norm(matrix, arithmetic):
    """Bound the norm of an encoded matrix; a complex one acts on stacked parts."""
    if isinstance(matrix, Array):
        return arithmetic.spectral(*matrix.shape, matrix.data)
    rows, columns = matrix.real.shape
    re = [matrix.real.data[i * columns:(i + 1) * columns] for i in range(rows)]
    im = [matrix.imag.data[i * columns:(i + 1) * columns] for i in range(rows)]
    stacked = [v for r, i in zip(re, im) for v in (*r, *(-b for b in i))]
    stacked += [v for r, i in zip(re, im) for v in (*i, *r)]
    return arithmetic.spectral(2 * rows, 2 * columns, stacked)


def map_lipschitz(spec, facts: OperatorFacts | None, arithmetic=BallArithmetic):
    """Bound the Lipschitz constant of a decoded map; ``facts`` belong to its operator, if it has one.

    Raises
    ------
    ValueError
        If the kind has no rule.
    """
    kind = spec["kind"]
    with ctx.workprec(PRECISION):
        if kind == "linear":
            return matrix_norm(spec["matrix"], arithmetic)
        if kind == "scaled-adjoint" and facts is not None:
            return facts.norm * abs(scale_of(spec["scale"], arithmetic))
        if kind == "network" and facts is not None:
            return network_lipschitz(spec["layers"], facts, arithmetic)
    raise ValueError(f"no Lipschitz bound for a map of kind {kind!r}")


def scale_of(scale, arithmetic):
    """Read a scale given as two integers, numerator and denominator, or as a float.

    >>> scale_of([3, 4], BallArithmetic)
    0.750000000000000
    """
    if isinstance(scale, list):
        if len(scale) != 2 or not all(type(n) is int for n in scale) or scale[1] == 0:
            raise ValueError(f"scale must be a number or two integers, got {scale!r:.80}")
        return arithmetic.number(Fraction(*scale))
    if type(scale) not in (int, float):
        raise ValueError(f"scale must be a number or two integers, got {scale!r:.80}")
    return arithmetic.number(scale)


def network_lipschitz(layers, facts: OperatorFacts, arithmetic=BallArithmetic):
    """Bound the Lipschitz constant of a network by the rules above.

    >>> one = Array((1, 1), (2.0,)), Array((1,), (5.0,))
    >>> layers = [{"layer": "measurements"}, {"layer": "push"},
    ...           {"layer": "dense", "weight": one[0], "bias": one[1]}, {"layer": "add"}]
    >>> bound = network_lipschitz(layers, OperatorFacts(None, None, None))   # y -> 2 y + 5 + y
    >>> bool(bound >= 3), bool(bound < 3.001)
    (True, True)
    """
    bound: Any = None
    saved: list = []
    for layer in layers:
        kind = layer["layer"]
        if kind == "adjoint":
            bound = facts.norm
        elif kind == "measurements":
            bound = arithmetic.number(1)
        elif kind in ("dense", "conv"):
            bound = bound * weight_norm(layer["weight"], arithmetic)
        elif kind == "push":
            saved.append(bound)
        elif kind == "add":
            bound = bound + saved.pop()
        elif kind == "data_consistency":
            bound = _consistent(bound, facts, arithmetic)
        elif kind == "scale":
            bound = bound * abs(scale_of(layer["factor"], arithmetic))
        bound = arithmetic.upper(bound)
    return bound


def weight_norm(weight: Array, arithmetic=BallArithmetic):
    """Bound the norm of a dense layer or of a convolution."""
    out, channels, *taps = weight.shape
    if not taps:
        return arithmetic.spectral(out, channels, weight.data)
    count = taps[0] * taps[1]
    return sum((arithmetic.spectral(out, channels, weight.data[tap::count]) for tap in range(count)),
               arithmetic.number(0))


def _consistent(bound, facts, arithmetic):
    c, defect, one = facts.tight, facts.defect, arithmetic.number(1)
    shrink = defect / c
    shrink = one if shrink <= one else arithmetic.upper(shrink)
    cross = 2 * defect * arithmetic.sqrt(c + defect) * bound
    return arithmetic.sqrt(shrink * shrink * bound * bound + (c + defect + cross) / (c * c))


def spectral_upper(rows: int, columns: int, data) -> arb:
    r"""Return an exact number that is at least :math:`\|W\|_2`.

    Parameters
    ----------
    rows, columns : int
        Shape of ``W``.
    data : sequence of float
        Entries in C order.

    Notes
    -----
    Cost: one Gram matrix and three squarings of size ``min(rows, columns)`` in integers
    of about 40 bits.

    Examples
    --------
    A diagonal matrix: the largest entry is the norm.

    >>> from flint import arb
    >>> bound = spectral_upper(2, 2, [3.0, 0.0, 0.0, 4.0])
    >>> bool(bound >= 4), bool(bound < 4.0001)
    (True, True)
    """
    largest = max(map(abs, data))
    if largest == 0:
        return arb(0)
    with ctx.workprec(PRECISION):
        return _norm_upper(rows, columns, data, largest)


def _norm_upper(rows, columns, data, largest):
    # entries below 2^BITS in size; cutting moves each by less than one unit
    shift = BITS - frexp(largest)[1]
    matrix = fmpz_mat(rows, columns, [int(ldexp(value, shift)) for value in data])
    gram = matrix * matrix.transpose() if rows <= columns else matrix.transpose() * matrix
    cut = arb(rows * columns).sqrt()
    norm = (_eigenvalue_upper(gram, SQUARINGS).sqrt() + cut) * arb((1, -shift))
    return norm.upper()


def _eigenvalue_upper(symmetric: fmpz_mat, squarings: int) -> arb:
    """Bound the largest absolute eigenvalue of a symmetric integer matrix."""
    size, entries = symmetric.nrows(), symmetric.entries()
    if squarings == 0:
        return arb(sum(value * value for value in entries)).sqrt().upper()
    excess = max(0, max(abs(value) for value in entries).bit_length() - BITS)
    reduced = fmpz_mat(size, size, [value >> excess for value in entries])
    inner = _eigenvalue_upper(reduced * reduced, squarings - 1).sqrt()
    moved = size if excess else 0
    return ((inner + moved) * arb((1, excess))).upper()
