"""The bound by one matrix, against closed forms, a table and the constant itself."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from scipy.linalg import hadamard

from kernelstab._engines.nsp.programs import best_kernel_vector
from kernelstab.kernel import nsp_constant
from kernelstab.kernel.nsp_relaxations import jn_bound, jn_value

_RNG = np.random.default_rng(5)
_GAUSS16, _GAUSS20 = _RNG.standard_normal((12, 16)), _RNG.standard_normal((16, 20))
_MERCEDES = np.array([[0.0, sqrt(0.75), -sqrt(0.75)], [1.0, -0.5, -0.5]])


def _dct(n, rows):
    matrix = dct(np.eye(n), axis=0, norm="ortho")[rows]
    return matrix / np.linalg.norm(matrix, axis=0)


_DCT16 = _dct(16, [0, 1, 2, 3, 5, 7, 8, 11, 13, 14])
_DCT12 = _dct(12, [0, 1, 2, 4, 6, 7, 9, 11])


def _identity_hadamard(m):
    return np.hstack([np.eye(m), hadamard(m) / sqrt(m)])


@pytest.mark.parametrize(("matrix", "s", "expected", "tolerance"), [
    # all columns alike: s / (1 + sqrt m), at most 1
    (_identity_hadamard(2), 1, sqrt(2) - 1, 1e-8), (_identity_hadamard(2), 2, 2 * sqrt(2) - 2, 1e-8),
    (_identity_hadamard(2), 3, 1.0, 0.0),
    (_identity_hadamard(4), 2, 2 / 3, 1e-8), (_identity_hadamard(4), 3, 1.0, 1e-8),
    (_identity_hadamard(8), 2, 2 / (1 + sqrt(8)), 1e-8), (_identity_hadamard(8), 3, 3 / (1 + sqrt(8)), 1e-8),
    # computed elsewhere and tabulated to six digits
    (_DCT16, 2, 0.475026, 5e-7), (_DCT16, 3, 0.683581, 5e-7),
    (_DCT12, 2, 0.507484, 5e-7), (_DCT12, 3, 0.694854, 5e-7),
    (_GAUSS16, 2, 0.390868, 5e-7), (_GAUSS16, 3, 0.556005, 5e-7),
    (_GAUSS20, 2, 0.352986, 5e-7), (_GAUSS20, 3, 0.481835, 5e-7),
    # at order one the constant itself, of the same table
    (_DCT16, 1, 0.24700556, 1e-8), (_GAUSS16, 1, 0.221190, 5e-7),
])
def test_reference_values(matrix, s, expected, tolerance):
    result = jn_bound(matrix, s)
    assert abs(result.upper - expected) <= tolerance
    assert result.lower <= result.upper
    assert result.Y.shape == matrix.shape
    assert result.upper == (1.0 if not result.Y.any() else jn_value(matrix, result.Y, s))


@pytest.mark.parametrize(("matrix", "s", "pick_one"), [
    # the sums of the s largest constants of single columns, of the same table
    (_GAUSS16, 2, 0.409518), (_GAUSS16, 3, 0.591613), (_GAUSS20, 2, 0.379071), (_GAUSS20, 3, 0.536094),
    (_DCT16, 2, 0.494011), (_DCT16, 3, 0.740769)])
def test_the_joint_bound_is_below_pick_one(matrix, s, pick_one):
    assert jn_bound(matrix, s).upper <= pick_one + 6e-7
    assert nsp_constant(matrix, s, max_supports=1).upper <= pick_one + 6e-7


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 7), st.integers(0, 2**32), st.booleans(), st.data())
def test_every_matrix_bounds_every_kernel_vector(n, seed, is_complex, data):
    m, s = data.draw(st.integers(1, n - 1)), data.draw(st.integers(1, n))
    rng = np.random.default_rng(seed)
    A, Y, c = (rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0)
               for shape in ((m, n), (m, n), n - m))
    v = np.linalg.svd(A)[2][m:].conj().T @ c
    share = np.sort(np.abs(v))[-s:].sum() / np.abs(v).sum()
    assert share <= jn_value(A, Y, s) + 1e-12
    bound = jn_bound(A, s)
    assert share <= bound.upper + 1e-12
    assert bound.lower <= bound.upper


def test_order_one_is_the_constant_and_phases_change_nothing():
    rng = np.random.default_rng(8)
    left, right = np.exp(2j * np.pi * rng.random(8)), np.exp(2j * np.pi * rng.random(12))
    real, turned = jn_bound(_DCT12, 1), jn_bound(left[:, None] * _DCT12 * right, 1)
    np.testing.assert_allclose((turned.upper, real.upper), nsp_constant(_DCT12, 1).upper, atol=2e-9)


def test_complex_joint_bound():
    rng = np.random.default_rng(3)
    left, right = np.exp(2j * np.pi * rng.random(8)), np.exp(2j * np.pi * rng.random(12))
    # Y transforms with the matrix: the moduli of I - Y* A stay
    result = jn_bound(left[:, None] * _DCT12 * right, 2)
    assert abs(result.upper - 0.507484) < 1e-6
    assert np.iscomplexobj(result.Y)
    assert 0.25 < result.lower < 0.50273471                   # the constant itself


def test_witnesses_are_kernel_vectors():
    result = jn_bound(_DCT16, 2)
    w = result.witness
    assert result.residual == np.linalg.norm(_DCT16 @ w) < 1e-14
    best = max(np.abs(w[list(pair)]).sum() for pair in combinations(range(16), 2))
    np.testing.assert_allclose(best / np.abs(w).sum(), result.lower)
    np.testing.assert_allclose(np.dot(result.signs, w[list(result.support)]), result.lower)
    assert 0.3 < result.lower <= 0.45929319 <= result.upper
    assert not result.exact


def test_the_best_candidate_is_taken():
    # kernel of (0, 0, 1): the axes beat the diagonal at order one, and what is outside is dropped
    basis = np.eye(3)[:, :2]
    share, w = best_kernel_vector(basis, np.array([[1.0, 1.0, 0.0], [0.0, -2.0, 5.0], [0.0, 0.0, 1.0]]), 1)
    assert 1 - 1e-14 < share < 1
    np.testing.assert_allclose(w, [0.0, -1.0, 0.0])
    assert best_kernel_vector(basis, np.array([[0.0, 0.0, 1.0]]), 1)[0] == 0.0


def test_degenerate_matrices():
    trivial = jn_bound(np.vander([1.0, 2.0, 3.0], 2), 1)
    assert trivial.upper < 1e-9
    assert trivial.lower == 0.0
    assert not trivial.witness.any()
    # a zero column is a kernel vector; so nothing below 1 is true
    result = jn_bound([[1.0, 0.0, 2.0]], 1)
    assert result.upper == 1.0
    np.testing.assert_allclose(result.lower, 1.0)
    assert result.holds is False
    # rows of very different size have the same kernel
    scaled = np.diag(10.0 ** np.arange(-3, 5)) @ _DCT12
    np.testing.assert_allclose(jn_bound(scaled, 1).upper, 0.27611767, atol=1e-8)


def test_what_the_bound_says():
    assert jn_bound(_MERCEDES, 1).holds is True               # 1/3
    assert jn_bound(_MERCEDES, 2).holds is False              # 2/3
    assert jn_bound(_GAUSS16, 3).holds is None
    assert repr(jn_bound(_MERCEDES, 1)).startswith("<NSPConstant s=1, 0.33333")


def test_certificate(tmp_path):
    from kernelstab.certify import verify

    path = tmp_path / "bound.json"
    result = jn_bound(_DCT12, 2)
    made = result.certificate(path)
    lower, upper = (float(claim["value"]) for claim in made["statements"])
    np.testing.assert_allclose((lower, upper), (result.lower, result.upper), atol=1e-13)
    assert verify(path).ok


def test_bad_input():
    for args, keywords, message in [
            ((_MERCEDES, 0), {}, "s must be between 1 and 3, got 0"),
            ((_MERCEDES, 4), {}, "s must be between 1 and 3, got 4"),
            ((_MERCEDES * np.nan, 1), {}, "finite"),
            ((_MERCEDES, 1), {"max_entries": 17},
             "max_entries must be at least 18 for this matrix, got 17; nsp_constant")]:
        with pytest.raises(ValueError, match=message):
            jn_bound(*args, **keywords)


def test_without_a_solution_the_bound_is_trivial(monkeypatch):
    import cvxpy

    def fail(*args, **options):
        raise cvxpy.SolverError("no")

    monkeypatch.setattr(cvxpy.Problem, "solve", fail)
    result = jn_bound(_DCT12 * (1 + 1j), 2)
    assert 0 <= result.lower <= result.upper == 1.0
