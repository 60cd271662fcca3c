"""The LASSO: least squares with a price on the absolute sum."""

import warnings

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._errors import NotConverged
from kernelstab.solvers._system import as_start, as_system, require_finite
from kernelstab.solvers.solution import Solution, relative

_BLOCK = 10  # steps between two evaluations of the gap


def lasso(A, y, lam, *, tol=1e-6, max_iter=50_000, x0=None, callback=None, history=False) -> Solution:
    r"""Minimise :math:`\tfrac12\|Ax-y\|_2^2 + \lambda\|x\|_1` until a duality gap proves it.

    FISTA, restarted whenever its momentum points uphill. For real and complex data;
    the modulus of a complex entry counts once, not its two parts.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix. Arrays run in a compiled loop, operators in the same loop in numpy.
    y : ndarray, shape (m,)
        Data.
    lam : float
        The price :math:`\lambda > 0`. From :math:`\|A^*y\|_\infty` on, the solution is 0.
    tol : float
        Stop at ``relative_gap <= tol``, the gap divided by the objective.
    max_iter : int
        Budget of steps. Beyond it the best point so far is returned with a warning.
    x0 : ndarray (N,) or Solution, optional
        Where to start.
    callback : callable, optional
        Called as ``callback(iteration, x, gap)`` at every evaluation of the gap.
    history : bool
        Whether to record (iteration, objective, gap).

    Returns
    -------
    Solution
        ``dual`` is the scaled residual :math:`u`; it satisfies
        :math:`\|A^*u\|_\infty \le \lambda` up to rounding.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, or ``lam <= 0``.

    Warns
    -----
    NotConverged
        If the budget ends first; then ``converged`` is False.

    Notes
    -----
    The dual is to maximise :math:`\mathrm{Re}\langle y,u\rangle - \tfrac12\|u\|^2` subject
    to :math:`\|A^*u\|_\infty\le\lambda`. With the residual :math:`r=y-Ax`, the point
    :math:`u=tr` is feasible for :math:`|t|\le\lambda/\|A^*r\|_\infty`, and the gap is

    .. math:: \tfrac12\|r-u\|^2 + \bigl(\lambda\|x\|_1 - \mathrm{Re}\langle x, A^*u\rangle\bigr),

    a sum of two nonnegative terms, so nothing cancels in its evaluation.
    Cost: one product with ``A`` and one with its adjoint per step.

    Examples
    --------
    With the identity the solution is soft thresholding: 3 becomes 2, 0.5 becomes 0.

    >>> s = lasso(np.eye(2), [3.0, 0.5], lam=1.0)
    >>> s.x, s.objective
    (array([2., 0.]), 2.625)

    The objective is ``(1 + 0.25)/2 + 2``.
    """
    system = as_system(A, y)
    lam = as_number(lam, "lam", low=0, strict=True)
    tol = as_number(tol, "tol", low=0)
    max_iter = as_count(max_iter, "max_iter", low=1)
    advance, iterate = _start(system, lam, as_start(x0, system)[0])

    best, rows, done = None, [], 0
    while True:
        current = evaluate(system, lam, iterate)
        require_finite(current["objective"], current["gap"])
        rows.append((done, current["objective"], current["gap"]))
        if best is None or current["gap"] < best["gap"]:
            best = current
        if callback is not None:
            callback(done, current["x"].copy(), current["gap"])
        ratio = relative(best["gap"], best["objective"])
        if ratio <= tol or done >= max_iter:
            break
        count = min(_BLOCK, max_iter - done)
        iterate, done = advance(iterate, count), done + count
    if ratio > tol:
        warnings.warn(f"lasso stopped after {done} iterations at relative gap {ratio:.1e}", NotConverged,
                      stacklevel=2)
    return Solution(
        **best, relative_gap=ratio, feasibility=0.0, iterations=done, converged=ratio <= tol,
        method="lasso by restarted FISTA, " + ("operator" if system.matrix is None else "compiled"),
        history=np.array(rows) if history else None)


def evaluate(system, lam, iterate):
    """Evaluate objective, dual point and gap at the last point."""
    x, residual = iterate[0], system.y - iterate[1]
    correlation = system.adjoint(residual)
    square, peak, mass = np.vdot(residual, residual).real, np.abs(correlation).max(), np.abs(x).sum()
    limit = lam / peak if peak > 0 else np.inf
    t = min(max(np.vdot(residual, system.y).real / square, -limit), limit) if square > 0 else 0.0
    gap = 0.5 * (1 - t) ** 2 * square + (lam * mass - t * np.vdot(x, correlation).real)
    objective = 0.5 * square + lam * mass
    return {"x": x, "dual": t * residual, "objective": float(objective), "gap": float(gap),
            "dual_objective": float(objective - gap), "residual": float(np.sqrt(square))}


def _start(system, lam, x):
    """Return the function that takes steps, and the first iterate."""
    lipschitz = system.norm() ** 2
    step = 1.0 / lipschitz if lipschitz > 0 else 1.0
    image = system.forward(x)
    first = (x, image, x, image, 1.0)
    if system.matrix is None:
        return lambda iterate, count: _steps(system, iterate, step, lam * step, count), first
    from kernelstab.solvers._lasso_jit import Iterate, steps

    def advance(iterate, count):
        return steps(system.matrix, system.y, Iterate(*iterate), step, lam * step, count)

    return advance, first


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
