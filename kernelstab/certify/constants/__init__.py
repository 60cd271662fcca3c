"""Proofs of bounds on the constants of one matrix, as checkers that know no search.

The table says for each constant how it is written, where its checker is, which kinds of proof of a lower and
of an upper bound there are, and which fields they have; a field that ends in ``?`` may be absent.

``check(matrix, order, options, side, proof) -> Fraction``
    Return the best lower or upper bound (``side``) that the proof proves for the constant of the exact
    ``matrix``. ``options`` and the fields of ``proof`` hold plain values, with encoded arrays decoded to
    :class:`~kernelstab.certify.arrays.Array`; that names and fields are those of the table has been checked.
    Whatever else is malformed or proves nothing raises :class:`~kernelstab._errors.CertificateError` with one
    line. An irrational bound is rounded outward.

Checkers need python-flint and the standard library only; they are imported when a certificate names
them. What writes proofs is in ``writing``.
"""

import importlib
from typing import Any, NamedTuple

from kernelstab._errors import CertificateError


class Constant(NamedTuple):
    """How a constant is written, its checker, its kinds of proof with their fields, and its options."""

    symbol: str
    module: str
    lower: dict[str, tuple[str, ...]]
    upper: dict[str, tuple[str, ...]]
    options: tuple[str, ...] = ()
    ordered: bool = False
    real_only: bool = False
    function: str = "check"
    given_up: Any = ()           # (kind that was checked once, of complex matrices) -> why it is refused now


_DETAIL = {"dual": ("q", "mu?"), "enumeration": (), "point": ("x",)}
_ISOMETRY = {"enumeration": ("bound",), "gershgorin": (), "sdp": ("Y", "t")}
_JN = "jn is never worse; make the certificate again with it"
_ARCS = "a complex matrix is proved by arcs; make the certificate again"
CONSTANTS = {
    "coherence": Constant("mu", "gram", {"gram": ()}, {"gram": ()}, function="check_coherence"),
    "detail-interval": Constant("detail", "detail_interval", _DETAIL, _DETAIL,
                                ("d", "end", "eps", "prior", "y"), real_only=True),
    "kernel-size": Constant(
        "kersize", "kernel_size",
        {"pair": ("x", "x_alt", "denominator"), "ray": ("direction", "reach"),
         "signals": ("first", "second")},
        {"multipliers": ("alpha", "beta"), "duals": ("mu", "q"), "diagonal": ("d", "f"),
         "coordinates": ("q",), "matrix": ("Y", "beta"), "supports": ("sigma",), "enumeration": (),
         "injective": ("prime",)},
        ("eps", "norm", "prior")),
    "nsp": Constant(
        "alpha", "nsp", {"kernel-vector": ("columns", "entries", "imag?")},
        {"duals": ("groups",), "arcs": ("groups", "polygon"), "jn": ("Y",), "trivial-kernel": ("prime",)},
        ("levels", "sparsities", "weights"), ordered=True,
        given_up={("sdp", False): _JN, ("sdp", True): _JN, ("duals", True): _ARCS}),
    "optimal-value": Constant("value", "optimal_value", {"dual": ("h",)},
                              {"point": ("x",), "corrected-point": ("columns", "x")},
                              ("level", "nonneg", "problem", "weights", "y")),
    "rank": Constant("rank", "dependence", {"modular": ("prime",)},
                     {"kernel-basis": ("vectors",), "shape": ()}, function="check_rank"),
    "recovery": Constant("theta", "recovery", {"kernel-vector": ("columns", "entries")}, {"dual": ("h",)},
                         ("signs", "support"), real_only=True),
    "ric-minus": Constant("delta^-", "gram", {"vector": ("entries", "support")}, _ISOMETRY, ordered=True,
                          function="check_lower"),
    "ric-plus": Constant("delta^+", "gram", {"vector": ("entries", "support")}, _ISOMETRY, ordered=True,
                         function="check_upper"),
    "robust-nsp-l1": Constant("tau", "robust_nsp", {"vector": ("entries",)}, {"duals": ("groups",)}, ("rho",),
                              ordered=True, real_only=True),
    "spark": Constant("spark", "dependence", {"ranks": ("prime", "size")},
                      {"dependent": ("columns", "entries")}, function="check_spark"),
}

__all__ = ["CONSTANTS", "Constant", "checker"]


def checker(name, is_complex=False):
    """Return the function ``check`` of a constant.

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
