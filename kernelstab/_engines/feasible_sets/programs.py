r"""Detail bounds over an :math:`\ell^1` ball or a polytope, by linear and cone programs.

Without noise the programs are linear, with noise they have one cone. Neither solver is trusted: its dual
vector is put into the bound that holds for any vector, its signal is moved until it is feasible as measured.
"""

import numpy as np
from scipy.optimize import linprog

from kernelstab._engines.cone_program import solve_cone_program
from kernelstab._engines.feasible_sets.support_value import (
    CONSISTENT,
    UNIT,
    ConvexSet,
    SupportValue,
    moved_inside,
    undecided,
    unseen,
)

_LINEAR = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
_CONE = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-11}


class ProgramSet(ConvexSet):
    r"""The data explained by :math:`\|x\|_1\le t` (``radius``) or :math:`\|Wx\|_\infty\le1` (``W``)."""

    def __init__(self, A, y, eps, prior, *, radius=None, W=None):
        super().__init__(A, y, eps, prior, 1 if W is None else np.inf, radius, W)
        self.W, self.program = W, None      # the program is translated once, for every detail
        u, sigma, rows = np.linalg.svd(A, full_matrices=False)
        rank = int(np.sum(sigma > max(A.shape) * UNIT * sigma[0]))
        # the equations in orthonormal coordinates: same set, no scaling for a solver to trip on
        self.rows, self.back = rows[:rank], u[:, :rank] / sigma[:rank]
        self.values = self.back.T @ y
        self.unit = radius or 1 / (float(np.median(np.linalg.norm(W, axis=1))) or 1.0)
        if eps == 0:
            self._solve = self._linear
            outside = float(np.linalg.norm(A @ self._solution(y) - y))
            if outside > CONSISTENT * np.linalg.norm(y):
                raise self._nothing()
        else:
            self._solve = self._cone
        self.centre = self._middle()

    def support(self, d) -> SupportValue:
        """Bound ``<d, x>`` from above and come near the bound."""
        if self.W is not None:
            direction = unseen(self.stack.rows, d)[1]
            if direction is not None:
                return SupportValue(np.inf, self.centre, direction=direction)
        x, q, mu = self._solve(d)
        if self.eps == 0:
            x = x - self._solution(self.A @ x - self.y)
        return self.proved(d, moved_inside(x, self.centre, self.excess), q, mu)

    def _linear(self, d):
        """Maximise over an equation; the multipliers of the equation are the dual vector."""
        if self.W is None:
            answer = linprog(np.concatenate([-d, d]), A_ub=np.ones((1, 2 * len(d))), b_ub=[self.radius],
                             A_eq=np.hstack([self.rows, -self.rows]), b_eq=self.values,
                             method="highs", options=_LINEAR)
        else:
            answer = linprog(-d, A_ub=np.vstack([self.W, -self.W]), b_ub=np.ones(2 * len(self.W)),
                             A_eq=self.rows, b_eq=self.values, bounds=(None, None),
                             method="highs", options=_LINEAR)
        if answer.x is None:
            return self.centre, np.zeros(len(self.y)), None if self.W is None else np.zeros(len(self.W))
        q = self.back @ -answer.eqlin.marginals
        if self.W is None:
            return answer.x[:len(d)] - answer.x[len(d):], q, None
        up, down = np.split(-answer.ineqlin.marginals, 2)
        return answer.x, q, up - down

    def _cone(self, d):
        """Maximise with noise; the dual vectors come from the constraints."""
        import cvxpy as cp

        length = float(np.linalg.norm(d))
        if self.program is None:
            v, detail = cp.Variable(len(d)), cp.Parameter(len(d))
            data = cp.SOC(cp.Constant(1.0), self._misfit(v, self.eps))
            rows = None if self.W is None else self.W * self.unit
            prior = [cp.norm1(v) <= 1] if self.W is None else [rows @ v <= 1, -rows @ v <= 1]
            self.program = cp.Problem(cp.Maximize(detail @ v), [data, *prior]), v, detail, data, prior
        problem, v, detail, data, prior = self.program
        detail.value = d / length if length > 0 else d
        if not solve_cone_program(problem, **_CONE):
            return self.centre, np.zeros(len(self.y)), None if self.W is None else np.zeros(len(self.W))
        q = -np.ravel(data.dual_value[1]) * (length * self.unit / self.eps)
        mu = None if self.W is None else np.ravel(prior[0].dual_value) - np.ravel(prior[1].dual_value)
        return v.value * self.unit, q, mu if mu is None else mu * length * self.unit

    def _middle(self):
        """Find a signal deep inside both constraints; raise if there is none at all."""
        if not np.any(self.y):
            return np.zeros(self.A.shape[1])
        import cvxpy as cp

        v, depth = cp.Variable(self.A.shape[1]), cp.Variable()
        near = cp.norm(self._misfit(v, self.eps)) <= depth if self.eps > 0 else (
            self.rows @ v == self.values / self.unit)
        problem = cp.Problem(cp.Minimize(depth), [self._size(v) <= depth, near])
        if not solve_cone_program(problem, **_CONE) or depth.value > 1 + 1e-9:
            raise self._nothing()
        x = v.value * self.unit
        return x if self.eps > 0 else x - self._solution(self.A @ x - self.y)

    def _solution(self, right):
        # two products: the product of both matrices would lose the digits of small singular values
        return self.rows.T @ (self.back.T @ right)

    def _nothing(self):
        """Refuse, with the smallest noise level for which some signal of the prior explains the data."""
        import cvxpy as cp

        v, size = cp.Variable(self.A.shape[1]), float(np.linalg.norm(self.y))
        form = None if self.W is None else self.W * self.unit
        prior = [cp.norm1(v) <= 1] if form is None else [form @ v <= 1, -form @ v <= 1]
        problem = cp.Problem(cp.Minimize(cp.norm(self._misfit(v, size))), prior)
        if not solve_cone_program(problem, **_CONE):
            return undecided(size, self.eps, self.prior)
        mu = None if form is None else np.ravel(prior[0].dual_value - prior[1].dual_value) * size
        return self.refuse(v.value * self.unit, float(problem.value) * size, mu)

    # programs are stated in units of the prior, of the noise or data, and of the detail: their solver works
    # with numbers near 1 whatever the units of signals and measurements are

    def _misfit(self, v, size):
        return (self.A * (self.unit / size)) @ v - self.y / size

    def _size(self, v):
        import cvxpy as cp

        return cp.norm1(v) if self.W is None else cp.norm_inf((self.W * self.unit) @ v)
