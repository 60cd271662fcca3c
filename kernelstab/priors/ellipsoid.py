"""Ellipsoids as priors; their kernel size by eigenvalues without noise, by two multipliers with noise."""

from dataclasses import dataclass, field
from math import inf, sqrt

import numpy as np

from kernelstab._checks import as_array
from kernelstab._engines.feasible_sets.quadratic import QuadraticSet
from kernelstab._engines.feasible_sets.support_value import ScaledSet
from kernelstab._engines.largest_norm import (
    best_weight,
    kernel_basis,
    smallest_direction,
    stacked,
    vanishes,
)
from kernelstab.priors.kernel_size import EPS, KernelSize, MatrixMap, symmetric, unbounded
from kernelstab.priors.prior import Prior, penalty
from kernelstab.priors.subspace import multipliers


@dataclass(frozen=True)
class Ellipsoid(Prior):
    r"""Assume :math:`\|Tx\|_2\le1`.

    Parameters
    ----------
    T : array_like, shape (k, N)
        May have a null space: then the set is a cylinder.

    >>> Ellipsoid([[2.0, 0.0], [0.0, 1.0]]).contains([1.0, 0.0])
    1.0
    >>> round(Ellipsoid(np.diag([2.0, 1.0])).support([1.0, 0.0]), 9)
    0.5
    >>> Ellipsoid([[1.0, 0.0]]).support([0.0, 1.0])
    inf
    """

    kind = "ellipsoid"
    _form = "T"
    T: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "T", as_array(self.T, "T", ndim=2))

    def contains(self, x) -> float:
        r"""Return :math:`\|Tx\|_2-1` as computed."""
        return float(np.linalg.norm(self.T @ as_array(x, "x", shape=self.T.shape[1:]))) - 1.0

    def support(self, c) -> float:
        r"""Return the least :math:`\|\mu\|_2` with :math:`T^*\mu=c`, if there is one up to rounding."""
        c = as_array(c, "c", shape=self.T.shape[1:])
        mu = np.linalg.lstsq(self.T.conj().T, c, rcond=None)[0]
        rest = float(np.linalg.norm(self.T.conj().T @ mu - c))
        return float(np.linalg.norm(mu)) if rest <= 1e-10 * float(np.linalg.norm(c)) else inf

    def kernel_size(self, A, eps=0.0, *, tol=None) -> KernelSize:
        r"""Return the kernel size of :math:`\{\|Tx\|\le1\}` and the linear map that is optimal for it.

        Without noise, with an orthonormal basis :math:`Z` of the kernel, half the size is
        :math:`1/\sigma_{\min}(TZ)`, and :math:`y\mapsto\arg\min\{\|Tz\|:Az=y\}` is the centre of every
        fibre. With noise, :math:`Q=\alpha T^*T+\beta A^*A\succeq I` gives

        .. math:: \|v\|^2\le\alpha\|Tv\|^2+\beta\|Av\|^2\le\alpha+\beta\varepsilon^2 ,

        and :math:`y\mapsto\beta Q^{-1}A^*y`, a Tikhonov reconstruction, has worst-case error at most
        :math:`\gamma^{1/2}`, :math:`\gamma=\alpha+\beta\varepsilon^2`: its error is
        :math:`Q^{-1}(\beta A^*e-\alpha T^*Tx)`, of squared norm at most :math:`\alpha\|Tx\|^2+\beta\|e\|^2`.
        The least :math:`\gamma` is one over the greatest
        :math:`\lambda_{\min}((1-w)T^*T+wA^*A/\varepsilon^2)`, a concave function of one variable, found by
        bisection on its slope. It is attained: at an inner maximum the slopes
        :math:`\|Au\|^2/\varepsilon^2-\|Tu\|^2` at unit eigenvectors ``u`` fill an interval around 0 (two unit
        vectors are joined by a path up to sign), and where the slope is 0 both limits are met at once. So the
        size is :math:`2\gamma^{1/2}` in every dimension, and the
        Tikhonov map is worst-case optimal.

        The size is infinite, with a direction, if :math:`T` is singular on :math:`N(A)`.

        Parameters
        ----------
        A, eps
            Real or complex; Euclidean noise level.
        tol : float, optional
            Singular values of :math:`A` up to this count as zero. Default
            :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.

        Notes
        -----
        Cost: without noise two singular value decompositions; with noise some fifty of :math:`T`
        stacked on :math:`A`.

        Examples
        --------
        Half the size, squared, is the largest :math:`v_1^2+v_2^2` with :math:`v_1^2/4+v_2^2\le1` and
        :math:`|v_1|\le1`: that is 1 + 3/4. Here :math:`\alpha=1`, :math:`\beta=3/4`, :math:`Q=I`:

        >>> size = Ellipsoid(np.diag([0.5, 1.0])).kernel_size([[1.0, 0.0]], eps=1.0)
        >>> round((size.lower / 2) ** 2, 6), round((size.upper / 2) ** 2, 6)
        (1.75, 1.75)
        >>> round(size.dual["alpha"], 6), round(size.dual["beta"], 6), size.optimal([1.0]).round(6)
        (1.0, 0.75, array([0.75, 0.  ]))
        """
        matrix, eps = self.checked_matrix(A, eps)
        T = self.T
        basis, tol = kernel_basis(matrix, tol)
        shrink, flat = smallest_direction(T @ basis) if basis.shape[1] else (inf, None)
        if basis.shape[1] and vanishes(T, basis @ flat):
            return unbounded(self, eps, matrix, basis @ flat, -basis @ flat)
        if eps == 0:
            return _noise_free(self, matrix, basis, shrink, flat, tol)
        return _noisy(self, matrix, eps)

    def feasible(self, A, y, eps, *, max_supports=None) -> ScaledSet:
        """Return the members that explain the data."""
        return ScaledSet(QuadraticSet, self.checked_matrix(A, eps, real=True)[0], y, eps, self, self.T)

    def upper_proof(self, size, margin) -> dict | None:
        """Return multipliers; without noise any alpha above the limit has its beta."""
        if size.dual.get("kind") != "kernel-basis":
            return super().upper_proof(size, margin)
        alpha = (size.upper / 2) ** 2 * (1 + margin)
        return multipliers(alpha, penalty(size.matrix, alpha * (self.T.conj().T @ self.T), margin))


