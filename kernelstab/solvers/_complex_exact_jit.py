"""Compiled end of basis pursuit on a support: the exact solution and a dual point for it."""

import numpy as np
from numba import njit

from kernelstab.solvers._complex_support_jit import curvature, residual, solve, support


@njit(cache=True, nogil=True)
def interpolate(B, S, size, signs, H, b, h):
    """Move ``h`` as little as possible to ``a_j^* h = signs_j`` on the support, refined once."""
    for _ in range(2):
        for p in range(size):
            value = signs[S[p]] - np.vdot(B[S[p]], h)
            b[2 * p], b[2 * p + 1] = value.real, value.imag
        solve(H, 2 * size, b)
        for p in range(size):
            value, row = complex(b[2 * p], b[2 * p + 1]), B[S[p]]
            for i in range(h.size):
                h[i] += value * row[i]


@njit(cache=True, nogil=True)
def fits(B, count, h):
    """Return whether ``h`` obeys the dual constraint on the columns at hand."""
    largest = 0.0
    for j in range(count):
        largest = max(largest, abs(np.vdot(B[j], h)))
    return largest <= 1.0 + 1e-9


@njit(cache=True, nogil=True)
def least_squares(B, K, count, y, S, size, z, H, b, r):
    """Make ``z`` the least squares solution on its support, refined once; norm of the residual, or -1."""
    if size == 0 or not curvature(K, S, size, z, 0.0, 0.0, H):
        return -1.0
    for _ in range(2):
        residual(B, count, y, z, r)
        for p in range(size):
            value = np.vdot(B[S[p]], r)
            b[2 * p], b[2 * p + 1] = value.real, value.imag
        solve(H, 2 * size, b)
        for p in range(size):
            z[S[p]] += complex(b[2 * p], b[2 * p + 1])
    return residual(B, count, y, z, r)


@njit(cache=True, nogil=True)
def exact(B, K, count, y, x, lam, limit, S, H, b, z, r, h):
    r"""Try to end at an exact solution carried by the support of ``x``; True if it is one.

    ``z`` becomes the least squares solution on the support, without the entries that vanish;
    its residual must be at most ``limit``. The dual point ``h``
    must have :math:`a_j^*h=u_j` where z lives and obey :math:`|a_i^*h|\le1` for all columns at
    hand. Two are tried: the shortest one, and the one next to the residual of ``x`` that also has
    the signs of ``x`` where z vanishes.
    """
    size = support(x, count, S)
    signs, away = np.empty(count, np.complex128), np.empty(y.size, np.complex128)
    for j in range(count):
        z[j] = x[j]
    residual(B, count, y, x, away)
    missed = least_squares(B, K, count, y, S, size, z, H, b, r)
    if missed < 0.0 or missed > limit:
        return False
    largest = 0.0
    for p in range(size):
        largest = max(largest, abs(z[S[p]]))
    for p in range(size):
        j = S[p]
        if abs(z[j]) <= 1e-10 * largest:
            z[j] = 0.0
        signs[j] = z[j] / abs(z[j]) if z[j] != 0.0 else x[j] / abs(x[j])
    for i in range(y.size):
        h[i] = away[i] / lam
    interpolate(B, S, size, signs, H, b, h)
    near = fits(B, count, h)
    kept = support(z, count, S)
    if kept < size:
        missed = least_squares(B, K, count, y, S, kept, z, H, b, r)
    if missed < 0.0 or missed > limit:
        return False
    if near:
        return True
    for i in range(y.size):
        h[i] = 0.0
    interpolate(B, S, kept, signs, H, b, h)
    return fits(B, count, h)
