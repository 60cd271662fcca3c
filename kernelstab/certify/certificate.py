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

A certificate of a constant of one matrix, ``"kernelstab-constant"``, has ``constant``, its name; ``order`` (a
number or null) and ``options`` complete it; ``matrix``, exactly; ``statements``, the side, decimal value and
proof of every bound; provenance, extra and sha256 as above. A collection, ``"kernelstab-collection"``, holds
a list ``certificates`` of constants of one matrix.

The digest shows accidents; whoever changes a file on purpose computes a new one, and
then it is the proof that fails.
"""

import hashlib
import json
from pathlib import Path

from kernelstab._errors import CertificateError
from kernelstab._files import read_plain, write_atomic
from kernelstab.certify.arrays import affordable

FORMAT, CONSTANT_FORMAT, VERSION = "kernelstab-certificate", "kernelstab-constant", 1
COLLECTION_FORMAT = "kernelstab-collection"
_ALL = {"format": str, "version": int, "sha256": str}
_KEPT = {"provenance": dict, "extra": dict}
FORMS = {
    FORMAT: _ALL | _KEPT | {"slug": str, "program": dict, "inputs": dict, "scope": str, "precision": int,
                            "claims": list, "quantities": dict},
    CONSTANT_FORMAT: _ALL | _KEPT | {"constant": str, "matrix": dict, "order": int | None, "options": dict,
                                     "statements": list},
    COLLECTION_FORMAT: _ALL | {"certificates": list},
}
TITLES = {FORMAT: "slug", CONSTANT_FORMAT: "constant"}
MOST_CHARACTERS = 1 << 26
MOST_PARTS = 1 << 21    # of JSON, each of which takes up to 300 bytes of memory
_TOO_DEEP = "certificate is too large or too deep to be read"


def digest(certificate: dict) -> str:
    """Return the SHA-256 of all fields but ``sha256``, written canonically.

    >>> digest({"b": 1, "a": [0.5], "sha256": ""}) == digest({"a": [0.5], "b": 1})
    True
    """
    content = {name: entry for name, entry in certificate.items() if name != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def signed(form: str, fields: dict) -> dict:
    """Return the certificate of a format with these fields, its version and its digest."""
    certificate = {"format": form, "version": VERSION} | fields
    return certificate | {"sha256": digest(certificate)}


def make_collection(certificates) -> dict:
    """Put certificates of constants of one matrix into one.

    Parameters
    ----------
    certificates : sequence of dict
        As :func:`~kernelstab.certify.make_constant_certificate` returns them.

    >>> make_collection([])["format"]
    'kernelstab-collection'
    """
    return signed(COLLECTION_FORMAT, {"certificates": list(certificates)})


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
        size = Path(path).stat().st_size
        affordable(size, MOST_CHARACTERS, "characters")
        text = read_plain(path, size).decode("utf-8")
        affordable(sum(map(text.count, ",[{")), MOST_PARTS, "entries of lists and dictionaries")
    except CertificateError:
        raise
    except UnicodeDecodeError:
        raise CertificateError("certificate is not JSON: it is not a text file") from None
    except (OSError, ValueError, TypeError) as error:
        raise CertificateError(f"certificate cannot be read: {error}") from None
    try:
        certificate = json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique)
    except ValueError as error:
        raise CertificateError(f"certificate is not JSON: {error}") from None
    except RecursionError:
        raise CertificateError(_TOO_DEEP) from None
    check_form(certificate)
    return certificate


def _refuse(constant):
    raise ValueError(f"{constant} is not a number")


def _unique(pairs):
    """Refuse a name that is given twice: two readers could keep different entries."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f"the name {twice!r:.60} is given twice")
    return fields


def check_form(certificate):
    """Refuse what has not the fields of a format, of the right types, and their digest."""
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
            raise CertificateError(f"field {name} must be a {getattr(kind, '__name__', 'number or null')}, "
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
        raise CertificateError(_TOO_DEEP) from None
    if found != certificate["sha256"]:
        raise CertificateError("digest does not match: the certificate was changed after it was written")
