"""Points against the line below which no map can lie, and in the ball around a fibre."""

import numpy as np
import pytest

from kernelstab.plot import enclosing_ball, mirror_scatter


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
