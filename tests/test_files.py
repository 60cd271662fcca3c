"""Files that are complete or not there, and what they say of how they were made."""

import getpass
import hashlib
import io
import json
import os
import zipfile

import numpy as np
import pytest

from kernelstab import __version__
from kernelstab._files import (
    fingerprint,
    provenance,
    read_numpy,
    read_plain,
    require_writable,
    sha256,
    to_json_text,
    write_atomic,
)


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


def test_the_mask_of_new_files_is_never_set_because_other_threads_would_see_it(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "umask")
    assert write_atomic(tmp_path / "a", "x").read_text() == "x"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_pipes_and_devices_are_neither_read_nor_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for call in (read_plain, read_numpy, lambda path: write_atomic(path, "x")):
        for path in (tmp_path / "pipe.npz", "/dev/null"):
            with pytest.raises(OSError, match="not a plain file"):
                call(path)
    with pytest.raises(ValueError, match=r"out cannot be written: .*pipe.npz exists and is not a plain file"):
        require_writable(tmp_path / "pipe.npz", "out")


def test_a_place_is_tried_before_the_work(tmp_path):
    require_writable(None, "out")
    require_writable(tmp_path / "new.npz", "out")
    assert os.listdir(tmp_path) == []
    (tmp_path / "old.npz").write_text("old")
    require_writable(tmp_path / "old.npz", "out")
    assert (tmp_path / "old.npz").read_text() == "old"
    with pytest.raises(ValueError, match="out must be a file, but .* is a folder"):
        require_writable(tmp_path, "out")
    with pytest.raises(ValueError, match="out cannot be written"):
        require_writable("/proc/kernelstab.npz", "out")


def header(rows):
    """Return the beginning of a file of an array with so many rows and three columns."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f8", "fortran_order": False, "shape": (rows, 3)})
    return stream.getvalue()


@pytest.mark.parametrize("rows", [10**6, 10**12])
def test_a_header_that_declares_more_than_there_is_is_refused(tmp_path, rows):
    (tmp_path / "a.npy").write_bytes(header(rows) + b"\0" * 24)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("A.npy", header(rows) + b"\0" * 24)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(ValueError, match=f"needs {24 * rows} bytes, got 24"):
            read_numpy(tmp_path / name)


def test_a_damaged_header_is_refused(tmp_path):
    # what is raised by numpy or by the tokenizer of Python depends on their versions
    (tmp_path / "a.npy").write_bytes(header(1).replace(b"}", b"{").replace(b"'", b"\0", 1) + bytes(24))
    with pytest.raises(ValueError, match="the header of an array cannot be read"):
        read_numpy(tmp_path / "a.npy")


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive, \
            archive.open("A.npy", "w") as member:
        for _ in range(300):
            member.write(bytes(1 << 20))
    with pytest.raises(ValueError, match="unpacks to 314572800 bytes, more than 100 times its size"):
        read_numpy(tmp_path / "a.npz")


def test_arrays_come_back_and_names_are_unique(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", A=np.zeros((300, 300)), n=7)
    found = read_numpy(tmp_path / "a.npz")
    assert sorted(found) == ["A", "n"]
    assert found["A"].shape == (300, 300)
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("A.npy", header(1) + bytes(24))
    with pytest.raises(ValueError, match="there twice"):
        read_numpy(tmp_path / "a.npz")


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