def _noise_free(prior, matrix, basis, shrink, flat, tol):
    """Return the result without noise: the fibre through 0 is the ellipsoid of ``T Z``."""
    T = prior.T
    inverse = np.linalg.pinv(matrix, rcond=tol / float(np.linalg.norm(matrix, 2)))
    if basis.shape[1] == 0:
        return symmetric(prior, 0.0, matrix, np.zeros(matrix.shape[1]), 0.0, dual={"kind": "injective"},
                         optimal=MatrixMap(inverse), optimal_error=0.0)
    spline = MatrixMap(inverse - basis @ (np.linalg.pinv(T @ basis) @ (T @ inverse)))
    v = basis @ flat
    v = v / float(np.linalg.norm(T @ v))
    half = _reciprocal(shrink - 4 * max(T.shape) * EPS * float(np.linalg.norm(T, 2)))
    return symmetric(prior, 0.0, matrix, v, half, dual={"kind": "kernel-basis", "basis": basis},
                     optimal=spline, optimal_error=half)


def _reciprocal(value):
    """Return one over a lower bound of a singular value; infinite if it bounds nothing."""
    return 1 / value if value > 0 else inf


def _noisy(prior, matrix, eps):
    """Return the result with noise, from the best weight and the vectors on its two sides."""
    T, scaled = prior.T, matrix / eps
    weight, candidates = best_weight(T, scaled)
    stack = stacked(T, scaled, weight)
    sigma = np.linalg.svd(stack, compute_uv=False)
    half = _reciprocal(float(sigma[-1] - 4 * max(stack.shape) * EPS * sigma[0]))
    dual = {} if half == inf else multipliers(half**2 * (1 - weight), half**2 * weight / eps**2)
    v = max((v / max(np.linalg.norm(T @ v), np.linalg.norm(scaled @ v)) for v in candidates),
            key=np.linalg.norm)
    # the minimiser of (1 - w)|Tx|^2 + w|Ax - y|^2/eps^2, one least squares problem for all y
    tikhonov = MatrixMap(np.linalg.pinv(stack)[:, len(T):] * (sqrt(weight) / eps))
    return symmetric(prior, eps, matrix, v, half, dual=dual, optimal=tikhonov,
                     optimal_error=half)


