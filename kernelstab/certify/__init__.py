"""Exact and ball arithmetic, certificates and their verifier.

A theorem is a :class:`Program` on named inputs. ``run_floats`` and ``run_balls`` decide
its claims without and with proof; ``make_certificate`` keeps program, inputs and claims in
one file; ``verify`` proves the file again, knowing the instructions but no theorem, with
python-flint and the standard library alone (``python -m kernelstab.certify FILE``).
``make_constant_certificate`` does the same for bounds on a constant of one matrix, whose
proofs are checked in ``constants``.
Names are loaded when they are first used, because the verifier must not load numpy.
"""

import importlib

_PLACES = {
    "Program": "program", "Decision": "evaluation", "Evaluation": "evaluation",
    "Enclosure": "enclosure", "run_floats": "floats", "run_balls": "runs", "run_exact": "runs",
    "make_certificate": "make", "write_certificate": "certificate", "read_certificate": "certificate",
    "make_collection": "certificate",
    "Verification": "verification", "verify": "verification",
    "exact_nullspace": "exact", "exact_rank": "exact", "make_constant_certificate": "constants.make",
}

__all__ = sorted(_PLACES)


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__():
    return __all__
