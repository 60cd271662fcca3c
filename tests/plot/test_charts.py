"""Diagrams with axes."""

from math import inf

import numpy as np
import pytest

from kernelstab.plot import (
    decay,
    detail_dial,
    dual_products,
    enclosing_ball,
    intervals,
    mirror_scatter,
    phase_diagram,
    png,
    quotient_ladder,
)


def test_a_bound_shares_the_colour_of_its_curve():
    fig = decay({"a": ([0, 5], [1.0, 0.5]), "b": ([0, 5], [2.0, 0.25])}, {"b": ([0, 5], [4.0, 1.0])})
    first, second, bound = fig.axes[0].lines
    assert first.get_color() != second.get_color() == bound.get_color()
    assert [line.get_label() for line in (first, second, bound)] == ["a", "b", "b, bound"]
    assert (bound.get_linestyle(), list(map(float, bound.get_ydata()))) == ("--", [4.0, 1.0])


def test_axes_of_a_decay():
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
def test_bad_curves_are_named(curves, message):
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


def test_bars_span_what_is_proved_and_thick_ones_what_is_attained():
    fig = intervals({"a": (1.0, 3.0), "b": (2.0, 2.0)}, inner={"a": (1.5, 2.5)}, threshold=2.25)
    ax = fig.axes[0]
    thin = [list(map(float, line.get_xdata())) for line in ax.lines if line.get_linewidth() == 1.5
            and line.get_linestyle() == "-"]
    thick = [list(map(float, line.get_xdata())) for line in ax.lines if line.get_linewidth() == 5]
    assert thin == [[1.0, 3.0], [2.0, 2.0]]
    assert thick == [[1.5, 2.5]]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]                  # the first row is on top
    assert any(list(line.get_xdata()) == [2.25, 2.25] for line in ax.lines)
    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert [float(p.get_xdata()[0]) for p in points] == [2.0]


def test_infinite_ends_are_arrows_at_the_edge():
    ax = intervals({"free": (-inf, 1.0), "all": (-inf, inf)}).axes[0]
    left, right = ax.get_xlim()
    ends = [(line.get_marker(), float(line.get_xdata()[0])) for line in ax.lines
            if line.get_marker() in "<>|"]
    assert ends == [("<", left), ("|", 1.0), ("<", left), (">", right)]


def test_bad_rows():
    with pytest.raises(ValueError, match="rows must not be empty"):
        intervals({})
    with pytest.raises(ValueError, match=r"row 'a' must be \(lower, upper\), got \(2.0, 1.0\)"):
        intervals({"a": (2.0, 1.0)})
    with pytest.raises(ValueError, match="row 'a'"):
        intervals({"a": (float("nan"), 1.0)})


def test_rows_go_upwards_on_one_scale():
    first, second = np.array([[1.0, 1.0, 0.5], [0.0, 0.0, 0.25]]), np.full((2, 3), np.nan)
    second[0, 0] = 0.75
    fig = phase_diagram({"a": first, "b": second}, [0.1, 0.2, 0.3], [1, 2], xlabel="m/N", ylabel="s/m")
    a, b, _ = fig.axes
    np.testing.assert_array_equal(a.collections[0].get_array(), first)
    assert [ax.collections[0].get_clim() for ax in (a, b)] == [(0.0, 1.0)] * 2
    assert (a.get_xlabel(), a.get_ylabel(), b.get_ylabel()) == ("m/N", "s/m", "")
    low, high = a.get_ylim()
    assert low < 1 < 2 < high
    assert png(fig)[:4] == b"\x89PNG"


@pytest.mark.parametrize(("shares", "message"), [
    ({}, "shares must not be empty"),
    ({"a": [[1.0]]}, r"'a' must have shape \(1, 2\), got \(1, 1\)"),
    ({"a": [[0.5, 1.5]]}, r"'a' must lie in \[0, 1\], got \[0.5, 1.5\]"),
    ({"a": [[-0.5, 1.0]]}, r"'a' must lie in"),
])
def test_bad_shares_are_named(shares, message):
    with pytest.raises(ValueError, match=message):
        phase_diagram(shares, [1, 2], [1])


def _points(fig):
    drawn = [c for c in fig.axes[0].collections if len(c.get_offsets()) > 1]
    return {c.get_label(): c.get_offsets().tolist() for c in drawn}


def test_errors_are_measured_in_kernel_norms():
    # errors 1 and 3 with kernel norms 2 and 4: 0.5 and 0.75; on the mirror images 4 and 8: 2 and 2
    fig = mirror_scatter({"net": [1.0, 3.0]}, {"net": [4.0, 8.0]}, [2.0, 4.0])
    assert _points(fig) == {"net": [[0.5, 2.0], [0.75, 2.0]]}


def test_the_line_is_where_no_map_can_go_below():
    fig = mirror_scatter({"net": [1.0, 1.0]}, {"net": [1.0, 1.0]}, [1.0, 1.0])
    line = fig.axes[0].lines[0]
    assert (np.asarray(line.get_xdata()) + np.asarray(line.get_ydata())).tolist() == [2, 2]


def test_all_points_are_inside_the_frame():
    fig = mirror_scatter({"net": [0.1, 7.0]}, {"net": [9.0, 1.0]}, [1.0, 1.0])
    assert fig.axes[0].get_xlim()[1] > 9.0
    assert fig.axes[0].get_ylim()[1] > 9.0


def test_an_image_without_kernel_part_is_refused():
    with pytest.raises(ValueError, match="kernel_norms must be positive"):
        mirror_scatter({"net": [1.0, 1.0]}, {"net": [1.0, 1.0]}, [1.0, 0.0])


def test_points_centre_and_ball_are_drawn_to_scale():
    fig = enclosing_ball([[0.0, 0.0], [2.0, 0.0]], [1.0, 0.0], 1.0, title="fibre", names=["x", "x'"])
    ax = fig.axes[0]
    ball = ax.patches[0]
    assert ball.center == (1.0, 0.0)
    assert ball.radius == 1.0
    assert ax.get_aspect() == 1.0
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [0.0, 2.0])
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[1.0, 0.0]])
    assert [t.get_text() for t in ax.texts] == ["x", "x'"]
    # the ball is whole
    assert ax.get_xlim()[0] < 0.0
    assert ax.get_xlim()[1] > 2.0


def test_the_numbers_below_do_not_touch():
    fig = enclosing_ball([[0.0, -0.8660254], [0.0, 0.8660254]], [0.0, 0.0], 0.8660254, title="fibre")
    fig.canvas.draw()
    boxes = [t.get_window_extent() for t in fig.axes[0].get_xticklabels() if t.get_text()]
    gaps = [right.x0 - left.x1 for left, right in zip(boxes, boxes[1:])]
    assert len(gaps) >= 2
    assert min(gaps) > boxes[0].height / 2


def test_points_must_lie_in_the_plane():
    with pytest.raises(ValueError, match=r"points must have shape \(n, 2\), got \(1, 3\)"):
        enclosing_ball([[0.0, 0.0, 1.0]], [0.0, 0.0], 1.0)
