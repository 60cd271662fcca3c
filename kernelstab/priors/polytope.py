r"""Kernel size of a polytope :math:`\|Wx\|_\infty\le1` under noise bounded in the maximum norm."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.optimize import linprog

from kernelstab._checks import as_count, as_number
from kernelstab._rng import as_generator
from kernelstab.operators import as_operator
from kernelstab.priors._polytope_norm import farthest_lower, farthest_vertex, quadratic_bound
from kernelstab.priors._symmetric import EPS, dense, jung, symmetric, unbounded
from kernelstab.priors.ellipsoid import kernel_basis, smallest_direction
from kernelstab.priors.priors import Polytope
from kernelstab.priors.result import KernelSize, LinearMap


def polytope_kernel_size(A, prior, eps=0.0, *, norm="inf", tol=None, max_vertices=100_000, starts=10,
                         rng=0) -> KernelSize:
    r"""Return the kernel size of a polytope, with the linear map that is optimal in the maximum norm.

    With errors in the maximum norm one linear program per coordinate is exact:

    .. math:: r_i=\max\{v_i:\|Wv\|_\infty\le1,\|Av\|_\infty\le\varepsilon\}
              =\min\{\|\mu\|_1+\varepsilon\|q\|_1:W^T\mu+A^Tq=e_i\} ,

    and the dual solutions :math:`q_i` are the rows of a map whose error in coordinate ``i`` is at
    most :math:`r_i`, because :math:`x_i-\langle q_i,Ax+e\rangle=\langle\mu,Wx\rangle-\langle q_i,e\rangle`.
    The size is :math:`2\max_ir_i` and no map, linear or not, has an error below half of it. Whatever
    the solver returned, the residual :math:`\rho_i=e_i-W^T\mu-A^Tq` is measured and
    :math:`\|\rho_i\|_1\max_j r_j` added to the bound.

    With Euclidean errors the size maximises a convex function, which is hard in general. Below stands the
    best pair that ascent found. Above stands the least of :math:`2(\sum r_i^2)^{1/2}`, of
    :math:`2(\sum d_i+\varepsilon^2\sum f_i)^{1/2}` with
    :math:`W^T\mathrm{diag}(d)W+A^T\mathrm{diag}(f)A\succeq I` (a semidefinite program, repaired by an
    eigenvalue), and, in a set of few dimensions, of twice the norm of the farthest vertex.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    prior : Polytope
        May be unbounded; only what the measurements leave of it matters.
    eps : float
        Noise level in the maximum norm.
    norm : {"inf", "2"}
        Norm of the errors.
    tol : float, optional
        Singular values of :math:`A` up to this count as zero. Default
        :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.
    max_vertices : int
        With ``norm="2"`` most systems of equations to solve in search of vertices.
    starts : int
        With ``norm="2"`` number of random starts of the ascent.
    rng : int or Generator

    Returns
    -------
    KernelSize
        Infinite, with a direction, if :math:`Wv=0` and :math:`Av=0` have a common solution. With
        ``norm="2"`` it is ``exact`` if all vertices were visited, and ``optimal`` is a linear map whose
        error is bounded by ``optimal_error``, not a best one.

    Raises
    ------
    ValueError
        If the matrix is complex, the prior is no polytope or has the wrong width, ``norm`` is neither, or
        a number is out of range.

    Notes
    -----
    Cost: ``N`` linear programs in ``N`` variables; with ``norm="2"`` some more and a semidefinite
    program of size ``N`` if that is at most 60.

    Examples
    --------
    Measuring the sum of two numbers in [-1, 1]: (1, -1) and (-1, 1) look alike.

    >>> from kernelstab.priors import Polytope
    >>> size = polytope_kernel_size([[1.0, 1.0]], Polytope(np.eye(2)))
    >>> round(size.lower, 9), round(size.upper, 9), np.abs(size.x)
    (2.0, 2.0, array([1., 1.]))
    >>> euclid = polytope_kernel_size([[1.0, 1.0]], Polytope(np.eye(2)), norm="2")
    >>> round(euclid.lower**2, 9), round(euclid.upper**2, 9), euclid.exact
    (8.0, 8.0, True)
    """
    operator = as_operator(A)
    if not operator.is_real:
        raise ValueError(f"A must be real for a polytope, got dtype {operator.dtype}")
    if not isinstance(prior, Polytope):
        raise ValueError(f"prior must be a Polytope, got {prior!r}")
    if prior.W.shape[1] != operator.shape[1]:
        raise ValueError(f"W must have {operator.shape[1]} columns, got shape {prior.W.shape}")
    if norm not in ("inf", "2"):
        raise ValueError(f"norm must be 'inf' or '2', got {norm!r}")
    eps = as_number(eps, "eps", low=0.0)
    max_vertices, starts = as_count(max_vertices, "max_vertices"), as_count(starts, "starts")
    matrix, W, rng = dense(operator, eps, prior), prior.W, as_generator(rng)
    hidden, _ = kernel_basis(matrix, tol)
    if hidden.shape[1]:
        shrink, flat = smallest_direction(W @ hidden)
        if shrink <= max(W.shape) * EPS * float(np.linalg.norm(W, 2)):
            return unbounded(prior, eps, matrix, hidden @ flat, -hidden @ flat, norm=norm)
    # {v = Zu : |Gu| <= 1}: without noise in coordinates of the kernel, where A says nothing more
    Z, G = (hidden, W @ hidden) if eps == 0 else (np.eye(len(matrix.T)), np.vstack([W, matrix / eps]))
    if Z.shape[1] == 0:
        return symmetric(prior, eps, matrix, np.zeros(len(Z)), 0.0, norm=norm, dual={"kind": "injective"},
                         optimal=LinearMap(np.linalg.pinv(matrix)), optimal_error=0.0)
    boxes, points = coordinate_bounds(matrix, W, eps, Z, G)
    thin = smallest_direction(G)[1]                 # what a program cannot resolve may be long
    points.append(Z @ thin / float(np.abs(G @ thin).max()))
    if norm == "inf":
        v = max(points, key=lambda point: np.abs(point).max())
        half = float(boxes.radii.max())
        return symmetric(prior, eps, matrix, v, half, norm=norm, dual=boxes.dual(),
                         optimal=LinearMap(boxes.q), optimal_error=half)
    return _euclidean(prior, eps, matrix, Z, G, boxes, points, max_vertices, starts, rng)


@dataclass(frozen=True)
class CoordinateBounds:
    """Proved bounds of every coordinate, and the dual vectors ``mu`` (N, k) and ``q`` (N, m) behind them."""

    radii: np.ndarray
    mu: np.ndarray
    q: np.ndarray

    def dual(self) -> dict:
        """Return the proof as results carry it."""
        return {"kind": "duals", "mu": self.mu, "q": self.q}


def coordinate_bounds(matrix, W, eps, Z, G) -> tuple[CoordinateBounds, list]:
    r"""Solve the ``N`` linear programs; return the bounds and the members of the set that were found.

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
    return CoordinateBounds(radii, mu, q), points


