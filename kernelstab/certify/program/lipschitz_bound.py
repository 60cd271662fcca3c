r"""Upper bounds of spectral norms and, layer by layer, of the Lipschitz constants of networks.

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

from flint import arb, ctx, fmpq, fmpz_mat

from kernelstab.certify.arrays import Array, affordable, spend
from kernelstab.certify.program.vectors import magnitude, root

PRECISION = 64     # bits; fixed, so that a bound does not depend on who computes it
BITS = 40          # to which the entries of a power are cut
MOST_ROWS = 2000   # of a Gram matrix
SQUARINGS = 3      # p = 8: at most n^(1/32), 1.24 for n = 1000


def number(value) -> arb:
    """Return an exactly given number as a ball."""
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def scale_of(scale) -> arb:
    """Read a scale given as two integers, numerator and denominator, or as a number.

    >>> scale_of([3, 4])
    0.750000000000000
    """
    if isinstance(scale, list) and len(scale) == 2 and all(type(n) is int for n in scale) and scale[1] != 0:
        return number(Fraction(*scale))
    if type(scale) not in (int, float):
        raise ValueError(f"scale must be a number or two integers, got {scale!r:.80}")
    return number(scale)


def network_lipschitz(layers, operator) -> arb:
    """Bound the Lipschitz constant of a network by the rules above.

    >>> layers = [{"layer": "measurements"}, {"layer": "push"},
    ...           {"layer": "dense", "weight": Array((1, 1), (2.0,)), "bias": Array((1,), (5.0,))},
    ...           {"layer": "add"}]
    >>> bound = network_lipschitz(layers, None)   # y -> 2 y + 5 + y
    >>> bool(bound >= 3), bool(bound < 3.001)
    (True, True)
    """
    bound, saved = arb(1), []
    norm = operator.norm if layers[0]["layer"] == "adjoint" else arb(1)
    with ctx.workprec(PRECISION):
        for layer in layers:
            kind = layer["layer"]
            if kind in ("adjoint", "measurements"):
                bound = norm
            elif kind in ("dense", "conv"):
                bound = bound * weight_norm(layer["weight"])
            elif kind == "push":
                saved.append(bound)
            elif kind == "add":
                bound = bound + saved.pop()
            elif kind == "data_consistency":
                bound = _consistent(bound, operator.tight, operator.defect)
            elif kind == "scale":
                bound = bound * abs(scale_of(layer["factor"]))
            bound = magnitude(bound)
    return bound


def _consistent(bound, c, defect):
    shrink = defect / c
    shrink = arb(1) if shrink <= 1 else magnitude(shrink)
    cross = 2 * defect * root(c + defect) * bound
    return root(shrink * shrink * bound * bound + (c + defect + cross) / (c * c))


def weight_norm(weight: Array) -> arb:
    """Bound the norm of a dense layer or of a convolution."""
    out, channels, *taps = weight.shape
    if not taps:
        return spectral_upper(out, channels, weight.data)
    count = taps[0] * taps[1]
    return sum((spectral_upper(out, channels, weight.data[tap::count]) for tap in range(count)), arb(0))


def matrix_norm(matrix) -> arb:
    """Bound the norm of a matrix; a complex one acts on stacked parts."""
    if isinstance(matrix, Array):
        rows, columns = matrix.shape
        return spectral_upper(rows, columns, matrix.data)
    rows, columns = matrix.real.shape
    re, im = ([part.data[k:k + columns] for k in range(0, rows * columns, columns)] for part in matrix)
    stacked = [v for r, i in zip(re, im) for v in (*r, *(-b for b in i))]
    stacked += [v for r, i in zip(re, im) for v in (*i, *r)]
    return spectral_upper(2 * rows, 2 * columns, stacked)


def spectral_upper(rows: int, columns: int, data) -> arb:
    r"""Return an exact number that is at least :math:`\|W\|_2`, for entries in C order.

    Cost: one Gram matrix and three squarings of size ``min(rows, columns)`` in integers of about 40 bits.

    >>> bound = spectral_upper(2, 2, [3.0, 0.0, 0.0, 4.0])
    >>> bool(bound >= 4), bool(bound < 4.0001)
    (True, True)
    """
    largest = max(map(abs, data))
    if largest == 0:
        return arb(0)
    side = min(rows, columns)
    affordable(side, MOST_ROWS, "rows of a Gram matrix")
    spend(side * side * (max(rows, columns) + SQUARINGS * side) // 2)
    # entries below 2^BITS in size; cutting moves each by less than one unit
    shift = BITS - frexp(largest)[1]
    matrix = fmpz_mat(rows, columns, [int(ldexp(value, shift)) for value in data])
    gram = matrix * matrix.transpose() if rows <= columns else matrix.transpose() * matrix
    with ctx.workprec(PRECISION):
        moved = arb(rows * columns).sqrt()
        return ((_eigenvalue_upper(gram, SQUARINGS).sqrt() + moved) * arb((1, -shift))).upper()


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
