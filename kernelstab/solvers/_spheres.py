r"""The constraint :math:`\|Ax-y\|\le\eta` in coordinates where the matrix has norm one.

Both classes offer the same things to the loop of ``qcbp``: ``forward`` and ``adjoint``
apply a matrix Q of norm at most one, ``advance`` takes steps, ``repair`` moves a point
into the constraint where that has a closed form and returns what is left to pay, ``lift``
and ``lower`` carry the dual point to the coordinates of ``y`` and back. The constraint
reads ``||s*(Qx) - b|| <= radius``; ``attainable`` is False if no point is known to meet it.
"""

import weakref

import numpy as np

from kernelstab.operators import DenseOperator

_WHITENED = weakref.WeakKeyDictionary()  # dense operator -> its factors (its matrix is read-only)

RELAXATION = 0.8  # steps are lengthened by this share; measured best among 0, 0.5, 0.8


class DenseSphere:
    r"""A dense matrix, whitened by its singular value decomposition :math:`A=USQ`.

    The rows of Q are orthonormal, so the loop never sees the conditioning of ``A``; the
    ball becomes an ellipsoid, on which projecting costs a few Newton steps in one
    variable. The part of ``y`` outside the range of ``A`` shrinks the radius.
    """

    kind = "compiled"

    def __init__(self, system, eta):
        self.y, self.eta = system.y, eta
        if system.tight is not None:
            scale = np.sqrt(system.tight)
            self.Q, self.U = np.ascontiguousarray(system.matrix) / scale, None
            self.s = np.full(system.shape[0], scale)
        else:
            self.Q, self.s, self.U = _whitened(system)
        self.b = system.y if self.U is None else self.U.conj().T @ system.y
        self.outside = 0 * system.y if self.U is None else system.y - self.U @ self.b
        distance = float(np.linalg.norm(self.outside))
        if distance <= 1e-13 * np.linalg.norm(system.y):  # rounding of the projection
            distance, self.outside = 0.0, 0 * system.y
        self.attainable = distance <= eta
        self.radius = float(np.sqrt(max(eta - distance, 0.0) * (eta + distance)))

    def forward(self, x):
        return self.Q @ x

    def adjoint(self, u):
        return np.conj(np.conj(u) @ self.Q)

    def advance(self, walk, tau, count):
        from kernelstab.solvers._qcbp_jit import Walk, steps

        return steps(self.Q, self.s, self.b, self.radius, Walk(*walk), tau, RELAXATION, count)

    def repair(self, x):
        from kernelstab.solvers._qcbp_jit import project

        c = self.forward(x)
        return x + self.adjoint(project(c, self.s, self.b, self.radius) - c), 0.0

    def lift(self, w):
        # The share along y's outside part is free for A*h; this one maximises the dual.
        h = w / self.s if self.U is None else self.U @ (w / self.s)
        share = np.linalg.norm(h) / self.radius if self.radius > 0 else 0.0
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


class OperatorSphere:
    r"""An operator, divided by its norm; ``AA* = cI`` makes Q's rows orthonormal.

    Only then can a point be moved into the constraint in closed form,
    :math:`x + Q^*(P(Qx) - Qx)` with P the projection on the ball.
    """

    kind = "operator"
    attainable = True

    def __init__(self, system, eta):
        self.system, self.tight = system, system.tight is not None
        norm = np.sqrt(system.tight) if self.tight else system.norm()
        self.s = float(norm) if norm > 0 else 1.0
        self.b, self.radius = system.y, eta

    def forward(self, x):
        return self.system.forward(x) / self.s

    def adjoint(self, u):
        return self.system.adjoint(u) / self.s

    def project(self, v):
        r = self.s * v - self.b
        size = np.linalg.norm(r)
        return v if size <= self.radius else (self.b + r * (self.radius / size)) / self.s

    def advance(self, walk, tau, count):
        x, u, x_new, u_new, x_sum, u_sum = walk
        for _ in range(count):
            x_new = x - tau * self.adjoint(u)
            x_new *= 1.0 - tau / np.maximum(np.abs(x_new), tau)
            v = tau * u + self.forward(2.0 * x_new - x)
            u_new = (v - self.project(v)) / tau
            x = x_new + RELAXATION * (x_new - x)
            u = u_new + RELAXATION * (u_new - u)
            x_sum = x_sum + x_new
            u_sum = u_sum + u_new
        return x, u, x_new, u_new, x_sum, u_sum

    def repair(self, x):
        c = self.forward(x)
        if not self.tight:
            return x, max(float(np.linalg.norm(self.s * c - self.b)) - self.radius, 0.0)
        return x + self.adjoint(self.project(c) - c), 0.0

    def lift(self, w):
        return w / self.s

    def lower(self, h):
        return h * self.s
