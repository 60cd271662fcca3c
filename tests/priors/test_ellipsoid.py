"""Kernel sizes of ellipsoids: duality, the optimal Tikhonov map, certificates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab._engines.largest_norm import best_weight
from kernelstab.certify import verify
from kernelstab.priors import Ball, Ellipsoid, kernel_size, witness_error

ROW = np.array([[1.0, 0.0]])


@pytest.mark.parametrize(("T", "eps", "square"), [
    # half the size, squared; v_1^2/4 + v_2^2 <= 1 with |v_1| <= 1: 1 + 3/4
    (np.diag([0.5, 1.0]), 1.0, 1.75),
    # |v_1| <= 3 does not bind: the long axis
    (np.diag([0.5, 1.0]), 3.0, 4.0),
    # the hidden axis is the long one and noise adds nothing
    (np.diag([1.0, 0.5]), 0.5, 4.0),
    # without noise only the hidden axis is left
    (np.diag([0.5, 1.0]), 0.0, 1.0),
    # a cylinder along what is measured
    (np.array([[0.0, 2.0]]), 0.0, 0.25), (np.array([[0.0, 2.0]]), 3.0, 9.25),
    # a slanted slab: |v_1 + v_2| <= 1, |v_1| <= eps, so v = (-eps, 1 + eps)
    (np.array([[1.0, 1.0]]), 1.0, 5.0),
])
def test_by_hand(T, eps, square):
    result = kernel_size(ROW, Ellipsoid(T), eps)
    assert (result.lower / 2) ** 2 == pytest.approx(square, rel=1e-12)
    assert (result.upper / 2) ** 2 == pytest.approx(square, rel=1e-12)
    assert result.lower <= result.upper
    assert result.prior.contains(result.x) < 1e-12
    assert result.misfit <= 2 * eps * (1 + 1e-12)


def test_a_cylinder_along_the_kernel_is_unbounded():
    for eps in (0.0, 0.5):
        result = kernel_size(ROW, Ellipsoid([[1.0, 0.0]]), eps)
        assert result.upper == result.lower == np.inf
        assert np.abs(result.direction[0]) < 1e-15
        assert verify(result.certificate()).ok


def error_square(result, matrix, T):
    """Return the worst squared error of the linear map over |Tx| <= 1, |e| <= eps, for invertible T.

    It is a convex function of (x, e): climbed by maximising its linearisation, from many starts.
    """
    left = (result.optimal.matrix @ matrix - np.eye(len(T))) @ np.linalg.inv(T)
    right = result.optimal.matrix * result.eps
    rng, best = np.random.default_rng(0), 0.0
    for start in [*np.linalg.svd(np.hstack([left, right]))[0].T, *rng.standard_normal((5, len(T)))]:
        error = start
        for _ in range(500):
            a, b = left.T @ error, right.T @ error
            error = left @ (a / (np.linalg.norm(a) or 1.0)) + right @ (b / (np.linalg.norm(b) or 1.0))
        best = max(best, float(error @ error))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_tikhonov_is_worst_case_optimal(seed):
    rng = np.random.default_rng(seed)
    matrix, T, eps = rng.standard_normal((3, 6)), np.linalg.inv(rng.standard_normal((6, 6))), 0.4
    result = kernel_size(matrix, Ellipsoid(T), eps)
    gamma = (result.upper / 2) ** 2
    alpha, beta = result.dual["alpha"], result.dual["beta"]
    assert alpha + beta * eps**2 == pytest.approx(gamma, rel=1e-12)
    Q = alpha * T.T @ T + beta * matrix.T @ matrix
    assert np.linalg.eigvalsh(Q)[0] >= 1 - 1e-9
    tikhonov = beta * np.linalg.solve(Q, matrix.T)
    np.testing.assert_allclose(result.optimal.matrix, tikhonov, rtol=1e-6, atol=1e-9)
    # the size, the best bound and the worst error agree
    assert result.lower == pytest.approx(result.upper, rel=1e-10)
    assert error_square(result, matrix, T) == pytest.approx(gamma, rel=1e-3)
    assert error_square(result, matrix, T) <= gamma * (1 + 1e-9)
    assert max(witness_error(result, result.optimal)) == pytest.approx(result.upper / 2, rel=1e-6)
    # any other map is no better on the witnesses
    for _ in range(5):
        psi = rng.standard_normal((6, 3))
        assert max(witness_error(result, lambda y, psi=psi: psi @ y)) >= result.lower / 2


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([0.0, 1e-7, 0.01, 1.0, 1e4]), st.booleans(),
       st.integers(0, 2**32 - 1))
def test_duality_has_no_gap_in_any_dimension(m, n, eps, is_complex, seed):
    rng = np.random.default_rng(seed)
    matrix, T = rng.standard_normal((m, n)), rng.standard_normal((n + 1, n))
    if is_complex:
        matrix = matrix + 1j * rng.standard_normal((m, n))
    result = kernel_size(matrix, Ellipsoid(T), eps)
    assert result.lower <= result.upper <= result.lower * (1 + 1e-8) + 1e-12
    assert result.prior.contains(result.x) < 1e-9
    assert result.misfit <= 2 * eps * (1 + 1e-9) + 1e-12
    # members sampled on the boundary of both limits are no longer
    v = rng.standard_normal((n, 200))
    if eps:
        v = v / np.maximum(np.linalg.norm(T @ v, axis=0), np.linalg.norm(matrix @ v, axis=0) / eps)
        assert 2 * np.linalg.norm(v, axis=0).max() <= result.upper


def test_a_sphere_is_a_ball():
    matrix = np.random.default_rng(3).standard_normal((4, 4))
    for eps in (0.0, 0.01, 10.0):
        sphere = kernel_size(matrix, Ellipsoid(np.eye(4) / 2.0), eps)
        ball = kernel_size(matrix, Ball(2.0), eps)
        assert sphere.upper == pytest.approx(ball.upper, rel=1e-9)


def test_spline_is_the_centre_of_every_fibre():
    # T = (1, 1; 0, 1): among (y, z) the least (y + z)^2 + z^2 is at z = -y/2
    result = kernel_size(ROW, Ellipsoid([[1.0, 1.0], [0.0, 1.0]]))
    np.testing.assert_allclose(result.optimal([1.0]), [1.0, -0.5])


def test_best_weight_meets_a_kink_from_both_sides():
    # eigenvalues 1 - w and w, crossing at 1/2, where e_1 + e_2 measures the same in both forms
    weight, candidates = best_weight(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
    assert weight == pytest.approx(0.5, abs=1e-12)
    assert any(abs(abs(v[0]) - abs(v[1])) < 1e-12 for v in candidates)


@pytest.mark.parametrize("eps", [0.0, 1e-6, 0.3])
def test_certificates(eps):
    rng = np.random.default_rng(11)
    matrix, T = rng.standard_normal((2, 4)), rng.standard_normal((4, 4))
    result = kernel_size(matrix, Ellipsoid(T), eps)
    certificate = result.certificate()
    assert verify(certificate).ok
    lower, upper = (float(entry["value"]) for entry in certificate["statements"])
    assert result.lower * (1 - 1e-6) <= lower <= result.upper * (1 + 1e-14)
    assert result.lower * (1 - 1e-14) <= upper <= result.upper * (1 + 1e-6)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"T must have 2 columns, got shape \(3, 3\)"):
        kernel_size(ROW, Ellipsoid(np.eye(3)))


@pytest.mark.parametrize("eps", [0.0, 0.1])
@pytest.mark.parametrize("thin", [1e-15, 2e-15, 1e-14])
def test_an_axis_that_rounding_may_have_made_leaves_the_upper_end_open(thin, eps):
    size = kernel_size([[1.0, 0.0, 0.0]], Ellipsoid(np.diag([1.0, 1.0, thin])), eps)
    np.testing.assert_allclose(size.lower, 2 / thin, rtol=1e-9)
    assert size.upper > size.lower * 1.1
    assert not size.exact
