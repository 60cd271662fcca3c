r"""Working set for complex dense problems.

The problem is solved on a few columns whose Gram matrix is known (``_complex_jit.follow``);
then one product with the whole matrix shows what the other columns say to the residual. Columns
with :math:`|a_j^*r|>\lambda` join, columns that play no part leave. If none must join, that
product is the certificate.

On few columns the noise must be explained by the wrong entries, and :math:`\lambda` would fall
far too low. It may fall only to a share ``DEPTH`` of the largest correlation left outside:
columns below that have had no reason to join yet.
"""

from typing import NamedTuple

import numpy as np

from kernelstab.solvers._complex_columns import Columns
from kernelstab.solvers._complex_corner import corner
from kernelstab.solvers._units import unit

KINDS = {"lasso": 0, "qcbp": 1, "sqrt-lasso": 2}
SHARE = 0.05  # columns that join at once, as a share of the rows of the matrix, at least
LEAST = 32    # and never fewer than these
STAY = 0.5    # columns not in use stay while their correlation exceeds this share of lambda
CROWD = 0.8   # share of the columns in use at which others should be looked at
DEPTH = 0.5   # lambda stays above this share of the largest correlation outside
EPS = 1e-11   # relative error of the equations at which a solution on the columns is final
MANY, LONG = 500, 30  # with more columns, rounds between two reports
WARM = 1e-4   # least first lambda for a start that is given, as a share of the largest correlation
FAINT = 1e-6  # a residual of this share of the data is near enough to an exact solution for its equations


class Aim(NamedTuple):
    """The problem in units in which neither the matrix nor the data are extreme.

    ``close`` is the residual that counts as none (0: exact solutions are not looked for), ``slack``
    the share of the data at which a path to such a solution ends, ``last`` whether it is no
    larger than the tolerance.
    """

    kind: int
    level: float
    close: float
    slack: float
    last: bool
    y: np.ndarray
    matrix_unit: float
    data_unit: float


def solve(problem, start, watch) -> str:
    """Solve on growing sets of columns; one product with the adjoint for each."""
    from kernelstab.solvers import _complex_jit as loops

    aim = _aim(problem)
    m, n = problem.system.shape
    back = aim.matrix_unit / aim.data_unit
    pull, batch = np.abs(problem.correlation) * aim.matrix_unit * aim.data_unit, max(LEAST, int(SHARE * m))
    columns = Columns(problem.system.matrix, problem.correlation, aim.matrix_unit, aim.data_unit)
    columns.add(np.union1d(np.flatnonzero(start.x), largest(pull, batch)))
    x = np.where(columns.K.diagonal()[: columns.count] == 0, 0.0, start.x[columns.index] / back)
    r, h = np.empty(m, complex), np.empty(m, complex)
    lam, done = _first_lambda(columns, x, aim), 0
    outside = lam if np.any(x) else _peak(columns, pull)  # the largest correlation with the residual
    unfinished = (loops.CROWDED, loops.PAUSED)
    while True:
        count = columns.count
        whole, z = count == n, np.empty(count, complex)
        path = loops.follow(
            columns.B, columns.K, count, columns.c, aim.y, aim.kind, aim.level, lam, x, r, z, h,
            count if whole else int(CROWD * count), DEPTH * outside, EPS, aim.close, aim.slack,
            min(watch.budget - done, LONG if count > MANY else watch.budget))
        done, lam = done + max(path.rounds, 1), path.lam
        point, rest, dual, price = _ended(path, columns, x, z, r, h, aim, loops)
        full = np.zeros(n, complex)
        full[columns.index] = point * back
        pulled = problem.system.adjoint(dual)
        if watch(done, full, image=(aim.y - rest) / aim.data_unit, dual=dual, pulled=pulled):
            break
        pull = np.abs(pulled) * aim.matrix_unit
        x, joined = _exchange(columns, x, pull, price, batch, path.status in unfinished)
        if joined == 0 and path.status not in unfinished:
            aim = _closer(aim, path, problem, loops)
            if aim is None:
                break
        outside = _peak(columns, pull) * lam / price
        lam = max(lam, outside)  # where columns that must join had to stay outside
    return "working set, compiled"


