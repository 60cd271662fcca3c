"""Hard thresholding pursuit: a gradient step names the support, least squares fills it."""

import numpy as np

from kernelstab.solvers.greedy._columns import columns_of, combination, largest
from kernelstab.solvers.greedy._walk import Point, walked
from kernelstab.solvers.solution import Solution


def htp(A, y, s, *, tol=1e-10, max_iter=200, x0=None, callback=None, progress=None,
        history=False) -> Solution:
    r"""Recover ``s`` entries by hard thresholding pursuit.

    For real and complex data. Entries compete by their moduli as they are: columns of about
    equal norm are meant; a common factor of ``A`` changes nothing.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data.
    s : int
        Number of entries, up to ``min(m, N)``.
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
        The point of smallest residual that was met, a least squares fit on its support. ``gap`` is
        its duality gap as a candidate for the least :math:`\|z\|_1` subject to
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
    One iteration: with :math:`g=A^*(y-Ax)`, the support consists of the ``s`` largest entries of
    :math:`x+\mu g`, and ``x`` becomes the least squares fit on it. After a fit :math:`g` vanishes on
    the support, so the step is measured where it can lead:
    :math:`\mu=\|g_T\|^2/\|A_Tg_T\|^2` for the ``s`` largest entries :math:`T` of :math:`g`, the
    minimiser of the residual along :math:`g_T`.

    Stopping rule: the residual is at most ``tol * ||y||``, or the support stays (``converged`` in
    both cases); or a support comes again that was met earlier. Each iterate is a function of its
    support alone, so after a repetition nothing new can come.

    Cost: one pass over ``A`` (one product with the adjoint) per iteration, and the fit: a
    Cholesky factor of ``s`` columns for a matrix, conjugate gradients for an operator.

    Examples
    --------
    >>> import numpy as np

    With orthogonal columns the first support is the right one, and stays:

    >>> s = htp(np.eye(4), [0.0, 3.0, 0.5, -2.0], 2)
    >>> s.x, s.residual, s.converged
    (array([ 0.,  3.,  0., -2.]), 0.5, True)
    """
    return walked("hard thresholding pursuit", _walk, A, y, s, tol=tol, max_iter=max_iter, x0=x0,
                  callback=callback, progress=progress, history=history)


def _walk(task):
    system, x = task.system, np.zeros(task.system.shape[1], task.system.dtype)
    x[task.support] = task.values
    residual = system.y - combination(system, task.support, task.values) if x.any() else system.y
    seen, last = set(), None
    for done in range(1, task.budget + 1):
        gradient = system.adjoint(residual) if x.any() else task.correlation
        support = largest(x + _step(system, gradient, task.s) * gradient, task.s)
        key = support.tobytes()
        if key in seen:
            return key == last, "fixed point" if key == last else "circle"
        seen.add(key)
        last, columns = key, columns_of(system, support)
        values = columns.fit(system.y, x[support])
        x[:] = 0.0
        x[support] = values
        residual = system.y - columns.image(values)
        yield Point(done, support, values, residual)
        if task.fitted(residual):
            return True, "exact fit"
    return False, "budget spent"


def _step(system, gradient, s):
    """Return the step along the largest entries of the gradient that lowers the residual most."""
    places = largest(gradient, s)
    part = gradient[places]
    image = combination(system, places, part)
    energy = np.vdot(image, image).real
    return np.vdot(part, part).real / energy if energy > 0 else 0.0
