"""The smallest ball, its two radii and its support."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab._engines.finite_sets.smallest_ball import _lower, _take_in
from kernelstab.priors import chebyshev_ball


def test_triangles_by_hand():
    # right: the middle of the long side; obtuse: the same; equilateral: side/sqrt(3) from all corners
    right = chebyshev_ball([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    assert right.support == (1, 2)
    np.testing.assert_allclose((right.lower, right.upper), (2.5, 2.5), rtol=1e-14)
    np.testing.assert_allclose(right.centre, [1.5, 2.0], rtol=1e-14)
    np.testing.assert_allclose(right.weights, [0.5, 0.5])
    obtuse = chebyshev_ball([[0.0, 0.0], [1.0, 0.1], [2.0, 0.0]])
    assert obtuse.support == (0, 2)
    np.testing.assert_allclose(obtuse.upper, 1.0, rtol=1e-14)
    # isosceles with apex (0, 2) over the base from (-1, 0) to (1, 0): 2 - h = sqrt(1 + h^2), h = 3/4, r = 5/4
    acute = chebyshev_ball([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    assert acute.support == (0, 1, 2)
    np.testing.assert_allclose(acute.centre, [0.0, 0.75], atol=1e-15)
    np.testing.assert_allclose((acute.lower, acute.radius), (1.25, 1.25), rtol=1e-14)
    # centre = 3/8 apex + 5/16 each corner of the base
    np.testing.assert_allclose(acute.weights, [5 / 16, 5 / 16, 3 / 8])


def test_solids_by_hand():
    # simplex of n points with side sqrt(2): radius sqrt((n-1)/n), Jung's constant is attained
    for n in (2, 3, 7):
        ball = chebyshev_ball(np.eye(n))
        np.testing.assert_allclose((ball.lower, ball.upper), np.sqrt((n - 1) / n), rtol=1e-13)
        np.testing.assert_allclose(ball.weights, np.full(n, 1 / n))
    cube = chebyshev_ball([*product([0.0, 1.0], repeat=5)])
    np.testing.assert_allclose((cube.lower, cube.upper), np.sqrt(5) / 2, rtol=1e-13)
    np.testing.assert_allclose(cube.centre, np.full(5, 0.5), atol=1e-14)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 8), st.sampled_from(["normal", "grid", "sphere", "low", "near"]),
       st.integers(0, 2**32))
def test_the_two_radii_meet(n, dimension, kind, seed):
    points = np.random.default_rng(seed).standard_normal((n, dimension))
    if kind == "grid":
        points = np.round(points)
    if kind == "sphere":
        points /= np.linalg.norm(points, axis=1)[:, None]
    if kind == "low":
        points[:, 1:] = points[:, :1]
    if kind == "near":
        points = np.vstack([points, points + 10.0 ** -(seed % 17) * points[::-1]])
    ball = chebyshev_ball(points)
    # the centre is rounded to doubles near the points
    assert ball.lower <= ball.upper <= ball.lower * (1 + 1e-12) + 1e-15 * np.abs(points).max()
    assert ball.lower >= np.linalg.norm(points[0] - points, axis=1).max() / 2 * (1 - 1e-12)
    assert np.linalg.norm(points - ball.centre, axis=1).max() <= ball.upper
    assert 1 <= len(ball.support) <= dimension + 1
    np.testing.assert_allclose(ball.weights @ points[list(ball.support)], ball.centre, atol=1e-7)
    assert ball.weights.min() >= 0.0


def test_many_points_on_one_sphere():
    # Gaussian directions in R^20: the centre 0 is in their hull by far
    points = np.random.default_rng(0).standard_normal((200, 20))
    points /= np.linalg.norm(points, axis=1)[:, None]
    ball = chebyshev_ball(points)
    assert 1 - 1e-9 < ball.lower <= ball.upper < 1 + 1e-9


def test_weights_prove_a_radius_wherever_the_centre_is():
    # (1 + 0)/2 - |(1/2, 0)|^2 = 1/4: half the distance of the two points, seen from one of them
    proved = _lower(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([0, 1]), np.array([0.5, 0.5]))
    assert 0.5 * (1 - 1e-14) <= proved <= 0.5


def test_the_lower_radius_only_rises():
    for seed in range(20):
        points = np.random.default_rng(seed).standard_normal((60, 9))
        points /= np.linalg.norm(points, axis=1)[:, None]
        support, weights, reached = [0, 1], np.array([0.5, 0.5]), 0.0
        for _ in range(40):
            offsets = points - weights @ points[support]
            squares = (offsets**2).sum(axis=1)
            assert weights @ squares[support] >= reached * (1 - 1e-13)
            reached, farthest = weights @ squares[support], int(np.argmax(squares))
            if farthest in support or squares[farthest] <= reached * (1 + 1e-13):
                break
            support, weights = _take_in(offsets, [*support, farthest], np.append(weights, 0.0))
            assert weights.min() >= 0.0
            assert weights.sum() == pytest.approx(1.0)
        assert squares.max() <= reached * (1 + 1e-12)


def test_points_that_nearly_coincide():
    # the right triangle with sides 3 and 4; copies of its corners 1e-9 away move the radius by no more
    rng = np.random.default_rng(0)
    corners = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    for size in (1e-15, 1e-12, 1e-9, 1e-6):
        copies = corners[rng.integers(3, size=40)] + size * rng.uniform(-0.5, 0.5, (40, 2))
        ball = chebyshev_ball(np.vstack([corners, copies]))
        assert 2.5 <= ball.upper * (1 + 1e-15) <= 2.5 + size + 1e-14
        assert ball.upper <= ball.lower * (1 + 1e-14)
    # points that agree in all digits but the last have a centre between two doubles
    ball = chebyshev_ball([[1.0, 1.0], [1.0 + 2.0**-52, 1.0]])
    np.testing.assert_allclose(ball.lower, 2.0**-53, rtol=1e-14)
    assert ball.upper == pytest.approx(2.0**-52, rel=1e-13)


def test_few_points_in_many_dimensions():
    rng = np.random.default_rng(3)
    points = rng.standard_normal((20, 300)) + 5.0
    ball = chebyshev_ball(points)
    assert ball.lower <= ball.upper <= ball.lower * (1 + 1e-12)
    assert np.linalg.norm(points - ball.centre, axis=1).max() <= ball.upper
    simplex = chebyshev_ball(np.eye(10, 300))
    np.testing.assert_allclose((simplex.lower, simplex.upper), 0.9**0.5, rtol=1e-12)


def test_scales_repeats_and_complex_points():
    assert chebyshev_ball([[1.0, 2.0]]).upper == 0.0
    assert chebyshev_ball(np.ones((4, 2))).upper == 0.0
    for scale in (1e-200, 1e200):
        ball = chebyshev_ball(scale * np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]]))
        np.testing.assert_allclose((ball.lower / scale, ball.upper / scale), (1.25, 1.25), rtol=1e-14)
    # 1, i, -1: the ball over the diameter
    ball = chebyshev_ball([[1.0], [1j], [-1.0]])
    np.testing.assert_allclose(ball.centre, [0.0], atol=1e-15)
    np.testing.assert_allclose(ball.radius, 1.0)
    assert ball.centre.dtype == np.complex128


def test_bad_points():
    with pytest.raises(ValueError, match="points must have 2 dimension"):
        chebyshev_ball([1.0, 2.0])
    with pytest.raises(ValueError, match="points must not be empty"):
        chebyshev_ball(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="points must be finite"):
        chebyshev_ball([[np.nan, 0.0]])
