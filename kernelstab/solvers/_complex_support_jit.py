r"""Compiled pieces on the support of a complex vector: products, the Hessian and its factors.

``B`` holds the columns :math:`a_j` of the matrix as rows, ``K[j, i]`` is :math:`a_i^*a_j`; only
the first ``count`` of each are in use. ``S`` lists the ``size`` entries in use. Real vectors of
length ``2*size`` hold real and imaginary parts, interleaved.
"""

import numpy as np
from numba import njit

BLOCK = 32     # columns factored at a time
RIDGE = 1e-14  # share of the largest diagonal entry, for columns that depend on each other, at first


@njit(cache=True, nogil=True)
def factor(H, n):
    """Factor the leading ``n`` rows of a symmetric matrix into U^T U, in its upper triangle.

    Rows are updated a block at a time by one product of matrices. Returns False if a pivot
    is not positive.
    """
    for first in range(0, n, BLOCK):
        last = min(first + BLOCK, n)
        if first > 0:
            above = np.ascontiguousarray(H[:first, first:n])
            left = np.ascontiguousarray(above[:, : last - first].T)
            H[first:last, first:n] -= np.dot(left, above)
        for k in range(first, last):
            pivot = H[k, k]
            if not pivot > 0.0:
                return False
            root = 1.0 / np.sqrt(pivot)
            for j in range(k, n):
                H[k, j] *= root
            for i in range(k + 1, last):
                scale = H[k, i]
                for j in range(i, n):
                    H[i, j] -= scale * H[k, j]
    return True


@njit(cache=True, nogil=True)
def solve(H, n, b):
    """Overwrite ``b`` with the solution for the matrix that ``factor`` has factored."""
    for k in range(n):
        b[k] /= H[k, k]
        scale = b[k]
        for j in range(k + 1, n):
            b[j] -= scale * H[k, j]
    for k in range(n - 1, -1, -1):
        b[k] = (b[k] - np.dot(H[k, k + 1 : n], b[k + 1 : n])) / H[k, k]


@njit(cache=True, nogil=True)
def curvature(K, S, size, x, lam, more, H):
    r"""Write the Hessian on the support, real and imaginary parts interleaved, and factor it.

    It is :math:`G_{SS}` plus :math:`\lambda(I-u_ju_j^T)/|x_j|` on the diagonal blocks, plus
    ``more`` on the diagonal.
    """
    ridge = RIDGE
    for _ in range(3):
        largest = 0.0
        for p in range(size):
            row = K[S[p]]
            largest = max(largest, row[S[p]].real)
            for q in range(p, size):
                value = row[S[q]]  # a_q^* a_p, the conjugate of the entry (p, q) of the Gram matrix
                H[2 * p, 2 * q] = value.real
                H[2 * p + 1, 2 * q + 1] = value.real
                H[2 * p, 2 * q + 1] = value.imag
                H[2 * p + 1, 2 * q] = -value.imag
        for p in range(size):
            z = x[S[p]]
            length = abs(z)
            bend = lam / length if lam > 0.0 else 0.0
            a, b = z.real / length, z.imag / length
            H[2 * p, 2 * p] += bend * b * b + more + ridge * largest
            H[2 * p + 1, 2 * p + 1] += bend * a * a + more + ridge * largest
            H[2 * p, 2 * p + 1] -= bend * a * b
        if factor(H, 2 * size):
            return True
        ridge *= 100.0
    return False


@njit(cache=True, nogil=True)
def gradient(K, count, c, x, g):
    """Write the correlations ``c - Gx`` into ``g``."""
    for i in range(count):
        g[i] = c[i]
    for j in range(count):
        value = x[j]
        if value != 0.0:
            row = K[j]
            for i in range(count):
                g[i] -= value * row[i]


@njit(cache=True, nogil=True)
def residual(B, count, y, x, r):
    """Write ``y - Ax`` into ``r`` and return its norm."""
    for i in range(y.size):
        r[i] = y[i]
    for j in range(count):
        value = x[j]
        if value != 0.0:
            row = B[j]
            for i in range(y.size):
                r[i] -= value * row[i]
    total = 0.0
    for i in range(y.size):
        total += r[i].real * r[i].real + r[i].imag * r[i].imag
    return np.sqrt(total)


@njit(cache=True, nogil=True)
def correlations(B, count, v, q):
    """Write the products ``a_j^* v`` into ``q``."""
    for j in range(count):
        q[j] = np.vdot(B[j], v)


@njit(cache=True, nogil=True)
def along(v, length, step, new):
    """Write ``v + length*step`` into ``new``."""
    for i in range(v.size):
        new[i] = v[i] + length * step[i]


@njit(cache=True, nogil=True)
def mass(x, count):
    """Return the absolute sum."""
    total = 0.0
    for j in range(count):
        total += abs(x[j])
    return total


@njit(cache=True, nogil=True)
def support(x, count, S):
    """List the entries that are not zero."""
    size = 0
    for j in range(count):
        if x[j] != 0.0:
            S[size] = j
            size += 1
    return size


@njit(cache=True, nogil=True)
def unfold(v, S, size, b):
    """Write the real and imaginary parts on the support into ``b``."""
    for p in range(size):
        b[2 * p], b[2 * p + 1] = v[S[p]].real, v[S[p]].imag


@njit(cache=True, nogil=True)
def mismatch(S, size, x, g, lam, count):
    """Return the relative errors of stationarity on the support and outside it."""
    inside, outside, peak = 0.0, 0.0, 0.0
    for p in range(size):
        j = S[p]
        inside = max(inside, abs(g[j] - lam * (x[j] / abs(x[j]))))
    for j in range(count):
        if x[j] == 0.0:
            outside = max(outside, g[j].real * g[j].real + g[j].imag * g[j].imag)
    peak = np.sqrt(outside)
    return inside / lam, max(peak / lam - 1.0, 0.0)
