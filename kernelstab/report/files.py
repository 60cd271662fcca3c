"""Files that are either complete or not there."""

import hashlib
import json
import os
import tempfile
from pathlib import Path


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
        os.chmod(temporary, 0o666 & ~_umask())
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
