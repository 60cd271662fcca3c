"""The null space constant against closed forms, tables and its own certificates."""

from itertools import combinations, product
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from scipy.linalg import hadamard

from kernelstab.kernel import dual_bound, nsp, nsp_constant


def _identity_hadamard(m):
    return np.hstack([np.eye(m), hadamard(m) / sqrt(m)])


def _dct(n, rows):
    matrix = dct(np.eye(n), axis=0, norm="ortho")[rows]
    return matrix / np.linalg.norm(matrix, axis=0)


_MERCEDES = np.array([[0.0, sqrt(0.75), -sqrt(0.75)], [1.0, -0.5, -0.5]])
_DCT16 = _dct(16, [0, 1, 2, 3, 5, 7, 8, 11, 13, 14])
_DCT12 = _dct(12, [0, 1, 2, 4, 6, 7, 9, 11])
_ZERO_COLUMN = np.array([[1.0, 0.0, 0.0, 2.0], [0.0, 1.0, 0.0, 3.0]])
_SQUARE_ROOT = sqrt(2.0)
REFERENCE = [
    # kernel spanned by (1, 1, 1): s / 3
    (_MERCEDES, 1, 1 / 3, 1e-8), (_MERCEDES, 2, 2 / 3, 1e-8),
    # any two coordinates with opposite signs: 1/2; two of them carry everything
    (np.ones((1, 5)), 1, 0.5, 1e-8), (np.ones((1, 5)), 2, 1.0, 1e-8),
    # (I | H_m): 1 / (1 + sqrt m) at s = 1
    (_identity_hadamard(2), 1, 1 / (1 + _SQUARE_ROOT), 1e-8),
    (_identity_hadamard(2), 2, _SQUARE_ROOT / 2, 1e-8), (_identity_hadamard(2), 3, 1.0, 1e-8),
    (_identity_hadamard(4), 1, 1 / 3, 1e-8), (_identity_hadamard(4), 2, 1 / 2, 1e-8),
    (_identity_hadamard(8), 1, 1 / (1 + sqrt(8.0)), 1e-8), (_identity_hadamard(8), 2, _SQUARE_ROOT - 1, 1e-8),
    # computed elsewhere and tabulated to eight digits
    (_DCT16, 1, 0.24700556, 1e-8), (_DCT16, 2, 0.45929319, 1e-8),
    (_DCT12, 1, 0.27611767, 1e-8), (_DCT12, 2, 0.50273470, 1e-8),
    # a zero column is a kernel vector by itself
    (_ZERO_COLUMN, 1, 1.0, 1e-8),
]


@pytest.mark.parametrize(("matrix", "s", "alpha", "tolerance"), REFERENCE)
def test_reference_values(matrix, s, alpha, tolerance):
    result = nsp_constant(matrix, s)
    assert abs(result.lower - alpha) < tolerance
    assert abs(result.upper - alpha) < tolerance
    assert result.lower <= result.upper
    assert result.witness.shape == (matrix.shape[1],)
    assert result.dual.shape == (matrix.shape[0],)
    assert result.holds == (None if alpha == 0.5 else alpha < 0.5)


@pytest.mark.parametrize(("matrix", "s"), [(_DCT16, 2), (_identity_hadamard(4), 2), (_MERCEDES, 1)])
def test_both_sides_can_be_checked_again(matrix, s):
    result = nsp_constant(matrix, s)
    w = result.witness
    assert np.linalg.norm(matrix @ w) == result.residual < 1e-14
    np.testing.assert_allclose(np.abs(w).sum(), 1.0)
    np.testing.assert_allclose(np.dot(result.signs, w[list(result.support)]), result.lower)
    # the dual of the witness's own program
    xi = np.zeros(matrix.shape[1])
    xi[list(result.support)] = result.signs
    np.testing.assert_allclose(np.abs(xi - matrix.T @ result.dual).max(), result.upper)
    # the upper bound again from the stored duals: each support has its own or the sum of its entries'
    singles = [dual_bound(matrix, (i,), (1,), result.duals[(i,), (1,)]) for i in range(matrix.shape[1])]
    bounds = []
    for support in combinations(range(matrix.shape[1]), s):
        patterns = [(1, *rest) for rest in product((1, -1), repeat=s - 1)]
        if all((support, p) in result.duals for p in patterns):
            bounds.append(max(dual_bound(matrix, support, p, result.duals[support, p]) for p in patterns))
        else:
            bounds.append(sum(singles[i] for i in support))
    assert max(bounds) <= result.upper * (1 + 1e-14)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(0, 2**32), st.data())
