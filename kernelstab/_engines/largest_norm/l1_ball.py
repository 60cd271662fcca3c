"""The largest Euclidean norm where the 1-norm and the misfit are bounded: programs and bounds."""

from math import sqrt

import numpy as np
from scipy.optimize import linprog

from kernelstab._engines.cone_program import solve_cone_program

EPS = float(np.finfo(np.float64).eps)
MOST_DIMENSIONS = 40


class Farthest:
    r"""The programs :math:`\max\{\langle c,v\rangle:\|v\|_1\le t,\|Av\|_2\le\varepsilon\}` of one matrix.

    By duality any :math:`q` bounds the value by :math:`t\|c-A^*q\|_\infty+\varepsilon\|q\|_2`.
    """

    def __init__(self, matrix, radius, eps, basis):
        self.matrix, self.radius, self.eps, self.basis = matrix, radius, eps, basis
        self.program = None

    def __call__(self, objective):
        """Return a member of the set nearly farthest along an objective, and the dual vector."""
        v, q = (self._linear if self.eps == 0 else self._conic)(objective)
        return self.member(v), q

    def member(self, v):
        """Scale a vector into the set; without noise project it onto the kernel first."""
        if self.eps == 0:
            for _ in range(2):
                v = self.basis @ (self.basis.T @ v)
            limits = [float(np.abs(v).sum()) / self.radius]
        else:
            limits = [float(np.abs(v).sum()) / self.radius, float(np.linalg.norm(self.matrix @ v)) / self.eps]
        return v / max(1.0, *limits)

    def bound(self, objective, q) -> float:
        """Return the proved upper bound of one program, with the rounding error of its evaluation."""
        size = np.abs(objective) + np.abs(self.matrix.T) @ np.abs(q)
        gap = np.abs(objective - self.matrix.T @ q) + (len(q) + 4) * EPS * size
        return (self.radius * float(gap.max()) + self.eps * float(np.linalg.norm(q))) * (1 + 8 * EPS)

    def _linear(self, objective):
        n = len(objective)
        answer = linprog(np.concatenate([-objective, objective]), A_ub=np.ones((1, 2 * n)),
                         b_ub=[self.radius], A_eq=np.hstack([self.matrix, -self.matrix]),
                         b_eq=np.zeros(len(self.matrix)), method="highs")
        if answer.x is None:
            return np.zeros(n), np.zeros(len(self.matrix))
        return answer.x[:n] - answer.x[n:], -answer.eqlin.marginals

    def _conic(self, objective):
        import cvxpy as cp

        if self.program is None:
            v, c = cp.Variable(len(objective)), cp.Parameter(len(objective))
            # in units of the radius and of eps, which keeps the solver away from small numbers
            misfit = cp.SOC(cp.Constant(1.0), (self.matrix * (self.radius / self.eps)) @ v)
            problem = cp.Problem(cp.Maximize(c @ v), [cp.norm1(v) <= 1, misfit])
            self.program = problem, v, c, misfit
        problem, v, c, misfit = self.program
        c.value = objective / float(np.linalg.norm(objective))
        if not solve_cone_program(problem):
            return np.zeros(len(objective)), np.zeros(len(self.matrix))
        scale = float(np.linalg.norm(objective)) * self.radius / self.eps
        q = np.ravel(misfit.dual_value[1]) * scale
        # the sign with which solvers report a cone's dual vector is a convention
        return v.value * self.radius, min((q, -q), key=lambda dual: self.bound(objective, dual))


def fill(bounds, total) -> float:
    r"""Return the largest :math:`\|v\|_2` with :math:`|v_i|\le b_i` and :math:`\|v\|_1\le t`.

    Moving weight to a larger entry raises the norm, so the largest bounds are filled first.

    >>> fill(np.array([3.0, 1.0, 4.0]), 7.0)           # 4 and 3
    5.0
    """
    left, squares = total, 0.0
    for bound in sorted(bounds, reverse=True):
        entry = min(float(bound), left)
        squares += entry**2
        left -= entry
    return sqrt(squares)


def matrix_bound(matrix, radius, eps, basis):
    r"""Bound the norm by :math:`\|v\|^2\le v^TYv+\beta\|Av\|^2\le t^2\max|Y_{ij}|+\beta\varepsilon^2`.

    ``Y`` and ``beta`` with :math:`Y+\beta A^TA\succeq I` (on the kernel, without noise) come from a
    semidefinite program, or are :math:`Y=I` in many dimensions; what the smallest eigenvalue lacks is
    added to the diagonal of ``Y``.
    """
    n = matrix.shape[1]
    y, beta = _multipliers(matrix, radius, eps, basis) if n <= MOST_DIMENSIONS else (np.eye(n), 0.0)
    scale = float(np.abs(y).max()) + beta * float(np.linalg.norm(matrix, 2)) ** 2
    form = basis.T @ (y + beta * matrix.T @ matrix) @ basis - np.eye(basis.shape[1])
    lack = max(0.0, -float(np.linalg.eigvalsh(form)[0])) + 8 * n * n * EPS * (1 + scale)
    y = y + lack * np.eye(n)
    half = sqrt(radius**2 * float(np.abs(y).max()) + beta * eps**2) * (1 + 8 * EPS)
    return half, {"kind": "matrix", "Y": y, "beta": beta}


def _multipliers(matrix, radius, eps, basis):
    """Solve the semidefinite program approximately, in units of the radius."""
    import cvxpy as cp

    n = matrix.shape[1]
    y, largest, beta = cp.Variable((n, n), symmetric=True), cp.Variable(), cp.Variable(nonneg=True)
    scaled = matrix * (radius / eps) if eps else np.zeros((1, n))
    form = basis.T @ (y + beta * (scaled.T @ scaled)) @ basis
    constraints = [form >> np.eye(basis.shape[1]), y <= largest, y >= -largest]
    if not solve_cone_program(cp.Problem(cp.Minimize(largest + beta), constraints)):
        return np.eye(n), 0.0
    return (y.value + y.value.T) / 2, max(float(beta.value), 0.0) * (radius / eps) ** 2 if eps else 0.0
