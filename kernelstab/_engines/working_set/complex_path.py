r"""The complex problems on a set of columns whose Gram matrix is known: Newton's method for x and lambda.

The optimal x of

.. math:: \tfrac12\|Ax-y\|^2+\lambda\|x\|_1

has :math:`g=A^*(y-Ax)` with :math:`g_j=\lambda u_j`, :math:`u_j=x_j/|x_j|`, where
:math:`x_j\ne0`, and :math:`|g_j|\le\lambda` elsewhere. All three problems have solutions of
this kind, for a :math:`\lambda` that the residual :math:`r` determines: it is given, or
makes :math:`\|r\|=\eta`, or is :math:`\ell\,\|r\|` for the square-root LASSO of level
:math:`\ell`.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

SWEEPS = 10    # of coordinate descent, at most, before a Newton step
ROUGH = 0.5    # relative error of stationarity above which lambda stays
PATIENCE = 4   # rounds that are rough, lose entries or cut steps short, before ``settle`` takes over
FACTOR = 6.0   # by which lambda changes at most in one round
RIDGE = 1e-14  # share of the largest diagonal entry, for columns that depend on each other, at first


class PathEnd(NamedTuple):
    """How the search ended: ``solved``, ``crowded``, ``exact``, ``stuck`` or ``paused``.

    ``x`` is the last point, ``r`` its residual, ``dual`` a dual point for ``exact``, else None.
    """

    status: str
    lam: float
    rounds: int
    x: np.ndarray
    r: np.ndarray
    dual: np.ndarray | None = None


def factor(gram, support, x, g, lam, more):
    """Return the Cholesky factor of Newton's matrix and two right sides; None if it has none."""
    from kernelstab._engines.working_set.complex_jit import newton_equation

    ridge = RIDGE
    for _ in range(3):
        H, right = newton_equation(gram, support, x, g, lam, more, ridge)
        factored, info = dpotrf(H, lower=1, clean=0, overwrite_a=1)
        if info == 0:
            return factored, right
        ridge *= 100.0
    return None


def solve(factored, right):
    """Solve Newton's equation for the complex ``right``."""
    return dpotrs(factored, right.view(float), lower=1)[0].view(complex)


def follow(columns, c, y, aim, lam, x, cap, floor, eps, rounds) -> PathEnd:
    """Solve the problem on the columns, beginning at ``x`` and ``lam``; ``c`` are their correlations with y.

    Rounds of coordinate descent, until the support rests, and one Newton step for the
    entries and lambda together. Near the solution coordinate descent has nothing to do and
    the steps converge quadratically. Ends early, for a look at the other columns, when more
    than ``cap`` entries are in use or lambda is below ``floor``. ``eps`` bounds the relative
    error of all equations. ``aim.close`` > 0 looks for exact solutions of the data (basis
    pursuit) up to that residual. The square-root LASSO may have such solutions as well; a residual below
    ``aim.slack`` times the other term ends it.
    """
    from kernelstab._engines.working_set.complex_jit import descend, line, mismatch, move

    rows, gram = columns.rows, columns.gram
    top = float(np.abs(c).max())
    g, r, new, new_g = c - x @ columns.inner, np.empty_like(y), np.empty_like(x), np.empty_like(x)
    reach, before, restless, stalls, turn, empty = FACTOR, 0.0, True, 0, 0, 1.0
    while turn < rounds:
        inside, outside, norm, total = mismatch(rows, y, x, g, lam, r)
        if restless or outside > max(eps, 1e-5) or (outside > eps >= inside):
            descend(gram, c, x, g, lam, SWEEPS)
            inside, outside, norm, total = mismatch(rows, y, x, g, lam, r)
        miss = _miss(aim, norm, lam, total)
        if max(inside, outside, miss) <= eps + 1e-15 * (top / lam):
            return PathEnd("solved", lam, turn, x, r)
        support = x.nonzero()[0]
        if support.size > cap or (lam <= floor and before < 0.0 and max(inside, outside) <= 0.1):
            return PathEnd("crowded", lam, turn, x, r)
        if support.size == 0:  # just below the largest correlation, closer each time
            empty *= 0.5
            lam, restless = (1.0 - empty) * float(np.abs(g).max()), True
            turn += 1
            continue
        if lam <= 1e-14 * top:
            return PathEnd("stuck", lam, turn, x, r)
        if stalls == PATIENCE:
            stalls, restless = 0, False
            x, steps = settle(columns, y, lam, x, r, 1e-6, rounds - turn)
            turn += 1 + steps
            g = c - x @ columns.inner
            continue
        turn += 1
        found = factor(gram, support, x, g, lam, 0.0)
        if found is None:
            return PathEnd("stuck", lam, turn, x, r)
        # Newton's step for this lambda, halved until the objective falls
        factored, right = found
        step, slope = dpotrs(factored, right.T, lower=1)[0].T.view(complex)
        length = 1.0
        for _ in range(5):
            lost, gain = move(gram, c, support, x, g, step, length, lam, new, new_g)
            if inside <= 1e-6 or gain <= 0.0:
                break
            length *= 0.5
        else:
            restless, stalls = True, PATIENCE
            continue
        # lambda, and the entries along with it
        pp, pv, vv = line(rows, y, support, x, new, new_g, lam, slope)
        if aim.close > 0.0 and support.size <= y.size and pp * vv - pv * pv <= 0.05 * pp * vv:
            ended = exact(columns, y, new, lam, aim.close)
            if ended is not None:
                return PathEnd("exact", lam, turn, *ended)
        rough = max(inside, outside) > ROUGH
        change = 0.0 if rough else _shift(aim, lam, pp, pv, vv)
        if change * before < 0.0:
            reach = max(np.sqrt(reach), 1.01)
        before = change if change != 0.0 else before
        following = max(min(max(lam + change, lam / reach), lam * reach), min(floor, lam))
        more, _ = move(gram, c, support, new, new_g, slope, lam - following, lam, x, g)
        lost, lam = lost + more, following
        restless = lost > 0 or length < 1.0
        stalls = stalls + 1 if restless or rough else 0
    return PathEnd("paused", lam, rounds, x, y - x @ columns.members)


