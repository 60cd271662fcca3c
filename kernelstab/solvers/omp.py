"""Orthogonal matching pursuit: one column at a time, the best fit on all of them; one problem or many."""

import warnings
from collections.abc import Callable

import numpy as np

from kernelstab._checks import as_array, as_callable, as_count, as_number, thread_count
from kernelstab._engines.greedy.columns import column_norms, combination, largest
from kernelstab._engines.greedy.points import Point, Task, judged
from kernelstab._engines.greedy.pursuit import EXTREME, pursue, pursuit_batch
from kernelstab._engines.linear_system import require_finite
from kernelstab._errors import NotConverged
from kernelstab.solvers._solve import pose
from kernelstab.solvers.batch import BatchSolution, _arrays
from kernelstab.solvers.solution import Solution

SPAN = 1e290    # answers larger than this, or smaller than its inverse, lose digits


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

    Cost: a small matrix is gone through once per column, some 60 microseconds each. A large one is gone
    through once per *block* of columns: the choices are guessed among a few hundred columns, all
    residuals of the block are checked against the whole matrix in one product, and guesses stand up
    to the first wrong one. The answer is the same. An operator takes one product with itself
    and one with its adjoint per column. Memory: ``s`` columns twice.

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
    def method(task):
        system, lengths = task.system, norms
        if lengths is None:
            lengths = np.ones(system.shape[1]) if system.matrix is None else column_norms(system.matrix)
        else:
            lengths = as_array(lengths, "norms", shape=(system.shape[1],), real=True) * task.unit
            if lengths.min() < 0:
                raise ValueError(f"norms must not be negative, got {lengths.min() / task.unit}")
        return pursue(task, lengths)

    return run("orthogonal matching pursuit", method, A, y, s, tol=tol, max_iter=max_iter, x0=x0,
               callback=callback, progress=progress, history=history, eta=as_number(eta, "eta", low=0))


def omp_batch(A, Y, s=None, *, eta=0.0, tol=1e-13, threads=None, progress=None) -> BatchSolution:
    r"""Run :func:`omp` on many problems, for one matrix or a matrix each.

    Parameters
    ----------
    A : ndarray, shape (m, N) or (B, m, N)
        One matrix for all problems, or one for each; real or complex.
    Y : ndarray, shape (B, m)
        Data, one problem per row.
    s, tol
        As for :func:`omp`.
    eta : float or ndarray, shape (B,)
        Noise levels.
    threads : int, optional
        How many threads share the problems; all processors by default. The answer does not depend
        on it.
    progress : callable, optional
        Called as ``progress(done, total, note)`` after every chunk of problems.

    Returns
    -------
    BatchSolution
        As :func:`omp` returns them.

    Raises
    ------
    ValueError
        As for :func:`omp`.

    Warns
    -----
    NotConverged
        Once, if any problem with ``eta > 0`` has not reached it.

    Notes
    -----
    Problems are solved side by side in chunks, so that the correlations of a chunk with a shared matrix are
    one product of matrices: a small problem costs about a tenth of a call of :func:`omp`. Problems with
    numbers of extreme size are handed to :func:`omp`.

    Examples
    --------
    >>> import numpy as np

    With orthogonal columns the largest entries are found:

    >>> batch = omp_batch(np.eye(3), [[0.0, 3.0, 1.0], [5.0, 0.0, 0.0]], 1)
    >>> batch.x
    array([[0., 3., 0.],
           [5., 0., 0.]])
    >>> batch.residual, batch.iterations
    (array([1., 0.]), array([1, 1]))
    """
    A, Y = _arrays(A, Y)
    A, Y = (array.astype(np.result_type(A, Y), copy=False) for array in (A, Y))
    etas, low = as_array(eta, "eta", real=True), min(A.shape[-2:])
    if etas.shape not in ((), (len(Y),)) or etas.min() < 0:
        raise ValueError(f"eta must be one nonnegative number or {len(Y)}, got {eta!r}")
    etas = np.broadcast_to(etas, (len(Y),))
    s = low if s is None else as_count(s, "s", low=1, high=low)
    tol, threads = as_number(tol, "tol", low=0), thread_count(threads)
    points, counts, reasons = pursuit_batch(A, Y, etas, tol, s, threads, as_callable(progress, "progress"))
    found = points._asdict() | {"iterations": counts}
    methods = ["orthogonal matching pursuit, batch"] * len(Y)
    for i in np.flatnonzero((reasons == EXTREME) & Y.any(axis=1)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotConverged)  # said once for the whole batch
            one = omp(A if A.ndim == 2 else A[i], Y[i], s, eta=etas[i], tol=tol)
        methods[i] = one.method
        for name, values in found.items():
            values[i] = getattr(one, name)
    converged = (etas == 0) | (found["residual"] <= etas * (1 + 1e-12))
    if not converged.all():
        warnings.warn(f"{int((~converged).sum())} of {len(Y)} problems stopped above their eta",
                      NotConverged, stacklevel=2)
    return BatchSolution(**found, converged=converged, methods=methods)


