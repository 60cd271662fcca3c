"""Exact and ball arithmetic, certificates and their verifier.

A theorem is a :class:`Program` on named inputs. ``run_floats`` and ``run_balls`` decide its claims
without and with proof; ``make_certificate`` keeps program, inputs and claims in one file; ``verify``
proves the file again, knowing the instructions but no theorem (``python -m kernelstab.certify FILE``).
``make_constant_certificate`` does the same for bounds on a constant of one matrix.

Three folders: ``program`` runs the program of a theorem again, ``constants`` checks the proofs of bounds
on constants; both are what a reader of certificates has to trust, use python-flint and the standard
library alone, and neither imports the other. ``writing`` makes certificates. The files beside them are
shared: what a certificate file is, arrays inside it, enclosures, decisions, and ``verify``.
Names are loaded when they are first used, because the verifier must not load numpy.
"""

import importlib

_PLACES = {
    "Enclosure": "enclosure", "Decision": "enclosure", "Evaluation": "enclosure",
    "Verification": "verification", "verify": "verification",
    "read_certificate": "certificate", "write_certificate": "certificate", "make_collection": "certificate",
    "Program": "writing.terms", "norm": "writing.terms", "inner": "writing.terms", "maximum": "writing.terms",
    "lipschitz": "writing.terms", "run_floats": "writing.programs", "run_balls": "writing.programs",
    "run_exact": "writing.programs", "make_certificate": "writing.programs",
    "make_constant_certificate": "writing.constant_certificate",
    "exact_matrix": "writing.constant_certificate", "kernel_vector_near": "writing.null_space",
    "sparse_entries": "writing.null_space", "exact_nullspace": "writing.null_space",
    "exact_rank": "writing.null_space",
}

__all__ = sorted(_PLACES)


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__():
    return __all__
