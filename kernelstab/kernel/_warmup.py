"""Compile every compiled loop of the kernel's constants once, so that the first real matrix does not wait."""

from functools import partial

import numpy as np

from kernelstab._engines.named_jobs import run_jobs
from kernelstab.kernel.nsp import nsp_constant
from kernelstab.kernel.ric import ric
from kernelstab.kernel.robust_nsp import robust_nsp
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
    ['nsp', 'ric', 'ric, complex', 'robust nsp', 'spark', 'spark, float']
    """
    A = np.random.default_rng(0).standard_normal((5, 10))
    return run_jobs({
        "spark": partial(spark, A), "spark, float": partial(spark, A, arithmetic="float"),
        "ric": partial(ric, A, 4), "ric, complex": partial(ric, A * (1 + 1j), 4),
        "nsp": partial(nsp_constant, A, 3), "robust nsp": partial(robust_nsp, A, 2, 0.9),
    }, progress)
