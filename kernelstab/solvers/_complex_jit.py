r"""Compiled loops for the complex problems on a set of columns whose Gram matrix is known.

``B`` holds the columns :math:`a_j` of the matrix as rows, ``K[j, i]`` is :math:`a_i^*a_j`
and ``c`` is :math:`(a_i^*y)_i`; only the first ``count`` of each are in use. The optimal x of

.. math:: \tfrac12\|Ax-y\|^2+\lambda\|x\|_1

has :math:`g=A^*(y-Ax)` with :math:`g_j=\lambda u_j`, :math:`u_j=x_j/|x_j|`, where
:math:`x_j\ne0`, and :math:`|g_j|\le\lambda` elsewhere. All three problems have solutions of
this kind, for a :math:`\lambda` that the residual :math:`r` determines: it is given, or
makes :math:`\|r\|=\eta`, or is :math:`\ell\,\|r\|` for the square-root LASSO of level
:math:`\ell`.
"""

from collections import namedtuple

import numpy as np
from numba import njit

LASSO, QCBP, SQRT = 0, 1, 2                           # the three problems
SOLVED, CROWDED, EXACT, STUCK, PAUSED = 0, 1, 2, 3, 4  # how ``follow`` ends
BLOCK = 32     # columns factored at a time
SWEEPS = 10    # of coordinate descent, at most, before a Newton step
ROUGH = 0.5    # relative error of stationarity above which lambda stays
PATIENCE = 4   # rounds that are rough, lose entries or cut steps short, before ``settle`` takes over
FACTOR = 6.0   # by which lambda changes at most in one round
RIDGE = 1e-14  # share of the largest diagonal entry, for columns that depend on each other, at first

Path = namedtuple("Path", ["status", "lam", "error", "rounds"])


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
def sweep(K, count, x, g, lam):
    """Minimise over one entry after the other; return how many entries became or ceased to be zero."""
    changes = 0
    for j in range(count):
        old, square = x[j], K[j, j].real
        if square == 0.0:
            continue
        z = g[j] + square * old
        size = z.real * z.real + z.imag * z.imag
        new = 0.0j
        if size > lam * lam:
            new = z * ((1.0 - lam / np.sqrt(size)) / square)
        if new == old:
            continue
        if (new == 0.0) != (old == 0.0):
            changes += 1
        step, row = new - old, K[j]
        x[j] = new
        for i in range(count):
            g[i] -= step * row[i]
    return changes


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
def target(kind, level, size, lam):
    """Return how far lambda is from its equation, relatively."""
    if kind == LASSO:
        return abs(lam - level) / level
    if kind == QCBP:
        return abs(size - level) / level
    return abs(lam - level * size) / lam


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
def mass(x, count):
    """Return the absolute sum."""
    total = 0.0
    for j in range(count):
        total += abs(x[j])
    return total


@njit(cache=True, nogil=True)
def unfold(v, S, size, b):
    """Write the real and imaginary parts on the support into ``b``."""
    for p in range(size):
        b[2 * p], b[2 * p + 1] = v[S[p]].real, v[S[p]].imag


@njit(cache=True, nogil=True)
def moved(x, S, size, step, length, new):
    """Write ``x + length*step`` into ``new``, zero where that turns by a right angle or more; count those."""
    lost = 0
    for p in range(size):
        j = S[p]
        z = x[j] + length * complex(step[2 * p], step[2 * p + 1])
        if z.real * x[j].real + z.imag * x[j].imag <= 0.0:
            z = 0.0j
            lost += 1
        new[j] = z
    return lost


@njit(cache=True, nogil=True)
def gain(S, size, x, g, new, new_g, lam):
    """Return by how much ``new`` changes the objective for lambda; no large numbers cancel."""
    total = 0.0
    for p in range(size):
        j = S[p]
        d, s = new[j] - x[j], g[j] + new_g[j]
        total += lam * (abs(new[j]) - abs(x[j])) - 0.5 * (d.real * s.real + d.imag * s.imag)
    return total


@njit(cache=True, nogil=True)
def shift(kind, level, lam, pp, pv, vv):
    r"""Return the change of lambda that solves its equation along ``||p + t v||``.

    ``pp``, ``pv``, ``vv`` are the inner products. Where the line has no root, a large change
    in the direction of the root.
    """
    if kind == LASSO:
        return level - lam
    if kind == QCBP:
        a, b, rest = vv, pv, pp - level * level
    else:
        a, b, rest = 1.0 - level * level * vv, lam - level * level * pv, lam * lam - level * level * pp
    square = b * b - a * rest
    if square >= 0.0 and b > 0.0:
        return -rest / (b + np.sqrt(square))
    return FACTOR * lam if rest < 0.0 else -lam


