import numpy as np
import pytest

from kernelstab.maps import LinearMap, as_map
from kernelstab.stability.objective import Objective


def test_points_outside_the_ball_are_evaluated_but_not_kept():
    objective = Objective(LinearMap(np.eye(2)), np.zeros(2), radius=1.0, budget=10)
    objective.residual(np.array([0.0, 5.0]))
    assert objective.best == 0.0
    objective.residual(np.array([0.6, 0.0]))
    objective.residual(np.array([0.0, 0.5]))
    assert objective.best == 0.6
    np.testing.assert_array_equal(objective.best_step, [0.6, 0.0])
    assert objective.history == [0.0, 0.0, 0.6, 0.6]


def test_everything_is_counted():
    objective = Objective(LinearMap(np.eye(2)), np.zeros(2), radius=1.0, budget=10)
    _, transposed = objective.linearise(np.ones(2))
    transposed(np.ones(2))
    transposed(np.ones(2))
    # clean evaluation, one evaluation, two gradients
    assert (objective.evaluations, objective.gradients, objective.left) == (2, 2, 6)


def test_complex_perturbations_are_pairs_of_real_numbers():
    psi = LinearMap([[2j, 0.0]])
    objective = Objective(psi, np.zeros(2, complex), radius=9.0, budget=10)
    assert objective.dimension == 4
    step = np.array([1.0, 3.0, 0.0, 0.0])                    # e = (1 + 3i, 0)
    np.testing.assert_array_equal(objective.perturbation(step), [1 + 3j, 0.0])
    residual, transposed = objective.linearise(step)
    np.testing.assert_array_equal(residual, [-6.0, 2.0])       # 2i (1 + 3i) = -6 + 2i
    # W* r = -2i (-6 + 2i) = 4 + 12i
    np.testing.assert_array_equal(transposed(residual), [4.0, 12.0, 0.0, 0.0])


def test_projection():
    objective = Objective(LinearMap(np.eye(2)), np.zeros(2), radius=1.0, budget=10)
    np.testing.assert_allclose(objective.project(np.array([3.0, 4.0])), [0.6, 0.8])
    np.testing.assert_array_equal(objective.project(np.array([0.3, 0.4])), [0.3, 0.4])
    np.testing.assert_array_equal(objective.project(np.zeros(2)), [0.0, 0.0])


def test_a_map_that_breaks_during_the_search_is_refused():
    psi = as_map(lambda y: np.full(2, np.inf if y[0] > 0.9 else 0.0), np.eye(2))
    objective = Objective(psi, np.zeros(2), radius=1.0, budget=10)
    with pytest.raises(ValueError, match="must be finite"):
        objective.residual(np.array([1.0, 0.0]))
