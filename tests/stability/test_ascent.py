import numpy as np
import pytest

from kernelstab.maps import ClipDecoder, LinearMap, ReLUNetwork
from kernelstab.stability.ascent import _climb, _leading, ascend
from kernelstab.stability.objective import Objective


def test_leading_direction_of_a_linear_map():
    W = np.random.default_rng(0).standard_normal((9, 6))
    objective = Objective(LinearMap(W), np.ones(6), radius=0.1, budget=200)
    plus, minus = _leading(objective, 6, np.random.default_rng(1))
    top = np.linalg.svd(W)[2][0]
    np.testing.assert_allclose(plus, -minus)
    assert abs(plus @ top) == pytest.approx(1.0, abs=1e-9)


def test_leading_direction_ends_early_for_an_isometry():
    # J^T J = I: the first step already spans an invariant space
    objective = Objective(LinearMap(np.eye(50)), np.zeros(50), radius=1.0, budget=200)
    _leading(objective, 20, np.random.default_rng(1))
    assert objective.gradients <= 3


def test_leading_direction_starts_where_the_map_looks():
    # only one direction of 500 does anything; one pull finds it, before any secant is taken
    psi = LinearMap(np.ones((1, 500)))
    objective = Objective(psi, np.zeros(500), radius=1.0, budget=10)
    plus, _ = _leading(objective, 1, np.random.default_rng(0))
    np.testing.assert_allclose(np.abs(plus), 1 / np.sqrt(500))


def test_both_signs_are_tried():
    # the clip decoder moves only towards the second signal; its mirror direction is flat
    psi = ClipDecoder(np.eye(2), np.zeros(2), np.array([1.0, 0.0]))
    for seed in range(6):
        objective = Objective(psi, np.zeros(2), radius=0.5, budget=60)
        ascend(objective, 0, np.random.default_rng(seed))
        assert objective.best == pytest.approx(0.5)


def test_climbing_is_the_power_method():
    objective = Objective(LinearMap(np.diag([2.0, 1.0])), np.zeros(2), radius=1.0, budget=100)
    _climb(objective, np.array([0.01, 1.0]) / np.hypot(0.01, 1.0), 30)
    assert objective.best == pytest.approx(2.0, rel=1e-6)


def test_a_dead_network_is_left_alone():
    layers = [{"layer": "measurements"},
              {"layer": "dense", "weight": np.eye(2), "bias": np.full(2, -100.0)}, {"layer": "relu"}]
    objective = Objective(ReLUNetwork(np.eye(2), layers), np.zeros(2), radius=1.0, budget=100)
    ascend(objective, 2, np.random.default_rng(0))
    assert objective.best == 0.0
    np.testing.assert_array_equal(objective.best_step, [0.0, 0.0])
