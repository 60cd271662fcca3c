"""The checker of coherences."""

from fractions import Fraction

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.constants.coherence import check
from kernelstab.certify.constants.matrix import exact
from kernelstab.kernel import coherence

GRAM = {"kind": "gram"}


def test_by_hand():
    # (1, 0), (3, 4) and (0, 2): 3/5 and 8/10
    certificate = make_constant_certificate("coherence", [[1, 3, 0], [0, 4, 2]], lower=GRAM, upper=GRAM)
    lower, upper = (Fraction(entry["value"]) for entry in certificate["statements"])
    assert lower <= Fraction(4, 5) <= upper <= lower + Fraction(1, 10**15)
    assert verify(certificate).ok


def test_irrational_values_are_rounded_outward():
    A = exact([[1, 1], [0, 1]])                       # 1 / sqrt 2
    lower, upper = check(A, None, {}, "lower", GRAM), check(A, None, {}, "upper", GRAM)
    assert lower**2 < 0.5 < upper**2
    assert upper - lower < 1e-30


def test_agrees_with_floats():
    rng = np.random.default_rng(0)
    for A in (rng.standard_normal((5, 9)), rng.standard_normal((3, 6)) + 1j * rng.standard_normal((3, 6))):
        found = make_constant_certificate("coherence", A, lower=GRAM, upper=GRAM)
        np.testing.assert_allclose([float(entry["value"]) for entry in found["statements"]], coherence(A).mu)


def test_refusals(sign):
    with pytest.raises(CertificateError, match="column 1 is zero"):
        check(exact([[1, 0]]), None, {}, "upper", GRAM)
    with pytest.raises(CertificateError, match="matrix must have 2 to 2000 columns, got 1"):
        check(exact([[1]]), None, {}, "upper", GRAM)
    certificate = make_constant_certificate("coherence", [[1, 3, 0], [0, 4, 2]], lower=GRAM, upper=GRAM)
    certificate["statements"][1]["value"] = "7.9e-1"
    assert "upper bound: proved is mu <= 0.8" in verify(sign(certificate)).reason
