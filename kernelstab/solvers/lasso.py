"""The LASSO: least squares regularised by the absolute sum."""

from kernelstab._checks import as_number
from kernelstab.solvers._solve import solve
from kernelstab.solvers.solution import Solution


def lasso(A, y, lam, *, weights=None, nonneg=False, box=None, tol=1e-6, method="auto", max_iter=None, x0=None,
          callback=None, progress=None, history=False, certify=False) -> Solution:
    r"""Minimise :math:`\tfrac12\|Ax-y\|_2^2 + \lambda\|x\|_1` until a duality gap proves it.

    For real and complex data; the modulus of a complex entry counts once, not its two parts.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data.
    lam : float
        The regularisation weight :math:`\lambda > 0`. From :math:`\|A^*y\|_\infty` on, the solution is 0.
    weights : ndarray, shape (N,), optional
        Positive weights: :math:`\sum_i w_i|x_i|` takes the place of :math:`\|x\|_1`, and
        :math:`|A^*h|_i\le w_i` the place of the dual constraint. In levels: one weight per level,
        repeated.
    nonneg : bool
        Whether to minimise over :math:`x\ge0` only (real problems).
    box : (low, high), optional
        Minimise over :math:`low\le x\le high` only (real problems, by ``"fista"``): numbers or arrays (N,)
        with :math:`low\le0\le high`, perhaps infinite.
    tol : float
        Stop at ``relative_gap <= tol``.
    method : str
        ``"auto"`` (dense: exact methods, operators and problems with a box: first-order ones),
        ``"homotopy"``, ``"working-set"`` (dense), ``"fista"``.
    max_iter : int, optional
        Budget of iterations for each method tried; the default depends on it. Beyond it the best
        point so far is returned with a warning.
    x0 : ndarray (N,) or Solution, optional
        Where first-order methods and working sets start; the path begins at zero.
    callback : callable, optional
        Called as ``callback(iteration, x, gap)`` at every evaluation of the gap.
    progress : callable, optional
        Called as ``progress(done, total, note)`` at every evaluation of the gap.
    history : bool
        Whether to record (iteration, objective, gap).
    certify : bool
        Whether to prove what the solution shows in exact arithmetic, for dense matrices; then
        ``proofs`` holds the certificates, see :class:`SolutionProofs`.

    Returns
    -------
    Solution
        ``dual`` is a multiple :math:`u` of the residual; it satisfies
        :math:`\|A^*u\|_\infty \le \lambda` up to rounding, with a box only for unbounded entries.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, or ``lam <= 0``; if a box leaves out zero, or
        comes with complex data, ``certify`` or a method other than ``"fista"``.

    Warns
    -----
    NotConverged
        If the budget ends first, or Ctrl-C does (``interrupted`` is then True): the best point
        so far is returned with its gap, and ``converged`` is False.

    Notes
    -----
    The dual is to maximise :math:`\mathrm{Re}\langle y,u\rangle - \tfrac12\|u\|^2` subject
    to :math:`\|A^*u\|_\infty\le\lambda`. With the residual :math:`r=y-Ax`, the point
    :math:`u=tr` is feasible for :math:`|t|\le\lambda/\|A^*r\|_\infty`, and the gap is

    .. math:: \tfrac12\|r-u\|^2 + \bigl(\lambda\|x\|_1 - \mathrm{Re}\langle x, A^*u\rangle\bigr),

    a sum of two nonnegative terms, so nothing cancels in its evaluation. With a box the dual pays
    :math:`\max_t(q_it-\lambda|t|)` over the ends of the interval and 0 for every entry, :math:`q=A^*u`, and
    only entries without an end on the side of :math:`q_i` must have :math:`|q_i|\le\lambda`.
    Cost: dense problems take a few passes over ``A``; operators one product with ``A`` and one
    with its adjoint per iteration.

    Examples
    --------
    >>> import numpy as np

    With the identity the solution is soft thresholding: 3 becomes 2, 0.5 becomes 0.

    >>> s = lasso(np.eye(2), [3.0, 0.5], lam=1.0)
    >>> s.x, s.objective
    (array([2., 0.]), 2.625)

    The objective is ``(1 + 0.25)/2 + 2``. No entry above 1: the first ends there.

    >>> lasso(np.eye(2), [3.0, 0.5], lam=1.0, box=(-1.0, 1.0)).x
    array([1., 0.])
    """
    lam = as_number(lam, "lam", low=0, strict=True)
    return solve("lasso", A, y, lam, weights=weights, nonneg=nonneg, box=box, tol=tol, method=method,
                 max_iter=max_iter, x0=x0, callback=callback, progress=progress, history=history,
                 certify=certify)
