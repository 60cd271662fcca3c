"""Worst-case search along gradients: leading directions, then projected ascent."""

import numpy as np
from scipy.linalg import eigh_tridiagonal

MOMENTUM = 0.5


def ascend(objective, restarts, rng) -> None:
    """Spend the budget on ascents from the leading direction, its negative and random points.

    The leading direction takes a fifth of the budget; every start gets an equal share of
    the rest. A map whose gradient vanishes everywhere leaves the best step at zero.
    """
    directions = _leading(objective, max(2, objective.left // 10), rng)
    directions += [_unit(rng.standard_normal(objective.dimension)) for _ in range(restarts)]
    share = max(1, objective.left // (2 * len(directions)))
    for direction in directions:
        _climb(objective, objective.radius * direction, share)


def _leading(objective, rounds, rng):
    r"""Approximate the direction in which the map moves most, and return both signs.

    Lanczos iteration with full orthogonalisation for :math:`J^TJ`, where :math:`Jq` is the
    secant over the whole radius: the perturbation will be that large, and rounding in the map
    matters least. For linear maps the secant is exact, and the Ritz value
    tends to the largest singular value, however small the gap below it.
    """
    offset, transposed = objective.linearise(np.zeros(objective.dimension))
    candidates = []
    if np.any(offset):                     # towards where the error already points
        candidates.append(transposed(offset))
    # starting in the range of the transpose leaves out all directions that do nothing
    start = transposed(rng.standard_normal(offset.size))
    if not np.any(start):
        return [_unit(v) for v in candidates if np.any(v)]
    basis, diagonal, off_diagonal = [_unit(start)], [], []
    for _ in range(min(rounds, objective.dimension)):
        secant = (objective.residual(objective.radius * basis[-1]) - offset) / objective.radius
        residue = transposed(secant)
        diagonal.append(float(residue @ basis[-1]))
        known = np.array(basis)
        for _ in range(2):                 # twice is enough for orthogonality to rounding
            residue = residue - known.T @ (known @ residue)
        off_diagonal.append(float(np.linalg.norm(residue)))
        if off_diagonal[-1] <= 1e-10 * max(abs(value) for value in (*diagonal, *off_diagonal)):
            break
        basis.append(residue / off_diagonal[-1])
    top = eigh_tridiagonal(diagonal, off_diagonal[:-1])[1][:, -1]
    direction = top @ np.array(basis[:len(top)])
    candidates += [direction, -direction]
    return [_unit(v) for v in candidates if np.any(v)]


def _climb(objective, step, rounds):
    """Follow normalised gradients with momentum, projected on the ball.

    The step length is the radius itself. For a convex objective even an infinite step
    cannot lose (it ends at the point of the ball farthest along the gradient), and for
    linear maps this is the power method; the momentum keeps ReLU maps from cycling.
    """
    velocity = np.zeros_like(step)
    for _ in range(rounds):
        if objective.left < 2:
            return
        residual, transposed = objective.linearise(step)
        gradient = transposed(residual)
        size = np.linalg.norm(gradient)
        if size == 0:
            return
        velocity = MOMENTUM * velocity + gradient / size
        step = objective.project(step + objective.radius * velocity)


def _unit(vector):
    return vector / np.linalg.norm(vector)
