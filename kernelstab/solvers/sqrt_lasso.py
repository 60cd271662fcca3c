"""The square-root LASSO: no noise level is needed to choose its regularisation weight."""

from kernelstab._checks import as_number
from kernelstab.solvers._solve import solve
from kernelstab.solvers.solution import Solution


def sqrt_lasso(A, y, lam, *, weights=None, nonneg=False, tol=1e-6, method="auto", max_iter=None, x0=None,
               callback=None, progress=None, history=False, certify=False) -> Solution:
    r"""Minimise :math:`\lambda\|x\|_1 + \|Ax-y\|_2` until a duality gap proves it.

    For real and complex data; the modulus of a complex entry counts once.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data.
    lam : float
        The regularisation weight :math:`\lambda > 0`, without unit if columns have norm one: scaling ``y``
        scales the solution. From :math:`\|A^*y\|_\infty/\|y\|` on, the solution is 0.
    weights : ndarray, shape (N,), optional
        Positive weights: :math:`\sum_i w_i|x_i|` takes the place of :math:`\|x\|_1`, and
        :math:`|A^*h|_i\le w_i` the place of the dual constraint. In levels: one weight per level,
        repeated.
    nonneg : bool
        Whether to minimise over :math:`x\ge0` only (real problems).
    tol : float
        Stop at ``relative_gap <= tol``.
    method : str
        ``"auto"`` (dense: exact methods, operators: first-order ones),
        ``"homotopy"``, ``"working-set"`` (dense), ``"primal-dual"``.
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
        ``dual`` is a point :math:`h` with :math:`\|h\|\le1` and
        :math:`\|A^*h\|_\infty\le\lambda` up to rounding.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, or ``lam <= 0``.

    Warns
    -----
    NotConverged
        If the budget ends first, or Ctrl-C does (``interrupted`` is then True): the best point
        so far is returned with its gap, and ``converged`` is False.

    Notes
    -----
    The dual is to maximise :math:`\mathrm{Re}\langle y,h\rangle` subject to :math:`\|h\|\le1` and
    :math:`\|A^*h\|_\infty\le\lambda`. Where the residual :math:`r` at the solution is not zero, the
    solution is that of the LASSO with the weight :math:`\lambda\|r\|`.
    Cost: as :func:`lasso`.

    Examples
    --------
    >>> import numpy as np

    One unknown: ``lam |x| + |x - 3|`` with ``lam < 1`` is least at 3, and with ``lam > 1`` at 0.

    >>> sqrt_lasso(np.eye(1), [3.0], lam=0.5).x.round(6)
    array([3.])
    >>> sqrt_lasso(np.eye(1), [3.0], lam=2.0).x
    array([0.])
    """
    lam = as_number(lam, "lam", low=0, strict=True)
    return solve("sqrt-lasso", A, y, lam, weights=weights, nonneg=nonneg, tol=tol, method=method,
                 max_iter=max_iter, x0=x0, callback=callback, progress=progress, history=history,
                 certify=certify)