@njit(cache=True, nogil=True)
def interpolate(B, S, size, signs, H, b, h):
    """Move ``h`` as little as possible to ``a_j^* h = signs_j`` on the support, refined once."""
    for _ in range(2):
        for p in range(size):
            value = signs[S[p]] - np.vdot(B[S[p]], h)
            b[2 * p], b[2 * p + 1] = value.real, value.imag
        solve(H, 2 * size, b)
        for p in range(size):
            value, row = complex(b[2 * p], b[2 * p + 1]), B[S[p]]
            for i in range(h.size):
                h[i] += value * row[i]


@njit(cache=True, nogil=True)
def fits(B, count, h):
    """Return whether ``h`` obeys the dual constraint on the columns at hand."""
    largest = 0.0
    for j in range(count):
        largest = max(largest, abs(np.vdot(B[j], h)))
    return largest <= 1.0 + 1e-9


@njit(cache=True, nogil=True)
def least_squares(B, K, count, y, S, size, z, H, b, r):
    """Make ``z`` the least squares solution on its support, refined once; norm of the residual, or -1."""
    if size == 0 or not curvature(K, S, size, z, 0.0, 0.0, H):
        return -1.0
    for _ in range(2):
        residual(B, count, y, z, r)
        for p in range(size):
            value = np.vdot(B[S[p]], r)
            b[2 * p], b[2 * p + 1] = value.real, value.imag
        solve(H, 2 * size, b)
        for p in range(size):
            z[S[p]] += complex(b[2 * p], b[2 * p + 1])
    return residual(B, count, y, z, r)


@njit(cache=True, nogil=True)
def exact(B, K, count, y, x, lam, limit, S, H, b, z, r, h):
    r"""Try to end at an exact solution carried by the support of ``x``; True if it is one.

    ``z`` becomes the least squares solution on the support, without the entries that vanish;
    its residual must be at most ``limit``. The dual point ``h``
    must have :math:`a_j^*h=u_j` where z lives and obey :math:`|a_i^*h|\le1` for all columns at
    hand. Two are tried: the shortest one, and the one next to the residual of ``x`` that also has
    the signs of ``x`` where z vanishes.
    """
    size = support(x, count, S)
    signs, away = np.empty(count, np.complex128), np.empty(y.size, np.complex128)
    for j in range(count):
        z[j] = x[j]
    residual(B, count, y, x, away)
    missed = least_squares(B, K, count, y, S, size, z, H, b, r)
    if missed < 0.0 or missed > limit:
        return False
    largest = 0.0
    for p in range(size):
        largest = max(largest, abs(z[S[p]]))
    for p in range(size):
        j = S[p]
        if abs(z[j]) <= 1e-10 * largest:
            z[j] = 0.0
        signs[j] = z[j] / abs(z[j]) if z[j] != 0.0 else x[j] / abs(x[j])
    for i in range(y.size):
        h[i] = away[i] / lam
    interpolate(B, S, size, signs, H, b, h)
    near = fits(B, count, h)
    kept = support(z, count, S)
    if kept < size:
        missed = least_squares(B, K, count, y, S, kept, z, H, b, r)
    if missed < 0.0 or missed > limit:
        return False
    if near:
        return True
    for i in range(y.size):
        h[i] = 0.0
    interpolate(B, S, kept, signs, H, b, h)
    return fits(B, count, h)


@njit(cache=True, nogil=True)
def shrunk(x, q, sigma, lam, z):
    """Write the soft threshold of ``x + sigma*q`` at ``sigma*lam`` into ``z``; return its squared norm."""
    total, bound = 0.0, sigma * lam
    for j in range(z.size):
        value = x[j] + sigma * q[j]
        size = value.real * value.real + value.imag * value.imag
        z[j] = 0.0
        if size > bound * bound:
            size = np.sqrt(size)
            z[j] = value * ((size - bound) / size)
            total += (size - bound) ** 2
    return total


@njit(cache=True, nogil=True)
def height(h, y, square, sigma):
    """Return the dual function that ``settle`` descends."""
    return 0.5 * np.vdot(h, h).real - np.vdot(h, y).real + 0.5 * square / sigma


