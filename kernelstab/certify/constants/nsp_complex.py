r"""Null space constants of complex matrices: phases in place of signs.

Definition, options and proofs are those of ``nsp``, with moduli in place of absolute values and these
differences:

``kernel-vector``
    Integers ``entries`` and ``imag``, the two parts.
``duals``
    The duals are complex, ``signs`` are numbers :math:`p` of the phases :math:`e^{2\pi ip/K}` with :math:`K`
    the field ``polygon``, and all :math:`K^{l-1}` patterns up to a global phase must be there. Some
    global phase makes the first entry of :math:`v_S` real and positive, and of any other entry
    :math:`|v_j|\cos(\pi/K)\le\max_p\operatorname{Re}(e^{-2\pi ip/K}v_j)`; hence

    .. math:: \|v_S\|_{1,w}\cos(\pi/K)\le\max_\xi\operatorname{Re}\langle w\xi,v_S\rangle
              \le\max_\xi\max_j\frac{|w_j\xi_j1_{j\in S}-(A^*h_\xi)_j|}{w_j}\,\|v\|_{1,w},

    without the cosine if :math:`S` is a single column.
``arcs``
    The duals are complex, ``signs`` are products of arcs of phases, see ``nsp_arcs``.
``jn``
    :math:`M=I-Y^*A`.

Moduli are enclosed by integer square roots, phases by balls, in units of 2^-160.
"""

from fractions import Fraction
from math import isqrt

from flint import arb, ctx, fmpq, fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import ComplexArray
from kernelstab.certify.constants.matrix import modular_rank
from kernelstab.certify.constants.nsp_arcs import arc_bounds
from kernelstab.certify.constants.nsp_cover import UNIT, cover
from kernelstab.certify.constants.nsp_reading import best_part, read_groups, read_levels, read_weights
from kernelstab.certify.constants.reading import index_set, integers, matrix_rows, modulus, proof_kind
from kernelstab.certify.enclosure import ends

