r"""Bounds on supports of a complex matrix from duals that each serve a product of arcs of phases.

The integer :math:`q` stands for the arc around the phase :math:`e^{2\pi iq/K}`, :math:`K` a power of two,
that reaches :math:`2\pi b/K` to both sides, where :math:`b` is the largest power of two that divides
:math:`q`; its halves are :math:`q\pm b/2`, the whole circle is :math:`K/2`, and 0 is the phase 1 alone. A
cell is one such number per column of a support, 0 for the first: some global phase makes the first entry
of :math:`v_S` real and positive. For all phases :math:`\varphi` of a cell, :math:`c=A^*h`, and weights
:math:`w`,

.. math:: \operatorname{Re}\langle w\varphi,v_S\rangle
          \le\max_j\frac{|w_j\varphi_j1_{j\in S}-c_j|}{w_j}\,\|v\|_{1,w}.

On an arc shorter than half the circle the distance from a point :math:`z` is largest at an end, unless
the arc holds :math:`-z/|z|`, which it does not if its middle lies on the side of :math:`z`. Otherwise the
point where the tangents at the ends meet is taken too: the arc lies in that triangle. Cells cover all
phases if the whole torus, cut again and again across its widest arc, the first of them, falls into them.
"""

from functools import lru_cache

from flint import arb, ctx, fmpq

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.matrix import whole_root_above
from kernelstab.certify.constants.nsp_cover import UNIT
from kernelstab.certify.enclosure import ends

MOST_ARCS = 1 << 30
_BITS = 256


def arc_bounds(supports, cells, points, polygon) -> dict:
    """Return the bounds, in units, of the supports whose cells cover all phases.

    ``cells`` holds numbers as read from a proof for each support, ``points`` for each cell the points
    c_j / w_j: pairs of integer parts, and a denominator per column; ``polygon`` is K.

    >>> half = ([(1, 0), (1, 0)], [2, 2])          # c = (1/2, 1/2), for the row (1, 1)
    >>> arc_bounds([(0,)], [(0,)], [half], 32) == {(0,): UNIT // 2}
    True
    """
    if type(polygon) is not int or not 32 <= polygon <= MOST_ARCS or polygon & (polygon - 1):
        raise CertificateError(f"polygon must be a power of two in [32, {MOST_ARCS}], got {polygon!r:.60}")
    found: dict = {}
    for support, cell, (parts, below) in zip(supports, cells, points):
        if any(q != int(q) or not 0 < q < polygon for q in cell[1:]) or cell[0] != 0:
            raise CertificateError(f"a cell must be 0 and then numbers from 1 to {polygon - 1}")
        cell = tuple(int(q) for q in cell)
        if any(4 * _reach(q) >= polygon for q in cell):
            raise CertificateError("an arc must be shorter than half the circle")
        bound = _cell_bound(dict(zip(support, cell)), parts, below, polygon)
        own = found.setdefault(support, {})
        own[cell] = min(bound, own.get(cell, bound))
    whole = {support: _covered((0,) + (polygon // 2,) * (len(support) - 1), own)
             for support, own in found.items()}
    return {support: bound for support, bound in whole.items() if bound is not None}


def _reach(q):
    return q & -q


def _covered(cell, own):
    """Return the largest bound of the known cells that fill a cell, or None if they do not fill it."""
    if cell in own:
        return own[cell]
    reaches = [_reach(q) for q in cell]
    widest = max(reaches)
    if widest < 2:
        return None
    at = reaches.index(widest)
    bounds = []
    for half in (cell[at] - widest // 2, cell[at] + widest // 2):
        bound = _covered((*cell[:at], half, *cell[at + 1:]), own)
        if bound is None:
            return None
        bounds.append(bound)
    return max(bounds)


@lru_cache(maxsize=1 << 16)
def _point(q, polygon):
    """Return pairs of integers, in units, around the cosine and the sine of 2 pi q / K."""
    with ctx.workprec(_BITS):
        sin, cos = arb.sin_cos_pi_fmpq(fmpq(2 * q, polygon))
        return _around(cos), _around(sin)


@lru_cache(maxsize=1 << 16)
def _corner(q, polygon):
    """Return pairs around the point where the tangents at the ends of the arc ``q`` meet."""
    with ctx.workprec(_BITS):
        sin, cos = arb.sin_cos_pi_fmpq(fmpq(2 * q, polygon))
        secant = 1 / arb.cos_pi_fmpq(fmpq(2 * _reach(q), polygon))
        return _around(cos * secant), _around(sin * secant)


def _around(ball):
    low, high = ends(ball)
    return low * UNIT // 1, -(-high * UNIT // 1)


def _cell_bound(arcs, parts, below, polygon):
    """Bound the largest distance of a phase of the cell, or of 0, from its point, in units."""
    largest = 0
    for j, (point, full) in enumerate(zip(parts, below)):
        if j not in arcs:
            largest = max(largest, -(-(point[0] ** 2 + point[1] ** 2) * UNIT**2 // full**2))
            continue
        q = arcs[j]
        ends_of = (q - _reach(q), q + _reach(q)) if q else (0,)
        corners = [_point(end, polygon) for end in ends_of]
        # the least value of the inner product of the middle with the point
        side = sum(min(a * x, b * x) for (a, b), x in zip(_point(q, polygon), point))
        if q and side <= 0:
            corners.append(_corner(q, polygon))
        largest = max(largest, *(_square(corner, point, full) for corner in corners))
    return whole_root_above(largest)


def _square(corner, point, full):
    """Bound the squared distance of a point known to intervals from ``point / full``, in squared units."""
    square = 0
    for (low, high), part in zip(corner, point):
        away = max(abs(full * low - part * UNIT), abs(full * high - part * UNIT))
        square += away * away
    return -(-square // full**2)
