"""The verdict in sentences."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kernelstab.report.mirrors import Mirrors
from kernelstab.report.words import findings, headline, span


def _mirrors(error, mirrored):
    one = np.ones(1)
    return Mirrors(one, {"small": error * one}, {"small": mirrored * one}, one, one, one)


def _checked(outcome, scope="ideal", rigorous=True):
    verdict = SimpleNamespace(outcome=outcome, scope=scope, rigorous=rigorous, verified=outcome == "VERIFIED")
    return SimpleNamespace(verdict=verdict, theorem=SimpleNamespace(slug="two-images"))


def test_a_map_that_beats_the_pseudo_inverse_guesses(report):
    guessing = replace(report, mirrors=_mirrors(0.25, 1.9))
    assert headline(guessing).startswith("small guesses what it cannot see")
    text = findings(guessing)["Guesswork"]
    assert "0.250 times the unseen part, so most of what it shows there" in text
    assert "1.90 times that part" in text


def test_a_map_that_does_not_is_not_said_to_guess(report):
    plain = replace(report, mirrors=_mirrors(1.0, 1.0))
    assert headline(plain).startswith("small does not improve on leaving out what it cannot see")
    assert "assumes or has learnt" not in findings(plain)["Guesswork"]


@pytest.mark.parametrize(("clean", "gain", "said"), [
    (1.0, 0.0, "was not moved by"), (0.0, 0.0, "was not moved by"),
    (0.0, 1.0, "can be moved away from zero")])
def test_a_map_that_does_not_move_is_not_said_to_move(report, clean, gain, said):
    worst = [SimpleNamespace(clean=np.full(64, clean), local_lipschitz_lower=gain)]
    searches = replace(report.searches, worst=report.searches.worst | {"small": worst},
                       transfer=report.searches.transfer | {"small": (0.0, 0.0)})
    moved = replace(report, searches=searches)
    assert said in headline(moved)
    assert "∞" not in headline(moved)
    assert ("tried on one image changes it" in findings(moved)["Worst case"]) == (gain == 0)


def test_what_does_not_apply_is_said_with_its_reason(report):
    stage = replace(report.stages[0], name="mirror images", state="not applicable", reason="no kernel")
    assert findings(replace(report, stages=(stage,)))["Not applicable"] == "mirror images: no kernel."


def test_the_numbers_are_those_of_the_report(report):
    text = findings(report)
    m, n = report.facts.shape
    assert f"{m} numbers for {n} unknowns" in text["Unseen"]
    assert "40 directions" in text["Unseen"]
    assert f"{np.mean(report.accuracy.psnr['small']):.1f} dB" in text["Accuracy"]
    said = float(text["Worst case"].partition(" times its own size")[0].rpartition(" ")[2])
    assert 0 <= report.searches.gains("small")[-1] - said <= 0.01          # a lower bound is rounded down
    assert " and no more" in text["Worst case"]                            # Tikhonov: the exact constant
    assert "QCBP at least" in text["Worst case"]
    assert "No search shows that a map is stable" in text["Worst case"]
    assert "nothing, as must every map" in text["Small details"]


@pytest.mark.parametrize(("part", "label"), [
    ("facts", "Unseen"), ("accuracy", "Accuracy"), ("mirrors", "Guesswork"), ("searches", "Worst case"),
    ("details", "Small details")])
def test_what_was_not_measured_is_not_said(report, part, label):
    assert label in findings(report)
    assert label not in findings(replace(report, **{part: None}))


def test_without_measurements_there_is_no_verdict(report):
    empty = replace(report, facts=None, accuracy=None, searches=None, mirrors=None, details=None, verdicts=())
    assert headline(empty) == "Too little of small was measured for a verdict."
    assert findings(empty) == {}


def test_an_untrusted_search_is_called_so(report):
    effort = report.searches.budgets["small"]
    control = replace(report.searches.controls[effort], ratio=0.4, trusted=False)
    weak = replace(report.searches, controls={**report.searches.controls, effort: control})
    text = findings(replace(report, searches=weak))["Worst case"]
    assert "finds 40\u00a0% of it, so it may miss much" in text


def test_proofs_are_counted_and_the_rest_is_named(report):
    verdicts = (_checked("VERIFIED"), _checked("VERIFIED", rigorous=False), _checked("NOT_APPLICABLE"))
    text = findings(replace(report, verdicts=verdicts))["Proof"]
    assert text.startswith("1 of 3 theorems are VERIFIED on this map with proof. The proofs are about the ex")
    assert "two-images is VERIFIED, two-images is NOT_APPLICABLE" in text
    recorded = findings(replace(report, verdicts=(_checked("VERIFIED", "recorded"),)))["Proof"]
    assert "about the images that the map returned" in recorded


def test_span():
    assert span(0.1, 0.1) == "10\u00a0%"
    assert span(0.1, 0.25) == "10\u00a0% to 25\u00a0%"
