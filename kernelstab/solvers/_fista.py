"""FISTA for the LASSO, restarted whenever its momentum points uphill."""

import numpy as np

from kernelstab._engines.first_order.shrink import shrink

BLOCK = 10  # steps between two evaluations of the gap


def solve(problem, start, watch) -> str:
    """Run the loop; one product with ``A`` and one with its adjoint per step."""
    system, lam = problem.system, problem.level
    lipschitz = system.norm() ** 2
    step = 1.0 / lipschitz if lipschitz > 0 else 1.0
    vars(problem).pop("correlation", None)  # as long as a point; it comes back if anybody asks
    image = system.forward(start.x)
    iterate, done = (start.x, image, start.x, image, 1.0), 0
    matrix = None if system.matrix is None or problem.box is not None else system.compilable
    while not watch(done, iterate[0], image=iterate[1]):
        count = min(BLOCK, watch.budget - done)
        if matrix is None:
            iterate = _steps(system, iterate, step, lam * step, problem.nonneg, problem.box, count)
        else:
            from kernelstab.solvers._fista_jit import Iterate, steps

            iterate = steps(matrix, system.y, Iterate(*iterate), step, lam * step, problem.nonneg, count)
        done += count
    if problem.box is not None:
        return "restarted FISTA, with a box"
    return "restarted FISTA, " + ("operator" if matrix is None else "compiled")


def _steps(system, iterate, step, threshold, nonneg, box, count):
    """Take steps with an operator; the same arithmetic as the compiled loop.

    A box clips what was shrunk: entry by entry, a convex function of one variable falls up to
    its least point and rises from there, so that over an interval it is least where the
    interval is nearest to that point.
    Holds ``x``, the point before, and at most three more vectors of length N; nothing that
    came in is changed, because the best point is kept elsewhere without a copy.
    """
    x, image, x_old, image_old, momentum = iterate
    for _ in range(count):
        following = 0.5 + np.sqrt(0.25 + momentum * momentum)
        weight = (momentum - 1.0) / following
        z = np.subtract(x, x_old)
        z *= weight
        z += x
        new = np.multiply(system.adjoint(image + weight * (image - image_old) - system.y), -step)
        new += z
        shrink(new, threshold, nonneg)
        if box is not None:
            np.clip(new, *box, out=new)
        z -= new
        turn = np.vdot(z, new).real - np.vdot(z, x).real
        x_old, image_old = x, image
        x, image = new, system.forward(new)
        momentum = 1.0 if turn > 0.0 else following
    return x, image, x_old, image_old, momentum
