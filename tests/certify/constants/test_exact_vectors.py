"""Exact vectors: roots that are rounded outward, norms, and what lies in a null space."""

from fractions import Fraction

import pytest
from flint import fmpq

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.exact_vectors import (
    column,
    largest,
    require_null,
    root_above,
    root_below,
    squares,
)
from kernelstab.certify.constants.matrix import exact, read_matrix


@pytest.mark.parametrize("value", [Fraction(0), Fraction(2), Fraction(9, 4), Fraction(1, 10**300),
                                   Fraction(10**300), Fraction(2, 3)])
def test_roots_are_rounded_outward_and_near(value):
    below, above = root_below(value), root_above(value)
    assert below**2 <= value <= above**2
    assert above - below <= above / 10**15


def test_roots():
    for value in (Fraction(2), Fraction(1, 3), Fraction(10**50 + 1), Fraction(1, 10**80)):
        low, high = root_below(value), root_above(value)
        assert low**2 <= value <= high**2
        assert high - low <= high * Fraction(1, 2**120)
    assert root_below(Fraction(0)) == root_above(Fraction(0)) == 0


def test_norms_of_a_column():
    vector = column([3, -4], 2)
    assert vector.entries() == [fmpq(3, 2), fmpq(-2)]
    assert (squares(vector), largest(vector)) == (Fraction(25, 4), 2)


def test_vectors_of_a_real_null_space():
    A = exact([[1, 1, 1]])
    require_null(A, (0, 2), [1, -1])
    for columns, entries, reason in (((0, 1), [1, 1], "does not lie in the null space"),
                                     ((0, 1), [0, 0], "one that is not zero"),
                                     ((), [], "one that is not zero"),
                                     ((0, 1), [1], "one entry per column")):
        with pytest.raises(CertificateError, match=reason):
            require_null(A, columns, entries)


def test_vectors_of_a_complex_null_space():
    # (1, i) maps (1, i) to 1 + i i = 0, and (1, -i) to 2
    A = read_matrix({"numerators": [["1", "0"]], "imag": [["0", "1"]], "denominator": "3"})
    require_null(A, (0, 1), [1, 0], [0, 1])
    with pytest.raises(CertificateError, match="does not lie in the null space"):
        require_null(A, (0, 1), [1, 0], [0, -1])
    with pytest.raises(CertificateError, match="one entry per column in each part"):
        require_null(A, (0, 1), [1, 0], [0])
