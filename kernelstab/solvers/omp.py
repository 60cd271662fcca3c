"""Orthogonal matching pursuit: one column at a time, the best fit on all of them."""

import numpy as np

from kernelstab._checks import as_array, as_count, as_number
from kernelstab._engines.duality_gap import relative
from kernelstab._engines.greedy.columns import column_norms
from kernelstab._engines.greedy.pursuit import AT_ONCE, Pursuit, pursuit_at_once
from kernelstab._engines.greedy.task import EXTREME, FITTED
from kernelstab.solvers._greedy import run
from kernelstab.solvers.solution import Solution

NAME = "orthogonal matching pursuit"


def omp(A, y, s=None, *, eta=0.0, norms=None, tol=1e-13, max_iter=None, x0=None, callback=None, progress=None,
        history=False) -> Solution:
    r"""Choose columns one at a time, each the best match of what is left, and refit on all of them.

    For real and complex data. The columns need not have unit norm.

    Parameters
    ----------
    A : ndarray (m, N) or LinearOperator
        Forward matrix, in any memory order.
    y : ndarray, shape (m,)
        Data.
    s : int, optional
        The largest number of columns; without it ``min(m, N)``.
    eta : float
        Noise level, in units of ``y``: enough columns are chosen when
        :math:`\|Ax-y\|\le\eta`.
    norms : ndarray, shape (N,), optional
        Norms of the columns of ``A``. A matrix is measured in one pass without them; the columns
        of an operator are taken to be of equal norm.
    tol : float
        A normalised correlation up to ``tol * ||y||`` counts as zero.
    max_iter : int, optional
        Budget of columns, if it should end earlier than ``s``.
    x0 : ndarray (N,) or Solution, optional
        The columns where this is not zero are taken first, in the order of their moduli: the
        answer for fewer columns can be continued.
    callback : callable, optional
        Called as ``callback(iteration, x, residual)`` after every column.
    progress : callable, optional
        Called as ``progress(done, total, note)`` after every column, or block of columns.
    history : bool
        Whether to record (iteration, :math:`\|x\|_1`, residual).

    Returns
    -------
    Solution
        ``iterations`` is the number of columns, ``x`` the least squares fit on them, ``dual`` a
        point :math:`h` with :math:`\|A^*h\|_\infty\le1` up to rounding, and ``gap`` the duality gap
        of ``x`` as a candidate for the least :math:`\|z\|_1` subject to
        :math:`\|Az-y\|\le\|Ax-y\|`. A gap of 0 proves that the greedy answer is also the answer
        of :func:`qcbp` at this level; a large gap says nothing about sparsity.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, ``s`` is not in ``1..min(m, N)``, or
        ``eta`` or a norm is negative.
        Also if floating point cannot hold the answer.

    Warns
    -----
    NotConverged
        If ``eta > 0`` is not reached, the budget ends before ``s``, or Ctrl-C ends the run.

    Notes
    -----
    Stopping rule: ``s`` columns; or :math:`\|r\|\le\eta` for the residual :math:`r=y-Ax`; or
    every column has :math:`|a_j^*r|\le` ``tol`` :math:`\|y\|\|a_j\|`, so that no column improves
    the fit by more than rounding; or the best column lies in the span of those chosen, up to
    1e-10 of its norm. ``converged``: with ``eta`` the residual is at most ``eta``; without it, a
    stop for any of these reasons.

    The next column has the largest :math:`|a_j^*r|/\|a_j\|`; ties within rounding go to the
    lowest index, columns of norm zero are never chosen. Once :math:`r` is orthogonal to the chosen
    columns, none of them is chosen again. If

    .. math:: \max_{j\notin S}\|A_S^\dagger a_j\|_1 < 1

    for unit columns and injective :math:`A_S` (exact recovery condition), every :math:`x` supported
    on :math:`S` is recovered from :math:`y=Ax` in :math:`|S|` steps: :math:`r` stays in the range of
    :math:`A_S`, where :math:`|a_j^*r|=|(A_S^\dagger a_j)^*A_S^*r|\le\|A_S^\dagger a_j\|_1\|A_S^*r\|_\infty`.

    ``dual`` is :math:`A_S(A_S^*A_S)^{-1}\operatorname{sgn}(x_S)`, which is the certificate of
    exact data, plus as much of the residual as its constraint and rounding allow, scaled.

    Cost: a small matrix is gone through once per column in a compiled loop. A large one is gone
    through once per *block* of columns: the choices are guessed among a few hundred columns, all
    residuals of the block are checked against the whole matrix in one product, and guesses stand up
    to the first wrong one. The answer is that of the loop. An operator takes one product with itself
    and one with its adjoint per column. Memory: ``s`` columns twice, and of
    a large matrix those to guess among.

    Examples
    --------
    >>> import numpy as np

    With orthogonal columns of norms 1 and 2 the data (3, 4) correlate as 3 and 8/2 = 4:

    >>> A = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> s = omp(A, [3.0, 4.0], 1)
    >>> s.x, s.residual
    (array([0., 2.]), 3.0)
    >>> omp(A, [3.0, 4.0], eta=0.5).x
    array([3., 2.])

    A shorter sum exists where the third column is the sum of the first two: then the greedy
    choice is also the l1 solution, and the gap of 0 proves it.

    >>> s = omp(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]), [1.0, 1.0], 1)
    >>> s.x, round(s.gap, 12)
    (array([0., 0., 1.]), 0.0)
    """
    eta = as_number(eta, "eta", low=0)
    if max_iter is x0 is callback is progress is None and not history:
        found = _at_once(A, y, s, eta, norms, tol)
        if found is not None:
            return found

    def pursue(task):
        system = task.system
        if norms is None:
            return Pursuit(task, _measured_norms(system)).points()
        return Pursuit(task, _checked_norms(norms, system.shape[1]) * task.unit).points()

    return run(NAME, pursue, A, y, s, tol=tol, max_iter=max_iter, x0=x0, callback=callback, progress=progress,
               history=history, eta=eta)


