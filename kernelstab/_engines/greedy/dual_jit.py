"""Compiled: what the residual adds to the dual point of a support and its signs, and what the sum proves.

Correlations are rows ``u^H A``, the conjugate of ``A^H u``.
"""

import numpy as np
from numba import njit

from kernelstab._engines.compiling_jit import INNER, OUTER
from kernelstab._engines.duality_gap import EPSILON
from kernelstab._engines.duality_gap_jit import best_multiple, gap_of, with_rounding
from kernelstab._engines.greedy.pursuit_jit import inner, square


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


@njit(**OUTER)
def judge(kind, picks, values, counts, sizes, columns, dual, correlation, residual, slope, numbers):
    r"""Find what dual points prove of sparse points, as candidates for QCBP at the noise level of their residuals.

    Row ``p`` of ``dual`` is a direction h, for which ``correlation`` holds ``h^H A``, and ``slope`` does so for
    the residual. The residual :math:`r` of a least squares fit is orthogonal to the support, so
    :math:`h+tr` has the same signs there; its dual value at the noise level :math:`\|r\|`,

    .. math:: \|x\|_1 + t\|r\|^2 - \|r\|\sqrt{\|h\|^2+t^2\|r\|^2},

    grows with :math:`t`, so the largest :math:`t` that keeps :math:`|A^*(h+tr)|\le1` off the support is
    the best, but for rounding. That moves the correlations of the support by up to ``noise`` times t,
    which costs so much of each unit of :math:`\|x\|_1`, and it moves the product of norms.
    With :math:`\kappa\|r\|^2` the cost per unit of t, the difference is largest where
    :math:`t\|r\|=\tan\beta\,\|h\|` for :math:`\sin\beta=1-\kappa`; this ends t where no column sees the
    residual. Where noise times :math:`\|x\|_1` is not less than :math:`\|r\|^2`, h is better as it is.

    ``dual`` becomes the multiple of the sum that proves most; a row of ``numbers`` becomes the objective, the
    dual objective, the gap and the norm of the residual. ``sizes`` are the norms of the data, ``columns``
    norms that the longest columns have at least, and ``kind`` is QCBP.
    """
    for p in range(counts.size):
        h, along_h, r, along_r, column = dual[p], correlation[p], residual[p], slope[p], columns[p]
        total = 0.0
        for i in range(counts[p]):
            total += abs(values[p, i])
        length, left = np.sqrt(inner(h, h).real), inner(r, r).real
        noise = 4.0 * EPSILON * column * (sizes[p] + column * total)
        if total > 0.0 and noise * total < left:
            cost = noise * total / left + 4.0 * EPSILON
            most = (1.0 - cost) * length / np.sqrt(cost * (2.0 - cost) * left)
            t = min(reach(along_h, along_r, noise), most)
            for i in range(h.size):
                h[i] += t * r[i]
            for j in range(along_h.size):
                along_h[j] += t * along_r[j]
            length = np.sqrt(inner(h, h).real)
        largest = along = 0.0
        for j in range(along_h.size):
            largest = max(largest, square(along_h[j]))
        for i in range(counts[p]):
            along += (values[p, i] * along_h[picks[p, i]]).real
        size, product = np.sqrt(left), inner(h, r).real
        largest = with_rounding(np.sqrt(largest), column, length)
        t = best_multiple(kind, size, 1.0, product + along, length, largest)
        found = gap_of(kind, size, total, total - t * along, size, t * length, t * product, 0.0)
        for i in range(h.size):
            h[i] *= t
        numbers[p, 0], numbers[p, 1], numbers[p, 2] = found.objective, found.dual_objective, found.gap
        numbers[p, 3] = size
