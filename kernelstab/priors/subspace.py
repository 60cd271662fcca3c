"""Linear subspaces as priors: all of one, its part in a ball, and the whole space."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_number
from kernelstab._engines.exact_vectors import exact_product, integer_kernel_vector, solution_near
from kernelstab._engines.feasible_sets.quadratic import QuadraticSet, SubspaceSet
from kernelstab._engines.feasible_sets.support_value import ScaledSet
from kernelstab.priors.kernel_size import EPS, KernelSize, MatrixMap, symmetric, unbounded
from kernelstab.priors.prior import Prior, real_form


@dataclass(frozen=True)
class Subspace(Prior):
    r"""Assume :math:`x\in V=\operatorname{range}(B)`, and :math:`\|x\|_2\le R` if a radius is given.

    Parameters
    ----------
    basis : array_like, shape (N, d)
        Linearly independent columns; they need not be orthonormal.
    radius : float, optional
        :math:`R>0`. Default: none, the whole subspace.

    Raises
    ------
    ValueError
        If the columns are numerically dependent, or there are more than ``N``.

    >>> Subspace([[1.0], [0.0]]).contains([5.0, 0.25])
    0.25
    >>> Subspace([[1.0], [0.0]], 2.0).support([-3.0, 7.0]), Subspace([[1.0], [0.0]]).support([0.0, 1.0])
    (6.0, 0.0)
    """

    kind = "subspace"
    _signal_axis = 0
    basis: np.ndarray = field(repr=False)
    radius: float | None = None
    frame: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        basis = as_array(self.basis, "basis", ndim=2)
        n, d = basis.shape
        sigma = np.linalg.svd(basis, compute_uv=False)
        if d > n or sigma[-1] <= n * np.finfo(float).eps * sigma[0]:
            raise ValueError(f"basis must have independent columns, got shape {basis.shape} with "
                             f"smallest singular value {sigma[-1] if d <= n else 0.0:.3g}")
        object.__setattr__(self, "basis", basis)
        object.__setattr__(self, "frame", np.linalg.qr(basis)[0])
        if self.radius is not None:
            object.__setattr__(self, "radius", as_number(self.radius, "radius", low=0.0, strict=True))

    def contains(self, x) -> float:
        """Return the distance to the subspace, or the excess of the norm over the radius if larger."""
        x = as_array(x, "x", shape=self.basis.shape[:1])
        away = float(np.linalg.norm(x - self.frame @ (self.frame.conj().T @ x)))
        return away if self.radius is None else max(away, float(np.linalg.norm(x)) - self.radius)

    def support(self, c) -> float:
        r"""Return :math:`R` times the length of the part of ``c`` in the subspace."""
        seen = float(np.linalg.norm(self.frame.conj().T @ as_array(c, "c", shape=self.basis.shape[:1])))
        return 0.0 if seen == 0 else np.inf if self.radius is None else self.radius * seen

    def kernel_size(self, A, eps=0.0, *, tol=None) -> KernelSize:
        r"""Return the kernel size of :math:`V` or of :math:`V\cap B_R`, with an optimal linear map.

        With :math:`\sigma` the smallest singular value of :math:`A` on :math:`V` (zero if
        :math:`V\cap N(A)\ne0`) the size is :math:`2\min(R,\varepsilon/\sigma)`: its singular vector,
        scaled until it meets one of the two limits, and the negative of it attain this. The
        optimal error is half of it, because :math:`\|(A|_V)^\dagger(Ax+e)-x\|\le\varepsilon/\sigma` and
        the map 0 has error :math:`R`.

        ``optimal`` is :math:`(A|_V)^\dagger`, or the map 0 where noise drowns the subspace: worst-case
        optimal maps are not unique, and that one says only that the worst case is hopeless. For a
        map that is best for each ``y`` see the Chebyshev centre of its fibre.

        Parameters
        ----------
        A, eps
            Real or complex; Euclidean noise level.
        tol : float, optional
            Singular values up to this count as zero. Default :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.

        Notes
        -----
        Cost: one singular value decomposition.

        Examples
        --------
        Along (1, 1) the first coordinate is seen with strength 1/sqrt 2, so noise 1 hides 2 sqrt 2:

        >>> line = Subspace([[1.0], [1.0]]).kernel_size([[1.0, 0.0]], eps=1.0)
        >>> round(line.lower, 6), round(line.upper, 6), line.optimal([3.0]).round(6)
        (2.828427, 2.828427, array([3., 3.]))

        The hidden axis is unbounded:

        >>> Subspace([[0.0], [2.0]]).kernel_size([[1.0, 0.0]]).upper
        inf
        """
        matrix, eps = self.checked_matrix(A, eps)
        radius = np.inf if self.radius is None else self.radius
        return linear_range_size(matrix, self, self.frame, radius, eps, tol)

    def feasible(self, A, y, eps, *, max_supports=None) -> SubspaceSet:
        """Return the members that explain the data."""
        return SubspaceSet(self.checked_matrix(A, eps, real=True)[0], y, eps, self)

    def coordinates(self, x) -> np.ndarray:
        """Return the coefficients of a member in the basis."""
        return np.linalg.lstsq(self.basis, x, rcond=None)[0]

    def kernel_vector(self, matrix, wanted, *, ray=False) -> list:
        """Return integer coefficients of a vector of the null space near another."""
        basis = real_form(self.basis, len(wanted))
        return integer_kernel_vector(exact_product(real_form(matrix, len(basis)), basis), wanted)

    def exact_dual(self, matrix, d, found) -> dict:
        """Return the dual vector; without a radius one that agrees with the detail on the subspace."""
        if self.radius is not None:
            return super().exact_dual(matrix, d, found)
        right = exact_product(self.basis.T, d[:, None])[:, 0]
        return {"q": solution_near(exact_product(matrix, self.basis).T, right, found["q"])}

    def exact_signal(self, matrix, y, x, middle, eps):
        """Return the coefficients of a witness; without noise those that satisfy the equations exactly."""
        x = self.coordinates(x)
        return x if eps > 0 else solution_near(exact_product(matrix, self.basis), y, x)


@dataclass(frozen=True)
class Everything(Prior):
    """Assume nothing.

    >>> Everything().contains([1e9]), Everything().support([0.0]), Everything().support([0.5])
    (-inf, 0.0, inf)
    """

    kind = "everything"

    def contains(self, x) -> float:
        """Return minus infinity: every signal is a member."""
        as_array(x, "x", ndim=1)
        return -np.inf

    def support(self, c) -> float:
        """Return infinity, unless ``c`` is zero."""
        return np.inf if np.any(c) else 0.0

    def kernel_size(self, A, eps=0.0, *, tol=None) -> KernelSize:
        """Return the kernel size of the subspace of all signals."""
        matrix, eps = self.checked_matrix(A, eps)
        return linear_range_size(matrix, self, np.eye(matrix.shape[1]), np.inf, eps, tol)

    def feasible(self, A, y, eps, *, max_supports=None) -> ScaledSet:
        """Return the signals that explain the data."""
        return ScaledSet(QuadraticSet, self.checked_matrix(A, eps, real=True)[0], y, eps, self)


def linear_range_size(matrix, prior, frame, radius, eps, tol) -> KernelSize:
    """Return the kernel size of the ball of a radius in the range of an orthonormal frame."""
    seen = matrix @ frame
    sigma, rows = np.linalg.svd(seen)[1:]
    d = frame.shape[1]
    smallest = float(sigma[-1]) if len(sigma) == d else 0.0
    scale = float(np.linalg.norm(matrix, 2))
    tol = as_number(max(matrix.shape) * EPS * scale if tol is None else tol, "tol", low=0.0)
    direction = frame @ rows[-1].conj()
    hidden = smallest <= tol
    if hidden and np.isinf(radius):
        return unbounded(prior, eps, matrix, direction, -direction)
    inverse = MatrixMap(frame @ np.linalg.pinv(seen, rcond=tol / sigma[0] if sigma[0] > tol else 1.0))
    if eps == 0 and not hidden:
        return symmetric(prior, eps, matrix, 0 * direction, 0.0, dual={"kind": "injective"},
                         optimal=inverse, optimal_error=0.0)
    # singular values are computed to within a modest multiple of the rounding unit times the norm
    safe = smallest - 4 * max(matrix.shape) * EPS * scale
    half = np.inf if hidden or safe <= 0 else eps / safe
    v = direction * (radius if hidden else min(radius, eps / float(np.linalg.norm(matrix @ direction))))
    if half < radius:
        return symmetric(prior, eps, matrix, v, half, dual=multipliers(0.0, safe**-2), optimal=inverse,
                         optimal_error=half)
    if np.isinf(radius):            # a singular value above the tolerance that rounding may have made
        return symmetric(prior, eps, matrix, v, half, dual={})
    bound = radius * (1 + 4 * EPS)
    optimal = inverse if eps == 0 else MatrixMap(np.zeros(matrix.shape[::-1]))
    return symmetric(prior, eps, matrix, v, bound, dual=multipliers(bound**2, 0.0), optimal=optimal,
                     optimal_error=bound)


def multipliers(alpha, beta) -> dict:
    r"""Return the proof :math:`\|v\|^2\le\alpha\|Tv\|^2+\beta\|Av\|^2\le\alpha+\beta\varepsilon^2`."""
    return {"kind": "multipliers", "alpha": float(alpha), "beta": float(beta)}
