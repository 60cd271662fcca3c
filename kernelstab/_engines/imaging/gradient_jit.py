"""Compiled passes of the total variation methods over images and fields.

An image is an array (rows, n), a field of differences (d, rows, n): one component per axis
of the image, the last along the rows. ``step[c, row]`` is the row that follows along axis
c < d - 1, periodically. Sums and maxima are kept per column, so that they need no reordering
to run at vector speed; numbers come in the precision of the images, so that nothing is widened
on the way: ``one`` is 1 in it. ``joint`` says whether a pixel is measured by the Euclidean norm of
its differences (isotropic) or each difference by itself.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def sizes(p, row, joint, out):
    """Write the size of the field in a row to ``out``: one line, or one per component."""
    d, _, n = p.shape
    if joint:
        for k in range(n):
            out[0, k] = 0.0
        for c in range(d):
            v = p[c, row]
            for k in range(n):
                out[0, k] += v[k].real * v[k].real + v[k].imag * v[k].imag
        for k in range(n):
            out[0, k] = np.sqrt(out[0, k])
    else:
        for c in range(d):
            v = p[c, row]
            for k in range(n):
                out[c, k] = np.sqrt(v[k].real * v[k].real + v[k].imag * v[k].imag)


@njit(cache=True, nogil=True, error_model="numpy")
def add_difference(v, x, c, row, step, factor):
    """Add ``factor`` times the difference of x along axis c to the line v."""
    n, here = v.size, x[row]
    if c < step.shape[0]:
        following = x[step[c, row]]
        for k in range(n):
            v[k] += factor * (following[k] - here[k])
    else:
        for k in range(n - 1):
            v[k] += factor * (here[k + 1] - here[k])
        v[n - 1] += factor * (here[0] - here[n - 1])


@njit(cache=True, nogil=True, error_model="numpy")
def add_adjoint(v, b, c, row, step):
    """Add the adjoint difference of the line v to the image b."""
    n, here = v.size, b[row]
    for k in range(n):
        here[k] -= v[k]
    if c < step.shape[0]:
        following = b[step[c, row]]
        for k in range(n):
            following[k] += v[k]
    else:
        for k in range(n - 1):
            here[k + 1] += v[k]
        here[0] += v[n - 1]


@njit(cache=True, nogil=True, error_model="numpy")
def advance(s, x, b, step, joint, relaxation, t, ratio, one):
    """Take a step ``s += relaxation * (Dx - z)``, then write the adjoint of ``2z - s`` to b.

    z is s shrunk by t, and p = (s - z)/t the dual field. ``ratio`` is the next threshold
    over t: with another penalty, s becomes ``z + ratio * t * p``, the same pair of points.
    """
    d, rows, n = s.shape
    lines = 1 if joint else d
    share, line = np.empty((lines, n), s.real.dtype), np.empty(n, s.dtype)
    b[:] = 0.0
    for row in range(rows):
        sizes(s, row, joint, share)
        for c in range(lines):
            f = share[c]
            for k in range(n):
                f[k] = relaxation * (one - t / max(f[k], t))
        for c in range(d):
            v, f = s[c, row], share[0 if joint else c]
            for k in range(n):
                v[k] -= f[k] * v[k]
            add_difference(v, x, c, row, step, relaxation)
        sizes(s, row, joint, share)
        for c in range(lines):
            f = share[c]
            for k in range(n):
                f[k] = t / max(f[k], t)
        for c in range(d):
            v, f = s[c, row], share[0 if joint else c]
            for k in range(n):
                line[k] = (one - (one + ratio) * f[k]) * v[k]
            if ratio != one:
                for k in range(n):
                    v[k] -= (one - ratio) * f[k] * v[k]
            add_adjoint(line, b, c, row, step)


@njit(cache=True, nogil=True, error_model="numpy")
def mismatch(s, x, p, step, joint, t, one):
    """Write the field ``(Dx - 2z + s)/t`` to p; its adjoint is what the last x-step left."""
    d, rows, n = s.shape
    share = np.empty((1 if joint else d, n), s.real.dtype)
    for row in range(rows):
        sizes(s, row, joint, share)
        for c in range(d):
            v, f, q = s[c, row], share[0 if joint else c], p[c, row]
            for k in range(n):
                q[k] = ((one + one) / max(f[k], t) - one / t) * v[k]
            add_difference(q, x, c, row, step, one / t)


@njit(cache=True, nogil=True, error_model="numpy")
def clip(p, b, step, joint, relaxation, one):
    """Move p towards (and by ``relaxation`` > 1 beyond) the unit balls; write its adjoint to b."""
    d, rows, n = p.shape
    share = np.empty((1 if joint else d, n), p.real.dtype)
    b[:] = 0.0
    for row in range(rows):
        sizes(p, row, joint, share)
        for c in range(d):
            q, f = p[c, row], share[0 if joint else c]
            for k in range(n):
                q[k] *= one + relaxation * (one / max(f[k], one) - one)
            add_adjoint(q, b, c, row, step)


@njit(cache=True, nogil=True, error_model="numpy")
def ascend(p, x, b, step, joint, rho, relaxation, one):
    """Move p by ``relaxation`` times the way to ``p + rho Dx``, clipped; write its adjoint to b."""
    d, rows, n = p.shape
    share, line = np.empty((1 if joint else d, n), p.real.dtype), np.empty((d, 1, n), p.dtype)
    b[:] = 0.0
    for row in range(rows):
        for c in range(d):
            line[c, 0] = p[c, row]
            add_difference(line[c, 0], x, c, row, step, rho)
        sizes(line, 0, joint, share)
        for c in range(d):
            q, v, f = p[c, row], line[c, 0], share[0 if joint else c]
            for k in range(n):
                q[k] += relaxation * (v[k] / max(f[k], one) - q[k])
            add_adjoint(q, b, c, row, step)


@njit(cache=True, nogil=True, error_model="numpy")
def correct(p, x, step, joint, factor):
    """Add ``factor * Dx`` to p and return the largest size of the result."""
    d, rows, n = p.shape
    lines = 1 if joint else d
    share, top = np.empty((lines, n), p.real.dtype), np.zeros(n, p.real.dtype)
    for row in range(rows):
        for c in range(d):
            add_difference(p[c, row], x, c, row, step, factor)
        sizes(p, row, joint, share)
        for c in range(lines):
            f = share[c]
            for k in range(n):
                top[k] = max(top[k], f[k])
    return top.max()


@njit(cache=True, nogil=True, error_model="numpy")
def total(x, step, joint):
    """Return the total variation of x."""
    rows, n = x.shape
    d = step.shape[0] + 1
    lines = 1 if joint else d
    share, line = np.empty((lines, n), x.real.dtype), np.zeros((d, 1, n), x.dtype)
    sums = np.zeros(n)
    for row in range(rows):
        line[:] = 0.0
        for c in range(d):
            add_difference(line[c, 0], x, c, row, step, 1.0)
        sizes(line, 0, joint, share)
        for c in range(lines):
            f = share[c]
            for k in range(n):
                sums[k] += f[k]
    return sums.sum()
