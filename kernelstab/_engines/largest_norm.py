"""The largest Euclidean norm on a symmetric convex set, from below and from above.

For two quadratic forms the weight of their mean that is definite most; for a polytope or a part of an l1 ball
ascent below, and above vertices, linear programs of the coordinates, or semidefinite programs.
"""

from itertools import combinations, islice, product
from math import comb, exp, sqrt

import numpy as np
from scipy.optimize import linprog

from kernelstab._checks import as_number
from kernelstab._engines.cone_program import solve_cone_program

EPS = float(np.finfo(np.float64).eps)
_MOST_OF_BALL = 40         # dimensions up to which the semidefinite programs are solved
_MOST_OF_POLYTOPE = 60
_CHUNK = 4096
_UNCLEAR = 1e-7            # volume of d unit rows from which their system is solved to about 1e-9


def kernel_basis(matrix, tol):
    """Return an orthonormal basis of the numerical kernel, perhaps without columns, and the threshold."""
    sigma, rows = np.linalg.svd(matrix)[1:]
    tol = as_number(max(matrix.shape) * EPS * sigma[0] if tol is None else tol, "tol", low=0.0)
    return rows[int(np.sum(sigma > tol)):].conj().T, tol


def smallest_direction(matrix):
    """Return the smallest singular value (0 for a wide matrix) and its right singular vector."""
    sigma, rows = np.linalg.svd(matrix, full_matrices=len(matrix) < matrix.shape[1])[1:]
    return (float(sigma[-1]) if len(sigma) == len(rows) else 0.0), rows[-1].conj()


def vanishes(matrix, v) -> bool:
    """Say whether a product is zero but for the rounding of its own terms, whatever other columns hold."""
    terms = float(np.linalg.norm(np.abs(matrix) @ np.abs(v)))
    return float(np.linalg.norm(matrix @ v)) <= max(matrix.shape) * EPS * terms


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


def climb(support_point, u, steps, tolerance=1e-12):
    """Climb the norm on a convex set from one direction, each time to a farthest point along the last one.

    >>> climb(np.sign, np.array([0.5, -2.0]), 10)
    array([ 1., -1.])
    """
    largest = 0.0
    for _ in range(steps):
        u = support_point(u)
        size = float(np.linalg.norm(u))
        if size <= largest * (1 + tolerance):
            break
        largest = size
    return u


def farthest_found(support_point, found, starts, steps=100):
    """Climb from the farthest of several points and from random directions; return the farthest point."""
    rng = np.random.default_rng(0)
    ranked = [point for point in sorted(found, key=np.linalg.norm, reverse=True)[:starts] if point.any()]
    directions = [*ranked, *(rng.standard_normal(len(found[0])) for _ in range(starts))]
    return max([*found, *(climb(support_point, u, steps) for u in directions)], key=np.linalg.norm)


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
    y, beta = _ball_multipliers(matrix, radius, eps, basis) if n <= _MOST_OF_BALL else (np.eye(n), 0.0)
    scale = float(np.abs(y).max()) + beta * float(np.linalg.norm(matrix, 2)) ** 2
    form = basis.T @ (y + beta * matrix.T @ matrix) @ basis - np.eye(basis.shape[1])
    lack = max(0.0, -float(np.linalg.eigvalsh(form)[0])) + 8 * n * n * EPS * (1 + scale)
    y = y + lack * np.eye(n)
    half = sqrt(radius**2 * float(np.abs(y).max()) + beta * eps**2) * (1 + 8 * EPS)
    return half, {"kind": "matrix", "Y": y, "beta": beta}


def _ball_multipliers(matrix, radius, eps, basis):
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


def coordinate_bounds(matrix, W, eps, Z, G):
    r"""Bound every coordinate by a linear program; return the bounds, their proof and the members found.

    The bound of coordinate ``i`` is :math:`\|\mu\|_1+\varepsilon\|q\|_1+\|\rho_i\|_1b`, where
    :math:`b` bounds all coordinates at once: :math:`b\le\max_ic_i+\max_i\|\rho_i\|_1b`.
    """
    n, k, m = len(Z), len(W), len(matrix)
    inverse, backward = np.linalg.pinv(G.T), np.linalg.pinv(matrix.T)
    mu, q, points = np.empty((n, k)), np.zeros((n, m)), []
    for i, unit in enumerate(np.eye(n)):
        u, weights = maximise(G, Z[i])
        points.append(Z @ u)
        # the residual of the program, taken out by least squares
        weights = weights + inverse @ (Z[i] - G.T @ weights)
        mu[i] = weights[:k]
        q[i] = weights[k:] / eps if eps else backward @ (unit - W.T @ mu[i])
    costs = np.abs(mu).sum(1) + eps * np.abs(q).sum(1)
    rounding = (k + m + 4) * EPS * (np.abs(mu) @ np.abs(W) + np.abs(q) @ np.abs(matrix) + np.eye(n))
    defects = (np.abs(np.eye(n) - mu @ W - q @ matrix) + rounding).sum(1)
    worst = float(defects.max())
    largest = costs.max() / (1 - worst) if worst < 1 else np.inf
    radii = (costs + defects * largest) * (1 + (k + m + 4) * EPS)
    return radii, {"kind": "duals", "mu": mu, "q": q}, points


