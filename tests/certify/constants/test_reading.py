"""Parts of a proof are read strictly."""

from fractions import Fraction

import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import Array
from kernelstab.certify.constants.reading import (
    decimal,
    index_set,
    integers,
    matrix_rows,
    modulus,
    proof_kind,
    rationals,
)


def test_decimals():
    assert decimal("0", "v") == 0
    assert decimal("-1.25e1", "v") == Fraction(-25, 2)
    for wrong in ("1/3", "inf", "nan", "1e999999", "1.e0", ".5e0", " 1e0", "1E0", "1e+0", "١e0", 0.5, None):
        with pytest.raises(CertificateError, match="v must be a decimal number"):
            decimal(wrong, "v")


def test_kinds_have_their_fields_and_no_others():
    kinds = {"a": ["x"], "b": []}
    assert proof_kind({"kind": "b"}, kinds) == "b"
    for proof, reason in (({"kind": "c"}, "must be one of a, b, got 'c'"), ({"kind": "a"}, "lacks field 'x'"),
                          ({"kind": "b", "x": 1}, "knows no field 'x'")):
        with pytest.raises(CertificateError, match=reason):
            proof_kind(proof, kinds)


def test_lists_of_integers():
    assert integers(["7", -7, "-0"], "n") == [7, -7, 0]
    assert integers(Array((2,), (1.0, -2.0)), "n", -2, 1) == [1, -2]
    for wrong in (None, "12", {}, [1.0], [True], Array((1, 1), (1.0,)), Array((1,), (0.5,)), [[1]]):
        with pytest.raises(CertificateError, match="n must (hold integers|be a list|have one axis)"):
            integers(wrong, "n")
    for wrong in ([-1], [3], [10**30]):
        with pytest.raises(CertificateError, match="n must lie in \\[0, 2\\]"):
            integers(wrong, "n", 0, 2)


def test_index_sets():
    assert index_set([], "S", 3) == ()
    for wrong in ([0, 0], [2, 1]):
        with pytest.raises(CertificateError, match="S must be in rising order"):
            index_set(wrong, "S", 3)
    for wrong in ([3], [-1]):
        with pytest.raises(CertificateError, match="S must lie in"):
            index_set(wrong, "S", 3)


def test_vectors_and_matrices():
    assert rationals([1, 0.5], "x") == [1, Fraction(1, 2)]
    for wrong in (["1"], [True], None, 1.0, Array((1, 1), (1.0,))):
        with pytest.raises(CertificateError, match="x must be a vector of numbers"):
            rationals(wrong, "x")
    with pytest.raises(CertificateError, match="x must have 2 entries, got 1"):
        rationals([1], "x", 2)
    assert matrix_rows(Array((2, 2), (1, 2, 3, 4)), "Y", (2, 2)) == [(1, 2), (3, 4)]
    for wrong in (None, [[1, 2]], Array((2,), (1, 2)), Array((2, 1), (1, 2))):
        with pytest.raises(CertificateError, match="Y must be an array of shape any x 2"):
            matrix_rows(wrong, "Y", (None, 2))


def test_primes():
    assert modulus(2**61 - 1) == 2**61 - 1
    for wrong in (1, 0, -7, 9, 2**64 + 13, "7", 7.0, True, None):
        with pytest.raises(CertificateError, match="prime must be a prime number"):
            modulus(wrong)
