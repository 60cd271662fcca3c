"""Files that are either complete or not there, and what they say of how they were made.

Standard library only, because the verifier of certificates needs no more.
"""

import hashlib
import json
import os
import platform
import secrets
import stat
import sys
import zipfile
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from math import prod
from pathlib import Path

from kernelstab import __version__

_PACKAGES = ("numpy", "scipy", "numba", "matplotlib", "python-flint", "PyWavelets", "torch")

_MOST_UNPACKED, _MOST_RATIO = 1 << 28, 100      # bytes of a compressed archive, and times its own size


def write_atomic(path, content: str | bytes) -> Path:
    """Write a file under a temporary name beside it, then rename it into place.

    A reader, or an interrupt, sees the old file or the new one and never a part.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_atomic(Path(folder) / "a.txt", "whole")
    ...     path.read_text(), os.listdir(folder)
    ('whole', ['a.txt'])
    """
    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, temporary = _fresh(path)
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(data)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def _fresh(path):
    """Make a file beside ``path`` that no one else has; the system applies the mask of new files."""
    if path.exists() and not path.is_file():
        raise OSError(f"{path} exists and is not a plain file")
    temporary = path.parent / f".{path.name[:50]}.{secrets.token_hex(8)}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.open(temporary, flags, 0o666), temporary


def require_writable(path, name) -> None:
    """Refuse a file that cannot be written, before the work and not after it; None passes.

    >>> require_writable("no/such/folder/a.npz", "out")
    Traceback (most recent call last):
        ...
    ValueError: out: no such folder: no/such/folder
    """
    if path is None:
        return
    path = Path(path)
    if not path.parent.is_dir():
        raise ValueError(f"{name}: no such folder: {path.parent}")
    if path.is_dir():
        raise ValueError(f"{name} must be a file, but {path} is a folder")
    try:
        handle, temporary = _fresh(path)
    except OSError as error:
        raise ValueError(f"{name} cannot be written: {error}") from None
    os.close(handle)
    temporary.unlink()


def read_plain(path, most: int | None = None) -> bytes:
    """Return the bytes of a plain file; a pipe or a device, or more than ``most`` bytes, is an OSError."""
    with open_plain(path) as source:
        size = os.fstat(source.fileno()).st_size
        if most is not None and size > most:
            raise OSError(f"{path} has {size} bytes, more than {most}")
        return source.read() if most is None else source.read(most)


def open_plain(path):
    """Open a plain file to read its bytes; a pipe would wait for its writer, and a device need not end."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is not a plain file")
    return os.fdopen(handle, "rb")


def read_numpy(path) -> dict:
    """Return the arrays of an ``.npz`` file by their names, or that of an ``.npy`` file as ``""``.

    Sizes are compared with the file before memory is taken, and nothing pickled is read. What is wrong with
    a file raises an OSError, a ValueError, or what zipfile and zlib raise.
    """
    with open_plain(path) as source:
        size = os.fstat(source.fileno()).st_size
        if source.read(2) != b"PK":
            source.seek(0)
            return {"": _read_array(source, size)}
        found: dict = {}
        with zipfile.ZipFile(source) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
            if unpacked > max(_MOST_UNPACKED, _MOST_RATIO * size):
                raise ValueError(f"it unpacks to {unpacked} bytes, more than {_MOST_RATIO} times its size")
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                if name in found or name == info.filename:
                    raise ValueError(f"it holds {info.filename!r:.60}, which is no array or there twice")
                with archive.open(info) as member:
                    found[name] = _read_array(member, info.file_size)
        return found


def _read_array(stream, size):
    """Read an array whose header declares no more bytes than there are."""
    from numpy.lib import format as layout  # the verifier, which loads no numpy, reads no arrays

    readers = {(1, 0): layout.read_array_header_1_0, (2, 0): layout.read_array_header_2_0}
    version = layout.read_magic(stream)
    if version not in readers:
        raise ValueError(f"arrays of version {version} are not read")
    try:
        shape, _, dtype = readers[version](stream)
    except Exception as error:        # the header is an expression in Python, and so are its errors
        raise ValueError(f"the header of an array cannot be read: {type(error).__name__}") from error
    declared = prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or declared > size - stream.tell():
        raise ValueError(f"an array of shape {shape} and dtype {dtype} needs {declared} bytes, "
                         f"got {size - stream.tell()}")
    stream.seek(0)
    return layout.read_array(stream, allow_pickle=False)


@contextmanager
def streams():
    """Let a command print whatever the standard streams are: closed ones swallow, broken ones end quietly."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))       # noqa: SIM115 - until the process ends
    try:
        with suppress(BrokenPipeError):           # the reader, such as `head`, has seen enough
            yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):         # nothing is left to be said when the process ends
                with suppress(OSError, ValueError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def to_json_text(plain) -> str:
    """Return plain values as JSON text; NaN and infinity are refused, because JSON has none.

    >>> to_json_text({"a": 1.5})
    '{\\n "a": 1.5\\n}\\n'
    """
    return json.dumps(plain, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def sha256(path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    return hashlib.sha256(read_plain(path)).hexdigest()


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
