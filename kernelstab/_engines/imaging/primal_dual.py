r"""Total variation behind any operator: the primal-dual method with a fast solve for its primal step.

The saddle function is :math:`\mathrm{Re}\langle p,Dx\rangle+\mathrm{Re}\langle h,y-Ax\rangle-\eta\|h\|` over
:math:`|p_i|\le1` (with ``lam``: :math:`|p_i|\le\lambda`, and :math:`-\tfrac12\|h\|^2` last). With dual steps
``rho`` and ``sigma`` the primal step may be any matrix below the inverse of
:math:`\rho D^*D+\sigma A^*A`. The one taken, :math:`(\rho D^*D+\sigma\|A\|^2)^{-1}`, costs one fast
transform and its inverse, and makes the differences as easy as if D were orthogonal.
"""

import numpy as np

from kernelstab._engines.imaging.trend import Bound, Trend

RELAXATION = 1.8
CHECK = 20
ROUNDS = 4
COUPLING = 1.0            # sigma ||A||^2 over rho


class PrimalDual:
    """The loop of one problem; ``run`` returns when the watch says so."""

    words = "primal-dual steps with a Fourier preconditioner"

    def __init__(self, problem):
        self.problem = problem
        self.scale = max(problem.system.norm(), np.finfo(float).tiny) ** 2
        self.best, self.figures, self.bound = None, (np.inf, np.inf), Bound(-np.inf, problem.system.y, None)

    def run(self, start, dual, field, watch):
        """Iterate from an image, and a dual point and a field in units of the price (None: 0)."""
        from kernelstab._engines.imaging.gradient_jit import ascend

        problem, system = self.problem, self.problem.system
        x = problem.zeros() if start is None else start.reshape(problem.rows, problem.n)
        h, b = 0.0 * system.y if dual is None else dual, problem.zeros()
        image, grid = system.forward(x.ravel()), (problem.step, problem.joint)
        p = problem.zeros(field=True) if field is None else field
        rho, trend, done = 1.0 / self._threshold(x), Trend(self), 0
        ascend(p, x, b, *grid, 0.0, 0.0, 1.0)
        finished = self._report(watch, 0, x, image, h, p)
        while not finished:
            b -= system.adjoint(h).reshape(b.shape)
            change = self._solve(b, rho)
            moved = system.forward(change.ravel())
            ahead = system.y - image + 2.0 * moved
            h += RELAXATION * (self._proximal(h + rho * self.step * ahead, rho) - h)
            ascend(p, x - 2.0 * change, b, *grid, rho, RELAXATION, 1.0)
            x -= RELAXATION * change
            image -= RELAXATION * moved
            done += 1
            if done % CHECK == 0 or done == watch.budget:
                finished = self._report(watch, done, x, image, h, p)
                rho /= trend.ratio()

    def measured(self, h):
        """Return h, which is in the coordinates of y already."""
        return h

    @property
    def step(self):
        """The dual step of h over that of p."""
        return COUPLING / self.scale

    @property
    def objective(self) -> float:
        """The objective of the best image so far, and what its excess costs."""
        problem = self.problem
        return problem.objective(*self.figures) + problem.excess(self.figures[1]) * _norm(self.bound.h)

    def _threshold(self, x):
        """Return the mean variation of the image, or of the nearest that one step reaches."""
        problem = self.problem
        x = problem.system.adjoint(problem.system.y) / self.scale if not x.any() else x
        return max(problem.variation(x) / x.size, np.finfo(float).tiny)

    def _solve(self, b, rho):
        spectrum = self.problem.spectrum
        B = spectrum.forward(b)
        B /= rho * (spectrum.outer[:, None] + spectrum.last + COUPLING)
        return spectrum.back(B)

    def _proximal(self, h, rho):
        sigma, level = rho * self.step, self.problem.level
        if self.problem.form == "lasso":
            return h / (1.0 + sigma * level)
        return h * max(1.0 - sigma * level / max(_norm(h), np.finfo(float).tiny), 0.0)

    def _report(self, watch, done, x, image, h, p):
        """Keep the image and the bound if they are the best so far; let the watch judge them."""
        problem, y = self.problem, self.problem.system.y
        x, image = self._feasible(x, image)
        figures = problem.variation(x), _norm(image - y)
        goal = problem.objective(*figures) * (1.0 - problem.tol)
        bound = problem.prove(h, p.copy(), ROUNDS, goal)
        if bound.value > self.bound.value:
            self.bound = bound
        if self.best is None or self._cost(figures) <= self._cost(self.figures):
            self.best, self.figures = x, figures
        return watch(done, self.best.ravel(), image=self.figures, dual=self.bound)

    def _cost(self, figures):
        problem = self.problem
        return problem.objective(*figures) + problem.excess(figures[1]) * max(_norm(self.bound.h), 1e-300)

    def _feasible(self, x, image):
        r"""Return a copy of x, moved into the constraint where :math:`AA^*=cI` makes that easy."""
        problem, system = self.problem, self.problem.system
        r = image - system.y
        size = _norm(r)
        if problem.form != "qcbp" or system.tight is None or size <= problem.level:
            return x.copy(), image
        change = r * ((problem.level / size - 1.0) / system.tight)
        return x + system.adjoint(change).reshape(x.shape), image + system.tight * change


def _norm(v):
    return float(np.linalg.norm(v))
