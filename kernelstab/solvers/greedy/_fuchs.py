"""The dual point that a support and signs suggest, and what the residual adds to it."""

from math import sqrt

import numpy as np

from kernelstab.solvers.greedy._columns import columns_of

ROUNDING = 1e-13  # a residual this small beside the data carries no direction


def dual_direction(system, support, values, residual, column, pulled=None, fuchs=None):
    r"""Return the best dual direction ``h`` for QCBP at the level of the residual, and ``A^H h``.

    With the columns :math:`B` on the support and the signs :math:`\sigma` of the values, the point
    :math:`h_0=B(B^*B)^{-1}\sigma` is the shortest with :math:`B^*h_0=\sigma`; the compiled ``join`` adds
    what it can of the residual. Where :math:`h_0` itself breaks its bound, the judge scales it. The
    residual alone competes where the point may be no least squares fit; of a fit it is worth nothing.
    ``column`` is a norm that the longest column has at least; ``pulled`` is ``A^H r``, where known;
    ``fuchs`` is the :math:`h_0` of a fit, where known.
    """
    from kernelstab.solvers.greedy._dual_jit import blur, join

    level, size, fitted = _norm(residual), _norm(system.y), fuchs is not None
    if not support.size:
        return residual, pulled
    if fuchs is None:
        columns = columns_of(system, support)
        fuchs = columns.image(columns.solve(values / np.abs(values)))
    pulled_fuchs = system.adjoint(fuchs)
    mass = float(np.abs(values).sum())
    noise = blur(size, max(column, np.abs(pulled_fuchs).max() / _norm(fuchs)), mass)
    joins = noise * mass < level * level
    if level <= ROUNDING * size or (fitted and not joins):
        return fuchs, pulled_fuchs
    pulled = system.adjoint(residual) if pulled is None else pulled
    if joins:
        join(fuchs, pulled_fuchs, residual, pulled, noise, mass)
    if fitted:
        return fuchs, pulled_fuchs
    pairs = [(fuchs, pulled_fuchs), (residual, pulled)]
    return max(pairs, key=lambda pair: _value(*pair, system.y, level))


def _value(h, pulled, y, level):
    """Return the dual value of the multiple of ``h`` that just meets its constraint."""
    peak = np.abs(pulled).max()
    return (np.vdot(h, y).real - level * _norm(h)) / peak if peak > 0 else 0.0


def _norm(v):
    return sqrt(np.vdot(v, v).real)
