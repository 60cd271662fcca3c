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
    FeasibleSet,
    SupportValue,
    data_term,
    empty_set,
    leftover,
    misfit_upper,
    moved_inside,
)

_LINEAR = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
_CONE = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-11}


class ProgramSet(FeasibleSet):
    r"""The data explained by :math:`\|x\|_1\le t` (``radius``) or :math:`\|Wx\|_\infty\le1` (``W``)."""

    def __init__(self, A, y, eps, prior, *, radius=None, W=None):
        self.A, self.y, self.eps, self.prior, self.radius, self.W = A, y, eps, prior, radius, W
        self.program = None
        u, sigma, rows = np.linalg.svd(A, full_matrices=False)
        rank = int(np.sum(sigma > max(A.shape) * UNIT * sigma[0]))
        # the equations in orthonormal coordinates: same set, no scaling for a solver to trip on
        self.rows, self.back = rows[:rank], u[:, :rank] / sigma[:rank]
        self.values = self.back.T @ y
        self.pseudo = self.rows.T @ self.back.T
        if W is None:
            self.extent = radius
        else:
            self._stack()
        if eps == 0:
            self._solve = self._linear
            outside = float(np.linalg.norm(A @ (self.pseudo @ y) - y))
            if outside > CONSISTENT * np.linalg.norm(y):
                raise empty_set(self._least(), eps, prior)
        else:
            self._solve = self._cone
        self.centre = self._middle()

    def _stack(self):
        stack = np.vstack([self.W, self.A])
        u, sigma, rows = np.linalg.svd(stack, full_matrices=False)
        rank = int(np.sum(sigma > max(stack.shape) * UNIT * sigma[0]))
        self.stack = u[:, :rank], sigma[:rank], rows[:rank].T
        size = np.hypot(np.sqrt(len(self.W)), np.linalg.norm(self.y) + self.eps)
        self.extent = float(size / sigma[rank - 1])

    def support(self, d) -> SupportValue:
        """Bound ``<d, x>`` from above and come near the bound."""
        if self.W is not None:
            rows = self.stack[2]
            hidden = d - rows @ (rows.T @ d)
            length = float(np.linalg.norm(hidden))
            if length > 1e-10 * np.linalg.norm(d):
                return SupportValue(np.inf, self.centre, direction=hidden / length)
        x, q, mu = self._solve(d)
        if self.eps == 0:
            x = x - self.pseudo @ (self.A @ x - self.y)
        x = moved_inside(x, self.centre, self._excess)
        if self.W is None:
            rest = self.prior.support(leftover(d, q, self.A)) * (1 + UNIT)
            return SupportValue(data_term(self.y, self.eps, q) + rest, x, q)
        u, sigma, rows = self.stack
        split = u @ ((rows.T @ (d - q @ self.A - mu @ self.W)) / sigma)        # repair what the solver left
        mu, q = mu + split[:len(mu)], q + split[len(mu):]
        size = float(np.linalg.norm(leftover(d, q, self.A, mu, self.W))) * (1 + len(d) * UNIT)
        bound = data_term(self.y, self.eps, q) + self.extent * size
        return SupportValue(bound + float(np.abs(mu).sum()) * (1 + len(mu) * UNIT), x, q, mu)

    def _excess(self, x):
        over = misfit_upper(self.A, self.y, x) - self.eps if self.eps > 0 else -np.inf
        slack = (len(x) + 4) * UNIT
        if self.W is None:
            return max(over, float(np.abs(x).sum()) * (1 + slack) - self.radius)
        return max(over, float(np.max(np.abs(self.W @ x) + slack * (np.abs(self.W) @ np.abs(x)))) - 1)

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

        # in units of the radius, of eps and of the detail, which keeps the solver away from small numbers
        unit, length = self.radius or 1.0, float(np.linalg.norm(d))
        if self.program is None:            # translated once, for every detail
            v, detail = cp.Variable(len(d)), cp.Parameter(len(d))
            data = cp.SOC(cp.Constant(1.0), (self.A * (unit / self.eps)) @ v - self.y / self.eps)
            prior = [cp.norm1(v) <= 1] if self.W is None else [self.W @ v <= 1, -self.W @ v <= 1]
            self.program = cp.Problem(cp.Maximize(detail @ v), [data, *prior]), v, detail, data, prior
        problem, v, detail, data, prior = self.program
        detail.value = d / length if length > 0 else d
        if not solve_cone_program(problem, **_CONE):
            return self.centre, np.zeros(len(self.y)), None if self.W is None else np.zeros(len(self.W))
        q = -np.ravel(data.dual_value[1]) * (length * unit / self.eps)
        mu = None if self.W is None else np.ravel(prior[0].dual_value) - np.ravel(prior[1].dual_value)
        return v.value * unit, q, mu if mu is None else mu * length

    def _middle(self):
        """Find a signal deep inside both constraints; raise if there is none at all."""
        if not np.any(self.y):
            return np.zeros(self.A.shape[1])
        import cvxpy as cp

        x, depth = cp.Variable(self.A.shape[1]), cp.Variable()
        size = cp.norm1(x) / self.radius if self.W is None else cp.norm_inf(self.W @ x)
        limits = [size <= depth]
        limits += [cp.norm(self.A @ x - self.y) <= self.eps * depth] if self.eps > 0 else [
            self.rows @ x == self.values]
        problem = cp.Problem(cp.Minimize(depth), limits)
        if not solve_cone_program(problem, **_CONE) or depth.value > 1 + 1e-9:
            raise empty_set(self._least(), self.eps, self.prior)
        if self.eps == 0:
            return x.value - self.pseudo @ (self.A @ x.value - self.y)
        return x.value

    def _least(self):
        """Compute the smallest noise level for which some signal of the prior explains the data."""
        import cvxpy as cp

        x = cp.Variable(self.A.shape[1])
        limit = cp.norm1(x) <= self.radius if self.W is None else cp.norm_inf(self.W @ x) <= 1
        problem = cp.Problem(cp.Minimize(cp.norm(self.A @ x - self.y)), [limit])
        solved = solve_cone_program(problem, **_CONE)
        return float(problem.value) if solved else float(np.linalg.norm(self.y))
