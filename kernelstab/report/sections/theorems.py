"""The finding on theorems: each is checked on the audited map, with a certificate where it holds."""

import html
import inspect
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kernelstab import theorems
from kernelstab._files import sha256
from kernelstab.quantity import Quantity
from kernelstab.report.numbers import at_least, at_most, counted, enclosed, readable
from kernelstab.report.page import inline_to_html, markdown_to_html, safe, table
from kernelstab.report.sections import Finding
from kernelstab.report.sections.planted_detail import default_detail
from kernelstab.theorems import Instance, Theorem, Verdict
from kernelstab.theorems.base import LIPSCHITZ

_MEANING = {
    "VERIFIED": "every hypothesis and every conclusion holds, so the limit is proved for this map",
    "NOT_APPLICABLE": "a hypothesis fails, so the theorem says nothing here; that is not a refutation",
    "UNDECIDED": "an enclosure touches its threshold, so nothing is claimed",
    "CONTRADICTED": "the hypotheses hold and a conclusion fails: an error in the package, please report it",
}
_DECIDED = {"true": "holds", "false": "fails", "unknown": "undecided"}


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

    def card(self) -> dict:
        """Return statement, verdict, margins and instance as a part of the page."""
        verdict, theorem = self.verdict, self.theorem
        texts = theorem.hypotheses | theorem.conclusions
        reason = f" ({verdict.reason})" if verdict.reason else ""
        decisions = [(d.label, _claim(texts.get(d.label, ""), d.text), _margin(d), _DECIDED[d.outcome])
                     for d in verdict.decisions]
        quantities = [(key, *_enclosure(q), q.unit) for key, q in verdict.quantities.items()]
        return {
            "kind": "card", "title": theorem.title, "statement": safe(markdown_to_html(theorem.statement)),
            "outcome": verdict.outcome.replace("_", " "),
            "meaning": f"{_MEANING[verdict.outcome]}{reason}. {_manner(verdict)}",
            "decisions": table(("", "claim", "left − right", ""), decisions),
            "quantities": table(("quantity", "value", "error, rounding included", "unit"), quantities),
            "instance": f"Instance: {self.instance.description}.",
            "certificate": "" if self.certificate is None else f"certificates/{self.certificate.name}",
        }


@dataclass(frozen=True, repr=False, eq=False)
class Verdicts(Finding):
    """What became of every theorem on the audited map."""

    name = "theorems"
    label = "Proof"
    title = "Proved limits of this map"
    basic = True
    conventions = {
        "proved": "decided in exact or ball arithmetic, which encloses every rounding error: *rigorous*; "
                  "what is decided in floating point proves nothing",
        "scope": "*ideal*: about operator and map as described exactly; *recorded*: about the vectors that "
                 "their floating-point code returned, which are part of the certificate",
    }

    checked: tuple[Checked, ...]

    @classmethod
    def steps(cls, task) -> int:
        return len(theorems.all())

    @classmethod
    def measure(cls, task, tick=lambda: None) -> "Verdicts":
        """Check every theorem on the audited map, in balls, and certify what is VERIFIED.

        The image is that of median accuracy, the perturbation the worst one found there. A theorem whose
        construction refuses the problem, as one that needs a kernel does without, is NOT_APPLICABLE. A proved
        Lipschitz bound goes to the finding on the worst case.
        """
        problem, searches, results = task.problem, task.found.get("worst case"), []
        worst = None if searches is None else searches.worst[problem.audited][-1].perturbation
        for theorem in theorems.all():
            try:
                instance = build(theorem, problem, task.image, perturbation=worst, rng=task.seed)
            except ValueError as error:
                results.append(_no_instance(theorem, error))
            else:
                extra = {"map": problem.audited, "instance": instance.description, "seed": task.seed}
                path = None if task.certificates is None else task.certificates / f"{theorem.slug}.json"
                verdict = theorem.prove(instance, path, extra=extra)
                results.append(Checked(theorem, instance, verdict, path if verdict.verified else None))
            tick()
        bound = proved_bound(results)
        if bound is not None and searches is not None:
            task.found["worst case"] = searches.with_bound(problem.audited, bound)
        return cls(tuple(results))

    def sentence(self, name) -> str:
        """Count the proofs and name the other outcomes."""
        proved = [c for c in self.checked if c.verdict.verified and c.verdict.rigorous]
        ideal = all(c.verdict.scope == "ideal" for c in proved)
        scope = ("The proofs are about the exact operator and map, not about floating-point copies of them."
                 if ideal else "The proofs are about the images that the map returned.")
        text = f"Nothing was proved against {name}."
        if proved:
            against = "; ".join(c.theorem.against for c in proved)
            count = f"{len(proved)} of {counted(len(self.checked), 'theorem')}"
            text = (f"Proved against {name}: {against}. ({count} {'is' if len(proved) == 1 else 'are'} "
                    f"VERIFIED; a theorem states a limit, so that is no approval of the map.) {scope}")
        rest = ", ".join(f"{c.theorem.slug} is {c.verdict.outcome}" for c in self.checked if c not in proved)
        return text + (f" The rest: {rest}." if rest else "")

    def parts(self, problem) -> list:
        """Return a card for every theorem."""
        return [checked.card() for checked in self.checked]

    def to_json(self) -> list:
        return [checked.to_json() for checked in self.checked]


