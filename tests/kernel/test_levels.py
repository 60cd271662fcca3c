"""Sparsity in levels: its constants by hand, and the inequalities it promises."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.kernel.levels import sparsity_in_levels
from kernelstab.kernel.recovery import recovery_constants
from kernelstab.kernel.robust_nsp import robust_nsp

_LABELS = [0, 0, 0, 0, 1, 1, 1, 1]


def _random(seed, m=6, n=8):
    matrix = np.random.default_rng(seed).standard_normal((m, n))
    return matrix / np.linalg.norm(matrix, axis=0)


def test_constants_by_hand():
    # s = (1, 4), w = (2, 1): xi = 4 + 4, zeta = 4, kappa = 2
    model = sparsity_in_levels([0, 0, 1, 1, 1, 1], [1, 4], weights=[2.0, 1.0])
    assert (model.xi, model.zeta, model.kappa) == (8.0, 4.0, 2.0)
    np.testing.assert_array_equal(model.entry_weights, [2, 2, 1, 1, 1, 1])
    # rho = 1/2: c = 1/2 + 3/4 * 2^(1/4)
    c = 0.5 + 0.75 * 2**0.25
    two, one = model.constants(0.5, 3.0), model.constants(0.5, 3.0, norm="weighted l1")
    np.testing.assert_allclose((two.C, two.D), (2 * c / sqrt(8), (2 * c + 1 + 2**0.25 / 2) * 3))
    np.testing.assert_allclose((one.C, one.D), (3.0, 2 * sqrt(8) * 3 / 0.5))
    # the weights w_l = s_l^(-1/2) balance the levels: kappa is their number
    assert sparsity_in_levels([0, 1, 1, 1, 1], [1, 4], weights=[1.0, 0.5]).kappa == 2.0


def test_one_level_is_the_property_without_levels():
    A = _random(1)
    model = sparsity_in_levels(np.zeros(8), [2])
    assert model.kappa == 1.0
    plain = recovery_constants(0.5, 3.0, 2, norm="l2")
    in_levels = model.constants(0.5, 3.0)
    np.testing.assert_allclose((in_levels.C, in_levels.D), (plain.C, plain.D))
    found, known = robust_nsp(A, model, 1.5, norm="l2"), robust_nsp(A, 2, 1.5, norm="l2")
    np.testing.assert_allclose((found.lower, found.upper), (known.lower, known.upper), rtol=1e-9)
    assert found.support == known.support


def test_supports_are_admissible():
    model = sparsity_in_levels([1, 0, 1, 0, 1], [1, 2])
    supports = model.supports()
    assert len(supports) == model.count() == 2 * 3
    assert len({tuple(row) for row in supports}) == 6
    for row in supports:
        assert list(row) == sorted(row)
        assert np.bincount(model.labels[row]).tolist() == [1, 2]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([(1, 1), (2, 1)]), st.sampled_from([(1.0, 1.0), (0.5, 2.0)]))
def test_no_vector_is_a_counterexample(seed, sparsities, weights):
    rng = np.random.default_rng(seed)
    A = _random(seed)
    model = sparsity_in_levels(_LABELS, sparsities, weights)
    found = robust_nsp(A, model, 0.9, norm="l2")
    assert found.lower <= found.upper
    supports, w = model.supports(), model.entry_weights
    vectors = [found.witness, *rng.standard_normal((200, 8))]
    worst = 0.0
    for v in vectors:
        on = np.linalg.norm(v[supports], axis=1)
        off = w @ np.abs(v) - (w * np.abs(v))[supports].sum(axis=1)
        left = (on - 0.9 / sqrt(model.xi) * off).max()
        image = np.linalg.norm(A @ v)
        if np.isinf(found.lower):
            assert left > 0
            assert image < 1e-13
            return
        assert left <= found.upper * image * (1 + 1e-12)
        worst = max(worst, left / image)
    np.testing.assert_allclose(worst, found.lower, rtol=1e-9)         # the witness attains its end


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["l2", "weighted l1"]))
def test_the_comparison_holds_for_any_two_vectors(seed, norm):
    rng = np.random.default_rng(seed)
    A = _random(seed, 7, 8)
    found = robust_nsp(A, sparsity_in_levels(_LABELS, (1, 2), (1.0, 0.7)), 0.95, norm="l2")
    constants = found.s.constants(found.rho, found.upper, norm=norm)
    if not constants.applicable:
        assert found.upper == np.inf
        return
    for k in range(40):
        x = rng.standard_normal(8) * (rng.random(8) < 0.5)
        z = x + (rng.standard_normal(8) if k % 2 else 10.0 ** rng.uniform(-3, 3) * found.witness)
        assert constants.comparison(A, x, z).holds


def test_the_weights_of_the_error():
    # identity: x = 0, z = (1, 1): weighted 1-norm 1 + 3, and the gap is the same
    model = sparsity_in_levels([0, 1], [1, 1], weights=[1.0, 3.0])
    bound = model.constants(0.5, 1.0, norm="weighted l1").comparison(np.eye(2), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(bound.error, 4.0)
    np.testing.assert_allclose(bound.bound, 3 * 4 + 4 * sqrt(10) * sqrt(2))


def test_no_promise():
    model = sparsity_in_levels(_LABELS, (1, 1))
    assert not model.constants(1.0, 2.0).applicable
    assert model.constants(0.5, np.inf).reason == "tau is infinite"
    zero = np.eye(8)                                              # its kernel is spanned by e_3
    zero[3, 3] = 0.0
    found = robust_nsp(zero, model, 0.5, norm="l2")
    assert found.lower == np.inf
    assert 3 in found.support
    assert not found.constants.applicable


def test_bad_input():
    for call, message in [
        (lambda: sparsity_in_levels([0, 2], [1, 1]), r"labels must be 0 to 1, all of them, got \[0.0, 2.0\]"),
        (lambda: sparsity_in_levels([0, 1], [1, 2]), r"sparsities\[1\] must be between 1 and 1, got 2"),
        (lambda: sparsity_in_levels([0, 1], [1, 0]), r"sparsities\[1\] must be between 1 and 1, got 0"),
        (lambda: sparsity_in_levels([0, 1], [1, 1], [1.0]), "weights must have 2 entries, got 1"),
        (lambda: sparsity_in_levels([0, 1], [1, 1], [1.0, 0.0]), r"weights\[1\] must lie in \(0.0, inf\)"),
        (lambda: robust_nsp(np.eye(3), sparsity_in_levels([0, 1], [1, 1]), 0.5, norm="l2"),
         "levels must label 3 columns, got 2"),
        (lambda: robust_nsp(np.eye(2) * 1j, sparsity_in_levels([0, 1], [1, 1]), 0.5, norm="l2"),
         "A must be real, got dtype complex128"),
        (lambda: robust_nsp(np.eye(4), sparsity_in_levels([0, 0, 1, 1], [1, 1]), 0.5, norm="l2",
                            max_supports=3),
         "max_supports must be at least 4 for the l2 form, got 3"),
        (lambda: robust_nsp(np.eye(2), sparsity_in_levels([0, 1], [1, 1]), 0.5),
         "norm must be 'l2' for sparsity in levels, got 'l1'"),
        (lambda: sparsity_in_levels([0, 1], [1, 1]).constants(0.5, 1.0, norm="l1"),
         "norm must be 'l2' or 'weighted l1', got 'l1'"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
