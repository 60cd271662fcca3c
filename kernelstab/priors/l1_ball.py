"""The ball of the 1-norm as a prior; its kernel size between ascent and two proved bounds."""

from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array, as_number
from kernelstab._engines.feasible_sets.programs import ProgramSet
from kernelstab._engines.largest_norm import farthest_found, fill, kernel_basis, matrix_bound
from kernelstab.priors.kernel_size import EPS, KernelSize, MatrixMap, jung, symmetric
from kernelstab.priors.prior import Prior, penalty


@dataclass(frozen=True)
class L1Ball(Prior):
    r"""Assume :math:`\|x\|_1\le t`.

    Parameters
    ----------
    radius : float
        :math:`t>0`.

    >>> L1Ball(1.0).contains([1.0, -1.0]), L1Ball(2.0).support([1.0, -3.0])
    (1.0, 6.0)
    """

    kind = "l1-ball"
    radius: float

    def __post_init__(self):
        object.__setattr__(self, "radius", as_number(self.radius, "radius", low=0.0, strict=True))

    def contains(self, x) -> float:
        r"""Return :math:`\|x\|_1-t` as computed."""
        return float(np.abs(as_array(x, "x", ndim=1)).sum()) - self.radius

    def support(self, c) -> float:
        r"""Return :math:`t\|c\|_\infty`."""
        return self.radius * float(np.max(np.abs(c)))

    def kernel_size(self, A, eps=0.0, *, tol=None) -> KernelSize:
        r"""Enclose the kernel size of :math:`\{\|x\|_1\le t\}` with Euclidean errors and noise.

        Half the size is the largest :math:`\|v\|_2` with :math:`\|v\|_1\le t` and
        :math:`\|Av\|_2\le\varepsilon`, the maximum of a convex function. Below stands the best
        pair that ascent found; above the lesser of

        - what the bounds :math:`|v_i|\le b_i=t\|e_i-A^Tq_i\|_\infty+\varepsilon\|q_i\|_2`, true for every
          :math:`q_i`, leave room for: the largest norm with :math:`|v_i|\le b_i`, :math:`\|v\|_1\le t`;
        - :math:`(t^2\max|Y_{ij}|+\beta\varepsilon^2)^{1/2}` with :math:`Y+\beta A^TA\succeq I`, since
          :math:`v^TYv\le\|v\|_1^2\max|Y_{ij}|`.

        The minimiser of the 1-norm among the signals that explain the data belongs to their fibre, so its
        error is at most the size. The best error of any map is between half of it and what Jung's
        theorem leaves.

        Never ``exact``, unless the kernel is trivial and there is no noise.

        Parameters
        ----------
        A, eps
            Real; Euclidean noise level.
        tol : float, optional
            Singular values of :math:`A` up to this count as zero. Default
            :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.

        Notes
        -----
        Cost: ``N`` linear (without noise) or second-order cone programs, a hundred or so more for the ascent,
        and a semidefinite program of size ``N`` if that is at most 40.

        Examples
        --------
        The kernel of (1, 1) is spanned by (1, -1); on the unit ball that is (1/2, -1/2), of norm 1/sqrt 2:

        >>> size = L1Ball(1.0).kernel_size([[1.0, 1.0]])
        >>> round(size.lower**2, 6), round(size.upper**2, 6)
        (2.0, 2.0)
        """
        matrix, eps = self.checked_matrix(A, eps, real=True)
        n, radius = matrix.shape[1], self.radius
        hidden, _ = kernel_basis(matrix, tol)
        if eps == 0 and hidden.shape[1] == 0:
            return symmetric(self, eps, matrix, np.zeros(n), 0.0, dual={"kind": "injective"},
                             optimal=MatrixMap(np.linalg.pinv(matrix)), optimal_error=0.0)
        basis = hidden if eps == 0 else np.eye(n)
        # half the size is the largest norm among the signals that explain the data 0
        fibre = ProgramSet(matrix, np.zeros(len(matrix)), eps, self, radius=radius)
        ends = [fibre.support(unit) for unit in np.eye(n)]
        v = farthest_found(lambda g: fibre.support(g).x, [end.x for end in ends], 4, steps=20)
        box = fill([end.bound for end in ends], radius) * (1 + n * EPS)
        half, dual = min((box, {"kind": "coordinates", "q": np.array([end.q for end in ends])}),
                         matrix_bound(matrix, radius, eps, basis), key=lambda upper: upper[0])
        return symmetric(self, eps, matrix, v, half, exact=False, dual=dual,
                         c_opt_upper=2 * half * jung(basis.shape[1]) * (1 + 8 * EPS))

    def feasible(self, A, y, eps, *, max_supports=None) -> ProgramSet:
        """Return the members that explain the data."""
        return ProgramSet(self.checked_matrix(A, eps, real=True)[0], y, eps, self, radius=self.radius)

    def upper_proof(self, size, margin) -> dict | None:
        """Return a matrix and a multiplier, or a dual vector for every coordinate."""
        dual, kind = size.dual, size.dual.get("kind")
        if kind == "coordinates":
            return dict(dual)
        if kind != "matrix":
            return super().upper_proof(size, margin)
        y, beta = dual["Y"], dual["beta"] * (1 + margin)
        if size.eps == 0:
            beta = penalty(size.matrix, y, margin)
        lift = margin * (1 + float(np.abs(y).max()))
        return {"kind": kind, "Y": y + lift * np.eye(len(y)), "beta": beta}
