r"""Primal-dual steps for analysis problems behind any operator, with an easy solve for the primal step.

The saddle function is :math:`\mathrm{Re}\langle p,Wx\rangle+\mathrm{Re}\langle h,y-Ax\rangle-\eta\|h\|` over
the feasible fields p (with ``lam``: :math:`-\tfrac\lambda2\|h\|^2` last, in units of :math:`\lambda`).
With dual steps ``rho`` and ``sigma`` the primal step may be any matrix below the inverse of
:math:`\rho W^*W+\sigma A^*A`. The one taken, :math:`(\rho W^*W+\sigma\|A\|^2)^{-1}`, makes W as
easy as if it were orthogonal; for gradients it costs one fast transform and its inverse.
"""

import numpy as np

from kernelstab._engines.imaging.analysis_problem import Bound, Method, Trend

RELAXATION = 1.8
CHECK = 20
CALM = 20.0               # moves of the threshold until they are gentle: if later, sharp solutions stall
ROUNDS = 4
COUPLING = 1.0            # sigma ||A||^2 over rho times a typical eigenvalue of W*W
TINY = float(np.finfo(float).tiny)


class PrimalDual(Method):
    """The iteration for one problem; ``run`` returns when the monitor says so."""

    words = "primal-dual steps"

    def __init__(self, problem):
        super().__init__(problem, Bound(-np.inf, problem.system.y, None))
        self.scale = max(problem.system.norm(), TINY) ** 2
        self.shift = COUPLING * problem.frame.typical
        self.step = self.shift / self.scale           # of h over that of p
        self.measured = np.asarray                    # h is in the coordinates of y already

    @staticmethod
    def fits(problem, A) -> bool:
        """Return True: nothing is asked of A."""
        return True

    def run(self, start, dual, field, monitor):
        """Iterate from an image, and a dual point and a field in units of the weight (None: 0)."""
        system, frame = self.problem.system, self.problem.frame
        x = np.zeros(frame.size, system.dtype) if start is None else start
        h, Ax = 0.0 * system.y if dual is None else dual, system.forward(x)
        p, b = np.zeros(frame.count, system.dtype) if field is None else field, np.empty_like(x)
        if field is None and h.any():
            frame.correct(p, frame.solve(system.adjoint(h)))
        rho, trend, done = 1.0 / self._threshold(x), Trend(self, CALM), 0
        frame.project(p, None, b, 0.0, 0.0)
        finished = self._judge(monitor, 0, x, Ax, h, p)
        while not finished:
            b -= system.adjoint(h)
            change = frame.solve(b, self.shift)
            change /= rho
            moved = system.forward(change)
            ahead = system.y - Ax + 2.0 * moved
            h += RELAXATION * (self._proximal(h + rho * self.step * ahead, rho) - h)
            frame.project(p, x - 2.0 * change, b, rho, RELAXATION)
            x -= RELAXATION * change
            Ax -= RELAXATION * moved
            done += 1
            if done % CHECK == 0 or done == monitor.budget:
                finished = self._judge(monitor, done, x, Ax, h, p)
                rho /= trend.ratio()

    def _threshold(self, x):
        """Return the mean size of the entries of W x, or for the nearest image that one step reaches."""
        problem = self.problem
        x = problem.system.adjoint(problem.system.y) / self.scale if not x.any() else x
        return max(problem.frame.total(x) / x.size, TINY)

    def _proximal(self, h, rho):
        sigma, parameter = rho * self.step, self.problem.parameter
        if self.problem.form == "lasso":
            return h / (1.0 + sigma * parameter)
        return h * max(1.0 - sigma * parameter / max(float(np.linalg.norm(h)), TINY), 0.0)

    def _judge(self, monitor, done, x, Ax, h, p):
        """Keep the image and the bound if they are the best so far; return whether to stop."""
        problem = self.problem
        x, Ax = self._feasible(x, Ax)
        figures = problem.frame.total(x), float(np.linalg.norm(Ax - problem.system.y))
        goal = problem.objective(*figures) * (1.0 - problem.tol)
        bound = problem.prove(h, p.copy(), ROUNDS, goal)
        if bound.value > self.bound.value:
            self.bound = bound
        return self.report(monitor, done, x, figures)

    def _feasible(self, x, Ax):
        r"""Return a copy of x, moved into the constraint where :math:`AA^*=cI` makes that easy."""
        problem, system = self.problem, self.problem.system
        r = Ax - system.y
        size = float(np.linalg.norm(r))
        if problem.form != "qcbp" or system.tight is None or size <= problem.parameter:
            return x.copy(), Ax
        change = r * ((problem.parameter / size - 1.0) / system.tight)
        return x + system.adjoint(change), Ax + system.tight * change
