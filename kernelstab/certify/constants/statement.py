"""What a certificate of a constant states, and the proof of it from the file alone."""

from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from json import dumps
from math import inf, nan
from typing import NamedTuple

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import decode
from kernelstab.certify.constants import CONSTANTS, checker
from kernelstab.certify.constants.matrix import read_matrix
from kernelstab.certify.constants.reading import decimal
from kernelstab.certify.enclosure import (
    Decision,
    Enclosure,
    between,
    decimal_above,
    decimal_below,
    round_down,
    round_up,
)

SIDES = {"lower": ">=", "upper": "<="}
_FIELDS = {"side", "value", "proof"}
_MOST_ORDER = 1 << 22


class Proof(NamedTuple):
    """What a certificate of a constant proves: its bounds, the constant as written, its range, the matrix."""

    claims: tuple[Decision, ...]
    symbol: str
    enclosure: Enclosure
    subject: str


def bound(name, matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves, by the checker of the constant; arrays may still be encoded.

    A checker that stumbles over malformed content refuses it: only CertificateError is raised.
    """
    check = checker(name, matrix.is_complex)
    if side not in SIDES:
        raise CertificateError(f"side must be 'lower' or 'upper', got {side!r:.60}")
    unknown = sorted(set(options) - set(CONSTANTS[name].options))
    if unknown:
        raise CertificateError(f"{name} has no option {unknown[0]!r:.60}")
    if (order is None) == CONSTANTS[name].ordered:
        raise CertificateError(f"{name} {'needs an order' if order is None else 'has no order'}")
    if order is not None and not 1 <= order <= _MOST_ORDER:
        raise CertificateError(f"order must lie in [1, {_MOST_ORDER}], got {order!r:.60}")
    try:
        _check_fields(name, matrix.is_complex, side, proof)
        found = check(matrix, order, decode(options), side, decode(proof))
    except (MemoryError, RecursionError):
        raise
    except CertificateError as error:
        raise CertificateError(f"{side} bound: {error}") from error
    except Exception as error:
        what = f"{error}" if isinstance(error, ValueError) else f"{error!r}"
        raise CertificateError(f"{side} bound: proof is malformed: {what:.200}") from error
    if not isinstance(found, Fraction):
        raise CertificateError(f"{side} bound: the checker of {name} found no number")
    return found


def _check_fields(name, is_complex, side, proof):
    """Refuse a proof unless the constant and side know its kind, and it has exactly the fields of that."""
    kinds, given_up = getattr(CONSTANTS[name], side), CONSTANTS[name].given_up
    kind = proof.get("kind") if isinstance(proof, dict) else None
    if not isinstance(kind, str):
        raise CertificateError("proof must name its kind")
    if (kind, is_complex) in given_up:
        raise CertificateError(f"proofs of kind {kind} are no longer checked: {given_up[kind, is_complex]}")
    if kind not in kinds:
        raise CertificateError(f"proof must be one of {', '.join(kinds)}, got {kind!r:.60}")
    known = {"kind", *(field.rstrip("?") for field in kinds[kind])}
    needed = {"kind", *(field for field in kinds[kind] if not field.endswith("?"))}
    odd = sorted(needed - set(proof)) + sorted(set(proof) - known)
    if odd:
        verb = "lacks" if odd[0] in needed else "knows no"
        raise CertificateError(f"proof {kind} {verb} field {odd[0]!r:.60}")


def prove(content) -> Proof:
    """Prove every statement of a certificate of a constant whose form was checked."""
    statements, name = content["statements"], content["constant"]
    sides = [entry.get("side") for entry in statements if isinstance(entry, dict) and set(entry) == _FIELDS]
    if len(sides) != len(statements) or sides not in (["lower"], ["upper"], ["lower", "upper"]):
        raise CertificateError("statements must be a lower bound, an upper bound or both in this order, "
                               f"each with the fields {', '.join(sorted(_FIELDS))}")
    matrix = read_matrix(content["matrix"])
    title = symbol(name, content["order"], content["options"])
    claims, stated, proved = [], {}, {}
    for entry in statements:
        side = entry["side"]
        stated[side] = decimal(entry["value"], f"value of the {side} bound")
        proved[side] = bound(name, matrix, content["order"], content["options"], side, entry["proof"])
        margin = (proved[side] - stated[side]) * (1 if side == "lower" else -1)
        if margin < 0:
            found = (decimal_below if side == "lower" else decimal_above)(proved[side])
            raise CertificateError(f"{side} bound: proved is {title} {SIDES[side]} {readable(found)}, "
                                   f"stated {entry['value']}")
        text = f"{title} {SIDES[side]} {readable(entry['value'])}"
        gap = between(margin, margin)
        claims.append(Decision(side, "", text, "true", gap.value, gap.radius, gap.lower, gap.upper))
    if len(proved) == 2 and proved["lower"] > proved["upper"]:
        raise CertificateError("the lower bound exceeds the upper bound: one of the proofs is wrong")
    if len(stated) == 2:
        enclosed = between(stated["lower"], stated["upper"])
    else:
        enclosed = Enclosure(nan, inf, round_down(stated["lower"]) if "lower" in stated else -inf,
                             round_up(stated["upper"]) if "upper" in stated else inf)
    return Proof(tuple(claims), title, enclosed, subject(content["matrix"], matrix))


def symbol(name, order=None, options=None) -> str:
    """Write a constant with its order and its options.

    >>> symbol("nsp", 3), symbol("robust-nsp-l1", 2, {"rho": "9e-1"}), symbol("rank")
    ('alpha_3', 'tau_2 (rho = 9e-1)', 'rank')
    """
    if name not in CONSTANTS:
        raise CertificateError(f"no constant is called {name!r:.60}")
    title = CONSTANTS[name].symbol + ("" if order is None else f"_{order}")
    described = [f"{key} = {value}" if _short(value) else f"given {key}"
                 for key, value in sorted((options or {}).items())]
    return f"{title} ({', '.join(described)})" if described else title


def _short(value):
    if isinstance(value, str):
        return value.isprintable() and len(value) < 40
    return isinstance(value, int | float)


def readable(value: str) -> str:
    """Write a decimal of a certificate as people do.

    >>> readable("5.0662e-1"), readable("6e0"), readable("1e-300")
    ('0.50662', '6', '1e-300')
    """
    mantissa, _, exponent = value.partition("e")
    return f"{Decimal(value):f}" if -5 < int(exponent or 0) < 16 else f"{mantissa}e{exponent}"


def subject(plain, matrix) -> str:
    """Name the matrix of a certificate: its shape, and a fingerprint of its field to tell it from others."""
    field = "complex" if matrix.is_complex else "real"
    mark = sha256(dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()
    return f"{field} {matrix.shape[0]} x {matrix.shape[1]} matrix {mark[:12]}"
