"""The checker of lower isometry constants."""

import random
from fractions import Fraction

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.arrays import Array
from kernelstab.certify.constants.matrix import exact
from kernelstab.certify.constants.ric_minus import check
from kernelstab.certify.writing.constant_certificate import exact_matrix

# as in the tests of the upper constant: the least eigenvalue is 1 - 4/5 at (1, -1) for s = 2, 0 for s = 3
A = [[1, Fraction(3, 5), 0], [0, Fraction(4, 5), 1]]
BOTTOM = {"kind": "vector", "support": [1, 2], "entries": np.array([1.0, -1.0])}
BOUND = {"kind": "enumeration", "bound": "8.00001e-1"}


def test_by_hand():
    certificate = make_constant_certificate("ric-minus", A, order=2, lower=BOTTOM, upper=BOUND)
    assert [entry["value"] for entry in certificate["statements"]] == ["8e-1", "8.00001e-1"]
    assert verify(certificate).ok
    with pytest.raises(CertificateError, match="not every support of 2 columns"):
        check(exact_matrix(A), 2, {}, "upper", BOUND | {"bound": "7.99999e-1"})


def test_no_constant_exceeds_one():
    B = exact_matrix(A)
    assert check(B, 3, {}, "upper", BOUND | {"bound": "3e0"}) == 1
    assert check(B, 3, {}, "upper", {"kind": "gershgorin"}) == 1
    with pytest.raises(CertificateError, match="not every support of 3 columns"):
        check(B, 3, {}, "upper", BOUND | {"bound": "9.9e-1"})


def test_columns_of_other_lengths():
    # diag(2, 3): 1 - 4 = -3, attained by the first column
    B = exact([[2, 0], [0, 3]])
    assert check(B, 1, {}, "lower", {"kind": "vector", "support": [0], "entries": [5]}) == -3
    assert check(B, 2, {}, "upper", {"kind": "gershgorin"}) == -3


def test_relaxation_by_hand():
    # H = -I, Y = 0: t just above -1, bound 1 + t
    zero = Array((2, 2), (0.0,) * 4)
    B = exact([[1, 0], [0, 1]])
    assert check(B, 2, {}, "upper", {"kind": "sdp", "Y": zero, "t": "-9e-1"}) == Fraction(1, 10)
    with pytest.raises(CertificateError, match="not proved to be positive definite"):
        check(B, 2, {}, "upper", {"kind": "sdp", "Y": zero, "t": "-1e0"})


def test_forgeries(forgeries):
    certificate = make_constant_certificate("ric-minus", A, order=2, lower=BOTTOM, upper=BOUND)
    truth = {1: 0.0, 2: 0.8, 3: 1.0}
    for path, forged in forgeries(certificate, 300, random.Random(4)):
        answer = verify(forged)
        if answer.ok and path[0] != "matrix":
            for entry in forged["statements"]:
                value, true = float(entry["value"]), truth[forged["order"]]
                assert value <= true + 1e-15 if entry["side"] == "lower" else value >= true - 1e-15