def build(theorem, problem, image, *, perturbation=None, rng=0) -> Instance:
    """Construct the instance of a theorem for the audited map.

    ``construct`` is given what it asks for by keyword: ``perturbation``, the worst one found at the image,
    if there is one (else a theorem that needs it searches itself, with the seed ``rng``), and ``detail``.
    """
    offered = {"perturbation": perturbation, "detail": default_detail(problem.A, image)}
    asked = inspect.signature(theorem.construct).parameters
    options = {name: value for name, value in offered.items() if name in asked and value is not None}
    return theorem.construct(problem.A, problem.maps[problem.audited], image, rng=rng, **options)


def check_on_problem(theorem, problem, *, arithmetic="float", precision=128, rng=0):
    """Check one theorem on the audited map and the first image; return (instance, verdict)."""
    instance = build(theorem, problem, problem.images[0], rng=rng)
    return instance, theorem.check(instance, arithmetic, precision)


def proved_bound(checked) -> Quantity | None:
    """Return the Lipschitz bound that one of the proofs contains; None without one."""
    for one in checked:
        q = one.verdict.quantities.get(LIPSCHITZ)
        if q is not None and q.rigorous and np.isfinite(q.value):
            return Quantity(float(np.nextafter(q.value + q.radius, np.inf)), "upper", q.unit, 0.0, True)
    return None


def _no_instance(theorem, error) -> Checked:
    """Say that a theorem has nothing to say, as no instance can be built on this problem."""
    reason = f"no instance can be built: {error}"
    verdict = Verdict(theorem.slug, "NOT_APPLICABLE", False, "recorded", "none", 0, False, (), {}, reason)
    return Checked(theorem, Instance(theorem.slug, {}, "none"), verdict)


def _manner(verdict):
    if not verdict.decisions:
        return ""
    proof = ("Decided in ball arithmetic, which encloses every rounding error"
             if verdict.rigorous else "Decided in floating point, which proves nothing")
    scope = ("from the exact description of operator and map" if verdict.scope == "ideal"
             else "from the vectors that operator and map returned")
    return f"{proof}, {scope}."


def _claim(text, formula):
    words = f"{inline_to_html(text)}<br>" if text else ""
    return safe(f"{words}<code>{html.escape(formula)}</code>")


def _margin(decision):
    """Write what is known of left minus right: the bound that decides, or both where none does."""
    if decision.lower == decision.upper:
        text, error = enclosed(decision.lower, 0.0)
        if error == 0:
            return f"=\u00a0{text}"
    if decision.outcome == "unknown":
        return f"{at_least(decision.lower)}, {at_most(decision.upper)}"
    return at_least(decision.lower) if decision.outcome == "true" else at_most(decision.upper)


def _enclosure(q):
    """Write a quantity and the error of what is written."""
    if q.kind not in ("enclosed", "exact") or not math.isfinite(q.value + q.radius):
        return readable(q.value, 6), "not known"
    text, error = enclosed(q.value, q.radius)
    return text, at_most(error, 1) if error > 0 else "exact"
