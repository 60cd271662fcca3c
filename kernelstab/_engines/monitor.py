"""What is kept while a method runs: the best point, the history, and when to stop."""

import numpy as np

from kernelstab._checks import as_callable
from kernelstab._engines.linear_system import require_finite


class Monitor:
    """Judge the points that a method reports and keep the best.

    ``monitor(done, x, ...)`` returns True when the method should stop: the tolerance is met, perhaps without
    the digits to tell (``unclear``), or the budget of iterations is spent. ``best`` and ``last`` are None
    until the first report. The problem may be posed in a ``scale`` of its points and in ``units``; callback
    and history are told in those of the caller.
    """

    def __init__(self, problem, callback=None, progress=None, history=False, scale=None, units=None):
        self.problem, self.scale = problem, scale
        self.callback, self.progress = as_callable(callback, "callback"), as_callable(progress, "progress")
        self.back = (lambda value: value) if units is None else units.value_back
        self.rows = [] if history else None
        self.best, self.last, self.finished, self.unclear = None, None, False, False
        self.done = self.before = 0
        self.method = ""
        self.budget = 0

    def begin(self, budget) -> None:
        """Start another method: its iterations are counted on top of those before."""
        self.before, self.budget = self.done, budget

    def __call__(self, done, x, Ax=None, dual=None, correlation=None) -> bool:
        problem = self.problem
        judged = problem.judge(x, Ax=Ax, dual=dual, correlation=correlation)
        require_finite(judged.objective, judged.gap)
        self.last = judged._replace(x=np.empty(0))  # what was proved, without holding the point
        self.done = self.before + done
        if self.best is None or problem.distance(judged) <= problem.distance(self.best):
            self.best = judged
            self.finished = problem.finished(judged)
            self.unclear = not self.finished and problem.distance(judged) <= problem.tol
        if self.rows is not None:
            self.rows.append((self.done, self.back(judged.objective), self.back(judged.gap)))
        if self.callback is not None:
            self.callback(self.done, x.copy() if self.scale is None else x / self.scale,
                          self.back(judged.gap))
        if self.progress is not None:
            self.progress(self.done, self.before + self.budget, self._note())
        return self.finished or self.unclear or done >= self.budget

    def _note(self):
        missed = f", infeasible by {self.best.feasibility:.1e}" if self.best.feasibility > 0 else ""
        return f"relative gap {self.best.relative_gap:.1e}{missed}"

    @property
    def history(self):
        """Rows (iteration, objective, gap), or None."""
        return None if self.rows is None else np.array(self.rows).reshape(-1, 3)
