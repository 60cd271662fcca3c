"""Prove a certificate again, from the file alone.

The verifier knows the instructions of a program and how operators and maps are described.
It knows no theorem: what was proved is what the formulas of the claims say. Of constants it
knows the definitions and the checkers of their proofs. It uses python-flint and the standard
library, and never the numbers that the author found.
"""

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from math import isfinite

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import affordable, limits
from kernelstab.certify.certificate import (
    COLLECTION_FORMAT,
    CONSTANT_FORMAT,
    FORMAT,
    TITLES,
    check_form,
    read_certificate,
)
from kernelstab.certify.enclosure import DECIMAL, Decision, Enclosure, decimals
from kernelstab.certify.program.instructions import Instructions

MOST_CERTIFICATES = 1000      # of a collection
GUARD = 32        # more bits than the author had, so that the enclosures found lie inside his


@dataclass(frozen=True, repr=False)
class Verification:
    """The outcome: proved, or refused with a reason of one line.

    ``claims`` and ``quantities`` are what the verifier found, not what the file says;
    read ``scope`` with them: ``"ideal"`` results are about the exact operator and map,
    ``"recorded"`` ones about the vectors a floating-point map is said to have returned,
    ``"exact"`` ones, bounds on the constant that ``slug`` names, about the matrix of
    ``subject`` as its entries stand.
    """

    ok: bool
    slug: str = ""
    scope: str = ""
    precision: int = 0
    claims: tuple[Decision, ...] = ()
    quantities: dict[str, Enclosure] = field(default_factory=dict)
    reason: str = ""
    program: Instructions | None = None
    format: str = FORMAT
    subject: str = ""

    def __repr__(self):
        if not self.ok:
            return f"<Verification of {self.slug or 'a certificate'}: REFUSED, {self.reason}>"
        count = f"{len(self.claims)} claim{'s' if len(self.claims) > 1 else ''}"
        return f"<Verification of {self.slug}: proved ({self.scope}), {count}>"

    def to_json(self) -> dict:
        """Return everything but the program as plain values; a bound that is not known is None."""
        plain = {name: getattr(self, name)
                 for name in ("ok", "slug", "scope", "precision", "format", "subject", "reason")}
        kept = ("role", "label", "text", "outcome", "lower", "upper")
        claims = [{name: _known(entry) for name, entry in asdict(d).items() if name in kept}
                  for d in self.claims]
        quantities = {name: {"lower": _known(q.lower), "upper": _known(q.upper), "unit": q.unit}
                      for name, q in self.quantities.items()}
        return plain | {"claims": claims, "quantities": quantities}


def _known(end):
    """JSON has neither infinity nor NaN."""
    return None if isinstance(end, float) and not isfinite(end) else end


def verify(certificate, *, budget=1) -> Verification:
    """Prove a certificate again, from its own content.

    Parameters
    ----------
    certificate : path or dict
        A file, or its content.
    budget : float
        What the check may cost: a multiple of the usual limits on work and memory.

    Returns
    -------
    Verification
        ``ok`` is True only if the file is whole, every hypothesis and conclusion is proved
        again, and every reported number contains what is found now. Otherwise ``reason``
        says what is wrong; nothing is raised for a bad certificate.

    Notes
    -----
    Cost: that of one run in balls, or of the checkers of a constant.

    Examples
    --------
    >>> verify({"format": "other"})
    <Verification of a certificate: REFUSED, format must be 'kernelstab-certificate' or
    'kernelstab-constant' or 'kernelstab-collection', got 'other'>
    """
    with limits(budget):
        return _verified(certificate)


def _verified(certificate):
    title, form = "", FORMAT
    try:
        if isinstance(certificate, dict):
            check_form(certificate)
        else:
            certificate = read_certificate(certificate)
        form = certificate["format"]
        title = certificate[TITLES[form]] if form in TITLES else "a collection"
        return _VERIFIERS[form](certificate)
    except CertificateError as error:
        reason = " ".join(str(error).split())
    except (MemoryError, RecursionError):
        reason = "certificate is too large or too deep to be proved"
    except Exception as error:      # whatever a file holds, it is refused and nothing is raised
        reason = f"certificate is malformed: {' '.join(repr(error).split()):.200}"
    return Verification(False, slug=title, reason=reason, format=form)


def _verify_constant(certificate):
    from kernelstab.certify.constants.statement import prove  # loads python-flint

    found = prove(certificate)
    return Verification(True, certificate["constant"], "exact", 0, found.claims,
                        {found.symbol: found.enclosure}, format=CONSTANT_FORMAT, subject=found.subject)


