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

from kernelstab.solvers._complex_exact_jit import exact
from kernelstab.solvers._complex_settle_jit import settle
from kernelstab.solvers._complex_support_jit import (
    curvature,
    gradient,
    mass,
    mismatch,
    residual,
    solve,
    support,
)

LASSO, QCBP, SQRT = 0, 1, 2                           # the three problems
SOLVED, CROWDED, EXACT, STUCK, PAUSED = 0, 1, 2, 3, 4  # how ``follow`` ends
SWEEPS = 10    # of coordinate descent, at most, before a Newton step
ROUGH = 0.5    # relative error of stationarity above which lambda stays
PATIENCE = 4   # rounds that are rough, lose entries or cut steps short, before ``settle`` takes over
FACTOR = 6.0   # by which lambda changes at most in one round

Path = namedtuple("Path", ["status", "lam", "error", "rounds"])


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
def target(kind, level, size, lam):
    """Return how far lambda is from its equation, relatively."""
    if kind == LASSO:
        return abs(lam - level) / level
    if kind == QCBP:
        return abs(size - level) / level
    return abs(lam - level * size) / lam


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
def sides(S, size, x, g, lam, b, v):
    """Write what Newton's equation has on the right: the slope into ``b``, the signs of x into ``v``."""
    for p in range(size):
        j = S[p]
        u = x[j] / abs(x[j])
        value = g[j] - lam * u
        b[2 * p], b[2 * p + 1] = value.real, value.imag
        v[2 * p], v[2 * p + 1] = u.real, u.imag


@njit(cache=True, nogil=True)
def line(S, size, x, g, lam, v):
    r"""Return :math:`\mathrm{Re}\langle p,A_Sv\rangle` and :math:`\|A_Sv\|^2`.

    ``g`` is :math:`A^*p`, and ``v`` solves Newton's equation with the signs of x on the right, so
    that :math:`G_{SS}v` is known without a product.
    """
    pv, vv = 0.0, 0.0
    for p in range(size):
        j = S[p]
        n = abs(x[j])
        ur, ui = x[j].real / n, x[j].imag / n
        vr, vi = v[2 * p], v[2 * p + 1]
        pv += g[j].real * vr + g[j].imag * vi
        across = ur * vi - ui * vr
        vv += ur * vr + ui * vi - lam / n * across * across
    return pv, vv


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
        sides(S, size, x, g, lam, b, v)
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
        pp = residual(B, count, y, new, r) ** 2
        pv, vv = line(S, size, x, new_g, lam, v)
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
