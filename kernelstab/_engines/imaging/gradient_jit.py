"""Compiled passes of the methods for total variation over images and fields.

An image is an array (rows, n) of reals, a field of differences (d, rows, n): one component per axis of the
image, the last along the rows. A pixel is ``parts`` neighbouring reals, two for complex images, and
``step[c, row]`` is the row that follows along axis c < d - 1, periodically. Sums and maxima are kept per
column, so that they need no reordering to run at vector speed; numbers come in the precision of the images,
so that nothing is widened on the way: ``one`` is 1 in it. ``share`` and ``line`` are memory for one row: a
line for each size and a line for each component. With one size for all components a pixel is measured by the
Euclidean norm of its differences (isotropic), otherwise each difference is measured by its modulus.
"""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import INNER, OUTER


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