@njit(cache=True, nogil=True)
def settle(B, K, count, y, lam, x, r, S, goal, budget):
    r"""Solve for one lambda where coordinate descent is slow: proximal points, Newton on their dual.

    The proximal point :math:`\operatorname{argmin}F(z)+\|z-x\|^2/2\sigma` is the soft
    threshold of :math:`x+\sigma A^*h` where h minimises the smooth, strongly convex

    .. math:: \tfrac12\|h\|^2-\mathrm{Re}\langle h,y\rangle
        +\tfrac1{2\sigma}\|\mathrm{soft}(x+\sigma A^*h)\|^2 .

    Its generalised Hessian is the identity plus a matrix on the support of z; inverted by
    the formula of Woodbury, it needs the Hessian of F on the support plus :math:`I/\sigma`.
    Entries come and go by the threshold, so no step is cut short by an entry that passes zero.
    Returns the number of Newton steps.
    """
    m, H = y.size, np.empty((0, 0))
    h, h_new, slope, step = r.copy(), r.copy(), r.copy(), r.copy()
    z, w = np.empty(count, np.complex128), np.empty(count, np.complex128)
    q, q_new, turn = z.copy(), z.copy(), z.copy()
    b = np.empty(2 * count)
    largest = 0.0
    for j in range(count):
        largest = max(largest, K[j, j].real)
    sigma, steps = 10.0 / largest, 0
    while steps < budget and sigma * largest < 1e12:
        correlations(B, count, h, q)
        value = height(h, y, shrunk(x, q, sigma, lam, z), sigma)
        for _ in range(20):
            residual(B, count, y, z, r)
            along(h, -1.0, r, slope)
            drift = 0.0
            for j in range(count):
                drift = max(drift, abs(z[j] - x[j]))
            steep = np.sqrt(np.vdot(slope, slope).real)
            if steep * np.sqrt(largest) <= max(0.2 * min(drift / sigma, lam), 0.1 * goal * lam):
                break
            size = support(z, count, S)
            if H.shape[0] < 2 * size:
                room = min(2 * count, 3 * size + 16)
                H = np.empty((room, room))
            if not curvature(K, S, size, z, lam, 1.0 / sigma, H):
                return steps
            correlations(B, count, slope, turn)
            unfold(turn, S, size, b)
            solve(H, 2 * size, b)
            for i in range(m):
                step[i] = -slope[i]
            for p in range(size):
                weight, row = complex(b[2 * p], b[2 * p + 1]), B[S[p]]
                for i in range(m):
                    step[i] += weight * row[i]
            correlations(B, count, step, turn)
            fall, length, found = np.vdot(slope, step).real, 1.0, False
            for _ in range(12):
                along(h, length, step, h_new)
                along(q, length, turn, q_new)
                new = height(h_new, y, shrunk(x, q_new, sigma, lam, w), sigma)
                if new <= value + 1e-4 * length * fall + 1e-15 * abs(value):
                    found = True
                    break
                length *= 0.5
            steps += 1
            if not found:
                break
            h, h_new, q, q_new, z, w, value = h_new, h, q_new, q, w, z, new
        for j in range(count):
            x[j] = z[j]
        residual(B, count, y, x, r)
        correlations(B, count, r, turn)
        inside, outside = mismatch(S, support(x, count, S), x, turn, lam, count)
        if max(inside, outside) <= goal:
            break
        sigma *= 4.0
    return steps


