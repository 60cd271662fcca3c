"""Matrices are read exactly, and computed kernel vectors have exact ones near them, or none."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants import matrix as module
from kernelstab.certify.constants.make import encode_matrix, exact_matrix
from kernelstab.certify.constants.matrix import (
    PRIME,
    exact,
    integer,
    kernel_vector_near,
    modular_rank,
    read_matrix,
    sparse_entries,
)


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
    assert sparse_entries([10**9000])["entries"] == ["1" + "0" * 9000]


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


def _product(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector)) for row in entries(matrix)]


def test_kernel_vectors_by_hand():
    # x + 2y + 4z = 0; y is solved for because it is largest
    assert kernel_vector_near(exact([[1, 2, 4]]), [1.0, -2.5, 1.0]) == [2, -5, 2]
    assert kernel_vector_near(exact([[1, 1, 0], [0, 0, 1]]), [0.25, -0.25, 0.0]) == [1, -1, 0]
    assert kernel_vector_near(exact([[0, 1]]), [0.5, 0.0]) == [1, 0]
    assert kernel_vector_near(exact([[0, 0]]), [0.5, -0.25]) == [2, -1]
    # dependent rows, the first of which is zero
    assert kernel_vector_near(exact([[0, 0], [1, 3], [2, 6]]), [-3.0, 1.0]) == [-3, 1]


def test_the_vector_is_near_and_as_sparse():
    rng = np.random.default_rng(0)
    array = rng.standard_normal((32, 64))
    small = np.zeros(64)
    chosen = np.sort(rng.permutation(64)[:33])
    small[chosen] = np.linalg.svd(array[:, chosen])[2][-1]
    matrix = exact_matrix(array)
    for computed in (small, np.linalg.svd(array)[2][-1]):
        vector = kernel_vector_near(matrix, computed.tolist())
        assert set(_product(matrix, vector)) == {0}
        assert np.gcd.reduce([n for n in vector if n]) == 1
        assert [n == 0 for n in vector] == [value == 0 for value in computed]
        size = sum(map(abs, vector))
        assert all(abs(Fraction(n, size) - Fraction(value) / Fraction(np.abs(computed).sum())) < 1e-10
                   for n, value in zip(vector, computed))


def test_a_numerical_kernel_is_not_an_exact_one():
    """Rounded columns of rank 3: floats near them have rank 4, and one kernel vector less."""
    rng = np.random.default_rng(1)
    array = rng.standard_normal((4, 3)) @ rng.standard_normal((3, 5))
    matrix = exact_matrix(array)
    assert np.linalg.matrix_rank(array) == 3
    assert modular_rank(matrix) == 4
    # the exact kernel has one dimension: rows of a rotated basis of the numerical one do not lie in it
    turned = np.array([[1, 1], [1, -1]]) @ np.linalg.svd(array)[2][3:]
    for computed in (*turned.tolist(), [0.0] * 5, [1.0, 0, 0, 0, 0]):
        with pytest.raises(CertificateError, match="the exact kernel is smaller than the numerical one"):
            kernel_vector_near(matrix, computed)
    with pytest.raises(CertificateError, match="must have 5 entries, got 2"):
        kernel_vector_near(matrix, [1.0, 2.0])


def test_a_rank_that_the_prime_hides_is_no_kernel_vector():
    with pytest.raises(CertificateError, match="the rank of the matrix modulo"):
        kernel_vector_near(exact([[PRIME, 0], [0, 1]]), [1.0, 0.0])


def test_complex_kernel_vectors():
    rng = np.random.default_rng(2)
    array = rng.standard_normal((3, 5)) + 1j * rng.standard_normal((3, 5))
    matrix = exact_matrix(array)
    computed = np.zeros(5, complex)
    computed[:4] = np.conj(np.linalg.svd(array[:, :4])[2][-1])
    vector = kernel_vector_near(matrix, computed.tolist())
    assert vector[4] == (0, 0)
    wide = [re for re, _ in vector] + [im for _, im in vector]
    assert set(_product(matrix.embedded(), wide)) == {0}
    scaled = np.array([complex(re / 10**k, im / 10**k) for k in [len(str(max(wide)))] for re, im in vector])
    assert abs(np.vdot(scaled, computed)) > (1 - 1e-9) * np.linalg.norm(scaled) * np.linalg.norm(computed)
    # by hand: (1, i) has the kernel vector (1, i)
    assert kernel_vector_near(exact_matrix(np.array([[1, 1j]])), [0.5, 0.5j]) == [(1, 0), (0, 1)]
