"""Worst-case searches, noise, transfer, controls."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from kernelstab.maps import LinearMap, ReLUNetwork
from kernelstab.operators import as_operator
from kernelstab.report.searches import lipschitz_bound, measure_searches

BUDGETS = {"gradient": 60, "solver": 30, "probing": 24}


def _measure(maps, size=2, eps=(0.1,), **options):
    return measure_searches(as_operator(np.eye(size)), maps, np.ones(size), eps, BUDGETS, **options)


def test_linear_maps_reach_their_known_gain_and_noise_does_not():
    s = _measure({"psi": LinearMap(np.diag([3.0] + [1.0] * 29))}, size=30, eps=[0.05, 0.1])
    assert np.allclose(s.gains("psi"), 3, rtol=1e-3)
    # noise spreads over 30 directions: root mean square gain sqrt((9 + 29) / 30) = 1.13
    assert np.all(s.noise_gains("psi") < 1.6)
    assert s.bounds["psi"].kind == "exact"
    assert np.isclose(s.bounds["psi"].value, 3)
    assert s.control("psi").trusted


def test_each_map_is_searched_for_itself_and_also_gets_the_first_ones_perturbation():
    s = _measure({"one": LinearMap(np.diag([3.0, 1.0])), "two": LinearMap(np.diag([1.0, 5.0]))})
    # the first map's worst direction is the first axis, where the second map has gain 1
    assert np.allclose(s.gains("two"), 5)
    assert np.isclose(s.transfer["two"][0] / s.size(-1), 1)
    assert np.isclose(s.transfer["one"][0] / s.size(-1), 3)


def test_a_better_transferred_perturbation_counts():
    matrix = np.diag([9.0] + [1.0] * 299)

    class Closed:
        """The same map without a gradient: probing with 24 evaluations in 300 dimensions misses the axis."""

        name = "closed"

        def __call__(self, y):
            return matrix @ y

    s = _measure({"open": LinearMap(matrix), "closed": Closed()}, size=300)
    assert s.worst["closed"][-1].local_lipschitz_lower < 8
    assert np.isclose(s.gains("closed")[-1], 9, rtol=1e-3)


def test_methods_and_budgets_follow_what_the_map_offers():
    class Solver(LinearMap):
        def solve(self, y):
            return SimpleNamespace()

    s = _measure({"plain": LinearMap(np.eye(2)), "solver": Solver(np.eye(2)), "closed": lambda y: 2 * y})
    assert s.budgets == {"plain": ("gradient", 60), "solver": ("gradient", 30), "closed": ("probing", 24)}
    assert set(s.controls) == {("gradient", 60), ("gradient", 30), ("probing", 24)}
    assert s.worst["closed"][-1].method == "probing"
    assert s.worst["solver"][-1].evaluations + s.worst["solver"][-1].gradients <= 30


def test_bounds_of_networks_are_upper_and_unknown_maps_have_none():
    A = as_operator(np.eye(2))
    # a rotation by 45 degrees scaled by 2, then the same: 4 by the product of norms
    turn = np.sqrt(2) * np.array([[1.0, -1.0], [1.0, 1.0]])
    layers = [{"layer": "measurements"}, {"layer": "dense", "weight": turn, "bias": np.zeros(2)},
              {"layer": "relu"}, {"layer": "dense", "weight": turn, "bias": np.zeros(2)}]
    bound = lipschitz_bound(ReLUNetwork(A, layers))
    assert bound.kind == "upper"
    assert np.isclose(bound.value, 4)
    assert lipschitz_bound(lambda y: y) is None


def test_noise_has_the_norm_of_the_perturbation_and_the_seed_decides():
    maps = {"psi": LinearMap(np.diag([2.0, 1.0]))}
    s, same, other = _measure(maps, rng=1), _measure(maps, rng=1), _measure(maps, rng=2)
    assert np.isclose(s.noise["psi"][0].norm, 0.1 * np.sqrt(2))
    assert np.allclose(_measure({"twice": LinearMap(2 * np.eye(2))}).noise_gains("twice"), 2)
    assert np.array_equal(s.noise["psi"][0].errors, same.noise["psi"][0].errors)
    assert not np.array_equal(s.noise["psi"][0].errors, other.noise["psi"][0].errors)


@pytest.mark.parametrize("closed", [False, True])
def test_ticks_and_json(closed):
    ticks = []
    maps = {"psi": LinearMap(np.diag([3.0, 1.0]))} | ({"closed": lambda y: y} if closed else {})
    s = _measure(maps, eps=[0.05, 0.1], tick=lambda: ticks.append(1))
    assert len(ticks) == 2 * len(maps) + len(s.controls)
    record = json.loads(json.dumps(s.to_json(), allow_nan=False))
    assert record["maps"]["psi"]["gain"]["kind"] == "lower"
    assert record["maps"]["psi"]["lipschitz"]["kind"] == "exact"
    assert np.allclose(record["maps"]["psi"]["gain"]["values"], [3, 3])
    assert record["controls"][0]["trusted"]
