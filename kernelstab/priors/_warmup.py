"""Compile the loops over finite sets of signals once, so that the first real set does not wait."""

import numpy as np

from kernelstab._engines.named_jobs import run_jobs
from kernelstab.priors.average import average_kernel_size
from kernelstab.priors.finite_set import finite_kernel_size


def warmup(progress=None) -> dict:
    """Run every search over signals on a tiny set; the machine code is kept on disk.

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
    ['average', 'finite set']
    """
    rng = np.random.default_rng(0)
    A, signals = rng.standard_normal((5, 10)), rng.random((60, 10))

    def finite_sets():
        for rows, eps in ((A, 1.0), (A[:1], 0.02)):      # many pairs share data, and few
            finite_kernel_size(rows, signals, eps)

    def averages():
        for weights in ("law", "partition"):
            average_kernel_size(A[:1], signals, 1.0, weights=weights, resamples=2, rng=0)

    return run_jobs({"finite set": finite_sets, "average": averages}, progress)
