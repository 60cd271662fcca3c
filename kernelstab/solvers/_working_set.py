"""Working set for large real dense problems: solve on few columns, check on all of them.

One round: the columns that pull hardest join the working set, whose Gram matrix is kept;
the problem is solved exactly on it without touching the matrix; one product with the whole
matrix judges the result and finds the columns that are missing. Few rounds are needed, so a
solution costs a few reads of the matrix.

On few columns the noise must be explained by the wrong entries, which takes a level far below
the one sought, and there many entries move with every column that joins. So once the support
is crowded the level falls no further than what the columns outside still pull.
"""

import numpy as np

from kernelstab.solvers._set_columns import Columns
from kernelstab.solvers._set_roots import follow

START = 0.03    # first level where none is known, as a share of the largest correlation;
BELOW = 0.7     # of a square-root LASSO, as a share of its level times the norm of the data, an upper bound
NEAR = {"lasso": 0.95, "qcbp": 0.7, "sqrt-lasso": 0.7}  # share of the level that columns must pull to join
LOWEST = 1e-12  # give up at levels below this share of the largest correlation
BATCH = 40      # columns that may join per round: this many, or more for a very wide matrix
CROWD = 0.25    # share of the rows of the matrix from which on a support is crowded;
DEPTH = 0.5     # then the level stays above this share of the largest correlation outside the set
REPEATS = 3     # rounds without a new column or a new level, each of which only refines


def solve(problem, start, watch) -> str:
    """Solve a real dense problem; an iteration is a round.

    Stops short of the tolerance if no point within reach meets the constraint, if the columns
    depend on each other too closely for double precision, or if rounds cease to help.
    """
    system, peak = problem.system, problem.peak
    if peak <= 0.0:  # nonnegative combinations only lead away from the data
        watch(0, np.zeros(system.shape[1]), image=0.0 * system.y)
        return "working set, compiled"
    columns = Columns(system.matrix)
    pulled, batch = problem.correlation, max(BATCH, system.shape[1] // 200)
    x, level = _warm(problem, columns, start)
    done, repeats, bracket, floor = 0, 0, [0.0, np.inf], 0.0
    while repeats <= REPEATS and level > LOWEST * peak:
        most = max(batch, np.count_nonzero(x) // 2)
        chosen = _strongest(problem, columns, pulled, level, most)
        if chosen.size:
            columns.extend(chosen)
            x, bracket = np.concatenate([x, np.zeros(chosen.size)]), [0.0, np.inf]
        stop = follow(problem, columns, level, x, bracket, floor, rough=chosen.size == most)
        pulled = system.adjoint(stop.dual)
        done += 1
        over = watch(done, columns.spread(x), image=stop.image, dual=stop.dual, pulled=pulled)
        if over or stop.lost:
            break
        near = 0.5 * level <= stop.goal <= 2.0 * level
        repeats = repeats + 1 if near and not chosen.size else 0
        if stop.level == 0.0:  # the dual direction is the residual at level one
            pulled = pulled * stop.goal
        level = stop.goal
        crowded = np.count_nonzero(x) > CROWD * problem.system.y.size
        floor = DEPTH * _outside(problem, columns, pulled) if crowded else 0.0
    return "working set, compiled"


def _warm(problem, columns, start):
    """Take the support of the start into the set; return its values and the first level.

    The level of a start is what its support pulls, which is a guess only: where the start
    is none, or interpolates the data, a share of the largest correlation takes its place, or of what a
    square-root LASSO has where nothing is explained.
    """
    guess = START * problem.peak if problem.form == "qcbp" else BELOW * problem.level * problem.size
    support = np.flatnonzero(start.x)
    if support.size > columns.rows.shape[1]:
        support = support[:0]
    columns.extend(support)
    x = start.x[columns.index]
    if support.size:
        pulls = np.abs(columns.correlate(problem.system.y - columns.combine(x)))
        found = float(np.median(pulls))
        guess = found if 1e-6 * problem.peak < found < problem.peak else guess
    return x, problem.level if problem.form == "lasso" else guess


def _outside(problem, columns, pulled):
    """Return the largest pull of a column outside the set, 0 if there is none."""
    strength = pulled if problem.nonneg else np.abs(pulled)
    return float(np.max(strength, where=~columns.member, initial=0.0))


def _strongest(problem, columns, pulled, level, batch):
    """Return the columns outside the set that pull hardest, at most ``batch`` of them."""
    strength = pulled.copy() if problem.nonneg else np.abs(pulled)
    strength[columns.member] = -np.inf
    chosen = np.flatnonzero(strength > NEAR[problem.form] * level)
    if chosen.size > batch:
        chosen = chosen[np.argpartition(-strength[chosen], batch - 1)[:batch]]
    return chosen