def _miss(aim, size, lam, total):
    """Return how far lambda is from its equation, relatively."""
    if aim.form == "lasso":
        return abs(lam - aim.level) / aim.level
    if aim.form == "qcbp":
        return abs(size - aim.level) / aim.level
    if lam > aim.level * size and size <= aim.slack * aim.level * total:
        return 0.0  # the data are met exactly, and the dual point is shorter than one
    return abs(lam - aim.level * size) / lam


def _shift(aim, lam, pp, pv, vv):
    r"""Return the change of lambda that solves its equation along ``||p + t v||``.

    ``pp``, ``pv``, ``vv`` are the inner products. Where the line has no root, a large change
    in the direction of the root.
    """
    square = aim.level * aim.level
    if aim.form == "lasso":
        return aim.level - lam
    if aim.form == "qcbp":
        a, b, rest = vv, pv, pp - square
    else:
        a, b, rest = 1.0 - square * vv, lam - square * pv, lam * lam - square * pp
    root = b * b - a * rest
    if root >= 0.0 and b > 0.0:
        return -rest / (b + np.sqrt(root))
    return FACTOR * lam if rest < 0.0 else -lam


def settle(columns, y, lam, x, r, goal, budget):
    r"""Solve for one lambda where coordinate descent is slow: proximal points, Newton on their dual.

    The proximal point :math:`\operatorname{argmin}F(z)+\|z-x\|^2/2\sigma` is the soft
    threshold of :math:`x+\sigma A^*h` where h minimises the smooth, strongly convex

    .. math:: \tfrac12\|h\|^2-\mathrm{Re}\langle h,y\rangle
        +\tfrac1{2\sigma}\|\mathrm{soft}(x+\sigma A^*h)\|^2 .

    Its generalised Hessian is the identity plus a matrix on the support of z; inverted by
    the formula of Woodbury, it needs the Hessian of F on the support plus :math:`I/\sigma`.
    Entries come and go by the threshold, so no step is cut short by an entry that passes zero.
    Returns the point and the number of Newton steps.
    """
    from kernelstab._engines.working_set.complex_jit import mismatch

    rows = columns.members

    def adjoint(h):
        return np.conj(rows @ h.conj())

    def dual_value(h, q):
        v = x + sigma * q
        size, bound = np.abs(v), sigma * lam
        z = v * np.where(size > bound, 1.0 - bound / np.maximum(size, bound), 0.0)
        return z, 0.5 * np.vdot(h, h).real - np.vdot(h, y).real + 0.5 * np.vdot(z, z).real / sigma

    largest = float(columns.inner.diagonal().real.max())
    sigma, steps, h = 10.0 / largest, 0, r.copy()
    while steps < budget and sigma * largest < 1e12:
        q = adjoint(h)
        z, value = dual_value(h, q)
        for _ in range(20):
            slope = h - y + z @ rows
            drift, steep = float(np.abs(z - x).max()), float(np.linalg.norm(slope))
            if steep * np.sqrt(largest) <= max(0.2 * min(drift / sigma, lam), 0.1 * goal * lam):
                break
            support = z.nonzero()[0]
            found = factor(columns.gram, support, z, q, lam, 1.0 / sigma)
            if found is None:
                return x, steps
            inside = rows[support]
            step = solve(found[0], np.conj(inside @ slope.conj())) @ inside - slope
            turn, fall, length = adjoint(step), np.vdot(slope, step).real, 1.0
            steps += 1
            for _ in range(12):
                h_new, q_new = h + length * step, q + length * turn
                z_new, new = dual_value(h_new, q_new)
                if new <= value + 1e-4 * length * fall + 1e-15 * abs(value):
                    break
                length *= 0.5
            else:
                break
            h, q, z, value = h_new, q_new, z_new, new
        x = z
        if max(mismatch(columns.rows, y, x, adjoint(y - x @ rows), lam, r)[:2]) <= goal:
            break
        sigma *= 4.0
    return x, steps


