"""Orthogonal matching pursuit for many small problems at once."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np

from kernelstab._checks import as_array, as_count, as_number
from kernelstab._errors import NotConverged
from kernelstab.solvers._judge_rows import judge_rows, products
from kernelstab.solvers.batch import BatchSolution
from kernelstab.solvers.greedy._fuchs import ROUNDING, reach
from kernelstab.solvers.greedy._walk import power_of_two
from kernelstab.solvers.greedy.omp import omp

_CHUNK = 256          # problems a thread takes at a time
_GRAM_COLUMNS = 4096  # a Gram matrix of more columns takes more than 128 MB


def omp_batch(A, Y, s=None, *, eta=0.0, tol=1e-12, threads=None, progress=None) -> BatchSolution:
    r"""Run :func:`omp` on many problems, for one matrix or a matrix each, without Python in between.

    Parameters
    ----------
    A : ndarray, shape (m, N) or (B, m, N)
        One matrix for all problems, or one for each; real or complex.
    Y : ndarray, shape (B, m)
        Data, one problem per row.
    s : int, optional
        The largest number of columns; without it ``min(m, N)``.
    eta : float or ndarray, shape (B,)
        Noise levels, as in :func:`omp`.
    tol : float
        A normalised correlation up to ``tol * ||y||`` counts as zero. Updates by a Gram matrix
        lose a few digits, so that this is larger than for single problems.
    threads : int, optional
        How many threads share the problems; all processors by default. The answer does not depend
        on it.
    progress : callable, optional
        Called as ``progress(done, total, note)`` after every chunk of problems.

    Returns
    -------
    BatchSolution
        As :func:`omp` returns them: every point with its dual point and its gap as a candidate
        for the least :math:`\|z\|_1` at its own residual.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, ``s`` is not in ``1..min(m, N)``, or
        ``eta < 0``.

    Warns
    -----
    NotConverged
        Once, if any problem with ``eta > 0`` has not reached it.

    Notes
    -----
    For a shared matrix the Gram matrix :math:`G=A^*A` and all :math:`A^*y` are computed first. If
    the rows of :math:`Q` are an orthonormal basis of the chosen columns, then :math:`Q^*A` grows by
    the row :math:`(G_j-\sum_i\overline{(Q^*A)_{ij}}(Q^*A)_i)/\ell` when column ``j`` is chosen (the
    Cholesky factor of :math:`G` with the pivots that the correlations choose, over all
    columns), and the correlations of the residual lose a multiple of that row. A step costs
    :math:`kN` multiplications, no pass over ``A`` and no triangular solve. Residuals are measured
    from the columns once their square has lost its digits. Columns within 1e-6 of the span of
    those chosen cannot be judged by a Gram matrix: such problems are handed to :func:`omp`.
    Matrices of their own are gone through once per column.

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
    A, Y, s, etas = _checked(A, Y, s, eta)
    tol = as_number(tol, "tol", low=0)
    threads = _available() if threads is None else as_count(threads, "threads", low=1)
    scales = power_of_two(Y)
    scaled = Y * scales[:, None]
    size = np.linalg.norm(scaled, axis=1)
    X, H, counts, unclear = _chosen(A, scaled, s, etas * scales, tol * size, threads, progress)
    X /= scales[:, None]
    methods = ["orthogonal matching pursuit, compiled batch"] * len(Y)
    for i in np.flatnonzero(unclear):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotConverged)  # said once for the whole batch
            one = omp(A, Y[i], s, eta=etas[i], tol=tol)
        X[i], H[i], counts[i], methods[i] = one.x, one.dual, one.iterations, one.method
    images, pulled = products(A, X, H)
    levels = np.linalg.norm(Y - images, axis=1)
    _add_residual(A, Y, H, pulled, Y - images, levels)
    found = judge_rows("qcbp", Y, levels, X, H, images, pulled, False)
    converged = (etas == 0) | (levels <= etas * (1 + 1e-12))
    if not converged.all():
        warnings.warn(f"{int((~converged).sum())} of {len(Y)} problems stopped above their eta",
                      NotConverged, stacklevel=2)
    return BatchSolution(**found, iterations=counts, converged=converged, methods=methods)


