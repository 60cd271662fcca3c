"""Dense and sparse matrices and the random ensembles."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.operators import (
    DenseOperator,
    SparseOperator,
    bernoulli,
    dense_norm_upper,
    gaussian,
    partial_orthogonal,
    rows_columns_upper,
)
from kernelstab.operators import matrix as matrix_module


def test_products_by_hand():
    A = DenseOperator([[1, 2j], [0, 1]])
    np.testing.assert_array_equal(A @ [1.0, 1.0], [1 + 2j, 1])
    np.testing.assert_array_equal(A.H @ [1.0, 1.0], [1, 1 - 2j])
    assert not A.is_real
    assert A.spec()["kind"] == "dense"
    np.testing.assert_array_equal(A.spec()["matrix"], [[1, 2j], [0, 1]])


def test_the_matrix_is_a_read_only_copy():
    source = np.eye(2)
    A = DenseOperator(source)
    source[0, 0] = 7.0
    assert A.matrix[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        A.matrix[0, 0] = 7.0


def test_gaussian_has_variance_one_over_m():
    A = gaussian(200, 300, rng=0).matrix * np.sqrt(200)
    # 60000 entries: the mean is off by 0.004, the variance by 0.006 at one sigma
    assert abs(A.mean()) < 0.02
    assert abs(A.var() - 1) < 0.03
    np.testing.assert_array_equal(A, gaussian(200, 300, rng=np.random.default_rng(0)).matrix * np.sqrt(200))


def test_bernoulli_is_fair():
    A = bernoulli(100, 400, rng=1).matrix
    assert set(np.unique(A)) == {-0.1, 0.1}
    assert abs((A > 0).mean() - 0.5) < 0.0125           # five sigma of 40000 throws


def test_partial_orthogonal_has_no_preferred_sign():
    # Haar measure is invariant under reflections: the first entry of the first row averages to 0
    entries = [partial_orthogonal(1, 4, rng=seed).matrix[0, 0] for seed in range(400)]
    assert abs(np.mean(entries)) < 5 * 0.5 / 20
    square = partial_orthogonal(5, 5, rng=0).matrix
    np.testing.assert_allclose(square @ square.T, np.eye(5), atol=1e-14)


def test_bad_input():
    for call, message in [
        (lambda: DenseOperator(np.zeros((2, 3))), r"matrix must not be zero, got rank 0 and shape \(2, 3\)"),
        (lambda: DenseOperator([[1.0, np.inf]]), r"matrix must be finite, got inf at index \(0, 1\)"),
        (lambda: DenseOperator([1.0, 2.0]), r"matrix must have 2 dimension\(s\), got shape \(2,\)"),
        (lambda: DenseOperator([["a"]]), "matrix must be a numeric array"),
        (lambda: DenseOperator(np.zeros((0, 3))), "matrix must not be empty"),
        (lambda: DenseOperator([[1.0, 1.0]], tight=1.0), r"tight must satisfy A A\^\* = tight I, got 1.0"),
        (lambda: DenseOperator([[1.0, 1.0]], tight=-2.0), "tight must lie in"),
        (lambda: partial_orthogonal(5, 4, rng=0), "m must be between 1 and 4, got 5"),
        (lambda: gaussian(0, 4, rng=0), "m must be at least 1, got 0"),
        (lambda: gaussian(2, 4, rng="seed"), "rng must be an integer seed"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    assert DenseOperator([[1.0, 1.0]], tight=2.0).tight == 2.0


def test_products_and_description_of_sparse_matrices():
    A = SparseOperator(sp.coo_matrix(([2, 1j], ([0, 1], [2, 0])), shape=(2, 3)))
    np.testing.assert_array_equal(A.to_dense(), [[0, 0, 2], [1j, 0, 0]])
    np.testing.assert_array_equal(A.H @ [0.0, 1.0], [-1j, 0, 0])
    np.testing.assert_array_equal(A.spec()["matrix"], A.to_dense())
    assert A.norm_upper >= 2.0


def test_large_sparse_matrices_have_no_description():
    assert SparseOperator(sp.eye_array(1025)).spec() is None
    assert SparseOperator(sp.eye_array(1024)).spec() is not None


def test_bad_sparse_input():
    with pytest.raises(ValueError, match="matrix must not be zero, got rank 0"):
        SparseOperator(sp.csr_array((3, 3)))
    with pytest.raises(ValueError, match="matrix entries must be finite, got nan"):
        SparseOperator(sp.csr_array([[np.nan, 1.0]]))


_INTEGERS = st.lists(st.integers(-9, 9), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.booleans(), st.integers(-300, 300), st.integers(0, 2**32))
def test_bound_is_above_and_within_a_billionth(m, n, is_complex, exponent, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((m, n)) + (1j * rng.standard_normal((m, n)) if is_complex else 0)
    true = np.linalg.norm(matrix, 2)
    bound = dense_norm_upper(matrix * 2.0**exponent) / 2.0**exponent
    assert true * (1 - 1e-14) <= bound <= true * (1 + 1e-8)


@settings(max_examples=40, deadline=None)
@given(_INTEGERS, _INTEGERS)
def test_bound_of_rank_one_in_exact_arithmetic(u, v):
    # |u v^T|^2 = |u|^2 |v|^2, an integer; the bound is a float, hence an exact fraction
    squared = sum(k * k for k in u) * sum(k * k for k in v)
    if squared:
        assert Fraction(dense_norm_upper(np.outer(u, v).astype(float))) ** 2 >= squared


def test_orthogonal_and_large_matrices():
    q = np.linalg.qr(np.random.default_rng(0).standard_normal((150, 150)))[0]
    assert 1 - 1e-13 <= dense_norm_upper(q) <= 1 + 1e-8          # every eigenvalue of the Gram matrix is 1
    wide = np.random.default_rng(1).standard_normal((90, 400))   # past the size where Lanczos is used
    assert 1 <= dense_norm_upper(wide) / np.linalg.norm(wide, 2) * (1 + 1e-13) <= 1 + 1e-8


def test_a_bad_estimate_cannot_break_the_bound(monkeypatch):
    matrix = np.random.default_rng(2).standard_normal((5, 8))
    true = np.linalg.norm(matrix, 2)
    monkeypatch.setattr(matrix_module, "_largest_estimate",
                        lambda gram: 0.5 * float(np.linalg.eigvalsh(gram)[-1]))
    # no factorisation runs through, so the simple bounds answer
    simple = min(np.linalg.norm(matrix), rows_columns_upper(np.abs(matrix)))
    bound = dense_norm_upper(matrix)
    assert true <= bound
    np.testing.assert_allclose(bound, simple)


def test_rows_and_columns():
    # rows sum to 3 and 7, columns to 4 and 6: sqrt(7 * 6)
    np.testing.assert_allclose(rows_columns_upper(np.array([[1.0, 2.0], [3.0, 4.0]])), np.sqrt(42.0))


@pytest.mark.parametrize("value", [1e-320, 1e300])
def test_extreme_entries(value):
    assert value <= dense_norm_upper(np.array([[value]])) <= 1.001 * value + 5e-324
