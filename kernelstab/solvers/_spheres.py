r"""The data term in coordinates where the matrix has norm one.

Both classes offer the same things to the loop of ``_restarts.py``: ``forward`` and ``adjoint``
apply a matrix Q of norm at most one, ``advance`` takes steps, ``repair`` moves a point
into the constraint where that has a closed form, ``image``, ``lift`` and ``lower`` carry
images and dual points to the coordinates of ``y`` and back. The constraint of ``qcbp`` reads
``||s*(Qx) - b|| <= radius``; the data term of ``sqrt-lasso`` is ``||s*(Qx) - b||``, and
``outside`` is added in the square.
"""

import weakref

import numpy as np

from kernelstab._engines.first_order.shrink import shrink
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

    def __init__(self, problem):
        system = problem.system
        self.problem = problem
        if system.tight is not None:
            scale = np.sqrt(system.tight)
            self.Q, self.s, self.U = system.compilable / scale, np.full(system.shape[0], scale), None
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
        eta = problem.level
        self.radius = (self.distance if self.free else
                       float(np.sqrt(max(eta - self.distance, 0.0) * (eta + self.distance))))

    def forward(self, x):
        return self.Q @ x

    def adjoint(self, u):
        return np.conj(np.conj(u) @ self.Q)

    def advance(self, walk, tau, count):
        from kernelstab.solvers._qcbp_jit import Data, Walk, steps

        data = Data(self.s, self.b, self.radius, self.problem.price, self.problem.nonneg, self.free)
        return steps(self.Q, data, Walk(*walk), tau, RELAXATION, count)

    def repair(self, c):
        """Return the image of the nearest point that meets the constraint."""
        from kernelstab.solvers._qcbp_jit import project

        return project(c, self.s, self.b, self.radius)

    def image(self, c):
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


class OperatorSphere:
    r"""An operator, divided by its norm; ``AA* = cI`` makes Q's rows orthonormal.

    Only then can a point be moved into the constraint in closed form,
    :math:`x + Q^*(P(Qx) - Qx)` with P the projection on the ball.
    """

    kind = "operator"

    def __init__(self, problem):
        system = problem.system
        self.problem, self.system = problem, system
        norm = np.sqrt(system.tight) if system.tight is not None else system.norm()
        self.s = float(norm) if norm > 0 else 1.0
        self.b, self.radius = system.y, problem.level
        self.free = problem.form == "sqrt-lasso"
        self.repairs = system.tight is not None and not (self.free or problem.nonneg)

    def forward(self, x):
        return self.system.forward(x) / self.s

    def adjoint(self, u):
        return self.system.adjoint(u / self.s)

    def repair(self, c):
        """Return the image of the nearest point that meets the constraint, if the rows are orthonormal."""
        r = self.s * c - self.b
        size = np.linalg.norm(r)
        return c if size <= self.radius else (self.b + r * (self.radius / size)) / self.s

    def approach(self, v, tau):
        """Minimise ``tau * ||s*c - b|| + ||c - v||^2/2``: shorten the residual by ``tau s^2``."""
        r = self.s * v - self.b
        size, less = np.linalg.norm(r), tau * self.s * self.s
        return (self.b + r * (1.0 - less / size)) / self.s if size > less else self.b / self.s

    def advance(self, walk, tau, count):
        """Take steps; holds the vectors of ``walk`` and two more of length N."""
        x, c, u, x_new, c_new, u_new, x_sum, c_sum, u_sum = walk
        threshold, nonneg, x_new = tau * self.problem.price, self.problem.nonneg, None
        for _ in range(count):
            x_new = np.multiply(self.adjoint(u), -tau)
            x_new += x
            shrink(x_new, threshold, nonneg)
            c_new = self.forward(x_new)
            v = tau * u + 2.0 * c_new - c
            u_new = (v - (self.approach(v, tau) if self.free else self.repair(v))) / tau
            x -= x_new
            x *= -RELAXATION
            x += x_new
            c = c_new + RELAXATION * (c_new - c)
            u = u_new + RELAXATION * (u_new - u)
            x_sum += x_new
            c_sum = c_sum + c_new
            u_sum = u_sum + u_new
        return x, c, u, x_new, c_new, u_new, x_sum, c_sum, u_sum

    def image(self, c):
        return self.s * c

    def lift(self, w):
        return w / self.s

    def lower(self, h):
        return h * self.s
