"""The largest value of a convex quadratic on a ball, for searches in small subspaces."""

import numpy as np
from scipy.optimize import brentq


def farthest_on_ball(matrix, offset, radius) -> np.ndarray:
    r"""Maximise :math:`\|b + Jc\|` over :math:`\|c\| \le r` exactly.

    The maximum lies on the sphere and satisfies :math:`(\mu I - J^TJ)c = J^Tb` with
    :math:`\mu \ge \lambda_{\max}(J^TJ)`; this is sufficient too, although the problem is
    not concave. In eigenvectors of :math:`J^TJ` the norm of ``c`` decreases in
    :math:`\mu`, so one root is sought. If :math:`J^Tb` has no part along the top
    eigenvector, the missing length is put there.

    Parameters
    ----------
    matrix : ndarray, shape (N, k)
        The matrix :math:`J`, real; ``k`` small.
    offset : ndarray, shape (N,)
        The vector :math:`b`.
    radius : float
        The radius :math:`r > 0`.

    Returns
    -------
    ndarray, shape (k,)

    Examples
    --------
    Without offset it is the top singular direction, with one it leans towards it:

    >>> np.abs(farthest_on_ball(np.diag([2.0, 1.0]), np.zeros(2), 3.0))
    array([3., 0.])
    >>> farthest_on_ball(np.eye(2), np.array([0.0, 1.0]), 3.0).round(9)
    array([0., 3.])
    """
    eigenvalues, vectors = np.linalg.eigh(matrix.T @ matrix)
    pull = vectors.T @ (matrix.T @ offset)
    top, size = eigenvalues[-1], float(np.linalg.norm(pull))

    def coefficients(shift):          # shift = mu - top > 0
        return pull / (shift + (top - eigenvalues))

    low, high = 1e-12 * max(top, size / radius), size / radius
    if high <= low or np.linalg.norm(coefficients(low)) <= radius:
        inner = coefficients(low) if low > 0 else np.zeros_like(pull)
        missing = radius**2 - float(inner[:-1] @ inner[:-1])
        inner[-1] = np.copysign(np.sqrt(max(missing, 0.0)), pull[-1])
        return vectors @ inner
    shift = brentq(lambda s: 1 / np.linalg.norm(coefficients(s)) - 1 / radius, low, high, xtol=1e-15 * high)
    best = vectors @ coefficients(shift)
    return best * (radius / np.linalg.norm(best))
