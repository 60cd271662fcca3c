import numpy as np
import pytest

from kernelstab.stability.ball import farthest_on_ball


def value(matrix, offset, c):
    return np.linalg.norm(offset + matrix @ c)


def test_no_point_of_the_ball_is_farther():
    rng = np.random.default_rng(0)
    for _ in range(20):
        matrix, offset = rng.standard_normal((6, 3)), rng.standard_normal(6)
        best = farthest_on_ball(matrix, offset, 0.7)
        assert np.linalg.norm(best) == pytest.approx(0.7, rel=1e-12)
        points = rng.standard_normal((2000, 3))
        points *= 0.7 / np.linalg.norm(points, axis=1, keepdims=True)
        assert max(value(matrix, offset, c) for c in points) <= value(matrix, offset, best) * (1 + 1e-12)


def test_offset_across_the_top_direction():
    # |(1 + c1, 0) + (0, 3 c2)|: the offset pulls along e1, the gain is on e2. On the unit circle
    # (1 + c1)^2 + 9 (1 - c1^2) is largest at c1 = 1/8, value 10 + 1/8
    best = farthest_on_ball(np.diag([1.0, 3.0]), np.array([1.0, 0.0]), 1.0)
    np.testing.assert_allclose(np.abs(best), [1 / 8, np.sqrt(63) / 8], rtol=1e-9)
    assert best[0] > 0
    assert value(np.diag([1.0, 3.0]), np.array([1.0, 0.0]), best) ** 2 == pytest.approx(10.125)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_scale_does_not_matter(scale):
    best = farthest_on_ball(scale * np.diag([2.0, 1.0]), scale * np.array([0.0, 1e-3]), 1.0)
    # on the unit circle 4 c1^2 + (c2 + 1e-3)^2 has 3 c2 = 1e-3
    np.testing.assert_allclose(np.abs(best), [np.sqrt(1 - 1e-6 / 9), 1e-3 / 3], rtol=1e-6)


def test_nothing_to_gain():
    best = farthest_on_ball(np.zeros((2, 2)), np.array([1.0, 0.0]), 1.0)
    assert np.all(np.isfinite(best))
    assert np.linalg.norm(best) <= 1.0 + 1e-12
