"""What the methods share: the best bound, the best image, and a threshold that their gains steer."""

import numpy as np

TARGET, GAIN = 0.3, 0.7     # what the primal bound should gain over the dual one; how sharply to steer
IDLE = 0.02                 # share of the gap that counts as a gain of the dual bound at least,
PATIENCE = 0.1              # and the share of that for the primal one
STEEPEST = 3.0              # most by which the threshold changes at a time,
SMALLEST, LARGEST = 0.02, 4.0   # and least and most of where it began


class Method:
    """What both methods share: the best image and the best bound that were met are kept apart.

    ``figures`` of an image are the sum of the sizes of ``W x`` and the norm of the residual.
    """

    def __init__(self, problem, bound):
        self.problem, self.bound = problem, bound
        self.best, self.figures = None, (np.inf, 0.0)

    def cost(self, figures) -> float:
        """Return the objective, and what the excess costs."""
        return self.problem.objective(*figures) + self.problem.excess(figures[1]) * self.bound.length

    def report(self, monitor, done, x, figures) -> bool:
        """Keep x if it is the best image so far, and let the monitor judge it with the best bound."""
        if self.best is None or self.cost(figures) <= self.cost(self.figures):
            self.best, self.figures = x.astype(self.problem.system.dtype, copy=False), figures
        return monitor(done, self.best.ravel(), Ax=self.figures, dual=self.bound)


class Trend:
    """Steer the threshold of a method by what each bound has gained since the last time.

    A side that gains little while the gap stays open has to be helped: a small threshold moves the
    dual field slowly and lets the image settle, a large one does the opposite. As the best image and the
    best bound are kept apart, the two sides may well finish one after the other. When neither gains,
    the threshold sweeps from one end of its range to the other. The logarithms of the moves have a
    finite sum, which is what lets the method converge in spite of them; after ``calm`` moves they have
    become gentle.
    """

    def __init__(self, method, calm):
        self.method, self.calm, self.before = method, calm, None
        self.product, self.sweep, self.moves = 1.0, STEEPEST, 0

    def ratio(self) -> float:
        """Return by how much to change the threshold."""
        upper, lower = self.method.cost(self.method.figures), self.method.bound.value
        before, self.before = self.before, (upper, lower)
        if before is None or not upper > lower:
            return 1.0
        up, down = IDLE * (upper - lower), PATIENCE * IDLE * (upper - lower)
        if before[0] - upper <= down and lower - before[1] <= up:
            return self._move(self.sweep)
        down, up = max(before[0] - upper, down), max(lower - before[1], up)
        ratio = min(max((TARGET * up / down) ** GAIN, 1.0 / STEEPEST), STEEPEST)
        self.sweep = STEEPEST if ratio > 1.0 else 1.0 / STEEPEST
        return self._move(ratio)

    def _move(self, ratio):
        """Stay in the range, and turn the sweep around at its ends."""
        self.moves += 1
        product = self.product * ratio ** (1.0 + self.moves / self.calm) ** -1.5
        product = min(max(product, SMALLEST), LARGEST)
        if product in (SMALLEST, LARGEST):
            self.sweep = STEEPEST if product == SMALLEST else 1.0 / STEEPEST
        ratio, self.product = product / self.product, product
        return ratio
