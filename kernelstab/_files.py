"""Files that are either complete or not there, and what they say of how they were made.

Standard library only, because the verifier of certificates needs no more.
"""

import hashlib
import json
import os
import platform
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from kernelstab import __version__

_PACKAGES = ("numpy", "scipy", "numba", "matplotlib", "python-flint", "PyWavelets", "torch")


def write_atomic(path, content: str | bytes) -> Path:
    """Write a file under a temporary name beside it, then rename it into place.

    A reader, or an interrupt, sees the old file or the new one and never a part.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_atomic(Path(folder) / "a.txt", "whole")
    ...     path.read_text(), os.listdir(folder)
    ('whole', ['a.txt'])
    """
    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def to_json_text(plain) -> str:
    """Return plain values as JSON text; NaN and infinity are refused, because JSON has none.

    >>> to_json_text({"a": 1.5})
    '{\\n "a": 1.5\\n}\\n'
    """
    return json.dumps(plain, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def sha256(path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def provenance(seed, *, timed=False) -> dict:
    """Return what a reader needs to run the same computation again: no names, no paths.

    With ``timed`` two files of one computation differ by the time they hold.

    >>> record = provenance(7)
    >>> record["seed"], sorted(record)
    (7, ['kernelstab', 'machine', 'packages', 'python', 'seed', 'system'])
    """
    record = {
        "kernelstab": __version__, "python": platform.python_version(), "packages": dict(_versions()),
        "system": platform.system(), "machine": platform.machine(), "seed": seed,
    }
    return record | ({"time": datetime.now(UTC).isoformat(timespec="seconds")} if timed else {})


@cache
def _versions() -> dict:
    """Return the versions of the packages that are installed."""
    from importlib import metadata  # the verifier, which writes nothing, need not load it

    found = {}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def fingerprint(array) -> str:
    """Return a SHA-256 of values, shape and type, to tell whether two runs saw the same data.

    >>> import numpy as np
    >>> fingerprint(np.zeros(2)) == fingerprint(np.zeros((2, 1)))
    False
    """
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()
