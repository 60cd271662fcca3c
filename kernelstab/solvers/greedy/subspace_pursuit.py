"""Subspace pursuit: merge, fit, prune, refit, as long as the residual falls."""

import numpy as np

from kernelstab.solvers.greedy._columns import columns_of, largest
from kernelstab.solvers.greedy._walk import Point, walked
from kernelstab.solvers.solution import Solution


def subspace_pursuit(A, y, s, *, tol=1e-10, max_iter=100, x0=None, callback=None, progress=None,
                     history=False) -> Solution:
    r"""Recover ``s`` entries by subspace pursuit.

    For real and complex data. Entries compete by their moduli as they are: columns of about
    equal norm are meant.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data.
    s : int
        Number of entries, up to ``min(m, N)``. The merged support has up to ``2 s`` columns; where
        these depend on each other the fit is the one of least norm.
    tol : float
        A residual up to ``tol * ||y||`` counts as zero.
    max_iter : int
        Budget of iterations. Beyond it the last point is returned with a warning.
    x0 : ndarray (N,) or Solution, optional
        Its ``s`` largest entries are the first support, in place of the ``s`` columns that correlate
        most with ``y``.
    callback : callable, optional
        Called as ``callback(iteration, x, residual)`` after every iteration.
    progress : callable, optional
        Called as ``progress(done, total, note)`` after every iteration.
    history : bool
        Whether to record (iteration, :math:`\|x\|_1`, residual).

    Returns
    -------
    Solution
        The least squares fit on the last support that lowered the residual. ``gap`` is its duality
        gap as a candidate for the least :math:`\|z\|_1` subject to
        :math:`\|Az-y\|\le\|Ax-y\|`, ``dual`` the point that proves it; a gap of 0 proves that it
        is also the answer of :func:`qcbp` at this level, a large gap says nothing about sparsity.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, or ``s`` is not in ``1..min(m, N)``.
        Also if floating point cannot hold the answer, or an operator changes sizes by a factor
        below 1e-50 or above 1e50.

    Warns
    -----
    NotConverged
        If the budget ends first, or Ctrl-C ends the run.

    Notes
    -----
    One iteration: the ``s`` columns that correlate most with the residual are merged with the
    support; the data are fitted on the union by least squares; the ``s`` largest entries are the
    new support, and the data are fitted again on it.

    Stopping rule (``converged``): the residual is at most ``tol * ||y||``, or the next support does
    not lower it; then the support before is kept. The residuals fall strictly, so no support
    comes twice and the method ends.

    Cost: one pass over ``A`` (one product with the adjoint) per iteration, and two fits: Cholesky
    factors of ``2s`` and ``s`` columns for a matrix, conjugate gradients for an operator.

    Examples
    --------
    >>> import numpy as np

    With orthogonal columns the first support is the right one, and none lowers the residual:

    >>> s = subspace_pursuit(np.eye(4), [0.0, 3.0, 0.5, -2.0], 2)
    >>> s.x, s.residual, s.converged
    (array([ 0.,  3.,  0., -2.]), 0.5, True)
    """
    return walked("subspace pursuit", _walk, A, y, s, tol=tol, max_iter=max_iter, x0=x0,
                  callback=callback, progress=progress, history=history)


def _walk(task):
    system, s = task.system, task.s
    point = _fitted(system, 1, task.support if task.support.size else largest(task.correlation, s), None)
    for done in range(2, task.budget + 2):
        yield point
        if task.fitted(point.residual):
            return True, "exact fit"
        if done > task.budget:
            break
        union = np.union1d(point.support, largest(system.adjoint(point.residual), s))
        guess = np.zeros(system.shape[1], system.dtype)
        guess[point.support] = point.values
        fit = columns_of(system, union).fit(system.y, guess[union])
        kept = largest(fit, min(s, union.size))
        new = _fitted(system, done, union[kept], fit[kept])
        if not np.linalg.norm(new.residual) < np.linalg.norm(point.residual):
            return True, "residual at its least"
        point = new
    return False, "budget spent"


def _fitted(system, done, support, guess):
    columns = columns_of(system, support)
    values = columns.fit(system.y, guess)
    return Point(done, support, values, system.y - columns.image(values))
