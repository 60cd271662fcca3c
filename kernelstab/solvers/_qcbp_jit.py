"""Compiled steps of the primal-dual method for dense matrices with orthonormal rows."""

from collections import namedtuple

import numpy as np
from numba import njit

Walk = namedtuple("Walk", ["x", "u", "x_new", "u_new", "x_sum", "u_sum"])


@njit(cache=True)
def project(v, s, b, radius):
    """Project ``v`` on the ellipsoid of all ``c`` with ``||s*c - b|| <= radius``.

    The multiplier ``l`` solves ``||r/(1 + l s^2)|| = radius`` with ``r = s*v - b``. The
    reciprocal of the left side is an increasing concave function of ``l`` (a power mean of
    linear functions), so Newton's method on it climbs from 0 and never overshoots.
    """
    r = s * v - b
    size = np.sqrt(np.sum(np.abs(r) ** 2))
    if size <= radius:
        return v.copy()
    if radius == 0.0:
        return b / s
    s2, l = s * s, 0.0
    for _ in range(60):
        d = 1.0 + l * s2
        q = np.abs(r / d) ** 2
        size = np.sqrt(np.sum(q))
        step = (size / radius - 1.0) * size * size / np.sum(q * s2 / d)
        l += step
        if step <= 1e-15 * l:
            break
    return (v + l * (s * b)) / (1.0 + l * s2)


@njit(cache=True)
def steps(Q, s, b, radius, walk, tau, relaxation, count):
    """Take ``count`` steps; the same arithmetic as the loop for operators."""
    x, u, x_new, u_new, x_sum, u_sum = walk
    for _ in range(count):
        x_new = x - tau * np.conj(np.dot(Q.T, np.conj(u)))
        for i in range(x_new.size):
            size = abs(x_new[i])
            x_new[i] = x_new[i] * (1.0 - tau / size) if size > tau else 0.0
        v = tau * u + np.dot(Q, 2.0 * x_new - x)
        u_new = (v - project(v, s, b, radius)) / tau
        x = x_new + relaxation * (x_new - x)
        u = u_new + relaxation * (u_new - u)
        x_sum = x_sum + x_new
        u_sum = u_sum + u_new
    return Walk(x, u, x_new, u_new, x_sum, u_sum)
