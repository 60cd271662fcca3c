"""How loops are compiled, and one line on stderr where that takes long.

Compiled files take ``INNER`` (for functions that only compiled code calls) and ``OUTER`` (for those that
Python calls) from here. Once compilation has taken ``PATIENCE`` seconds in a process, it is said so.
"""

import sys
import threading
import time
from contextlib import contextmanager
from typing import Any

from numba.core import event

OUTER: dict[str, Any] = dict(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)
INNER: dict[str, Any] = dict(no_cpython_wrapper=True, **OUTER)
PATIENCE = 2.0      # seconds of compilation
LINE = "kernelstab: compiling loops, this once (ahead of time: kernelstab warmup)"


def _write(line):
    if sys.stderr is not None:
        sys.stderr.write(line + "\n")


class Notice(event.Listener):
    """Add up the seconds that compilation takes, and say ``LINE`` when they are more than ``PATIENCE``.

    Numba compiles one function at a time, and inside it those that it calls.
    """

    def __init__(self):
        self.write, self.told = _write, False
        self.depth, self.spent, self.began = 0, 0.0, 0.0
        self.timer = None

    def on_start(self, _):
        """Start the clock of the outermost function."""
        self.depth += 1
        if self.depth == 1 and not self.told:
            self.began = time.perf_counter()
            self.timer = threading.Timer(max(PATIENCE - self.spent, 0.0), self.say)
            self.timer.daemon = True
            self.timer.start()

    def on_end(self, _):
        """Stop the clock."""
        self.depth -= 1
        if self.depth == 0 and self.timer is not None:
            self.timer.cancel()
            self.timer = None
            self.spent += time.perf_counter() - self.began

    def say(self):
        """Write the line, once in a process."""
        if not self.told:
            self.told = True
            self.write(LINE)


NOTICE = Notice()
event.register("numba:compile", NOTICE)


@contextmanager
def said_by(write):
    """Call ``write(line)`` in place of stderr inside the block."""
    before, NOTICE.write = NOTICE.write, write
    try:
        yield
    finally:
        NOTICE.write = before


def silent():
    """Say nothing inside the block, where somebody else tells what takes long."""
    return said_by(lambda line: None)
