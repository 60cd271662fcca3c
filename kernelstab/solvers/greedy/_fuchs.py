"""The dual point that a support and signs suggest, and what the residual adds to it."""

from math import sqrt

import numpy as np


def dual_direction(system, columns, signs, residual, pulled=None):
    r"""Return the better dual direction ``h`` for QCBP at the level of the residual, and ``A^H h``.

    With the columns :math:`B` on the support and the signs :math:`\sigma`, the point
    :math:`h_0=B(B^*B)^{-1}\sigma` is the shortest with :math:`B^*h_0=\sigma`; the compiled ``join`` adds
    what it can of the residual. Where :math:`h_0` itself breaks its bound, the judge scales it. The
    residual alone competes: its value is not 0 where the point is no least squares fit. ``pulled`` is
    ``A^H r``, where known.
    """
    from kernelstab.solvers.greedy._dual_jit import ROUNDING, join

    level, size = _norm(residual), _norm(system.y)
    if not signs.size:
        return residual, pulled
    fuchs = columns.image(columns.solve(signs))
    pulled_fuchs = system.adjoint(fuchs)
    if level <= ROUNDING * size:
        return fuchs, pulled_fuchs
    pulled = system.adjoint(residual) if pulled is None else pulled
    join(fuchs, pulled_fuchs, residual, pulled)
    pairs = [(fuchs, pulled_fuchs), (residual, pulled)]
    return max(pairs, key=lambda pair: _value(*pair, system.y, level))


def _value(h, pulled, y, level):
    """Return the dual value of the multiple of ``h`` that just meets its constraint."""
    peak = np.abs(pulled).max()
    return (np.vdot(h, y).real - level * _norm(h)) / peak if peak > 0 else 0.0


def _norm(v):
    return sqrt(np.vdot(v, v).real)
