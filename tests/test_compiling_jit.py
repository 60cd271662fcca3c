"""Long compilation is said once, and only where something is compiled."""

import time

import numba
import pytest

from kernelstab import _compiling_jit as compiling_jit
from kernelstab._compiling_jit import LINE, Notice, said_by, silent

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")


@pytest.fixture
def notice(monkeypatch):
    fresh = Notice()
    monkeypatch.setattr(compiling_jit, "NOTICE", fresh)
    numba.core.event.register("numba:compile", fresh)
    yield fresh
    numba.core.event.unregister("numba:compile", fresh)


def wait_for(told):
    end = time.monotonic() + 10.0
    while not told and time.monotonic() < end:
        time.sleep(0.01)


def test_what_takes_long_is_said_once(notice, monkeypatch):
    told = []
    one, other = numba.njit(lambda x: x + 1), numba.njit(lambda x: x + 2)
    with said_by(told.append):
        assert one(1) == 2               # much less than two seconds
        assert told == []
        monkeypatch.setattr(compiling_jit, "PATIENCE", 0.0)
        assert one(2) == 3               # compiled before
        assert told == []
        assert other(1) == 3
        wait_for(told)
        assert numba.njit(lambda x: x + 3)(1) == 4
    assert told == [LINE]
    assert notice.depth == 0


def test_short_compilations_add_up(notice, monkeypatch):
    told = []
    notice.spent = 5.0
    with said_by(told.append):
        assert numba.njit(lambda x: x + 4)(1) == 5
        wait_for(told)
    assert told == [LINE]


def test_it_is_written_to_stderr_unless_told_otherwise(notice, monkeypatch, capsys):
    with silent():
        notice.say()
    assert capsys.readouterr().err == ""
    notice.told = False
    notice.say()
    notice.say()
    assert capsys.readouterr().err == LINE + "\n"
