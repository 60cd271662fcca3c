"""Learning curves."""

from kernelstab.plot import learning_curve


def test_curves_and_levels():
    curves = {"training": [20, 25, 27], "validation": [20, 24, 24]}
    fig = learning_curve([1, 2, 3], curves, levels={"QCBP": 23.0})
    lines = {line.get_label(): line for line in fig.axes[0].lines}
    assert list(lines["validation"].get_xdata()) == [1, 2, 3]
    assert list(lines["QCBP"].get_ydata()) == [23.0, 23.0]
    colours = [line.get_color() for line in fig.axes[0].lines]
    assert len(set(colours)) == 3
    assert fig.axes[0].get_ylabel() == "PSNR (dB)"
