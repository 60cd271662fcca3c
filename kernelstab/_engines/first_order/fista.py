"""FISTA for the LASSO, restarted whenever its momentum points uphill, and the soft threshold."""

import numpy as np


def shrink(v, threshold, nonneg=False) -> np.ndarray:
    """Overwrite ``v`` by its proximal point of ``threshold * ||.||_1``, and return it.

    Entries lose ``threshold`` of their modulus; with ``nonneg`` the minimum is over
    nonnegative vectors. Costs one real work array.
    """
    if nonneg:
        v -= threshold
        return np.maximum(v, 0.0, out=v)
    size = np.abs(v)
    np.maximum(size, threshold, out=size)
    if threshold > 0.0:
        np.divide(threshold, size, out=size)
        np.subtract(1.0, size, out=size)
        v *= size
    return v


BLOCK = 10  # steps between two evaluations of the gap


def solve(problem, start, monitor) -> str:
    """Run the loop; one product with ``A`` and one with its adjoint per step.

    A box clips what was shrunk: entry by entry, a convex function of one variable falls up to
    its least point and rises from there, so that over an interval it is least where the
    interval is nearest to that point.
    Holds ``x``, the point before, and at most three more vectors of length N; no point that was reported is
    changed, because the best one is kept elsewhere without a copy.
    """
    system, lam, box = problem.system, problem.parameter, problem.box
    lipschitz = system.norm() ** 2
    step = 1.0 / lipschitz if lipschitz > 0 else 1.0
    vars(problem).pop("correlation", None)  # as long as a point; it comes back if anybody asks
    x = x_old = start.x
    Ax = Ax_old = system.forward(x)
    momentum, done = 1.0, 0
    while not monitor(done, x, Ax):
        count = min(BLOCK, monitor.budget - done)
        done += count
        for _ in range(count):
            following = 0.5 + np.sqrt(0.25 + momentum * momentum)
            share = (momentum - 1.0) / following
            z = np.subtract(x, x_old)
            z *= share
            z += x
            new = np.multiply(system.adjoint(Ax + share * (Ax - Ax_old) - system.y), -step)
            new += z
            shrink(new, lam * step, problem.nonneg)
            if box is not None:
                np.clip(new, *box, out=new)
            z -= new
            turn = np.vdot(z, new).real - np.vdot(z, x).real
            x_old, Ax_old = x, Ax
            x, Ax = new, system.forward(new)
            momentum = 1.0 if turn > 0.0 else following
    return "restarted FISTA" if box is None else "restarted FISTA, with a box"
