"""Compiling is noticed once, and only where something is compiled."""

import numba
import pytest

from kernelstab.solvers._compiling_jit import first_compilation

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")


def test_only_the_first_compilation_is_told():
    told = []
    one, other = numba.njit(lambda x: x + 1), numba.njit(lambda x: x + 2)
    with first_compilation(lambda: told.append("first")):
        assert told == []
        assert (one(1), other(1)) == (2, 3)
        assert told == ["first"]
    with first_compilation(lambda: told.append("again")):
        assert one(2) == 3
    assert told == ["first"]
    one(2.0)                                             # the block is over
    assert told == ["first"]
