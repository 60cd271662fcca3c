"""Upper bounds of the Euclidean norm where the 1-norm and the misfit are bounded."""

from math import sqrt

import numpy as np

from kernelstab._engines.cone_program import solve_cone_program

EPS = float(np.finfo(np.float64).eps)
MOST_DIMENSIONS = 40


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
