"""Proofs of bounds on the constants of one matrix, as checkers that know no search.

A constant has a name, a module with the function ``check`` and the table ``KINDS``, side -> kind of proof ->
its fields, and nothing else here:

``check(matrix, order, options, side, proof) -> Fraction``
    Return the best lower or upper bound (``side``) that the proof proves for the constant of the
    exact ``matrix`` (an ``ExactMatrix`` or ``ComplexExactMatrix``). ``proof`` and ``options`` hold
    plain values, with encoded arrays decoded to :class:`~kernelstab.certify.arrays.Array`; whatever
    is malformed or proves nothing raises :class:`~kernelstab._errors.CertificateError` with one
    line. An irrational bound is rounded outward.

Checkers need python-flint and the standard library only; they are imported when a certificate names
them. What writes proofs is in ``writing``.
"""

import importlib
from typing import NamedTuple

from kernelstab._errors import CertificateError


class Constant(NamedTuple):
    """How a constant is written, where its checker is, and which options belong to it."""

    symbol: str
    module: str
    options: tuple[str, ...] = ()
    ordered: bool = False
    real_only: bool = False
    function: str = "check"


CONSTANTS = {
    "coherence": Constant("mu", "coherence"),
    "detail-interval": Constant("detail", "detail_interval", ("d", "end", "eps", "prior", "y"),
                                real_only=True),
    "kernel-size": Constant("kersize", "kernel_size", ("eps", "norm", "prior")),
    "nsp": Constant("alpha", "nsp", ("levels", "sparsities", "weights"), True),
    "optimal-value": Constant("value", "optimal_value", ("level", "nonneg", "problem", "weights", "y")),
    "rank": Constant("rank", "rank"),
    "recovery": Constant("theta", "recovery", ("signs", "support"), real_only=True),
    "ric-minus": Constant("delta^-", "isometry", ordered=True, function="check_lower"),
    "ric-plus": Constant("delta^+", "isometry", ordered=True, function="check_upper"),
    "robust-nsp-l1": Constant("tau", "robust_nsp", ("rho",), True, real_only=True),
    "spark": Constant("spark", "spark"),
}

__all__ = ["CONSTANTS", "Constant", "checker"]


def checker(name, is_complex=False):
    """Return the function ``check`` of a constant.

    Raises
    ------
    CertificateError
        If no constant has this name, or its checker cannot read complex matrices.

    >>> checker("sparkle")
    Traceback (most recent call last):
        ...
    kernelstab._errors.CertificateError: no constant is called 'sparkle'
    """
    if name not in CONSTANTS:
        raise CertificateError(f"no constant is called {name!r:.60}")
    constant = CONSTANTS[name]
    if is_complex and constant.real_only:
        raise CertificateError(f"{name} is for real matrices")
    return getattr(importlib.import_module(f"{__name__}.{constant.module}"), constant.function)
