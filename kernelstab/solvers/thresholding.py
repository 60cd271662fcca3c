"""Greedy methods that keep the largest entries: CoSaMP, subspace pursuit, and hard thresholding.

All are for real and complex data. Entries compete by their moduli as they are: columns of about equal
norm are meant. Matching pursuit, which never gives a column back, is ``omp``.
"""

from kernelstab._engines.greedy import thresholding as methods
from kernelstab.solvers.omp import run
from kernelstab.solvers.solution import Solution


def cosamp(A, y, s, *, tol=1e-10, max_iter=100, x0=None, callback=None, progress=None,
           history=False) -> Solution:
    r"""Recover ``s`` entries by compressive sampling matching pursuit.

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
        Budget of iterations. Beyond it the best point so far (for steps that only descend, the last) is
        returned with a warning.
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
        is also the answer of :func:`qcbp` at this noise level, a large gap says nothing about sparsity.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, or ``s`` is not in ``1..min(m, N)``.
        Also if floating point cannot hold the answer.

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
    return run("CoSaMP", methods.cosamp, A, y, s, tol=tol, max_iter=max_iter, x0=x0, callback=callback,
               progress=progress, history=history)


def subspace_pursuit(A, y, s, *, tol=1e-10, max_iter=100, x0=None, callback=None, progress=None,
                     history=False) -> Solution:
    r"""Recover ``s`` entries by subspace pursuit: merge, fit, prune, refit, as long as the residual falls.

    Parameters
    ----------
    A, y, tol, max_iter, callback, progress, history
        As for :func:`cosamp`.
    s : int
        Number of entries, up to ``min(m, N)``. The merged support has up to ``2 s`` columns; where
        these depend on each other the fit is the one of least norm.
    x0 : ndarray (N,) or Solution, optional
        Its ``s`` largest entries are the first support, in place of the ``s`` columns that correlate
        most with ``y``.

    Returns
    -------
    Solution
        The least squares fit on the last support that lowered the residual, judged as for :func:`cosamp`.

    See Also
    --------
    cosamp : its errors and warnings are those of all.

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
    return run("subspace pursuit", methods.subspace_pursuit, A, y, s, tol=tol, max_iter=max_iter, x0=x0,
               callback=callback, progress=progress, history=history)


def htp(A, y, s, *, tol=1e-10, max_iter=200, x0=None, callback=None, progress=None,
        history=False) -> Solution:
    r"""Recover ``s`` entries by hard thresholding pursuit: a gradient step names the support, a fit fills it.

    A common factor of ``A`` changes nothing.

    Parameters
    ----------
    A, y, s, tol, max_iter, x0, callback, progress, history
        As for :func:`cosamp`.

    Returns
    -------
    Solution
        The point of smallest residual that was met, a least squares fit on its support, judged as for
        :func:`cosamp`.

    See Also
    --------
    cosamp : its errors and warnings are those of all.

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
    return run("hard thresholding pursuit", methods.htp, A, y, s, tol=tol, max_iter=max_iter, x0=x0,
               callback=callback, progress=progress, history=history)


def iht(A, y, s, *, tol=1e-6, max_iter=5000, x0=None, callback=None, progress=None,
        history=False) -> Solution:
    r"""Recover ``s`` entries by normalised iterative hard thresholding, with steps that cannot diverge.

    Parameters
    ----------
    A, y, s, max_iter, x0, callback, progress, history
        As for :func:`cosamp`.
    tol : float
        Stop when a step on an unchanged support moves by at most ``tol * ||x||``, or when the
        residual is at most ``tol * ||y||``.

    Returns
    -------
    Solution
        The last point, judged as for :func:`cosamp`; it fits its support only as well as ``tol`` asks.

    See Also
    --------
    cosamp : its errors and warnings are those of all.

    Notes
    -----
    A step goes from :math:`x` to the ``s`` largest entries of :math:`x+\mu g` with
    :math:`g=A^*(y-Ax)`. That point :math:`z` is closest to :math:`x+\mu g` of all with ``s`` entries,
    :math:`x` among them, so :math:`\mathrm{Re}\langle g,z-x\rangle\ge\|z-x\|^2/(2\mu)` and

    .. math:: \tfrac12\|y-Az\|^2\le\tfrac12\|y-Ax\|^2-\tfrac1{2\mu}\|z-x\|^2+\tfrac12\|A(z-x)\|^2 .

    The residual falls whenever :math:`\mu\le0.99\,\|z-x\|^2/\|A(z-x)\|^2`, which always holds for
    :math:`\mu\le0.99/\|A\|^2`. The step :math:`\|g_S\|^2/\|A_Sg_S\|^2` minimises the
    residual along the entries in use; where another support comes out the inequality is tested, and
    the step halved until it holds.

    Stopping rule: see ``tol``; ``converged`` means that one of the two was met.

    Cost: for a matrix one pass (one product with the adjoint) per iteration, since the products with
    ``s`` columns are small; for an operator one product with the adjoint, and two with the
    operator, and one more per shortened step.

    Examples
    --------
    >>> import numpy as np

    With orthogonal columns of one norm the first step is the last:

    >>> s = iht(2.0 * np.eye(4), [0.0, 3.0, 0.5, -2.0], 2)
    >>> s.x, s.residual, s.converged
    (array([ 0. ,  1.5,  0. , -1. ]), 0.5, True)
    """
    return run("iterative hard thresholding", methods.iht, A, y, s, tol=tol, max_iter=max_iter, x0=x0,
               callback=callback, progress=progress, history=history)
