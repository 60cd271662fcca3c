"""Worst-case searches, noise, transfer, controls, and how they are told and shown."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kernelstab.maps import LinearMap, ReLUNetwork
from kernelstab.operators import as_operator
from kernelstab.report.inputs import AuditProblem
from kernelstab.report.numbers import readable
from kernelstab.report.sections import AuditTask, Plan, worst_case
from kernelstab.report.sections.worst_case import Searches, lipschitz_bound


def _measure(maps, size=2, rungs=(1.0,), rng=0, **options):
    plan = Plan(budget=60, rungs=rungs)
    problem = AuditProblem(as_operator(np.eye(size)), maps, np.ones((1, size)))
    return Searches.measure(AuditTask(problem, plan, 0.1, rng), **options)


def test_linear_maps_reach_their_known_gain_and_noise_does_not():
    s = _measure({"psi": LinearMap(np.diag([3.0] + [1.0] * 29))}, size=30, rungs=(0.5, 1.0))
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
        """The same map without a gradient: probing with 60 evaluations in 300 dimensions misses the axis."""

        name = "closed"

        def __call__(self, y):
            return matrix @ y

    s = _measure({"open": LinearMap(matrix), "closed": Closed()}, size=300)
    assert s.worst["closed"][-1].local_lipschitz_lower < 8
    assert np.isclose(s.gains("closed")[-1], 9, rtol=1e-3)


def test_methods_and_budgets_follow_what_the_map_offers():
    s = _measure({"plain": LinearMap(np.eye(2)), "closed": lambda y: 2 * y})
    assert s.budgets == {"plain": ("gradient", 60), "closed": ("probing", 60)}
    assert set(s.controls) == {("gradient", 60), ("probing", 60)}
    assert s.worst["closed"][-1].method == "probing"
    assert s.worst["plain"][-1].evaluations + s.worst["plain"][-1].gradients <= 60


def test_the_budget_follows_the_cost_of_a_call(monkeypatch):
    y, plan = np.zeros(100), Plan(least=40, seconds=0.5)
    for cost, gradient, black_box in ((1e-4, 320, 320), (0.003, 160, 160), (0.03, 40, 140), (1.0, 40, 40)):
        monkeypatch.setattr(worst_case, "_seconds", lambda *arguments, cost=cost: cost)
        assert worst_case._effort(LinearMap(np.eye(100)), y, plan) == ("gradient", gradient)
        assert worst_case._effort(lambda y: y, y, plan) == ("probing", black_box)      # 100 and 40 more
    assert worst_case._effort(lambda y: y, y, Plan(budget=77)) == ("probing", 77)


def test_a_black_box_with_few_data_is_differentiated_in_full():
    matrix = np.diag([9.0] + [1.0] * 29)
    s = _measure({"closed": lambda y: matrix @ y}, size=30)
    assert np.isclose(s.gains("closed")[-1], 9, rtol=1e-9)
    assert s.control("closed").ratio > 1 - 1e-9


def test_several_images_are_searched_and_the_mean_and_range_are_told():
    A = as_operator(np.eye(2))
    problem = AuditProblem(A, {"psi": lambda y: y * abs(y[0])}, np.array([[k, 1.0] for k in (1, 2, 3, 4, 5)]))
    task = AuditTask(problem, Plan(budget=60, rungs=(0.5, 1.0)), 0.01)
    task.found["accuracy"] = SimpleNamespace(relative={"psi": np.arange(5.0)})
    assert task.searched[:, 0].tolist() == [3, 1, 2, 5] or task.searched[:, 0].tolist() == [3, 1, 4, 5]
    s = Searches.measure(task)
    gains = s.gain_by_image("psi")
    assert (len(gains), gains[0], len(s.worst["psi"])) == (4, s.gains("psi")[-1], 2)
    # |d(y |y1|)| is largest along the first axis, with gain a little above |(2 y1, 1)|
    assert np.allclose(gains, np.hypot(2 * task.searched[:, 0], 1), rtol=0.05)
    assert "mean of 4 images (" in s.sentence("psi")
    low, high = s._gain_cell("psi").partition("(")[2].rstrip(")").split(" to ")
    assert (float(low), float(high)) == pytest.approx((gains.min(), gains.max()), abs=0.1)


def test_the_table_says_beside_the_number_that_a_search_is_weak(searches):
    effort = searches.budgets["small"]
    control = searches.controls[effort]
    for share, told in ((0.89, True), (0.91, False)):
        weak = replace(searches, controls=searches.controls | {
            effort: replace(control, known=control.search.error / share)})
        assert ("weak search, it finds 89\u00a0% of a known worst case" in weak._gain_cell("small")) == told


def test_bounds_of_networks_are_upper_and_unknown_maps_have_none():
    A = as_operator(np.eye(2))
    # a rotation by 45 degrees scaled by 2, then the same: 4 by the product of norms
    turn = np.sqrt(2) * np.array([[1.0, -1.0], [1.0, 1.0]])
    layers = [{"layer": "measurements"}, {"layer": "dense", "weight": turn, "bias": np.zeros(2)},
              {"layer": "relu"}, {"layer": "dense", "weight": turn, "bias": np.zeros(2)}]
    bound = lipschitz_bound(ReLUNetwork(A, layers))
    assert bound.kind == "upper"
    assert 4 <= bound.value <= 4.2      # each norm of a 2 x 2 matrix may be a factor 2^(1/32) too large
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
    s = _measure(maps, rungs=(0.5, 1.0), tick=lambda: ticks.append(1))
    assert len(ticks) == 2 * len(maps) + len(s.controls)
    record = json.loads(json.dumps(s.to_json(), allow_nan=False))
    assert record["maps"]["psi"]["gain"]["kind"] == "lower"
    assert record["maps"]["psi"]["lipschitz"]["kind"] == "exact"
    assert np.allclose(record["maps"]["psi"]["gain"]["values"], [3, 3])
    assert record["controls"][0]["trusted"]


@pytest.fixture
def searches(report):
    return report.findings["worst case"]


@pytest.mark.parametrize(("clean", "gain", "said"), [
    (1.0, 0.0, "was not moved by"), (0.0, 0.0, "was not moved by"),
    (0.0, 1.0, "can be moved away from zero")])
def test_a_map_that_does_not_move_is_not_said_to_move(searches, clean, gain, said):
    worst = [SimpleNamespace(clean=np.full(64, clean), local_lipschitz_lower=gain, eps=0.1)]
    moved = replace(searches, worst=searches.worst | {"small": worst}, elsewhere={},
                    transfer=searches.transfer | {"small": (0.0, 0.0)})
    assert said in moved.headline("small")
    assert "∞" not in moved.headline("small")
    assert ("that was tried changes the image" in moved.sentence("small")) == (gain == 0)


def test_the_sentence_holds_the_numbers(searches):
    text = searches.sentence("small")
    said = float(text.partition(" times their own size")[0].rpartition(" ")[2])
    assert 0 <= searches.gain_by_image("small").mean() - said <= 0.01      # a lower bound is rounded down
    assert f"Tikhonov {readable(searches.bounds['Tikhonov'].value)}, its exact maximum" in text
    assert "TV at least" in text
    assert "No search shows that a map is stable" in text


def test_an_untrusted_search_is_called_so(searches):
    effort = searches.budgets["small"]
    control = searches.controls[effort]
    control = replace(control, known=control.search.error / 0.4)
    weak = replace(searches, controls=searches.controls | {effort: control})
    assert "finds 40\u00a0% of it, so it may miss much" in weak.sentence("small")


def _row(searches, start):
    return next(row for row in searches.rows(list(searches.worst)) if row[0].startswith(start))


def test_cells_say_what_kind_of_truth_they_hold(searches):
    assert all(cell.startswith("≥\u00a0") for cell in _row(searches, "gain of the worst")[1:])
    assert all(cell.startswith("~\u00a0") for cell in _row(searches, "gain of random noise")[1:])
    bounds = _row(searches, "Lipschitz constant")[1:]
    assert bounds[0].startswith("≤\u00a0")                  # a network
    assert bounds[1:3] == ["not known"] * 2                             # sparse recovery: not known
    assert bounds[3].startswith("=\u00a0")                  # linear


def test_a_bound_in_floats_says_so_and_a_proved_one_need_not(searches):
    for rigorous in (True, False):
        bound = replace(searches.bounds["small"], rigorous=rigorous)
        cell = _row(searches.with_bound("small", bound), "Lipschitz constant")[1]
        assert ("(in floats)" in cell) != rigorous


def test_a_proved_bound_does_not_replace_the_constant_itself(searches):
    assert searches.with_bound("Tikhonov", searches.bounds["small"]).bounds == searches.bounds
    assert searches.with_bound("TV", searches.bounds["small"]).bounds["TV"] == searches.bounds["small"]


def test_the_largest_pixel_change_is_over_searches_and_transfers(searches):
    moved = replace(searches, transfer=searches.transfer | {"TV": (0.0, 123.4)})
    assert _row(moved, "largest pixel change")[2] == "≥\u00a0120"


def test_the_panel_shows_everything_on_one_scale(report, searches, drawn):
    figure = searches.parts(report.problem)[0]
    (rows, labels), options = drawn[0]
    assert labels == ["", "small", "TV", "Wavelets", "Tikhonov"]
    low, high = options["limits"]
    worst = searches.worst["small"][-1]
    (truth, true_scale), (clean, magnified, perturbed, change_up) = rows[:2]
    assert np.array_equal(truth.image.ravel(), searches.image)
    assert np.array_equal(clean.image.ravel(), worst.clean)
    assert np.array_equal(perturbed.image.ravel(), worst.reconstruction)
    # the pictured perturbation is an image with the data of the perturbation
    assert np.allclose(report.problem.A.matvec(true_scale.image.ravel()), worst.perturbation)
    for picture in (truth, clean, perturbed):
        assert picture.limits is None                  # the common scale
    assert np.isclose(true_scale.limits[1] - true_scale.limits[0], high - low)
    factor = int(magnified.caption.rpartition("×")[2])
    assert factor > 1
    assert np.isclose(factor * (magnified.limits[1] - magnified.limits[0]), high - low)
    assert np.array_equal(magnified.image, true_scale.image)
    assert np.max(np.abs(magnified.image)) <= magnified.limits[1]
    factor = int(change_up.caption.rpartition("×")[2])   # as bright as a round factor can make it
    assert np.isclose(factor * change_up.limits[1], high - low)
    assert 0.4 * change_up.limits[1] <= np.max(change_up.image) <= change_up.limits[1]
    assert "2 %" in figure["caption"]


def test_gains_are_drawn_over_several_sizes_only(report, searches):
    assert len(searches.eps) == 1
    panel, controls = searches.parts(report.problem)
    assert (panel["kind"], controls["kind"]) == ("figure", "table")
    two = _measure({"psi": LinearMap(np.diag([3.0, 1.0]))}, rungs=(0.5, 1.0))
    assert two._gain_figure()["caption"].startswith("Solid")
