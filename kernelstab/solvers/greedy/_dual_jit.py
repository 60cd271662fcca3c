"""Compiled: what the residual adds to the dual point of a support and its signs, and what the sum proves.

Products with the adjoint are rows ``u^H A``, the conjugate of ``A^H u``.
"""

from collections import namedtuple

import numpy as np
from numba import njit

EPSILON = float(np.finfo(np.float64).eps)
HEARD = 1e-12     # a share of rounding below this is left out of account

Proof = namedtuple("Proof", ["multiple", "objective", "dual_objective", "gap"])


@njit(cache=True, nogil=True)
def square(z):
    """Return the squared modulus; for real numbers one multiplication."""
    return (z * np.conj(z)).real


@njit(cache=True, nogil=True)
def inner(u, v):
    """Return the real part of the inner product; four sums, as each addition waits for the last."""
    a = b = c = d = 0.0
    n = u.size
    for i in range(0, n - 3, 4):
        a += (np.conj(u[i]) * v[i]).real
        b += (np.conj(u[i + 1]) * v[i + 1]).real
        c += (np.conj(u[i + 2]) * v[i + 2]).real
        d += (np.conj(u[i + 3]) * v[i + 3]).real
    for i in range(n - n % 4, n):
        a += (np.conj(u[i]) * v[i]).real
    return (a + b) + (c + d)


@njit(cache=True, nogil=True)
def energy(v):
    """Return the squared norm; expressions with arrays take the compiler long."""
    return inner(v, v)


@njit(cache=True, nogil=True)
def copy(source, target):
    """Write ``source`` into ``target``."""
    for i in range(source.size):
        target[i] = source[i]


@njit(cache=True, nogil=True)
def largest_square(v):
    """Return the largest squared modulus."""
    best = 0.0
    for j in range(v.size):
        size = square(v[j])
        best = size if size > best else best
    return best


@njit(cache=True, nogil=True)
def blur(size, column, mass):
    """Return what rounding leaves of the correlation of a column with the residual of a fit.

    ``size`` is the norm of the data, ``column`` that of the longest column, ``mass`` the absolute sum.
    """
    return 4.0 * EPSILON * column * (size + column * mass)


@njit(cache=True, nogil=True)
def reach(start, slope, noise):
    r"""Return the largest t >= 0 with :math:`|q_j+tp_j|\le1` wherever :math:`|p_j|` is not rounding.

    Infinite if all slopes are rounding, zero if a modulus above 1 grows. Entries of modulus 1 with no
    slope are the support and its duplicates. The moduli are convex in t, so an entry that is at most 1
    at the t of those before it does not lower it, and few roots are taken.

    >>> float(reach(np.array([1.0, 0.5, -0.25]), np.array([0.0, 0.25, -0.25]), 0.0))
    2.0
    """
    still = max(1e-20 * largest_square(slope), noise * noise)
    t = np.inf
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


@njit(cache=True, nogil=True)
def join(h, pulled, residual, slope, noise, mass):
    r"""Add to ``h`` as much of the residual as the constraint allows.

    The residual :math:`r` of a least squares fit is orthogonal to the support, so :math:`h+tr` has the
    same signs there; its dual value at the level :math:`\|r\|`,

    .. math:: \|x\|_1 + t\|r\|^2 - \|r\|\sqrt{\|h\|^2+t^2\|r\|^2},

    grows with :math:`t`, so the largest :math:`t` that keeps :math:`|A^*(h+tr)|\le1` off the support is
    the best, but for rounding. That moves the correlations of the support by up to ``noise`` times t,
    which costs so much of each unit of the ``mass`` :math:`\|x\|_1`, and it moves the product of norms.
    With :math:`\kappa\|r\|^2` the cost per unit of t, the difference is largest where
    :math:`t\|r\|=\tan\beta\,\|h\|` for :math:`\sin\beta=1-\kappa`; this ends t where no column sees the
    residual. ``pulled`` and ``slope`` are what the matrix makes of the two vectors. To be called where
    noise times mass is less than :math:`\|r\|^2`; elsewhere ``h`` is better as it is.
    """
    left = energy(residual)
    cost = noise * mass / left + 4.0 * EPSILON
    most = (1.0 - cost) * np.sqrt(energy(h) / (cost * (2.0 - cost) * left))
    t = min(reach(pulled, slope, noise), most)
    for i in range(h.size):
        h[i] += t * residual[i]
    for j in range(pulled.size):
        pulled[j] += t * slope[j]


@njit(cache=True, nogil=True)
def prove(values, picks, h, pulled, residual, level, longest):
    """Return what the sparse point and the best multiple of ``h`` prove, as ``Problem.judge`` does for qcbp.

    The level is the norm of the residual, so nothing is infeasible; ``longest`` is the norm of the
    longest column.
    """
    mass = along = 0.0
    for i in range(values.size):
        mass += abs(values[i])
        along += (values[i] * pulled[picks[i]]).real
    length, product = np.sqrt(energy(h)), inner(h, residual)
    peak, lost = np.sqrt(largest_square(pulled)), 4.0 * EPSILON * longest * length
    peak += lost if lost > HEARD * peak else 0.0
    t = 1.0 / peak if peak > 0.0 and product + along > level * length else 0.0
    gap = max(mass - t * along, 0.0) + max(t * (length * level - product), 0.0)  # below 0 by rounding only
    return Proof(t, mass, mass - gap, gap)
