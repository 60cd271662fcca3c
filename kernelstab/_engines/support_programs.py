"""Dual vectors of one support: Fuchs's, the best one, and the kernel vector that shows that it is."""

import numpy as np
from scipy.optimize import linprog

from kernelstab._engines.cone_program import solve_cone_program
from kernelstab.kernel.nullspace import nullspace_basis

_EPS = float(np.finfo(np.float64).eps)


class SupportPrograms:
    """The programs of one support of one matrix, for any pattern of signs."""

    def __init__(self, matrix, support):
        self.matrix, self.support = matrix, support
        self.rest = np.setdiff1d(np.arange(matrix.shape[1]), support)
        self.inside, self.outside = matrix[:, support], matrix[:, self.rest]
        u, sigma, rows = np.linalg.svd(self.inside)
        self.sigma_min = float(sigma[-1]) if len(sigma) == len(support) else 0.0
        self.reason, self.last = "", rows[-1].conj()
        if self.sigma_min <= max(self.inside.shape) * _EPS * sigma[0]:
            self.reason = "the columns of the support are dependent"
            return
        self.free = u[:, len(support):]                           # what h may add
        self.inverse = np.linalg.pinv(self.inside)
        self.spread = self.inverse @ self.outside                 # A_S^+ a_j
        self.basis = nullspace_basis(matrix).basis
        self.sums = np.abs(self.spread).sum(axis=0)
        self.erc = float(self.sums.max(initial=0.0))

    def worst_signs(self):
        """Return the signs for which Fuchs's vector attains ``erc``."""
        if not len(self.rest):
            return np.ones(len(self.support))
        column = self.spread[:, int(np.argmax(self.sums))]
        size = np.abs(column)
        return np.where(size > 0, column / np.where(size > 0, size, 1.0), 1.0)

    def off(self, h) -> float:
        """Return the largest product of ``h`` with a column outside."""
        return float(np.abs(self.outside.conj().T @ h).max(initial=0.0))

    def solve(self, xi):
        """Return what the best dual vector found proves, the vector, and the same of a kernel vector."""
        h = self.inverse.conj().T @ xi
        if self.off(h) > 0 and self.free.shape[1] > 0:
            step, v = self.cone_program(h, xi) if np.iscomplexobj(self.matrix) else self.linear_program(h)
            better = h + self.free @ step
            # once more on the support, so that what the program left over there is rounding
            better = better + self.inverse.conj().T @ (xi - self.inside.conj().T @ better)
            h = min(h, better, key=self.off)
        else:
            v = self.one_column(h)
        return self.proved(h, xi), h, *self.kernel_value(v, xi)

    def proved(self, h, xi) -> float:
        """Return theta rounded up: the residual on the support is corrected at the price of ``erc``."""
        m = len(h)
        slack = (m + 8) * _EPS * (np.abs(self.matrix).T @ np.abs(h))
        missing = np.abs(xi - self.inside.conj().T @ h).max() + slack[self.support].max() + 4 * _EPS
        return self.off(h) + float(slack[self.rest].max(initial=0.0) + self.erc * missing * (1 + 1e-6))

    def kernel_value(self, v, xi):
        """Project on the kernel; return the quotient rounded down and the vector of 1-norm one."""
        w = self.basis @ (self.basis.conj().T @ v)
        w = self.basis @ (self.basis.conj().T @ w)
        size, off = np.abs(w).sum(), np.abs(w[self.rest]).sum()
        if size == 0 or off <= 1e-13 * size:
            return 0.0, np.zeros_like(v)
        product = np.vdot(xi, w[self.support])
        if abs(product) > 0:
            w = w * (np.conj(product) / abs(product))
        value = abs(product) * (1 - 4 * len(w) * _EPS) / off
        return float(value), w / size

    def one_column(self, h):
        """Return the kernel vector of the column outside with the largest product."""
        v = np.zeros(self.matrix.shape[1], dtype=self.matrix.dtype)
        if len(self.rest):
            j = int(np.argmax(np.abs(self.outside.conj().T @ h)))
            v[self.rest[j]] = -1.0
            v[self.support] = self.spread[:, j]
        return v

    def linear_program(self, h):
        """Minimise the largest product outside; return the change of ``h`` and the kernel vector."""
        products, slopes = self.outside.T @ h, self.outside.T @ self.free
        ones = np.ones((len(self.rest), 1))
        answer = linprog(
            np.append(np.zeros(slopes.shape[1]), 1.0), method="highs",
            A_ub=np.block([[slopes, -ones], [-slopes, -ones]]), b_ub=np.concatenate([-products, products]),
            bounds=[(None, None)] * slopes.shape[1] + [(0, None)],
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
        v = np.zeros(self.matrix.shape[1])
        if answer.x is None:
            return np.zeros(slopes.shape[1]), v
        up, down = np.split(answer.ineqlin.marginals, 2)
        v[self.rest] = up - down
        v[self.support] = -self.spread @ v[self.rest]
        return answer.x[:-1], v

    def cone_program(self, h, xi):
        """Do the same for complex numbers with two cone programs."""
        import cvxpy as cp

        step = cp.Variable(self.free.shape[1], complex=True)
        products = self.outside.conj().T @ h + (self.outside.conj().T @ self.free) @ step
        solve_cone_program(cp.Problem(cp.Minimize(cp.max(cp.abs(products)))))
        v = np.zeros(self.matrix.shape[1], dtype=complex)
        if self.basis.shape[1]:
            weights = cp.Variable(self.basis.shape[1], complex=True)
            gain = cp.real(xi.conj() @ (self.basis[self.support] @ weights))
            limit = cp.norm1(self.basis[self.rest] @ weights) <= 1
            solve_cone_program(cp.Problem(cp.Maximize(gain), [limit]))
            if weights.value is not None:
                v = self.basis @ weights.value
        return (np.zeros(self.free.shape[1]) if step.value is None else step.value), v
