import numpy as np
import pytest

from kernelstab.maps import LinearMap, as_map
from kernelstab.stability.objective import Objective
from kernelstab.stability.probing import _refine, _secants, probe


def test_secants_of_a_linear_map_are_its_columns():
    W = np.random.default_rng(0).standard_normal((5, 3))
    objective = Objective(LinearMap(W), np.zeros(3), radius=1.0, budget=50)
    columns = _secants(objective, np.ones(3), objective.residual(np.ones(3)), np.eye(3), 0.25)
    np.testing.assert_allclose(columns, W, rtol=1e-12)


def test_the_truth_as_reference_decides_the_sign():
    # psi(y) = y with r = (1, 0) and y = 0: |e - r| is largest at e = -(radius, 0)
    objective = Objective(LinearMap(np.eye(2)), np.zeros(2), 0.5, 40, reference=np.array([1.0, 0.0]))
    probe(objective, np.random.default_rng(0))
    assert objective.best == pytest.approx(1.5)
    np.testing.assert_allclose(objective.best_step, [-0.5, 0.0], atol=1e-9)


def test_refinement_never_loses_and_gains_in_many_dimensions():
    W = np.diag(1 / np.sqrt(np.arange(1.0, 101)))
    objective = Objective(LinearMap(W), np.zeros(100), radius=1.0, budget=4000)
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
    objective = Objective(LinearMap(W), np.zeros(5), radius=2.0, budget=100)
    objective.residual(np.array([2.0, 0.0, 0.0, 0.0, 0.0]))
    _refine(objective, np.random.default_rng(4))
    assert objective.best == pytest.approx(2 * np.linalg.norm(W, 2), rel=1e-9)


def test_kinks_are_crossed():
    # |y1| + 3 max(y2, 0): the gain along +e2 is invisible from the other side
    psi = as_map(lambda y: np.array([abs(y[0]), 3 * max(y[1], 0.0)]), np.eye(2))
    objective = Objective(psi, np.array([0.0, -0.1]), radius=1.0, budget=100)
    probe(objective, np.random.default_rng(0))
    # the largest change is at e = (0, 1): 3 * 0.9
    assert objective.best == pytest.approx(2.7, rel=0.05)
