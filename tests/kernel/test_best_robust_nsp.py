"""The best noise factor against a grid, and closed forms."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.kernel.best_robust_nsp import best_robust_nsp, factor, lowest
from kernelstab.kernel.robust_nsp import robust_nsp


def _table_matrix():
    """The third 10 x 12 draw of seed 11, unit columns."""
    rng = np.random.default_rng(11)
    for _ in range(3):
        matrix = rng.standard_normal((10, 12))
    return matrix / np.linalg.norm(matrix, axis=0)


def test_better_than_the_tabulated_value():
    # 4 * 3.4187 / (1 - .7031) = 46.06 was tabulated at rho = .7031; a little further right it is smaller
    A = _table_matrix()
    np.testing.assert_allclose(factor(robust_nsp(A, 2, 0.7031)), 46.06, atol=0.01)
    best = best_robust_nsp(A, 2)
    assert best.lower <= best.upper <= best.lower * (1 + 1e-6)
    assert best.exact
    np.testing.assert_allclose(best.upper, 45.868, atol=1e-3)
    # alpha_2 = .4125948: the constant is infinite below rho_2 = .70240
    np.testing.assert_allclose(best.floor, 0.4125948 / (1 - 0.4125948), atol=1e-6)
    assert best.floor < best.rho < 0.74
    for rho in np.linspace(best.floor + 1e-6, 0.99, 60):
        assert best.lower <= factor(robust_nsp(A, 2, rho))
    for rho in (0.71, 0.8, 0.95):
        lines = best.cuts[:, 0] - rho * best.cuts[:, 1]
        assert lines.max() <= robust_nsp(A, 2, rho).upper


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 2))
def test_no_grid_point_is_better(seed, s):
    A = np.random.default_rng(seed).standard_normal((7, 9))
    best = best_robust_nsp(A, s)
    grid = [factor(robust_nsp(A, s, rho)) for rho in np.linspace(0.02, 0.98, 49)]
    assert best.lower <= min(grid)
    if np.isfinite(best.upper):
        assert best.upper <= min(grid) * (1 + 1e-6)
        assert best.upper == factor(best.nsp)
        assert "4 tau/(1 - rho)" in repr(best)
    else:
        assert best.lower == np.inf
        w = np.abs(best.nsp.witness)
        assert 2 * w[list(best.nsp.support)].sum() >= w.sum() * (1 - 1e-9)


def test_trivial_kernel():
    # orthonormal columns: tau = sqrt s for every rho, so rho -> 0 is best: 4 sqrt 2
    best = best_robust_nsp(np.eye(3), 2)
    np.testing.assert_allclose((best.lower, best.upper), 4 * np.sqrt(2), rtol=1e-6)
    assert best.floor == 0.0


def test_no_null_space_property():
    # the kernel of (1, 1) splits evenly: alpha = 1/2, nothing below rho = 1
    for A in ([[1.0, 1.0]], [[1.0, 0.0]]):
        best = best_robust_nsp(A, 1)
        assert best.lower == best.upper == np.inf
        assert best.exact
        assert best.floor >= 1 - 1e-9
    assert factor(robust_nsp([[1.0, 1.0]], 1, 1.5)) == np.inf


def test_a_budget_leaves_both_ends():
    best = best_robust_nsp(_table_matrix(), 2, max_evaluations=3)
    full = best_robust_nsp(_table_matrix(), 2)
    assert best.evaluations == 3
    assert best.lower <= full.upper
    assert full.lower <= best.upper


@pytest.mark.parametrize("first", [True, False])
def test_ctrl_c_leaves_both_ends(monkeypatch, first):
    full, calls = best_robust_nsp(_table_matrix(), 2), []

    def stop(*args, **options):
        calls.append(1)
        found = robust_nsp(*args, **options)
        if not first and len(calls) < 4:
            return found
        # stopped with a proof by single columns: a finite upper end
        return replace(found, upper=found.upper * 1.5, exact=False, interrupted=True)

    monkeypatch.setattr(import_module("kernelstab.kernel.best_robust_nsp"), "robust_nsp", stop)
    best = best_robust_nsp(np.linalg.qr(_table_matrix())[0] if first else _table_matrix(), 2)
    assert best.interrupted
    assert not best.exact
    assert best.evaluations == (1 if first else 4)
    assert 0 < best.lower <= best.upper
    assert first or best.lower <= full.upper
    assert not full.interrupted


def test_lowest_of_lines():
    # 4 (2 - 3 rho) / (1 - rho) falls, 4 / (1 - rho) grows, they meet at 1/3; with a floor beyond, the second
    cuts = np.array([[1.0, 0.0], [2.0, 3.0]])
    np.testing.assert_allclose(lowest(cuts, 0.0), (6.0, 1 / 3))
    np.testing.assert_allclose(lowest(cuts, 0.5), (8.0, 0.5))


def test_bad_input():
    with pytest.raises(ValueError, match="s must be between 1 and 2, got 3"):
        best_robust_nsp(np.eye(2), 3)
    with pytest.raises(ValueError, match="tolerance must lie in"):
        best_robust_nsp(np.eye(2), 1, tolerance=-1)
