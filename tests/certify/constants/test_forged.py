"""Forged certificates of the constants with simple proofs: none raises, and none proves anything false."""

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest

from kernelstab.certify import exact_nullspace, make_constant_certificate, verify
from kernelstab.certify.constants import CONSTANTS
from kernelstab.certify.constants.matrix import read_matrix

MATRIX = [[1, 0, 1], [0, 1, 1]]
PRIME = 2**61 - 1
# tests of their own forge the certificates of these
ELSEWHERE = {"detail-interval", "kernel-size", "nsp", "optimal-value", "recovery", "robust-nsp-l1"}

def exact_rank(rows):
    return len(rows[0]) - len(exact_nullspace(rows))


def coherence(rows, _):
    unit = np.array(rows, float) / np.linalg.norm(np.array(rows, float), axis=0)
    return np.abs(unit.T @ unit - np.eye(len(rows[0]))).max()


def rank(rows, _):
    return exact_rank(rows)


def spark(rows, _):
    width = len(rows[0])
    for size in range(1, width + 1):
        for columns in itertools.combinations(range(width), size):
            if exact_rank([[row[j] for j in columns] for row in rows]) < size:
                return size
    return width + 1


def isometry(sign):
    def constant(rows, order):
        gram = np.array(rows, float).T @ np.array(rows, float)
        supports = itertools.combinations(range(len(gram)), order)
        return max(np.max(sign * (np.linalg.eigvalsh(gram[np.ix_(S, S)]) - 1)) for S in map(list, supports))
    return constant


def sample(name):
    """Return the certificate of a constant of the matrix, and how to compute the constant.

    Columns 0 and 2 have the Gram matrix [[1, 1], [1, 2]] with the eigenvalues (3 +- sqrt 5) / 2.
    """
    golden = (1 + 5**0.5) / 2
    order, lower, upper, constant, value = {
        "coherence": (None, {"kind": "gram"}, {"kind": "gram"}, coherence, 0.5**0.5),
        "rank": (None, {"kind": "modular", "prime": PRIME},
                 {"kind": "kernel-basis", "vectors": [["1", "1", "-1"]]}, rank, 2),
        "spark": (None, {"kind": "ranks", "prime": PRIME, "size": 2},
                  {"kind": "dependent", "columns": [0, 1, 2], "entries": ["1", "1", "-1"]}, spark, 3),
        "ric-plus": (2, {"kind": "vector", "support": [0, 2], "entries": np.array([1, golden])},
                     {"kind": "enumeration", "bound": "1.6180339888e0"}, isometry(1), golden),
        "ric-minus": (2, {"kind": "vector", "support": [0, 2], "entries": np.array([golden, -1])},
                      {"kind": "enumeration", "bound": "6.180339888e-1"}, isometry(-1), golden - 1),
    }[name]
    return make_constant_certificate(name, MATRIX, order=order, lower=lower, upper=upper), constant, value


def test_every_constant_is_forged_somewhere():
    assert ELSEWHERE | {"coherence", "rank", "ric-minus", "ric-plus", "spark"} == set(CONSTANTS)


@pytest.mark.parametrize("name", sorted(set(CONSTANTS) - ELSEWHERE))
def test_the_honest_one_by_hand(name):
    certificate, constant, value = sample(name)
    assert constant(MATRIX, certificate["order"]) == pytest.approx(value)
    low, high = (float(Fraction(entry["value"])) for entry in certificate["statements"])
    assert low == pytest.approx(value, abs=1e-9)
    assert high == pytest.approx(value, abs=1e-9)
    assert low <= value + 1e-15
    assert high >= value - 1e-15


@pytest.mark.parametrize("name", sorted(set(CONSTANTS) - ELSEWHERE))
def test_forged_certificates_prove_nothing_false(name, forgeries):
    certificate, constant, _ = sample(name)
    refused = 0
    for path, forged in forgeries(certificate, 250, random.Random(2)):
        found = verify(forged)
        refused += not found.ok
        if not found.ok:
            assert found.reason, path
            assert "\n" not in found.reason, path
            continue
        matrix = read_matrix(forged["matrix"])
        rows = [[Fraction(int(v.p), int(v.q)) for v in row] for row in matrix.rational.tolist()]
        value = constant(rows, forged["order"])
        for entry in forged["statements"]:
            gap = (1 if entry["side"] == "lower" else -1) * (value - float(Fraction(entry["value"])))
            assert gap > -1e-9 * max(1, abs(value)), path
    assert refused > 125
