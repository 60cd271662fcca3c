"""Working set for large real dense problems: solve on few columns, check on all of them.

One round: the columns with the largest correlations join the working set, whose Gram matrix is kept;
the problem is solved exactly on it without touching the matrix; one product with the whole
matrix judges the result and finds the columns that are missing. Few rounds are needed, so a
solution costs a few reads of the matrix.

On few columns the noise must be explained by the wrong entries, which takes a lambda far below
the one sought, and there many entries move with every column that joins. So once the support
is crowded lambda falls no further than the correlations of the columns outside.
"""

import numpy as np

from kernelstab._engines.working_set.columns import WorkingColumns
from kernelstab._engines.working_set.roots import follow

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