def test_one_dimensional_kernels_are_sorted_sums(n, seed, data):
    s = data.draw(st.integers(1, n))
    v = np.random.default_rng(seed).standard_normal(n)
    rows = np.linalg.svd(v[None])[2][1:]                     # everything orthogonal to v
    expected = np.sort(np.abs(v))[-s:].sum() / np.abs(v).sum()
    result = nsp_constant(rows, s)
    np.testing.assert_allclose((result.lower, result.upper), expected, rtol=1e-9)


def test_few_supports_are_visited():
    result = nsp_constant(_DCT16, 2)
    assert result.supports == comb(16, 2) == 120
    assert result.evaluated == 14
    assert "14 of 120 supports" in repr(result)


def test_a_short_budget_widens_the_enclosure():
    exact, short = nsp_constant(_DCT12, 2), nsp_constant(_DCT12, 2, max_supports=2)
    assert short.evaluated == 2
    assert short.lower <= exact.lower <= exact.upper <= short.upper
    assert short.upper > exact.upper + 1e-3
    # with nothing but the sums: twice the largest single constants
    np.testing.assert_array_less(short.upper, 2 * nsp_constant(_DCT12, 1).upper + 1e-12)


def test_trivial_kernel():
    result = nsp_constant(np.vander([1.0, 2.0, 3.0], 2), 1)
    assert (result.lower, result.upper, result.holds) == (0.0, 0.0, True)
    assert (result.support, result.signs) == ((), ())
    assert not result.witness.any()
    assert result.rho_upper == 0.0


def test_badly_scaled_rows_do_not_mislead_the_solver():
    # multiplying by an invertible matrix leaves the kernel, hence alpha, as it is
    scaled = np.diag(10.0 ** np.arange(-4, 6)) @ _DCT16
    result = nsp_constant(scaled, 1)
    np.testing.assert_allclose((result.lower, result.upper), 0.24700556, atol=1e-8)


def test_a_useless_solver_leaves_true_bounds(monkeypatch):
    # random duals instead of optimal ones: the upper bound is worse but still above the truth
    real, rng = nsp.linprog, np.random.default_rng(0)

    def sloppy(*args, **kwargs):
        answer = real(*args, **kwargs)
        answer.eqlin.marginals += 0.05 * rng.standard_normal(answer.eqlin.marginals.shape)
        answer.x += 0.01 * rng.standard_normal(answer.x.shape)
        return answer

    monkeypatch.setattr(nsp, "linprog", sloppy)
    result = nsp_constant(_MERCEDES, 1)
    assert result.lower <= 1 / 3 <= result.upper
    assert result.upper - result.lower > 1e-3


def test_rho_is_the_stable_constant():
    # alpha = 1/3: rho = (1/3) / (2/3)
    np.testing.assert_allclose(nsp_constant(_MERCEDES, 1).rho_upper, 0.5)
    assert nsp_constant(_ZERO_COLUMN, 1).rho_upper > 1e12


def test_sums_fall_and_every_support_comes_once():
    values = np.array([0.3, 0.1, 0.5, 0.1, 0.4])
    found = list(nsp._falling_sums(values, 3))
    assert sorted(support for _, support in found) == list(combinations(range(5), 3))
    sums = [bound for bound, _ in found]
    assert sums == sorted(sums, reverse=True)
    np.testing.assert_allclose(sums[0], 1.2)
    assert found[0][1] == (0, 2, 4)


def test_bad_input():
    for args, message in [((_MERCEDES, 0), "s must be between 1 and 3, got 0"),
                          ((_MERCEDES, 4), "s must be between 1 and 3, got 4"),
                          ((_MERCEDES * 1j, 1), "A must be real, got dtype complex128"),
                          ((_MERCEDES * 0, 1), "matrix must not be zero")]:
        with pytest.raises(ValueError, match=message):
            nsp_constant(*args)
