"""Constants by hand, and the inequality that they stand for."""

import numpy as np
import pytest

from kernelstab.kernel import recovery_constants
from kernelstab.solvers import Restarts, Sharpness, restart_radii, sharpness_from
from kernelstab.solvers.sharpness import as_sharpness


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_the_constants_are_those_of_the_null_space_property(norm):
    # l1: (1 + .2) / .8 = 1.5; l2: (1 + .6) / (2 * .8 * 2) = .5; both: 2 * 3 / .8 = 7.5
    found = sharpness_from(0.2, 3.0, 4, norm=norm, sigma=0.1, noise=0.01)
    np.testing.assert_allclose((found.C1, found.C2), (1.5 if norm == "l1" else 0.5, 7.5))
    assert (found.delta, found.noise) == (0.2, 0.01)
    converted = as_sharpness(recovery_constants(0.2, 3.0, 4, norm=norm))
    np.testing.assert_allclose((converted.C1, converted.C2), (found.C1, found.C2))
    assert (converted.delta, converted.noise) == (0.0, None)
    assert as_sharpness(found) is found


def test_floors_by_hand():
    # qcbp: 2 * .3 + 5 * (.1 + .1), or with the noise known to be .02: 2 * .3 + 5 * .12
    assert Sharpness(2.0, 5.0, 0.3).floor("qcbp", 0.1) == pytest.approx(1.6)
    assert Sharpness(2.0, 5.0, 0.3, 0.02).floor("qcbp", 0.1) == pytest.approx(1.2)
    # square root: 2 * .3 + (5 + 2 / .25) * .02, and exact data by default
    assert Sharpness(2.0, 5.0, 0.3, 0.02).floor("sqrt-lasso", 0.25) == pytest.approx(0.86)
    assert Sharpness(2.0, 5.0).floor("sqrt-lasso", 0.25) == 0.0


def test_radii_fall_to_the_floor_and_1_over_e_is_the_cheapest_ratio():
    radii = restart_radii(10.0, 0.5, 40)
    powers = np.exp(-np.arange(41.0))
    # the recursion solved: r^j D_0 + f (1 - r^j) / (1 - r)
    np.testing.assert_allclose(radii, 10 * powers + 0.5 * (1 - powers) / (1 - np.exp(-1.0)), rtol=1e-13)
    assert radii[-1] == pytest.approx(0.5 / (1 - np.exp(-1.0)))
    # steps for an accuracy: proportional to 1 / (r log(1 / r))
    ratios = np.linspace(0.01, 0.99, 99)
    cost = 1 / (ratios * np.log(1 / ratios))
    assert abs(ratios[np.argmin(cost)] - np.exp(-1.0)) < 0.01


def test_restarts_that_contradict_each_other():
    # radii 4, 2, 1: steps of length 6 and 3 are just possible
    def record(moves, residual=0.0):
        return Restarts(np.array([0, 5, 10]), np.array([4.0, 2.0, 1.0]), np.zeros(3),
                        np.array([0.0, residual, 0.0]), np.array([8.0, 4.0, 2.0]), np.array(moves))

    assert not record([6.0, 3.0]).refuted
    assert record([6.0, 3.1]).refuted
    assert record([6.1, 0.0]).refuted
    # the residual at the second point is at most 4
    assert record([6.0, 3.0], 4.1).refuted
    assert not record([6.0, 3.0], 4.0).refuted
    assert repr(record([6.0, 3.0])) == "<Restarts: 2 in 10 steps, radius 4 to 1>"


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Sharpness(0.0, 1.0), r"C1 must lie in \(0"),
    (lambda: Sharpness(1.0, -1.0), r"C2 must lie in \(0"),
    (lambda: Sharpness(1.0, 1.0, -0.1), r"delta must lie in \[0"),
    (lambda: Sharpness(1.0, 1.0, noise=-0.1), r"noise must lie in \[0"),
    (lambda: sharpness_from(1.0, 1.0, 2), "rho must lie below 1, got 1.0"),
    (lambda: sharpness_from(0.5, np.inf, 2), "tau must lie in"),
    (lambda: sharpness_from(0.5, 1.0, 0), "s must be at least 1"),
    (lambda: sharpness_from(0.5, 1.0, 2, norm="l3"), "norm must be 'l1' or 'l2', got 'l3'"),
    (lambda: as_sharpness(3.0), "sharpness must be a Sharpness or recovery constants, got 3.0"),
    (lambda: as_sharpness(recovery_constants(1.5, 1.0, 2)), "not applicable"),
    (lambda: restart_radii(1.0, 0.0, 3, ratio=1.0), "ratio must lie in"),
    (lambda: restart_radii(-1.0, 0.0, 3), "first must lie in"),
])
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
