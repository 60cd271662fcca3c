"""Matrices are read exactly, and their ranks modulo a prime are lower bounds."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants import matrix as module
from kernelstab.certify.constants.matrix import (
    PRIME,
    exact,
    integer,
    modular_rank,
    read_matrix,
)
from kernelstab.certify.writing.constant_certificate import encode_matrix, exact_matrix


def entries(matrix):
    return [[matrix.entry(i, j) for j in range(matrix.shape[1])] for i in range(matrix.shape[0])]


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
    assert found.denominator == found.real.denominator == found.imag.denominator == 4
    assert entries(found.real) == [[0.5, 1.25]]
    assert entries(found.imag) == [[3, 0]]
    assert found.embedded().numerators == fmpz_mat([[2, 5, -12, 0], [12, 0, 2, 5]])


@pytest.mark.parametrize("wrong", [[], [[]], [[1], [2, 3]], [[np.nan]], [[np.inf]], [["1"]], [[1j]]])
def test_what_is_no_matrix_is_refused(wrong):
    with pytest.raises(CertificateError, match="matrix must"):
        exact(wrong)


@pytest.mark.parametrize(("plain", "reason"), [
    (None, "matrix must be an array"), ([], "matrix must be an array"), ({}, "matrix must be an array"),
    ({"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="}, "must have two axes"),
    ({"dtype": "float64", "shape": [1, 10**9], "data": "AAAAAAAA8D8="}, "needs 8000000000 bytes"),
    ({"dtype": "text", "shape": [1, 1], "data": ""}, "matrix is malformed: dtype must be one of"),
    ({"numerators": [["1"]]}, "needs the fields denominator and numerators"),
    ({"numerators": [["1"]], "denominator": "0"}, "denominator must be positive, got 0"),
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
        with pytest.raises(CertificateError, match="at most 5 entries"):
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
