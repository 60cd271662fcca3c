"""Compile every compiled loop once, so that the first real problem does not wait."""

import time
from functools import partial

import numpy as np

from kernelstab import kernel, solvers
from kernelstab.operators import SubsampledFourier, masks


def warmup(*parts, progress=None) -> dict:
    """Run every search and solver on a tiny problem; the machine code is kept on disk.

    Parameters
    ----------
    *parts : {"solvers", "kernel"}
        Default: both.
    progress : callable, optional
        Called as ``progress(done, total, name)`` before each run, and once at the end.

    Returns
    -------
    dict
        Seconds per run; little each when the cache was already there.

    Examples
    --------
    >>> sorted(warmup("kernel"))
    ['nsp', 'ric', 'ric, complex', 'robust nsp', 'spark', 'spark, float']
    """
    jobs = {name: job for part in parts or PARTS for name, job in PARTS[part]().items()}
    progress, seconds = progress or (lambda *_: None), {}
    for done, (name, job) in enumerate(jobs.items()):
        progress(done, len(jobs), name)
        began = time.perf_counter()
        job()
        seconds[name] = time.perf_counter() - began
    progress(len(jobs), len(jobs), "done")
    return seconds


def _solvers():
    """Return one call per compiled loop and arithmetic."""
    A, y = np.array([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]), np.array([1.0, 0.25])
    tied = np.hstack([A, A])            # columns that depend on each other take the pivoting loop
    jobs = {
        "exact path": partial(solvers.lasso, A, y, 0.1, method="homotopy"),
        "working set, real": partial(solvers.lasso, tied, y, 0.1, method="working-set"),
        "working set, complex": partial(solvers.lasso, 1j * A, y, 0.1),
        "batch": partial(solvers.solve_batch, "lasso", A, y[None], 0.1),
    }
    # half of the frequencies and a fine tolerance lead the splitting through both of its precisions
    mask = masks.uniform((8, 8), 0.5, symmetric=True, rng=0)
    for kind in ("real", "complex"):
        F = SubsampledFourier(mask, real=kind == "real")
        z = F.matvec(np.eye(8).ravel())
        jobs |= {
            f"wavelets, {kind}": partial(solvers.wavelet_qcbp, F, z, 0.1, level=1, tol=1e-8),
            f"total variation, {kind}": partial(solvers.tv, F, z, 0.1, tol=1e-8),
        }
    one = np.array([1.0, 0.0, 0.0, 0.0])
    return jobs | {
        "total variation, any operator": partial(solvers.tv, np.eye(4), one, 0.5, method="primal-dual")}


def _kernel():
    A = np.random.default_rng(0).standard_normal((5, 10))
    return {
        "spark": partial(kernel.spark, A), "spark, float": partial(kernel.spark, A, arithmetic="float"),
        "ric": partial(kernel.ric, A, 4), "ric, complex": partial(kernel.ric, A * (1 + 1j), 4),
        "nsp": partial(kernel.nsp_constant, A, 3), "robust nsp": partial(kernel.robust_nsp, A, 2, 0.9),
    }


PARTS = {"solvers": _solvers, "kernel": _kernel}
