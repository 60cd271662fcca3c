"""CoSaMP, subspace pursuit, hard thresholding pursuit and iterative hard thresholding in one loop.

Each method names a set of columns by their correlations with the residual, and keeps the largest entries.
"""

from collections.abc import Callable

import numpy as np

from kernelstab._engines.greedy.columns import columns_of, combination, largest
from kernelstab._engines.greedy.points import Point, Task

_MARGIN = 0.01  # a gradient step stays this part below the longest one that is sure to lower the residual
_SHRINK = 2.0


def thresholded(task: Task, method):
    """Yield the points of a method; return whether its stopping rule was met, and in which way it ended.

    ``method.step(point, correlation, done)`` returns the next point, or None where nothing new comes, and
    how the run ends, or None where it goes on.
    """
    point = task.start
    best: Point | None = None
    for done in range(1, task.budget + 1):
        new, end = method.step(point, task.correlations(point), done)
        if new is not None:
            yield new
            point = new
            best = new if best is None or new.size <= best.size else best
            end = (True, "exact fit") if task.fitted(new) else end
        if end is not None:
            break
    else:
        end = False, "budget spent"
    if method.fits_last and best is not None:
        yield fitted(task, done, best.support, best)
    return end


class Fits:
    """Least squares on the columns that ``named`` names; the largest entries of the fit stay.

    A method that ``falls`` fits again on what stays, and ends where the residual does not fall. The others
    end where a set of columns comes again: a point is a function of that set alone, so nothing new can come.
    """

    def __init__(self, task: Task, named: Callable, falls=False, fits_last=False):
        self.task, self.named, self.falls, self.fits_last = task, named, falls, fits_last
        self.seen, self.last = set(), None

    def step(self, point, correlation, done):
        """Return the next point, and how the run ends."""
        places = self.named(self.task, point, correlation, done)
        key = places.tobytes()
        if not self.falls and key in self.seen:
            return None, ((True, "fixed point") if key == self.last else (False, "circle"))
        self.seen.add(key)
        self.last = key
        new = fitted(self.task, done, places, point)
        if places.size > self.task.s:
            kept = largest(new.values, self.task.s)
            support, values = places[kept], new.values[kept]
            residual = self.task.system.y - combination(self.task.system, support, values)
            new = Point(done, support, values, residual)
            if self.falls:
                new = fitted(self.task, done, support, new)
        if self.falls and done > 1 and not new.size < point.size:
            return None, (True, "residual at its least")
        return new, None


def fitted(task, done, places, guess):
    """Return the least squares fit on some columns; an iteration for it starts from the point ``guess``."""
    columns = columns_of(task.system, places)
    values = columns.fit(task.system.y, guess.dense(task.system.shape[1])[places])
    return Point(done, places, values, task.system.y - columns.combination(values))


def cosamp(task):
    """Merge the support with the ``2s`` columns that correlate most; the best point is fitted at the end."""
    def named(task, point, correlation, done):
        return np.union1d(point.support, largest(correlation, min(2 * task.s, correlation.size)))

    return thresholded(task, Fits(task, named, fits_last=True))


def subspace_pursuit(task):
    """Merge the support with the ``s`` columns that correlate most; a start is fitted first."""
    def named(task, point, correlation, done):
        if done == 1 and point.support.size:
            return point.support
        return np.union1d(point.support, largest(correlation, task.s))

    return thresholded(task, Fits(task, named, falls=True))


def htp(task):
    """Take the largest entries after a gradient step, along its own largest entries as long as is best."""
    def named(task, point, correlation, done):
        step = best_step(task.system, correlation, largest(correlation, task.s), 0.0)
        return largest(point.dense(task.system.shape[1]) + step * correlation, task.s)

    return thresholded(task, Fits(task, named))


def iht(task, normalised):
    """Take gradient steps, and keep the largest entries."""
    return thresholded(task, GradientSteps(task, normalised))


def best_step(system, correlation, places, otherwise):
    """Return the step along these entries of the gradient that lowers the residual most."""
    part = correlation[places]
    product = combination(system, places, part)
    energy = np.vdot(product, product).real
    return np.vdot(part, part).real / energy if energy > 0 else otherwise


class GradientSteps:
    """Gradient steps of which the largest entries stay.

    The columns in use set the step where ``normalised``, else the norm of the matrix does, which is safe for
    every support.
    """

    fits_last = False

    def __init__(self, task: Task, normalised):
        self.task, self.normalised = task, normalised
        self.length = None   # of the last step, for gradients that vanish on the columns in use

    def step(self, point, correlation, done):
        """Return the next point, and how the run ends."""
        task, x = self.task, point.dense(correlation.size)
        used = point.support if point.support.size else largest(correlation, task.s)
        if self.normalised:
            self.length = best_step(task.system, correlation, used, self.length)
        if self.length is None:
            self.length = (1 - _MARGIN) / task.system.norm() ** 2
        length = self.length
        while True:
            target = x + length * correlation
            support = largest(target, task.s)
            support = support[target[support] != 0]
            values = target[support]
            new = Point(done, support, values, task.system.y - combination(task.system, support, values))
            move, shift = new.dense(x.size) - x, point.residual - new.residual
            if (not self.normalised or np.array_equal(support, used)
                    or length * np.vdot(shift, shift).real <= (1 - _MARGIN) * np.vdot(move, move).real):
                break
            length /= _SHRINK
        settled = (np.array_equal(support, point.support)
                   and np.linalg.norm(move) <= task.tol * np.linalg.norm(values))
        return new, (True, "settled") if settled else None
