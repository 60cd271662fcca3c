"""The checker of ranks."""

import random

import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.constants.matrix import exact, read_matrix
from kernelstab.certify.constants.rank import check

# rank 2: column 2 = column 0 + column 1
A = [[1, 0, 1], [0, 1, 1], [2, 3, 5]]
KERNEL = {"kind": "kernel-basis", "vectors": [["1", "1", "-1"]]}
MODULAR = {"kind": "modular", "prime": 2**61 - 1}


def test_by_hand():
    certificate = make_constant_certificate("rank", A, lower=MODULAR, upper=KERNEL)
    assert [entry["value"] for entry in certificate["statements"]] == ["2e0", "2e0"]
    assert verify(certificate).ok
    assert check(exact([[1, 2, 3]]), None, {}, "upper", {"kind": "shape"}) == 1


def test_repeated_vectors_count_once():
    twice = {"kind": "kernel-basis", "vectors": [["1", "1", "-1"], ["-2", "-2", "2"]]}
    assert check(exact(A), None, {}, "upper", twice) == 2
    assert check(exact(A), None, {}, "upper", {"kind": "kernel-basis", "vectors": []}) == 3


def test_complex():
    # (1, i; i, -1): rank 1, kernel (i, -1), that is u = (0, -1), v = (1, 0); i times it brings nothing new
    B = read_matrix({"numerators": [["1", "0"], ["0", "-1"]], "imag": [["0", "1"], ["1", "0"]],
                     "denominator": "1"})
    assert check(B, None, {}, "lower", MODULAR) == 1
    vectors = [[0, -1, 1, 0], [-1, 0, 0, -1]]
    for used in (vectors[:1], vectors):
        assert check(B, None, {}, "upper", {"kind": "kernel-basis", "vectors": used}) == 1


@pytest.mark.parametrize(("side", "proof", "reason"), [
    ("upper", KERNEL | {"vectors": [["1", "1", "1"]]}, "does not map every vector to zero"),
    ("upper", KERNEL | {"vectors": [["1", "1"]]}, "every vector must have 3 entries"),
    ("upper", KERNEL | {"vectors": "1"}, "vectors must be a list"),
    ("upper", MODULAR, "proof must be one of kernel-basis, shape"),
    ("lower", MODULAR | {"prime": 4}, "prime must be a prime number"),
])
def test_refusals(side, proof, reason):
    with pytest.raises(CertificateError, match=reason):
        check(exact(A), None, {}, side, proof)


def test_forgeries(forgeries):
    certificate = make_constant_certificate("rank", A, lower=MODULAR, upper=KERNEL)
    for path, forged in forgeries(certificate, 300, random.Random(2)):
        answer = verify(forged)
        if answer.ok and path[0] != "matrix":
            for entry in forged["statements"]:
                value = float(entry["value"])
                assert value <= 2 if entry["side"] == "lower" else value >= 2
