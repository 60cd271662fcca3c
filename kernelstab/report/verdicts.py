"""The theorems of the package, checked on the map under audit, with certificates."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np

from kernelstab import theorems
from kernelstab._errors import CertificateError
from kernelstab._files import sha256
from kernelstab.certify import read_certificate
from kernelstab.certify.evaluation import Decision
from kernelstab.quantity import Quantity
from kernelstab.report.details import default_detail
from kernelstab.theorems import Instance, Theorem, Verdict

LIPSCHITZ = "Lipschitz upper bound"
"""The name of the quantity in the programs of the theorems that use one."""


@dataclass(frozen=True, repr=False, eq=False)
class Checked:
    """One theorem on one map: the instance, the verdict, the certificate if there is one."""

    theorem: Theorem
    instance: Instance
    verdict: Verdict
    certificate: Path | None = None

    def __repr__(self):
        return repr(self.verdict)

    def to_json(self) -> dict:
        """Return verdict, instance and the name and digest of the certificate."""
        file = None if self.certificate is None else {
            "file": f"certificates/{self.certificate.name}", "sha256": sha256(self.certificate)}
        return self.verdict.to_json() | {"instance": self.instance.description, "certificate": file}


def prove(theorem, instance, path=None, *, precision=128, extra=None) -> Checked:
    """Check a theorem in balls and write a certificate if it is VERIFIED, in one run if it is.

    The run that makes the certificate decides everything, so the verdict is read from the
    certificate; only an instance that cannot be certified is run again, to say why.

    Parameters
    ----------
    theorem : Theorem
    instance : Instance
    path : str or Path, optional
        Where the certificate goes; without it none is made.
    precision : int
        Bits of the balls.
    extra : dict, optional
        Plain values to keep in the certificate.
    """
    if path is None:
        return Checked(theorem, instance, theorem.check(instance, "ball", precision))
    try:
        path = theorem.certificate(instance, path, precision=precision, extra=extra)
    except CertificateError:
        return Checked(theorem, instance, theorem.check(instance, "ball", precision))
    return Checked(theorem, instance, _verdict(read_certificate(path)), path)


def build(theorem, problem, image, *, perturbation=None, rng=0) -> Instance:
    """Construct the instance of a theorem for the audited map.

    Parameters
    ----------
    theorem : Theorem
    problem : Problem
    image : ndarray, shape (N,)
    perturbation : ndarray, shape (m,), optional
        The worst perturbation found at the image; searched for if a theorem needs one.
    rng : int or Generator
        Seed of that search.
    """
    options = {}
    if theorem.slug == "two-images" and perturbation is not None:
        options["perturbation"] = perturbation
    if theorem.slug == "detail-transfer":
        options["detail"] = default_detail(problem.A, image)
    return theorem.construct(problem.A, problem.maps[problem.audited], image, rng=rng, **options)


def check_on_problem(theorem, problem, *, arithmetic="float", precision=128, rng=0):
    """Check one theorem on the audited map and the first image; return (instance, verdict)."""
    instance = build(theorem, problem, problem.images[0], rng=rng)
    return instance, theorem.check(instance, arithmetic, precision)


def measure_verdicts(problem, image, perturbation, folder, tick=lambda: None, *, rng=0) -> tuple:
    """Check every theorem on the audited map, in balls, and certify what is VERIFIED.

    A theorem whose construction refuses the problem, such as one that needs a kernel where
    there is none, is NOT_APPLICABLE.

    Parameters
    ----------
    problem : Problem
    image : ndarray, shape (N,)
    perturbation : ndarray, shape (m,) or None
    folder : Path or None
        Exists; gets one file per certified theorem.
    tick : callable
        Called after each theorem.
    rng : int
        Seed, also kept in the certificates.
    """
    results = []
    for theorem in theorems.all():
        try:
            instance = build(theorem, problem, image, perturbation=perturbation, rng=rng)
        except ValueError as error:
            results.append(_no_instance(theorem, error))
        else:
            extra = {"map": problem.audited, "instance": instance.description, "seed": rng}
            path = None if folder is None else Path(folder) / f"{theorem.slug}.json"
            results.append(prove(theorem, instance, path, extra=extra))
        tick()
    return tuple(results)


def proved_bound(verdicts) -> Quantity | None:
    """Return the Lipschitz bound that one of the proofs contains; None without one.

    It is rounded up to twelve digits, so that it is the same from a check and from a certificate.
    """
    for checked in verdicts:
        q = checked.verdict.quantities.get(LIPSCHITZ)
        if q is not None and q.rigorous and np.isfinite(q.value):
            up = Context(prec=12, rounding=ROUND_CEILING)
            top = up.add(Decimal(q.value), Decimal(q.radius))
            value = float(top)
            value = value if Fraction(value) >= Fraction(top) else float(np.nextafter(value, np.inf))
            return Quantity(value, "upper", q.unit, 0.0, True)
    return None


def _no_instance(theorem, error) -> Checked:
    """Say that a theorem has nothing to say, as no instance can be built on this problem."""
    reason = f"no instance can be built: {error}"
    verdict = Verdict(theorem.slug, "NOT_APPLICABLE", False, "recorded", "none", 0, False, (), {}, reason)
    return Checked(theorem, Instance(theorem.slug, {}, "none"), verdict)


def _verdict(certificate) -> Verdict:
    """Return the verdict that a freshly made certificate states."""
    decisions = [_decision(claim) for claim in certificate["claims"]]
    quantities = {name: _quantity(entry) for name, entry in certificate["quantities"].items()}
    return Verdict(certificate["slug"], "VERIFIED", True, certificate["scope"], "ball",
                   certificate["precision"], False, tuple(decisions), quantities)


def _decision(claim) -> Decision:
    lower, upper = _floats(claim["margin"])
    return Decision(claim["role"], claim["label"], claim["text"], claim["outcome"],
                    0.5 * (lower + upper), 0.5 * (upper - lower), lower, upper)


def _quantity(entry) -> Quantity:
    if entry["bounds"] is None:
        return Quantity(float("inf"), "estimate", entry["unit"])
    lower, upper = _floats(entry["bounds"])
    middle = 0.5 * (lower + upper)
    radius = max(upper - middle, middle - lower)
    return Quantity(middle, "enclosed", entry["unit"], float(np.nextafter(radius, np.inf)), True)


def _floats(bounds) -> tuple[float, float]:
    """Return two decimal bounds as floats, rounded outwards."""
    lower, upper = (Fraction(text) for text in bounds)
    below, above = float(lower), float(upper)
    return (below if below <= lower else float(np.nextafter(below, -np.inf)),
            above if above >= upper else float(np.nextafter(above, np.inf)))
