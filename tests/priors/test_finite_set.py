"""Kernel sizes of finite sets: pairs, groups that share data, the map in their centres, the profile."""

from functools import partial
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kernelstab._engines.finite_sets.pairs as pair_search
import kernelstab._engines.finite_sets.shared_data as groups
from kernelstab._engines.finite_sets.pairs import Measured, PairSearch, SquaredDistances
from kernelstab._engines.finite_sets.smallest_ball import _lower, _take_in
from kernelstab.priors import (
    FiniteSet,
    chebyshev_ball,
    finite_set,
    kernel_profile,
    kernel_size,
    witness_error,
)

# measured: an equilateral triangle of circumradius 1/2, sides sqrt(3)/2 = .866; hidden: one of side 1
_ANGLES = 2 * np.pi * np.arange(3) / 3
_CIRCLE = np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)])
TRIANGLES = np.hstack([_CIRCLE / 2, _CIRCLE / np.sqrt(3)])
SEEN = np.eye(2, 4)


def size_of(A, signals, eps=0.0, **options):
    """Return the kernel size of a finite set."""
    return kernel_size(A, FiniteSet(signals), eps, **options)


@pytest.mark.parametrize(("eps", "size", "radius"), [
    # measured sides .866 = sqrt(3)/2: edges from eps = sqrt(3)/4 = .433, the triangle from eps = 1/2;
    # all distances are sqrt(3/4 + 1): half of it for an edge, over sqrt(3) for the triangle
    (0.4330, 0.0, 0.0), (0.4331, 1.75**0.5, 1.75**0.5 / 2), (0.4999, 1.75**0.5, 1.75**0.5 / 2),
    (0.5001, 1.75**0.5, (1.75 / 3) ** 0.5), (5.0, 1.75**0.5, (1.75 / 3) ** 0.5)])
def test_the_triangle_comes_later_than_its_edges(eps, size, radius):
    found = size_of(SEEN, TRIANGLES, eps)
    np.testing.assert_allclose((found.lower, found.upper), size, rtol=1e-13)
    np.testing.assert_allclose((found.c_opt_lower, found.c_opt_upper), radius, rtol=1e-11)
    assert found.exact
    assert not found.interrupted
    assert found.misfit <= 2 * eps
    if radius > size / 2:
        assert found.dual["simplex"] == (0, 1, 2)
        np.testing.assert_allclose(found.c_opt_lower / found.lower, 0.57735027, rtol=1e-8)


def test_at_equality_both_sides_are_said():
    # measurements 0 and 1 and noise 1/2 touch exactly; three on a circle of radius 1/2 touch up to rounding
    exact = size_of([[1.0, 0.0]], [[0.0, 0.0], [1.0, 3.0]], 0.5)
    np.testing.assert_allclose((exact.lower, exact.upper), np.sqrt(10), rtol=1e-14)
    assert exact.dual["pair"] == (0, 1)
    assert size_of([[1.0, 0.0]], [[0.0, 0.0], [1.0, 3.0]], np.nextafter(0.5, 0)).lower == 0.0
    touching = size_of(SEEN, TRIANGLES, 0.5)
    assert touching.c_opt_lower <= (1.75 / 3) ** 0.5 * (1 + 1e-12)
    assert touching.c_opt_upper >= (1.75 / 3) ** 0.5 * (1 - 1e-12)


def test_the_prism_without_noise():
    # corners T x {1} and -T x {-1}: over height 1 lies the triangle T of circumradius 1 and side sqrt(3)
    T = np.column_stack([_CIRCLE, np.ones(3)])
    found = size_of([[0.0, 0.0, 1.0]], np.vstack([T, -T]), 0.0)
    np.testing.assert_allclose((found.lower, found.upper), np.sqrt(3), rtol=1e-13)
    np.testing.assert_allclose((found.c_opt_lower, found.c_opt_upper), 1.0, rtol=1e-11)
    centre = found.optimal([1.0])
    np.testing.assert_allclose(centre, [0.0, 0.0, 1.0], atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(T - centre, axis=1), 1.0)


