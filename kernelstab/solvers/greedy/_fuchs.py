"""The dual point that a support and signs suggest, and what the residual adds to it."""

from math import sqrt

import numpy as np

ROUNDING = 1e-13  # a residual this small beside the data carries no direction


def dual_direction(system, columns, signs, residual, pulled=None):
    r"""Return the better dual direction ``h`` for QCBP at the level of the residual, and ``A^H h``.

    With the columns :math:`B` on the support and the signs :math:`\sigma`, the point
    :math:`h_0=B(B^*B)^{-1}\sigma` is the shortest with :math:`B^*h_0=\sigma`. The residual
    :math:`r` of a least squares fit is orthogonal to :math:`B`, so :math:`h_0+tr` has the same
    signs on the support; its dual value at the level :math:`\|r\|`,

    .. math:: \|x\|_1 + t\|r\|^2 - \|r\|\sqrt{\|h_0\|^2+t^2\|r\|^2},

    grows with :math:`t`, so the largest :math:`t` that keeps :math:`|A^*(h_0+tr)|\le1` off
    the support is the best. Where :math:`h_0` itself breaks that bound, the judge scales it.
    The residual alone competes with both. ``pulled`` is ``A^H r``, where known.
    """
    level, size = _norm(residual), _norm(system.y)
    if not signs.size:
        return residual, pulled
    fuchs = columns.image(columns.solve(signs))
    pulled_fuchs = system.adjoint(fuchs)
    if level <= ROUNDING * size:
        return fuchs, pulled_fuchs
    pulled = system.adjoint(residual) if pulled is None else pulled
    t = reach(pulled_fuchs, pulled)
    pairs = [(fuchs + t * residual, pulled_fuchs + t * pulled), (residual, pulled)]
    return max(pairs, key=lambda pair: _value(*pair, system.y, level))


def reach(start, slope):
    r"""Return the largest t >= 0 with :math:`|q_j+tp_j|\le1` wherever :math:`p_j` is not rounding.

    Zero if that fails at once. Entries of modulus 1 with no slope are the support and its
    duplicates. Works along the last axis.

    >>> float(reach(np.array([1.0, 0.5, -0.25]), np.array([0.0, 0.25, -0.25])))
    2.0
    """
    square = slope.real**2 + slope.imag**2
    moving = square > 1e-20 * square.max(axis=-1, keepdims=True)
    half, left = (start.conj() * slope).real, start.real**2 + start.imag**2 - 1.0
    left, square = np.where(moving, np.minimum(left, 0.0), -1.0), np.where(moving, square, 1.0)
    half = np.where(moving, half, 0.0)
    root = np.sqrt(half**2 - square * left)
    # Two forms of one root, so that nothing cancels.
    bottom = np.where(half > 0, half + root, 1.0)
    t = np.where(moving, np.where(half > 0, -left / bottom, (root - half) / square), np.inf).min(axis=-1)
    return np.where(np.isfinite(t), t, 0.0)


def _value(h, pulled, y, level):
    """Return the dual value of the multiple of ``h`` that just meets its constraint."""
    peak = np.abs(pulled).max()
    return (np.vdot(h, y).real - level * _norm(h)) / peak if peak > 0 else 0.0


def _norm(v):
    return sqrt(np.vdot(v, v).real)
