"""What a reader needs to run the same computation again."""

import hashlib
import importlib.metadata
import platform
from datetime import UTC, datetime

import numpy as np

from kernelstab import __version__

_PACKAGES = ("numpy", "scipy", "numba", "matplotlib", "python-flint", "PyWavelets", "torch")


def provenance(seed: int) -> dict:
    """Return seed, versions, machine type and time; no names, no paths.

    >>> record = provenance(7)
    >>> record["seed"], sorted(record)
    (7, ['kernelstab', 'machine', 'packages', 'python', 'seed', 'system', 'time'])
    """
    return {
        "kernelstab": __version__,
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name)) is not None},
        "system": platform.system(),
        "machine": platform.machine(),
        "seed": seed,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def fingerprint(array) -> str:
    """Return a SHA-256 of values, shape and type, to tell whether two runs saw the same data.

    >>> fingerprint(np.zeros(2)) == fingerprint(np.zeros((2, 1)))
    False
    """
    array = np.ascontiguousarray(array)
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
