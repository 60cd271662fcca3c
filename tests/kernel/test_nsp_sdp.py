"""The semidefinite bound against a table, and its evaluation against kernel vectors."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.kernel import nsp_sdp
from kernelstab.kernel.nsp_sdp import sdp_bound, sdp_value

_RNG = np.random.default_rng(5)
_GAUSS16, _GAUSS20 = _RNG.standard_normal((12, 16)), _RNG.standard_normal((16, 20))
_MERCEDES = np.array([[0.0, sqrt(0.75), -sqrt(0.75)], [1.0, -0.5, -0.5]])


@pytest.mark.parametrize(("matrix", "s", "expected", "alpha"), [
    # bound (another solver, to about five digits) and the constant itself
    (_GAUSS16, 1, 0.221190, 0.221190), (_GAUSS16, 2, 0.40106, 0.383720), (_GAUSS16, 3, 0.57836, 0.506623),
    (_GAUSS20, 2, 0.37046, 0.338911), (_GAUSS20, 3, 0.51565, 0.441900)])
def test_reference_values(matrix, s, expected, alpha):
    result = sdp_bound(matrix, s)
    assert abs(result.upper - expected) < 3e-5
    assert 0.8 * alpha < result.lower < alpha + 1e-6
    assert result.upper > alpha - 1e-6
    np.testing.assert_allclose(np.linalg.norm(matrix @ result.witness), 0.0, atol=1e-14)
    assert result.upper == sdp_value(matrix, s, **result.dual)


def test_one_dimensional_kernel():
    # the kernel is spanned by (1, 1, 1): 1/3 and, with the bound at most twice that, 2/3
    for s in (1, 2):
        result = sdp_bound(_MERCEDES, s)
        np.testing.assert_allclose((result.lower, result.upper), s / 3, atol=1e-6)
        assert result.lower <= result.upper


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32), st.data())
def test_any_matrices_bound_every_kernel_vector(n, seed, data):
    m, s = data.draw(st.integers(1, n - 1)), data.draw(st.integers(1, n))
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n))
    dual = {name: 0.3 * rng.standard_normal((n, n)) for name in "PQRT"}
    dual |= {"L": rng.standard_normal((m, n)), "M": rng.standard_normal((n, m))}
    v = np.linalg.svd(A)[2][m:].T @ rng.standard_normal(n - m)
    share = np.sort(np.abs(v))[-s:].sum() / np.abs(v).sum()
    assert share <= sdp_value(A, s, **dual) + 1e-12


def test_what_is_not_definite_is_paid_for():
    # all matrices zero: D has the blocks -I/2 off the diagonal and least eigenvalue -1/2, times 1 + s
    zero = {name: np.zeros((2, 2)) for name in "PQRT"} | {"L": np.zeros((1, 2)), "M": np.zeros((2, 1))}
    for s in (1, 2):
        np.testing.assert_allclose(sdp_value(np.ones((1, 2)), s, **zero), 0.5 * (1 + s), atol=1e-12)


def test_the_shift_makes_definite():
    rng = np.random.default_rng(4)
    for D in (np.diag([1.0, -0.25]), np.zeros((3, 3)), np.ones((4, 4)), rng.standard_normal((9, 9))):
        D = D + D.T
        shift = nsp_sdp._shift(D)
        assert np.linalg.eigvalsh(D + shift * np.eye(len(D)))[0] >= -1e-15
        assert shift <= max(0.0, -np.linalg.eigvalsh(D)[0]) + 1e-12


def test_a_useless_solver_leaves_true_bounds(monkeypatch):
    real, rng = nsp_sdp._solve, np.random.default_rng(0)

    def sloppy(basis, s):
        found, moment = real(basis, s)
        return {name: part + 0.01 * rng.standard_normal(part.shape) for name, part in found.items()}, moment

    monkeypatch.setattr(nsp_sdp, "_solve", sloppy)
    result = sdp_bound(_MERCEDES, 1)
    assert 1 / 3 < result.upper < 0.6


def test_trivial_kernel_and_bad_input():
    result = sdp_bound(np.vander([1.0, 2.0, 3.0], 2), 1)
    assert result.lower == 0.0
    assert result.upper < 1e-12
    for args, keywords, message in [
            ((_MERCEDES, 0), {}, "s must be between 1 and 3, got 0"),
            ((_MERCEDES * 1j, 1), {}, "A must be real, got dtype complex128"),
            ((_MERCEDES, 1), {"max_size": 2}, "max_size must be at least the number of columns, 3, got 2")]:
        with pytest.raises(ValueError, match=message):
            sdp_bound(*args, **keywords)


def test_without_a_solution_the_bound_is_trivial(monkeypatch):
    import cvxpy

    def fail(*args, **options):
        raise cvxpy.SolverError("no")

    monkeypatch.setattr(cvxpy.Problem, "solve", fail)
    result = sdp_bound(_GAUSS16, 2)
    assert 0 <= result.lower <= result.upper == 1.0
