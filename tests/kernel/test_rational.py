"""The exact null space against the numerical one."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from kernelstab.kernel import nullspace_basis, rational_nullspace
from kernelstab.operators import gaussian


def _annihilates(matrix, vector):
    return all(sum(Fraction(a) * z for a, z in zip(row, vector)) == 0 for row in matrix)


def test_by_hand():
    # x + 2y + 3z = 0 and 2x + 4y + 7z = 0: subtract twice the first, z = 0, x = -2y
    null = rational_nullspace([[1, 2, 3], [2, 4, 7]])
    assert (null.rank, null.dimension, null.basis) == (2, 1, [[-2, 1, 0]])
    assert (null.numerical_rank, null.agrees) == (2, True)
    # singular values s > t > 0 of that matrix: s^2 + t^2 = 1+4+9+4+16+49 = 83,
    # s t = sqrt of the sum of squared 2x2 minors 0, 1, 2: sqrt(5)
    np.testing.assert_allclose(null.gap[0], np.sqrt((83 - np.sqrt(83**2 - 20)) / 2), rtol=1e-10)
    assert null.gap[1] == 0.0


def test_floats_are_taken_at_their_word():
    A = gaussian(4, 7, rng=0)
    null = rational_nullspace(A)
    assert (null.rank, null.dimension, null.agrees) == (4, 3, True)
    rows = A.to_dense().tolist()
    assert all(_annihilates(rows, z) for z in null.basis)
    # the same space: the projection of an exact null vector is the vector
    Z = nullspace_basis(A).basis
    for z in null.basis:
        z = np.array([float(Fraction(k, max(map(abs, z)))) for k in z])
        np.testing.assert_allclose(Z @ (Z.T @ z), z, atol=1e-14)


def test_a_rounded_product_loses_its_null_space():
    # rank 2 on paper; the rounded entries have rank 3, and floats still see 2
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((3, 2)) @ rng.standard_normal((2, 4))
    null = rational_nullspace(matrix)
    assert (null.rank, null.numerical_rank, null.agrees) == (3, 2, False)
    assert repr(null) == "<RationalNullSpace dimension 1, rank 3, in floats rank 2>"
    assert 0.0 < null.gap[0] < 1e-14                      # the third singular value is rounding


def test_fractions_and_integers_beyond_floats():
    assert rational_nullspace([[Fraction(1, 3), Fraction(1, 6)]]).basis == [[-1, 2]]
    huge = rational_nullspace([[10**400, 1], [10**400, 1]])
    assert huge.basis == [[-1, 10**400]]
    assert (huge.numerical_rank, huge.gap, huge.agrees) == (None, None, None)
    assert repr(huge) == "<RationalNullSpace dimension 1, rank 1, too large for floats>"


def test_extreme_kernels():
    zero = rational_nullspace(np.zeros((2, 2)))
    assert (zero.rank, zero.basis, zero.agrees, zero.gap) == (0, [[1, 0], [0, 1]], True, (0.0, 0.0))
    trivial = rational_nullspace(np.eye(3)[:, :2])
    assert (trivial.rank, trivial.basis, trivial.gap) == (2, [], (1.0, 0.0))


def test_sparse_matrices_are_read():
    assert rational_nullspace(csr_matrix([[1.0, 2.0]])).basis == [[-2, 1]]


@pytest.mark.parametrize("matrix", [None, 3.0, [1, 2], np.ones(2)])
def test_what_has_no_rows_is_refused(matrix):
    with pytest.raises(ValueError, match="A must be a matrix, got"):
        rational_nullspace(matrix)


@pytest.mark.parametrize("matrix", [[], [[1, 2], [3]], [[float("nan")]], [[1j]], [["x"]]])
def test_what_is_no_rational_matrix_is_refused(matrix):
    with pytest.raises(ValueError, match="matrix must"):
        rational_nullspace(matrix)
