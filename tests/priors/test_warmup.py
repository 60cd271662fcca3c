"""After the warm-up no loop over finite sets of signals is left to compile."""

import ast
import importlib
from pathlib import Path

import numba
import pytest

from kernelstab import priors


def entrances():
    """List the compiled loops that the public files call."""
    found = set()
    room = Path(priors.__file__).parent
    for path in [*room.rglob("*.py"), *room.with_name("_engines").joinpath("finite_sets").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.endswith("_jit") and "_jit" not in path.stem:
                found |= {(node.module, alias.name) for alias in node.names}
    return sorted(found)


def test_every_loop_is_compiled_and_reported():
    seen = []
    seconds = priors.warmup(lambda *step: seen.append(step))
    assert [name for _, _, name in seen] == [*seconds, "done"]
    assert [done for done, _, _ in seen] == list(range(len(seconds) + 1))
    assert all(t >= 0 for t in seconds.values())
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled here")
    assert len(entrances()) >= 6
    assert [name for module, name in entrances()
            if not getattr(importlib.import_module(module), name).signatures] == []
