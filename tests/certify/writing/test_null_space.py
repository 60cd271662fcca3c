"""Exact rank, null space and kernel vectors."""

from fractions import Fraction

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import exact_nullspace
from kernelstab.certify.constants.matrix import PRIME, exact, modular_rank
from kernelstab.certify.writing.constant_certificate import exact_matrix
from kernelstab.certify.writing.null_space import kernel_vector_near, sparse_entries


def exact_rank(rows):
    return len(rows[0]) - len(exact_nullspace(rows))


def _product(matrix, vector):
    return [sum(Fraction(a) * b for a, b in zip(row, vector)) for row in matrix]


def test_null_vectors_of_a_random_float_matrix():
    matrix = np.random.default_rng(0).standard_normal((4, 7))
    basis = exact_nullspace(matrix)
    assert len(basis) == 3
    assert exact_rank(basis) == 3
    for vector in basis:
        assert all(type(n) is int for n in vector)
        assert _product(matrix.tolist(), vector) == [0, 0, 0, 0]


def test_by_hand():
    # x + 2y + 3z = 0 and 2x + 4y + 7z = 0 give z = 0 and x = -2y
    assert exact_nullspace([[1, 2, 3], [2, 4, 7]]) == [[-2, 1, 0]]
    assert exact_nullspace(np.eye(2)) == []
    assert exact_nullspace([[0.0, 0.0]]) == [[1, 0], [0, 1]]
    assert exact_nullspace([[Fraction(1, 3), Fraction(1, 6)]]) == [[-1, 2]]


def test_the_exact_rank_is_not_the_numerical_one():
    matrix = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-52]])
    assert exact_rank(matrix) == 2
    assert np.linalg.matrix_rank(matrix) == 1
    assert exact_rank(np.array([[True, False], [True, False]])) == 1
    assert exact_rank(np.arange(6, dtype=np.int64).reshape(2, 3)) == 2


@pytest.mark.parametrize("matrix", [[], [[]], [[1, 2], [3]], [[float("nan")]], [[float("inf")]], [["x"]],
                                    [[1j]]])
def test_what_is_no_rational_matrix_is_refused(matrix):
    with pytest.raises(ValueError, match="matrix must"):
        exact_nullspace(matrix)


def entries(matrix):
    return [[Fraction(int(v.p), int(v.q)) for v in row] for row in matrix.rational.tolist()]


def _times(matrix, vector):
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
        assert set(_times(matrix, vector)) == {0}
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
        with pytest.raises(CertificateError, match="the rank is 4, in floating point 3, and no exact"):
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
    assert set(_times(matrix.embedded(), wide)) == {0}
    scaled = np.array([complex(re / 10**k, im / 10**k) for k in [len(str(max(wide)))] for re, im in vector])
    assert abs(np.vdot(scaled, computed)) > (1 - 1e-9) * np.linalg.norm(scaled) * np.linalg.norm(computed)
    # by hand: (1, i) has the kernel vector (1, i)
    assert kernel_vector_near(exact_matrix(np.array([[1, 1j]])), [0.5, 0.5j]) == [(1, 0), (0, 1)]


def _small_support(array):
    """Return the numerical kernel vector of the first columns that are dependent up to rounding."""
    for width in range(1, array.shape[1] + 1):
        if np.linalg.matrix_rank(array[:, :width]) < width:
            break
    vector = np.zeros(array.shape[1], array.dtype)
    vector[:width] = np.conj(np.linalg.svd(array[:, :width])[2][-1])
    return np.where(np.abs(vector) > 1e-12, vector, 0)


def _structured(rng):
    """Yield matrices whose columns depend on each other, some of them up to rounding only."""
    grid = np.outer(rng.permutation(12)[:6], np.arange(12)) / 12
    yield np.exp(-2j * np.pi * grid)
    yield np.exp(-2j * np.pi * grid) / np.sqrt(12)
    low = np.exp(-2j * np.pi * np.outer(1 + rng.permutation(5)[:3], np.arange(12)) / 12)
    yield np.vstack([low.real, low.imag])
    cosines = np.cos(np.pi * np.outer(rng.permutation(16)[:10], np.arange(16) + 0.5) / 16)
    yield cosines / np.linalg.norm(cosines, axis=1)[:, None]
    wide = rng.standard_normal((5, 8))
    yield np.hstack([wide[:, :3], wide])
    yield (rng.integers(-3, 4, (4, 3)) @ rng.integers(-3, 4, (3, 8))).astype(float)


@pytest.mark.parametrize("seed", range(8))
def test_columns_dependent_up_to_rounding(seed):
    """The exact rank of these columns is larger than their numerical one, that of all columns is not."""
    for array in _structured(np.random.default_rng(seed)):
        computed = _small_support(array)
        vector = kernel_vector_near(exact_matrix(array), computed.tolist())
        pairs = [n if isinstance(n, tuple) else (n, 0) for n in vector]
        size = Fraction(sum(abs(n) for pair in pairs for n in pair))
        whole = np.abs(computed.real).sum() + np.abs(computed.imag).sum()
        scaled = np.array([complex(float(re / size), float(im / size)) for re, im in pairs]) * whole
        assert np.abs(scaled - computed).sum() <= 1e-12 * whole
        matrix = exact_matrix(array)
        if matrix.is_complex:
            matrix, vector = matrix.embedded(), [n for part in zip(*vector) for n in part]
        assert set(_times(matrix, vector)) == {0}


