"""Quadratically constrained basis pursuit: the least absolute sum that explains the data."""

import warnings

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._errors import NotConverged
from kernelstab.solvers._restarts import restarted
from kernelstab.solvers._spheres import DenseSphere, OperatorSphere
from kernelstab.solvers._system import as_start, as_system
from kernelstab.solvers.solution import Solution, relative


def qcbp(A, y, eta=0.0, *, tol=1e-6, max_iter=20_000, x0=None, callback=None, history=False) -> Solution:
    r"""Minimise :math:`\|x\|_1` subject to :math:`\|Ax-y\|_2\le\eta`, with a proof.

    Basis pursuit is ``eta=0``. The primal-dual method in coordinates where ``A`` has
    orthonormal rows, restarted from the better of the last and the average point; for
    real and complex data (moduli count, not parts).

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix. Arrays are whitened by one singular value decomposition and run in
        a compiled loop; operators run the same loop in numpy, fast if they declare
        ``AA* = cI`` (``tight``) and only as fast as their conditioning if they do not.
    y : ndarray, shape (m,)
        Data.
    eta : float
        Noise level, in units of ``y``. From ``||y||`` on, the solution is 0.
    tol : float
        Stop when ``relative_gap <= tol`` and ``feasibility <= tol * ||y||``. Dense and
        tight problems return points that are feasible up to rounding.
    max_iter : int
        Budget of steps. Beyond it the best point so far is returned with a warning.
    x0 : ndarray (N,) or Solution, optional
        Where to start; a ``Solution`` starts the dual point as well.
    callback : callable, optional
        Called as ``callback(iteration, x, gap)`` at every evaluation of the gap.
    history : bool
        Whether to record (iteration, objective, gap).

    Returns
    -------
    Solution
        ``dual`` is a point :math:`h` with :math:`\|A^*h\|_\infty\le1` up to rounding.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, or ``eta < 0``.

    Warns
    -----
    NotConverged
        If the budget ends first, or if no point is within ``eta`` of ``y`` (a dense matrix
        shows this before the loop): ``x`` is then as close to ``y`` as the method came,
        ``converged`` is False and ``feasibility`` says by how much it fails.

    Notes
    -----
    The dual is to maximise :math:`\mathrm{Re}\langle y,h\rangle-\eta\|h\|` subject to
    :math:`\|A^*h\|_\infty\le1`; any iterate becomes feasible by scaling. The point ``x``
    becomes feasible by projecting its data on the ball when :math:`AA^*=cI`, which the
    whitening achieves for every matrix. Hence the gap is a proof at every evaluation,
    and evaluations decide when to restart. With :math:`\tau\sigma=1` the steps are those of
    Douglas-Rachford splitting.
    Cost: one product with ``A`` and one with its adjoint per step, and about six more in
    every tenth step.

    Examples
    --------
    Of all points on the line ``x1 + 2 x2 = 2`` the one with the least absolute sum uses
    the larger coefficient alone. The dual point 1/2 proves that 1 is optimal.

    >>> s = qcbp(np.array([[1.0, 2.0]]), [2.0])
    >>> s.x.round(6) + 0.0, s.dual.round(6)
    (array([0., 1.]), array([0.5]))

    Allowing an error of 1 needs only ``x1 + 2 x2 = 1``:

    >>> round(qcbp(np.array([[1.0, 2.0]]), [2.0], eta=1.0).objective, 6)
    0.5
    """
    system = as_system(A, y)
    eta = as_number(eta, "eta", low=0)
    tol = as_number(tol, "tol", low=0)
    max_iter = as_count(max_iter, "max_iter", low=1)
    x, dual = as_start(x0, system)
    size = float(np.linalg.norm(system.y))
    if eta >= size or not np.any(system.adjoint(system.y)):
        # Zero is optimal, or y is orthogonal to the range and nothing comes closer than zero.
        x, dual, done, rows, kind = 0 * x, 0 * system.y, 0, [], "closed form"
    else:
        sphere = (OperatorSphere if system.matrix is None else DenseSphere)(system, eta)
        x, dual, done, rows = _solve(sphere, x, -sphere.lower(dual), tol, size, max_iter, callback)
        kind = sphere.kind
    solution = evaluate(system, eta, tol, x, dual, done, f"qcbp by restarted primal-dual, {kind}",
                        np.array(rows) if history else None)
    if not solution.converged:
        warnings.warn(f"qcbp stopped after {done} iterations at relative gap {solution.relative_gap:.1e}, "
                      f"infeasible by {solution.feasibility:.1e}", NotConverged, stacklevel=2)
    return solution


def _solve(sphere, x, u, tol, size, max_iter, callback):
    """Run the loop, keep the books, and carry the dual point home."""
    rows = []

    def report(done, best):
        rows.append((done, best.objective, best.gap))
        if callback is not None:
            callback(done, best.point.copy(), best.gap)

    best, done = restarted(sphere, x, u, tol, size, max_iter, report)
    return best.point, sphere.lift(best.dual), done, rows


def evaluate(system, eta, tol, x, dual, done, method, history):
    """Evaluate everything that is reported from the two points alone."""
    objective, weight = float(np.abs(x).sum()), float(np.linalg.norm(dual))
    residual = float(np.linalg.norm(system.forward(x) - system.y))
    excess = max(residual - eta, 0.0)
    dual_objective = float(np.vdot(dual, system.y).real) - eta * weight
    gap = objective + weight * excess - dual_objective
    ratio = relative(gap, objective)
    converged = bool(ratio <= tol and excess <= tol * np.linalg.norm(system.y))
    return Solution(x, dual, objective, dual_objective, gap, ratio, residual, excess, done, converged,
                    method, history)
