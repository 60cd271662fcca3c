"""Kernel size of a subspace, of its part in a ball, and of the whole space."""

import numpy as np

from kernelstab._checks import as_number
from kernelstab.operators import as_operator
from kernelstab.priors._symmetric import EPS, dense, symmetric, unbounded
from kernelstab.priors.priors import Everything, Subspace
from kernelstab.priors.result import KernelSize, LinearMap


def subspace_kernel_size(A, prior, eps=0.0, *, tol=None) -> KernelSize:
    r"""Return the kernel size of :math:`V` or of :math:`V\cap B_R`, with an optimal linear map.

    With :math:`\sigma` the smallest singular value of :math:`A` on :math:`V` (zero if
    :math:`V\cap N(A)\ne0`) the size is :math:`2\min(R,\varepsilon/\sigma)`: its singular vector,
    scaled until it meets one of the two limits, and the negative of it attain this. The
    optimal error is half of it, because :math:`\|(A|_V)^\dagger(Ax+e)-x\|\le\varepsilon/\sigma` and
    the map 0 has error :math:`R`.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex.
    prior : Subspace or Everything
    eps : float
        Euclidean noise level.
    tol : float, optional
        Singular values up to this count as zero. Default :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.

    Returns
    -------
    KernelSize
        ``optimal`` is :math:`(A|_V)^\dagger`, or the map 0 where noise drowns the subspace: worst-case
        optimal maps are not unique, and that one says only that the worst case is hopeless. For a
        map that is best for each ``y`` see the Chebyshev centre of its fibre.

    Raises
    ------
    ValueError
        If the basis has not ``N`` rows, or ``eps`` or ``tol`` is negative.

    Notes
    -----
    Cost: one singular value decomposition.

    Examples
    --------
    Along (1, 1) the first coordinate is seen with strength 1/sqrt 2, so noise 1 hides 2 sqrt 2:

    >>> from kernelstab.priors import Subspace
    >>> line = subspace_kernel_size([[1.0, 0.0]], Subspace([[1.0], [1.0]]), eps=1.0)
    >>> round(line.lower, 6), round(line.upper, 6), line.optimal([3.0]).round(6)
    (2.828427, 2.828427, array([3., 3.]))

    The hidden axis is unbounded:

    >>> subspace_kernel_size([[1.0, 0.0]], Subspace([[0.0], [2.0]])).upper
    inf
    """
    operator = as_operator(A)
    eps = as_number(eps, "eps", low=0.0)
    n = operator.shape[1]
    if isinstance(prior, Everything):
        return linear_range_size(dense(operator, eps, prior), prior, np.eye(n), np.inf, eps, tol)
    if not isinstance(prior, Subspace):
        raise ValueError(f"prior must be Subspace or Everything, got {prior!r}")
    if len(prior.basis) != n:
        raise ValueError(f"basis must have {n} rows, got shape {prior.basis.shape}")
    radius = np.inf if prior.radius is None else prior.radius
    return linear_range_size(dense(operator, eps, prior), prior, prior.frame, radius, eps, tol)


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
    inverse = LinearMap(frame @ np.linalg.pinv(seen, rcond=tol / sigma[0] if sigma[0] > tol else 1.0))
    if eps == 0 and not hidden:
        return symmetric(prior, eps, matrix, 0 * direction, 0.0, dual={"kind": "injective"},
                         optimal=inverse, optimal_error=0.0)
    # singular values are computed to within a modest multiple of the rounding unit times the norm
    safe = smallest - 4 * max(matrix.shape) * EPS * scale
    reach = np.inf if hidden or safe <= 0 else eps / safe
    v = direction * (radius if hidden else min(radius, eps / float(np.linalg.norm(matrix @ direction))))
    if reach < radius:
        return symmetric(prior, eps, matrix, v, reach, dual=multipliers(0.0, safe**-2), optimal=inverse,
                         optimal_error=reach)
    if np.isinf(radius):            # a singular value above the tolerance that rounding may have made
        return symmetric(prior, eps, matrix, v, reach, dual={})
    bound = radius * (1 + 4 * EPS)
    optimal = inverse if eps == 0 else LinearMap(np.zeros(matrix.shape[::-1]))
    return symmetric(prior, eps, matrix, v, bound, dual=multipliers(bound**2, 0.0), optimal=optimal,
                     optimal_error=bound)


def multipliers(alpha, beta) -> dict:
    r"""Return the proof :math:`\|v\|^2\le\alpha\|Tv\|^2+\beta\|Av\|^2\le\alpha+\beta\varepsilon^2`."""
    return {"kind": "multipliers", "alpha": float(alpha), "beta": float(beta)}
