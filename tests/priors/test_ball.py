"""The kernel size of a ball against the closed form, sampling and its certificate."""

import numpy as np
import pytest

from kernelstab.certify import verify
from kernelstab.priors import Ball, kernel_size, witness_error


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
