"""The ladder of quotients."""

from kernelstab.plot import quotient_ladder


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
