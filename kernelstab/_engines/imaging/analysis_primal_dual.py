r"""Primal-dual steps for analysis problems of any operators: products only.

The saddle function is :math:`\mathrm{Re}\langle p,Wx\rangle+\mathrm{Re}\langle h,y-Ax\rangle`
minus what the data term asks of h, with :math:`|p_i|\le price\,w_i`. Steps :math:`\tau` for the image
and :math:`\sigma_W=1/(2\tau\|W\|^2)`, :math:`\sigma_A=1/(2\tau\|A\|^2)` for the dual points
keep :math:`\tau(\sigma_W\|W\|^2+\sigma_A\|A\|^2)\le1`.
"""

import numpy as np

RELAXATION = 1.8
FIRST, GROWTH, CHANGE = 10, 1.5, 5.0
CHECK = 20


def solve(problem, start, watch) -> str:
    """Run the loop; where ``AA* = cI`` the points reported are feasible by projection."""
    loop, turning = _Loop(problem, start), FIRST
    for done in range(1, watch.budget + 1):
        x, p, h = loop.step()
        if done % CHECK == 0 or done == watch.budget:
            point, image = loop.feasible(x)
            if watch(done, point, image=image, dual=h, pulled=p):
                break
        if done == turning:
            loop.balance(x, p, h)
            turning = max(turning + FIRST, int(GROWTH * turning))
    return "primal-dual"


class _Loop:
    """The image and the two dual points."""

    def __init__(self, problem, start):
        self.problem, self.frame, self.system = problem, problem.frame, problem.system
        self.norm_w, self.norm_a = self.frame.norm, self.system.norm()
        self.x, self.h = start.x, start.dual
        self.p = self.frame.forward(self.frame.solve(self.system.adjoint(self.h)))
        self.limit = problem.price * problem.weights
        typical = np.linalg.norm(problem.correlation) / self.norm_a ** 2
        self.tau = float(typical / np.sqrt(self.x.size) / (self.norm_w * np.mean(self.limit)))
        self.reference = (0.0, 0.0, 0.0)

    def step(self):
        """Take a step and return the new points before relaxation."""
        problem, frame, system, tau = self.problem, self.frame, self.system, self.tau
        sigma_w, sigma_a = 0.5 / (tau * self.norm_w ** 2), 0.5 / (tau * self.norm_a ** 2)
        x = self.x - tau * (frame.adjoint(self.p) - system.adjoint(self.h))
        ahead = 2.0 * x - self.x
        p = self.p + sigma_w * frame.forward(ahead)
        p *= frame.spread(self.limit / np.maximum(frame.sizes(p), self.limit))
        h = self.h + sigma_a * (system.y - system.forward(ahead))
        if problem.form == "lasso":
            h /= 1.0 + sigma_a
        elif problem.level > 0:
            h *= 1.0 - min(1.0, sigma_a * problem.level / max(float(np.linalg.norm(h)), 1e-300))
        self.x = self.x + RELAXATION * (x - self.x)
        self.p = self.p + RELAXATION * (p - self.p)
        self.h = self.h + RELAXATION * (h - self.h)
        return x, p, h

    def feasible(self, x):
        """Return a point that meets the constraint where that is closed, and its image."""
        system, level = self.system, self.problem.level
        image = system.forward(x)
        if self.problem.form == "lasso" or system.tight is None:
            return x, image
        r = image - system.y
        size = float(np.linalg.norm(r))
        factor = 1.0 - min(1.0, level / size) if size > 0 else 0.0
        return x - (factor / system.tight) * system.adjoint(r), image - factor * r

    def balance(self, x, p, h):
        """Set the step size to the ratio of the ways that the points have come, in its own units."""
        moved = np.linalg.norm(x - self.reference[0])
        turned = np.sqrt((self.norm_w * np.linalg.norm(p - self.reference[1])) ** 2
                         + (self.norm_a * np.linalg.norm(h - self.reference[2])) ** 2)
        if moved > 0 and turned > 0:
            self.tau = min(max(float(moved / turned), self.tau / CHANGE), self.tau * CHANGE)
        self.reference = (x, p, h)
