"""The problems of the study of solvers, and its judge, which trusts no solver.

An instance knows its own matrix, data and level, and a lower bound on its optimal value. The bound is the
dual value of one point, evaluated here in plain numpy, so it holds whoever proposed the point; how close it
is to an upper bound is printed with every table. A solver is judged by its ``x`` alone:

* LASSO, square-root LASSO: objective minus bound, divided by the bound;
* constrained problems: the same with ``objective + 2 |h| (|Ax - y| - eta)_+``, where ``|h|`` is the norm of
  the optimal dual point. To first order an infeasible ``x`` gains at most ``|h|`` times its excess, so it
  pays for what it gained and as much again.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from kernelstab import solvers

NOISE = 0.01  # relative to the norm of the data


@dataclass
class Instance:
    """One l1 problem with a dense matrix; ``form`` is one of lasso, qcbp, bp, sqrt-lasso."""

    name: str
    form: str
    A: np.ndarray
    y: np.ndarray
    level: float
    bound: float = field(init=False)
    multiplier: float = field(init=False)
    certified: float = field(init=False)
    point: np.ndarray = field(init=False)

    def __post_init__(self):
        answer = self.solve(1e-11)
        self.point = answer.x
        self.bound, self.multiplier = self.dual_value(answer.dual)
        self.certified = self.gap(answer.x)

    def solve(self, tol):
        """Solve with the package."""
        if self.form == "lasso":
            return solvers.lasso(self.A, self.y, self.level, tol=tol)
        if self.form == "qcbp":
            return solvers.qcbp(self.A, self.y, self.level, tol=tol)
        if self.form == "bp":
            return solvers.basis_pursuit(self.A, self.y, tol=tol)
        return solvers.sqrt_lasso(self.A, self.y, self.level, tol=tol)

    def dual_value(self, h):
        """Return the best dual value on the ray through ``h``, and the norm of the point that has it."""
        peak, size = np.abs(self.A.conj().T @ h).max(), np.linalg.norm(h)
        product = np.vdot(h, self.y).real
        if self.form == "lasso":
            t = min(self.level / peak, product / size**2)
            return t * product - 0.5 * (t * size) ** 2, t * size
        if self.form == "sqrt-lasso":
            t = min(self.level / peak, 1 / size)
            return t * product, t * size
        return (product - self.level * size) / peak, size / peak

    def gap(self, x):
        """Return the relative distance of ``x`` from optimal, infeasibility paid for."""
        mass, residual = np.abs(x).sum(), np.linalg.norm(self.A @ x - self.y)
        if self.form == "lasso":
            value = 0.5 * residual**2 + self.level * mass
        elif self.form == "sqrt-lasso":
            value = self.level * mass + residual
        else:
            value = mass + 2 * self.multiplier * max(residual - self.level, 0.0)
        return float((value - self.bound) / self.bound)

    @cached_property
    def fortran(self):
        """The matrix in column order, for the solvers that want it so."""
        return np.asfortranarray(self.A)

    @cached_property
    def norm(self):
        """The spectral norm, which some peers need told: it costs them nothing here."""
        return float(np.linalg.norm(self.A @ self.A.conj().T, 2) ** 0.5)

    def one_pass(self):
        """One product with the adjoint, the unit in which times are printed."""
        return self.A.T @ self.y


def gaussian(form, m, n, ratio=None, *, real=True, seed=0):
    """Return a Gaussian matrix with m/10 Gaussian entries to find, one per cent of noise, none for bp.

    ``ratio`` is the level of a LASSO relative to the one from which zero is optimal.
    """
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.standard_normal(shape) + (0 if real else 1j * rng.standard_normal(shape))

    A = normal(m, n) / np.sqrt(m if real else 2 * m)
    x = np.zeros(n, A.dtype)
    x[rng.choice(n, m // 10, replace=False)] = normal(m // 10)
    y = A @ x
    noise = normal(m)
    noise *= NOISE * np.linalg.norm(y) / np.linalg.norm(noise)
    level = 0.0
    if form != "bp":
        y += noise
        level = np.linalg.norm(noise)
    if ratio is not None:
        level = ratio * np.abs(A.T @ y).max() / (np.linalg.norm(y) if form == "sqrt-lasso" else 1.0)
    kind = "" if real else ", complex"
    price = "" if ratio is None else f", {ratio:g}"
    return Instance(f"{m} x {n}{kind}{price}", form, A, y, float(level))
