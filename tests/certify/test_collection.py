"""Several constants of one matrix in one file: each is proved, all are about the same matrix."""

import json

import pytest

from kernelstab.certify import make_collection, make_constant_certificate, verify, write_certificate
from kernelstab.certify.__main__ import main
from kernelstab.certify.certificate import digest

# the kernel of (1, 1) is spanned by (1, -1): spark 2, and half of the vector on one entry
_VECTOR = {"kind": "kernel-vector", "columns": [0, 1], "entries": ["1", "-1"]}
_DEPENDENT = {"kind": "dependent", "columns": [0, 1], "entries": ["1", "-1"]}


def _parts(matrix):
    return [make_constant_certificate("spark", matrix, upper=_DEPENDENT),
            make_constant_certificate("nsp", matrix, order=1, lower=_VECTOR)]


def _resealed(collection, **changes):
    changed = json.loads(json.dumps(collection)) | changes
    return changed | {"sha256": digest(changed)}


def test_all_parts_are_proved(tmp_path, capsys):
    path = write_certificate(make_collection(_parts([[1, 1]])), tmp_path / "card.json")
    found = verify(path)
    assert found.ok
    assert [claim.text for claim in found.claims] == ["spark <= 2", "alpha_1 >= 0.5"]
    assert found.quantities["spark"].upper == 2.0
    assert "real 1 x 2 matrix" in found.subject
    assert main([str(path)]) == 0
    assert "alpha_1 >= 0.5" in capsys.readouterr().out


def test_another_matrix_is_refused():
    mixed = make_collection([_parts([[1, 1]])[0], _parts([[2, 2]])[1]])
    found = verify(mixed)
    assert not found.ok
    assert "must be about one matrix" in found.reason


def test_one_bad_part_refuses_all():
    collection = make_collection(_parts([[1, 1]]))
    part = json.loads(json.dumps(collection["certificates"][1]))
    part["statements"][0]["value"] = "6e-1"
    part["sha256"] = digest(part)
    found = verify(_resealed(collection, certificates=[collection["certificates"][0], part]))
    assert not found.ok
    assert found.reason == "certificate 2: lower bound: proved is alpha_1 >= 0.5, stated 6e-1"


@pytest.mark.parametrize(("certificates", "reason"), [
    ([], "found none"), ([1], "certificate 1: certificate must be a dictionary, got int"),
    ([make_collection([])],
     "certificate 1: format must be 'kernelstab-constant', got 'kernelstab-collection'"),
])
def test_what_is_no_collection(certificates, reason):
    found = verify(_resealed(make_collection([]), certificates=certificates))
    assert not found.ok
    assert reason in found.reason


def test_a_change_without_a_new_digest_is_refused():
    collection = make_collection(_parts([[1, 1]]))
    collection["certificates"] = collection["certificates"][:1]
    assert "digest does not match" in verify(collection).reason