def exact(columns, y, x, lam, limit):
    r"""Try to end at an exact solution on the support of ``x``: the point, its residual, a dual point.

    The point is the least squares solution on the support, without the entries that vanish;
    its residual must be at most ``limit``. The dual point ``h``
    must have :math:`a_j^*h=u_j` where it lives and obey :math:`|a_i^*h|\le1` for all columns at
    hand. Two are tried: the shortest one, and the one next to the residual of ``x`` that also has
    the signs of ``x`` where the point vanishes. None if there is no such solution.
    """
    rows, support = columns.members, x.nonzero()[0]
    if support.size == 0:
        return None
    away = y - x @ rows
    z, r, factored = _least_squares(columns, y, support, x)
    if z is None or np.linalg.norm(r) > limit:
        return None
    z[np.abs(z) <= 1e-10 * np.abs(z).max()] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        signs = np.where(z != 0.0, z / np.abs(z), x / np.abs(x))[support]
    h = _interpolate(rows[support], signs, factored, away / lam)
    near, kept = _fits(rows, h), z.nonzero()[0]
    if kept.size < support.size:
        if kept.size == 0:
            return None
        signs = signs[z[support] != 0.0]
        z, r, factored = _least_squares(columns, y, kept, z)
        if z is None or np.linalg.norm(r) > limit:
            return None
    if not near:
        h = _interpolate(rows[kept], signs, factored, np.zeros_like(y))
        if not _fits(rows, h):
            return None
    return z, r, h


def _least_squares(columns, y, support, x):
    """Return the least squares solution on the support, its residual and the factor; refined once."""
    found = factor(columns.gram, support, x, x, 0.0, 0.0)
    if found is None:
        return None, None, None
    factored, z, inside = found[0], x.copy(), columns.members[support]
    for _ in range(2):
        z[support] += solve(factored, np.conj(inside @ (y - z[support] @ inside).conj()))
    return z, y - z[support] @ inside, factored


def _interpolate(inside, signs, factored, h):
    """Move ``h`` as little as possible to ``a_j^* h = signs_j`` on the support, refined once."""
    for _ in range(2):
        h = h + solve(factored, signs - np.conj(inside @ h.conj())) @ inside
    return h


def _fits(rows, h):
    """Return whether ``h`` obeys the dual constraint on the columns at hand."""
    return np.abs(rows @ h.conj()).max() <= 1.0 + 1e-9


def corner(rows, x, h, y, steps=6):
    r"""Solve :math:`Ax=y`, :math:`a_j^*h=x_j/|x_j|` on the support by Newton's method.

    A complex solution may have up to twice as many entries as there are equations; then the
    residual of a penalised solution is all rounding before lambda is small enough. These
    equations have no lambda. With :math:`D_j=(I-u_ju_j^T)/|x_j|` on real and imaginary parts a
    step solves

    .. math:: A_S\delta=y-A_Sx,\qquad A_S^*h-D\delta=u .

    ``rows`` (S, m) are the columns of the support, and no entry of the start ``x`` is zero. Returns the best
    x met and its dual point. Each step solves a real system of size ``2*(S + m)``.
    """
    size, m = rows.shape
    best = (np.inf, x, h)
    for _ in range(steps + 1):
        u = x / np.abs(x)
        missed = y - x @ rows
        error = np.linalg.norm(missed) / np.linalg.norm(y) + np.abs(rows.conj() @ h - u).max()
        if not error < 0.5 * best[0]:
            break
        best = (error, x, h)
        system = np.zeros((2 * (size + m), 2 * (size + m)))
        bend = 1j * u / np.sqrt(np.abs(x))
        system[: 2 * size : 2, : 2 * size : 2] = -np.diag(bend.real**2)
        system[: 2 * size : 2, 1 : 2 * size : 2] = -np.diag(bend.real * bend.imag)
        system[1 : 2 * size : 2, : 2 * size : 2] = -np.diag(bend.real * bend.imag)
        system[1 : 2 * size : 2, 1 : 2 * size : 2] = -np.diag(bend.imag**2)
        _place(system[: 2 * size, 2 * size :], rows.conj())
        _place(system[2 * size :, : 2 * size], rows.T)
        right = np.concatenate([u, missed]).view(float)
        try:
            step = np.linalg.solve(system, right).view(complex)
        except np.linalg.LinAlgError:
            break
        x, h = x + step[:size], step[size:]
        if not np.all(x):
            break
    return best[1], best[2]


def _place(block, matrix):
    """Write a complex matrix as a real one, parts interleaved."""
    block[::2, ::2] = block[1::2, 1::2] = matrix.real
    block[1::2, ::2] = matrix.imag
    block[::2, 1::2] = -matrix.imag
