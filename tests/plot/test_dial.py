"""The detail dial."""

import numpy as np

from kernelstab.plot import detail_dial


def test_one_curve_per_map_against_the_seen_part():
    hidden = np.array([0.0, 0.6, 1.0])
    fig = detail_dial(hidden, {"net": hidden, "QCBP": 1 - hidden})
    lines = {line.get_label(): line for line in fig.axes[0].lines}
    assert lines["net"].get_xdata().tolist() == [0.0, 0.6, 1.0]
    assert lines["QCBP"].get_ydata().tolist() == [1.0, 0.4, 0.0]
    # the pseudo-inverse shows 1 - 0.6**2 = 0.64 of a detail that is hidden by 0.6
    reference = lines["seen part (pseudo-inverse)"]
    assert np.isclose(np.interp(0.6, reference.get_xdata(), reference.get_ydata()), 0.64)
