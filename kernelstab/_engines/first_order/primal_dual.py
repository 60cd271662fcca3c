"""The primal-dual method for a residual in a ball, or its norm: steps in blocks, restarts by the gap."""

import numpy as np

from kernelstab._engines.first_order.shrink import shrink
from kernelstab._engines.first_order.unit_norm import ScaledOperator, WhitenedMatrix

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
