"""All supports of one size, cut into pieces that threads work through in a fixed order."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from math import comb

from kernelstab._checks import as_count


def pieces(n, size, most, prefix=()):
    """Yield ``(prefix, count)`` such that every support of ``size`` out of ``n`` begins with one prefix.

    A prefix stands for the ``count`` supports that continue it with larger indices; it is
    lengthened until ``count`` is at most ``most``, or two free places are left.

    >>> list(pieces(4, 3, 2))
    [((0,), 3), ((1,), 1)]
    """
    free = size - len(prefix)
    start = prefix[-1] + 1 if prefix else 0
    count = comb(n - start, free)
    if count == 0:
        return
    if count <= most or free <= 2:
        yield prefix, count
        return
    for first in range(start, n):
        yield from pieces(n, size, most, (*prefix, first))


def thread_count(threads) -> int:
    """Read the keyword ``threads``: None stands for the processors that this process may use."""
    if threads is not None:
        return as_count(threads, "threads", low=1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work, jobs, threads):
    """Yield ``(job, work(job))`` in the order of the jobs, computed ahead by several threads.

    Closing the generator, or an exception in it, waits only for the jobs that have begun.
    """
    if threads == 1:
        for job in jobs:
            yield job, work(job)
        return
    pool = ThreadPoolExecutor(threads)
    ahead = deque()
    try:
        for job in jobs:
            ahead.append((job, pool.submit(work, job)))
            if len(ahead) > 2 * threads:
                first, answer = ahead.popleft()
                yield first, answer.result()
        while ahead:
            first, answer = ahead.popleft()
            yield first, answer.result()
    finally:
        pool.shutdown(cancel_futures=True)