def run(name, method: Callable, A, y, s, *, tol, max_iter, x0, callback, progress, history,
        eta=0.0) -> Solution:
    """Run a greedy method and judge the point of smallest residual that it met.

    ``method(task)`` is a generator of ``Point``; it returns whether its stopping rule was met and
    in which way it ran. Without a ``max_iter`` the budget is ``s``.
    """
    callback, progress = as_callable(callback, "callback"), as_callable(progress, "progress")
    posed = pose("qcbp", A, y, eta, None, False, None, 0.0)
    task = _task(posed, s, tol, max_iter, x0, callback is not None or progress is not None or history)
    best = Point(0, np.zeros(0, int), np.zeros(0, task.system.dtype), task.system.y)
    rows, done, interrupted = [], 0, False
    # No column correlates with the data: zero is the least squares fit on every support.
    converged, words = not eta or task.size <= task.eta, "closed form"
    try:
        steps = method(task) if task.correlation.any() else iter(())
        while True:
            point = next(steps)
            done = point.done
            if point.size <= best.size:  # later points win ties
                best = point
            _tell(posed, task, point, rows, callback, progress)
    except StopIteration as end:
        converged, words = end.value or (converged, words)
    except KeyboardInterrupt:
        converged, words, interrupted = False, "interrupted", True
    kept = best.values != 0
    found = judged(task, best._replace(support=best.support[kept], values=best.values[kept]))
    require_finite(found.objective, found.gap)
    found = posed.back(found)
    said = f"{name}, {words}"
    if not converged:
        ended = "was interrupted" if interrupted else "stopped"
        warnings.warn(f"{said} {ended} after {done} steps with {best.support.size} atoms at residual "
                      f"{found.residual:.1e}", NotConverged, stacklevel=3)
    return Solution(*found, done, converged, said, np.array(rows).reshape(-1, 3) if history else None,
                    interrupted=interrupted)


def _task(posed, s, tol, max_iter, x0, each):
    """Return the problem in units in which nothing is extreme, with what the method is told."""
    problem, units = posed.problem, posed.units
    if units is not None and not 1.0 / SPAN < units.point < SPAN:
        raise ValueError("A and y must be of sizes for which floating point holds the answer, got one near "
                         f"{1.0 / units.point if units.point else np.inf:.1e}")
    require_finite(0.0, problem.largest)
    system = problem.system
    count = min(system.shape) if s is None else as_count(s, "s", low=1, high=min(system.shape))
    budget = count if max_iter is None else as_count(max_iter, "max_iter", low=1)
    x = posed.start(x0).x
    support = largest(x, min(count, np.count_nonzero(x))) if x.any() else np.zeros(0, int)
    residual = system.y - combination(system, support, x[support]) if support.size else system.y
    return Task(system, problem.correlation, problem.size, count, as_number(tol, "tol", low=0), budget,
                Point(0, support, x[support], residual), each, problem.parameter,
                1.0 if units is None else units.matrix)


def _tell(posed, task, point, rows, callback, progress):
    """Report a point in the caller's units."""
    size = point.size if posed.units is None else point.size / posed.units.data
    if task.each:
        x = point.dense(task.system.shape[1])
        x = x if posed.scale is None else x / posed.scale
        rows.append((point.done, float(np.abs(x).sum()), size))
    if callback is not None:
        callback(point.done, x, size)
    if progress is not None:
        progress(point.done, task.budget, f"{point.support.size} atoms, residual {size:.1e}")
