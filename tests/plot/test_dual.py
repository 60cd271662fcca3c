"""Products of columns with a dual point."""

import pytest

from kernelstab.plot import dual_products


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
