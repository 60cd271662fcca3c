"""Parts of a proof are read strictly."""

from fractions import Fraction

import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import Array, ComplexArray
from kernelstab.certify.constants.reading import (
    decimal,
    index_set,
    integers,
    matrix_rows,
    modulus,
    parts_of,
    parts_rows,
    rationals,
    read_groups,
)

GROUP = {"supports": Array((2, 2), (0.0, 1.0, 0.0, 2.0)), "signs": Array((2, 2), (1.0, 1.0, 1.0, -1.0)),
         "duals": Array((2, 1), (0.5, 0.25))}


def test_decimals():
    assert decimal("0", "v") == 0
    assert decimal("-1.25e1", "v") == Fraction(-25, 2)
    for wrong in ("1/3", "inf", "nan", "1e999999", "1.e0", ".5e0", " 1e0", "1E0", "1e+0", "١e0", 0.5, None):
        with pytest.raises(CertificateError, match="v must be a decimal number"):
            decimal(wrong, "v")


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
    assert rationals([1, 0.5], "x", 2) == [1, Fraction(1, 2)]
    for wrong in (["1"], [True], None, 1.0, Array((1, 1), (1.0,))):
        with pytest.raises(CertificateError, match="x must be a vector of numbers"):
            rationals(wrong, "x", 1)
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


def test_parts_of_complex_arrays():
    one, two = Array((1, 1), (1.0,)), Array((1, 1), (2.0,))
    assert parts_rows(ComplexArray(one, two), "Y", (1, 1), True) == [[(1.0,)], [(2.0,)]]
    assert parts_rows(one, "Y", (1, 1), False) == [[(1.0,)]]
    assert parts_of([3], True) == ([3], [0])
    with pytest.raises(CertificateError, match="x must be a vector of numbers"):
        [rationals(part, "x", 1) for part in parts_of({"integers": [1], "denominator": 2}, True)]
    for wrong, is_complex in ((ComplexArray(one, two), False), ([[1.0]], True), (None, True)):
        with pytest.raises(CertificateError, match="Y must be an array of shape 1 x 1"):
            parts_rows(wrong, "Y", (1, 1), is_complex)


def test_groups_by_hand():
    supports, signs, duals = read_groups([GROUP, GROUP], 3, 2, 1)
    assert supports == [(0, 1), (0, 2)] * 2
    assert signs == [(1.0, 1.0), (1.0, -1.0)] * 2
    assert duals == [[(0.5,), (0.25,)] * 2]


@pytest.mark.parametrize(("groups", "reason"), [
    (None, "groups must be a list"), ([], "groups must be a list"), ([[]], "a group needs the fields"),
    ([GROUP | {"more": 1}], "a group needs the fields"),
    ([GROUP | {"supports": [[0, 1]]}], "supports must be an array"),
    ([GROUP | {"supports": Array((2, 2), (0.0, 1.0, 2.0, 0.0))}], "a support must be in rising order"),
    ([GROUP | {"supports": Array((2, 2), (0.0, 1.0, 0.0, 3.0))}], "a support must lie in"),
    ([GROUP | {"supports": Array((2, 2), (0.0, 1.0, 0.0, 1.5))}], "a support must hold integers"),
    ([GROUP | {"supports": Array((1, 3), (0.0, 1.0, 2.0))}], "a support must have 1 to 2 columns, got 3"),
    ([GROUP | {"duals": Array((1, 1), (0.5,))}], "2 supports have 1 duals"),
    ([GROUP | {"duals": Array((2, 2), (0.5,) * 4)}], "duals must be an array of shape any x 1"),
    ([GROUP | {"signs": Array((1, 2), (1.0, 1.0))}], "signs must be an array of shape 2 x 2"),
])
def test_malformed_groups(groups, reason):
    with pytest.raises(CertificateError, match=reason):
        read_groups(groups, 3, 2, 1)
