"""Theorems on the audited map, with certificates."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kernelstab import theorems
from kernelstab.maps import PseudoInverse
from kernelstab.quantity import Quantity
from kernelstab.report.inputs import pose
from kernelstab.report.sections import AuditTask
from kernelstab.report.sections.planted_detail import default_detail
from kernelstab.report.sections.theorems import (
    Verdicts,
    build,
    check_on_problem,
    proved_bound,
)
from kernelstab.theorems.base import LIPSCHITZ

SLUGS = [theorem.slug for theorem in theorems.all()]


@pytest.fixture
def problem(inputs):
    A, psi, images = inputs
    return pose(A, psi, images)


def test_the_proved_bound_is_the_upper_end_of_the_ball():
    def verdict(quantity):
        return SimpleNamespace(verdict=SimpleNamespace(quantities={LIPSCHITZ: quantity}))

    ball = Quantity(1.0, "enclosed", "u", 2.0**-60, True)       # 1 + 2^-60, rounded up to the next float
    bound = proved_bound([verdict(ball)])
    assert (bound.kind, bound.unit, bound.rigorous) == ("upper", "u", True)
    assert bound.value == 1 + 2.0**-52
    assert proved_bound([verdict(Quantity(1.0, "estimate"))]) is None
    assert proved_bound([verdict(Quantity(float("inf"), "enclosed", rigorous=True))]) is None
    assert proved_bound([]) is None


def test_a_theorem_gets_what_its_construction_asks_for(problem):
    asked = []

    class Asking:
        def construct(self, A, psi, x, *, detail, rng=0):
            asked.append(detail)

    build(Asking(), problem, problem.images[0], perturbation=np.ones(24))
    assert np.array_equal(asked[0], default_detail(problem.A, problem.images[0]))


def test_the_perturbation_that_was_found_is_used(problem):
    A, psi, x = problem.A, PseudoInverse(problem.A), problem.images[1]
    e = np.linspace(-1, 1, 24)
    consistent = replace(problem, maps={"pseudo-inverse": psi})          # it recovers its own answers
    instance = build(theorems.get("two-images"), consistent, x, perturbation=e)
    assert np.allclose(instance.inputs["x_alt"], psi(A.matvec(x) + e))


def test_every_theorem_is_measured_and_certified(problem, tmp_path):
    ticks = []
    found = Verdicts.measure(AuditTask(problem, seed=9, certificates=tmp_path), lambda: ticks.append(1))
    results = found.checked
    assert [c.theorem.slug for c in results] == SLUGS
    assert len(ticks) == len(SLUGS)
    written = {p.name for p in tmp_path.iterdir()}
    assert written == {f"{c.theorem.slug}.json" for c in results if c.verdict.verified}
    content = json.loads((tmp_path / "mirror-images.json").read_text())
    assert content["extra"]["map"] == "small"
    assert content["extra"]["seed"] == 9
    record = next(c for c in results if c.theorem.slug == "mirror-images").to_json()
    assert record["certificate"]["file"] == "certificates/mirror-images.json"
    assert len(record["certificate"]["sha256"]) == 64


def test_check_on_problem(problem):
    instance, verdict = check_on_problem(theorems.get("mirror-images"), problem)
    assert np.array_equal(instance.inputs["x"], problem.images[0])
    assert verdict.outcome == "VERIFIED"
    assert not verdict.rigorous


def _checked(outcome, scope="ideal", rigorous=True):
    verdict = SimpleNamespace(outcome=outcome, scope=scope, rigorous=rigorous, verified=outcome == "VERIFIED")
    theorem = SimpleNamespace(slug="some-claim", against="it has a limit")
    return SimpleNamespace(verdict=verdict, theorem=theorem)


def test_proofs_are_counted_and_the_rest_is_named():
    found = Verdicts((_checked("VERIFIED"), _checked("VERIFIED", rigorous=False), _checked("NOT_APPLICABLE")))
    text = found.sentence("small")
    assert text.startswith("Proved against small: it has a limit. (1 of 3 theorems is VERIFIED; a theorem")
    assert "no approval of the map.) The proofs are about the exact" in text
    assert "some-claim is VERIFIED, some-claim is NOT_APPLICABLE" in text
    recorded = Verdicts((_checked("VERIFIED", "recorded"),))
    assert "about the images that the map returned" in recorded.sentence("small")
