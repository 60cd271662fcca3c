"""The base class grades; no theorem can grade itself."""

import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from kernelstab import theorems
from kernelstab.certify import verify
from kernelstab.operators import as_operator
from kernelstab.theorems.base import Instance, judge, pencil


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


def test_nothing_is_proved_on_an_instance_of_another_theorem(tmp_path):
    two, mirror = theorems.get("two-images"), theorems.get("mirror-images")
    for act in (two.prove, two.certificate):
        with pytest.raises(ValueError, match="must belong to 'two-images', got one of 'mirror-images'"):
            act(mirror.by_hand(), tmp_path / "c.json")
    assert list(tmp_path.iterdir()) == []


class Alternating:
    """Two answers in turn, so no map from measurements to images."""

    name, calls = "alternating", 0

    def __init__(self, buffer=None):
        self.buffer = buffer

    def __call__(self, y):
        self.calls += 1
        answer = np.array([1.0, 0.1, 0.0] if self.calls % 2 else [1.0, 0.0, 5.0])
        if self.buffer is None:
            return answer
        self.buffer[:] = answer
        return self.buffer


@pytest.mark.parametrize("buffer", [None, np.empty(3)])
@pytest.mark.parametrize("act", ["float", "ball", "exact", "prove", "certificate"])
def test_a_map_with_two_values_for_one_measurement_is_refused(act, buffer, tmp_path):
    theorem = theorems.get("two-images")
    inputs = {"A": as_operator(np.eye(2, 3)), "psi": Alternating(buffer), "x": np.array([1.0, 0, 0]),
              "x_alt": np.array([1.0, 1e-9, 5])}
    instance = Instance(theorem.slug, inputs, "")
    written = act in ("prove", "certificate")
    run = getattr(theorem, act if written else "check")
    with pytest.raises(ValueError, match="is not a function: two calls with the same measurement differ by"):
        run(instance, tmp_path / "c.json" if written else act)
    assert list(tmp_path.iterdir()) == []


def test_an_operator_with_two_values_for_one_signal_is_refused():
    class Drifting:
        calls = 0.0

        def matvec(self, x):
            self.calls += 1
            return x[:2] + self.calls

        spec = staticmethod(lambda: None)

    theorem = theorems.get("two-images")
    instance = theorem.by_hand()
    changed = Instance(theorem.slug, instance.inputs | {"A": Drifting()}, "")
    with pytest.raises(ValueError, match="A is not a function"):
        theorem.check(changed, "ball")


class Predictor:
    def predict(self, rows):
        return np.hstack([rows, rows[:, :1]])


def padded(y):
    return np.append(y, y[0])


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda t: t.slug)
@pytest.mark.parametrize("psi", [padded, lambda y: padded(y)[None], Predictor(), np.eye(3, 2)])
def test_every_construction_takes_what_users_have(theorem, psi):
    instance = theorem.construct(np.eye(3)[::2], psi, [[1.0, 2, 5]])
    assert theorem.check(instance).outcome in ("VERIFIED", "NOT_APPLICABLE")
    with pytest.raises(ValueError, match=r"must have shape \(2,\), got \(3,\); is the matrix transposed\?"):
        theorem.construct(np.eye(3)[:, ::2], psi, [1.0, 2, 5])


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda t: t.slug)
def test_an_image_of_coded_grey_values_gives_a_warning(theorem):
    with pytest.warns(UserWarning, match=r"x holds whole numbers up to 205 .* convert them by x / 255\.0"):
        theorem.construct(np.eye(3)[::2], padded, np.array([[101, 102, 205]], np.uint8))


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda t: t.slug)
def test_instances_hold_what_users_have(theorem):
    inputs = theorem.by_hand().inputs
    psi = inputs["psi"]
    expected = theorem.check(theorem.by_hand(), "ball")
    class Answering:
        def predict(self, rows):
            return np.array([psi(row) for row in rows])

    matrix = Instance(theorem.slug, inputs | {"A": [[1, 0, 0], [0, 1, 0]]}, "")
    assert theorem.check(matrix, "ball") == expected
    for raw in (psi.__call__, lambda y: psi(y)[None], Answering()):
        verdict = theorem.check(Instance(theorem.slug, inputs | {"A": np.eye(2, 3), "psi": raw}, ""), "ball")
        assert (verdict.outcome, verdict.scope) == ("VERIFIED", "recorded")
    turned = Instance(theorem.slug, inputs | {"A": np.eye(3, 2), "psi": lambda y: y[:2]}, "")
    with pytest.raises(ValueError, match=r"must have shape \(2,\), got \(3,\); is the matrix transposed\?"):
        theorem.check(turned)
    missing = Instance(theorem.slug, {"A": np.eye(2, 3)}, "")
    with pytest.raises(ValueError, match="inputs must hold .*'psi', .*, got \\['A'\\]"):
        theorem.check(missing)


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
