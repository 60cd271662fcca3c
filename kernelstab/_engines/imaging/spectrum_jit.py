"""Compiled steps between two Fourier transforms: every frequency by itself.

``outer[row] + last[j]`` is the eigenvalue of the Laplacian at a frequency; it vanishes at the
mean only. The sampled places are flat indices with data, eigenvalue ``d`` and ``a``, the
factor by which the forward operator multiplies there (one entry if it is 1 everywhere).
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import OUTER

FARTHEST = 1e17     # a multiplier beyond all that fitting asks for, where the largest |a| is 1


@njit(**OUTER)
def divide(B, outer, last, one):
    """Divide a spectrum by ``outer + last``; where that is 0 it becomes 0.

    ``one`` is 1 in the precision of the eigenvalues, so that nothing is widened on the way.
    """
    for row in range(B.shape[0]):
        line, base = B[row], outer[row]
        for j in range(last.size):
            total = base + last[j]
            line[j] *= one / total if total > 0.0 else total


@njit(**OUTER)
def mismatches(flat, index, data, a, d, weight, r, q):
    """Write ``d (a x - data)`` to r and its weighted square to q."""
    for k in range(index.size):
        g = d[k] * (a[k if a.size > 1 else 0] * flat[index[k]] - data[k])
        r[k] = g
        q[k] = weight[k] * (g.real * g.real + g.imag * g.imag)


@njit(**OUTER)
def multiplier(q, d, a, radius, mu):
    r"""Return the ``mu >= 0`` with :math:`\sum q/(d+\mu|a|^2)^2=radius^2`, or 0 if 0 leaves less.

    The reciprocal root of the sum is an increasing concave function of ``mu`` (a power mean
    of linear functions), so Newton's method on it climbs from the left without overshooting,
    and comes to the left in one step from the right.
    """
    top = 0.0
    for k in range(a.size):
        top = max(top, a[k].real * a[k].real + a[k].imag * a[k].imag)
    most = FARTHEST / top if top > 0.0 else 0.0
    for _ in range(100):
        size2, slope = 0.0, 0.0
        for k in range(q.size):
            if q[k] > 0.0:
                v = a[k if a.size > 1 else 0]
                a2 = v.real * v.real + v.imag * v.imag
                w = 1.0 / (d[k] + mu * a2)
                e = q[k] * w * w
                size2 += e
                slope += e * w * a2
        size = np.sqrt(size2)
        if (mu == 0.0 and size <= radius) or slope == 0.0:
            return mu
        change = (size / radius - 1.0) * size2 / slope
        if change > most:    # what is left is outside the range of A
            return mu
        if mu + change <= 0.0:
            mu = 0.0
            continue
        mu += change
        if abs(change) <= 1e-10 * mu:
            break
    return mu


@njit(**OUTER)
def fit(flat, index, data, a, d, weight, r, mu, radius):
    r"""Write ``(d x + mu conj(a) data)/(d + mu |a|^2)`` to the sampled places and the residual to r.

    On entry r holds ``d (a x - data)``. Where ``a`` is one number it is 1; there an infinite
    ``mu`` means exact data, and what Newton's method left of an excess over the radius is taken away.
    """
    if a.size == 1:
        square = 0.0
        for k in range(index.size):
            below = d[k] + mu
            g = r[k] * (1.0 / below) if below > 0.0 else flat[index[k]] - data[k]
            square += weight[k] * (g.real * g.real + g.imag * g.imag)
            r[k] = g
        share = radius / np.sqrt(square) if square > radius * radius else 1.0
        for k in range(index.size):
            r[k] *= share
            flat[index[k]] = data[k] + r[k]
        return
    for k in range(index.size):
        v = a[k]
        a2 = v.real * v.real + v.imag * v.imag
        below = d[k] + mu * a2
        if a2 == 0.0:
            r[k] = -data[k]
        elif below > 0.0:
            r[k] = r[k] * (1.0 / below)
            flat[index[k]] = (d[k] * flat[index[k]] + mu * np.conj(v) * data[k]) * (1.0 / below)
        else:
            r[k] = v * flat[index[k]] - data[k]
