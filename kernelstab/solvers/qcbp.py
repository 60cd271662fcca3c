"""Basis pursuit, with a bound on the misfit or without: the least absolute sum that explains the data."""

from kernelstab._checks import as_number
from kernelstab.solvers._solve import solve
from kernelstab.solvers.solution import Solution


def qcbp(A, y, eta=0.0, *, weights=None, nonneg=False, tol=1e-6, method="auto", max_iter=None, x0=None,
         callback=None, progress=None, history=False, certify=False) -> Solution:
    r"""Minimise :math:`\|x\|_1` subject to :math:`\|Ax-y\|_2\le\eta`, with a proof.

    For real and complex data (moduli count, not parts). :func:`basis_pursuit` is ``eta=0``.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order. Operators are fast if they declare
        ``AA* = cI`` (``tight``), and only as fast as their conditioning if they do not.
    y : ndarray, shape (m,)
        Data.
    eta : float
        Noise level, in units of ``y``. From ``||y||`` on, the solution is 0.
    tol : float
        Stop at ``relative_gap <= tol``, ``feasibility <= tol * ||y||`` and
        ``||dual|| * feasibility <= tol * objective``. Dense and
        tight problems return points that are feasible up to rounding.
    method : str
        ``"auto"`` (dense: exact methods, operators: first-order ones),
        ``"homotopy"``, ``"working-set"`` (dense), ``"primal-dual"``.
    weights, nonneg, max_iter, callback, progress, history, certify
        As for :func:`lasso`.
    x0 : ndarray (N,) or Solution, optional
        Where first-order methods and working sets start, a ``Solution`` with its dual point.

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
        If the budget ends first, or Ctrl-C does (``interrupted`` is then True), or if no point
        is within ``eta`` of ``y``: ``x`` is then as close to ``y`` as the method came,
        ``converged`` is False and ``feasibility`` says by how much it fails.

    Notes
    -----
    The dual is to maximise :math:`\mathrm{Re}\langle y,h\rangle-\eta\|h\|` subject to
    :math:`\|A^*h\|_\infty\le1`; any direction becomes feasible by scaling, so the gap is a
    proof at every evaluation.
    Cost: dense problems take a few passes over ``A``; operators one product with ``A`` and one
    with its adjoint per iteration, and some more in every tenth.

    Examples
    --------
    >>> import numpy as np

    Of all points on the line ``x1 + 2 x2 = 2`` the one with the least absolute sum uses
    the larger coefficient alone. The dual point 1/2 proves that 1 is optimal.

    >>> s = qcbp(np.array([[1.0, 2.0]]), [2.0])
    >>> s.x.round(6) + 0.0, s.dual.round(6)
    (array([0., 1.]), array([0.5]))

    Allowing an error of 1 needs only ``x1 + 2 x2 = 1``:

    >>> round(qcbp(np.array([[1.0, 2.0]]), [2.0], eta=1.0).objective, 6)
    0.5
    """
    eta = as_number(eta, "eta", low=0)
    return solve("qcbp", A, y, eta, weights=weights, nonneg=nonneg, tol=tol, method=method,
                 max_iter=max_iter, x0=x0, callback=callback, progress=progress, history=history,
                 certify=certify)


def basis_pursuit(A, y, *, weights=None, nonneg=False, tol=1e-6, method="auto", max_iter=None, x0=None,
                  callback=None, progress=None, history=False, certify=False) -> Solution:
    r"""Minimise :math:`\|x\|_1` subject to :math:`Ax=y`, with a proof.

    The same as :func:`qcbp` with ``eta=0``. A row times a number is the same equation, so that rows of many
    sizes are brought to one by powers of two before the search; residual and dual point are of ``A``. A real
    dense problem is a linear program: the exact methods end at a vertex and with the dual point that proves
    it optimal.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data, in the range of ``A``.
    weights, nonneg, tol, method, max_iter, x0, callback, progress, history, certify
        As for :func:`qcbp`.

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
