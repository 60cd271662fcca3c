"""The certificate files: their fields, their digest, reading and writing them whole.

A certificate of a theorem, the format of this file's name:

========== =======================================================================
format     ``"kernelstab-certificate"``, with ``version`` 1
slug       the theorem whose program this is; the verifier does not know it
program    instructions, claims and reported quantities
inputs     exact descriptions, or recorded values, of every input
scope      ``"ideal"`` or ``"recorded"``
precision  bits with which the author decided the claims
claims     role, label, formula, outcome, and decimal bounds of left minus right
quantities decimal bounds and unit of every reported number
provenance versions and seed; ``extra``: whatever the author adds
sha256     digest of all other fields as JSON with sorted keys and no spaces
========== =======================================================================

A certificate of a constant of one matrix:

========== =======================================================================
format     ``"kernelstab-constant"``, with ``version`` 1
constant   its name; ``order`` (a number or null) and ``options`` complete it
matrix     the exact matrix
statements side, decimal value and proof of every bound
provenance, extra, sha256: as above
========== =======================================================================

A collection, ``"kernelstab-collection"``, holds a list ``certificates`` of constants of one matrix.

The digest shows accidents; whoever changes a file on purpose computes a new one, and
then it is the proof that fails.
"""

import hashlib
import json
from pathlib import Path

from kernelstab._errors import CertificateError
from kernelstab._files import write_atomic
from kernelstab.certify.enclosure import ends

FORMAT, CONSTANT_FORMAT, VERSION = "kernelstab-certificate", "kernelstab-constant", 1
COLLECTION_FORMAT = "kernelstab-collection"
FIELDS = {
    "format": str, "version": int, "slug": str, "program": dict, "inputs": dict, "scope": str,
    "precision": int, "claims": list, "quantities": dict, "provenance": dict, "extra": dict, "sha256": str,
}
CONSTANT_FIELDS = {
    "format": str, "version": int, "constant": str, "matrix": dict, "order": int | None, "options": dict,
    "statements": list, "provenance": dict, "extra": dict, "sha256": str,
}
COLLECTION_FIELDS = {"format": str, "version": int, "certificates": list, "sha256": str}
FORMS = {FORMAT: FIELDS, CONSTANT_FORMAT: CONSTANT_FIELDS, COLLECTION_FORMAT: COLLECTION_FIELDS}
TITLES = {FORMAT: "slug", CONSTANT_FORMAT: "constant"}


def digest(certificate: dict) -> str:
    """Return the SHA-256 of all fields but ``sha256``, written canonically.

    >>> digest({"b": 1, "a": [0.5], "sha256": ""}) == digest({"a": [0.5], "b": 1})
    True
    """
    content = {name: entry for name, entry in certificate.items() if name != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def findings(run, write=lambda bounds: bounds) -> tuple[list, dict]:
    """Return what a ball run proved, as the fields ``claims`` and ``quantities`` hold it.

    ``write`` turns the two exact end points of a ball, or None, into what is kept.
    """
    program = run.program
    claims = [{"role": decision.role, "label": decision.label, "text": decision.text,
               "outcome": decision.outcome, "margin": write(ends(run.margin(claim)))}
              for claim, decision in zip(program.claims, run.evaluation().claims)]
    quantities = {name: {"unit": program.units.get(name, ""), "bounds": write(ends(run.quantity(name)))}
                  for name in program.quantities}
    return claims, quantities


def make_collection(certificates) -> dict:
    """Put certificates of constants of one matrix into one.

    Parameters
    ----------
    certificates : sequence of dict
        As :func:`~kernelstab.certify.make_constant_certificate` returns them.

    >>> make_collection([])["format"]
    'kernelstab-collection'
    """
    collection = {"format": COLLECTION_FORMAT, "version": VERSION, "certificates": list(certificates)}
    return collection | {"sha256": digest(collection)}


def write_certificate(certificate: dict, path) -> Path:
    """Write a certificate whole or not at all, and return its path.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written.
    """
    return write_atomic(path, json.dumps(certificate, indent=1, allow_nan=False) + "\n")


def read_certificate(path) -> dict:
    """Read a certificate file and check its form and digest; :func:`verify` proves it.

    Raises
    ------
    CertificateError
        If the file cannot be read, is not JSON, lacks a field, or was changed.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CertificateError("certificate is not JSON: it is not a text file") from None
    except (OSError, ValueError, TypeError) as error:
        raise CertificateError(f"certificate cannot be read: {error}") from None
    try:
        certificate = json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except ValueError as error:
        raise CertificateError(f"certificate is not JSON: {error}") from None
    except RecursionError:
        raise CertificateError("certificate is too large or too deep to be read") from None
    check_form(certificate)
    return certificate


def _refuse(constant):
    raise ValueError(f"{constant} is not a number")


def _unique(pairs):
    """Refuse a name that is given twice: two readers could keep different entries."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r:.60} is given twice")
    return fields


def check_form(certificate):
    """Check the fields of a certificate of any format, their types and the digest.

    Raises
    ------
    CertificateError
        With the first thing that is wrong.
    """
    if not isinstance(certificate, dict):
        raise CertificateError(f"certificate must be a dictionary, got {type(certificate).__name__}")
    form = certificate.get("format")
    if not isinstance(form, str) or form not in FORMS:
        raise CertificateError(f"format must be {' or '.join(map(repr, FORMS))}, got {form!r:.60}")
    if type(certificate.get("version")) is not int or certificate["version"] != VERSION:
        raise CertificateError(f"version must be {VERSION}, got {certificate.get('version')!r:.60}")
    for name, kind in FORMS[form].items():
        if name not in certificate:
            raise CertificateError(f"field {name} is missing")
        # True is an int in Python, but not a number in JSON
        if not isinstance(certificate[name], kind) or isinstance(certificate[name], bool):
            wanted = getattr(kind, "__name__", "number or null")
            raise CertificateError(f"field {name} must be a {wanted}, "
                                   f"got {type(certificate[name]).__name__}")
    unknown = [name for name in certificate if name not in FORMS[form]]
    if unknown:
        raise CertificateError(f"field {unknown[0]!r:.60} is unknown")
    title = TITLES.get(form)
    if title and not certificate[title].isprintable():
        raise CertificateError(f"{title} must be printable, got {certificate[title]!r:.60}")
    try:
        found = digest(certificate)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"certificate is not JSON: {error}") from None
    except RecursionError:
        raise CertificateError("certificate is too large or too deep to be read") from None
    if found != certificate["sha256"]:
        raise CertificateError("digest does not match: the certificate was changed after it was written")
