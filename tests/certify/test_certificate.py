"""The file: canonical digest, atomic writing, and refusal of what is not a certificate."""

import json
import os

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_certificate, read_certificate, verify, write_certificate
from kernelstab.certify.certificate import digest
from kernelstab.certify.writing.terms import Program, norm


@pytest.fixture
def certificate():
    p = Program()
    p.conclusion("C1", p.let("length", norm(p.vector("x"))) >= 5)
    return make_certificate("pythagoras", p, {"x": np.array([3.0, 4.0])})


def test_writing_and_reading(certificate, tmp_path):
    path = write_certificate(certificate, tmp_path / "a.json")
    assert read_certificate(path) == certificate
    assert os.listdir(tmp_path) == ["a.json"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_digest_does_not_depend_on_order_or_spaces(certificate, tmp_path):
    path = tmp_path / "b.json"
    path.write_text(json.dumps(dict(reversed(certificate.items())), indent=7))
    assert read_certificate(path) == certificate
    assert digest(certificate) == certificate["sha256"]
    assert digest(certificate | {"slug": "other"}) != certificate["sha256"]


@pytest.mark.parametrize("moment", ["dump", "replace"])
def test_nothing_half_written_stays(certificate, tmp_path, monkeypatch, moment):
    path = tmp_path / "c.json"
    path.write_text("the old one")
    if moment == "dump":
        certificate = certificate | {"extra": {"bad": float("nan")}}
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_certificate(certificate, path)
    else:
        def fail(*_):
            raise KeyboardInterrupt
        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(KeyboardInterrupt):
            write_certificate(certificate, path)
    assert os.listdir(tmp_path) == ["c.json"]
    assert path.read_text() == "the old one"


@pytest.mark.parametrize(("text", "reason"), [
    ("", "is not JSON"), ("{", "is not JSON"), ('{"a": NaN}', "NaN is not a number"),
    ("[" * 100_000, "too large or too deep"), ("[]", "must be a dictionary, got list"),
    ("{}", "format must be 'kernelstab-certificate' or .*, got None"),
])
def test_files_that_are_no_certificate(tmp_path, text, reason):
    path = tmp_path / "d.json"
    path.write_text(text)
    with pytest.raises(CertificateError, match=reason):
        read_certificate(path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(CertificateError, match="cannot be read: .*No such file"):
        read_certificate(tmp_path / "none.json")
    with pytest.raises(CertificateError, match="cannot be read"):
        read_certificate(tmp_path)
    (tmp_path / "e.json").write_bytes(b"\xff\xfe")
    with pytest.raises(CertificateError, match="is not JSON: it is not a text file"):
        read_certificate(tmp_path / "e.json")


def test_a_name_that_is_given_twice_among_many_is_found(tmp_path):
    # comparing all names with all others would take minutes
    names = [f"k{i}" for i in range(200_000)]
    path = tmp_path / "d.json"
    path.write_text("{" + ",".join(f'"{name}":0' for name in [*names, "z", "z"]) + "}")
    with pytest.raises(CertificateError, match="the name 'z' is given twice"):
        read_certificate(path)


def test_sizes_are_judged_before_a_file_is_parsed(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[" + "[]," * 2_200_000)
    with pytest.raises(CertificateError, match="at most 2097152 entries of lists and dictionaries"):
        read_certificate(path)
    with open(path, "wb") as stream:
        stream.truncate(1 << 40)                    # a file with a hole takes no room
    with pytest.raises(CertificateError, match="at most 67108864 characters are checked, got 1099511627776"):
        read_certificate(path)


@pytest.mark.parametrize("name", ["version", "precision"])
def test_numbers_of_more_digits_than_python_writes_are_refused(certificate, name):
    assert not verify(certificate | {name: 10**5000}).ok
