"""Null space bases: dimension, gap, residual; the exact null space against the numerical one."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from kernelstab._errors import UnclearRank
from kernelstab.kernel import nullspace_basis, rational_nullspace
from kernelstab.operators import SubsampledFourier, gaussian, masks


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 8), st.booleans(), st.integers(0, 2**32))
def test_random_products_have_the_rank_of_their_inner_size(m, n, inner, is_complex, seed):
    rng = np.random.default_rng(seed)
    left, right = rng.standard_normal((m, inner)), rng.standard_normal((inner, n))
    if is_complex:
        left = left + 1j * rng.standard_normal((m, inner))
    rank = min(m, n, inner)
    null = nullspace_basis(left @ right)
    assert (null.rank, null.dimension) == (rank, n - rank)
    assert null.basis.shape == (n, n - rank)
    np.testing.assert_allclose(null.basis.conj().T @ null.basis, np.eye(n - rank), atol=1e-12)
    assert null.residual <= 1e-13 * np.linalg.norm(left @ right)
    assert null.gap[0] > null.tol >= null.gap[1]


def test_complex_basis_is_not_conjugated_away():
    # A = (1, i): the kernel is spanned by (1, i), since 1 + i i = 0, and not by (1, -i)
    null = nullspace_basis([[1.0, 1.0j]])
    np.testing.assert_allclose(null.basis[1] / null.basis[0], 1j, atol=1e-15)
    assert null.residual < 1e-15


def test_near_rank_deficiency_shows_in_the_gap():
    null = nullspace_basis(np.diag([1.0, 1e-3, 1e-14]), tol=1e-10)
    assert null.dimension == 1
    np.testing.assert_allclose(null.gap, (1e-3, 1e-14))
    np.testing.assert_allclose(null.residual, 1e-14)
    assert nullspace_basis(np.diag([1.0, 1e-3, 1e-14])).dimension == 0
    # default tolerance 3 * 2.2e-16
    np.testing.assert_allclose(nullspace_basis(np.eye(3)).tol, 3 * 2.0**-52)


def test_the_full_decomposition_gives_the_same_space():
    # wide, tall, square, rank deficient, complex; the projections decide, not the bases
    rng = np.random.default_rng(3)
    low = rng.standard_normal((5, 2)) @ rng.standard_normal((2, 8))
    for matrix in (rng.standard_normal((30, 80)), low, low.T, 1j * low + low[::-1],
                   rng.standard_normal((4, 4)), np.diag([1.0, 0.0, 3.0, 0.0])):
        null, (_, sigma, rows) = nullspace_basis(matrix), np.linalg.svd(matrix)
        basis = rows[null.rank:].conj().T
        assert null.rank == np.linalg.matrix_rank(matrix)
        np.testing.assert_allclose(null.singular_values, sigma, atol=1e-13)
        np.testing.assert_allclose(null.basis @ null.basis.conj().T, basis @ basis.conj().T, atol=1e-12)
        assert null.residual < 1e-13


def test_an_unclear_rank_is_read_both_ways():
    # 4e-9 is within a factor of ten of 1e-8 from below, 1e-12 and 1 are not
    with pytest.warns(UnclearRank, match="between 1 and 2: singular values 4e-09 to 4e-09") as caught:
        null = nullspace_basis(np.diag([1.0, 4e-9, 1e-12]), tol=1e-8)
    assert caught[0].filename == __file__
    assert (null.rank, null.dimension) == (1, 2)
    (other,) = null.alternatives
    assert (other.rank, other.dimension, other.gap) == (2, 1, (4e-9, 1e-12))
    np.testing.assert_allclose(np.abs(other.basis.ravel()), [0, 0, 1], atol=1e-15)
    np.testing.assert_allclose((null.residual, other.residual), (4e-9, 1e-12))
    # from above, and on both sides at once
    with pytest.warns(UnclearRank):
        null = nullspace_basis(np.diag([1.0, 6e-8, 4e-9, 0.0]), tol=1e-8)
    assert [other.rank for other in null.alternatives] == [1, 3]
    assert [other.basis.shape for other in null.alternatives] == [(4, 3), (4, 1)]
    with pytest.warns(UnclearRank):
        assert nullspace_basis([[1.0, 0.0]], tol=0.5).alternatives[0].dimension == 2


def test_rounding_alone_does_not_make_a_rank_unclear():
    # the default threshold is 2 * 2.2e-16 for this matrix; what is below it is rounding
    assert nullspace_basis(np.diag([1.0, 4e-16])).alternatives == ()
    with pytest.warns(UnclearRank):
        assert nullspace_basis(np.diag([1.0, 4e-15])).dimension == 0
    with pytest.warns(UnclearRank):                     # a threshold below rounding settles nothing
        nullspace_basis(np.diag([1.0, 4e-16]), tol=0.0)
    assert nullspace_basis(np.diag([1.0, 0.1]), tol=0.0).alternatives == ()


def test_scale_does_not_matter():
    tiny = nullspace_basis(np.diag([1.0, 1e-3, 0.0]) * 1e-200)
    assert tiny.dimension == 1
    assert nullspace_basis(np.array([[3e-200, 4e-200], [3e-200, 4e-200]])).residual < 1e-214


def test_trivial_kernel():
    null = nullspace_basis(np.eye(3)[:, :2])
    assert null.basis.shape == (2, 0)
    assert (null.dimension, null.residual, null.gap) == (0, 0.0, (1.0, 0.0))


def test_operators_are_accepted():
    A = SubsampledFourier(masks.standard(8), real=True)
    null = nullspace_basis(A)
    assert null.dimension == 64 - A.shape[0]
    np.testing.assert_allclose(null.gap, (1.0, 0.0), atol=1e-12)
    assert repr(null).startswith(f"<NullSpace dimension {null.dimension}, rank {A.shape[0]}, gap 1 > ")


def test_bad_input():
    with pytest.raises(ValueError, match="matrix must not be zero, got rank 0"):
        nullspace_basis(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="tol must lie below the largest singular value 1, got"):
        nullspace_basis(np.eye(2), tol=1.0)
    with pytest.raises(ValueError, match="tol must lie in"):
        nullspace_basis(np.eye(2), tol=-1.0)
    with pytest.raises(ValueError, match="matrix must be finite"):
        nullspace_basis([[np.inf, 1.0]])


# Exact null spaces

def _annihilates(matrix, vector):
    return all(sum(Fraction(a) * z for a, z in zip(row, vector)) == 0 for row in matrix)


def test_by_hand():
    # x + 2y + 3z = 0 and 2x + 4y + 7z = 0: subtract twice the first, z = 0, x = -2y
    null = rational_nullspace([[1, 2, 3], [2, 4, 7]])
    assert (null.rank, null.dimension, null.basis) == (2, 1, [[-2, 1, 0]])


def test_floats_are_taken_at_their_word():
    A = gaussian(4, 7, rng=0)
    null = rational_nullspace(A)
    assert (null.rank, null.dimension) == (4, 3)
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
    assert (null.rank, nullspace_basis(matrix).rank) == (3, 2)
    assert repr(null) == "<RationalNullSpace dimension 1, rank 3>"


def test_fractions_and_integers_beyond_floats():
    assert rational_nullspace([[Fraction(1, 3), Fraction(1, 6)]]).basis == [[-1, 2]]
    huge = rational_nullspace([[10**400, 1], [10**400, 1]])
    assert huge.basis == [[-1, 10**400]]


def test_extreme_kernels():
    zero = rational_nullspace(np.zeros((2, 2)))
    assert (zero.rank, zero.basis) == (0, [[1, 0], [0, 1]])
    trivial = rational_nullspace(np.eye(3)[:, :2])
    assert (trivial.rank, trivial.basis) == (2, [])


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
