"""Compiled proximal point method for one lambda, where coordinate descent is slow."""

import numpy as np
from numba import njit

from kernelstab.solvers._complex_support_jit import (
    along,
    correlations,
    curvature,
    mismatch,
    residual,
    solve,
    support,
    unfold,
)


@njit(cache=True, nogil=True)
def shrunk(x, q, sigma, lam, z):
    """Write the soft threshold of ``x + sigma*q`` at ``sigma*lam`` into ``z``; return its squared norm."""
    total, bound = 0.0, sigma * lam
    for j in range(z.size):
        value = x[j] + sigma * q[j]
        size = value.real * value.real + value.imag * value.imag
        z[j] = 0.0
        if size > bound * bound:
            size = np.sqrt(size)
            z[j] = value * ((size - bound) / size)
            total += (size - bound) ** 2
    return total


@njit(cache=True, nogil=True)
def height(h, y, square, sigma):
    """Return the dual function that ``settle`` descends."""
    return 0.5 * np.vdot(h, h).real - np.vdot(h, y).real + 0.5 * square / sigma


@njit(cache=True, nogil=True)
def settle(B, K, count, y, lam, x, r, S, goal, budget):
    r"""Solve for one lambda where coordinate descent is slow: proximal points, Newton on their dual.

    The proximal point :math:`\operatorname{argmin}F(z)+\|z-x\|^2/2\sigma` is the soft
    threshold of :math:`x+\sigma A^*h` where h minimises the smooth, strongly convex

    .. math:: \tfrac12\|h\|^2-\mathrm{Re}\langle h,y\rangle
        +\tfrac1{2\sigma}\|\mathrm{soft}(x+\sigma A^*h)\|^2 .

    Its generalised Hessian is the identity plus a matrix on the support of z; inverted by
    the formula of Woodbury, it needs the Hessian of F on the support plus :math:`I/\sigma`.
    Entries come and go by the threshold, so no step is cut short by an entry that passes zero.
    Returns the number of Newton steps.
    """
    m, H = y.size, np.empty((0, 0))
    h, h_new, slope, step = r.copy(), r.copy(), r.copy(), r.copy()
    z, w = np.empty(count, np.complex128), np.empty(count, np.complex128)
    q, q_new, turn = z.copy(), z.copy(), z.copy()
    b = np.empty(2 * count)
    largest = 0.0
    for j in range(count):
        largest = max(largest, K[j, j].real)
    sigma, steps = 10.0 / largest, 0
    while steps < budget and sigma * largest < 1e12:
        correlations(B, count, h, q)
        value = height(h, y, shrunk(x, q, sigma, lam, z), sigma)
        for _ in range(20):
            residual(B, count, y, z, r)
            along(h, -1.0, r, slope)
            drift = 0.0
            for j in range(count):
                drift = max(drift, abs(z[j] - x[j]))
            steep = np.sqrt(np.vdot(slope, slope).real)
            if steep * np.sqrt(largest) <= max(0.2 * min(drift / sigma, lam), 0.1 * goal * lam):
                break
            size = support(z, count, S)
            if H.shape[0] < 2 * size:
                room = min(2 * count, 3 * size + 16)
                H = np.empty((room, room))
            if not curvature(K, S, size, z, lam, 1.0 / sigma, H):
                return steps
            correlations(B, count, slope, turn)
            unfold(turn, S, size, b)
            solve(H, 2 * size, b)
            for i in range(m):
                step[i] = -slope[i]
            for p in range(size):
                weight, row = complex(b[2 * p], b[2 * p + 1]), B[S[p]]
                for i in range(m):
                    step[i] += weight * row[i]
            correlations(B, count, step, turn)
            fall, length, found = np.vdot(slope, step).real, 1.0, False
            for _ in range(12):
                along(h, length, step, h_new)
                along(q, length, turn, q_new)
                new = height(h_new, y, shrunk(x, q_new, sigma, lam, w), sigma)
                if new <= value + 1e-4 * length * fall + 1e-15 * abs(value):
                    found = True
                    break
                length *= 0.5
            steps += 1
            if not found:
                break
            h, h_new, q, q_new, z, w, value = h_new, h, q_new, q, w, z, new
        for j in range(count):
            x[j] = z[j]
        residual(B, count, y, x, r)
        correlations(B, count, r, turn)
        inside, outside = mismatch(S, support(x, count, S), x, turn, lam, count)
        if max(inside, outside) <= goal:
            break
        sigma *= 4.0
    return steps
