"""The restarted primal-dual loop: steps in blocks, a gap after each, restarts by the gap."""

from typing import NamedTuple

import numpy as np

from kernelstab.solvers._system import require_finite

BLOCK = 10        # steps between two evaluations of the gap
DECREASE = 0.5    # restart when the gap has fallen by this factor since the last restart,
STALL = 0.9       # or by this one and has begun to rise again,
LONGEST = 0.36    # or when the stretch since the last restart is this share of all steps


class Candidate(NamedTuple):
    """A repaired primal and a dual point with what they prove; ``merit`` ranks candidates."""

    merit: float
    gap: float
    objective: float
    excess: float
    point: np.ndarray
    dual: np.ndarray


def assess(sphere, x, u, price) -> Candidate:
    """Return the gap of the nearest feasible points to ``(x, u)``.

    The dual point is scaled into its constraint, the primal one repaired; where no
    repair exists it pays the norm of the dual point times its excess instead. The merit
    adds ``price`` times the excess, without which the pair (0, 0) would look optimal.
    """
    point, excess = sphere.repair(x)
    w = -u / max(1.0, float(np.abs(sphere.adjoint(u)).max()))
    h = w / sphere.s
    weight, objective = float(np.linalg.norm(h)), float(np.abs(point).sum())
    value = float(np.vdot(h, sphere.b).real) - sphere.radius * weight
    gap = objective + weight * excess - value
    require_finite(objective, gap)
    return Candidate(gap + price * excess, gap, objective, excess, point, w)


def restarted(sphere, x, u, tol, scale, max_iter, report):
    r"""Run the primal-dual method from ``(x, u)`` until the gap is proved small.

    A restart begins at the last or the average point, whichever has the smaller gap, and
    sets :math:`\tau` to the geometric mean of its old value and the ratio of the
    distances that the primal and the dual point have come since the last restart.

    Parameters
    ----------
    sphere : DenseSphere or OperatorSphere
        The problem.
    x, u : ndarray
        Starting points.
    tol, scale : float
        Stop at gap ``<= tol * objective`` and excess ``<= tol * scale``.
    max_iter : int
        Budget of steps.
    report : callable
        Called as ``report(steps, candidate)`` after each block.

    Returns
    -------
    (Candidate, int)
        The best points met and the number of steps.
    """
    guess = sphere.adjoint(sphere.b / sphere.s)
    price = float(np.abs(guess).sum() / np.linalg.norm(sphere.b))
    tau = float(np.linalg.norm(guess) / np.sqrt(x.size))
    if np.any(u) and np.any(x):
        tau = float(np.linalg.norm(x) / np.linalg.norm(u))
    best = last = assess(sphere, x, u, price)
    report(0, best)
    start, first, previous, length, done = (x, u), last.merit, np.inf, 0, 0
    walk = (x, u, x, u, 0 * x, 0 * u)
    while not _finished(best, tol, scale) and done < max_iter:
        count = min(BLOCK, max_iter - done)
        walk = sphere.advance(walk, tau, count)
        length, done = length + count, done + count
        average = (walk[4] / length, walk[5] / length)
        last, mean = assess(sphere, walk[2], walk[3], price), assess(sphere, *average, price)
        x, u = walk[:2] if last.merit <= mean.merit else average
        last = min(last, mean, key=lambda c: c.merit)
        best = min(best, last, key=lambda c: c.merit)
        report(done, best)
        stalled = last.merit <= STALL * first and last.merit > previous
        if last.merit <= DECREASE * first or stalled or (length >= LONGEST * done and done > 20 * BLOCK):
            moved, turned = np.linalg.norm(x - start[0]), np.linalg.norm(u - start[1])
            if moved > 0 and turned > 0:
                tau = float(np.sqrt(tau * moved / turned))
            start, first, previous, length = (x, u), last.merit, np.inf, 0
            walk = (x, u, x, u, 0 * x, 0 * u)
        else:
            previous = last.merit
    return best, done


def _finished(candidate, tol, scale):
    return candidate.gap <= tol * candidate.objective and candidate.excess <= tol * scale
