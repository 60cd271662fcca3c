"""Rank and spark: proofs by hand, at random and forged."""

import random
from functools import partial
from itertools import combinations

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import exact_nullspace, make_constant_certificate, verify
from kernelstab.certify.constants.matrix import exact, read_matrix
from kernelstab.certify.constants.statement import bound

check_rank, check_spark = partial(bound, "rank"), partial(bound, "spark")


# column 3 = column 0 + 2 column 1: spark 3, for no two columns are parallel
A = [[1, 0, 1, 1], [0, 1, 1, 2], [1, 1, 0, 3]]
VECTOR = {"kind": "dependent", "columns": [0, 1, 3], "entries": ["1", "2", "-1"]}

def exact_rank(rows):
    return len(rows[0]) - len(exact_nullspace(rows))


def _ranks(size, prime=2**61 - 1):
    return {"kind": "ranks", "prime": prime, "size": size}


def test_by_hand():
    certificate = make_constant_certificate("spark", A, lower=_ranks(2), upper=VECTOR)
    assert [entry["value"] for entry in certificate["statements"]] == ["3e0", "3e0"]
    assert verify(certificate).ok
    # the identity: no dependent set at all
    assert check_spark(exact([[1, 0], [0, 2]]), None, {}, "lower", _ranks(2)) == 3


@pytest.mark.parametrize("seed", range(20))
def test_all_sets_are_tried(seed):
    rng = np.random.default_rng(seed)
    B = rng.integers(-1, 2, (4, 7)).tolist()
    for size in range(1, 5):
        independent = all(exact_rank([[row[j] for j in S] for row in B]) == size
                          for S in combinations(range(7), size))
        if independent:
            assert check_spark(exact(B), None, {}, "lower", _ranks(size)) == size + 1
        else:
            with pytest.raises(CertificateError, match="are dependent modulo"):
                check_spark(exact(B), None, {}, "lower", _ranks(size))


def test_complex():
    # (1, i) and (i, -1) are parallel by i, and (1, 1) is parallel to neither
    B = read_matrix({"numerators": [["1", "0", "1"], ["0", "-1", "1"]],
                     "imag": [["0", "1", "0"], ["1", "0", "0"]], "denominator": "1"})
    vector = {"kind": "dependent", "columns": [0, 1], "entries": [0, 1, -1, 0]}     # i a_0 - a_1
    assert check_spark(B, None, {}, "upper", vector) == 2
    with pytest.raises(CertificateError, match="does not lie in the null space"):
        check_spark(B, None, {}, "upper", vector | {"entries": [0, 1, 1, 0]})
    assert check_spark(B, None, {}, "lower", _ranks(1, 13)) == 2
    with pytest.raises(CertificateError, match=r"columns \[0, 1\] are dependent modulo 13"):
        check_spark(B, None, {}, "lower", _ranks(2, 13))
    with pytest.raises(CertificateError, match="prime must be 1 modulo 4"):
        check_spark(B, None, {}, "lower", _ranks(1, 7))


def test_a_prime_that_divides_a_minor_proves_nothing():
    # (1, 2) and (2, 11) have determinant 7
    B = exact([[1, 2], [2, 11]])
    assert check_spark(B, None, {}, "lower", _ranks(2, 5)) == 3
    with pytest.raises(CertificateError, match=r"columns \[0, 1\] are dependent modulo 7"):
        check_spark(B, None, {}, "lower", _ranks(2, 7))


def test_zeros_do_not_count():
    # the entry of column 2 is zero: two dependent columns, not three
    assert check_spark(exact([[1, 2, 5]]), None, {}, "upper",
                 {"kind": "dependent", "columns": [0, 1, 2], "entries": [2, -1, 0]}) == 2


