"""Numerical experiments with proofs on the kernel of a forward matrix.

Every folder of the package is loaded when it is first named, so that
``import kernelstab`` costs nothing and needs none of the heavy libraries:

>>> import kernelstab as ks
>>> A = ks.operators.gaussian(20, 64, rng=0)
>>> A.shape
(20, 64)
"""

import importlib

__version__ = "0.1.0"

_FOLDERS = (
    "operators", "data", "certify", "kernel", "priors", "solvers", "maps", "stability", "theorems", "plot",
    "report",
)

__all__ = ["__version__", *_FOLDERS]


def __getattr__(name):
    if name in _FOLDERS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
