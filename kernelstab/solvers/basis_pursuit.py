"""Basis pursuit: the least absolute sum among all exact solutions."""

from kernelstab.solvers._solve import solve
from kernelstab.solvers.solution import Solution


def basis_pursuit(A, y, *, weights=None, nonneg=False, tol=1e-6, method="auto", max_iter=None, x0=None,
                  callback=None, progress=None, history=False, certify=False) -> Solution:
    r"""Minimise :math:`\|x\|_1` subject to :math:`Ax=y`, with a proof.

    The same as :func:`qcbp` with ``eta=0``, and the same arguments. A real dense problem is a
    linear program: the exact methods end at a vertex and with the dual point that proves it
    optimal.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data, in the range of ``A``.
    weights : ndarray, shape (N,), optional
        Positive weights: :math:`\sum_i w_i|x_i|` takes the place of :math:`\|x\|_1`, and
        :math:`|A^*h|_i\le w_i` the place of the dual constraint. In levels: one weight per level,
        repeated.
    nonneg : bool
        Whether to minimise over :math:`x\ge0` only (real problems).
    tol : float
        Stop at ``relative_gap <= tol``, ``feasibility <= tol * ||y||`` and
        ``||dual|| * feasibility <= tol * objective``.
    method : str
        ``"auto"`` (dense: exact methods, operators: first-order ones),
        one of :func:`qcbp`.
    max_iter : int, optional
        Budget of iterations for each method tried; the default depends on it. Beyond it the best
        point so far is returned with a warning.
    x0 : ndarray (N,) or Solution, optional
        Where first-order methods and working sets start, a ``Solution`` with its dual point;
        the path begins at zero.
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
        ``dual`` is a point :math:`h` with :math:`\|A^*h\|_\infty\le1` up to rounding. Where
        ``x`` is the unique sparse solution, :math:`A^*h` has modulus 1 on its support.

    Raises
    ------
    ValueError
        If a shape does not fit or an entry is not finite.

    Warns
    -----
    NotConverged
        As :func:`qcbp`; data outside the range of ``A`` leave ``feasibility`` positive.

    Notes
    -----
    The dual is to maximise :math:`\mathrm{Re}\langle y,h\rangle` subject to
    :math:`\|A^*h\|_\infty\le1`.
    Cost: as :func:`qcbp`.

    Examples
    --------
    >>> import numpy as np

    The sum of two numbers and the last of them; one number explains both:

    >>> s = basis_pursuit(np.array([[1.0, 1.0], [0.0, 1.0]]), [2.0, 2.0])
    >>> s.x.round(6) + 0.0
    array([0., 2.])
    """
    return solve("qcbp", A, y, 0.0, weights=weights, nonneg=nonneg, tol=tol, method=method,
                 max_iter=max_iter, x0=x0, callback=callback, progress=progress, history=history,
                 certify=certify)
