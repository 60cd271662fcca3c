"""Two quadratic forms: the weight of their mean that is definite most, and where a matrix is smallest."""

from math import exp, sqrt

import numpy as np

from kernelstab._checks import as_number

EPS = float(np.finfo(np.float64).eps)


def kernel_basis(matrix, tol):
    """Return an orthonormal basis of the numerical kernel, perhaps without columns, and the threshold."""
    sigma, rows = np.linalg.svd(matrix)[1:]
    tol = as_number(max(matrix.shape) * EPS * sigma[0] if tol is None else tol, "tol", low=0.0)
    return rows[int(np.sum(sigma > tol)):].conj().T, tol


def smallest_direction(matrix):
    """Return the smallest singular value (0 for a wide matrix) and its right singular vector."""
    sigma, rows = np.linalg.svd(matrix, full_matrices=len(matrix) < matrix.shape[1])[1:]
    return (float(sigma[-1]) if len(sigma) == len(rows) else 0.0), rows[-1].conj()


def stacked(T, A, weight):
    """Return the matrix whose squared singular values are those of (1 - w) T*T + w A*A."""
    return np.vstack([sqrt(1 - weight) * T, sqrt(weight) * A])


def best_weight(T, A, steps=70):
    r"""Maximise the smallest eigenvalue of :math:`(1-w)T^*T+wA^*A` over :math:`0\le w\le1`.

    Second value: vectors among which one nearly attains :math:`\max\|v\|/\max(\|Tv\|,\|Av\|)`: the
    eigenvectors on both sides of the weight, and the combinations of them that both forms measure alike.

    The function is concave with slope :math:`\|Au\|^2-\|Tu\|^2` at the eigenvector ``u``. The bisection runs
    in the logarithm of :math:`w/(1-w)`, which resolves both ends. For
    :math:`(1-w)\,\mathrm{diag}(1/4,1)+w\,\mathrm{diag}(1,0)` both eigenvalues are 4/7 at 3/7:

    >>> round(7 * best_weight(np.diag([0.5, 1.0]), np.array([[1.0, 0.0]]))[0], 6)
    3.0
    """
    (first, left), (last, right) = (smallest_direction(stacked(T, A, weight)) for weight in (0.0, 1.0))
    best, low, high = max((first, 0.0), (last, 1.0)), -100.0, 100.0
    for _ in range(steps):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        weight = 1 / (1 + exp(-middle))
        least, u = smallest_direction(stacked(T, A, weight))
        best = max(best, (least, weight))
        if np.linalg.norm(A @ u) >= np.linalg.norm(T @ u):
            low, left = middle, u
        else:
            high, right = middle, u
    return best[1], [left, right, *_balanced(T, A, left, right)]


def _balanced(T, A, u, w):
    """Return the combinations of two vectors on which both quadratic forms agree."""
    def form(x, y):
        return float(np.real(np.vdot(A @ x, A @ y) - np.vdot(T @ x, T @ y)))

    first, mixed, second = form(u, u), form(u, w), form(w, w)
    if second == 0 or mixed**2 < first * second:
        return []
    roots = [(-mixed + sign * sqrt(mixed**2 - first * second)) / second for sign in (1, -1)]
    return [x / np.linalg.norm(x) for x in (u + t * w for t in roots) if np.linalg.norm(x) > 0]
