r"""The LASSO level that solves each problem: closed form on a face, followed from face to face.

On a face (support S, signs s, Gram matrix G of the columns in S) the LASSO solution is
:math:`x_S=z-\lambda d` with :math:`Gz=A_S^*y` and :math:`Gd=s`. Its residual is
:math:`r=\rho+\lambda w` with :math:`\rho=y-A_Sz` and :math:`w=A_Sd`, which are orthogonal
because :math:`A_S^*\rho=0`; hence :math:`\|r\|^2=\|\rho\|^2+\lambda^2\|w\|^2`. A solution of the
other problems is a LASSO solution at the level where :math:`\|r\|=\eta` or where
:math:`\lambda` is ``level`` times :math:`\|r\|`. Where :math:`\rho=0` the level 0 may be
reached: then x is the vertex z, and w is its dual certificate.
"""

from typing import NamedTuple

import numpy as np

from kernelstab.solvers._set_settle import Face, settle

EXPLAINED = 1e-12   # a residual this small against the data leaves nothing unexplained
NEGLIGIBLE = 1e-10  # entries this small against the largest one vanish at level 0
STRIDE = 8.0        # a root further away than this factor is not trusted before the next pass
DESCENT = 4.0       # factor by which the level moves where the face has no root
ATTEMPTS = 40       # faces visited between two passes


class Stop(NamedTuple):
    """Where the search halted: x is exact on ``face`` at ``level``; ``goal`` is the level to try next.

    ``dual`` is a direction whose correlations with all columns decide whether it is the end.
    """

    face: Face
    level: float
    goal: float
    dual: np.ndarray


def root(form, level, unexplained, pull):
    r"""Return the LASSO level that solves the problem on a face, given :math:`\|\rho\|` and :math:`\|w\|`.

    For ``qcbp`` -1 where the residual stays above ``level`` (the root is smaller than this
    face); for ``sqrt-lasso`` infinity where it stays above :math:`\lambda` / ``level``
    (the root is larger).

    Examples
    --------
    With :math:`\|\rho\|=3` and :math:`\|w\|=1` the residual has norm 5 at level 4. With
    :math:`\|w\|=2/5` and a price of 2 it has norm 5 at level 10:

    >>> root("qcbp", 5.0, 3.0, 1.0), root("sqrt-lasso", 2.0, 3.0, 0.4)
    (4.0, 10.0)
    """
    if form == "lasso":
        return level
    if form == "qcbp":
        if unexplained > level:
            return -1.0
        return float(np.sqrt((level - unexplained) * (level + unexplained)) / pull)
    rest = 1.0 - (level * pull) ** 2
    return float(level * unexplained / np.sqrt(rest)) if rest > 0.0 else np.inf


def follow(problem, columns, c, level, x) -> Stop | None:
    """Move ``x`` (in place) to the solution on the working set, or as far as can be trusted.

    Returns
    -------
    Stop or None
        None if some face could not be found exactly.
    """
    if problem.form == "lasso":
        face = settle(columns, c, level, problem.nonneg, x)
        return face and Stop(face, level, level, _polish(columns, problem.system.y, face, level, x))
    y, tiny = problem.system.y, EXPLAINED * problem.size
    for _ in range(ATTEMPTS):
        face = settle(columns, c, level, problem.nonneg, x)
        if face is None or face.support.size == 0:
            return None
        z, d, rho, w = _line(columns, y, c, face)
        unexplained = _norm(rho)
        goal = root(problem.form, problem.level, 0.0 if unexplained <= tiny else unexplained, _norm(w))
        if goal == 0.0:
            if _vertex(columns, problem.nonneg, face, z, d):
                x[face.support] = z
                _polish(columns, y, face, 0.0, x)
                return Stop(face, 0.0, 0.5 * min(2.0 * level, _breakpoint(z, d)), w)
            goal = level / DESCENT
        elif not level / STRIDE <= goal <= STRIDE * level:
            goal = level / DESCENT if goal < level else level * DESCENT
            return Stop(face, level, goal, rho + level * w)
        moved = z - goal * d
        kept = moved * face.signs > 0.0
        x[face.support] = np.where(kept, moved, 0.0)
        if kept.all() and _stays(columns, c, problem.nonneg, face, x, goal):
            return _finish(problem, columns, face, goal, x, d, w)
        level = goal
    return None


def _line(columns, y, c, face):
    """Return z, d, rho and w of the face."""
    both = np.zeros((2, columns.size))
    both[0, face.support] = z = face.solve(c[face.support])
    both[1, face.support] = d = face.solve(face.signs)
    images = both @ columns.rows[:columns.size]
    return z, d, y - images[0], images[1]


def _vertex(columns, nonneg, face, z, d):
    """Return whether the face reaches level 0: no sign turns, and no member pulls harder than 1."""
    if np.any(z * face.signs < -NEGLIGIBLE * np.abs(z).max()):
        return False
    full = np.zeros(columns.size)
    full[face.support] = d
    pulled = columns.gram[:columns.size, :columns.size] @ full
    return (pulled.max() if nonneg else np.abs(pulled).max()) <= 1.0 + 1e-9


def _breakpoint(z, d):
    """Return the level at which the first entry of ``z - level * d`` reaches zero, or infinity."""
    big = np.abs(z) > NEGLIGIBLE * np.abs(z).max()
    ahead = big & (z * d > 0.0)
    return float(np.min(z[ahead] / d[ahead])) if ahead.any() else np.inf


def _stays(columns, c, nonneg, face, x, level):
    """Return whether no member off the support pulls harder than ``level``."""
    g = c - columns.gram[:columns.size, :columns.size] @ x
    g[face.support] = 0.0
    return (g.max() if nonneg else np.abs(g).max()) <= level * (1.0 + 1e-10)


def _polish(columns, y, face, level, x):
    """Correct ``x`` once by its true residual, whose Gram form has lost digits; return the new one."""
    r = y - columns.combine(x)
    if face.support.size:
        right = columns.correlate(r)[face.support] - level * face.signs
        x[face.support] += face.solve(right)
        r = y - columns.combine(x)
    return r


def _finish(problem, columns, face, level, x, d, w):
    r"""Correct x and the level together, so that the residual has the length it should have.

    Along the face :math:`\|r\|` has the derivative :math:`\lambda\|w\|^2/\|r\|`: Newton's method.
    """
    r = _polish(columns, problem.system.y, face, level, x)
    slope = level * float(w @ w)
    for _ in range(3 if problem.form == "qcbp" else 0):
        size = _norm(r)
        excess = size - problem.level
        if -1e-15 * problem.level <= excess <= 0.0:
            break
        step = (excess * size + 2e-16 * problem.level * size) / slope
        if not step < 0.1 * level:
            break
        x[face.support] += step * d
        level -= step
        r = problem.system.y - columns.combine(x)
    return Stop(face, level, level, r)


def _norm(v):
    return float(np.sqrt(v @ v))
