"""Curves of errors and their bounds."""

import pytest

from kernelstab.plot import decay


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