def maximise(G, objective) -> tuple[np.ndarray, np.ndarray]:
    r"""Return a point of :math:`\{\|Gu\|_\infty\le1\}` nearly farthest along an objective, and dual weights.

    The point is scaled into the set. If the solver fails it is 0, and the weights are the least squares
    solution of :math:`G^T\mu=` objective, which prove a weaker bound.

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


def _euclidean(prior, eps, matrix, Z, G, boxes, points, max_vertices, starts, rng) -> KernelSize:
    """Return the result for Euclidean errors, between ascent and the least of three bounds."""
    found = [np.linalg.lstsq(Z, point, rcond=None)[0] for point in points]
    corner = farthest_vertex(G, max_vertices)
    if corner is not None:
        found.append(corner[1] / max(1.0, float(np.abs(G @ corner[1]).max())))
    u = farthest_lower(lambda objective: maximise(G, objective)[0], found, starts, rng)
    box = sqrt(float(np.sum(boxes.radii**2))) * (1 + len(Z) * EPS)
    bounds = [(box, boxes.dual(), boxes.q)]
    quadratic = quadratic_bound(matrix, prior.W, eps, Z, G)
    if quadratic is not None:
        bounds.append(quadratic)
    error, dual, linear = min(bounds, key=lambda bound: bound[0])
    half = error if corner is None else min(corner[0], error)
    spread = 2 * half * jung(Z.shape[1])
    return symmetric(prior, eps, matrix, Z @ u, half, exact=corner is not None, dual=dual,
                     optimal=LinearMap(linear), optimal_error=error, c_opt_upper=spread * (1 + 8 * EPS))