def _checked(A, Y, s, eta):
    A, Y = as_array(A, "A"), as_array(Y, "Y", ndim=2)
    if A.ndim not in (2, 3):
        raise ValueError(f"A must have shape (m, N) or (B, m, N), got {A.shape}")
    if Y.shape[1] != A.shape[-2] or (A.ndim == 3 and len(A) != len(Y)):
        rows = f"({len(A) if A.ndim == 3 else 'B'}, {A.shape[-2]})"
        raise ValueError(f"Y must have shape {rows}, got {Y.shape}")
    dtype = np.result_type(A, Y)
    etas = as_array(eta, "eta", real=True)
    if etas.shape not in ((), (len(Y),)) or etas.min() < 0:
        raise ValueError(f"eta must be one nonnegative number or {len(Y)}, got {eta!r}")
    low = min(A.shape[-2:])
    s = low if s is None else as_count(s, "s", low=1, high=low)
    return A.astype(dtype, copy=False), Y.astype(dtype, copy=False), s, np.broadcast_to(etas, (len(Y),))


def _chosen(A, Y, s, etas, floors, threads, progress):
    """Run the compiled loops, in chunks that do not depend on which thread takes them."""
    from kernelstab.solvers.greedy import _omp_jit as loops

    count, n = len(Y), A.shape[-1]
    V = np.require(np.swapaxes(A, -1, -2), None, ["C", "W"])
    norms = np.sqrt(np.sum(V.real**2, axis=-1) + np.sum(V.imag**2, axis=-1))
    weights = np.divide(1.0, norms, out=np.zeros(norms.shape), where=norms > 0)
    shared = A.ndim == 2 and n <= _GRAM_COLUMNS
    if shared:
        gram, correlations = V.conj() @ A, Y @ A.conj()
    elif A.ndim == 2:
        V, weights = V[None], weights[None]
    X, H = np.empty((count, n), Y.dtype), np.empty_like(Y)
    counts, reasons = np.empty(count, np.int64), np.empty(count, np.int64)

    def work(first, last):
        part = slice(first, last)
        rest = (s, etas[part], floors[part], X[part], H[part], counts[part], reasons[part])
        if shared:
            loops.gram_batch(V, gram, Y[part], correlations[part], weights, *rest)
        else:
            own = part if A.ndim == 3 else slice(None)
            loops.column_batch(V[own], Y[part], weights[own], *rest)
        return last - first

    pool, done = ThreadPoolExecutor(threads), 0
    try:
        jobs = [pool.submit(work, i, min(i + _CHUNK, count)) for i in range(0, count, _CHUNK)]
        for job in as_completed(jobs):
            done += job.result()
            if progress is not None:
                progress(done, count, "problems")
    finally:
        pool.shutdown(cancel_futures=True)
    # Dependence is final for columns, but not for their Gram matrix.
    return X, H, counts, shared & (reasons == loops.DEPENDENT)


def _add_residual(A, Y, H, pulled, R, levels):
    """Add to the rows of ``H`` what the residuals allow, or take the residuals; see ``dual_direction``."""
    rows = np.flatnonzero(levels > ROUNDING * np.linalg.norm(Y, axis=1))
    if not rows.size:
        return
    own, start = A if A.ndim == 2 else A[rows], pulled[rows]
    slope = products(own, start, R[rows])[1]
    t = reach(start, slope)[:, None]
    joint, joint_pulled = H[rows] + t * R[rows], start + t * slope
    worse = (_values(joint, joint_pulled, Y[rows], levels[rows])
             < _values(R[rows], slope, Y[rows], levels[rows]))[:, None]
    H[rows], pulled[rows] = np.where(worse, R[rows], joint), np.where(worse, slope, joint_pulled)


def _values(H, pulled, Y, level):
    """Return the dual values of the multiples of the rows that just meet their constraints."""
    peak = np.abs(pulled).max(axis=1)
    value = np.einsum("ij,ij->i", H.conj(), Y).real - level * np.linalg.norm(H, axis=1)
    return np.divide(value, peak, out=np.zeros(peak.size), where=peak > 0)


def _available():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