def _aim(problem):
    """Return the problem for the loops.

    An exact solution is approached as one whose residual is within the tolerance, unless it
    is found as such on the way. The units are powers of two, and 1 unless numbers are extreme.
    """
    kind, size = KINDS[problem.form], problem.size
    data = unit(size)
    matrix = unit(float(np.abs(problem.correlation * data).max()) / (size * data))
    level = problem.level * (1.0 if problem.form == "qcbp" else matrix)
    level *= 1.0 if problem.form == "sqrt-lasso" else data
    slack = max(FAINT, 0.3 * problem.tol)
    close = 0.0 if kind == KINDS["lasso"] else 1e-3 * problem.tol * size * data
    if kind == KINDS["qcbp"]:
        close, level = (close, slack * size * data) if level == 0.0 else (0.0, level)
    y = np.ascontiguousarray(problem.system.y * data)
    return Aim(kind, level, close, slack, slack <= 0.3 * problem.tol, y, matrix, data)


def _closer(aim, path, problem, loops):
    """Return the aim nearer to an exact solution, or None where that would not help."""
    if aim.last or aim.close == 0.0 or path.status != loops.SOLVED:
        return None
    slack = max(0.01 * aim.slack, 0.3 * problem.tol)
    level = aim.level * (slack / aim.slack) if aim.kind == KINDS["qcbp"] else aim.level
    return aim._replace(slack=slack, level=level, last=slack <= 0.3 * problem.tol)


def _peak(columns, pull):
    return float(np.max(pull, where=~columns.chosen, initial=0.0))


def _first_lambda(columns, x, aim):
    """Return a lambda at which ``x`` is a fair start; not one that is all rounding."""
    count = columns.count
    c = columns.c[:count]
    top = float(np.abs(c).max())
    lam = 0.5 * top
    if np.any(x):
        lam = max(float(np.median(np.abs(c - x @ columns.K[:count, :count])[x != 0])), WARM * top)
    return max(lam, aim.level) if aim.kind == KINDS["lasso"] else lam


def _ended(path, columns, x, z, r, h, aim, loops):
    """Return the point that ``follow`` has ended with, its residual, a dual point, and its price."""
    if path.status == loops.EXACT:
        return z, r, h, 1.0
    support = np.flatnonzero(x)
    faint = np.linalg.norm(r) <= 2.0 * FAINT * np.linalg.norm(aim.y)
    if path.status in (loops.CROWDED, loops.PAUSED) or aim.close == 0.0 or aim.last or not faint:
        return x, r, r, path.lam
    rows = columns.B[support]
    values, dual = corner(rows, x[support], r / path.lam, aim.y)
    point = np.zeros_like(x)
    point[support] = values
    return point, aim.y - values @ rows, dual, 1.0


def _exchange(columns, x, pull, price, batch, crowded):
    """Let columns leave and join; return x on the new columns and how many have joined."""
    kept = (x != 0) | (pull[columns.index] > STAY * price)
    columns.keep(kept)
    x = x[kept]
    outside = np.where(columns.chosen, -1.0, pull)  # below that of a zero column: none may join twice
    room = min(max(batch, np.count_nonzero(x)), columns.chosen.size - columns.count)
    if not crowded:
        room = min(room, np.count_nonzero(outside > price))
    if room == 0:
        return x, 0
    places = largest(outside, room)
    columns.add(places)
    return np.concatenate([x, np.zeros(room, complex)]), room


def largest(values, count):
    """Return the places of the ``count`` largest values in order."""
    if count >= values.size:
        return np.arange(values.size)
    return np.sort(np.argpartition(values, -count)[-count:])