@njit(cache=True, nogil=True)
def follow(B, K, count, c, y, kind, level, lam, x, r, z, h, cap, floor, eps, close, slack, rounds):
    """Solve the problem on the first ``count`` columns, beginning at ``x`` and ``lam``.

    Rounds of coordinate descent, until the support rests, and one Newton step for the
    entries and lambda together. Near the solution coordinate descent has nothing to do and
    the steps converge quadratically. Ends early, for a look at the other columns, when more
    than ``cap`` entries are in use or lambda is below ``floor``. ``eps`` bounds the relative
    error of all equations. ``close`` > 0 looks for exact solutions of the data (basis
    pursuit) up to that residual: then ``z`` and ``h`` hold the solution and the dual point. The
    square-root LASSO may have such solutions as well; a residual below ``slack`` times the other
    term ends it.

    ``x`` and the residual ``r`` are overwritten; ``K`` may be the Gram matrix of all columns,
    shared by many problems.
    """
    g, new = np.empty(count, np.complex128), np.empty(count, np.complex128)
    new_g = np.empty(count, np.complex128)
    S, H = np.empty(count, np.int64), np.empty((0, 0))
    b, v = np.empty(2 * count), np.empty(2 * count)
    top = 0.0
    for j in range(count):
        top = max(top, abs(c[j]))
    gradient(K, count, c, x, g)
    reach, before, restless, stalls, error, turn, empty = FACTOR, 0.0, True, 0, np.inf, 0, 1.0
    while turn < rounds:
        size = support(x, count, S)
        inside, outside = mismatch(S, size, x, g, lam, count)
        if restless or outside > max(eps, 1e-5) or (outside > eps >= inside):
            for _ in range(SWEEPS):
                if sweep(K, count, x, g, lam) == 0:
                    break
            size = support(x, count, S)
            gradient(K, count, c, x, g)
            inside, outside = mismatch(S, size, x, g, lam, count)
        norm = residual(B, count, y, x, r)
        miss = target(kind, level, norm, lam)
        if kind == SQRT and lam > level * norm and norm <= slack * level * mass(x, count):
            miss = 0.0  # the data are met exactly, and the dual point is shorter than one
        error = max(inside, outside, miss)
        if error <= eps + 1e-15 * (top / lam):
            return Path(SOLVED, lam, error, turn)
        if size > cap or (lam <= floor and before < 0.0 and max(inside, outside) <= 0.1):
            return Path(CROWDED, lam, error, turn)
        if size == 0:  # just below the largest correlation, closer each time
            empty *= 0.5
            lam = 0.0
            for j in range(count):
                lam = max(lam, (1.0 - empty) * abs(g[j]))
            restless = True
            turn += 1
            continue
        if lam <= 1e-14 * top:
            return Path(STUCK, lam, error, turn)
        if stalls == PATIENCE:
            stalls, restless = 0, False
            turn += 1 + settle(B, K, count, y, lam, x, r, S, 1e-6, rounds - turn)
            gradient(K, count, c, x, g)
            continue
        turn += 1
        if H.shape[0] < 2 * size:
            room = min(2 * count, 3 * size + 16)
            H = np.empty((room, room))
        if not curvature(K, S, size, x, lam, 0.0, H):
            return Path(STUCK, lam, error, turn)
        # Newton's step for this lambda, halved until the objective falls
        for p in range(size):
            j = S[p]
            u = x[j] / abs(x[j])
            value = g[j] - lam * u
            b[2 * p], b[2 * p + 1] = value.real, value.imag
            v[2 * p], v[2 * p + 1] = u.real, u.imag
        solve(H, 2 * size, b)
        solve(H, 2 * size, v)
        for j in range(count):
            new[j] = 0.0
        length, accepted, lost = 1.0, False, 0
        for _ in range(5):
            lost = moved(x, S, size, b, length, new)
            gradient(K, count, c, new, new_g)
            if inside <= 1e-6 or gain(S, size, x, g, new, new_g, lam) <= 0.0:
                accepted = True
                break
            length *= 0.5
        if not accepted:
            restless = True
            stalls = PATIENCE
            continue
        # lambda, and the entries along with it
        pp, pv, vv = residual(B, count, y, new, r) ** 2, 0.0, 0.0
        for p in range(size):
            j = S[p]
            n = abs(x[j])
            ur, ui = x[j].real / n, x[j].imag / n
            vr, vi = v[2 * p], v[2 * p + 1]
            pv += new_g[j].real * vr + new_g[j].imag * vi
            across = ur * vi - ui * vr
            vv += ur * vr + ui * vi - lam / n * across * across
        if close > 0.0 and size <= y.size and pp * vv - pv * pv <= 0.05 * pp * vv:
            if exact(B, K, count, y, new, lam, close, S, H, b, z, r, h):
                return Path(EXACT, lam, error, turn)
            size = support(x, count, S)
        rough = max(inside, outside) > ROUGH
        change = 0.0 if rough else shift(kind, level, lam, pp, pv, vv)
        if change * before < 0.0:
            reach = max(np.sqrt(reach), 1.01)
        before = change if change != 0.0 else before
        following = max(min(max(lam + change, lam / reach), lam * reach), min(floor, lam))
        change = following - lam
        for p in range(size):
            x[S[p]] = new[S[p]]
        kept = 0
        for p in range(size):  # entries already lost stay lost
            if new[S[p]] != 0.0:
                v[2 * kept], v[2 * kept + 1] = v[2 * p], v[2 * p + 1]
                S[kept] = S[p]
                kept += 1
        lost += moved(new, S, kept, v, -change, x)
        lam = following
        gradient(K, count, c, x, g)
        restless = lost > 0 or length < 1.0
        stalls = stalls + 1 if restless or rough else 0
    residual(B, count, y, x, r)
    return Path(PAUSED, lam, error, rounds)