def _at_once(A, y, s, eta, norms, tol) -> Solution | None:
    """Solve a small dense problem of plain arrays as a batch of one; None where that is not what it is.

    What it finds of extreme size, wrong or worth a warning is left to the general way, too.
    """
    if not (type(A) is np.ndarray is type(y) and A.dtype == y.dtype in (np.float64, np.complex128)
            and A.ndim == 2 and y.shape == A.shape[:1] and 0 < A.size <= AT_ONCE and (norms is None or (
                type(norms) is np.ndarray and norms.dtype == np.float64 and norms.shape == A.shape[1:]))):
        return None
    atoms = min(A.shape) if s is None else as_count(s, "s", low=1, high=min(A.shape))
    proof, count, reason = pursuit_at_once(_compilable(A), _compilable(y), norms, eta,
                                           as_number(tol, "tol", low=0), atoms)
    if reason == EXTREME or (eta and reason != FITTED):
        return None
    return Solution(**proof._asdict(), relative_gap=relative(proof.gap, proof.objective), feasibility=0.0,
                    iterations=int(count), converged=True, method=f"{NAME}, at once")


def _compilable(array):
    """Return the form for which loops are compiled: C order, aligned, writeable."""
    return array if array.flags.carray else np.require(array, None, ["C", "A", "W"])


def _checked_norms(norms, count):
    """Check the norms of the columns."""
    norms = as_array(norms, "norms", shape=(count,), real=True)
    if norms.min() < 0:
        raise ValueError(f"norms must not be negative, got {norms.min()}")
    return norms


def _measured_norms(system):
    """Return the norms of the columns of a matrix; those of an operator are taken to be equal."""
    return np.ones(system.shape[1]) if system.matrix is None else column_norms(system.matrix)