def _verify_collection(collection):
    """Prove every part; they must be about the same matrix."""
    parts = []
    affordable(len(collection["certificates"]), MOST_CERTIFICATES, "certificates")
    for number, content in enumerate(collection["certificates"], 1):
        try:
            check_form(content)
            if content["format"] != CONSTANT_FORMAT:
                raise CertificateError(f"format must be {CONSTANT_FORMAT!r}, got {content['format']!r}")
            parts.append(_verify_constant(content))
        except CertificateError as error:
            raise CertificateError(f"certificate {number}: {error}") from error
    subjects = sorted({part.subject for part in parts})
    if len(subjects) != 1:
        raise CertificateError(f"certificates must be about one matrix, found {subjects or 'none'}")
    quantities = {name: entry for part in parts for name, entry in part.quantities.items()}
    claims = tuple(claim for part in parts for claim in part.claims)
    return Verification(True, "constants", "exact", 0, claims, quantities, format=COLLECTION_FORMAT,
                        subject=subjects[0])


def _verify_program(certificate):
    """Read the program, evaluate it in balls, and compare what the file states with what is found."""
    from kernelstab.certify.program.run import BallRun  # loads python-flint

    try:
        program = Instructions.from_json(certificate["program"])
    except CertificateError:
        raise
    except KeyError as error:
        raise CertificateError(f"program lacks {error}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise CertificateError(f"program is malformed: {error}") from None
    if not any(claim.role == "conclusion" for claim in program.claims):
        raise CertificateError("program states no conclusion")
    if not 32 <= certificate["precision"] <= 8192:
        raise CertificateError(f"precision must lie in [32, 8192], got {certificate['precision']}")
    try:
        run = BallRun(program, certificate["inputs"], certificate["precision"] + GUARD)
    except CertificateError:
        raise
    except (ValueError, OverflowError) as error:
        raise CertificateError(f"inputs are malformed: {error}") from None
    found = run.evaluation()
    if run.scope != certificate["scope"]:
        raise CertificateError(f"scope is {run.scope}, stated is {certificate['scope']!r:.60}")
    _compare(certificate, *run.findings())
    return Verification(True, certificate["slug"], found.scope, found.precision, found.claims,
                        found.quantities, program=program)


_VERIFIERS = {FORMAT: _verify_program, CONSTANT_FORMAT: _verify_constant,
              COLLECTION_FORMAT: _verify_collection}


def _compare(certificate, claims, quantities):
    """Refuse if anything the file states is not what was found."""
    if len(certificate["claims"]) != len(claims):
        raise CertificateError(f"program has {len(claims)} claims, stated are {len(certificate['claims'])}")
    for stated, found in zip(certificate["claims"], claims):
        name = f"{found['role']} {found['label']}"
        if found["outcome"] != "true":
            raise CertificateError(f"{name} is not proved ({found['outcome']}): {found['text']}")
        if not isinstance(stated, dict) or set(stated) != set(found):
            raise CertificateError(f"{name} is not stated with the fields {', '.join(found)}")
        for key in ("role", "label", "text", "outcome"):
            if stated[key] != found[key]:
                raise CertificateError(f"{name}: {key} is {found[key]!r}, stated is {stated[key]!r:.200}")
        _inside(f"margin of {name}", found["margin"], stated["margin"])
    if set(certificate["quantities"]) != set(quantities):
        raise CertificateError(f"quantities must be {sorted(quantities)}, "
                               f"stated are {sorted(certificate['quantities'])}")
    for name, found in quantities.items():
        stated = certificate["quantities"][name]
        if not isinstance(stated, dict) or set(stated) != set(found) or stated["unit"] != found["unit"]:
            raise CertificateError(f"quantity {name!r} is not stated with its unit and bounds")
        _inside(f"quantity {name!r}", found["bounds"], stated["bounds"])


def _inside(name, found, stated):
    """Refuse stated decimal bounds that do not contain what was found."""
    if found is None or stated is None:
        if found is not stated:
            raise CertificateError(f"{name}: stated bounds are {stated!r:.100}, found {decimals(found)}")
        return
    if not isinstance(stated, list) or len(stated) != 2 or not all(
            isinstance(text, str) and DECIMAL.fullmatch(text) for text in stated):
        raise CertificateError(f"{name}: bounds must be two decimal numbers, got {stated!r:.100}")
    if not Fraction(stated[0]) <= found[0] <= found[1] <= Fraction(stated[1]):
        raise CertificateError(f"{name} lies in [{', '.join(decimals(found))}], outside the stated bounds "
                               f"[{', '.join(stated)}]")