def maximise(G, objective) -> tuple[np.ndarray, np.ndarray]:
    r"""Return a point of :math:`\{\|Gu\|_\infty\le1\}` nearly farthest along an objective, and dual weights.

    If the solver fails the point is 0, and the weights are a least squares solution, a weaker bound.

    >>> point, weights = maximise(np.eye(2), np.array([1.0, -2.0]))
    >>> point, weights
    (array([ 1., -1.]), array([ 1., -2.]))
    """
    k, d = G.shape
    answer = linprog(-objective, A_ub=np.vstack([G, -G]), b_ub=np.ones(2 * k), bounds=[(None, None)] * d,
                     method="highs", options={"primal_feasibility_tolerance": 1e-10,
                                              "dual_feasibility_tolerance": 1e-10})
    if answer.x is None:
        return np.zeros(d), np.linalg.pinv(G.T) @ objective
    point = answer.x / max(1.0, float(np.abs(G @ answer.x).max()))
    return point, answer.ineqlin.marginals[k:] - answer.ineqlin.marginals[:k]


def farthest_vertex(G, max_vertices):
    r"""Return a bound of the norm on :math:`\{\|Gu\|_\infty\le1\}` and the farthest vertex found.

    A convex function is largest at a vertex, and every vertex solves :math:`d` independent equations
    :math:`(Gu)_i=\pm1`; half of the sign patterns suffice. Taking nearly dependent rows for dependent
    changes :math:`Gu` by their rounding times :math:`\|u\|\le\sqrt k/\sigma_{\min}(G)`, which is added; the
    bound is infinite if rows are neither clearly dependent nor clearly not.

    None if there are too many systems to solve.

    >>> bound, vertex = farthest_vertex(np.eye(3), 100)
    >>> round(bound**2, 9), abs(vertex), farthest_vertex(np.eye(30), 100)
    (3.0, array([1., 1., 1.]), None)
    """
    k, d = G.shape
    if comb(k, d) * 2 ** (d - 1) > max_vertices:
        return None
    signs = np.array([(1.0, *rest) for rest in product((1.0, -1.0), repeat=d - 1)]).T
    sizes, rounding, slack = np.linalg.norm(G, axis=1), 64 * d * EPS, 1e-12
    turned = rounding * float(sizes.max()) * sqrt(k) / float(np.linalg.svd(G, compute_uv=False)[-1])
    units = np.divide(G, sizes[:, None], out=np.zeros_like(G), where=sizes[:, None] > 0)
    farthest, vertex, choices = 0.0, np.zeros(d), combinations(range(k), d)
    while chunk := list(islice(choices, _CHUNK)):
        volumes = np.abs(np.linalg.det(units[np.array(chunk)]))
        if np.any((volumes > rounding) & (volumes < _UNCLEAR)):
            slack = np.inf
        elif np.any(volumes <= rounding):
            slack = max(slack, turned)
        systems = G[np.array(chunk)[volumes >= _UNCLEAR]]
        corners = np.linalg.solve(systems, np.broadcast_to(signs, (len(systems), *signs.shape)))
        corners = corners.transpose(0, 2, 1).reshape(-1, d)
        corners = corners[np.abs(corners @ G.T).max(axis=1) <= 1 + 1e-9]
        vertex = max([vertex, *corners], key=np.linalg.norm)
        farthest = float(np.linalg.norm(vertex))
    return farthest * (1 + slack) if farthest > 0 else np.inf, vertex


def quadratic_bound(matrix, W, eps, Z, G):
    r"""Bound the norm by :math:`\|v\|^2\le\sum_id_i(Gu)_i^2\le\sum d_i`, with the linear map that attains it.

    Weights with :math:`G^T\mathrm{diag}(d)G\succeq I` come from a semidefinite program, or are equal in
    many dimensions, and are divided by the smallest eigenvalue found. With :math:`Q` that matrix, the error
    of the weighted least squares map is :math:`Q^{-1}G^T\mathrm{diag}(d)` applied to the constraints,
    so the same bound holds for it. Returns half the size and error of the map, the proof, the matrix of
    the map; None if rounding leaves no bound.
    """
    d = _row_weights(G) if G.shape[1] <= _MOST_OF_POLYTOPE else np.ones(len(G))
    values = np.linalg.eigvalsh(G.T @ (d[:, None] * G))
    floor = values[0] - 4 * max(G.shape) * EPS * values[-1]
    if floor <= 0:
        return None
    d = d / floor
    half = sqrt(float(d.sum())) * (1 + len(d) * EPS)
    root = np.sqrt(d)[:, None]
    k = len(W)
    if eps == 0:
        inverse = np.linalg.pinv(matrix)
        linear = inverse - Z @ (np.linalg.pinv(root * G) @ (root * (W @ inverse)))
        return half, {"kind": "diagonal", "d": d, "f": np.zeros(len(matrix))}, linear
    linear = np.linalg.pinv(root * G)[:, k:] * (root[k:, 0] / eps)
    return half, {"kind": "diagonal", "d": d[:k], "f": d[k:] / eps**2}, linear


def _row_weights(G):
    """Solve the semidefinite program for the weights approximately; equal ones if the solver fails."""
    import cvxpy as cp

    # rows and costs of at most 1; equal weights cost 1 each
    least = np.linalg.svd(G, compute_uv=False)[-1]
    sizes = np.maximum(np.linalg.norm(G, axis=1), least)
    scaled = G / sizes[:, None]
    costs = (least / sizes) ** 2
    d = cp.Variable(len(G), nonneg=True)
    problem = cp.Problem(cp.Minimize(costs @ d), [scaled.T @ cp.diag(d) @ scaled >> np.eye(G.shape[1])])
    return np.maximum(d.value, 0.0) / sizes**2 if solve_cone_program(problem) else np.ones(len(G))
