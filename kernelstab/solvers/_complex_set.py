r"""Working set for complex dense problems.

The problem is solved on a few columns whose Gram matrix is known (``_complex_jit.follow``);
then one product with the whole matrix shows what the other columns say to the residual. Columns
with :math:`|a_j^*r|>\lambda` join, columns that play no part leave. If none must join, that
product is the certificate.

On few columns the noise must be explained by the wrong entries, and :math:`\lambda` would fall
far too low. It may fall only to a share ``DEPTH`` of the largest correlation left outside:
columns below that have had no reason to join yet.
"""

import numpy as np

from kernelstab.solvers._complex_columns import Columns

KINDS = {"lasso": 0, "qcbp": 1, "sqrt-lasso": 2}
SHARE = 0.1   # columns that join at once, as a share of the rows of the matrix, at least
LEAST = 16    # and never fewer than these
STAY = 0.5    # columns not in use stay while their correlation exceeds this share of lambda
CROWD = 0.8   # share of the columns in use at which others should be looked at
DEPTH = 0.3   # lambda stays above this share of the largest correlation outside
EXACT = 1e-11  # relative error of the equations at which a solution on the columns is final


def solve(problem, start, watch) -> str:
    """Solve on growing sets of columns; one product with the adjoint for each."""
    from kernelstab.solvers import _complex_jit as loops

    kind, level, close = _aim(problem)
    m, n = problem.system.shape
    y, pull, price = np.ascontiguousarray(problem.system.y), np.abs(problem.correlation), 1.0
    batch = max(LEAST, int(SHARE * m))
    columns = Columns(problem.system.matrix, problem.correlation)
    columns.add(np.union1d(np.flatnonzero(start.x), largest(pull, batch)))
    x, r, h = start.x[columns.index], np.empty(m, complex), np.empty(m, complex)
    lam, done = _first_lambda(columns, x, kind, level), 0
    while True:
        count = columns.count
        whole, z = count == n, np.empty(count, complex)
        floor = 0.0 if whole else DEPTH * float(pull[~columns.chosen].max()) * lam / price
        path = loops.follow(columns.B, columns.K, count, columns.c, y, kind, level, lam, x, r, z, h,
                            count if whole else int(CROWD * count), floor, EXACT, close, watch.budget - done)
        done, lam = done + max(path.rounds, 1), path.lam
        exact = path.status == loops.EXACT
        full = np.zeros(n, complex)
        full[columns.index] = z if exact else x
        dual, price = (h, 1.0) if exact else (r, lam)
        pulled = problem.system.adjoint(dual)
        if watch(done, full, image=y - r, dual=dual, pulled=pulled):
            break
        pull = np.abs(pulled)
        x, joined = _exchange(columns, x, pull, price, batch, path.status == loops.CROWDED)
        if joined == 0 and path.status in (loops.SOLVED, loops.STUCK):
            break
    return "working set, compiled"


def _aim(problem):
    """Return the kind, its level, and the residual that counts as none.

    An exact solution is approached as one whose residual is within the tolerance, unless it
    is found as such on the way.
    """
    kind, small = KINDS[problem.form], 1e-3 * problem.tol * problem.size
    if kind == KINDS["qcbp"] and problem.level == 0.0:
        return kind, 0.3 * problem.tol * problem.size, small
    return kind, problem.level, small if kind == KINDS["sqrt-lasso"] else 0.0


def _first_lambda(columns, x, kind, level):
    """Return a lambda at which ``x`` is a fair start."""
    count = columns.count
    g = np.abs(columns.c[:count] - x @ columns.K[:count, :count] if np.any(x) else columns.c[:count])
    lam = float(np.median(g[x != 0])) if np.any(x) else 0.5 * float(g.max())
    lam = lam if lam > 0 else 0.5 * float(np.abs(columns.c[:count]).max())
    return max(lam, level) if kind == KINDS["lasso"] else lam


def _exchange(columns, x, pull, price, batch, crowded):
    """Let columns leave and join; return x on the new columns and how many have joined."""
    kept = (x != 0) | (pull[columns.index] > STAY * price)
    columns.keep(kept)
    x = x[kept]
    outside = np.where(columns.chosen, 0.0, pull)
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
