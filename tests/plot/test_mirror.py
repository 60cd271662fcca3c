"""The scatter of errors on images against errors on mirror images."""

import numpy as np
import pytest

from kernelstab.plot import mirror_scatter


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
