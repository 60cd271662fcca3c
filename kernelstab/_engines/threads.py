"""Work shared out among threads, in a fixed order."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor


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
