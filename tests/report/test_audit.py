"""The audit from end to end, on a small problem."""

import json
import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernelstab import theorems
from kernelstab._errors import NotConverged
from kernelstab.report import audit, page
from kernelstab.report.audit import FINDINGS, run_stage, wanted
from kernelstab.report.page import inline_to_html
from kernelstab.report.recheck import recheck
from kernelstab.report.sections import QUICK, NotApplicable

STAGES = [finding.name for finding in FINDINGS]


def _json(path):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads((Path(path) / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)


def test_every_stage_is_done_and_every_file_is_there(report):
    assert report.complete
    assert not report.interrupted
    assert report.notice == ""
    assert [s.state for s in report.stages] == ["done"] * len(FINDINGS)
    names = {str(p.relative_to(report.path)) for p in report.path.rglob("*") if p.is_file()}
    certified = {f"certificates/{c.theorem.slug}.json" for c in report.verdicts if c.verdict.verified}
    assert names == {"report.html", "report.json"} | certified


def test_every_certificate_is_proved_again(report):
    files = [c.certificate for c in report.verdicts if c.certificate]
    assert files
    assert all(recheck(path).accepted for path in files)


def _numbers(value, path=""):
    """Yield (path, number) for every bare float outside a record that says what it is."""
    if isinstance(value, dict):
        if {"kind", "unit", "rigorous"} <= set(value):
            assert value["kind"] in ("exact", "enclosed", "lower", "upper", "estimate"), path
            return
        for key, entry in value.items():
            yield from _numbers(entry, f"{path}/{key}")
    elif isinstance(value, list):
        for entry in value:
            yield from _numbers(entry, path)
    elif isinstance(value, float):
        yield path, value


def test_every_measured_number_has_kind_and_unit(report):
    record = _json(report.path)
    measured = {key: record[key] for key in ("accuracy", "worst_case", "mirror_images", "planted_detail")}
    assert list(_numbers(measured)) == []


def test_what_is_needed_to_repeat_it_is_there(report):
    record = _json(report.path)
    assert record["provenance"]["seed"] == 3
    assert record["settings"]["eps"] == 0.02
    assert record["settings"]["images"] == QUICK.images
    assert len(record["fingerprints"]["images"]) == 64
    assert record["audited"] == "small"
    assert record["maps"] == ["small", "TV", "Wavelets", "Tikhonov"]
    assert sum(stage["seconds"] for stage in record["stages"]) == pytest.approx(record["seconds"])
    assert {t["slug"] for t in record["theorems"]} == {t.slug for t in theorems.all()}


def test_the_numbers_agree_with_the_operator(report, inputs):
    A, psi, images = inputs
    null = np.linalg.svd(A.to_dense())[2][24:]
    used = report.problem.images
    assert np.array_equal(used, images.reshape(5, 64)[[0, 2, 4]])
    hidden = np.linalg.norm(used @ null.T, axis=1) / np.linalg.norm(used, axis=1)
    assert np.allclose(report.findings["operator"].hidden, hidden)
    assert report.findings["operator"].dimension.value == 40
    errors = [np.linalg.norm(psi(A.matvec(x)) - x) for x in used]
    assert np.allclose(report.findings["mirror images"].errors["small"], errors)
    assert report.findings["mirror images"].excess("small").min() >= -1e-12
    assert np.isclose(report.findings["worst case"].bounds["Tikhonov"].value,
                      np.linalg.norm(report.problem.maps["Tikhonov"].matrix, 2))


def test_the_search_starts_from_the_image_of_median_accuracy(report):
    order = np.argsort(report.findings["accuracy"].relative["small"])
    assert np.array_equal(report.findings["worst case"].image, report.problem.images[order[1]])


def test_the_same_seed_gives_the_same_numbers(report, inputs):
    again = audit(*inputs, quick=True, progress=False, seed=3)
    assert again.path is None
    first, second = report.to_json(), again.to_json()
    for key in ("operator", "accuracy", "worst_case", "mirror_images", "planted_detail", "findings"):
        assert first[key] == second[key], key


def test_a_plan_of_ones_own(inputs):
    plan = replace(QUICK, images=2, budget=24, rungs=(0.5, 1.0))
    other = audit(*inputs, plan=plan, progress=False)
    assert other.to_json()["settings"]["budget"] == 24
    assert other.findings["worst case"].eps.tolist() == [0.01, 0.02]
    assert len(other.problem.images) == 2


def test_another_seed_draws_other_noise(report, inputs):
    other = audit(*inputs, quick=True, progress=False, seed=4)
    first, second = (r.findings["worst case"].noise_gains("small") for r in (report, other))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("stage", ["operator", "worst case", "theorems"])
def test_an_interrupt_leaves_a_valid_report_that_says_what_is_missing(stage, inputs, tmp_path, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(FINDINGS[STAGES.index(stage)], "measure", interrupted)
    partial = audit(*inputs, quick=True, out=tmp_path / "r", progress=False)
    assert partial.interrupted
    assert not partial.complete
    record = _json(tmp_path / "r")
    place = STAGES.index(stage)
    assert [s["state"] for s in record["stages"]] == (
        ["done"] * place + ["interrupted"] + ["not reached"] * (len(STAGES) - place - 1))
    done = f"interrupted after {STAGES[place - 1]!r}" if place else "interrupted at the start"
    missing = ", ".join(STAGES[place:])
    assert record["notice"] == f"This report is partial: {done}. Missing: {missing}."
    text = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "This report is partial" in text
    assert text.rstrip().endswith("</html>")


def test_an_interrupt_between_two_stages_keeps_the_finished_ones(inputs, tmp_path, monkeypatch):
    def interrupted(task):
        raise KeyboardInterrupt

    monkeypatch.setattr(FINDINGS[2], "steps", interrupted)
    partial = audit(*inputs, quick=True, out=tmp_path / "r", progress=False)
    assert partial.interrupted
    assert list(partial.findings) == STAGES[:2]
    assert f"partial: interrupted after {STAGES[1]!r}." in _json(tmp_path / "r")["notice"]


def test_an_interrupt_while_writing_does_not_lose_the_report(inputs, tmp_path, monkeypatch):
    calls = []

    def impatient(report):
        calls.append(report)
        if len(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(page, "write_report", impatient)
    report = audit(*inputs, quick=True, out=tmp_path / "r", progress=False)
    assert calls == [report, report]


def test_a_failing_stage_is_reported_and_the_others_run(inputs, tmp_path):
    A, psi, images = inputs
    calls = []

    def fragile(y):
        """Give up on data that are far from any of the images."""
        calls.append(1)
        if np.linalg.norm(y) > 10:
            raise KeyError("too far")
        return psi(y)

    big = np.concatenate([images, 100 * images[:1]])
    report = audit(A, fragile, big, quick=True, out=tmp_path / "r", progress=False)
    states = {s.name: s.state for s in report.stages}
    assert states["accuracy"] == "failed"
    assert states["operator"] == "done"
    assert states["mirror images"] == "not reached"        # it starts from the reconstructions
    assert not report.complete
    assert not report.interrupted
    assert "a stage failed (accuracy: ValueError: map 'fragile' raised KeyError: 'too far'" in report.notice


@pytest.mark.parametrize(("options", "message"), [
    ({"eps": 0}, "eps must be positive, got 0"),
    ({"eps": 2}, "eps must lie in"),
    ({"seed": -1}, "seed must be"),
    ({"plan": 3}, "plan must be a kernelstab.report.Plan"),
    ({"plan": QUICK, "quick": True}, "plan must be .* without quick"),
    ({"maps": "module:"}, "map must be module:name"),
    ({"images": np.ones((2, 3))}, "images must have 64 pixels"),
    ({"A": "radar"}, "A must be an operator, module:name or one of"),
])
def test_bad_input_is_refused_before_anything_is_written(inputs, tmp_path, options, message):
    A, psi, images = inputs
    with pytest.raises(ValueError, match=message):
        audit(**({"A": A, "maps": psi, "images": images, "out": tmp_path / "r", "progress": False} | options))
    assert not (tmp_path / "r").exists()


def test_out_must_be_a_folder(inputs, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="out must be a folder, got '.*file'"):
        audit(*inputs, out=tmp_path / "file", progress=False)


def test_the_page_refers_to_nothing_outside(report):
    text = (report.path / "report.html").read_text(encoding="utf-8")
    sources = re.findall(r'(?:src|href)\s*=\s*"([^"]{0,30})', text)
    assert sources
    assert all(source.startswith(("data:image/", "#", "certificates/")) for source in sources)
    targets = {source[1:] for source in sources if source.startswith("#")}
    assert targets == set(re.findall(r'<h2 id="([^"]+)"', text))
    linked = [source for source in re.findall(r'href="(certificates/[^"]+)"', text)]
    assert linked
    assert all((report.path / source).is_file() for source in linked)
    assert not [word for word in ("url(", "<script", "@import", "http:", "https:") if word in text]


def test_text_and_repr(report):
    assert repr(report) == f"<AuditReport of small: complete, {report.path}>"
    lines = report.text().splitlines()
    assert lines[0].startswith("small ")
    assert lines[-1] == f"Report: {report.path / 'report.html'}"


def test_an_operator_that_sees_everything_has_a_complete_report(inputs, tmp_path):
    _, _, images = inputs
    A = np.random.default_rng(0).standard_normal((70, 64))
    report = audit(A, np.linalg.pinv(A), images, quick=True, out=tmp_path / "r", progress=False)
    states = {s.name: s.state for s in report.stages}
    assert report.complete
    assert states["mirror images"] == states["planted detail"] == "not applicable"
    assert states["theorems"] == "done"
    assert "NOT_APPLICABLE" in {c.verdict.outcome for c in report.verdicts}     # no kernel, no unseen detail
    text = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "Every direction of the image leaves a trace" in text
    assert "Not applicable.</b> mirror images: the operator has no kernel; planted detail: the op" in text


def test_theorems_want_findings_that_exist_and_no_others_are_measured(monkeypatch):
    names = {name for theorem in theorems.all() for name in theorem.findings}
    assert names <= set(STAGES)
    monkeypatch.setattr(theorems, "all", lambda: ())
    assert all(finding.basic for finding in wanted())
    assert set(FINDINGS) - set(wanted())


def test_what_a_theorem_says_ends_the_paragraph_of_its_finding(report):
    for theorem in theorems.all():
        for name, text in theorem.findings.items():
            assert report.sentences()[report.findings[name].label].endswith(text)


def test_what_was_not_measured_is_not_said(report):
    for name, finding in report.findings.items():
        rest = {key: other for key, other in report.findings.items() if key != name}
        assert finding.label in report.sentences()
        assert finding.label not in replace(report, findings=rest).sentences()


def test_without_measurements_there_is_no_verdict(report):
    empty = replace(report, findings={})
    assert empty.headline() == "Too little of small was measured for a verdict."
    assert empty.sentences() == {}


def test_what_does_not_apply_is_said_with_its_reason(report):
    stage = replace(report.stages[0], name="mirror images", state="not applicable", reason="no kernel")
    assert replace(report, stages=(stage,)).sentences()["Not applicable"] == "mirror images: no kernel."


def test_every_choice_on_which_systems_differ_is_named_and_typeset(report):
    conventions = report.conventions()
    assert {"data", "perturbation", "gain", "reference", "norms", "PSNR", "signs"} <= set(conventions)
    assert r"0.02\|y\|" in conventions["perturbation"]
    for text in conventions.values():
        html = inline_to_html(text)
        assert "<code>" not in html
        assert "$" not in html


def _stage(function):
    return run_stage("one", 2, function, progress=False)


def test_results_come_back_and_ticks_are_counted(capsys):
    stage, result = run_stage("one", 2, lambda tick: [tick(), tick(), 5][-1])
    assert (stage.state, result) == ("done", 5)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "one" in captured.err
    assert "2/2" in captured.err
    _stage(lambda tick: tick())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("error", "state", "reason"), [
    (ValueError("y must be finite"), "failed", "ValueError: y must be finite"),
    (KeyError("inside the user's map"), "failed", "KeyError: \"inside the user's map\""),
    (SystemExit(3), "failed", "SystemExit: 3"),
    (NotApplicable("no kernel"), "not applicable", "no kernel"),
    (KeyboardInterrupt(), "interrupted", ""),
])
def test_what_ends_a_stage_is_recorded(error, state, reason):
    def fail(tick):
        raise error

    stage, result = _stage(fail)
    assert (stage.state, stage.reason, result) == (state, reason, None)
    assert stage.settled == (state == "not applicable")


def test_warnings_are_counted_and_not_shown(capsys):
    def noisy(tick):
        for budget in (10, 20):
            warnings.warn(f"stopped at {budget}", NotConverged, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    assert _stage(noisy)[0].warnings == {"NotConverged": 2, "DeprecationWarning": 1}
    assert capsys.readouterr().err == ""