KINDS = {
    "lower": {"kernel-vector": ["columns", "entries", "imag"]},
    "upper": {"arcs": ["groups", "polygon"], "duals": ["groups", "polygon"], "jn": ["Y"],
              "trivial-kernel": ["prime"]},
}
MOST_PRODUCTS = 1 << 29
MOST_PHASES = 1 << 10
_BITS = 256


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound on the null space constant of a complex matrix that a proof proves.

    Raises
    ------
    CertificateError
        If the proof is malformed or proves nothing.
    """
    width = matrix.shape[1]
    weights, common = read_weights(options, width)
    levels = read_levels(order, options, width)
    kind = proof_kind(proof, KINDS[side])
    if kind == "kernel-vector":
        return _lower(matrix, proof, weights, levels)
    if kind in ("arcs", "duals"):
        own = (_on_arcs if kind == "arcs" else _own)(matrix, levels, proof, weights, common)
        return Fraction(cover(own, width, levels), UNIT)
    if kind == "jn":
        return _jn(matrix, proof["Y"], weights, levels)
    if modular_rank(matrix, prime=modulus(proof["prime"])) < width:
        raise CertificateError(f"the columns are dependent modulo {proof['prime']}")
    return Fraction(0)


def _lower(matrix, proof, weights, levels):
    columns = index_set(proof["columns"], "columns", matrix.shape[1])
    re, im = integers(proof["entries"], "entries"), integers(proof["imag"], "imag")
    if not len(columns) == len(re) == len(im) or not any(re + im):
        raise CertificateError("a kernel vector needs two parts per column, and one that is not zero")
    a, b = matrix.real.columns(columns), matrix.imag.columns(columns)
    x, y = fmpz_mat(len(re), 1, re), fmpz_mat(len(im), 1, im)
    if any(value != 0 for part in (a * x - b * y, a * y + b * x) for value in part.entries()):
        raise CertificateError("the vector does not lie in the null space")
    below, above = [0] * matrix.shape[1], [0] * matrix.shape[1]
    for j, p, q in zip(columns, re, im):
        # in units small against the modulus, so that rounding to them costs nothing
        square = weights[j] ** 2 * (p * p + q * q) * UNIT**2
        below[j] = isqrt(square)
        above[j] = below[j] + (below[j] ** 2 != square)
    return Fraction(best_part(below, levels), sum(above))


def _images(matrix, levels, groups):
    """Return supports, signs, and (A^* h)_j for every dual as pairs of integers over one denominator."""
    height, width = matrix.shape
    supports, signs, arrays = read_groups(groups, width, sum(free for _, free in levels))
    if len(supports) * height * width > MOST_PRODUCTS:
        raise CertificateError(f"{len(supports)} duals are more than are checked")
    rows = [row for array in arrays for row in _complex_rows(array, "duals", (None, height))]
    if len(rows) != len(supports):
        raise CertificateError(f"{len(supports)} supports have {len(rows)} duals")
    return supports, signs, *_conjugate_times(rows, matrix)


def _on_arcs(matrix, levels, proof, weights, common):
    """Return the supports whose arcs cover all phases, with the bounds that the duals prove."""
    supports, cells, products, scale = _images(matrix, levels, proof["groups"])
    below = [weight * scale for weight in weights]
    points = [([(common * re, common * im) for re, im in product], below) for product in products]
    return arc_bounds(supports, cells, points, proof["polygon"])


def _own(matrix, levels, proof, weights, common):
    """Return the supports with all their patterns of phases, with the bounds that the duals prove."""
    phases = proof["polygon"]
    if type(phases) is not int or not 3 <= phases <= MOST_PHASES:
        raise CertificateError(f"polygon must lie in [3, {MOST_PHASES}], got {phases!r:.60}")
    supports, signs, products, scale = _images(matrix, levels, proof["groups"])
    circle, secant = _circle(phases)
    found = {}
    for support, pattern, product in zip(supports, signs, products):
        if any(p != int(p) or not 0 <= p < phases for p in pattern):
            raise CertificateError(f"phases must be numbers from 0 to {phases - 1}")
        size = _residual(support, [circle[int(p)] for p in pattern], product, weights, scale, common)
        pattern = tuple(int(p - pattern[0]) % phases for p in pattern)
        patterns = found.setdefault(support, {})
        patterns[pattern] = min(size, patterns.get(pattern, size))
    return {support: _over_cosine(max(patterns.values()), secant if len(support) > 1 else Fraction(1))
            for support, patterns in found.items() if len(patterns) == phases ** (len(support) - 1)}


def _residual(support, phases, product, weights, scale, common):
    """Bound the largest |w_j xi_j - (A^* h)_j| / w_j from above, in units.

    The interval that holds a phase has rational ends; a coordinate is largest in size at one of them.
    """
    chosen = dict(zip(support, phases))
    largest = 0
    for j, parts in enumerate(product):
        full = weights[j] * scale
        square = 0
        for k, part in enumerate(parts):
            low, high = chosen[j][k] if j in chosen else (0, 0)
            away = max(abs(full * low - common * part * UNIT), abs(full * high - common * part * UNIT))
            square += away * away
        largest = max(largest, -(-square // (full * full)))
    return _root_above(largest)


def _root_above(square):
    root = isqrt(square)
    return root + (root * root != square)


def _over_cosine(size, secant):
    return -(-size * secant.numerator // secant.denominator)


def _circle(count):
    """Return the phases as two pairs of integers around each coordinate in units, and 1 / cos(pi / count)."""
    with ctx.workprec(_BITS):
        points = [arb.sin_cos_pi_fmpq(fmpq(2 * p, count)) for p in range(count)]
        around = [tuple(_integers_around(ends(value)) for value in (cos, sin)) for sin, cos in points]
        return around, ends(1 / arb.cos_pi_fmpq(fmpq(1, count)))[1]


def _integers_around(pair):
    low, high = pair
    return low * UNIT // 1, -(-high * UNIT // 1)


def _complex_rows(array, name, shape):
    """Return the rows of a real or complex array as pairs (real parts, imaginary parts)."""
    if isinstance(array, ComplexArray):
        return list(zip(matrix_rows(array.real, name, shape), matrix_rows(array.imag, name, shape)))
    return [(row, (0.0,) * len(row)) for row in matrix_rows(array, name, shape)]


def _conjugate_times(rows, matrix):
    """Return (A^* h)_j for every row h, as pairs of integers over one denominator.

    With A = P + iQ and h = x + iy: A^* h = (P^T x + Q^T y) + i (P^T y - Q^T x).
    """
    ratios = [[[value.as_integer_ratio() for value in part] for part in row] for row in rows]
    scale = max(q for row in ratios for part in row for _, q in part)       # powers of two
    x, y = (fmpz_mat([[p * (scale // q) for p, q in row[k]] for row in ratios]) for k in (0, 1))
    real, imag = matrix.real.numerators, matrix.imag.numerators
    parts = [[[int(value) for value in row] for row in part.tolist()]
             for part in (x * real + y * imag, y * real - x * imag)]
    return [list(zip(*row)) for row in zip(*parts)], scale * matrix.denominator


def _jn(matrix, array, weights, levels):
    height, width = matrix.shape
    if height * width * width > MOST_PRODUCTS:
        raise CertificateError(f"a matrix of {height} x {width} is larger than is checked")
    rows = _complex_rows(array, "Y", (height, width))
    columns = list(zip(zip(*(re for re, _ in rows)), zip(*(im for _, im in rows))))
    products, scale = _conjugate_times(columns, matrix)     # row i holds (A^* y_i)_j, conjugate to (Y^* A)_ij
    best = Fraction(0)
    for j in range(width):
        sizes = [weights[i] * _root_above(((p - scale * (i == j)) ** 2 + q * q) * UNIT**2)
                 for i, (p, q) in enumerate(row[j] for row in products)]
        best = max(best, Fraction(best_part(sizes, levels), weights[j] * scale * UNIT))
    return min(best, Fraction(1))
