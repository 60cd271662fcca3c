"""CoSaMP, subspace pursuit, hard thresholding pursuit and iterative hard thresholding in one loop.

Each method names a set of columns by their correlations with the residual, and keeps the largest entries.
A step takes the point, its correlations and the number of the step; it returns the next point, or None where
nothing new comes, and how the run ends, or None where it goes on.
"""

import numpy as np

from kernelstab._engines.greedy.columns import columns_of, combination, largest
from kernelstab._engines.greedy.points import Point

_MARGIN = 0.01  # a gradient step stays this part below the longest one that is sure to lower the residual
_SHRINK = 2.0


def thresholded(task, step, fits_last=False):
    """Yield the points of a method; return whether its stopping rule was met, and in which way it ended."""
    point, best = task.start, None
    for done in range(1, task.budget + 1):
        new, end = step(point, task.correlations(point), done)
        if new is not None:
            yield new
            point = new
            best = new if best is None or new.size <= best.size else best
            end = (True, "exact fit") if task.fitted(new) else end
        if end is not None:
            break
    else:
        end = False, "budget spent"
    if fits_last and best is not None:
        yield fitted(task, done, best.support, best)
    return end


def fits(task, named, falls=False):
    """Return the step of least squares on the columns that ``named`` names; the largest entries stay.

    A method that ``falls`` fits again on what stays, and ends where the residual does not fall. The others
    end where a set of columns comes again: a point is a function of that set alone, so nothing new can come.
    """
    seen = []

    def step(point, correlation, done):
        places = named(point, correlation, done)
        key = places.tobytes()
        if not falls and key in seen:
            return None, ((True, "fixed point") if key == seen[-1] else (False, "circle"))
        seen.append(key)
        new = fitted(task, done, places, point)
        if places.size > task.s:
            kept = largest(new.values, task.s)
            new = point_at(task, done, places[kept], new.values[kept])
            if falls:
                new = fitted(task, done, new.support, new)
        if falls and done > 1 and not new.size < point.size:
            return None, (True, "residual at its least")
        return new, None

    return step


def fitted(task, done, places, guess):
    """Return the least squares fit on some columns; an iteration for it starts from the point ``guess``."""
    columns = columns_of(task.system, places)
    values = columns.fit(task.system.y, guess.dense(task.system.shape[1])[places])
    return Point(done, places, values, task.system.y - columns.combination(values))


def point_at(task, done, support, values):
    return Point(done, support, values, task.system.y - combination(task.system, support, values))


def cosamp(task):
    """Merge the support with the ``2s`` columns that correlate most; the best point is fitted at the end."""
    def named(point, correlation, done):
        return np.union1d(point.support, largest(correlation, min(2 * task.s, correlation.size)))

    return thresholded(task, fits(task, named), fits_last=True)


def subspace_pursuit(task):
    """Merge the support with the ``s`` columns that correlate most; a start is fitted first."""
    def named(point, correlation, done):
        if done == 1 and point.support.size:
            return point.support
        return np.union1d(point.support, largest(correlation, task.s))

    return thresholded(task, fits(task, named, falls=True))


def htp(task):
    """Take the largest entries after a gradient step, along its own largest entries as long as is best."""
    def named(point, correlation, done):
        step = best_step(task.system, correlation, largest(correlation, task.s), 0.0)
        return largest(point.dense(task.system.shape[1]) + step * correlation, task.s)

    return thresholded(task, fits(task, named))


def best_step(system, correlation, places, otherwise):
    """Return the step along these entries of the gradient that lowers the residual most."""
    part = correlation[places]
    product = combination(system, places, part)
    energy = np.vdot(product, product).real
    return np.vdot(part, part).real / energy if energy > 0 else otherwise


def iht(task):
    """Take gradient steps, as long as is best for the columns in use, and keep the largest entries."""
    length = None   # of the last step, for gradients that vanish on the columns in use

    def step(point, correlation, done):
        nonlocal length
        x = point.dense(correlation.size)
        used = point.support if point.support.size else largest(correlation, task.s)
        length = best_step(task.system, correlation, used, length)
        if length is None:
            length = (1 - _MARGIN) / task.system.norm() ** 2    # safe for every support
        while True:
            target = x + length * correlation
            support = largest(target, task.s)
            support = support[target[support] != 0]
            new = point_at(task, done, support, target[support])
            move, shift = new.dense(x.size) - x, point.residual - new.residual
            if (np.array_equal(support, used)
                    or length * np.vdot(shift, shift).real <= (1 - _MARGIN) * np.vdot(move, move).real):
                break
            length /= _SHRINK
        settled = (np.array_equal(support, point.support)
                   and np.linalg.norm(move) <= task.tol * np.linalg.norm(new.values))
        return new, (True, "settled") if settled else None

    return thresholded(task, step)
