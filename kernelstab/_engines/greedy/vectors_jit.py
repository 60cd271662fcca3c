"""Compiled sums over vectors, real or complex."""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER


@njit(**INNER)
def square(z):
    """Return the squared modulus; for real numbers one multiplication."""
    return (z * np.conj(z)).real


@njit(**INNER)
def inner(u, v):
    """Return the inner product; four sums, as each addition waits for the last."""
    n = u.size
    a = b = c = d = 0.0 * u[0]
    for i in range(0, n - 3, 4):
        a += np.conj(u[i]) * v[i]
        b += np.conj(u[i + 1]) * v[i + 1]
        c += np.conj(u[i + 2]) * v[i + 2]
        d += np.conj(u[i + 3]) * v[i + 3]
    for i in range(n - n % 4, n):
        a += np.conj(u[i]) * v[i]
    return (a + b) + (c + d)


@njit(**INNER)
def norm(v):
    """Return the Euclidean norm."""
    return np.sqrt(inner(v, v).real)


@njit(**INNER)
def combine(target, factors, rows, order, count):
    """Add ``sum_i factors[i] * rows[order[i]]`` to ``target``, four rows at a time.

    Factors beyond ``count`` become zero; there is memory for three more than ``count``.
    """
    for i in range(count, count + (-count) % 4):
        factors[i] = 0.0
    last = count - 1
    for i in range(0, count, 4):
        a, b, c, d = factors[i], factors[i + 1], factors[i + 2], factors[i + 3]
        p, q = rows[order[i]], rows[order[min(i + 1, last)]]
        r, s = rows[order[min(i + 2, last)]], rows[order[min(i + 3, last)]]
        for j in range(target.size):
            target[j] += (a * p[j] + b * q[j]) + (c * r[j] + d * s[j])


@njit(**INNER)
def correlate(target, u, A, factors, order):
    """Write ``u^H A`` into ``target``."""
    for j in range(target.size):
        target[j] = 0.0
    for i in range(u.size):
        factors[i] = np.conj(u[i])
    combine(target, factors, A, order, u.size)
