"""Numbers known from two sides."""

from math import inf

import pytest

from kernelstab.plot import intervals


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
