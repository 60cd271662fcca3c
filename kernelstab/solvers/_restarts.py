"""The restarted primal-dual loop: steps in blocks, a gap after each, restarts by the gap."""

import numpy as np

BLOCK = 10        # steps between two evaluations of the gap
DECREASE = 0.5    # restart when the gap has fallen by this factor since the last restart,
STALL = 0.9       # or by this one and has begun to rise again,
LONGEST = 0.36    # or when the stretch since the last restart is this share of all steps
STANDING = 0.1    # factor of tau at a restart to which the primal point has not moved
RANGE = 1e10      # most by which tau may leave its first value: infeasible data send it to zero


def restarted(problem, sphere, x, u, watch) -> None:
    r"""Run the primal-dual method from ``(x, u)`` until ``watch`` stops it.

    After each block the average and the last point are shown, with what each proves. A restart
    begins at the one with the smaller gap, and sets :math:`\tau` to the geometric mean
    of its old value and the ratio of the distances that the primal and the dual point
    have come since the last restart; where the primal point has not moved it falls. ``x`` is overwritten.

    For operators it holds four vectors of length N (the relaxed and the last point, their sum, the
    point of the restart) beside the best point, and three more for a moment.
    """
    tau, price = _scales(problem, sphere, x, u)
    lowest, highest = tau / RANGE, tau * RANGE

    def show(done, x, c, u):
        """Return whether to stop, and the merit: without a price on the excess zero would look optimal."""
        if sphere.repairs:
            nearest = sphere.repair(c)
            x, c = x + sphere.adjoint(nearest - c), nearest
        stop = watch(done, x, sphere.image(c), sphere.lift(-u), sphere.adjoint(-u))
        return stop, watch.last.gap + price * watch.last.feasibility

    c, length, done, previous = sphere.forward(x), 0, 0, np.inf
    stop, first = show(0, x.copy(), c, u)
    start, walk = (x.copy(), u), _walk(x, c, u)
    while not stop:
        count = min(BLOCK, watch.budget - done)
        walk = (*walk[:3], *walk[:3], *walk[6:])  # lets go of the last point, which is not needed to go on
        walk = sphere.advance(walk, tau, count)
        length, done = length + count, done + count
        stop, mean = show(done, walk[6] / length, walk[7] / length, walk[8] / length)
        if stop and watch.finished:
            break
        stop, last = show(done, walk[3], walk[4], walk[5])
        merit = min(last, mean)
        stalled = merit <= STALL * first and merit > previous
        if merit <= DECREASE * first or stalled or (length >= LONGEST * done and done > 20 * BLOCK):
            x, c, u = walk[:3]
            if mean < last:
                np.divide(walk[6], length, out=x)
                c, u = walk[7] / length, walk[8] / length
            del walk
            np.subtract(x, start[0], out=start[0])
            moved, turned = float(np.linalg.norm(start[0])), float(np.linalg.norm(u - start[1]))
            if moved > 0 and turned > 0:
                tau = min(max(float(np.sqrt(tau * moved / turned)), lowest), highest)
            elif turned > 0:  # nothing but zero: where eta is nearly ||y||, the dual steps are too short
                tau = max(STANDING * tau, lowest)
            np.copyto(start[0], x)
            first, previous, length = merit, np.inf, 0
            start, walk = (start[0], u), _walk(x, c, u)
        else:
            previous = merit


def _scales(problem, sphere, x, u):
    """Return the first step size, and what a unit of excess costs in the merit."""
    guess = sphere.adjoint(sphere.b / sphere.s)
    price = float(np.abs(guess).sum() / np.linalg.norm(sphere.b))
    if np.any(u) and np.any(x):
        return float(np.linalg.norm(x) / np.linalg.norm(u)), price
    return float(np.linalg.norm(guess) / (problem.price * np.sqrt(x.size))), price


def _walk(x, c, u):
    return x, c, u, x, c, u, np.zeros_like(x), 0 * c, 0 * u
