"""Notice that loops are being compiled: nothing is said where the cache of an earlier run has them."""

from contextlib import contextmanager

from numba.core import event


class _First(event.Listener):
    """Call a function at the first event only."""

    def __init__(self, call):
        self.call = call

    def on_start(self, _):
        call, self.call = self.call, None
        if call is not None:
            call()

    def on_end(self, _):
        pass


@contextmanager
def first_compilation(call):
    """Call ``call()`` when the first loop is compiled inside the block, if one is at all."""
    with event.install_listener("numba:compile", _First(call)):
        yield
