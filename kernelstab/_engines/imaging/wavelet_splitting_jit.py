"""Compiled passes of the splitting loop: one reading and one writing of every image.

With ``clip(z)`` the nearest point of the disc of radius ``tau * w`` the proximal point of z is
``z - clip(z)`` and its reflection ``z - 2 clip(z)``. Arrays are flat and of one precision,
without constants of another one; ``w`` holds the weights, or one number for all. Complex arrays
come as pairs of reals.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import OUTER


@njit(**OUTER)
def reflect_real(z, tau, w, v):
    """Write the reflection of z to v."""
    each = w.size > 1
    for i in range(z.size):
        t = tau * (w[i] if each else w[0])
        c = min(max(z[i], -t), t)
        v[i] = z[i] - (c + c)


@njit(**OUTER)
def reflect_complex(z, tau, w, v):
    """The same for complex entries."""
    each = w.size > 1
    for i in range(z.size // 2):
        t = tau * (w[i] if each else w[0])
        a, b = z[2 * i], z[2 * i + 1]
        share = t / max(np.sqrt(a * a + b * b), t)
        share += share
        v[2 * i] = a - share * a
        v[2 * i + 1] = b - share * b


@njit(**OUTER)
def advance_real(z, g, total, factor, relaxation, tau, w):
    """Subtract ``relaxation * clip(z) + factor * g`` from z, add what is left to total, reflect it into g."""
    each = w.size > 1
    for i in range(z.size):
        t = tau * (w[i] if each else w[0])
        a = z[i] - (relaxation * min(max(z[i], -t), t) + factor * g[i])
        z[i] = a
        total[i] += a
        c = min(max(a, -t), t)
        g[i] = a - (c + c)


@njit(**OUTER)
def advance_complex(z, g, total, factor, relaxation, tau, w):
    """The same for complex entries."""
    each = w.size > 1
    for i in range(z.size // 2):
        t = tau * (w[i] if each else w[0])
        a, b = z[2 * i], z[2 * i + 1]
        share = relaxation * (t / max(np.sqrt(a * a + b * b), t))
        a -= share * a + factor * g[2 * i]
        b -= share * b + factor * g[2 * i + 1]
        z[2 * i], z[2 * i + 1] = a, b
        total[2 * i] += a
        total[2 * i + 1] += b
        share = t / max(np.sqrt(a * a + b * b), t)
        share += share
        g[2 * i] = a - share * a
        g[2 * i + 1] = b - share * b


@njit(**OUTER)
def residual(spectrum, index, data, weight, out, lessen):
    """Write ``spectrum - data`` at the sampled places to out; return its squared norm and product with data.

    With ``lessen`` the spectrum is subtracted from out instead. ``weight`` counts each place: 2 where a half
    spectrum stands for two conjugate frequencies.
    """
    square, inner = 0.0, 0.0
    for k in range(index.size):
        i = index[k]
        r = out[i] - spectrum[i] if lessen else spectrum[i] - data[k]
        out[i] = r
        square += weight[k] * (r.real * r.real + r.imag * r.imag)
        inner += weight[k] * (r.real * data[k].real + r.imag * data[k].imag)
    return square, inner
