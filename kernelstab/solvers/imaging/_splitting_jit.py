"""Compiled passes of the splitting loop: one reading and one writing of every image.

With ``clip(z)`` the nearest point of the disc of radius ``tau * w`` the proximal point of z is
``z - clip(z)`` and its reflection ``z - 2 clip(z)``. Flat arrays; ``w`` holds the weights, or one number.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def reflect_real(z, tau, w, v):
    """Write the reflection of z to v."""
    for i in range(z.size):
        t = tau * (w[i] if w.size > 1 else w[0])
        v[i] = z[i] - 2.0 * min(max(z[i], -t), t)


@njit(cache=True, nogil=True)
def reflect_complex(z, tau, w, v):
    for i in range(z.size):
        t = tau * (w[i] if w.size > 1 else w[0])
        a, b = z[i].real, z[i].imag
        share = 1.0 - 2.0 * t / max(np.sqrt(a * a + b * b), t) if t > 0.0 else 1.0
        v[i] = complex(share * a, share * b)


@njit(cache=True, nogil=True)
def advance_real(z, g, factor, relaxation, tau, w):
    """Subtract ``relaxation * (clip(z) + factor * g)`` from z and overwrite g by the new reflection."""
    for i in range(z.size):
        t = tau * (w[i] if w.size > 1 else w[0])
        a = z[i] - relaxation * (min(max(z[i], -t), t) + factor * g[i])
        z[i] = a
        g[i] = a - 2.0 * min(max(a, -t), t)


@njit(cache=True, nogil=True)
def advance_complex(z, g, factor, relaxation, tau, w):
    for i in range(z.size):
        t = tau * (w[i] if w.size > 1 else w[0])
        a, b = z[i].real, z[i].imag
        share = 1.0 - relaxation * t / max(np.sqrt(a * a + b * b), t) if t > 0.0 else 1.0
        c, d = share * a - relaxation * factor * g[i].real, share * b - relaxation * factor * g[i].imag
        z[i] = complex(c, d)
        share = 1.0 - 2.0 * t / max(np.sqrt(c * c + d * d), t) if t > 0.0 else 1.0
        g[i] = complex(share * c, share * d)


@njit(cache=True, nogil=True)
def residual(spectrum, index, data, weight, out):
    """Write ``spectrum - data`` at the sampled places to out; return its squared norm and product with data.

    ``weight`` counts each place: 2 where a half spectrum stands for two conjugate frequencies.
    """
    square, inner = 0.0, 0.0
    for k in range(index.size):
        i = index[k]
        r = spectrum[i] - data[k]
        out[i] = r
        square += weight[k] * (r.real * r.real + r.imag * r.imag)
        inner += weight[k] * (r.real * data[k].real + r.imag * data[k].imag)
    return square, inner
