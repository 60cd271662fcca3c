"""Worst-case search without derivatives: secants in random subspaces."""

import numpy as np
from scipy.optimize import brentq

BLOCK = 8


def probe(objective, rng) -> None:
    r"""Spend the budget on random directions, first all at once, then around the best step.

    A map answers every probe with a whole signal, not with one number. So ``k`` probes
    along orthonormal directions ``Q`` give the ``k`` columns of :math:`JQ`, and the worst
    step in their span follows from a small eigenvalue problem. Half of the budget goes
    to such a span through zero; if it covers the whole space, a linear map is solved
    exactly. An eighth looks at the opposite directions. The rest repeats the first part in
    small blocks that contain the best step so far, with shorter secants, and accepts
    what improves on it.
    """
    offset = objective.residual(np.zeros(objective.dimension))
    count = min(objective.dimension, max(1, objective.left // 2))
    directions = np.linalg.qr(rng.standard_normal((objective.dimension, count)))[0].T
    slopes = _secants(objective, np.zeros(objective.dimension), offset, directions, objective.radius)
    step = objective.project(farthest_on_ball(slopes, offset, objective.radius) @ directions)
    objective.residual(step)
    # across zero a map with kinks is another map
    for opposite in np.vstack([step, objective.radius * directions])[:objective.left // 4]:
        objective.residual(-opposite)
    while objective.left >= BLOCK + 4:
        _refine(objective, rng)


def _refine(objective, rng):
    """Move the best step inside a random block around it, if that makes it worse."""
    step, radius = objective.best_step, objective.radius
    here = objective.residual(step)
    block = rng.standard_normal((objective.dimension, min(BLOCK, objective.dimension)))
    if np.any(step):
        block[:, 0] = step
    directions = np.linalg.qr(block)[0].T
    slopes = _secants(objective, step, here, directions, radius / 4)
    inside = directions @ step
    target = farthest_on_ball(slopes, here - slopes @ inside, radius) @ directions
    before = objective.best
    for fraction in (1.0, 0.25, 0.0625):
        objective.residual(objective.project(step + fraction * (target - step)))
        if objective.best > before:
            return


def _secants(objective, step, here, directions, length):
    """Return the columns ``(psi(step + length q) - psi(step)) / length``, shape ``(N, k)``."""
    return np.stack([(objective.residual(step + length * q) - here) / length for q in directions], axis=1)


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
    slope = vectors.T @ (matrix.T @ offset)
    top, size = eigenvalues[-1], float(np.linalg.norm(slope))

    def coefficients(shift):          # shift = mu - top > 0
        return slope / (shift + (top - eigenvalues))

    low, high = 1e-12 * max(top, size / radius), size / radius
    if high <= low or np.linalg.norm(coefficients(low)) <= radius:
        inner = coefficients(low) if low > 0 else np.zeros_like(slope)
        missing = radius**2 - float(inner[:-1] @ inner[:-1])
        inner[-1] = np.copysign(np.sqrt(max(missing, 0.0)), slope[-1])
        return vectors @ inner
    shift = brentq(lambda s: 1 / np.linalg.norm(coefficients(s)) - 1 / radius, low, high, xtol=1e-15 * high)
    best = vectors @ coefficients(shift)
    return best * (radius / np.linalg.norm(best))
