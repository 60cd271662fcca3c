"""Working set for large real dense problems: solve on few columns, check on all of them.

One round: the columns that pull hardest join the working set, whose Gram matrix is kept;
the problem is solved exactly on it without touching the matrix; one product with the whole
matrix judges the result and finds the columns that are missing. Few rounds are needed, so a
solution costs a few reads of the matrix.
"""

import numpy as np

from kernelstab.solvers._set_columns import Columns
from kernelstab.solvers._set_roots import follow

START = 0.03    # first level where none is known, as a share of the largest correlation
NEAR = 0.5      # columns that pull at least this share of the level may join
LOWEST = 1e-14  # give up at levels below this share of the largest correlation


def solve(problem, start, watch):
    """Solve a real dense problem; see ``_methods`` for what an engine is.

    Returns without finishing if a face cannot be found (columns that depend on each other in
    working precision), if the level falls below rounding, or if no column helps any more.
    """
    system, c = problem.system, problem.correlation
    columns = Columns(system.matrix, capacity=256)
    pulled, level = c, _first_level(problem)
    lowest = LOWEST * float(np.abs(c).max())
    x = _warm(columns, start)
    batch = max(32, c.size // 100)
    done = 0
    while True:
        chosen = _strongest(columns, pulled, level, max(batch, np.count_nonzero(x) // 2), problem.nonneg)
        if chosen.size:
            columns.extend(chosen)
            x = np.concatenate([x, np.zeros(chosen.size)])
        stop = follow(problem, columns, level, x)
        if stop is None:
            break
        full = np.zeros(c.size)
        full[columns.index] = x
        pulled = system.adjoint(stop.dual)
        done += 1
        if watch(done, full, image=stop.image, dual=stop.dual, pulled=pulled):
            break
        settled = stop.goal == level
        if stop.level == 0.0:
            pulled = pulled * stop.goal
        level = stop.goal
        if level < lowest or (settled and not chosen.size):
            break
    return "working set, compiled"


def _first_level(problem):
    largest = float(np.abs(problem.correlation).max())
    if problem.form == "lasso":
        return problem.level
    if problem.form == "qcbp":
        return START * largest
    return min(START * largest, problem.level * problem.size)


def _warm(columns, start):
    """Take the support of the start into the set and return its values there."""
    support = np.flatnonzero(start.x)
    if not 0 < support.size <= columns.rows.shape[1]:
        return np.zeros(0)
    columns.extend(support)
    return start.x[support]


def _strongest(columns, pulled, level, batch, nonneg):
    """Return the columns outside the set that pull hardest, at most ``batch`` of them."""
    strength = pulled.copy() if nonneg else np.abs(pulled)
    strength[columns.member] = -np.inf
    chosen = np.flatnonzero(strength > NEAR * level)
    if chosen.size > batch:
        chosen = chosen[np.argpartition(-strength[chosen], batch - 1)[:batch]]
    return chosen
