r"""Working set for large real dense problems: solve on few columns, check on all of them.

One round: the columns with the largest correlations join the working set, whose Gram matrix is kept;
the problem is solved exactly on it without touching the matrix; one product with the whole
matrix judges the result and finds the columns that are missing. Few rounds are needed, so a
solution costs a few reads of the matrix.

On few columns the noise must be explained by the wrong entries, which takes a lambda far below
the one sought, and there many entries move with every column that joins. So once the support
is crowded lambda falls no further than the correlations of the columns outside.

The weight lambda that solves each problem has a closed form on a face and is followed from face to face.
On a face (support S, signs s, Gram matrix G of the columns in S) the LASSO solution is
:math:`x_S=z-\lambda d` with :math:`Gz=A_S^*y` and :math:`Gd=s`. Its residual is
:math:`r=\rho+\lambda w` with :math:`\rho=y-A_Sz` and :math:`w=A_Sd`, which are orthogonal
because :math:`A_S^*\rho=0`; hence :math:`\|r\|^2=\|\rho\|^2+\lambda^2\|w\|^2`. A solution of the
other problems is a LASSO solution at the weight where :math:`\|r\|=\eta` or where
:math:`\lambda` is ``level`` times :math:`\|r\|`. Where :math:`\rho=0` lambda = 0 may be
reached: then x is the vertex z, and w is its dual certificate.
"""

from typing import NamedTuple

import numpy as np

from kernelstab._engines.working_set.columns import WorkingColumns
from kernelstab._engines.working_set.settle import approach, excess, settle

START = 0.03    # first lambda where none is known, as a share of the largest correlation;
BELOW = 0.7     # of a square-root LASSO, as a share of its level times the norm of the data, an upper bound
NEAR = {"lasso": 0.95, "qcbp": 0.7, "sqrt-lasso": 0.7}  # share of lambda from which on columns join
LOWEST = 1e-12  # give up at a lambda below this share of the largest correlation
BATCH = 40      # columns that may join per round: this many, or more for a very wide matrix
CROWD = 0.25    # share of the rows of the matrix from which on a support is crowded;
DEPTH = 0.5     # then lambda stays above this share of the largest correlation outside the set
REPEATS = 3     # rounds without a new column or a new lambda, each of which only refines


