"""Compiled steps of the primal-dual method for dense matrices with orthonormal rows."""

from collections import namedtuple

import numpy as np
from numba import njit

Walk = namedtuple("Walk", ["x", "c", "u", "x_new", "c_new", "u_new", "x_sum", "c_sum", "u_sum"])
Data = namedtuple("Data", ["s", "b", "radius", "price", "nonneg", "free"])


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
def approach(v, s, b, tau, outside):
    """Minimise ``tau * sqrt(||s*c - b||^2 + outside^2) + ||c - v||^2/2``.

    The minimiser is ``(t v + s b)/(t + s^2)``, where ``t`` is the root divided by ``tau``: it solves
    ``||r/(t + s^2)||^2 + (outside/t)^2 = tau^2`` with ``r = s*v - b``. As in ``project``, the
    reciprocal root of the left side is increasing and concave, and Newton's method climbs
    from ``outside/tau``, where the left side is too large. If it is not, the residual vanishes.
    """
    s2 = s * s
    r2 = np.abs(s * v - b) ** 2
    t = outside / tau
    for _ in range(60):
        d = t + s2
        q = r2 / (d * d)
        far = (outside / t) ** 2 if t > 0.0 else 0.0
        value = np.sum(q) + far
        if value <= tau * tau:
            break
        slope = np.sum(q / d) + (far / t if t > 0.0 else 0.0)
        step = (np.sqrt(value) / tau - 1.0) * value / slope
        t += step
        if step <= 1e-15 * t:
            break
    return (t * v + s * b) / (t + s2)


@njit(cache=True)
def steps(Q, data, walk, tau, relaxation, count):
    """Take ``count`` steps; the same arithmetic as the loop for operators.

    ``c`` is always the image of ``x`` under ``Q``; ``radius`` is that of the ball where it is a
    constraint, and the distance outside the range where the residual is a price (``free``).
    """
    x, c, u, x_new, c_new, u_new, x_sum, c_sum, u_sum = walk
    s, b, radius, price, nonneg, free = data
    threshold = tau * price
    for _ in range(count):
        x_new = x - tau * np.conj(np.dot(Q.T, np.conj(u)))
        for i in range(x_new.size):
            size = x_new[i].real if nonneg else abs(x_new[i])
            x_new[i] = x_new[i] * (1.0 - threshold / size) if size > threshold else 0.0
        c_new = np.dot(Q, x_new)
        v = tau * u + 2.0 * c_new - c
        u_new = (v - (approach(v, s, b, tau, radius) if free else project(v, s, b, radius))) / tau
        x = x_new + relaxation * (x_new - x)
        c = c_new + relaxation * (c_new - c)
        u = u_new + relaxation * (u_new - u)
        x_sum = x_sum + x_new
        c_sum = c_sum + c_new
        u_sum = u_sum + u_new
    return Walk(x, c, u, x_new, c_new, u_new, x_sum, c_sum, u_sum)
