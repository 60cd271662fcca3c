"""Matrices and vectors: read exactly, multiplied and rounded to one side."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants import matrix as module
from kernelstab.certify.constants.matrix import (
    PRIME,
    column,
    exact,
    integer,
    largest,
    modular_rank,
    null_vector,
    read_matrix,
    root_above,
    root_below,
    squares,
)
from kernelstab.certify.writing.constant_certificate import encode_matrix, exact_matrix


def entries(matrix):
    return [[Fraction(int(v.p), int(v.q)) for v in row] for row in matrix.rational.tolist()]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_floats_are_read_exactly(dtype):
    array = np.random.default_rng(0).standard_normal((3, 4)).astype(dtype)
    array[0, 0], array[1, 1] = 0, 2.0**-14
    found = exact_matrix(array)
    assert found.shape == (3, 4)
    assert entries(found) == [[Fraction(float(value)) for value in row] for row in array]
    assert found.denominator & (found.denominator - 1) == 0


def test_integers_and_fractions():
    assert entries(exact_matrix([[1, Fraction(2, 3)], [10**30, 0]])) == [[1, Fraction(2, 3)], [10**30, 0]]
    assert entries(exact_matrix(np.array([[True, False]]))) == [[1, 0]]
    assert entries(exact_matrix(np.array([[-(2**63), 2**63 - 1]]))) == [[-(2**63), 2**63 - 1]]


def test_complex_matrices_have_one_denominator():
    found = exact_matrix(np.array([[0.5 + 3j, 1.25]]))
    assert found.is_complex
    assert found.shape == (1, 2)
    assert found.denominator == 4
    assert found.numerators == fmpz_mat([[2, 5]])
    assert found.imag == fmpz_mat([[12, 0]])
    assert found.embedded().numerators == fmpz_mat([[2, 5, -12, 0], [12, 0, 2, 5]])


@pytest.mark.parametrize("wrong", [[], [[]], [[1], [2, 3]], [[np.nan]], [[np.inf]], [["1"]], [[1j]]])
def test_what_is_no_matrix_is_refused(wrong):
    with pytest.raises(CertificateError, match="matrix must"):
        exact(wrong)


@pytest.mark.parametrize(("plain", "reason"), [
    (None, "matrix must be an array"), ([], "matrix must be an array"), ({}, "matrix must be an array"),
    ({"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="}, "with two axes"),
    ({"dtype": "float64", "shape": [1, 10**9], "data": "AAAAAAAA8D8="}, "needs 8000000000 bytes"),
    ({"dtype": "text", "shape": [1, 1], "data": ""}, "matrix is malformed: dtype must be one of"),
    ({"numerators": [["1"]]}, "needs the fields denominator and numerators"),
    ({"numerators": [["1"]], "denominator": "0"}, "denominator must be at least 1"),
    ({"numerators": [["1"]], "denominator": "1/2"}, "denominator must hold integers"),
    ({"numerators": [["1"], []], "denominator": 1}, "rows of one length"),
    ({"numerators": [["1", 2.0]], "denominator": 1}, "numerators must hold integers, got 2.0"),
    ({"numerators": [["1"]], "imag": [["1", "2"]], "denominator": 1}, "must have one shape"),
])
def test_malformed_fields_are_refused(plain, reason):
    with pytest.raises(CertificateError, match=reason):
        read_matrix(plain)


def test_large_matrices_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_ENTRIES", 5)
    for plain in (encode_matrix(np.ones((2, 3))), encode_matrix([[1, 1, 1], [1, 1, 1]])):
        with pytest.raises(CertificateError, match="at most 5 entries of the matrix"):
            read_matrix(plain)


@pytest.mark.parametrize("wrong", [True, None, 1.0, "1.0", "", "-", "--1", "+1", " 1", "1_0", "0x1", "²"])
def test_integers_are_read_strictly(wrong):
    with pytest.raises(CertificateError, match="n must hold integers"):
        integer(wrong, "n")


def test_integers_may_be_long():
    """Python itself refuses to read more than 4300 digits."""
    assert integer("1" + "0" * 9000, "n") == 10**9000


def test_ranks_modulo_a_prime():
    matrix = exact_matrix(np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.5]]))
    assert modular_rank(matrix) == 2
    assert modular_rank(matrix, [0, 1]) == 1
    assert modular_rank(exact([[PRIME, 1]]), [0]) == 0           # a lower bound, no more
    # (1, i) and (i, -1) are dependent over the complex numbers
    assert modular_rank(exact_matrix(np.array([[1, 1j], [1j, -1]]))) == 1
    assert modular_rank(exact_matrix(np.array([[1, 1j], [1j, 1]]))) == 2
    # 1 + 2i is not zero; modulo 5 its embedding [[1, -2], [2, 1]] has rank 1
    assert modular_rank(exact_matrix(np.array([[1 + 2j]])), prime=5) == 1


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
    assert null_vector(A, [0, 2], ["1", -1]) == ((0, 2), [[1, -1]])
    for columns, entries, reason in (([0, 1], [1, 1], "does not lie in the null space"),
                                     ([0, 1], [0, 0], "one that is not zero"),
                                     ([], [], "one that is not zero"),
                                     ([0, 1], [1], "one entry per column")):
        with pytest.raises(CertificateError, match=reason):
            null_vector(A, columns, entries)


def test_vectors_of_a_complex_null_space():
    # (1, i) maps (1, i) to 1 + i i = 0, and (1, -i) to 2
    A = read_matrix({"numerators": [["1", "0"]], "imag": [["0", "1"]], "denominator": "3"})
    assert null_vector(A, [0, 1], [1, 0], [0, 1]) == ((0, 1), [[1, 0], [0, 1]])
    with pytest.raises(CertificateError, match="does not lie in the null space"):
        null_vector(A, [0, 1], [1, 0], [0, -1])
    with pytest.raises(CertificateError, match="one entry per column in each part"):
        null_vector(A, [0, 1], [1, 0], [0])
