r"""Best approximation in the maximum norm by the rows of a matrix, many targets at once.

The programs behind the null space constant are :math:`\min_h\max_j|\varphi_j-(A^*h)_j|`; for complex
numbers they are no linear programs. A barrier method solves them together: each of its Newton
equations is a stack of small dense ones.
"""

from typing import NamedTuple

import numpy as np

_GROWTH = 50.0        # of the barrier parameter; few steps are needed after each
_CENTRED = 0.5        # Newton decrement at which it grows
_STEPS = 30           # most Newton steps for one parameter
_SOUND = 1e-9         # relative product of a dual with a column that counts as orthogonal
_TO_BOUNDARY = 0.9    # part of the way to the boundary that a long step may go


class ChebyshevFits(NamedTuple):
    r"""Rows :math:`g` with :math:`\|\varphi-Vg\|_\infty` small, and dual vectors that show how good they are.

    The duals ``v`` satisfy :math:`V^*v=0` up to rounding, and
    :math:`\mathrm{Re}\langle\varphi,v\rangle/\|v\|_1` is close to that residual from below.
    """

    coefficients: np.ndarray
    duals: np.ndarray


def chebyshev_fits(V, targets, gap=1e-10) -> ChebyshevFits:
    r"""Approximate each row of ``targets`` by the span of orthonormal columns ``V`` in the maximum norm.

    Minimises :math:`\tau t-\sum_j\log(t^2-|r_j|^2)`, :math:`r=\varphi-Vg`, for growing :math:`\tau`.
    At its minimum :math:`v_j=2r_j/(t^2-|r_j|^2)` is orthogonal to the columns of ``V``, and
    :math:`\mathrm{Re}\langle\varphi,v\rangle=\mathrm{Re}\langle r,v\rangle` falls short of
    :math:`t\|v\|_1` by at most :math:`2N/\tau` times :math:`\|v\|_1/\tau`, about one. The Newton
    correction is added to :math:`v`, so that the orthogonality holds before the minimum is reached.

    No target is zero. The iteration ends at a distance ``gap`` from the optimum; whoever uses the result
    evaluates the residual of the coefficients that came out. Cost: about 50 Newton steps, each a stack of
    systems of size ``r + 1`` (``2 r + 1`` for complex numbers).

    The best constant for the numbers 1, 0, 0 is 1/2:

    >>> V = np.ones((3, 1)) / np.sqrt(3)
    >>> fit = chebyshev_fits(V, np.array([[1.0, 0.0, 0.0]]))
    >>> round(float((V @ fit.coefficients[0])[0]), 8)
    0.5
    """
    barrier = _Barrier(V, targets)
    tau = 2 * len(V) / barrier.t
    while True:
        try:
            barrier.centre(tau)
        except np.linalg.LinAlgError:       # a residual of size zero: nothing is left between it and t
            return ChebyshevFits(*barrier.answer())
        if (2 * len(V) / tau < gap).all():
            return ChebyshevFits(*barrier.answer())
        tau = tau * _GROWTH


class _Barrier:
    """The iterates for all targets, complex numbers as pairs; ``d`` real coordinates per entry."""

    def __init__(self, V, targets):
        self.complex = np.iscomplexobj(V) or np.iscomplexobj(targets)
        if self.complex:
            rows = np.stack([np.hstack([V.real, -V.imag]), np.hstack([V.imag, V.real])], axis=1)
            self.targets = np.stack([targets.real, targets.imag], axis=-1)
        else:
            rows, self.targets = V[:, None, :], targets[..., None]
        self.rows = rows                                     # (N, d, k)
        self.flat = rows.reshape(-1, rows.shape[2])
        self.x = np.zeros((len(targets), rows.shape[2]))
        self.r = self.targets.copy()
        self.t = 1.5 * np.sqrt((self.r**2).sum(-1)).max(1)
        self.dual = self.r.copy()

    def _product(self, x):
        return (x @ self.flat.T).reshape(self.r.shape)

    def _newton(self, tau):
        """Return the Newton step in ``x`` and ``t`` and its decrement; keep the corrected duals."""
        k, t = self.flat.shape[1], self.t[:, None]
        left = t**2 - (self.r**2).sum(-1)
        u = 2 * self.r / left[..., None]
        curvature = u[..., :, None] * u[..., None, :]
        diagonal = range(u.shape[2])
        curvature[..., diagonal, diagonal] += (2 / left)[..., None]
        weighted = np.einsum("bnde,nek->bndk", curvature, self.rows)
        slope = u * (2 * t / left)[..., None]                 # minus the derivative of u by t
        count = len(u)
        hessian = np.empty((count, k + 1, k + 1))
        hessian[:, :k, :k] = self.flat.T @ weighted.reshape(count, -1, k)
        hessian[:, :k, k] = hessian[:, k, :k] = slope.reshape(count, -1) @ self.flat
        hessian[:, k, k] = ((2 * t / left) ** 2 - 2 / left).sum(1)
        gradient = np.column_stack([-u.reshape(count, -1) @ self.flat, tau - (2 * t / left).sum(1)])
        step = -np.linalg.solve(hessian, gradient[..., None])[..., 0]
        dx, dt = step[:, :k], step[:, k]
        dual = u - (weighted @ dx[:, None, :, None])[..., 0] - slope * dt[:, None, None]
        flat = dual.reshape(count, -1)
        # near a corner the system is so ill-conditioned that its correction may be nothing but rounding
        sound = np.abs(flat @ self.flat).max(axis=1, initial=0.0) <= _SOUND * np.abs(flat).sum(axis=1)
        self.dual[sound] = dual[sound]
        return dx, dt, np.sqrt(np.maximum(0.0, -(gradient * step).sum(1)))

    def _boundary(self, dr, dt):
        """Return how far each step can go before some residual reaches ``t``."""
        left = self.t[:, None]**2 - (self.r**2).sum(-1)
        linear = self.t[:, None] * dt[:, None] - (self.r * dr).sum(-1)
        square = dt[:, None]**2 - (dr**2).sum(-1)
        turn = np.sqrt(np.maximum(0.0, linear**2 - square * left)) - linear
        return np.where(turn > 0, left / np.where(turn > 0, turn, 1.0), np.inf).min(1)

    def centre(self, tau):
        """Take Newton steps until all decrements are small."""
        for _ in range(_STEPS):
            dx, dt, decrement = self._newton(tau)
            if decrement.max() < _CENTRED:
                return
            far = np.minimum(1.0, _TO_BOUNDARY * self._boundary(-self._product(dx), dt))
            length = np.maximum(far, 1 / (1 + decrement))
            x, t = self.x + length[:, None] * dx, self.t + length * dt
            r = self.targets - self._product(x)
            # a step that rounding has spoilt is not taken
            inside = (np.sqrt((r**2).sum(-1)) < t[:, None]).all(axis=1)
            if not inside.any():
                return
            self.x[inside], self.t[inside], self.r[inside] = x[inside], t[inside], r[inside]

    def answer(self):
        """Return coefficients and duals as numbers of the field."""
        if not self.complex:
            return self.x, self.dual[..., 0]
        half = self.x.shape[1] // 2
        return (self.x[:, :half] + 1j * self.x[:, half:], self.dual[..., 0] + 1j * self.dual[..., 1])
