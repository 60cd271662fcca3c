"""Margins of hypotheses and conclusions."""

from types import SimpleNamespace

import pytest

from kernelstab.plot import verdict_margins


def _decision(role, label, lower, upper):
    return SimpleNamespace(role=role, label=label, text="", lower=lower, upper=upper)


def test_each_inequality_is_drawn_at_its_enclosure():
    fig = verdict_margins([_decision("hypothesis", "H1", 1.0, 2.0), _decision("conclusion", "C1", -3.0, 0.5)])
    ax = fig.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["H1", "C1"]
    bars = [line.get_xdata() for line in ax.lines if line.get_linewidth() == 5]
    assert [list(map(float, bar)) for bar in bars] == [[1.0, 2.0], [-3.0, 0.5]]


def test_hypotheses_come_first_from_the_top():
    fig = verdict_margins([_decision("hypothesis", "H1", 1.0, 2.0), _decision("conclusion", "C1", 1.0, 2.0)])
    ax = fig.axes[0]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_the_axis_resolves_the_smallest_margin():
    decisions = [_decision("hypothesis", "H1", 1e-9, 1e-9), _decision("conclusion", "C1", 5.0, 5.0)]
    fig = verdict_margins(decisions)
    ax = fig.axes[0]
    assert ax.xaxis.get_transform().linthresh == 1e-9


def test_no_decisions():
    with pytest.raises(ValueError, match="decisions must not be empty"):
        verdict_margins([])
