"""Orthogonal matching pursuit for many small problems at once."""

import warnings

import numpy as np

from kernelstab._checks import as_array, as_callable, as_count, as_number, thread_count
from kernelstab._engines.greedy.pursuit import pursuit_batch
from kernelstab._engines.greedy.task import EXTREME, UNCLEAR
from kernelstab._errors import NotConverged
from kernelstab.solvers.batch import BatchSolution
from kernelstab.solvers.omp import omp


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
        Also if floating point cannot hold the answer.

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
    those chosen cannot be judged by a Gram matrix: such problems are handed to :func:`omp`, and so are
    those with numbers of extreme size.
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
    threads = thread_count(threads)
    progress = as_callable(progress, "progress")
    proof, counts, reasons = pursuit_batch(A, Y, etas, tol, s, threads, progress)
    found = proof._asdict() | {"iterations": counts}
    methods = ["orthogonal matching pursuit, compiled batch"] * len(Y)
    for i in np.flatnonzero((reasons == UNCLEAR) | (reasons == EXTREME) & Y.any(axis=1)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotConverged)  # said once for the whole batch
            one = omp(A if A.ndim == 2 else A[i], Y[i], s, eta=etas[i], tol=tol)
        methods[i] = one.method
        for name, values in found.items():
            values[i] = getattr(one, name)
    objective, gap = found["objective"], found["gap"]
    converged = (etas == 0) | (found["residual"] <= etas * (1 + 1e-12))
    if not converged.all():
        warnings.warn(f"{int((~converged).sum())} of {len(Y)} problems stopped above their eta",
                      NotConverged, stacklevel=2)
    ratio = np.divide(gap, objective, out=np.where(gap > 0, np.inf, 0.0), where=objective > 0)
    return BatchSolution(**found, relative_gap=ratio, feasibility=np.zeros(len(Y)), converged=converged,
                         methods=methods)


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
    A, Y = (np.require(array, dtype, ["C", "A", "W"]) for array in (A, Y))
    return A, Y, s, np.array(np.broadcast_to(etas, (len(Y),)))
