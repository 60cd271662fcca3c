"""The ball around a fibre."""

import numpy as np
import pytest

from kernelstab.plot import enclosing_ball


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
