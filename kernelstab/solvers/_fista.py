"""FISTA for the LASSO, restarted whenever its momentum points uphill."""

import numpy as np

BLOCK = 10  # steps between two evaluations of the gap


def solve(problem, start, watch) -> str:
    """Run the loop; one product with ``A`` and one with its adjoint per step."""
    system, lam = problem.system, problem.level
    lipschitz = system.norm() ** 2
    step = 1.0 / lipschitz if lipschitz > 0 else 1.0
    image = system.forward(start.x)
    iterate, done = (start.x, image, start.x, image, 1.0), 0
    matrix = None if system.matrix is None else system.compilable
    while not watch(done, iterate[0], image=iterate[1]):
        count = min(BLOCK, watch.budget - done)
        if matrix is None:
            iterate = _steps(system, iterate, step, lam * step, count)
        else:
            from kernelstab.solvers._fista_jit import Iterate, steps

            iterate = steps(matrix, system.y, Iterate(*iterate), step, lam * step, count)
        done += count
    return "restarted FISTA, " + ("operator" if matrix is None else "compiled")


def _steps(system, iterate, step, threshold, count):
    """Take steps with an operator; the same arithmetic as the compiled loop."""
    x, image, x_old, image_old, momentum = iterate
    for _ in range(count):
        following = 0.5 + np.sqrt(0.25 + momentum * momentum)
        weight = (momentum - 1.0) / following
        z = x + weight * (x - x_old)
        new = z - step * system.adjoint(image + weight * (image - image_old) - system.y)
        size = np.abs(new)
        new = new * (1.0 - threshold / np.maximum(size, threshold))
        turn = np.vdot(z - new, new - x).real
        x_old, image_old = x, image
        x, image = new, system.forward(new)
        momentum = 1.0 if turn > 0.0 else following
    return x, image, x_old, image_old, momentum
