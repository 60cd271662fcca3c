"""The base class grades; no theorem can grade itself."""

import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from kernelstab import theorems
from kernelstab.certify import verify
from kernelstab.theorems.base import judge, pencil


def decision(role, outcome, label="X"):
    return SimpleNamespace(role=role, outcome=outcome, label=label, margin=0.5)


@pytest.mark.parametrize(("decisions", "outcome"), [
    ([("hypothesis", "true"), ("conclusion", "true")], "VERIFIED"),
    ([("hypothesis", "false"), ("conclusion", "true")], "NOT_APPLICABLE"),
    ([("hypothesis", "false"), ("conclusion", "false")], "NOT_APPLICABLE"),   # void, not "contradicted"
    ([("hypothesis", "unknown"), ("conclusion", "false")], "UNDECIDED"),
    ([("hypothesis", "true"), ("conclusion", "unknown")], "UNDECIDED"),
    ([("hypothesis", "true"), ("conclusion", "false")], "CONTRADICTED"),
    ([("hypothesis", "true"), ("conclusion", "unknown"), ("conclusion", "false")], "CONTRADICTED"),
    ([("hypothesis", "unknown"), ("hypothesis", "false")], "NOT_APPLICABLE"),
])
def test_every_combination_of_decisions_has_one_outcome(decisions, outcome):
    assert judge([decision(*d) for d in decisions])[0] == outcome


def test_pencil_sees_two_coordinates():
    A, psi = pencil([1.0, 2.0], 3.0)
    assert A.matvec(np.array([5.0, 6.0, 7.0])).tolist() == [5.0, 6.0]
    assert psi(np.array([5.0, 6.0])).tolist() == [5.0, 6.0, 5 + 12 + 3]


def test_instances_of_another_theorem_and_unknown_arithmetic_are_refused():
    two, mirror = theorems.get("two-images"), theorems.get("mirror-images")
    with pytest.raises(ValueError, match="instance must belong to 'two-images'"):
        two.check(mirror.by_hand())
    with pytest.raises(ValueError, match="arithmetic must be one of"):
        two.check(two.by_hand(), arithmetic="decimal")


def test_float_verdicts_are_never_rigorous():
    theorem = theorems.get("two-images")
    verdict = theorem.check(theorem.by_hand())
    assert verdict.verified
    assert not verdict.rigorous
    assert {q.kind for q in verdict.quantities.values()} == {"estimate"}


def test_verdict_is_plain_json():
    theorem = theorems.get("two-images")
    verdict = theorem.check(theorem.by_hand(), arithmetic="exact")
    plain = json.loads(json.dumps(verdict.to_json()))
    assert plain["outcome"] == "VERIFIED"
    assert plain["quantities"]["Lipschitz bound"]["value"] == 1.25


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda t: t.slug)
def test_one_run_gives_the_verdict_and_the_certificate(theorem, tmp_path):
    verdict = theorem.prove(theorem.by_hand(), tmp_path / "c.json", extra={"seed": 3})
    assert verdict == theorem.check(theorem.by_hand(), "ball")
    assert verdict.verified
    assert verdict.rigorous
    assert verify(tmp_path / "c.json").ok
    stated = json.loads((tmp_path / "c.json").read_text())
    assert stated["extra"] == {"seed": 3}
    for decision, claim in zip(verdict.decisions, stated["claims"], strict=True):
        lower, upper = map(Fraction, claim["margin"])
        assert Fraction(decision.lower) <= upper
        assert lower <= Fraction(decision.upper)


def test_what_does_not_hold_gets_no_certificate_but_a_reason(tmp_path):
    theorem = theorems.get("two-images")
    verdict = theorem.prove(theorem.spoilers()[0].instance, tmp_path / "c.json")
    assert verdict.outcome == "NOT_APPLICABLE"
    assert verdict.reason.startswith("H1 fails")
    assert list(tmp_path.iterdir()) == []
