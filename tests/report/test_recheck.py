"""Certificates proved again: accepted, refused, and why."""

import json

import numpy as np
import pytest

from kernelstab import theorems
from kernelstab.certify import Program, make_certificate, make_constant_certificate, norm, write_certificate
from kernelstab.certify.certificate import digest
from kernelstab.report.recheck import recheck


@pytest.fixture
def certificate(tmp_path):
    theorem = theorems.get("two-images")
    return theorem.certificate(theorem.by_hand(), tmp_path / "two.json")


@pytest.mark.parametrize("theorem", theorems.all(), ids=lambda t: t.slug)
def test_every_theorem_is_recognised(theorem, tmp_path):
    result = recheck(theorem.certificate(theorem.by_hand(), tmp_path / "c.json"))
    assert result.accepted
    assert result.reason == ""
    assert "PROVED" in repr(result)
    assert json.loads(json.dumps(result.to_json()))["accepted"]


def _rewritten(path, change, digested=True):
    content = json.loads(path.read_text())
    change(content)
    if digested:
        content["sha256"] = digest(content)
    path.write_text(json.dumps(content))
    return recheck(path)


def test_a_changed_file_is_refused_by_its_digest(certificate):
    result = _rewritten(certificate, lambda c: c["claims"].pop(), digested=False)
    assert not result.accepted
    assert "changed after it was written" in result.reason


def test_a_weakened_claim_is_not_the_theorem(certificate):
    """A forger drops the last conclusion everywhere and computes a new digest: all that is left is true."""
    def drop(content):
        content["claims"].pop()
        content["program"]["claims"].pop()

    result = _rewritten(certificate, drop)
    assert result.verification.ok
    assert not result.accepted
    assert result.statement == "differs"
    assert "not those of two-images" in result.reason


def test_another_name_is_another_theorem(certificate):
    result = _rewritten(certificate, lambda c: c.update(slug="mirror-images"))
    assert result.verification.ok
    assert result.statement == "differs"


def test_an_unknown_name_is_refused(tmp_path):
    program = Program()
    program.conclusion("C1", norm(program.vector("x")) > 0)
    certificate = make_certificate("one-is-positive", program, {"x": np.ones(1)})
    result = recheck(write_certificate(certificate, tmp_path / "c.json"))
    assert result.verification.ok
    assert result.reason == "its inequalities are proved, but no theorem is called 'one-is-positive'"


@pytest.fixture
def constant(tmp_path):
    make_constant_certificate("nsp", np.ones((1, 3)), order=1, path=tmp_path / "constant.json", lower={
        "kind": "kernel-vector", "columns": [0, 2], "entries": ["1", "-1"]})
    return tmp_path / "constant.json"


def test_a_constant_is_its_own_statement(constant):
    result = recheck(constant)
    assert result.accepted
    assert result.statement == "own"
    assert result.reason == ""
    assert "constant.json: PROVED: alpha_1 >= 0.5 for the real 1 x 3 matrix " in repr(result)
    assert json.loads(json.dumps(result.to_json()))["accepted"]


def test_a_torn_constant_is_refused(constant):
    result = _rewritten(constant, lambda c: c.update(order=2), digested=False)
    assert not result.accepted
    assert "changed after it was written" in result.reason


@pytest.mark.parametrize(("change", "reason"), [
    (lambda c: c["matrix"].update(data="AAAAAAAA8D8AAAAAAADwPwAAAAAAAABA"), "null space"),    # (1, 1, 2)
    (lambda c: c["statements"][0].update(value="6e-1"), "stated 6e-1"),
    (lambda c: c.update(constant="two-images"), "no constant is called 'two-images'"),
])
def test_a_forged_constant_is_refused(constant, change, reason):
    result = _rewritten(constant, change)
    assert not result.accepted
    assert reason in result.reason
    assert "REFUSED" in repr(result)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "other"}', "\x00\x01"])
def test_what_is_no_certificate_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "c.json").write_text(content)
    result = recheck(tmp_path / "c.json")
    assert not result.accepted
    assert result.reason
    assert "\n" not in result.reason


def test_a_missing_file_is_bad_input(tmp_path):
    with pytest.raises(ValueError, match="certificate: no such file: .*none.json"):
        recheck(tmp_path / "none.json")
