"""Compile every compiled loop once, so that the first real problem does not wait."""

import time

import numpy as np

from kernelstab.solvers.lasso import lasso
from kernelstab.solvers.qcbp import qcbp


def warmup(progress=None) -> dict:
    """Run every solver on a tiny problem per arithmetic; the machine code is kept on disk.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(done, total, name)`` after each.

    Returns
    -------
    dict
        Seconds per loop; a few milliseconds each when the cache was already there.

    Examples
    --------
    >>> sorted(warmup())
    ['lasso, complex', 'lasso, real', 'qcbp, complex', 'qcbp, real']
    """
    A, y = np.array([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]), np.array([1.0, 0.25])
    jobs = [(f"{name}, {kind}", solver, unit)
            for name, solver in (("lasso", lasso), ("qcbp", qcbp))
            for kind, unit in (("real", 1.0), ("complex", 1j))]
    seconds = {}
    for done, (name, solver, unit) in enumerate(jobs, 1):
        began = time.perf_counter()
        solver(A * unit, y, 0.1)
        seconds[name] = time.perf_counter() - began
        if progress is not None:
            progress(done, len(jobs), name)
    return seconds
