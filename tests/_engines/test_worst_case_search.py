"""The search for a worst perturbation: objective, ascent, probing, farthest point of a ball."""

import numpy as np
import pytest

from kernelstab._engines.worst_case import (
    Objective,
    _climb,
    _leading,
    _refine,
    ascend,
    farthest_on_ball,
    probe,
)
from kernelstab.maps import ClipDecoder, LinearMap, ReLUNetwork, as_map, pullback


def objective_of(psi, y, radius, budget, **options):
    """Return the objective of a map, with its derivative if it has one."""
    return Objective(psi, lambda data: pullback(psi, data), y, radius, budget, **options)


def test_points_outside_the_ball_are_evaluated_but_not_kept():
    objective = objective_of(LinearMap(np.eye(2)), np.zeros(2), radius=1.0, budget=10)
    objective.residual(np.array([0.0, 5.0]))
    assert objective.best == 0.0
    objective.residual(np.array([0.6, 0.0]))
    objective.residual(np.array([0.0, 0.5]))
    assert objective.best == 0.6
    np.testing.assert_array_equal(objective.best_step, [0.6, 0.0])


def test_everything_is_counted():
    objective = objective_of(LinearMap(np.eye(2)), np.zeros(2), radius=1.0, budget=10)
    _, transposed = objective.linearise(np.ones(2))
    transposed(np.ones(2))
    transposed(np.ones(2))
    # clean evaluation, one evaluation, two gradients
    assert (objective.evaluations, objective.gradients, objective.left) == (2, 2, 6)


def test_complex_perturbations_are_pairs_of_real_numbers():
    psi = LinearMap([[2j, 0.0]])
    objective = objective_of(psi, np.zeros(2, complex), radius=9.0, budget=10)
    assert objective.dimension == 4
    step = np.array([1.0, 3.0, 0.0, 0.0])                    # e = (1 + 3i, 0)
    np.testing.assert_array_equal(objective.perturbation(step), [1 + 3j, 0.0])
    residual, transposed = objective.linearise(step)
    np.testing.assert_array_equal(residual, [-6.0, 2.0])       # 2i (1 + 3i) = -6 + 2i
    # W* r = -2i (-6 + 2i) = 4 + 12i
    np.testing.assert_array_equal(transposed(residual), [4.0, 12.0, 0.0, 0.0])


def test_projection():
    objective = objective_of(LinearMap(np.eye(2)), np.zeros(2), radius=1.0, budget=10)
    np.testing.assert_allclose(objective.project(np.array([3.0, 4.0])), [0.6, 0.8])
    np.testing.assert_array_equal(objective.project(np.array([0.3, 0.4])), [0.3, 0.4])
    np.testing.assert_array_equal(objective.project(np.zeros(2)), [0.0, 0.0])


def test_a_map_that_breaks_during_the_search_is_refused():
    psi = as_map(lambda y: np.full(2, np.inf if y[0] > 0.9 else 0.0), np.eye(2))
    objective = objective_of(psi, np.zeros(2), radius=1.0, budget=10)
    with pytest.raises(ValueError, match="must be finite"):
        objective.residual(np.array([1.0, 0.0]))


def test_leading_direction_of_a_linear_map():
    W = np.random.default_rng(0).standard_normal((9, 6))
    objective = objective_of(LinearMap(W), np.ones(6), radius=0.1, budget=200)
    plus, minus = _leading(objective, 6, np.random.default_rng(1))
    top = np.linalg.svd(W)[2][0]
    np.testing.assert_allclose(plus, -minus)
    assert abs(plus @ top) == pytest.approx(1.0, abs=1e-9)


def test_leading_direction_ends_early_for_an_isometry():
    # J^T J = I: the first step already spans an invariant space
    objective = objective_of(LinearMap(np.eye(50)), np.zeros(50), radius=1.0, budget=200)
    _leading(objective, 20, np.random.default_rng(1))
    assert objective.gradients <= 3


