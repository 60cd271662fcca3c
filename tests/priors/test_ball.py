"""A ball: its kernel size and certificate, and the certified Tikhonov reconstruction of data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab.certify import verify
from kernelstab.operators import SubsampledFourier, masks, partial_orthogonal
from kernelstab.priors import Ball, detail_interval, kernel_size, tikhonov_centre, witness_error


@pytest.mark.parametrize(("matrix", "eps", "size"), [
    # three numbers of which two are measured: the poles of the ball of radius 2.1
    (np.diag([1.0, 1.0, 0.0]), 0.0, 4.2), (np.diag([1.0, 1.0, 0.0]), 0.1, 4.2),
    # without a kernel eps / sigma_min, until the ball is smaller than that
    (np.diag([3.0, 0.5]), 0.1, 0.4), (np.diag([3.0, 0.5]), 2.0, 4.2), (np.diag([3.0, 0.5]), 0.0, 0.0),
    (np.array([[1.0, 1j]]), 0.0, 4.2), (np.eye(2, 5), 1e-3, 4.2),
])
def test_closed_form(matrix, eps, size):
    result = kernel_size(matrix, Ball(2.1), eps)
    assert result.exact
    assert result.lower == pytest.approx(size, abs=1e-12)
    assert result.upper == pytest.approx(size, abs=1e-12)
    assert result.lower <= result.upper
    assert result.c_opt_upper == result.optimal_error == pytest.approx(size / 2, abs=1e-12)
    assert np.linalg.norm(result.x - result.x_alt) == pytest.approx(size)
    assert max(witness_error(result, result.optimal)) >= size / 2 - 1e-12


def test_samples_of_the_ball_stay_below():
    rng = np.random.default_rng(0)
    matrix, eps = rng.standard_normal((2, 3)), 0.3
    size = kernel_size(matrix, Ball(1.0), eps).upper
    points = rng.standard_normal((400, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]
    near = np.linalg.norm((points[:, None] - points[None]) @ matrix.T, axis=2) <= 2 * eps
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)[near]
    assert 0.9 * size < distances.max() <= size


def test_without_noise_the_pseudo_inverse_is_the_map():
    matrix = np.array([[1.0, 1.0, 0.0]])
    np.testing.assert_allclose(kernel_size(matrix, Ball(1.0)).optimal([2.0]), [1.0, 1.0, 0.0], atol=1e-15)


@pytest.mark.parametrize(("matrix", "eps"), [
    (np.diag([1.0, 1.0, 0.0]), 0.0), (np.array([[1.0, 1j]]), 0.0), (np.diag([3.0, 0.1]), 0.1),
    (np.diag([3.0, 0.1]), 0.0), (np.array([[0.1, 0.2, 0.7]]), 0.1),
])
def test_certificates(matrix, eps, tmp_path):
    result = kernel_size(matrix, Ball(2.1), eps)
    result.certificate(tmp_path / "size.json")
    found = verify(tmp_path / "size.json")
    assert found.ok
    values = {entry["side"]: float(entry["value"]) for entry in result.certificate()["statements"]}
    assert values.get("lower", 0.0) == pytest.approx(result.lower, rel=1e-9)
    assert values["upper"] == pytest.approx(result.upper, rel=1e-9)


def test_a_kernel_that_only_floats_see_is_not_certified():
    # 0.1 + 0.2 is not 0.3: the rank is 2 exactly and 1 numerically
    result = kernel_size([[0.1 + 0.2, 1.0], [0.3, 1.0]], Ball(1.0))
    assert result.upper == pytest.approx(2.0)
    with pytest.raises(ValueError, match="the exact kernel is smaller"):
        result.certificate()


def test_centre_by_hand_with_a_null_space():
    # gain 2 on the first coordinate, data 6, noise 1: x_1 >= 2.5 leaves sqrt(36 - 6.25) for the hidden one
    found = tikhonov_centre([[2.0, 0.0]], [6.0], 6.0, 1.0)
    np.testing.assert_allclose(found.centre, [2.5, 0.0], atol=1e-9)
    np.testing.assert_allclose((found.lower, found.upper), 29.75**0.5, rtol=1e-9)
    # slope zero: eps^2 = y^2 / (1 + 4 mu)^2, so mu = 5/4, and z = mu A y / (1 + 4 mu) = 15/6
    np.testing.assert_allclose((found.dual["lam"], found.dual["mu"]), (1.0, 1.25), rtol=1e-9)
    assert found.exact
    assert repr(found).startswith("<Hallucination Ball(radius=6.0), eps=1: 5.45435")


def test_centre_by_hand_without_noise_or_without_information():
    found = tikhonov_centre([[2.0, 0.0]], [6.0], 5.0)
    np.testing.assert_allclose((found.lower, found.upper), 4.0)
    np.testing.assert_allclose(found.centre, [3.0, 0.0])
    assert found.dual["mu"] == np.inf
    # data smaller than the noise say nothing: zero is the best answer, R its error
    found = tikhonov_centre([[2.0, 0.0]], [0.5], 5.0, 1.0)
    np.testing.assert_allclose((found.lower, found.upper, found.dual["mu"]), (5.0, 5.0, 0.0))
    np.testing.assert_allclose(found.centre, 0.0)


def test_centre_by_hand_without_a_null_space():
    # A = diag(1, 2), noise 1/2 around a signal well inside the ball: the weak direction has half width 1/2
    found = tikhonov_centre(np.diag([1.0, 2.0]), [1.0, 2.0], 50.0, 0.5)
    np.testing.assert_allclose((found.lower, found.upper), 0.5, rtol=1e-7)
    np.testing.assert_allclose(found.centre, [1.0, 1.0], rtol=1e-6)
    # 0 <= lam and smallest eigenvalue of Q is 1
    np.testing.assert_allclose(found.dual["lam"] + found.dual["mu"], 1.0)


def test_tight_operators_have_a_closed_form():
    A = partial_orthogonal(4, 9, rng=0)
    y = np.arange(1.0, 5.0)                                   # norm sqrt(30), A A^T = I
    for eps in (0.0, 0.5, 9.0):
        fast = tikhonov_centre(A, y, 8.0, eps)
        expected = np.sqrt(64 - max(np.sqrt(30) - eps, 0.0)**2)
        slow = tikhonov_centre(np.array(A.to_dense()), y, 8.0, eps)
        np.testing.assert_allclose((fast.lower, fast.upper, slow.lower, slow.upper), expected, rtol=1e-9)
        np.testing.assert_allclose(fast.centre, slow.centre, atol=1e-9)


def test_complex_fast_transforms():
    A = SubsampledFourier(masks.standard(32))
    x = np.random.default_rng(0).standard_normal(1024)
    y = A.matvec(x)
    found = tikhonov_centre(A, y, 1.1 * np.linalg.norm(x), 0.5)
    assert found.exact
    assert np.linalg.norm(x - found.centre) <= found.upper
    for witness in (found.x, found.x_alt):
        assert np.linalg.norm(A.matvec(witness) - y) <= 0.5
        assert np.linalg.norm(witness) <= 1.1 * np.linalg.norm(x)
    np.testing.assert_allclose(np.linalg.norm(found.x - found.x_alt), 2 * found.lower)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.sampled_from([(3, 6), (5, 5), (6, 4), (1, 3)]),
       st.sampled_from([0.0, 1e-3, 0.1, 1.0]))
def test_every_explanation_lies_in_the_ball(seed, shape, eps):
    rng = np.random.default_rng(seed)
    A, x = rng.standard_normal(shape), rng.standard_normal(shape[1])
    e = rng.standard_normal(shape[0])
    y, radius = A @ x + 0.8 * eps * e / np.linalg.norm(e), 1.2 * np.linalg.norm(x)
    found = tikhonov_centre(A, y, radius, eps)
    assert found.lower <= found.upper
    slack = 1e-9 if eps == 0 else 0.0                         # equations hold up to rounding only
    for _ in range(4):
        d = rng.standard_normal(shape[1])
        for witness in (detail_interval(A, y, d, Ball(radius), eps).x_max, x, found.x, found.x_alt):
            assert np.linalg.norm(witness) <= radius + 1e-12
            assert np.linalg.norm(A @ witness - y) <= eps + 1e-12
            assert np.linalg.norm(witness - found.centre) <= found.upper + slack
    np.testing.assert_allclose(np.linalg.norm(found.x - found.x_alt) / 2, found.lower)
    if shape[0] < shape[1]:
        assert found.exact                                    # with a null space the bound is attained
        assert found.dual["lam"] == 1.0
    # the bound is that of its own multipliers: Q >= I and gamma as defined
    if np.isfinite(found.dual["mu"]):
        Q = found.dual["lam"] * np.eye(shape[1]) + found.dual["mu"] * A.T @ A
        assert np.linalg.eigvalsh(Q)[0] >= 1 - 1e-9
        b = found.dual["mu"] * A.T @ y
        gamma = found.dual["lam"] * radius**2 + found.dual["mu"] * (eps**2 - y @ y)
        gamma += b @ np.linalg.solve(Q, b)
        np.testing.assert_allclose(found.upper**2, gamma, atol=1e-8 * radius**2)
        np.testing.assert_allclose(found.centre, np.linalg.solve(Q, b), atol=1e-7)


def test_no_other_multipliers_do_better():
    rng = np.random.default_rng(5)
    A, y = rng.standard_normal((5, 4)), rng.standard_normal(5)
    found = tikhonov_centre(A, y, 1.0, 2.0)
    gram, least = A.T @ A, np.linalg.svd(A, compute_uv=False)[-1]
    for mu in np.linspace(0, 1 / least**2, 200)[1:-1]:
        for lam in 1 - mu * least**2 + np.array([0.0, 0.1]):
            Q, b = lam * np.eye(4) + mu * gram, mu * A.T @ y
            gamma = lam + mu * (4.0 - y @ y) + b @ np.linalg.solve(Q, b)
            assert found.upper**2 <= gamma * (1 + 1e-9)


def test_bad_data_of_a_centre():
    with pytest.raises(ValueError, match=r"feasible set is empty.*smallest eps that works is about 2"):
        tikhonov_centre([[2.0, 0.0]], [6.0], 2.0, 1.0)
    with pytest.raises(ValueError, match=r"feasible set is empty.*smallest eps that works is about 2"):
        tikhonov_centre(partial_orthogonal(1, 2, rng=0), [4.0], 2.0, 1.0)
    with pytest.raises(ValueError, match="A must be real or tight and wide"):
        tikhonov_centre([[1j, 0.0]], [1.0], 1.0)
    with pytest.raises(ValueError, match="radius must lie in"):
        tikhonov_centre([[1.0, 0.0]], [1.0], 0.0)
    with pytest.raises(ValueError, match="y must be real"):
        tikhonov_centre([[1.0, 0.0]], [1j], 1.0)
