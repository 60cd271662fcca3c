"""Kernel size of an ellipsoid, without noise by eigenvalues, with noise by two multipliers."""

from math import exp, inf, sqrt

import numpy as np

from kernelstab._checks import as_number
from kernelstab.operators import as_operator
from kernelstab.priors._symmetric import EPS, dense, symmetric, unbounded
from kernelstab.priors.priors import Ellipsoid
from kernelstab.priors.result import KernelSize, LinearMap
from kernelstab.priors.subspace import multipliers


def ellipsoid_kernel_size(A, prior, eps=0.0, *, tol=None) -> KernelSize:
    r"""Return the kernel size of :math:`\{\|Tx\|\le1\}` and the linear map that is optimal for it.

    Without noise, with an orthonormal basis :math:`Z` of the kernel, half the size is
    :math:`1/\sigma_{\min}(TZ)`, and :math:`y\mapsto\arg\min\{\|Tz\|:Az=y\}` is the centre of every
    fibre. With noise, :math:`Q=\alpha T^*T+\beta A^*A\succeq I` gives

    .. math:: \|v\|^2\le\alpha\|Tv\|^2+\beta\|Av\|^2\le\alpha+\beta\varepsilon^2 ,

    and :math:`y\mapsto\beta Q^{-1}A^*y`, a Tikhonov reconstruction, has worst-case error at most
    :math:`\gamma^{1/2}`, :math:`\gamma=\alpha+\beta\varepsilon^2`: its error is
    :math:`Q^{-1}(\beta A^*e-\alpha T^*Tx)`, of squared norm at most :math:`\alpha\|Tx\|^2+\beta\|e\|^2`.
    The least :math:`\gamma` is one over the greatest :math:`\lambda_{\min}((1-w)T^*T+wA^*A/\varepsilon^2)`,
    a concave function of one variable, found by bisection on its slope. It is attained: at an inner
    maximum the slopes :math:`\|Au\|^2/\varepsilon^2-\|Tu\|^2` at unit eigenvectors ``u`` fill an
    interval around 0 (two unit vectors are joined by a path up to sign), and where the slope is 0
    both limits are met at once. So the size is :math:`2\gamma^{1/2}` in every dimension, and the
    Tikhonov map is worst-case optimal.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex.
    prior : Ellipsoid
    eps : float
        Euclidean noise level.
    tol : float, optional
        Singular values of :math:`A` up to this count as zero. Default
        :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.

    Returns
    -------
    KernelSize
        Infinite, with a direction, if :math:`T` is singular on :math:`N(A)`.

    Raises
    ------
    ValueError
        If the prior is no ellipsoid or has the wrong width, or ``eps`` or ``tol`` is negative.

    Notes
    -----
    Cost: without noise two singular value decompositions; with noise some fifty of :math:`T`
    stacked on :math:`A`.

    Examples
    --------
    Half the size, squared, is the largest :math:`v_1^2+v_2^2` with :math:`v_1^2/4+v_2^2\le1` and
    :math:`|v_1|\le1`: that is 1 + 3/4. Here :math:`\alpha=1`, :math:`\beta=3/4`, :math:`Q=I`:

    >>> from kernelstab.priors import Ellipsoid
    >>> size = ellipsoid_kernel_size([[1.0, 0.0]], Ellipsoid(np.diag([0.5, 1.0])), eps=1.0)
    >>> round((size.lower / 2) ** 2, 6), round((size.upper / 2) ** 2, 6)
    (1.75, 1.75)
    >>> round(size.dual["alpha"], 6), round(size.dual["beta"], 6), size.optimal([1.0]).round(6)
    (1.0, 0.75, array([0.75, 0.  ]))
    """
    operator = as_operator(A)
    if not isinstance(prior, Ellipsoid):
        raise ValueError(f"prior must be an Ellipsoid, got {prior!r}")
    if prior.T.shape[1] != operator.shape[1]:
        raise ValueError(f"T must have {operator.shape[1]} columns, got shape {prior.T.shape}")
    eps = as_number(eps, "eps", low=0.0)
    matrix, T = dense(operator, eps, prior), prior.T
    basis, tol = kernel_basis(matrix, tol)
    shrink, flat = smallest_direction(T @ basis) if basis.shape[1] else (inf, None)
    if shrink <= max(T.shape) * EPS * float(np.linalg.norm(T, 2)):
        return unbounded(prior, eps, matrix, basis @ flat, -basis @ flat)
    if eps == 0:
        return _noise_free(prior, matrix, basis, shrink, flat, tol)
    return _noisy(prior, matrix, eps)


def kernel_basis(matrix, tol):
    """Return an orthonormal basis of the numerical kernel, perhaps without columns, and the threshold."""
    sigma, rows = np.linalg.svd(matrix)[1:]
    tol = as_number(max(matrix.shape) * EPS * sigma[0] if tol is None else tol, "tol", low=0.0)
    return rows[int(np.sum(sigma > tol)):].conj().T, tol


def smallest_direction(matrix):
    """Return the smallest singular value (0 for a wide matrix) and its right singular vector."""
    sigma, rows = np.linalg.svd(matrix)[1:]
    return (float(sigma[-1]) if len(sigma) == len(rows) else 0.0), rows[-1].conj()


def _noise_free(prior, matrix, basis, shrink, flat, tol):
    """Return the result without noise: the fibre through 0 is the ellipsoid of ``T Z``."""
    T = prior.T
    inverse = np.linalg.pinv(matrix, rcond=tol / float(np.linalg.norm(matrix, 2)))
    if basis.shape[1] == 0:
        return symmetric(prior, 0.0, matrix, np.zeros(matrix.shape[1]), 0.0, dual={"kind": "injective"},
                         optimal=LinearMap(inverse), optimal_error=0.0)
    spline = LinearMap(inverse - basis @ (np.linalg.pinv(T @ basis) @ (T @ inverse)))
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
    stack = _stack(T, scaled, weight)
    sigma = np.linalg.svd(stack, compute_uv=False)
    half = _reciprocal(float(sigma[-1] - 4 * max(stack.shape) * EPS * sigma[0]))
    dual = {} if half == inf else multipliers(half**2 * (1 - weight), half**2 * weight / eps**2)
    v = max((v / max(np.linalg.norm(T @ v), np.linalg.norm(scaled @ v)) for v in candidates),
            key=np.linalg.norm)
    # the minimiser of (1 - w)|Tx|^2 + w|Ax - y|^2/eps^2, one least squares problem for all y
    tikhonov = LinearMap(np.linalg.pinv(stack)[:, len(T):] * (sqrt(weight) / eps))
    return symmetric(prior, eps, matrix, v, half, dual=dual, optimal=tikhonov,
                     optimal_error=half)


def _stack(T, A, weight):
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
        least, u = smallest_direction(_stack(T, A, weight))
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
