"""Stages: timing, interrupts, failures."""

import warnings

import pytest

from kernelstab._errors import NotConverged
from kernelstab.report.stages import NotApplicable, Stages


def test_results_come_back_and_ticks_are_counted(capsys):
    stages = Stages(["one"])

    def work(tick):
        tick()
        tick()
        return 5

    assert stages.run("one", 2, work) == 5
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "one" in captured.err
    assert "2/2" in captured.err


def test_quiet_is_silent(capsys):
    Stages(["one"], progress=False).run("one", 1, lambda tick: tick())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [ValueError("y must be finite"), FloatingPointError("overflow"),
                                   KeyError("inside the user's map")])
def test_a_failure_is_recorded_and_the_next_stage_runs(error):
    stages = Stages(["one", "two"], progress=False)

    def fail(tick):
        raise error

    assert stages.run("one", 1, fail) is None
    assert stages.run("two", 1, lambda tick: "fine") == "fine"
    first, second = stages.report()
    assert first.state == "failed"
    assert first.reason == f"{type(error).__name__}: {error}"
    assert second.state == "done"
    assert not stages.interrupted


def test_an_interrupt_ends_the_run():
    stages = Stages(["one", "two", "three"], progress=False)

    def interrupted(tick):
        raise KeyboardInterrupt

    def never(tick):
        raise AssertionError("a stage ran after the interrupt")

    stages.run("one", 1, lambda tick: 1)
    stages.run("two", 1, interrupted)
    assert stages.run("three", 1, never) is None
    assert stages.interrupted
    assert [s.state for s in stages.report()] == ["done", "interrupted", "not reached"]


def test_shares_of_the_time():
    stages = Stages(["one"], progress=False)
    stages.run("one", 1, lambda tick: None)
    record = stages.report()[0].to_json(total=2 * stages.report()[0].seconds)
    assert record["share"] == 0.5
    assert record["name"] == "one"


def test_warnings_are_counted_and_not_shown(capsys):
    stages = Stages(["one"], progress=False)

    def noisy(tick):
        for budget in (10, 20):
            warnings.warn(f"stopped at {budget}", NotConverged, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    stages.run("one", 1, noisy)
    assert stages.report()[0].warnings == {"NotConverged": 2, "DeprecationWarning": 1}
    assert capsys.readouterr().err == ""


def test_nothing_to_measure_is_settled_and_a_failure_is_not():
    stages = Stages(["one", "two", "three"], progress=False)

    def empty(tick):
        raise NotApplicable("no kernel")

    def fail(tick):
        raise ValueError("broken")

    stages.run("one", 1, empty)
    stages.run("two", 1, fail)
    one, two, three = stages.report()
    assert (one.state, one.reason) == ("not applicable", "no kernel")
    assert [s.settled for s in (one, two, three)] == [True, False, False]
