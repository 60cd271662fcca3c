"""Compile every compiled loop once, so that the first real problem does not wait."""

from functools import partial

import numpy as np

from kernelstab._engines.named_jobs import run_jobs
from kernelstab.operators import SubsampledFourier, masks
from kernelstab.solvers.batch import solve_batch
from kernelstab.solvers.lasso import lasso
from kernelstab.solvers.omp import omp
from kernelstab.solvers.omp_batch import omp_batch
from kernelstab.solvers.tv import tv
from kernelstab.solvers.wavelet import wavelet_qcbp


def warmup(progress=None) -> dict:
    """Run every solver on a tiny problem per arithmetic; the machine code is kept on disk.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(done, total, name)`` before each, and once at the end.

    Returns
    -------
    dict
        Seconds per loop; a few milliseconds each when the cache was already there.

    Examples
    --------
    >>> [name for name in warmup() if name.startswith("total variation")]
    ['total variation, real', 'total variation, complex', 'total variation, any operator']
    """
    return run_jobs(_jobs(), progress)


def _jobs():
    """Return one call per compiled loop and arithmetic."""
    A, y = np.array([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]), np.array([1.0, 0.25])
    tied = np.hstack([A, A])            # columns that depend on each other take the pivoting loop
    jobs = {
        "exact path": partial(lasso, A, y, 0.1, method="homotopy"),
        "working set, real": partial(lasso, tied, y, 0.1, method="working-set"),
        "working set, complex": partial(lasso, 1j * A, y, 0.1),
        "batch": partial(solve_batch, "lasso", A, y[None], 0.1),
    }
    # half of the frequencies and a fine tolerance lead the splitting through both of its precisions
    mask = masks.uniform((8, 8), 0.5, symmetric=True, rng=0)
    for kind, unit in (("real", 1.0), ("complex", 1j)):
        B, F = unit * A, SubsampledFourier(mask, real=kind == "real")
        z = F.matvec(np.eye(8).ravel())
        jobs |= {
            f"omp, {kind}": partial(omp, B, unit * y, 1),
            f"omp, step by step, {kind}": partial(omp, B, y, 1, history=True),
            f"omp batch, {kind}": partial(omp_batch, B, [y], 1),
            f"wavelets, {kind}": partial(wavelet_qcbp, F, z, 0.1, level=1, tol=1e-8),
            f"total variation, {kind}": partial(tv, F, z, 0.1, tol=1e-8),
        }
    one = np.array([1.0, 0.0, 0.0, 0.0])
    return jobs | {"total variation, any operator": partial(tv, np.eye(4), one, 0.5, method="primal-dual")}
