"""Laws that every theorem obeys, present and future: nothing here names one."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from kernelstab import certify, theorems
from kernelstab.maps import LinearMap
from kernelstab.operators import as_operator
from kernelstab.theorems.base import Theorem

ROOT = Path(__file__).parents[2]
ALL = theorems.all()
each = pytest.mark.parametrize("theorem", ALL, ids=lambda t: t.slug)


def outcomes(verdict, role):
    return {d.label: d.outcome for d in verdict.decisions if d.role == role}


@each
@pytest.mark.parametrize("arithmetic", ["float", "exact"])
def test_the_instance_by_hand_is_verified(theorem, arithmetic):
    verdict = theorem.check(theorem.by_hand(), arithmetic=arithmetic)
    assert verdict.outcome == "VERIFIED", verdict.table()
    assert verdict.rigorous == (arithmetic == "exact")


@each
def test_some_conclusion_is_an_equality_by_hand(theorem):
    """At equality no constant can be strengthened, and a weakened one shows as a positive margin."""
    verdict = theorem.check(theorem.by_hand(), arithmetic="exact")
    margins = {d.label: d.margin for d in verdict.decisions if d.role == "conclusion"}
    assert margins["C1"] == 0.0, margins


@each
def test_each_spoiler_breaks_exactly_one_hypothesis(theorem):
    spoilers = theorem.spoilers()
    assert {s.breaks for s in spoilers} == set(theorem.hypotheses)
    for spoiler in spoilers:
        verdict = theorem.check(spoiler.instance, arithmetic="exact")
        assert verdict.outcome == "NOT_APPLICABLE"
        broken = {label for label, outcome in outcomes(verdict, "hypothesis").items() if outcome != "true"}
        assert broken == {spoiler.breaks}


@each
def test_labels_of_the_text_are_labels_of_the_program(theorem):
    widest = theorem.program(**theorem.variants[-1])
    assert len({c.label for c in widest.claims}) == len(widest.claims)     # none hides another
    assert {c.label for c in widest.claims if c.role == "hypothesis"} == set(theorem.hypotheses)
    assert {c.label for c in widest.claims if c.role == "conclusion"} == set(theorem.conclusions)


@each
def test_certificate_of_the_instance_by_hand_verifies(theorem, tmp_path):
    path = theorem.certificate(theorem.by_hand(), tmp_path / "c.json")
    verification = certify.verify(path)
    assert verification.ok, verification.reason
    assert verification.slug == theorem.slug


@each
def test_spoilers_cannot_be_certified(theorem, tmp_path):
    for spoiler in theorem.spoilers():
        with pytest.raises(ValueError, match="nothing can be certified"):
            theorem.certificate(spoiler.instance, tmp_path / "c.json")
        assert not (tmp_path / "c.json").exists()


@each
def test_random_linear_maps_never_contradict_the_theorem(theorem):
    """Seeds 0..19: generic matrices; generalised inverses (even seeds) and maps near them (odd seeds)."""
    seen = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        matrix = rng.standard_normal((3, 6))
        inverse = np.linalg.pinv(matrix)
        inverse = inverse + (np.eye(6) - inverse @ matrix) @ rng.standard_normal((6, 3))
        psi = LinearMap(inverse + 0.1 * (seed % 2) * rng.standard_normal((6, 3)), name="inverse")
        instance = theorem.construct(as_operator(matrix), psi, psi(rng.standard_normal(3)), rng=seed)
        outcome = theorem.check(instance, arithmetic="ball", precision=256).outcome
        assert outcome in ("VERIFIED", "NOT_APPLICABLE"), (seed, outcome)
        seen.add(outcome)
    assert "VERIFIED" in seen


@each
def test_every_piece_of_a_theorem_is_where_it_says(theorem):
    for piece, place in theorem.where().items():
        if piece != "class":
            assert (ROOT / place).is_file(), f"{theorem.slug}: {piece} is missing at {place}"
    module = importlib.import_module(theorem.where()["class"].rpartition(".")[0])
    assert Path(module.__file__).as_posix().endswith("/" + theorem.where()["file"])


def test_every_file_belongs_to_a_theorem():
    stems = {t.slug.replace("-", "_") for t in ALL}
    shared = {"base", "__init__"}
    for folder, pattern, extra in (("kernelstab/theorems", "*.py", shared), ("docs/theorems", "*.md", set()),
                                   ("tests/theorems", "test_*.py", {"test_base", "test_laws"})):
        found = {p.stem for p in (ROOT / folder).glob(pattern)} - extra
        assert {s.removeprefix("test_") for s in found} == stems, folder


def test_no_theorem_is_named_outside_its_folder():
    """Whatever lies above asks all theorems alike; what lies below cannot know them."""
    folder = ROOT / "kernelstab" / "theorems"
    names = {name for t in ALL for name in (t.slug, type(t).__name__)}
    files = [p for p in (ROOT / "kernelstab").rglob("*") if p.suffix in (".py", ".j2")]
    found = [(p.name, name) for p in files if folder not in p.parents for name in names
             if re.search(rf"(?<![\w-]){name}(?![\w-])", p.read_text(encoding="utf-8"))]
    assert found == []


@each
def test_the_docs_page_is_the_card(theorem):
    page = (ROOT / theorem.where()["docs"]).read_text(encoding="utf-8")
    assert page == theorem.card(), f"run: kernelstab show {theorem.slug} > {theorem.where()['docs']}"


@each
def test_texts_are_complete(theorem):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", theorem.slug)
    for name in ("title", "statement", "proof", "source"):
        assert len(getattr(theorem, name).strip()) > 20, name
    assert isinstance(theorem, Theorem)
