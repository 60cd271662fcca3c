"""Compiled: what the residual adds to the dual point of a support and its signs, and what the sum proves.

Correlations are rows ``u^H A``, the conjugate of ``A^H u``.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER
from kernelstab._engines.duality_gap import EPSILON
from kernelstab._engines.duality_gap_jit import best_multiple, gap_of, with_rounding
from kernelstab._engines.greedy.vectors_jit import inner, norm, square


@njit(**INNER)
def reach(start, slope, noise):
    r"""Return the largest t >= 0 with :math:`|q_j+tp_j|\le1` wherever :math:`|p_j|` is not rounding.

    Infinite if all slopes are rounding, zero if a modulus above 1 grows. Entries of modulus 1 with no
    slope are the support and its duplicates. The moduli are convex in t, so an entry that is at most 1
    at the t of those before it does not lower it, and few roots are taken.
    """
    still, t = noise * noise, np.inf
    for j in range(slope.size):
        still = max(still, 1e-20 * square(slope[j]))
    for j in range(start.size):
        bend = square(slope[j])
        if bend <= still:
            continue
        half, left = (np.conj(start[j]) * slope[j]).real, square(start[j]) - 1.0
        if t < np.inf and left + t * (2.0 * half + t * bend) <= 0.0:
            continue
        left = min(left, 0.0)
        root = np.sqrt(half * half - left * bend)
        # Two forms of one root, so that nothing cancels.
        t = min(t, -left / (half + root) if half > 0.0 else (root - half) / bend)
    return t


@njit(**INNER)
def prove(kind, picks, values, count, size, column, vectors, correlations, x, numbers):
    r"""Find what a direction h and the residual r prove of a point with ``count`` nonzero values.

    They are the rows of ``vectors``; those of ``correlations`` are ``h^H A`` and ``r^H A``. The residual of a
    least squares fit is orthogonal to the support, so :math:`h+tr` has the same signs there; its dual value
    at the noise level :math:`\|r\|`,

    .. math:: \|x\|_1 + t\|r\|^2 - \|r\|\sqrt{\|h\|^2+t^2\|r\|^2},

    grows with :math:`t`, so the largest :math:`t` that keeps :math:`|A^*(h+tr)|\le1` off the support is
    the best, but for rounding. That moves the correlations of the support by up to ``noise`` times t,
    which costs so much of each unit of :math:`\|x\|_1`, and it moves the product of norms.
    With :math:`\kappa\|r\|^2` the cost per unit of t, the difference is largest where
    :math:`t\|r\|=\tan\beta\,\|h\|` for :math:`\sin\beta=1-\kappa`; this ends t where no column sees the
    residual. Where noise times :math:`\|x\|_1` is not less than :math:`\|r\|^2`, h is better as it is.

    h becomes the multiple of the sum that proves most, ``x``, which is zero, the point, and ``numbers``
    the objective, the dual objective, the gap and :math:`\|r\|`. ``size`` is the norm of the data,
    ``column`` a norm that the longest column has at least, and ``kind`` is QCBP.
    """
    h, r, along_h, along_r = vectors[0], vectors[1], correlations[0], correlations[1]
    total = along = greatest = 0.0
    for i in range(count):
        total += abs(values[i])
        x[picks[i]] = values[i]
    length, left = norm(h), inner(r, r).real
    noise = 4.0 * EPSILON * column * (size + column * total)
    if total > 0.0 and noise * total < left:
        cost = noise * total / left + 4.0 * EPSILON
        most = (1.0 - cost) * length / np.sqrt(cost * (2.0 - cost) * left)
        t = min(reach(along_h, along_r, noise), most)
        for i in range(h.size):
            h[i] += t * r[i]
        for j in range(along_h.size):
            along_h[j] += t * along_r[j]
        length = norm(h)
    for j in range(along_h.size):
        greatest = max(greatest, square(along_h[j]))
    for i in range(count):
        along += (values[i] * along_h[picks[i]]).real
    residual, product = np.sqrt(left), inner(h, r).real
    greatest = with_rounding(np.sqrt(greatest), column, length)
    t = best_multiple(kind, residual, 1.0, product + along, length, greatest)
    found = gap_of(kind, residual, total, total - t * along, residual, t * length, t * product, 0.0)
    for i in range(h.size):
        h[i] *= t
    numbers[0], numbers[1] = found.objective, found.dual_objective
    numbers[2], numbers[3] = found.gap, residual


@njit(**OUTER)
def prove_point(kind, picks, values, size, column, vectors, correlations, x, numbers):
    """Find what several pairs of a direction and the residual prove of one point."""
    for p in range(vectors.shape[0]):
        prove(kind, picks, values, picks.size, size, column, vectors[p], correlations[p], x, numbers[p])
