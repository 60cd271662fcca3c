r"""The primal-dual method for a residual in a ball, or its norm: steps in blocks, restarts by the gap.

The matrix is brought to norm one first. Both classes at the end offer the same to the loop: ``forward`` and
``adjoint`` apply a matrix Q of norm at most one, ``nearest`` projects a product on the constraint,
``approach`` is the proximal map of a residual without constraint, ``product``, ``lift`` and ``lower`` carry
products and dual points to the coordinates of ``y`` and back. The constraint of ``qcbp`` reads
``||s*(Qx) - b|| <= radius``; the data term of ``sqrt-lasso`` is ``||s*(Qx) - b||``, and ``outside`` is added
in the square.
"""

import numpy as np

from kernelstab._engines.first_order.fista import shrink

BLOCK = 10        # steps between two evaluations of the gap
RELAXATION = 0.8  # steps are lengthened by this share; measured best among 0, 0.5, 0.8
DECREASE = 0.5    # restart when the gap has fallen by this factor since the last restart,
STALL = 0.9       # or by this one and has begun to rise again,
LONGEST = 0.36    # or when the stretch since the last restart is this share of all steps
STANDING = 0.1    # factor of tau at a restart to which the primal point has not moved
RANGE = 1e10      # most by which tau may leave its first value: infeasible data send it to zero


def solve(problem, start, monitor) -> str:
    """Run the loop in coordinates where the matrix has orthonormal rows, if it is dense or tight."""
    dense = problem.system.matrix is not None
    unit = WhitenedMatrix(problem) if dense else ScaledOperator(problem)
    vars(problem).pop("correlation", None)  # as long as a point; it comes back if anybody asks
    restarted(problem, unit, start.x, -unit.lower(start.dual), monitor)
    return f"restarted primal-dual, {'whitened' if dense else 'operator'}"


def restarted(problem, unit, x, u, monitor) -> None:
    r"""Run the primal-dual method from ``(x, u)`` until ``monitor`` stops it.

    After each block the average and the last point are shown, with what each proves. A restart
    begins at the one with the smaller gap, and sets :math:`\tau` to the geometric mean
    of its old value and the ratio of the distances that the primal and the dual point
    have come since the last restart; where the primal point has not moved it falls. ``x`` is overwritten.

    It holds four vectors of length N (the relaxed and the last point, their sum, the
    point of the restart) beside the best point, and three more for a moment.
    """
    tau, excess_cost = _scales(problem, unit, x, u)
    lowest, highest = tau / RANGE, tau * RANGE

    def show(done, x, c, u):
        """Return whether to stop, and the merit: if the excess cost nothing zero would look optimal."""
        if unit.repairs:
            nearest = unit.nearest(c)
            x, c = x + unit.adjoint(nearest - c), nearest
        stop = monitor(done, x, unit.product(c), unit.lift(-u), unit.adjoint(-u))
        return stop, monitor.last.gap + excess_cost * monitor.last.feasibility

    c, length, done, previous = unit.forward(x), 0, 0, np.inf
    stop, first = show(0, x.copy(), c, u)
    start, state = (x.copy(), u), _begin(x, c, u)
    while not stop:
        count = min(BLOCK, monitor.budget - done)
        state = (*state[:3], *state[:3], *state[6:])  # the last point is not needed to go on
        state = advance(problem, unit, state, tau, count)
        length, done = length + count, done + count
        stop, mean = show(done, state[6] / length, state[7] / length, state[8] / length)
        if stop and monitor.finished:
            break
        stop, last = show(done, state[3], state[4], state[5])
        merit = min(last, mean)
        stalled = merit <= STALL * first and merit > previous
        if merit <= DECREASE * first or stalled or (length >= LONGEST * done and done > 20 * BLOCK):
            x, c, u = state[:3]
            if mean < last:
                np.divide(state[6], length, out=x)
                c, u = state[7] / length, state[8] / length
            del state
            np.subtract(x, start[0], out=start[0])
            moved, turned = float(np.linalg.norm(start[0])), float(np.linalg.norm(u - start[1]))
            if moved > 0 and turned > 0:
                tau = min(max(float(np.sqrt(tau * moved / turned)), lowest), highest)
            elif turned > 0:  # nothing but zero: where eta is nearly ||y||, the dual steps are too short
                tau = max(STANDING * tau, lowest)
            np.copyto(start[0], x)
            first, previous, length = merit, np.inf, 0
            start, state = (start[0], u), _begin(x, c, u)
        else:
            previous = merit


def advance(problem, unit, state, tau, count):
    """Take ``count`` steps from the relaxed points x, c = Qx and u.

    The state holds them, the last ones before relaxation, and the sums of these; two more vectors of length
    N are held for a moment.
    """
    x, c, u, x_new, c_new, u_new, x_sum, c_sum, u_sum = state
    threshold, nonneg, x_new = tau * problem.weight, problem.nonneg, None
    for _ in range(count):
        x_new = np.multiply(unit.adjoint(u), -tau)
        x_new += x
        shrink(x_new, threshold, nonneg)
        c_new = unit.forward(x_new)
        v = tau * u + 2.0 * c_new - c
        u_new = (v - (unit.approach(v, tau) if unit.free else unit.nearest(v))) / tau
        x -= x_new
        x *= -RELAXATION
        x += x_new
        c = c_new + RELAXATION * (c_new - c)
        u = u_new + RELAXATION * (u_new - u)
        x_sum += x_new
        c_sum = c_sum + c_new
        u_sum = u_sum + u_new
    return x, c, u, x_new, c_new, u_new, x_sum, c_sum, u_sum


def _scales(problem, unit, x, u):
    """Return the first step size, and what a unit of excess costs in the merit."""
    guess = unit.adjoint(unit.b / unit.s)
    cost = float(np.abs(guess).sum() / np.linalg.norm(unit.b))
    if np.any(u) and np.any(x):
        return float(np.linalg.norm(x) / np.linalg.norm(u)), cost
    return float(np.linalg.norm(guess) / (problem.weight * np.sqrt(x.size))), cost


def _begin(x, c, u):
    return x, c, u, x, c, u, np.zeros_like(x), 0 * c, 0 * u


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
            U, s, Q = np.linalg.svd(system.matrix, full_matrices=False)
            rank = int(np.sum(s > s[0] * max(system.shape) * np.finfo(float).eps))
            self.Q, self.s, self.U = np.ascontiguousarray(Q[:rank]), s[:rank], U[:, :rank]
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
