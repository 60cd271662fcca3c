"""Curves over an axis."""

import numpy as np
import pytest

from kernelstab.plot import decay, detail_dial, dual_products, quotient_ladder


def test_a_bound_shares_the_colour_of_its_curve():
    fig = decay({"a": ([0, 5], [1.0, 0.5]), "b": ([0, 5], [2.0, 0.25])}, {"b": ([0, 5], [4.0, 1.0])})
    first, second, bound = fig.axes[0].lines
    assert first.get_color() != second.get_color() == bound.get_color()
    assert [line.get_label() for line in (first, second, bound)] == ["a", "b", "b, bound"]
    assert (bound.get_linestyle(), list(map(float, bound.get_ydata()))) == ("--", [4.0, 1.0])


def test_axes():
    plain = decay({"a": ([1, 5], [1.0, 0.5])}).axes[0]
    power = decay({"a": ([1, 5], [1.0, 0.5])}, log_steps=True, xlabel="steps", ylabel="gap").axes[0]
    assert (plain.get_xscale(), plain.get_yscale(), power.get_xscale()) == ("linear", "log", "log")
    assert (power.get_xlabel(), power.get_ylabel()) == ("steps", "gap")


def test_a_bound_may_stand_alone():
    lines = decay({"a": ([1, 2], [1.0, 0.5])}, {"c": ([1, 2], [3.0, 2.0])}).axes[0].lines
    assert lines[0].get_color() != lines[1].get_color()


@pytest.mark.parametrize(("curves", "message"), [
    ({}, "curves must not be empty"),
    ({"a": ([1, 2], [1.0])}, "'a' must have as many steps as values, got 2 and 1")])
def test_bad_input_is_named(curves, message):
    with pytest.raises(ValueError, match=message):
        decay(curves)


def test_one_curve_per_map_against_the_seen_part():
    hidden = np.array([0.0, 0.6, 1.0])
    fig = detail_dial(hidden, {"net": hidden, "QCBP": 1 - hidden})
    lines = {line.get_label(): line for line in fig.axes[0].lines}
    assert lines["net"].get_xdata().tolist() == [0.0, 0.6, 1.0]
    assert lines["QCBP"].get_ydata().tolist() == [1.0, 0.4, 0.0]
    # the pseudo-inverse shows 1 - 0.6**2 = 0.64 of a detail that is hidden by 0.6
    reference = lines["seen part (pseudo-inverse)"]
    assert np.isclose(np.interp(0.6, reference.get_xdata(), reference.get_ydata()), 0.64)


def test_found_noise_and_known_are_told_apart_by_line_and_label():
    fig = quotient_ladder([0.01, 0.02], {"net": [9.0, 8.0], "ridge": [2.0, 2.0]}, {"net": [1.0, 1.0]},
                          {"ridge": 2.5})
    lines = {line.get_label(): line for line in fig.axes[0].lines}
    assert lines["net, worst found"].get_ydata().tolist() == [9.0, 8.0]
    assert lines["net, equal-norm noise"].get_linestyle() == "--"
    assert lines["ridge, exact maximum"].get_ydata() == [2.5, 2.5]
    assert lines["ridge, exact maximum"].get_color() == lines["ridge, worst found"].get_color()
    assert set(lines) == {"net, worst found", "net, equal-norm noise", "ridge, worst found",
                          "ridge, exact maximum"}


def test_the_support_is_apart_and_moduli_are_drawn():
    ax = dual_products([3 + 4j, -2.0, 0.5], [0, 2], limit=4.0).axes[0]
    off, on, line = ax.lines
    assert (off.get_xdata().tolist(), off.get_ydata().tolist()) == ([1], [2.0])
    assert (on.get_xdata().tolist(), on.get_ydata().tolist()) == ([0, 2], [5.0, 0.5])
    assert off.get_marker() != on.get_marker()
    assert list(line.get_ydata()) == [4.0, 4.0]
    assert ax.get_ylim()[1] > 5.0


def test_no_support():
    assert dual_products([0.5], []).axes[0].lines[1].get_xdata().size == 0


@pytest.mark.parametrize("support", [[2], [-1]])
def test_columns_exist(support):
    with pytest.raises(ValueError, match="support must hold columns of 2"):
        dual_products([0.1, 0.2], support)
