"""Compiled passes of the methods for images: over fields of differences, and over spectra.

An image is an array (rows, n) of reals, a field of differences (d, rows, n): one component per axis of the
image, the last along the rows. A pixel is ``parts`` neighbouring reals, two for complex images, and
``step[c, row]`` is the row that follows along axis c < d - 1, periodically. Sums and maxima are kept per
column, so that they need no reordering to run at vector speed; numbers come in the precision of the images,
so that nothing is widened on the way: ``one`` is 1 in it. ``share`` and ``line`` are memory for one row: a
line for each size and a line for each component. With one size for all components a pixel is measured by the
Euclidean norm of its differences (isotropic), otherwise each difference is measured by its modulus.

Between two Fourier transforms every frequency is by itself: ``outer[row] + last[j]`` is the eigenvalue of the
Laplacian at a frequency; it vanishes at the mean only. The sampled places are flat indices with data,
eigenvalue ``d`` and ``a``, the factor by which the forward operator multiplies there (one entry if it is 1
everywhere).
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER

FARTHEST = 1e17     # a multiplier beyond all that fitting asks for, where the largest |a| is 1


@njit(**INNER)
def sizes(p, row, share, parts):
    """Write the sizes of the field in a row to ``share``, the same number for all parts of a pixel."""
    d, n, lines = p.shape[0], p.shape[2], share.shape[0]
    for c in range(d):
        v, f = p[c, row], share[min(c, lines - 1)]
        if c < lines:
            for k in range(n):
                f[k] = v[k] * v[k]
        else:
            for k in range(n):
                f[k] += v[k] * v[k]
    for c in range(lines):
        f = share[c]
        if parts == 2:
            for k in range(n // 2):
                both = f[2 * k] + f[2 * k + 1]
                f[2 * k] = both
                f[2 * k + 1] = both
        for k in range(n):
            f[k] = np.sqrt(f[k])


@njit(**INNER)
def add_difference(v, x, c, row, step, parts, factor):
    """Add ``factor`` times the difference of x along axis c to the line v."""
    n, here = v.size, x[row]
    if c < step.shape[0]:
        following = x[step[c, row]]
        for k in range(n):
            v[k] += factor * (following[k] - here[k])
    else:
        following, last, end = here[parts:], here[n - parts:], v[n - parts:]
        for k in range(n - parts):
            v[k] += factor * (following[k] - here[k])
        for k in range(parts):
            end[k] += factor * (here[k] - last[k])


@njit(**INNER)
def add_adjoint(v, b, c, row, step, parts):
    """Add the adjoint difference of the line v to the image b."""
    n, here = v.size, b[row]
    for k in range(n):
        here[k] -= v[k]
    if c < step.shape[0]:
        following = b[step[c, row]]
        for k in range(n):
            following[k] += v[k]
    else:
        following, end = here[parts:], v[n - parts:]
        for k in range(n - parts):
            following[k] += v[k]
        for k in range(parts):
            here[k] += end[k]


@njit(**OUTER)
def advance(s, x, b, step, parts, share, line, scale, relaxation, t, ratio, one):
    """Take a step ``s += relaxation * (scale Dx - z)``, then add the adjoint difference of ``2z - s`` to b.

    z is s shrunk by t. With the next threshold, ``ratio * t``, s becomes ``z + ratio * (s - z)``.
    """
    d, rows, n = s.shape
    lines, rest = share.shape[0], line[0, 0]
    for row in range(rows):
        sizes(s, row, share, parts)
        for c in range(lines):
            f = share[c]
            for k in range(n):
                f[k] = relaxation * (one - t / max(f[k], t))
        for c in range(d):
            v, f = s[c, row], share[min(c, lines - 1)]
            for k in range(n):
                v[k] -= f[k] * v[k]
            add_difference(v, x, c, row, step, parts, scale * relaxation)
        sizes(s, row, share, parts)
        for c in range(lines):
            f = share[c]
            for k in range(n):
                f[k] = t / max(f[k], t)
        for c in range(d):
            v, f = s[c, row], share[min(c, lines - 1)]
            for k in range(n):
                rest[k] = (one - (one + ratio) * f[k]) * v[k]
            if ratio != one:
                for k in range(n):
                    v[k] -= (one - ratio) * f[k] * v[k]
            add_adjoint(rest, b, c, row, step, parts)


@njit(**OUTER)
def mismatch(s, x, p, step, parts, share, scale, t, one):
    """Write the field ``(scale Dx - 2z + s)/t`` to p; its adjoint is what the last x-step left."""
    d, rows, n = s.shape
    lines = share.shape[0]
    for row in range(rows):
        sizes(s, row, share, parts)
        for c in range(d):
            v, f, q = s[c, row], share[min(c, lines - 1)], p[c, row]
            for k in range(n):
                q[k] = ((one + one) / max(f[k], t) - one / t) * v[k]
            add_difference(q, x, c, row, step, parts, scale / t)


@njit(**OUTER)
def project(p, x, b, step, parts, share, line, rho, relaxation, one):
    """Move p by ``relaxation`` times the way to ``p + rho Dx``, clipped; add its adjoint to b."""
    d, rows, n = p.shape
    lines = share.shape[0]
    for row in range(rows):
        for c in range(d):
            q, v = p[c, row], line[c, 0]
            for k in range(n):
                v[k] = q[k]
            if rho != 0.0:
                add_difference(v, x, c, row, step, parts, rho)
        sizes(line, row - row, share, parts)      # 0, but no constant: that would be compiled once more
        for c in range(d):
            q, v, f = p[c, row], line[c, 0], share[min(c, lines - 1)]
            for k in range(n):
                q[k] += relaxation * (v[k] / max(f[k], one) - q[k])
            add_adjoint(q, b, c, row, step, parts)


@njit(**OUTER)
def correct(p, x, step, parts, share, top, sums, factor):
    """Add ``factor * Dx`` to p and return the largest size of the result; write its sums to ``sums``.

    There is one sum of sizes for each column, ``parts`` times; ``top`` is memory for maxima. A field p of one
    row is overwritten row by row, so that the sums are those of ``factor * Dx`` alone.
    """
    d, n, lines, rows = p.shape[0], p.shape[2], share.shape[0], x.shape[0]
    for k in range(n):
        top[k] = 0.0
        sums[k] = 0.0
    for row in range(rows):
        place = min(row, p.shape[1] - 1)
        for c in range(d):
            v = p[c, place]
            if row > place:
                for k in range(n):
                    v[k] = 0.0
            add_difference(v, x, c, row, step, parts, factor)
        sizes(p, place, share, parts)
        for c in range(lines):
            f = share[c]
            for k in range(n):
                top[k] = max(top[k], f[k])
                sums[k] += f[k]
    largest = top[0]
    for k in range(1, n):
        largest = max(largest, top[k])
    return largest


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
