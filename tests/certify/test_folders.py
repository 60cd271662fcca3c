"""The two verifiers are apart from each other and from what writes; the docs say how long they are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "kernelstab" / "certify"
SHARED = sorted(PLACE.glob("*.py"))
FOLDERS = {name: sorted((PLACE / name).glob("*.py")) for name in ("program", "constants", "writing")}
# the folder a file may import besides its own and what is shared; writing makes use of everything
BARRED = {"program": ("constants", "writing"), "constants": ("program", "writing")}
# the verifier needs these two and the standard library
OUTSIDE = {"numpy", "scipy", "numba", "cvxpy", "torch"}


def imported(path):
    """Return the modules that a file imports, those inside functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("folder", BARRED)
def test_a_verifier_imports_neither_the_other_nor_what_writes(folder):
    for path in FOLDERS[folder]:
        for name in imported(path):
            assert not name.startswith(tuple(f"kernelstab.certify.{other}" for other in BARRED[folder])), path
            assert name.split(".")[0] not in OUTSIDE, path


def test_what_is_shared_writes_nothing():
    for path in SHARED:
        for name in imported(path):
            assert not name.startswith("kernelstab.certify.writing"), path
            assert name.split(".")[0] not in OUTSIDE, path


def lines(paths):
    return sum(len(path.read_text().splitlines()) for path in paths)


def test_the_docs_say_how_long_the_verifiers_are():
    text = (ROOT / "docs" / "certificates.md").read_text()
    stated = {name: int(number.replace(" ", "")) for name, number in
              re.findall(r"\| \[?`?(program|constants|shared|writing)[^|]*\| ([0-9 ]+) \|", text)}
    counted = {name: lines(paths) for name, paths in FOLDERS.items()} | {"shared": lines(SHARED)}
    assert stated == {name: round(count, -2) for name, count in counted.items()}
