"""After the three warm-ups no compiled loop is left to compile."""

import ast
import importlib
from pathlib import Path

import numba
import pytest

import kernelstab
from kernelstab import kernel, priors, solvers


def entrances():
    """Return the compiled loops that Python calls: what files other than ``_jit`` import from those."""
    folder = Path(kernelstab.__file__).parent
    found = {(node.module, alias.name)
             for path in folder.rglob("*.py") if not path.stem.endswith("_jit")
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.ImportFrom) and str(node.module).endswith("_jit")
             for alias in node.names}
    loops = {entrance: getattr(importlib.import_module(entrance[0]), entrance[1]) for entrance in found}
    return {entrance: loop for entrance, loop in loops.items() if hasattr(loop, "signatures")}


@pytest.mark.parametrize("room", [kernel, priors, solvers])
def test_progress_names_every_job(room):
    seen = []
    seconds = room.warmup(lambda *step: seen.append(step))
    assert [name for _, _, name in seen] == [*seconds, "done"]
    assert [done for done, _, _ in seen] == list(range(len(seconds) + 1))
    assert {total for _, total, _ in seen} == {len(seconds)}
    assert all(t >= 0 for t in seconds.values())


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled here")
def test_no_loop_is_left_to_compile():
    for room in (kernel, priors, solvers):
        room.warmup()
    loops = entrances()
    assert len(loops) >= 20
    assert sorted(entrance for entrance, loop in loops.items() if not loop.signatures) == []