@pytest.mark.parametrize(("side", "proof", "reason"), [
    ("upper", VECTOR | {"entries": ["1", "2", "1"]}, "the vector does not lie in the null space"),
    ("upper", VECTOR | {"entries": ["0", "0", "0"]}, "one that is not zero"),
    ("upper", VECTOR | {"entries": ["1", "2"]}, "one entry per column"),
    ("upper", VECTOR | {"columns": [0, 1, 4]}, r"columns must lie in \[0, 3\]"),
    ("upper", VECTOR | {"columns": [0, 0, 3]}, "rising order"),
    ("lower", _ranks(3), r"columns \[0, 1, 3\] are dependent modulo"),
    ("lower", _ranks(4), r"size must lie in \[1, 3\]"),
    ("lower", _ranks(True), "size must hold integers"),
    ("lower", _ranks(2, 15), "prime must be a prime number"),
])
def test_refusals(side, proof, reason):
    with pytest.raises(CertificateError, match=reason):
        check_spark(exact(A), None, {}, side, proof)


def test_too_many_sets():
    wide = exact([[1] * 40] * 20)
    with pytest.raises(CertificateError, match="at most 5000000 sets of 20 columns .* got 137846528820"):
        check_spark(wide, None, {}, "lower", _ranks(20))


def test_forgeries(forgeries):
    certificate = make_constant_certificate("spark", A, lower=_ranks(2), upper=VECTOR)
    for path, forged in forgeries(certificate, 400, random.Random(1)):
        answer = verify(forged)
        if answer.ok and path[0] != "matrix":
            for entry in forged["statements"]:
                value = float(entry["value"])
                assert value <= 3 if entry["side"] == "lower" else value >= 3


# rank 2: column 2 = column 0 + column 1
ROWS = [[1, 0, 1], [0, 1, 1], [2, 3, 5]]
KERNEL = {"kind": "kernel-basis", "vectors": [["1", "1", "-1"]]}
MODULAR = {"kind": "modular", "prime": 2**61 - 1}


def test_rank_by_hand():
    certificate = make_constant_certificate("rank", ROWS, lower=MODULAR, upper=KERNEL)
    assert [entry["value"] for entry in certificate["statements"]] == ["2e0", "2e0"]
    assert verify(certificate).ok
    assert check_rank(exact([[1, 2, 3]]), None, {}, "upper", {"kind": "shape"}) == 1


def test_repeated_vectors_count_once():
    twice = {"kind": "kernel-basis", "vectors": [["1", "1", "-1"], ["-2", "-2", "2"]]}
    assert check_rank(exact(ROWS), None, {}, "upper", twice) == 2
    assert check_rank(exact(ROWS), None, {}, "upper", {"kind": "kernel-basis", "vectors": []}) == 3


def test_rank_complex():
    # (1, i; i, -1): rank 1, kernel (i, -1), that is u = (0, -1), v = (1, 0); i times it brings nothing new
    B = read_matrix({"numerators": [["1", "0"], ["0", "-1"]], "imag": [["0", "1"], ["1", "0"]],
                     "denominator": "1"})
    assert check_rank(B, None, {}, "lower", MODULAR) == 1
    vectors = [[0, -1, 1, 0], [-1, 0, 0, -1]]
    for used in (vectors[:1], vectors):
        assert check_rank(B, None, {}, "upper", {"kind": "kernel-basis", "vectors": used}) == 1


@pytest.mark.parametrize(("side", "proof", "reason"), [
    ("upper", KERNEL | {"vectors": [["1", "1", "1"]]}, "does not map every vector to zero"),
    ("upper", KERNEL | {"vectors": [["1", "1"]]}, "every vector must have 3 entries"),
    ("upper", KERNEL | {"vectors": "1"}, "vectors must be a list"),
    ("upper", MODULAR, "proof must be one of kernel-basis, shape"),
    ("lower", MODULAR | {"prime": 4}, "prime must be a prime number"),
])
def test_rank_refusals(side, proof, reason):
    with pytest.raises(CertificateError, match=reason):
        check_rank(exact(ROWS), None, {}, side, proof)


def test_rank_forgeries(forgeries):
    certificate = make_constant_certificate("rank", ROWS, lower=MODULAR, upper=KERNEL)
    for path, forged in forgeries(certificate, 300, random.Random(2)):
        answer = verify(forged)
        if answer.ok and path[0] != "matrix":
            for entry in forged["statements"]:
                value = float(entry["value"])
                assert value <= 2 if entry["side"] == "lower" else value >= 2
