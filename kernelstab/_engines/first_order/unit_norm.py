r"""The data term in coordinates where the matrix has norm one.

Both classes offer the same things to the primal-dual loop: ``forward`` and ``adjoint``
apply a matrix Q of norm at most one, ``nearest`` projects a product on the
constraint, ``approach`` is the proximal map of a residual without constraint, ``product``, ``lift`` and
``lower`` carry products and dual points to the coordinates of ``y`` and back. The constraint of ``qcbp``
reads ``||s*(Qx) - b|| <= radius``; the data term of ``sqrt-lasso`` is ``||s*(Qx) - b||``, and
``outside`` is added in the square.
"""

import weakref

import numpy as np

from kernelstab.operators import DenseOperator

_WHITENED = weakref.WeakKeyDictionary()  # dense operator -> its factors (its matrix is read-only)


class WhitenedMatrix:
    r"""A dense matrix, whitened by its singular value decomposition :math:`A=USQ`.

    The rows of Q are orthonormal, so the loop never sees the conditioning of ``A``; the
    ball becomes an ellipsoid, on which projecting costs a few Newton steps in one
    variable. The part of ``y`` outside the range of ``A`` shrinks the radius.
    """

    def __init__(self, problem):
        system = problem.system
        if system.tight is not None:
            scale = np.sqrt(system.tight)
            self.Q, self.s, self.U = system.matrix / scale, np.full(system.shape[0], scale), None
        else:
            self.Q, self.s, self.U = _whitened(system)
        self.b = system.y if self.U is None else self.U.conj().T @ system.y
        self.outside = 0 * system.y if self.U is None else system.y - self.U @ self.b
        if self.U is not None:  # once more: orthogonal to the range by its own rounding, not by that of y
            self.outside = self.outside - self.U @ (self.U.conj().T @ self.outside)
        self.distance = float(np.linalg.norm(self.outside))
        if self.distance <= 1e-13 * np.linalg.norm(system.y):  # rounding of the projection
            self.distance, self.outside = 0.0, 0 * system.y
        self.free = problem.form == "sqrt-lasso"
        self.repairs = not (self.free or problem.nonneg)
        eta = problem.parameter
        self.radius = float(np.sqrt(max(eta - self.distance, 0.0) * (eta + self.distance)))

    def forward(self, x):
        return self.Q @ x

    def adjoint(self, u):
        return np.conj(np.conj(u) @ self.Q)

    def nearest(self, v):
        return project(v, self.s, self.b, self.radius)

    def approach(self, v, tau):
        return approach(v, self.s, self.b, tau, self.distance)

    def product(self, c):
        return self.s * c if self.U is None else self.U @ (self.s * c)

    def lift(self, w):
        # The share along y's outside part is free for A*h; this one maximises the dual.
        h = w / self.s if self.U is None else self.U @ (w / self.s)
        size = float(np.linalg.norm(h))
        if self.free:
            share = np.sqrt(max(1.0 - size * size, 0.0)) / self.distance if self.distance > 0 else 0.0
        else:
            share = size / self.radius if self.radius > 0 else 0.0
        return h + share * self.outside

    def lower(self, h):
        return self.s * (h if self.U is None else self.U.conj().T @ h)


def _whitened(system):
    """Return Q, s, U of the rank; found once for an operator that is used again."""
    lasting = isinstance(system.source, DenseOperator)
    known = _WHITENED.setdefault(system.source, {}) if lasting else {}
    if system.dtype.kind not in known:
        U, s, Q = np.linalg.svd(system.matrix, full_matrices=False)
        rank = int(np.sum(s > s[0] * max(system.shape) * np.finfo(float).eps))
        known[system.dtype.kind] = np.ascontiguousarray(Q[:rank]), s[:rank], U[:, :rank]
    return known[system.dtype.kind]


def project(v, s, b, radius):
    """Project ``v`` on the ellipsoid of all ``c`` with ``||s*c - b|| <= radius``.

    The multiplier ``l`` solves ``||r/(1 + l s^2)|| = radius`` with ``r = s*v - b``. The
    reciprocal of the left side is an increasing concave function of ``l`` (a power mean of
    linear functions), so Newton's method on it climbs from 0 and never overshoots.
    """
    r2, s2, l = np.abs(s * v - b) ** 2, s * s, 0.0
    if r2.sum() <= radius * radius:
        return v
    if radius == 0.0:
        return b / s
    for _ in range(60):
        d = 1.0 + l * s2
        q = r2 / (d * d)
        square = float(q.sum())
        step = (np.sqrt(square) / radius - 1.0) * square / float(q @ (s2 / d))
        l += step
        if step <= 1e-15 * l:
            break
    return (v + l * (s * b)) / (1.0 + l * s2)


def approach(v, s, b, tau, outside):
    """Minimise ``tau * sqrt(||s*c - b||^2 + outside^2) + ||c - v||^2/2``.

    The minimiser is ``(t v + s b)/(t + s^2)``, where ``t`` is the root divided by ``tau``: it solves
    ``||r/(t + s^2)||^2 + (outside/t)^2 = tau^2`` with ``r = s*v - b``. As in ``project``, the
    reciprocal root of the left side is increasing and concave, and Newton's method climbs
    from ``outside/tau``, where the left side is too large. If it is not, the residual vanishes.
    """
    r2, s2, t = np.abs(s * v - b) ** 2, s * s, outside / tau
    for _ in range(60):
        d = t + s2
        q = r2 / (d * d)
        far = (outside / t) ** 2 if t > 0.0 else 0.0
        value = float(q.sum()) + far
        if value <= tau * tau:
            break
        slope = float(q @ (1.0 / d)) + (far / t if t > 0.0 else 0.0)
        step = (np.sqrt(value) / tau - 1.0) * value / slope
        t += step
        if step <= 1e-15 * t:
            break
    return (t * v + s * b) / (t + s2)


class ScaledOperator:
    r"""An operator, divided by its norm; ``AA* = cI`` makes Q's rows orthonormal.

    Only then can a point be moved into the constraint in closed form,
    :math:`x + Q^*(P(Qx) - Qx)` with P the projection on the ball.
    """

    def __init__(self, problem):
        self.system = system = problem.system
        norm = np.sqrt(system.tight) if system.tight is not None else system.norm()
        self.s = float(norm) if norm > 0 else 1.0
        self.b, self.radius = system.y, problem.parameter
        self.free = problem.form == "sqrt-lasso"
        self.repairs = system.tight is not None and not (self.free or problem.nonneg)

    def forward(self, x):
        return self.system.forward(x) / self.s

    def adjoint(self, u):
        return self.system.adjoint(u / self.s)

    def nearest(self, v):
        r = self.s * v - self.b
        size = np.linalg.norm(r)
        return v if size <= self.radius else (self.b + r * (self.radius / size)) / self.s

    def approach(self, v, tau):
        """Minimise ``tau * ||s*c - b|| + ||c - v||^2/2``: shorten the residual by ``tau s^2``."""
        r = self.s * v - self.b
        size, less = np.linalg.norm(r), tau * self.s * self.s
        return (self.b + r * (1.0 - less / size)) / self.s if size > less else self.b / self.s

    def product(self, c):
        return self.s * c

    def lift(self, w):
        return w / self.s

    def lower(self, h):
        return h * self.s
