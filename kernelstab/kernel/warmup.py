"""Compile every compiled loop of the kernel's constants once, so that the first real matrix does not wait."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from kernelstab.kernel.nsp import nsp_constant
from kernelstab.kernel.ric import ric
from kernelstab.kernel.robust_nsp import robust_nsp
from kernelstab.kernel.sizes import average_kernel_size, finite_kernel_size
from kernelstab.kernel.spark import spark


def warmup(progress=None) -> dict:
    """Run every search on a tiny matrix; the machine code is kept on disk.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(done, total, name)`` before each, and once at the end.

    Returns
    -------
    dict
        Seconds per search; little each when the cache was already there.

    Examples
    --------
    >>> sorted(warmup())
    ['average', 'finite set', 'nsp', 'ric', 'ric, complex', 'robust nsp', 'spark', 'spark, float']
    """
    rng = np.random.default_rng(0)
    A, signals = rng.standard_normal((5, 10)), rng.random((60, 10))
    jobs: dict[str, Callable[[], object]] = {
        "spark": partial(spark, A), "spark, float": partial(spark, A, arithmetic="float"),
        "ric": partial(ric, A, 4), "ric, complex": partial(ric, A * (1 + 1j), 4),
        "nsp": partial(nsp_constant, A, 3), "robust nsp": partial(robust_nsp, A, 2, 0.9),
        "finite set": partial(_finite_sets, A, signals),
        "average": partial(_averages, A, signals),
    }
    seconds: dict[str, float] = {}
    for name, job in jobs.items():
        if progress is not None:
            progress(len(seconds), len(jobs), name)
        began = time.perf_counter()
        job()
        seconds[name] = time.perf_counter() - began
    if progress is not None:
        progress(len(jobs), len(jobs), "done")
    return seconds


def _finite_sets(A, signals):
    for rows, eps in ((A, 1.0), (A[:1], 0.02)):      # many pairs share data, and few
        finite_kernel_size(rows, signals, eps)


def _averages(A, signals):
    for weights in ("law", "partition"):
        average_kernel_size(A[:1], signals, 1.0, weights=weights, resamples=2, rng=0)
