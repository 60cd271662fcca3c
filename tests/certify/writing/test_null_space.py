"""Exact rank and null space."""

from fractions import Fraction

import numpy as np
import pytest

from kernelstab.certify import exact_nullspace, exact_rank


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
        exact_rank(matrix)
