"""Named jobs, run one after the other and timed: the loop of every warm-up."""

import time


def run_jobs(jobs, progress=None) -> dict:
    """Run ``jobs``, a dictionary of functions without arguments; return the seconds that each took.

    ``progress(done, total, name)`` is called before each, and once at the end.

    >>> list(run_jobs({"one": lambda: 1, "two": lambda: 2}, lambda *step: print(*step)))
    0 2 one
    1 2 two
    2 2 done
    ['one', 'two']
    """
    progress, seconds = progress or (lambda *_: None), {}
    for done, (name, job) in enumerate(jobs.items()):
        progress(done, len(jobs), name)
        began = time.perf_counter()
        job()
        seconds[name] = time.perf_counter() - began
    progress(len(jobs), len(jobs), "done")
    return seconds
