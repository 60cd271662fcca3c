"""The proofs of what stands on the card of a matrix, and what could not be proved of it."""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import isinf

import numpy as np

from kernelstab import kernel
from kernelstab._errors import CertificateError
from kernelstab.certify import make_collection

_ROUNDING = Fraction(1, 10**9)      # a proved bound this near to the computed one is the same


@dataclass(frozen=True)
class CardProofs:
    """Certificates of the constants on a card.

    Attributes
    ----------
    certificates : dict
        Name of the constant to its certificate.
    missing : dict
        Name of the constant to the reason why it has none.
    weaker : tuple of str
        Proved bounds that are weaker than those computed, such as ``"spark >= 5, computed 6"``.
    """

    certificates: dict[str, dict] = field(repr=False)
    missing: dict[str, str]
    weaker: tuple[str, ...]

    @property
    def collection(self) -> dict:
        """The certificates in one, for ``kernelstab verify``."""
        return make_collection(self.certificates.values())


def prove_card(card, progress=None) -> CardProofs:
    """Prove rank, coherence, isometry and null space constants and spark of a card.

    Each is proved once while its certificate is made, which can take longer than the search did: the
    verifier goes through all column sets of the spark and all supports of an isometry constant.
    Ctrl-C leaves what is proved by then; the constant of noise has no certificate.

    Parameters
    ----------
    card : MatrixCard
    progress : callable, optional
        Called as ``progress("proofs", done, total, name)``.
    """
    jobs = _jobs(card)
    certificates, missing, weaker = {}, {}, []
    try:
        for name, (make, result) in jobs.items():
            if progress is not None:
                progress("proofs", len(certificates) + len(missing), len(jobs), name)
            try:
                certificates[name] = make()
            except CertificateError as error:
                missing[name] = str(error)
                continue
            weaker += _weaker(name, certificates[name], result)
    except KeyboardInterrupt:
        missing |= {name: "interrupted" for name in jobs if name not in certificates and name not in missing}
    return CardProofs(certificates, missing, tuple(weaker))


def _jobs(card):
    """Return name to (maker of the certificate, what was computed), quick ones first."""
    jobs = {}
    if not np.iscomplexobj(card.matrix):
        jobs["rank"] = lambda: kernel.rational_nullspace(card.matrix).certificate(), None
    if card.coherence is not None:
        jobs["coherence"] = card.coherence.certificate, card.coherence
    for found in card.isometry:
        for side, sign in (("minus", "-"), ("plus", "+")):
            jobs[f"delta^{sign}_{found.s}"] = partial(found.certificate, side=side), getattr(found, side)
    for found in card.alpha:
        jobs[f"alpha_{found.s}"] = found.certificate, found
    if card.spark is not None:
        jobs["spark"] = card.spark.certificate, card.spark
    return jobs


def _weaker(name, certificate, result):
    """Yield the sides of a constant whose proved bound is weaker than the computed one."""
    for statement in certificate["statements"] if result is not None else ():
        side = statement["side"]
        computed = getattr(result, side)
        proved = Fraction(statement["value"])
        if isinf(computed) or abs(proved - Fraction(computed)) > _ROUNDING * max(1, abs(proved)):
            sign = ">=" if side == "lower" else "<="
            yield f"{name} {sign} {float(proved):.6g}, computed {computed:.6g}"
