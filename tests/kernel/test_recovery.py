"""Recovery bounds: the constants by hand, and the inequalities on anything that could break them."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.kernel.recovery import (
    instance_optimality_lower,
    recovery_constants,
    sigma_s,
    sparse_stability,
)
from kernelstab.kernel.robust_nsp import robust_nsp
from kernelstab.solvers import reference_qcbp


def _random(seed, m, n):
    matrix = np.random.default_rng(seed).standard_normal((m, n))
    return matrix / np.linalg.norm(matrix, axis=0)


def test_constants_by_hand():
    # rho = 1/2: (1 + 1/2) / (1/2) = 3, 2 tau / (1/2) = 4 tau; l2: (1 + 3/2) / (2 * 1/2 * 3) at s = 9
    one, two = recovery_constants(0.5, 2.0, 9), recovery_constants(0.5, 2.0, 9, norm="l2")
    np.testing.assert_allclose((one.C, one.D, two.C, two.D), (3.0, 8.0, 2.5 / 3, 8.0))
    assert one.applicable
    # at rho = 0 nothing is lost: C = 1 and 1 / (2 sqrt s)
    assert recovery_constants(0.0, 1.0, 4).C == 1.0
    assert recovery_constants(0.0, 1.0, 4, norm="l2").C == 0.25


@pytest.mark.parametrize(("rho", "tau", "reason"), [
    (1.0, 1.0, "rho = 1 is not below 1"), (0.5, np.inf, "tau is infinite")])
def test_no_promise(rho, tau, reason):
    constants = recovery_constants(rho, tau, 2)
    assert (constants.C, constants.D, constants.applicable) == (None, None, False)
    for bound in (constants.qcbp(0.1, 0.1), constants.srlasso(0.1, 0.1, 1.0),
                  constants.comparison(np.eye(2), [1.0, 0.0], [0.0, 1.0])):
        assert (bound.bound, bound.applicable, bound.reason, bound.holds) == (None, False, reason, None)
    assert reason in repr(constants)
    assert not sparse_stability(rho, tau).applicable


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 2), st.sampled_from(["l1", "l2"]))
def test_the_comparison_holds_for_any_two_vectors(seed, s, norm):
    rng = np.random.default_rng(seed)
    A = _random(seed, 9, 10)
    found = robust_nsp(A, s, 0.9, norm=norm)
    if np.isinf(found.upper):
        assert not found.constants.applicable
        return
    worst = found.witness
    for k in range(40):
        x = rng.standard_normal(10) * (rng.random(10) < 0.4)
        # also along the worst vector of the property, towards which the bound is tightest
        z = x + (rng.standard_normal(10) if k % 2 else 10.0 ** rng.uniform(-3, 3) * worst)
        bound = found.constants.comparison(A, x, z)
        assert bound.applicable
        assert bound.holds, (bound, x, z)
    # the sparse signal on the support of the witness, and the rest of it with the other sign
    x = np.zeros(10)
    x[list(found.support)] = worst[list(found.support)]
    assert found.constants.comparison(A, x, x - worst).holds


def test_the_comparison_by_hand():
    # C = 3, D = 4, x = (1, 1/2), s = 1: sigma = 1/2, gap -3/2, so 3 (-3/2 + 1) + 4 sqrt(5)/2
    bound = recovery_constants(0.5, 1.0, 1).comparison(np.eye(2), [1.0, 0.5], [0.0, 0.0])
    np.testing.assert_allclose((bound.error, bound.bound), (1.5, 2 * sqrt(5) - 1.5))


def test_the_comparison_is_not_idle():
    # rho = 1/2 and tau = sqrt(5)/2 for these columns; x = e_0 and z the two others, same measurements
    A = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    found = robust_nsp(A, 1, 0.75)
    bound = found.constants.comparison(A, [1.0, 0.0, 0.0], [0.0, -1.0, 1.0])
    # C = 1.75 / 0.25 = 7, gap 2 - 1 = 1, A (z - x) = 0: 3 <= 7
    np.testing.assert_allclose((bound.error, bound.bound), (3.0, 7.0))
    # half of C would be contradicted by the pair x = 0, z = (1, 1, -1) scaled: 3 = gap, C >= 1
    assert found.constants.comparison(A, np.zeros(3), [1.0, 1.0, -1.0]).error == 3.0
    # sharp: at rho = rho_1 = 1/2, C = 3 is attained by the kernel vector split over its parts
    sharp = recovery_constants(0.5, sqrt(5) / 2, 1).comparison(A, [1.0, 0.0, 0.0], [0.0, -1.0, 1.0])
    np.testing.assert_allclose((sharp.error, sharp.bound), (3.0, 3.0))


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_basis_pursuit_keeps_its_bounds(norm):
    A = _random(1, 10, 12)
    rng = np.random.default_rng(2)
    found = robust_nsp(A, 1, 0.7, norm=norm)
    for eta in (0.0, 0.01, 0.1):
        x = np.zeros(12)
        x[rng.integers(12)] = 1.0
        x += 0.01 * rng.standard_normal(12)
        e = rng.standard_normal(10)
        y = A @ x + eta * e / np.linalg.norm(e)
        z = reference_qcbp(A, y, eta).x
        assert found.constants.comparison(A, x, z).holds
        bound = found.constants.qcbp(sigma_s(x, 1), eta).bound
        error = np.abs(z - x).sum() if norm == "l1" else np.linalg.norm(z - x)
        assert error <= bound * (1 + 1e-6) + 1e-8


def test_square_root_lasso():
    import cvxpy as cp

    A = _random(1, 10, 12)
    rng = np.random.default_rng(3)
    constants = robust_nsp(A, 1, 0.7).constants
    x = np.zeros(12)
    x[4] = 1.0
    e = 0.05 * rng.standard_normal(10)
    lam = constants.C / constants.D
    z = cp.Variable(12)
    cp.Problem(cp.Minimize(lam * cp.norm1(z) + cp.norm(A @ z - (A @ x + e)))).solve(solver="CLARABEL")
    bound = constants.srlasso(0.0, np.linalg.norm(e), lam)
    assert np.abs(z.value - x).sum() <= bound.bound
    # at lambda = C / D as good as knowing the noise level; below it worse by C / lambda; above it unknown
    np.testing.assert_allclose(bound.bound, constants.qcbp(0.0, np.linalg.norm(e)).bound)
    half = constants.srlasso(0.0, 1.0, lam / 2).bound
    np.testing.assert_allclose(half, 3 * constants.D)
    assert not constants.srlasso(0.0, 1.0, lam * 1.01).applicable


def test_a_property_without_noise_term_allows_every_weight():
    # tau = 0 gives D = 0: 2 * 3 * 0.1 + 3 / 100 * 0.01
    np.testing.assert_allclose(recovery_constants(0.5, 0.0, 1).srlasso(0.1, 0.01, 100.0).bound, 0.6003)


def test_sparse_vectors_keep_their_distance():
    A = _random(5, 12, 14)
    found = robust_nsp(A, 2, 0.95, norm="l2")
    bound = sparse_stability(found.rho, found.upper).bound
    rng = np.random.default_rng(0)
    for _ in range(300):
        v = np.zeros(14)
        v[rng.choice(14, 4, replace=False)] = rng.standard_normal(4)
        assert np.linalg.norm(v) <= bound * np.linalg.norm(A @ v)


def test_best_term_error():
    assert sigma_s([3.0, -1.0, 2.0], 0) == 6.0
    assert sigma_s([3.0, -1.0, 2.0], 2) == 1.0
    assert sigma_s([3.0, -1.0, 2.0], 7) == 0.0
    assert sigma_s([3j, 4.0], 1) == 3.0
    # weights decide which are kept: 3 * 1, 1 * 5, 2 * 1
    assert sigma_s([3.0, -1.0, 2.0], 1, weights=[1, 5, 1]) == 5.0
    assert sigma_s([3.0, -1.0, 2.0, 5.0], (1, 1), levels=[0, 0, 1, 1]) == 3.0


def test_instance_optimality():
    # (1, 1): the projection has 1/2 on its diagonal: sqrt 2; the third draw of seed 11 was tabulated
    np.testing.assert_allclose(instance_optimality_lower([[1.0, 1.0]]), sqrt(2))
    rng = np.random.default_rng(11)
    for _ in range(3):
        A = rng.standard_normal((10, 12))
    A /= np.linalg.norm(A, axis=0)
    np.testing.assert_allclose(instance_optimality_lower(A), 1.2652, atol=5e-5)
    assert instance_optimality_lower(np.eye(3)) == 1.0
    assert instance_optimality_lower([[1.0, 0.0]]) == np.inf


def test_few_measurements_cost_much():
    # the trace of the projection is N - m, so its largest diagonal entry is at least 1 - m / N
    for m in (1, 5, 9):
        A = np.random.default_rng(m).standard_normal((m, 10))
        assert instance_optimality_lower(A) >= sqrt(10 / m) * (1 - 1e-12)


def test_bad_input():
    for call, message in [
        (lambda: recovery_constants(-0.1, 1.0, 1), "rho must lie in"),
        (lambda: recovery_constants(0.1, -1.0, 1), "tau must lie in"),
        (lambda: recovery_constants(0.1, 1.0, 0), "s must be at least 1, got 0"),
        (lambda: recovery_constants(0.1, 1.0, 1, norm=3), "norm must be 'l1' or 'l2', got 3"),
        (lambda: recovery_constants(0.1, 1.0, 1).srlasso(0.0, 0.1, 0.0), "lam must lie in"),
        (lambda: recovery_constants(0.1, 1.0, 1).qcbp(-1.0, 0.1), "sigma must lie in"),
        (lambda: recovery_constants(0.1, 1.0, 1).comparison(np.eye(2), [1.0], [0, 1]), "x must have shape"),
        (lambda: sigma_s([1.0, 2.0], (1, 0), levels=[0, 0.5]), "levels must be whole numbers from 0 to 1"),
        (lambda: sigma_s([1.0, 2.0], 1, levels=[0, 0]), "s must name one sparsity for each level, got 1"),
        (lambda: sigma_s([1.0], 1, weights=[0.0]), "weights must be positive, got 0.0"),
        (lambda: sigma_s([1.0, 2.0], (1,), levels=[0]), r"levels must have shape \(2,\), got \(1,\)"),
        (lambda: sigma_s([1.0, 2.0], (1,), levels=[0, 1]),
         r"levels must be whole numbers from 0 to 0, got \[0.0, 1.0\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
