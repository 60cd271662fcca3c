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
    sigma, rows = np.linalg.svd(matrix)[1:]
    return (float(sigma[-1]) if len(sigma) == len(rows) else 0.0), rows[-1].conj()


def stacked(T, A, weight):
    """Return the matrix whose squared singular values are those of (1 - w) T*T + w A*A."""
    return np.vstack([sqrt(1 - weight) * T, sqrt(weight) * A])


def best_weight(T, A, steps=200):
    r"""Maximise the smallest eigenvalue of :math:`(1-w)T^*T+wA^*A` over :math:`0\le w\le1`.

    Returns
    -------
    (float, list of ndarray)
        The weight, and vectors among which one nearly attains
        :math:`\max\|v\|/\max(\|Tv\|,\|Av\|)`: the eigenvectors on both sides of the weight, and
        the two combinations of them that both forms measure alike.

    Notes
    -----
    The function is concave with slope :math:`\|Au\|^2-\|Tu\|^2` at the eigenvector ``u``. The
    bisection runs in the logarithm of :math:`w/(1-w)`, which resolves both ends, and stops where the two
    tangents leave no room for a larger value.

    For :math:`(1-w)\,\mathrm{diag}(1/4,1)+w\,\mathrm{diag}(1,0)` both eigenvalues are 4/7 at 3/7:

    >>> round(7 * best_weight(np.diag([0.5, 1.0]), np.array([[1.0, 0.0]]))[0], 6)
    3.0
    """
    def probe(weight):
        least, u = smallest_direction(stacked(T, A, weight))
        return least**2, float(np.linalg.norm(A @ u) ** 2 - np.linalg.norm(T @ u) ** 2), u

    ends = [(probe(weight), weight) for weight in (0.0, 1.0)]
    best = max((value, weight) for (value, _, _), weight in ends)
    left, right = (0.0, *ends[0][0]), (1.0, *ends[1][0])
    low, high = -100.0, 100.0
    for _ in range(steps):
        middle = (low + high) / 2
        weight = 1 / (1 + exp(-middle))
        value, slope, u = probe(weight)
        best = max(best, (value, weight))
        if slope >= 0:
            low, left = middle, (weight, value, slope, u)
        else:
            high, right = middle, (weight, value, slope, u)
        if high - low < 1e-15 * abs(middle) or _ceiling(left, right) <= best[0] * (1 + 4 * EPS):
            break
    return best[1], [left[3], right[3], *_balanced(T, A, left[3], right[3])]


def _ceiling(left, right):
    """Return the height at which the tangents of a concave function on both sides of its top meet."""
    (a, f, up, _), (b, g, down, _) = left, right
    if up <= 0 or down >= 0:                        # the top is at an end
        return f if up <= 0 else g
    top = (g - f + up * a - down * b) / (up - down)
    return f + up * (min(max(top, a), b) - a)


def _balanced(T, A, u, w):
    """Return the combinations of two vectors on which both quadratic forms agree."""
    def form(x, y):
        return float(np.real(np.vdot(A @ x, A @ y) - np.vdot(T @ x, T @ y)))

    first, mixed, second = form(u, u), form(u, w), form(w, w)
    if second == 0 or mixed**2 < first * second:
        return []
    roots = [(-mixed + sign * sqrt(mixed**2 - first * second)) / second for sign in (1, -1)]
    return [x / np.linalg.norm(x) for x in (u + t * w for t in roots) if np.linalg.norm(x) > 0]