def _brute_force(A, X, eps):
    """Go through all groups."""
    seen, size, radius = X @ A.T, 0.0, 0.0
    for count in range(2, len(X) + 1):
        for group in combinations(range(len(X)), count):
            group = list(group)
            if chebyshev_ball(seen[group]).upper <= eps:
                radius = max(radius, chebyshev_ball(X[group]).upper)
                if count == 2:
                    size = max(size, np.linalg.norm(X[group[0]] - X[group[1]]))
    return size, radius


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 8), st.integers(1, 3), st.integers(1, 5), st.floats(0.05, 2.0), st.booleans(),
       st.integers(0, 2**32))
def test_brute_force_agrees(n, m, width, eps, is_complex, seed):
    rng = np.random.default_rng(seed)
    A, X = rng.standard_normal((m, width)), rng.standard_normal((n, width))
    if is_complex:
        A, X = A + 1j * rng.standard_normal(A.shape), X + 1j * rng.standard_normal(X.shape)
    found = size_of(A, X, eps)
    size, radius = _brute_force(A, X, eps)
    np.testing.assert_allclose((found.lower, found.upper), size, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose((found.c_opt_lower, found.c_opt_upper), radius, rtol=1e-9, atol=1e-300)
    group = list(found.dual["simplex"])
    np.testing.assert_allclose(chebyshev_ball(X[group]).upper, found.c_opt_lower, rtol=1e-9, atol=1e-300)
    # on the fibre of any data the map is within the least error of every signal
    y = A @ X[0]
    answer = found.optimal(y)
    members = np.linalg.norm(X @ A.T - y, axis=1) <= eps
    assert np.linalg.norm(X[members] - answer, axis=1).max() <= found.c_opt_upper * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("seed", [52, 70])
def test_groups_below_a_ball_that_does_not_share_data(seed):
    # seeds for which the largest group is found only after the ball of a larger candidate has been split
    rng = np.random.default_rng(seed)
    A, X = rng.standard_normal((2, 4)), rng.standard_normal((9, 4))
    found = size_of(A, X, 1.2)
    size, radius = _brute_force(A, X, 1.2)
    np.testing.assert_allclose((found.lower, found.upper), size, rtol=1e-12)
    np.testing.assert_allclose((found.c_opt_lower, found.c_opt_upper), radius, rtol=1e-9)


def test_a_spent_budget_leaves_true_bounds():
    # 40 signals in R^6 seen in one coordinate, all within the noise: the radius is that of the ball of all
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    A = rng.standard_normal((1, 6))
    full = size_of(A, X, 1.0)
    for budget in (0, 1, 5, 20):
        part = size_of(A, X, 1.0, max_balls=budget)
        assert part.dual["balls"] <= budget + 8
        assert part.c_opt_lower <= full.c_opt_lower * (1 + 1e-12)
        assert part.c_opt_upper >= full.c_opt_upper * (1 - 1e-12)
        assert part.c_opt_upper <= part.upper * np.sqrt(6 / 14) * (1 + 1e-12)        # Jung in R^6
    assert part.c_opt_upper <= size_of(A, X, 1.0, max_balls=0).c_opt_upper
    np.testing.assert_allclose(full.c_opt_lower, full.c_opt_upper, rtol=1e-10)


def test_equality_of_floats_is_said():
    # x and x + (1, -1, 0) in a matrix of ones: equal in integers; with thirds the sums round
    A = np.ones((1, 3))
    integers = size_of(A, [[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose((integers.lower, integers.upper), np.sqrt(2), rtol=1e-14)
    assert integers.exact
    rounded = size_of(A, [[0.0, 0.0, 0.0], [0.1, 0.2, -0.3]])
    assert rounded.lower == 0.0                              # 0.1 + 0.2 - 0.3 is 5.6e-17 in floats
    np.testing.assert_allclose(rounded.upper, np.sqrt(0.14), rtol=1e-12)
    assert not rounded.exact
    np.testing.assert_allclose(size_of(A, [[0.0, 0.0, 0.0], [0.1, 0.2, -0.3]], 1e-12).lower,
                               np.sqrt(0.14), rtol=1e-12)


def test_one_signal_copies_and_any_map():
    alone = size_of(np.eye(2), [[1.0, 2.0]], 1.0)
    assert (alone.lower, alone.upper, alone.c_opt_upper, alone.dual["pair"]) == (0.0, 0.0, 0.0, None)
    np.testing.assert_array_equal(alone.optimal([1.5, 2.0]), [1.0, 2.0])
    copies = size_of(np.eye(2), [[1.0, 2.0]] * 3)
    assert (copies.upper, copies.c_opt_upper) == (0.0, 0.0)
    found = size_of(SEEN, TRIANGLES, 0.6)
    # any map errs by half the size on the two witnesses
    assert max(witness_error(found, lambda y: np.array([y[0], y[1], 7.0, -1.0]))) >= found.lower / 2
    assert repr(found).startswith("<KernelSize FiniteSet")


def test_interrupted_searches_keep_true_bounds(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    rng = np.random.default_rng(1)
    A, X = rng.standard_normal((1, 4)), rng.standard_normal((30, 4))
    full = size_of(A, X, 0.5)
    with monkeypatch.context() as patch:
        patch.setattr(groups, "smallest_ball", stop)
        part = size_of(A, X, 0.5)
    assert part.interrupted
    assert part.lower == full.lower
    assert part.c_opt_lower <= full.c_opt_lower <= full.c_opt_upper <= part.c_opt_upper
    for search in (partial(PairSearch, by_key=True), partial(PairSearch, by_key=False)):
        with monkeypatch.context() as patch:
            patch.setattr(pair_search, "_squares", stop)
            patch.setattr(finite_set, "PairSearch", search)
            part = size_of(A, X, 0.5)
        assert part.interrupted
        assert not part.exact
        assert part.lower == 0.0
        assert full.upper <= part.upper
        assert full.c_opt_upper <= part.c_opt_upper


def test_bad_input():
    with pytest.raises(ValueError, match="signals must not be empty"):
        size_of(np.eye(2), np.zeros((0, 2)))
    with pytest.raises(ValueError, match="signals must have 2 columns"):
        size_of(np.eye(2), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="signals must be finite"):
        size_of(np.eye(2), [[np.nan, 0.0]])
    with pytest.raises(ValueError, match="eps must lie in"):
        size_of(np.eye(2), np.eye(2), -1.0)
    with pytest.raises(ValueError, match="max_balls must be at least 0"):
        size_of(np.eye(2), np.eye(2), 0.1, max_balls=-1)
    with pytest.raises(ValueError, match="y must be explained by a signal within 0.1, got misfit 4"):
        size_of([[1.0, 0.0]], np.eye(2), 0.1).optimal([5.0])


@pytest.mark.parametrize("kind", ["normal", "clusters", "integers", "complex", "far away", "one measurement"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 3.0])
def test_windows_and_tiles_find_the_same_pairs(kind, share):
    rng = np.random.default_rng(11)
    signals, matrix = rng.standard_normal((700, 6)), rng.standard_normal((4, 6))
    if kind == "clusters":
        signals[:350] *= 1e-5
    if kind == "integers":
        signals, matrix = np.round(signals), np.round(matrix)
    if kind == "complex":
        signals = signals + 1j * rng.standard_normal(signals.shape)
    if kind == "far away":
        signals = signals + 1e6
    if kind == "one measurement":
        matrix = matrix[:1]
    seen = signals @ matrix.T
    eps = share * float(np.median(np.linalg.norm(seen[:350] - seen[350:], axis=1)))
    measured = Measured(matrix, signals)
    windows, tiles = PairSearch(measured, eps, by_key=True), PairSearch(measured, eps, by_key=False)
    one, other = windows.farthest(), tiles.farthest()
    np.testing.assert_allclose((other.lower, other.upper), (one.lower, one.upper), rtol=1e-14)
    least = 0.9 * one.upper
    inside = [set(map(tuple, search.longer_than(least, 1_000_000)[0].tolist()))
              for search in (windows, tiles)]
    assert inside[0] == inside[1]
    assert len(inside[0]) >= (one.upper > 0)
    if len(inside[0]) > 1:
        for search in (windows, tiles):
            assert search.longer_than(least, len(inside[0]) - 1) is None


def test_single_precision_never_loses_a_pair():
    # squared distances at the limit and one double above it, from rows of all sizes
    rng = np.random.default_rng(12)
    for width in (1, 2, 16, 64):
        rows = rng.standard_normal((400, width)) * 10.0 ** rng.integers(-8, 3, (400, 1))
        tiles = SquaredDistances(rows)
        exact = ((rows[:, None] - rows[None]) ** 2).sum(axis=-1)
        products = tiles.tile(slice(0, 400), slice(0, 400))
        for square in np.quantile(exact, [0.01, 0.3, 0.7, 0.99, 1.0]):
            assert np.all(products[exact <= square] >= tiles.limit(square))
            assert np.all(products[exact > square] <= tiles.limit(square, -1))
        assert np.mean(products >= tiles.limit(np.median(exact))) < 0.6


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


def test_a_profile_by_hand():
    # measurements 0, 1, 3 and heights 0, 5, 0: pairs (measured, true): (1, sqrt 26), (2, sqrt 29), (3, 3)
    profile = kernel_profile([[1.0, 0.0]], [[0.0, 0.0], [1.0, 5.0], [3.0, 0.0]])
    np.testing.assert_allclose(profile.deltas, [1.0, 2.0])
    np.testing.assert_allclose(profile.sizes, np.sqrt([26.0, 29.0]))
    np.testing.assert_array_equal(profile.pairs, [[0, 1], [1, 2]])
    np.testing.assert_allclose(profile([0.5, 1.0, 1.9, 2.0, 9.0]), np.sqrt([0, 26, 26, 29, 29]))
    # error 2.6 leaves sqrt(29) - 5.2 at distance 2; the first pair is explained
    np.testing.assert_allclose(profile.lipschitz_lower(2.6), (np.sqrt(29) - 5.2) / 2)
    assert profile.lipschitz_lower(3.0) == 0.0
    assert repr(profile) == "<KernelProfile 2 steps, up to 5.38516>"


def test_equal_measurements_force_an_infinite_slope():
    profile = kernel_profile([[1.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]])
    assert profile.lipschitz_lower(0.9) == np.inf
    assert profile.lipschitz_lower(1.0) == 0.0


def test_the_profile_is_the_kernel_size_at_every_noise_level():
    # more signals than one block holds
    rng = np.random.default_rng(0)
    A, X = rng.standard_normal((3, 5)), rng.standard_normal((600, 5))
    profile = kernel_profile(A, X)
    assert (np.diff(profile.deltas) > 0).all()
    assert (np.diff(profile.sizes) > 0).all()
    for eps in (0.01, 0.1, 0.4, 1.5, 10.0):
        size = size_of(A, X, eps, max_balls=0)
        np.testing.assert_allclose(profile(2 * eps), size.upper, rtol=1e-12)
    for delta, size, (i, j) in zip(profile.deltas, profile.sizes, profile.pairs):
        np.testing.assert_allclose((np.linalg.norm(A @ (X[i] - X[j])), np.linalg.norm(X[i] - X[j])),
                                   (delta, size), rtol=1e-10)


def test_profiles_of_one_signal_and_of_bad_input():
    assert kernel_profile(np.eye(2), [[1.0, 2.0]])(3.0) == 0.0
    with pytest.raises(ValueError, match="signals must have 2 columns"):
        kernel_profile(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="error must lie in"):
        kernel_profile(np.eye(2), np.eye(2)).lipschitz_lower(-1.0)