def test_dependent_columns_by_hand():
    """In (I | H) the first column of H is e_1 + ... + e_8, and no other column is needed."""
    half = np.array([[1.0]])
    for _ in range(3):
        half = np.block([[half, half], [half, -half]])
    computed = np.zeros(16)
    computed[:8], computed[8] = -0.125, 0.125
    expected = [-1] * 8 + [1] + [0] * 7
    assert kernel_vector_near(exact_matrix(np.hstack([np.eye(8), half])), computed.tolist()) == expected
    # a column twice, in a matrix of rank 2 with three rows
    matrix = exact([[1, 2, 1], [0, 1, 0], [1, 3, 1]])
    assert kernel_vector_near(matrix, [0.5, 0.0, -0.5]) == [1, 0, -1]
    # 2^-53 of the third column makes up for the rounding of the second
    matrix = exact([[0.5 + 2**-53, 0.5, 0], [1, 1, 1]])
    assert kernel_vector_near(matrix, [1.0, -1.0, 0.0]) == [2**52, -(2**52) - 1, 1]


def test_lengths_of_columns_and_digits_of_entries_do_not_matter():
    # columns shorter than the smallest and longer than the largest float
    tiny, huge = Fraction(1, 10**400), 10**400
    assert kernel_vector_near(exact([[tiny, tiny, 0], [0, 0, huge]]), [1.0, -1.0, 0.0]) == [1, -1, 0]
    # 2^-70 is less than half a unit of 2^-59, and 1 + 2^-40 has 41 bits
    row = exact([[1, 1, 1, 1]])
    assert kernel_vector_near(row, [-1.0, 1.0, 2.0**-70, 0.0]) == [-1, 1, 0, 0]
    assert kernel_vector_near(row, [-1.0 - 2.0**-40, 1.0, 2.0**-40, 0.0]) == [-(2**40) - 1, 2**40, 1, 0]


def _distance(vector, computed):
    size = Fraction(sum(map(abs, vector)))
    scaled = np.array([float(n / size) for n in vector]) * np.abs(computed).sum()
    return np.abs(scaled - computed).sum() / np.abs(computed).sum()


def test_columns_that_are_nearly_dependent():
    """Blur at random points: of the columns that differ by 1e-8 some have a large condition."""
    for seed in range(8):
        points = np.sort(np.random.default_rng(seed).uniform(0, 1, 14))
        array = np.exp(-((np.linspace(0, 1, 8)[:, None] - points) ** 2) / 0.08)
        for computed in np.linalg.svd(array)[2][8:]:
            assert _distance(kernel_vector_near(exact_matrix(array), computed.tolist()), computed) < 2e-10


def test_a_row_shorter_than_the_tolerance():
    """A rank that only the short row makes: rows scaled by powers of two leave the kernel as it is."""
    cosines = np.cos(np.pi * np.outer([0, 2, 4, 6, 8, 5], np.arange(12) + 0.5) / 12)
    cosines[5] *= 2.0**-36
    matrix, computed = exact_matrix(cosines), np.zeros(12)
    # rows of even order agree at the columns j and 11 - j, the other one has opposite signs there
    first, second = np.cos(5 * np.pi * 0.5 / 12), np.cos(5 * np.pi * 1.5 / 12)
    computed[[0, 11, 1, 10]] = second, -second, -first, first
    assert np.abs(cosines @ computed).max() < 1e-14
    assert _distance(kernel_vector_near(matrix, computed.tolist()), computed) < 1e-12


def test_zeros_stay_where_rows_have_very_different_lengths():
    # by hand: 6 - 4 - 14 + 12 = 6 - 12 + 8 - 14 + 12 = -6 - 8 + 14 = -3 + 12 + 4 - 7 - 6 = 0
    rows = np.array([[2, 0, 1, 2, -2, 0, 1, 1], [2, 1, -2, 2, -2, -1, 0, -2], [-2, 0, 2, -2, 0, -1, 2, 1],
                     [-1, -1, -1, 1, 1, 1, -2, 2]]) * 2.0 ** np.array([[0], [-30], [-43], [-20]])
    expected = [3, -12, -4, -7, -6, 0, 0, 0]
    computed = [n / 32 * (1 - 2.0 ** (-50 - j)) for j, n in enumerate(expected)]
    assert kernel_vector_near(exact_matrix(rows), computed) == expected


def test_refusals_say_why():
    # full rank in floating point too: the kernel of (1 1) is spanned by (1, -1), far from (1, 1)
    with pytest.raises(CertificateError, match=r"^no exact kernel vector is near the computed one$"):
        kernel_vector_near(exact([[1, 1]]), [1.0, 1.0])
    with pytest.raises(CertificateError, match=r"^no exact kernel vector is near the computed one$"):
        kernel_vector_near(exact([[1, 1]]), [0.0, 0.0])
    # rounded columns of rank 1; the complex matrix is counted as such, not as the real one it acts as
    rounded = np.array([[0.1 + 0.2, 1.0], [0.3, 1.0]])
    for matrix in (exact_matrix(rounded), exact_matrix(rounded * 1j)):
        with pytest.raises(CertificateError, match="^the exact kernel is smaller than the numerical one: the "
                                                   "rank is 2, in floating point 1, and no exact kernel"):
            kernel_vector_near(matrix, [1.0, -0.3])


def test_long_integers_are_written():
    assert sparse_entries([10**9000])["entries"] == ["1" + "0" * 9000]