def solve(problem, start, monitor) -> str:
    """Solve a real dense problem; an iteration is a round.

    Stops short of the tolerance if no point within reach meets the constraint, if the columns
    depend on each other too closely for double precision, or if rounds cease to help.
    """
    system, largest = problem.system, problem.largest
    if largest <= 0.0:  # nonnegative combinations only lead away from the data
        monitor(0, np.zeros(system.shape[1]), 0.0 * system.y)
        return "working set, compiled"
    columns = WorkingColumns(system.matrix)
    correlation, batch = problem.correlation, max(BATCH, system.shape[1] // 200)
    x, lam = _warm(problem, columns, start)
    done, repeats, bracket, floor = 0, 0, [0.0, np.inf], 0.0
    while repeats <= REPEATS and lam > LOWEST * largest:
        most = max(batch, np.count_nonzero(x) // 2)
        chosen = _largest_outside(problem, columns, correlation, lam, most)
        if chosen.size:
            columns.add(chosen)
            x, bracket = np.concatenate([x, np.zeros(chosen.size)]), [0.0, np.inf]
        stop = follow(problem, columns, lam, x, bracket, floor, rough=chosen.size == most)
        correlation = system.adjoint(stop.dual)
        done += 1
        over = monitor(done, columns.spread(x), stop.Ax, stop.dual, correlation)
        if over or stop.lost:
            break
        near = 0.5 * lam <= stop.goal <= 2.0 * lam
        repeats = repeats + 1 if near and not chosen.size else 0
        if stop.lam == 0.0:  # the dual direction is the residual at lambda = 1
            correlation = correlation * stop.goal
        lam = stop.goal
        crowded = np.count_nonzero(x) > CROWD * problem.system.y.size
        floor = DEPTH * _outside(problem, columns, correlation) if crowded else 0.0
    return "working set, compiled"


def _warm(problem, columns, start):
    """Take the support of the start into the set; return its values and the first lambda.

    The lambda of a start is the correlation on its support, which is a guess only: where there is no start,
    or it interpolates the data, a share of the largest correlation takes its place, or of what a
    square-root LASSO has where nothing is explained.
    """
    guess = START * problem.largest if problem.form == "qcbp" else BELOW * problem.parameter * problem.size
    support = np.flatnonzero(start.x)
    if support.size > columns.rows.shape[1]:
        support = support[:0]
    columns.add(support)
    x = start.x[columns.index]
    if support.size:
        sizes = np.abs(columns.correlate(problem.system.y - columns.combine(x)))
        found = float(np.median(sizes))
        guess = found if 1e-6 * problem.largest < found < problem.largest else guess
    return x, problem.parameter if problem.form == "lasso" else guess


def _outside(problem, columns, correlation):
    """Return the largest correlation of a column outside the set, 0 if there is none."""
    sizes = correlation if problem.nonneg else np.abs(correlation)
    return float(np.max(sizes, where=~columns.member, initial=0.0))


def _largest_outside(problem, columns, correlation, lam, most):
    """Return the columns outside the set with the largest correlations, at most ``most`` of them."""
    sizes = correlation.copy() if problem.nonneg else np.abs(correlation)
    sizes[columns.member] = -np.inf
    chosen = np.flatnonzero(sizes > NEAR[problem.form] * lam)
    if chosen.size > most:
        chosen = chosen[np.argpartition(-sizes[chosen], most - 1)[:most]]
    return chosen


EXPLAINED = 1e-12   # a residual this small against the data leaves nothing unexplained
NEGLIGIBLE = 1e-10  # entries this small against the largest one vanish at lambda 0
STRIDE = 8.0        # a root further away than this factor is not trusted before the next pass
DESCENT = 4.0       # factor by which lambda moves where the face has no root
ATTEMPTS = 40       # faces visited between two passes


class Stop(NamedTuple):
    """Where the search halted: ``x`` is exact on the working set at ``lam``; try ``goal`` next.

    ``dual`` is a direction whose correlations with all columns decide whether it is the end. ``lost`` if no
    exact point was found.
    """

    lam: float
    goal: float
    Ax: np.ndarray
    dual: np.ndarray
    lost: bool = False


def root(form, level, unexplained, slope):
    r"""Return the LASSO weight that solves the problem on a face, given :math:`\|\rho\|` and :math:`\|w\|`.

    For ``qcbp`` -1 where the residual stays above ``level`` (the root is smaller than this
    face); for ``sqrt-lasso`` infinity where it stays above :math:`\lambda` / ``level``
    (the root is larger).

    Examples
    --------
    With :math:`\|\rho\|=3` and :math:`\|w\|=1` the residual has norm 5 at lambda 4. With
    :math:`\|w\|=2/5` and a weight of 2 it has norm 5 at lambda 10:

    >>> root("qcbp", 5.0, 3.0, 1.0), round(root("sqrt-lasso", 2.0, 3.0, 0.4), 12)
    (4.0, 10.0)
    """
    if form == "qcbp":
        if unexplained > level:
            return -1.0
        return float(np.sqrt((level - unexplained) * (level + unexplained)) / slope)
    rest = 1.0 - (level * slope) ** 2
    return float(level * unexplained / np.sqrt(rest)) if rest > 0.0 else np.inf


def follow(problem, columns, lam, x, bracket, floor, rough) -> Stop:
    """Move ``x`` (in place) to the solution on the working set, or as far as can be trusted.

    ``bracket`` holds two lambdas between which the root on this working set lies, and is narrowed.
    Lambda does not go below ``floor`` for a root. A ``rough`` LASSO will do where many columns are known
    to be missing.
    """
    y = problem.system.y
    g = columns.correlate(y - columns.combine(x))
    if rough and problem.form == "lasso":
        approach(columns, lam, problem.nonneg, x, g)
        Ax = columns.combine(x)
        return Stop(lam, lam, Ax, y - Ax)
    for _ in range(ATTEMPTS):
        face = settle(columns, lam, problem.nonneg, x, g)
        if face is None:
            break
        if problem.form == "lasso":
            Ax = _refined(columns, y, face, lam, x)
            return Stop(lam, lam, Ax, y - Ax)
        if face.support.size == 0:  # lambda was above the path, which begins at the largest correlation
            bracket[1] = float(g.max() if problem.nonneg else np.abs(g).max())
            lam = max(0.5 * bracket[1], np.sqrt(bracket[0]) * np.sqrt(bracket[1]))
            continue
        d, correlation, w, rho = _line(columns, y, face, lam, x)
        z, r = x[face.support] + lam * d, rho + lam * w
        unexplained, size = _norm(rho), _norm(r)
        unexplained = 0.0 if unexplained <= EXPLAINED * problem.size else unexplained
        goal = root(problem.form, problem.parameter, unexplained, _norm(w))
        if goal == 0.0 and _is_vertex(problem.nonneg, face, z, correlation):
            x[face.support] = np.where(z * face.signs > 0.0, z, 0.0)
            Ax = _refined(columns, y, face, 0.0, x)
            return Stop(0.0, 0.5 * min(2.0 * lam, _breakpoint(z, d)), Ax, w)
        if size > problem.parameter if problem.form == "qcbp" else lam > problem.parameter * size:
            bracket[1] = lam
        else:
            bracket[0] = lam
        low, high = bracket
        if max(goal, 0.0) < floor:  # columns outside have too large a correlation for so small a lambda
            if lam <= floor:
                return Stop(lam, lam, y - r, r)
            goal = floor
        elif not max(low, lam / STRIDE) <= goal <= min(high, lam * STRIDE):
            if low == 0.0 or high == np.inf:
                goal = lam / DESCENT if low == 0.0 else lam * DESCENT
                return Stop(lam, goal, y - r, r)
            goal = np.sqrt(low) * np.sqrt(high)
        moved = z - goal * d
        kept = moved * face.signs > 0.0
        if kept.all():
            g += (goal - lam) * correlation
            x[face.support] = moved
            if excess(problem.nonneg, face, g, goal) <= 1e-10 * goal:
                return _finished(problem, columns, face, goal, x, d, w)
        else:
            x[face.support] = np.where(kept, moved, 0.0)
            g = columns.correlate(y - columns.combine(x))
        lam = goal
    Ax = columns.combine(x)
    return Stop(lam, lam, Ax, y - Ax, lost=True)


def _line(columns, y, face, lam, x):
    """Return d, its correlations with the members, w and rho."""
    both = np.zeros((2, columns.size))
    both[0, face.support] = d = face.solve(face.signs)
    both[1] = x + lam * both[0]
    products = both @ columns.members
    return d, columns.inner @ both[0], products[0], y - products[1]


def _is_vertex(nonneg, face, z, correlation):
    """Return whether the face reaches lambda = 0: no sign turns, and no correlation of a member exceeds 1."""
    turned = z * face.signs < -NEGLIGIBLE * np.abs(z).max()
    return not turned.any() and excess(nonneg, face, correlation, 1.0) <= 1e-9


def _breakpoint(z, d):
    """Return the lambda at which the first entry of ``z - lam * d`` reaches zero, or infinity."""
    ahead = (np.abs(z) > NEGLIGIBLE * np.abs(z).max()) & (np.sign(z) == np.sign(d))
    return float(np.min(z[ahead] / d[ahead])) if ahead.any() else np.inf


def _refined(columns, y, face, lam, x):
    """Correct ``x`` once by its true residual, whose Gram form has lost digits; return ``Ax``."""
    right = columns.correlate(y - columns.combine(x))[face.support] - lam * face.signs
    _move(face, face.solve(right), x)
    return columns.combine(x)


def _move(face, step, x):
    """Add a small step on the face; entries that it turns are zeros but for rounding."""
    moved = x[face.support] + step
    x[face.support] = np.where(moved * face.signs > 0.0, moved, 0.0)


def _finished(problem, columns, face, lam, x, d, w):
    r"""Correct the point and lambda together, so that the residual has the length it should have.

    Along the face :math:`\|r\|` has the derivative :math:`\lambda\|w\|^2/\|r\|`: Newton's method.
    """
    y, slope = problem.system.y, float(w @ w)
    Ax = _refined(columns, y, face, lam, x)
    for _ in range(3 if problem.form == "qcbp" else 0):
        size = _norm(y - Ax)
        if problem.parameter * (1.0 - 1e-15) <= size <= problem.parameter:
            break
        step = (size - problem.parameter * (1.0 - 2e-16)) * size / (slope * lam)
        if abs(step) > 0.1 * lam:
            break
        _move(face, step * d, x)
        lam -= step
        Ax = columns.combine(x)
    return Stop(lam, lam, Ax, y - Ax)


def _norm(v):
    return float(np.sqrt(v @ v))
