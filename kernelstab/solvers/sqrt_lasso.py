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
    method : str
        ``"auto"`` (dense: exact methods, operators: first-order ones),
        ``"homotopy"``, ``"working-set"`` (dense), ``"primal-dual"``.
    weights, nonneg, tol, max_iter, x0, callback, progress, history, certify
        As for :func:`lasso`.

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
