"""Files that are complete or not there, and what they say of how they were made."""

import getpass
import hashlib
import json
import os

import numpy as np
import pytest

from kernelstab import __version__
from kernelstab._files import fingerprint, provenance, sha256, to_json_text, write_atomic


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


def test_the_record_is_json_and_names_versions():
    record = json.loads(json.dumps(provenance(3, timed=True)))
    assert set(record) - set(provenance(3)) == {"time"}
    assert record["seed"] == 3
    assert record["kernelstab"] == __version__
    assert record["packages"]["numpy"] == np.__version__


def test_the_record_holds_no_personal_path():
    text = json.dumps(provenance(0))
    assert os.getcwd() not in text
    assert os.path.expanduser("~") not in text
    assert f'"{getpass.getuser()}"' not in text


def test_fingerprints_tell_values_shapes_and_types_apart():
    a = np.array([1.0, 2.0])
    assert fingerprint(a) == fingerprint(a.copy())
    assert fingerprint(a[::1]) == fingerprint(np.array([1.0, 9.0, 2.0])[::2])
    assert len({fingerprint(a), fingerprint(a + 1), fingerprint(a[None]), fingerprint(a.astype("f4"))}) == 4
