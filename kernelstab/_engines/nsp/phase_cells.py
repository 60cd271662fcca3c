r"""Products of arcs of the unit circle, and what one dual vector proves on all phases of one.

The integer ``q`` stands for the arc around the phase :math:`e^{2\pi iq/K}`, ``K`` a power of two, that
reaches :math:`2\pi b/K` to both sides, ``b`` the largest power of two that divides ``q``; so the halves of
``q`` are ``q - b/2`` and ``q + b/2``, ``K/2`` is the whole circle, and 0 the phase 1 alone. A cell is one
such number per column of a support, 0 for the first column: a global phase changes nothing.
"""

from itertools import product

import numpy as np

_EPS = float(np.finfo(np.float64).eps)
_FIRST_ARCS = 8       # shorter than half the circle, as the corners need


def first_cells(size, polygon) -> np.ndarray:
    """Return the cells that a search of supports of one size begins with, shape (8^(size - 1), size).

    >>> first_cells(2, 64)[:3].tolist()
    [[0, 4], [0, 12], [0, 20]]
    """
    step = polygon // _FIRST_ARCS
    arcs = range(step // 2, polygon, step)
    return np.array([(0, *rest) for rest in product(arcs, repeat=size - 1)], np.int64)


def halves(cells):
    """Cut every cell across its widest arc, the first of them; return the cells ``(2 B, l)``.

    A cell that cannot be cut would become two equal ones: see :func:`widest`.

    >>> halves(np.array([[0, 12, 8]])).tolist()
    [[0, 12, 4], [0, 12, 12]]
    """
    widths = cells & -cells
    where = np.argmax(widths, axis=1)
    step = np.zeros_like(cells)
    rows = np.arange(len(cells))
    step[rows, where] = widths[rows, where] // 2
    return np.stack([cells - step, cells + step], axis=1).reshape(-1, cells.shape[1])


def widest(cells) -> np.ndarray:
    """Return the half-width of the widest arc of each cell, in units of the polygon."""
    return (cells & -cells).max(axis=1)


def ends(cells, polygon) -> np.ndarray:
    """Return the two ends of every arc, shape (2, B, l)."""
    angles, reach = 2 * np.pi * cells / polygon, 2 * np.pi * (cells & -cells) / polygon
    return np.exp(1j * np.stack([angles - reach, angles + reach]))


def cell_bounds(matrix, supports, cells, duals, polygon) -> np.ndarray:
    r"""Bound :math:`\max_\varphi\max_j|\varphi_j-(A^*h)_j|` over the phases of each cell, rounded up.

    On the null space :math:`\mathrm{Re}\langle\varphi,v_S\rangle=\mathrm{Re}\langle\varphi_S-A^*h,v\rangle`,
    so this bounds :math:`\|v_S\|_1/\|v\|_1` for all ``v`` whose phases lie in the cell. On an arc shorter
    than half the circle the distance from :math:`c` is largest at an end, unless the arc holds
    :math:`-c/|c|`, which it does not if its middle lies on the side of :math:`c`. Otherwise the corner
    where the tangents at the ends meet is taken too: the arc lies in that triangle, and a distance is
    convex.

    Parameters
    ----------
    matrix : ndarray, shape (m, N)
    supports, cells : ndarray of int, shape (B, l)
    duals : ndarray, shape (B, m)
    polygon : int
    """
    m = len(matrix)
    products = duals @ matrix.conj()
    slack = 4 * (m + 8) * _EPS * (np.abs(duals) @ np.abs(matrix) + 2)
    moduli = np.abs(products) + slack
    np.put_along_axis(moduli, supports, 0.0, axis=1)
    centres = np.take_along_axis(products, supports, axis=1)
    middle, reach = np.exp(2j * np.pi * cells / polygon), 2 * np.pi * (cells & -cells) / polygon
    distances = np.abs(ends(cells, polygon) - centres).max(axis=0)
    corner = np.where((middle.conj() * centres).real > 0, 0.0, np.abs(middle / np.cos(reach) - centres))
    inside = np.maximum(distances, corner) + np.take_along_axis(slack, supports, axis=1)
    return np.maximum(moduli.max(axis=1), inside.max(axis=1))