def test_leading_direction_starts_where_the_map_looks():
    # only one direction of 500 does anything; one gradient finds it, before any secant is taken
    psi = LinearMap(np.ones((1, 500)))
    objective = objective_of(psi, np.zeros(500), radius=1.0, budget=10)
    plus, _ = _leading(objective, 1, np.random.default_rng(0))
    np.testing.assert_allclose(np.abs(plus), 1 / np.sqrt(500))


def test_both_signs_are_tried():
    # the clip decoder moves only towards the second signal; its mirror direction is flat
    psi = ClipDecoder(np.eye(2), np.zeros(2), np.array([1.0, 0.0]))
    for seed in range(6):
        objective = objective_of(psi, np.zeros(2), radius=0.5, budget=60)
        ascend(objective, 0, np.random.default_rng(seed))
        assert objective.best == pytest.approx(0.5)


def test_climbing_is_the_power_method():
    objective = objective_of(LinearMap(np.diag([2.0, 1.0])), np.zeros(2), radius=1.0, budget=100)
    _climb(objective, np.array([0.01, 1.0]) / np.hypot(0.01, 1.0), 30)
    assert objective.best == pytest.approx(2.0, rel=1e-6)


def test_a_dead_network_is_left_alone():
    layers = [{"layer": "measurements"},
              {"layer": "dense", "weight": np.eye(2), "bias": np.full(2, -100.0)}, {"layer": "relu"}]
    objective = objective_of(ReLUNetwork(np.eye(2), layers), np.zeros(2), radius=1.0, budget=100)
    ascend(objective, 2, np.random.default_rng(0))
    assert objective.best == 0.0
    np.testing.assert_array_equal(objective.best_step, [0.0, 0.0])


def test_the_truth_as_reference_decides_the_sign():
    # psi(y) = y with r = (1, 0) and y = 0: |e - r| is largest at e = -(radius, 0)
    objective = objective_of(LinearMap(np.eye(2)), np.zeros(2), 0.5, 40, reference=np.array([1.0, 0.0]))
    probe(objective, np.random.default_rng(0))
    assert objective.best == pytest.approx(1.5)
    np.testing.assert_allclose(objective.best_step, [-0.5, 0.0], atol=1e-9)


def test_refinement_never_loses_and_gains_in_many_dimensions():
    W = np.diag(1 / np.sqrt(np.arange(1.0, 101)))
    objective = objective_of(LinearMap(W), np.zeros(100), radius=1.0, budget=4000)
    objective.residual(np.full(100, 0.1))
    best = [objective.best]
    for _ in range(30):
        _refine(objective, np.random.default_rng(len(best)))
        best.append(objective.best)
    assert best == sorted(best)
    assert best[-1] > 2 * best[0]


def test_refinement_solves_a_linear_map_whose_space_fits_in_a_block():
    # within 8 dimensions the block is everything, and the model psi(0) + W e is the map
    W = np.random.default_rng(3).standard_normal((6, 5))
    objective = objective_of(LinearMap(W), np.zeros(5), radius=2.0, budget=100)
    objective.residual(np.array([2.0, 0.0, 0.0, 0.0, 0.0]))
    _refine(objective, np.random.default_rng(4))
    assert objective.best == pytest.approx(2 * np.linalg.norm(W, 2), rel=1e-9)


def test_kinks_are_crossed():
    # |y1| + 3 max(y2, 0): the gain along +e2 is invisible from the other side
    psi = as_map(lambda y: np.array([abs(y[0]), 3 * max(y[1], 0.0)]), np.eye(2))
    objective = objective_of(psi, np.array([0.0, -0.1]), radius=1.0, budget=100)
    probe(objective, np.random.default_rng(0))
    # the largest change is at e = (0, 1): 3 * 0.9
    assert objective.best == pytest.approx(2.7, rel=0.05)


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
    # |(1 + c1, 0) + (0, 3 c2)|: the offset lies along e1, the gain is on e2. On the unit circle
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
