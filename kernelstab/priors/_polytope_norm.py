"""The largest Euclidean norm on a symmetric polytope, from below and from above."""

from itertools import combinations, islice, product
from math import comb, sqrt

import numpy as np

from kernelstab.priors._convex import solved
from kernelstab.priors._symmetric import EPS

MOST_DIMENSIONS = 60
_CHUNK = 4096
_UNCLEAR = 1e-7      # volume of d unit rows from which their system is solved to about 1e-9


def farthest_lower(support_point, found, starts, rng, steps=100):
    """Climb the norm on a convex set from several points; return the farthest point reached.

    From ``u`` the next point is a farthest one of the set along ``u``: the norm cannot fall, since
    it is at least the inner product with ``u`` over the norm of ``u``.
    """
    best = max(found, key=np.linalg.norm)
    width = len(best)
    ranked = [point for point in sorted(found, key=np.linalg.norm, reverse=True)[:starts] if point.any()]
    for u in [*ranked, *(rng.standard_normal(width) for _ in range(starts))]:
        reached = 0.0
        for _ in range(steps):
            u = support_point(u)
            size = float(np.linalg.norm(u))
            if size <= reached * (1 + 1e-12):
                break
            reached = size
        best = max(best, u, key=np.linalg.norm)
    return best


def farthest_vertex(G, max_vertices):
    r"""Return a bound of the norm on :math:`\{\|Gu\|_\infty\le1\}` and the farthest vertex found.

    A convex function is largest at a vertex, and every vertex solves :math:`d` independent equations
    :math:`(Gu)_i=\pm1`; half of the sign patterns suffice. Taking nearly dependent rows for dependent
    changes :math:`Gu` by their rounding times :math:`\|u\|\le\sqrt k/\sigma_{\min}(G)`, which is added; the
    bound is infinite if rows are neither clearly dependent nor clearly not.

    Returns
    -------
    (float, ndarray) or None
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
    blur = rounding * float(sizes.max()) * sqrt(k) / float(np.linalg.svd(G, compute_uv=False)[-1])
    units = np.divide(G, sizes[:, None], out=np.zeros_like(G), where=sizes[:, None] > 0)
    farthest, vertex, choices = 0.0, np.zeros(d), combinations(range(k), d)
    while chunk := list(islice(choices, _CHUNK)):
        volumes = np.abs(np.linalg.det(units[np.array(chunk)]))
        if np.any((volumes > rounding) & (volumes < _UNCLEAR)):
            slack = np.inf
        elif np.any(volumes <= rounding):
            slack = max(slack, blur)
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
    so the same bound holds for it.

    Returns
    -------
    (float, dict, ndarray)
        Half the size and error of the map, the proof, the matrix of the map.
    """
    d = _weights(G) if G.shape[1] <= MOST_DIMENSIONS else np.ones(len(G))
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


def _weights(G):
    """Solve the semidefinite program for the weights approximately; equal ones if the solver fails."""
    import cvxpy as cp

    # rows and costs of at most 1; equal weights cost 1 each
    least = np.linalg.svd(G, compute_uv=False)[-1]
    sizes = np.maximum(np.linalg.norm(G, axis=1), least)
    scaled = G / sizes[:, None]
    costs = (least / sizes) ** 2
    d = cp.Variable(len(G), nonneg=True)
    problem = cp.Problem(cp.Minimize(costs @ d), [scaled.T @ cp.diag(d) @ scaled >> np.eye(G.shape[1])])
    return np.maximum(d.value, 0.0) / sizes**2 if solved(problem) else np.ones(len(G))
