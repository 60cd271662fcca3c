"""Norm bounds: never below the truth, close to it, whatever the matrix."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.operators import dense_norm_upper, norm, rows_columns_upper

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
    monkeypatch.setattr(norm, "_largest_estimate", lambda gram: 0.5 * float(np.linalg.eigvalsh(gram)[-1]))
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
