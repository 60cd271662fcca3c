"""Polytopes as priors; their kernel size under noise bounded in the maximum norm."""

from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from scipy.optimize import linprog

from kernelstab._checks import as_array, as_count
from kernelstab._engines.feasible_sets.programs import ProgramSet
from kernelstab._engines.feasible_sets.support_value import ScaledSet
from kernelstab._engines.largest_norm import (
    coordinate_bounds,
    farthest_found,
    farthest_vertex,
    kernel_basis,
    maximise,
    quadratic_bound,
    smallest_direction,
    vanishes,
)
from kernelstab.priors.kernel_size import EPS, KernelSize, MatrixMap, jung, symmetric, unbounded
from kernelstab.priors.prior import Prior, penalty


@dataclass(frozen=True)
class Polytope(Prior):
    r"""Assume :math:`\|Wx\|_\infty\le1`.

    Parameters
    ----------
    W : array_like, shape (k, N), real
        Rows bound one quantity each; the box :math:`|x_i|\le b` has :math:`W=I/b`.

    >>> Polytope([[1.0, 1.0]]).contains([0.5, 1.0])
    0.5
    >>> Polytope(np.eye(2)).support([1.0, -2.0]), Polytope([[1.0, 1.0]]).support([1.0, 0.0])
    (3.0, inf)
    """

    kind = "polytope"
    _form = "W"
    norms = ("2", "inf")
    noise_norm = np.inf
    W: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "W", as_array(self.W, "W", ndim=2, real=True))

    def contains(self, x) -> float:
        r"""Return :math:`\|Wx\|_\infty-1` as computed."""
        return float(np.max(np.abs(self.W @ as_array(x, "x", shape=self.W.shape[1:])))) - 1.0

    def support(self, c) -> float:
        r"""Return the least :math:`\|\mu\|_1` with :math:`W^T\mu=c`, by a linear program."""
        c = as_array(c, "c", shape=self.W.shape[1:], real=True)
        both = np.hstack([self.W.T, -self.W.T])
        answer = linprog(np.ones(both.shape[1]), A_eq=both, b_eq=c, method="highs")
        return np.inf if answer.fun is None else float(answer.fun)

    def kernel_size(self, A, eps=0.0, *, norm="inf", tol=None, max_vertices=100_000) -> KernelSize:
        r"""Return the kernel size of a polytope, with the linear map that is optimal in the maximum norm.

        With errors in the maximum norm one linear program per coordinate is exact:

        .. math:: r_i=\max\{v_i:\|Wv\|_\infty\le1,\|Av\|_\infty\le\varepsilon\}
                  =\min\{\|\mu\|_1+\varepsilon\|q\|_1:W^T\mu+A^Tq=e_i\} ,

        and the dual solutions :math:`q_i` are the rows of a map whose error in coordinate ``i`` is at
        most :math:`r_i`, because
        :math:`x_i-\langle q_i,Ax+e\rangle=\langle\mu,Wx\rangle-\langle q_i,e\rangle`. The size is
        :math:`2\max_ir_i` and no map, linear or not, has an error below half of it. Whatever the solver
        returned, the residual :math:`\rho_i=e_i-W^T\mu-A^Tq` is measured and
        :math:`\|\rho_i\|_1\max_j r_j` added to the bound.

        With Euclidean errors the size maximises a convex function, which is hard in general. Below stands the
        best pair that ascent found. Above stands the least of :math:`2(\sum r_i^2)^{1/2}`, of
        :math:`2(\sum d_i+\varepsilon^2\sum f_i)^{1/2}` with
        :math:`W^T\mathrm{diag}(d)W+A^T\mathrm{diag}(f)A\succeq I` (a semidefinite program, repaired by an
        eigenvalue), and, in a set of few dimensions, of twice the norm of the farthest vertex.

        The size is infinite, with a direction, if :math:`Wv=0` and :math:`Av=0` have a common solution. With
        ``norm="2"`` it is ``exact`` if all vertices were visited, and ``optimal`` is a linear map whose error
        is bounded by ``optimal_error``, not a best one.

        Parameters
        ----------
        A, eps
            Real; the noise level in the maximum norm.
        norm : {"inf", "2"}
            Norm of the errors.
        tol : float, optional
            Singular values of :math:`A` up to this count as zero. Default
            :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.
        max_vertices : int
            With ``norm="2"`` most systems of equations to solve in search of vertices.

        Notes
        -----
        Cost: ``N`` linear programs in ``N`` variables; with ``norm="2"`` some more and a semidefinite
        program of size ``N`` if that is at most 60.

        Examples
        --------
        Measuring the sum of two numbers in [-1, 1]: (1, -1) and (-1, 1) look alike.

        >>> size = Polytope(np.eye(2)).kernel_size([[1.0, 1.0]])
        >>> round(size.lower, 9), round(size.upper, 9), np.abs(size.x)
        (2.0, 2.0, array([1., 1.]))
        >>> euclid = Polytope(np.eye(2)).kernel_size([[1.0, 1.0]], norm="2")
        >>> round(euclid.lower**2, 9), round(euclid.upper**2, 9), euclid.exact
        (8.0, 8.0, True)
        """
        matrix, eps = self.checked_matrix(A, eps, real=True)
        max_vertices, W = as_count(max_vertices, "max_vertices"), self.W
        hidden, _ = kernel_basis(matrix, tol)
        if hidden.shape[1]:
            flat = smallest_direction(W @ hidden)[1]
            if vanishes(W, hidden @ flat):
                return unbounded(self, eps, matrix, hidden @ flat, -hidden @ flat, norm=norm)
        # {v = Zu : |Gu| <= 1}: without noise in coordinates of the kernel, where A says nothing more
        Z, G = (hidden, W @ hidden) if eps == 0 else (np.eye(len(matrix.T)), np.vstack([W, matrix / eps]))
        if Z.shape[1] == 0:
            return symmetric(self, eps, matrix, np.zeros(len(Z)), 0.0, norm=norm, dual={"kind": "injective"},
                             optimal=MatrixMap(np.linalg.pinv(matrix)), optimal_error=0.0)
        radii, dual, points = coordinate_bounds(matrix, W, eps, Z, G)
        thin = smallest_direction(G)[1]                 # what a program cannot resolve may be long
        points.append(Z @ thin / float(np.abs(G @ thin).max()))
        if norm == "inf":
            v = max(points, key=lambda point: np.abs(point).max())
            half = float(radii.max())
            return symmetric(self, eps, matrix, v, half, norm=norm, dual=dual,
                             optimal=MatrixMap(dual["q"]), optimal_error=half)
        box = sqrt(float(np.sum(radii**2))) * (1 + len(Z) * EPS), dual, dual["q"]
        return _euclidean(self, eps, matrix, Z, G, box, points, max_vertices)

    def feasible(self, A, y, eps, *, max_supports=None) -> ScaledSet:
        """Return the members that explain the data."""
        return ScaledSet(ProgramSet, self.checked_matrix(A, eps, real=True)[0], y, eps, self, self.W)

    def upper_proof(self, size, margin) -> dict | None:
        """Return weights of the rows of :math:`W` and of :math:`A`, or dual vectors of every coordinate."""
        dual, kind = size.dual, size.dual.get("kind")
        if kind == "duals":
            return dict(dual)
        if kind != "diagonal":
            return super().upper_proof(size, margin)
        f = dual["f"] * (1 + margin)
        if size.eps == 0:
            f = f + penalty(size.matrix, self.W.T @ (dual["d"][:, None] * self.W), margin)
        return {"kind": kind, "d": dual["d"] * (1 + margin), "f": f}


def _euclidean(prior, eps, matrix, Z, G, box, points, max_vertices) -> KernelSize:
    """Return the result for Euclidean errors, between ascent and the least of three bounds."""
    found = [np.linalg.lstsq(Z, point, rcond=None)[0] for point in points]
    corner = farthest_vertex(G, max_vertices)
    if corner is not None:
        found.append(corner[1] / max(1.0, float(np.abs(G @ corner[1]).max())))
    u = farthest_found(lambda objective: maximise(G, objective)[0], found, 10)
    quadratic = quadratic_bound(matrix, prior.W, eps, Z, G) or box
    error, dual, linear = min(box, quadratic, key=lambda bound: bound[0])
    half = error if corner is None else min(corner[0], error)
    spread = 2 * half * jung(Z.shape[1])
    return symmetric(prior, eps, matrix, Z @ u, half, exact=corner is not None, dual=dual,
                     optimal=MatrixMap(linear), optimal_error=error, c_opt_upper=spread * (1 + 8 * EPS))
