"""After the warm-up no loop of the kernel's constants is left to compile."""

import ast
import importlib
from pathlib import Path

import numba
import pytest

from kernelstab import kernel


def entrances():
    """List the compiled loops that the constants call."""
    found = set()
    folder = Path(kernel.__file__).parent
    engines = [folder.with_name("_engines") / name for name in ("supports", "nsp", "robust_nsp")]
    for path in [path for place in (folder, *engines) for path in place.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.endswith("_jit") and "_jit" not in path.stem:
                found |= {(node.module, alias.name) for alias in node.names}
    return sorted(found)


def test_every_loop_is_compiled_and_reported():
    seen = []
    seconds = kernel.warmup(lambda *step: seen.append(step))
    assert [name for _, _, name in seen] == [*seconds, "done"]
    assert [done for done, _, _ in seen] == list(range(len(seconds) + 1))
    assert all(t >= 0 for t in seconds.values())
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled here")
    assert len(entrances()) == 6
    assert [name for module, name in entrances()
            if not getattr(importlib.import_module(module), name).signatures] == []
