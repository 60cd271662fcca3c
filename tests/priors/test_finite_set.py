"""Kernel sizes of finite sets: pairs, groups that share data, and the map in their centres."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab._engines.finite_sets.measured import Measured
from kernelstab._engines.finite_sets.pairs import PairSearch
from kernelstab._engines.finite_sets.tiles import SquaredDistances
from kernelstab.priors import FiniteSet, chebyshev_ball, finite_kernel_size, kernel_size, witness_error

# measured: an equilateral triangle of circumradius 1/2, sides sqrt(3)/2 = .866; hidden: one of side 1
_ANGLES = 2 * np.pi * np.arange(3) / 3
_CIRCLE = np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)])
TRIANGLES = np.hstack([_CIRCLE / 2, _CIRCLE / np.sqrt(3)])
SEEN = np.eye(2, 4)


@pytest.mark.parametrize(("eps", "size", "radius"), [
    # measured sides .866 = sqrt(3)/2: edges from eps = sqrt(3)/4 = .433, the triangle from eps = 1/2;
    # all distances are sqrt(3/4 + 1): half of it for an edge, over sqrt(3) for the triangle
    (0.4330, 0.0, 0.0), (0.4331, 1.75**0.5, 1.75**0.5 / 2), (0.4999, 1.75**0.5, 1.75**0.5 / 2),
    (0.5001, 1.75**0.5, (1.75 / 3) ** 0.5), (5.0, 1.75**0.5, (1.75 / 3) ** 0.5)])
def test_the_triangle_comes_later_than_its_edges(eps, size, radius):
    found = finite_kernel_size(SEEN, TRIANGLES, eps)
    np.testing.assert_allclose((found.lower, found.upper), size, rtol=1e-13)
    np.testing.assert_allclose((found.c_opt_lower, found.c_opt_upper), radius, rtol=1e-11)
    assert found.exact
    assert not found.interrupted
    assert found.misfit <= 2 * eps
    if radius > size / 2:
        assert found.simplex == (0, 1, 2)
        np.testing.assert_allclose(found.c_opt_lower / found.lower, 0.57735027, rtol=1e-8)


def test_at_equality_both_sides_are_said():
    # measurements 0 and 1 and noise 1/2 touch exactly; three on a circle of radius 1/2 touch up to rounding
    exact = finite_kernel_size([[1.0, 0.0]], [[0.0, 0.0], [1.0, 3.0]], 0.5)
    np.testing.assert_allclose((exact.lower, exact.upper), np.sqrt(10), rtol=1e-14)
    assert exact.pair == (0, 1)
    assert finite_kernel_size([[1.0, 0.0]], [[0.0, 0.0], [1.0, 3.0]], np.nextafter(0.5, 0)).lower == 0.0
    touching = finite_kernel_size(SEEN, TRIANGLES, 0.5)
    assert touching.c_opt_lower <= (1.75 / 3) ** 0.5 * (1 + 1e-12)
    assert touching.c_opt_upper >= (1.75 / 3) ** 0.5 * (1 - 1e-12)


def test_the_prism_without_noise():
    # corners T x {1} and -T x {-1}: over height 1 lies the triangle T of circumradius 1 and side sqrt(3)
    T = np.column_stack([_CIRCLE, np.ones(3)])
    found = finite_kernel_size([[0.0, 0.0, 1.0]], np.vstack([T, -T]), 0.0)
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
    found = finite_kernel_size(A, X, eps)
    size, radius = _brute_force(A, X, eps)
    np.testing.assert_allclose((found.lower, found.upper), size, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose((found.c_opt_lower, found.c_opt_upper), radius, rtol=1e-9, atol=1e-300)
    assert finite_kernel_size(A, X, eps, threads=2).pair == found.pair
    group = list(found.simplex)
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
    found = finite_kernel_size(A, X, 1.2)
    size, radius = _brute_force(A, X, 1.2)
    np.testing.assert_allclose((found.lower, found.upper), size, rtol=1e-12)
    np.testing.assert_allclose((found.c_opt_lower, found.c_opt_upper), radius, rtol=1e-9)


def test_a_spent_budget_leaves_true_bounds():
    # 40 signals in R^6 seen in one coordinate, all within the noise: the radius is that of the ball of all
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    A = rng.standard_normal((1, 6))
    full = finite_kernel_size(A, X, 1.0)
    for budget in (0, 1, 5, 20):
        part = finite_kernel_size(A, X, 1.0, max_balls=budget)
        assert part.balls <= budget + 8
        assert part.c_opt_lower <= full.c_opt_lower * (1 + 1e-12)
        assert part.c_opt_upper >= full.c_opt_upper * (1 - 1e-12)
        assert part.c_opt_upper <= part.upper * np.sqrt(6 / 14) * (1 + 1e-12)        # Jung in R^6
    assert part.c_opt_upper <= finite_kernel_size(A, X, 1.0, max_balls=0).c_opt_upper
    np.testing.assert_allclose(full.c_opt_lower, full.c_opt_upper, rtol=1e-10)


def test_equality_of_floats_is_said():
    # x and x + (1, -1, 0) in a matrix of ones: equal in integers; with thirds the sums round
    A = np.ones((1, 3))
    integers = finite_kernel_size(A, [[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose((integers.lower, integers.upper), np.sqrt(2), rtol=1e-14)
    assert integers.exact
    rounded = finite_kernel_size(A, [[0.0, 0.0, 0.0], [0.1, 0.2, -0.3]])
    assert rounded.lower == 0.0                              # 0.1 + 0.2 - 0.3 is 5.6e-17 in floats
    np.testing.assert_allclose(rounded.upper, np.sqrt(0.14), rtol=1e-12)
    assert not rounded.exact
    np.testing.assert_allclose(finite_kernel_size(A, [[0.0, 0.0, 0.0], [0.1, 0.2, -0.3]], 1e-12).lower,
                               np.sqrt(0.14), rtol=1e-12)


def test_one_signal_copies_and_the_dispatcher():
    alone = finite_kernel_size(np.eye(2), [[1.0, 2.0]], 1.0)
    assert (alone.lower, alone.upper, alone.c_opt_upper, alone.pair) == (0.0, 0.0, 0.0, None)
    np.testing.assert_array_equal(alone.optimal([1.5, 2.0]), [1.0, 2.0])
    copies = finite_kernel_size(np.eye(2), [[1.0, 2.0]] * 3)
    assert (copies.upper, copies.c_opt_upper) == (0.0, 0.0)
    found = kernel_size(SEEN, FiniteSet(TRIANGLES), 0.6)
    assert found.pair == finite_kernel_size(SEEN, FiniteSet(TRIANGLES), 0.6).pair
    # any map errs by half the size on the two witnesses
    assert max(witness_error(found, lambda y: np.array([y[0], y[1], 7.0, -1.0]))) >= found.lower / 2
    assert repr(found).startswith("<KernelSize FiniteSet")


def test_interrupted_searches_keep_true_bounds(monkeypatch):
    import kernelstab._engines.finite_sets.fibres_jit as loops
    import kernelstab._engines.finite_sets.shared_data as groups

    def stop(*_):
        raise KeyboardInterrupt

    rng = np.random.default_rng(1)
    A, X = rng.standard_normal((1, 4)), rng.standard_normal((30, 4))
    full = finite_kernel_size(A, X, 0.5)
    with monkeypatch.context() as patch:
        patch.setattr(groups, "smallest_ball", stop)
        part = finite_kernel_size(A, X, 0.5)
    assert part.interrupted
    assert part.lower == full.lower
    assert part.c_opt_lower <= full.c_opt_lower <= full.c_opt_upper <= part.c_opt_upper
    for loop, in_windows in (("farthest", True), ("measure_pairs", False)):
        with monkeypatch.context() as patch:
            patch.setattr(loops, loop, stop)
            patch.setattr(PairSearch, "selective", in_windows)
            part = finite_kernel_size(A, X, 0.5)
        assert part.interrupted
        assert not part.exact
        assert part.lower == 0.0
        assert full.upper <= part.upper
        assert full.c_opt_upper <= part.c_opt_upper


def test_bad_input():
    with pytest.raises(ValueError, match="signals must not be empty"):
        finite_kernel_size(np.eye(2), np.zeros((0, 2)))
    with pytest.raises(ValueError, match="signals must have 2 columns"):
        finite_kernel_size(np.eye(2), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="signals must be finite"):
        finite_kernel_size(np.eye(2), [[np.nan, 0.0]])
    with pytest.raises(ValueError, match="eps must lie in"):
        finite_kernel_size(np.eye(2), np.eye(2), -1.0)
    with pytest.raises(ValueError, match="threads must be at least 1"):
        finite_kernel_size(np.eye(2), np.eye(2), 0.1, threads=0)
    with pytest.raises(ValueError, match="y must be explained by a signal within 0.1, got misfit 4"):
        finite_kernel_size([[1.0, 0.0]], np.eye(2), 0.1).optimal([5.0])


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
    search = PairSearch(Measured(matrix, signals), eps, 1)
    windows, tiles = _farthest(search, True), _farthest(search, False)
    np.testing.assert_allclose((tiles.lower, tiles.upper), (windows.lower, windows.upper), rtol=1e-14)
    assert _farthest(PairSearch(search.measured, eps, 2), False) == tiles
    least = 0.9 * windows.upper
    inside = [set(map(tuple, pairs.tolist())) for pairs in (
        _pairs_in(search, least, True)[0], _pairs_in(search, least, False)[0])]
    assert inside[0] == inside[1]
    assert len(inside[0]) >= (windows.upper > 0)
    if len(inside[0]) > 1:
        for in_windows in (True, False):
            assert _pairs_in(search, least, in_windows, len(inside[0]) - 1) is None


def _farthest(search, in_windows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PairSearch, "selective", in_windows)
        return search.farthest()


def _pairs_in(search, least, in_windows, most=1_000_000):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PairSearch, "selective", in_windows)
        return search.longer_than(least, most)


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
