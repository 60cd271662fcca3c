r"""Working set for complex dense problems.

The problem is solved on a few columns whose Gram matrix is known (``complex_path.follow``);
then one product with the whole matrix shows the correlations of the other columns with the residual. Columns
with :math:`|a_j^*r|>\lambda` join, columns that are not in use leave. If none must join, that
product is the certificate.

On few columns the noise must be explained by the wrong entries, and :math:`\lambda` would fall
far too low. It may fall only to a share ``DEPTH`` of the largest correlation left outside:
columns below that have had no reason to join yet.
"""

from typing import NamedTuple

import numpy as np

from kernelstab._engines.working_set.columns import WorkingColumns
from kernelstab._engines.working_set.complex_path import corner, follow

SHARE = 0.05  # columns that join at once, as a share of the rows of the matrix, at least
LEAST = 32    # and never fewer than these
STAY = 0.5    # columns not in use stay while their correlation exceeds this share of lambda
CROWD = 0.8   # share of the columns in use at which others should be looked at
DEPTH = 0.5   # lambda stays above this share of the largest correlation outside
EPS = 1e-11   # relative error of the equations at which a solution on the columns is final
MANY, LONG = 500, 30  # with more columns, rounds between two reports
WARM = 1e-4   # least first lambda for a start that is given, as a share of the largest correlation
FAINT = 1e-6  # a residual of this share of the data is near enough to an exact solution for its equations
UNFINISHED = ("crowded", "paused")


class Aim(NamedTuple):
    """What is sought on the columns.

    ``close`` is the residual that counts as none (0: exact solutions are not looked for), ``slack``
    the share of the data at which a path to such a solution ends, ``last`` whether it is no
    larger than the tolerance.
    """

    form: str
    level: float
    close: float
    slack: float
    last: bool


def solve(problem, start, monitor) -> str:
    """Solve on growing sets of columns; one product with the adjoint for each."""
    system, y, aim = problem.system, problem.system.y, _aim(problem)
    m, n = system.shape
    sizes, batch = np.abs(problem.correlation), max(LEAST, int(SHARE * m))
    columns = WorkingColumns(system.matrix)
    _join(columns, np.union1d(np.flatnonzero(start.x), largest(sizes, batch)))
    x = np.where(columns.inner.diagonal() == 0, 0.0, start.x[columns.index])
    lam, done = _first_lambda(problem, columns, x), 0
    outside = lam if np.any(x) else _outside(columns, sizes)  # the largest correlation with the residual
    while True:
        count = columns.size
        path = follow(columns, _correlation(problem, columns), y, aim, lam, x,
                      count if count == n else int(CROWD * count), DEPTH * outside, EPS,
                      min(monitor.budget - done, LONG if count > MANY else monitor.budget))
        done, lam = done + max(path.rounds, 1), path.lam
        point, r, dual, weight = _ended(path, columns, y, aim)
        correlation = system.adjoint(dual)
        if monitor(done, columns.spread(point), y - r, dual, correlation):
            break
        sizes = np.abs(correlation)
        x, joined = _exchange(columns, path.x, sizes, weight, batch, path.status in UNFINISHED)
        if joined == 0 and path.status not in UNFINISHED:
            aim = _closer(aim, path, problem)
            if aim is None:
                break
        outside = _outside(columns, sizes) * lam / weight
        lam = max(lam, outside)  # where columns that must join had to stay outside
    return "working set, compiled"


def _aim(problem):
    """Return what to seek: an exact solution as one whose residual is within the tolerance."""
    slack, size = max(FAINT, 0.3 * problem.tol), problem.size
    close = 0.0 if problem.form == "lasso" else 1e-3 * problem.tol * size
    level = problem.parameter
    if problem.form == "qcbp":
        close, level = (close, slack * size) if level == 0.0 else (0.0, level)
    return Aim(problem.form, level, close, slack, slack <= 0.3 * problem.tol)


def _closer(aim, path, problem):
    """Return the aim nearer to an exact solution, or None where that would not help."""
    if aim.last or aim.close == 0.0 or path.status != "solved":
        return None
    slack = max(0.01 * aim.slack, 0.3 * problem.tol)
    level = aim.level * (slack / aim.slack) if aim.form == "qcbp" else aim.level
    return aim._replace(slack=slack, level=level, last=slack <= 0.3 * problem.tol)


def _join(columns, places):
    first = columns.size
    columns.add(places)
    columns.silence_repeats(first)


def _correlation(problem, columns):
    """Return the correlations of the columns with the data; zero for those that were silenced."""
    return np.where(columns.inner.diagonal() == 0, 0.0, problem.correlation[columns.index])


def _outside(columns, sizes):
    return float(np.max(sizes, where=~columns.member, initial=0.0))


def _first_lambda(problem, columns, x):
    """Return a lambda at which ``x`` is a fair start; not one that is all rounding."""
    c = _correlation(problem, columns)
    top = float(np.abs(c).max())
    lam = 0.5 * top
    if np.any(x):
        lam = max(float(np.median(np.abs(c - x @ columns.inner)[x != 0])), WARM * top)
    return max(lam, problem.parameter) if problem.form == "lasso" else lam


def _ended(path, columns, y, aim):
    """Return the point that ``follow`` has ended with, its residual, a dual direction, and its weight."""
    x, r = path.x, path.r
    if path.status == "exact":
        return x, r, path.dual, 1.0
    faint = np.linalg.norm(r) <= 2.0 * FAINT * np.linalg.norm(y)
    if path.status in UNFINISHED or aim.close == 0.0 or aim.last or not faint:
        return x, r, r, path.lam
    support = np.flatnonzero(x)
    rows = columns.rows[support]
    values, dual = corner(rows, x[support], r / path.lam, y)
    point = np.zeros_like(x)
    point[support] = values
    return point, y - values @ rows, dual, 1.0


def _exchange(columns, x, sizes, weight, batch, crowded):
    """Let columns leave and join; return x on the new columns and how many have joined."""
    kept = (x != 0) | (sizes[columns.index] > STAY * weight)
    columns.keep(kept)
    x = x[kept]
    outside = np.where(columns.member, -1.0, sizes)  # below that of a zero column: none may join twice
    count = min(max(batch, np.count_nonzero(x)), columns.member.size - columns.size)
    if not crowded:
        count = min(count, np.count_nonzero(outside > weight))
    if count == 0:
        return x, 0
    _join(columns, largest(outside, count))
    return np.concatenate([x, np.zeros(count, complex)]), count


def largest(values, count):
    """Return the places of the ``count`` largest values in order."""
    if count >= values.size:
        return np.arange(values.size)
    return np.sort(np.argpartition(values, -count)[-count:])
