"""Errors and warnings that the package raises in its own name."""

import importlib
from contextlib import contextmanager


class NotConverged(UserWarning):
    """An iterative method stopped at its budget before its tolerance."""


class UnclearRank(UserWarning):
    """Singular values lie so close to the threshold that the rank is a choice."""


class CertificateError(ValueError):
    """A certificate is malformed, was changed, or does not prove what it says."""


@contextmanager
def users_code(what: str, ways: dict | None = None):
    """Report whatever a user's code raises as one line that names it, with the cause attached.

    ``ways`` holds parts of messages and what to do about them, which is said at the end of the line.
    Ctrl-C passes. ``sys.exit`` does not: a map that leaves the program is a broken map.

    >>> with users_code("map 'mine:f'"):
    ...     1 / 0
    Traceback (most recent call last):
        ...
    ValueError: map 'mine:f' raised ZeroDivisionError: division by zero
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        lines = str(error).strip().splitlines()
        detail = f": {lines[0]}" if lines else ""
        found = (f"; {way}" for part, way in (ways or {}).items() if part.lower() in str(error).lower())
        raise ValueError(f"{what} raised {type(error).__name__}{detail}{next(found, '')}") from error


def require(module: str, extra: str | None = None):
    """Import an optional module, or say in one line how to get it.

    >>> require("math").sqrt(4.0)
    2.0
    >>> require("no_such_module", extra="learn")
    Traceback (most recent call last):
        ...
    ImportError: no_such_module is not installed; try: pip install "kernelstab[learn]"
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        package = f'"kernelstab[{extra}]"' if extra else module
        raise ImportError(f"{module} is not installed; try: pip install {package}") from None
