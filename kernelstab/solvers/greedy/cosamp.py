"""CoSaMP: merge the best matches of what is left with the support, fit, and prune."""

import numpy as np

from kernelstab.solvers.greedy._columns import columns_of, combination, largest
from kernelstab.solvers.greedy._walk import Point, walked
from kernelstab.solvers.solution import Solution


def cosamp(A, y, s, *, tol=1e-10, max_iter=100, x0=None, callback=None, progress=None,
           history=False) -> Solution:
    r"""Recover ``s`` entries by compressive sampling matching pursuit.

    For real and complex data. Entries compete by their moduli as they are: columns of about
    equal norm are meant.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data.
    s : int
        Number of entries, up to ``min(m, N)``. The merged support has up to ``3 s`` columns; where
        these depend on each other the fit is the one of least norm.
    tol : float
        A residual up to ``tol * ||y||`` counts as zero.
    max_iter : int
        Budget of iterations. Beyond it the best point so far is returned with a warning.
    x0 : ndarray (N,) or Solution, optional
        Where to start; its ``s`` largest entries count.
    callback : callable, optional
        Called as ``callback(iteration, x, residual)`` after every iteration.
    progress : callable, optional
        Called as ``progress(done, total, note)`` after every iteration.
    history : bool
        Whether to record (iteration, :math:`\|x\|_1`, residual).

    Returns
    -------
    Solution
        The point of smallest residual that was met, refitted on its support. ``gap`` is its
        duality gap as a candidate for the least :math:`\|z\|_1` subject to
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
        If the iteration goes round in a circle, the budget ends first, or Ctrl-C ends the run.

    Notes
    -----
    One iteration: the ``2s`` columns that correlate most with the residual are merged with the
    support; the data are fitted on the union by least squares; the ``s`` largest entries stay.

    Stopping rule: the residual is at most ``tol * ||y||``, or the same union comes twice in a row
    (``converged`` in both cases); or a union comes again that was met earlier. Each iterate is a
    function of its union alone, so after a repetition nothing new can come.

    Cost: one pass over ``A`` (one product with the adjoint) per iteration and the fit: a
    Cholesky factor of at most ``3s`` columns for a matrix, conjugate gradients for an operator.

    Examples
    --------
    >>> import numpy as np

    With orthogonal columns the first iteration finds the largest entries:

    >>> s = cosamp(np.eye(4), [0.0, 3.0, 0.5, -2.0], 2)
    >>> s.x, s.residual, s.converged
    (array([ 0.,  3.,  0., -2.]), 0.5, True)
    """
    return walked("CoSaMP", _walk, A, y, s, tol=tol, max_iter=max_iter, x0=x0, callback=callback,
                  progress=progress, history=history)


def _walk(task):
    system, support, values = task.system, task.support, task.values
    residual = system.y - combination(system, support, values)
    best, seen, last, end = None, set(), None, (False, "budget spent")
    for done in range(1, task.budget + 1):
        pulled = system.adjoint(residual) if support.size else task.correlation
        union = np.union1d(support, largest(pulled, min(2 * task.s, pulled.size)))
        key = union.tobytes()
        if key in seen:
            end = (True, "fixed point") if key == last else (False, "circle")
            break
        seen.add(key)
        last, guess = key, np.zeros(system.shape[1], system.dtype)
        guess[support] = values
        fitted = columns_of(system, union).fit(system.y, guess[union])
        kept = largest(fitted, min(task.s, union.size))
        support, values = union[kept], fitted[kept]
        residual = system.y - combination(system, support, values)
        point = Point(done, support, values, residual)
        yield point
        if best is None or np.linalg.norm(residual) <= np.linalg.norm(best.residual):
            best = point
        if task.fitted(residual):
            end = True, "exact fit"
            break
    columns = columns_of(system, best.support)
    values = columns.fit(system.y, best.values)
    yield Point(done, best.support, values, system.y - columns.image(values))
    return end
