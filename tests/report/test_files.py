"""Files that are complete or not there."""

import hashlib
import os

import pytest

from kernelstab.report.files import sha256, to_json_text, write_atomic


def test_the_old_file_survives_a_failed_write(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    write_atomic(path, "old")

    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_text_is_utf8_and_bytes_are_kept(tmp_path):
    assert write_atomic(tmp_path / "a", "η ≥ 0").read_bytes() == "η ≥ 0".encode()
    assert write_atomic(tmp_path / "b", b"\x00\xff").read_bytes() == b"\x00\xff"


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX")
def test_the_file_can_be_read_by_others_as_the_umask_allows(tmp_path):
    old = os.umask(0o022)
    try:
        path = write_atomic(tmp_path / "a", "x")
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_refuses_what_json_cannot_hold(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json_text({"a": number})


def test_sha256(tmp_path):
    path = write_atomic(tmp_path / "a", "abc")
    assert sha256(path) == hashlib.sha256(b"abc").hexdigest()
