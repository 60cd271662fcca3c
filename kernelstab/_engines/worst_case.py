"""Search for the perturbation in a ball that moves a map most, with and without derivatives."""

import numpy as np
from scipy.linalg import eigh_tridiagonal

from kernelstab._checks import as_array, as_output

MOMENTUM = 0.5
BLOCK = 8       # directions that a refinement without derivatives tries together
FARTHEST_STEPS = 60


class Objective:
    r"""The distance :math:`\|\Psi(y+e)-r\|` as a function of real coordinates of ``e``.

    Complex perturbations are searched as pairs of real numbers, so that the methods only
    see real vectors, here called steps. Every evaluation inside the ball is compared with
    the best one, so a search cannot lose what it has found. ``pullback`` returns, for data, the
    output of the map and the function that applies the adjoint of its derivative; it may be None
    where nothing is linearised. ``budget`` counts evaluations, and a gradient as one more.
    """

    def __init__(self, psi, pullback, y, radius, budget, reference=None):
        self.psi, self.pullback, self.radius = psi, pullback, radius
        self.y = as_array(y, "y", ndim=1)
        self.clean = as_output(psi, self.y, "map", ndim=1)
        self.reference = (self.clean if reference is None
                          else as_array(reference, "reference", shape=self.clean.shape))
        self.evaluations, self.gradients, self._budget = 1, 0, budget
        self.dimension = _real(self.y).size
        self.clean_error = float(np.linalg.norm(self.clean - self.reference))
        self.best, self.best_step, self.best_output = self.clean_error, np.zeros(self.dimension), self.clean

    @property
    def left(self) -> int:
        """Evaluations and gradients that may still be spent."""
        return self._budget - self.evaluations - self.gradients

    def perturbation(self, step) -> np.ndarray:
        """Return the perturbation, shape ``(m,)``, that a step stands for."""
        return step.view(self.y.dtype)

    def project(self, step) -> np.ndarray:
        """Return the nearest step inside the ball."""
        size = np.linalg.norm(step)
        return step * (self.radius / size) if size > self.radius else step

    def residual(self, step) -> np.ndarray:
        r"""Return :math:`\Psi(y+e)-r` in real coordinates. Cost: one evaluation."""
        self.evaluations += 1
        return self._recorded(step, self.psi(self.y + self.perturbation(step)))

    def linearise(self, step):
        """Return the residual and the transposed derivative, a function of residuals.

        Cost: one evaluation now, one gradient at every call of the function.
        """
        self.evaluations += 1
        output, adjoint = self.pullback(self.y + self.perturbation(step))
        residual = self._recorded(step, output)
        complex_output = np.iscomplexobj(output) or np.iscomplexobj(self.reference)

        def transposed(direction):
            self.gradients += 1
            gradient = adjoint(direction.view(np.complex128) if complex_output else direction)
            gradient = gradient if np.iscomplexobj(self.y) else np.real(gradient)
            return _real(np.array(gradient, dtype=self.y.dtype))

        return residual, transposed

    def _recorded(self, step, output):
        output = as_array(output, "output of map", shape=self.clean.shape, copy=True)
        residual = _real(output - self.reference)
        value = float(np.linalg.norm(residual))
        if value > self.best and np.linalg.norm(step) <= self.radius * (1 + 1e-12):
            self.best, self.best_step, self.best_output = value, step.copy(), output
        return residual


def _real(vector):
    """Return a complex vector as twice as many real numbers, a real one as it is."""
    vector = np.ascontiguousarray(vector)
    return vector.view(np.float64) if np.iscomplexobj(vector) else vector


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


def probe(objective, rng) -> None:
    r"""Spend the budget on random directions, first all at once, then around the best step.

    A map answers every probe with a whole signal, not with one number. So ``k`` probes
    along orthonormal directions ``Q`` give the ``k`` columns of :math:`JQ`, and the worst
    step in their span follows from a small eigenvalue problem. Where the budget covers the whole
    space, these are the whole Jacobian, and a linear map is solved exactly; else half of the
    budget goes to such a span through zero. A quarter of the rest looks at the opposite
    directions. What is left repeats the first part around the best step so far, in the whole space
    where it is small, else in blocks that contain that step, with shorter secants, and accepts what
    improves on it.
    """
    offset = objective.residual(np.zeros(objective.dimension))
    whole = objective.left > objective.dimension
    count = objective.dimension if whole else max(1, objective.left // 2)
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
    size = objective.dimension if objective.left >= 3 * objective.dimension else BLOCK
    block = rng.standard_normal((objective.dimension, min(size, objective.dimension)))
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
    r"""Maximise :math:`\|b+Jc\|` over :math:`\|c\|\le r`, for a real matrix with few columns.

    The square is convex, so going to the point of the ball farthest along the gradient never loses. The
    start is the top eigenvector of :math:`J^TJ`, with the sign of :math:`J^Tb`. In eigenvectors each
    coordinate then keeps the sign of :math:`J^Tb`, and the only limit of that kind is the maximum: it
    satisfies :math:`(\mu I-J^TJ)c=J^Tb` with :math:`\mu` at least the top eigenvalue.

    Without offset it is the top singular direction, with one it leans towards it:

    >>> np.abs(farthest_on_ball(np.diag([2.0, 1.0]), np.zeros(2), 3.0))
    array([3., 0.])
    >>> farthest_on_ball(np.eye(2), np.array([0.0, 1.0]), 3.0).round(9)
    array([0., 3.])
    """
    square, slope = matrix.T @ matrix, matrix.T @ offset
    top = np.linalg.eigh(square)[1][:, -1]
    best = np.copysign(radius, top @ slope) * top
    for _ in range(FARTHEST_STEPS):
        gradient = square @ best + slope
        size = np.linalg.norm(gradient)
        if size == 0:
            break
        best = gradient * (radius / size)
    return best
