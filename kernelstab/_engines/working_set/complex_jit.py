r"""Compiled pieces of a round for the complex problems.

``gram[j, i]`` is :math:`a_i^*a_j` and ``rows[j]`` is :math:`a_j`; the columns in use are as many as ``x`` has
entries. ``c`` is :math:`A^*y` on them and ``g`` is :math:`A^*(y-Ax)`.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import OUTER


@njit(**OUTER)
def descend(gram, c, x, g, lam, most):
    """Minimise over one entry after the other, ``most`` times, until the support stays the same."""
    for _ in range(most):
        changes = 0
        for j in range(x.size):
            old, square = x[j], gram[j, j].real
            if square == 0.0:
                continue
            z = g[j] + square * old
            size, new = z.real * z.real + z.imag * z.imag, 0.0j
            if size > lam * lam:
                new = z * ((1.0 - lam / np.sqrt(size)) / square)
            if new == old:
                continue
            if (new == 0.0) != (old == 0.0):
                changes += 1
            step, row = new - old, gram[j]
            x[j] = new
            for i in range(x.size):
                g[i] -= step * row[i]
        if changes == 0:
            break
    for i in range(x.size):
        g[i] = c[i]
    for j in range(x.size):
        value, row = x[j], gram[j]
        if value != 0.0:
            for i in range(x.size):
                g[i] -= value * row[i]


@njit(**OUTER)
def mismatch(rows, y, x, g, lam, r):
    """Write the residual into ``r``; return the errors of stationarity, relative to ``lam``, and two norms.

    On the support, outside it, the norm of the residual and the sum of the absolute values.
    """
    inside, outside, total, square = 0.0, 0.0, 0.0, 0.0
    for i in range(y.size):
        r[i] = y[i]
    for j in range(x.size):
        value, row = x[j], rows[j]
        if value != 0.0:
            size = abs(value)
            total += size
            inside = max(inside, abs(g[j] - lam * (value / size)))
            for i in range(y.size):
                r[i] -= value * row[i]
        else:
            outside = max(outside, g[j].real * g[j].real + g[j].imag * g[j].imag)
    for i in range(y.size):
        square += r[i].real * r[i].real + r[i].imag * r[i].imag
    return inside / lam, max(np.sqrt(outside) / lam - 1.0, 0.0), np.sqrt(square), total


@njit(**OUTER)
def newton_equation(gram, support, x, g, lam, more, ridge):
    r"""Return the Hessian on the support, its lower triangle in Fortran order, and two right sides.

    Real and imaginary parts are interleaved. The Hessian is :math:`G_{SS}` plus
    :math:`\lambda(I-u_ju_j^T)/|x_j|` on the diagonal blocks, plus ``more`` and ``ridge`` times the largest
    entry of the Gram matrix on the diagonal. The right sides are :math:`g-\lambda u` and the signs u.
    """
    size, largest = support.size, 0.0
    H, right = np.empty((2 * size, 2 * size)), np.empty((2, 2 * size))
    for p in range(size):
        largest = max(largest, gram[support[p], support[p]].real)
    for p in range(size):
        j, row = support[p], gram[support[p]]
        for q in range(p, size):
            value = row[support[q]]  # a_q^* a_p, the conjugate of the entry (p, q) of the Gram matrix
            H[2 * p, 2 * q] = value.real
            H[2 * p + 1, 2 * q + 1] = value.real
            H[2 * p, 2 * q + 1] = value.imag
            H[2 * p + 1, 2 * q] = -value.imag
        length = abs(x[j])
        bend = lam / length
        a, b = x[j].real / length, x[j].imag / length
        H[2 * p, 2 * p] += bend * b * b + more + ridge * largest
        H[2 * p + 1, 2 * p + 1] += bend * a * a + more + ridge * largest
        H[2 * p, 2 * p + 1] -= bend * a * b
        right[0, 2 * p], right[0, 2 * p + 1] = g[j].real - lam * a, g[j].imag - lam * b
        right[1, 2 * p], right[1, 2 * p + 1] = a, b
    return H.T, right


@njit(**OUTER)
def move(gram, c, support, x, g, step, length, lam, new, new_g):
    """Write ``x + length*step`` into ``new``, zero where that turns by a right angle or more, and its ``g``.

    Returns how many entries became zero, and by how much the objective for ``lam`` changes; no large numbers
    cancel.
    """
    lost, gain = 0, 0.0
    for i in range(x.size):
        new[i], new_g[i] = 0.0, c[i]
    for p in range(support.size):
        j = support[p]
        z, old = x[j] + length * step[p], x[j]
        if old != 0.0 and z.real * old.real + z.imag * old.imag <= 0.0:
            lost += 1
        elif old != 0.0:
            new[j] = z
            row = gram[j]
            for i in range(x.size):
                new_g[i] -= z * row[i]
    for p in range(support.size):
        j = support[p]
        d, s = new[j] - x[j], g[j] + new_g[j]
        gain += lam * (abs(new[j]) - abs(x[j])) - 0.5 * (d.real * s.real + d.imag * s.imag)
    return lost, gain


@njit(**OUTER)
def line(rows, y, support, x, new, new_g, lam, v):
    r"""Return :math:`\|p\|^2`, :math:`\mathrm{Re}\langle p,A_Sv\rangle`, :math:`\|A_Sv\|^2`, p the residual.

    p and ``new_g`` are those of ``new``, and ``v`` solves Newton's equation at ``x`` with its signs on the
    right, so that :math:`G_{SS}v` is known without a product.
    """
    pp, pv, vv, r = 0.0, 0.0, 0.0, y.copy()
    for p in range(support.size):
        j = support[p]
        value, row, n = new[j], rows[j], abs(x[j])
        for i in range(y.size):
            r[i] -= value * row[i]
        ur, ui, vr, vi = x[j].real / n, x[j].imag / n, v[p].real, v[p].imag
        across = ur * vi - ui * vr
        pv += new_g[j].real * vr + new_g[j].imag * vi
        vv += ur * vr + ui * vi - lam / n * across * across
    for i in range(y.size):
        pp += r[i].real * r[i].real + r[i].imag * r[i].imag
    return pp, pv, vv
