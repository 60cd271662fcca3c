"""The Makefile explains itself and refuses a Python that is too old."""

import os
import re
import shutil
import subprocess
import sys

import pytest

TARGETS = {"help", "demo", "test", "lab", "notebooks", "lint", "bench", "fuzz", "clean"}

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(folder, *arguments):
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(root, tmp_path):
    """Return a folder with a space in its name that holds the Makefile and no environment."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    shutil.copy(root / "Makefile", folder)
    shutil.copy(root / "pyproject.toml", folder)
    return folder


def test_the_first_target_lists_all(root):
    run = make(root)
    assert run.returncode == 0, run.stderr
    assert set(re.findall(r"^  ([a-z]+) +\w", run.stdout, re.MULTILINE)) == TARGETS


def pretend(folder, major, minor):
    """Write a Python that claims to be of a version, and that cannot make environments."""
    script = folder / "pretend-python"
    claim = f"import sys; sys.version_info = ({major}, {minor}, 1); exec(sys.argv[1])"
    script.write_text(f"""#!/bin/sh
case "$1" in
  --version) echo "Python {major}.{minor}.1" ;;
  -c) exec '{sys.executable}' -c '{claim}' "$2" ;;
  *) mkdir -p .venv/bin; exit 1 ;;
esac
""", encoding="utf-8")
    script.chmod(0o755)
    return f"PYTHON=./{script.name}"


def test_an_old_python_is_refused(copy):
    run = make(copy, "test", pretend(copy, 3, 10))
    assert run.returncode == 2
    assert "kernelstab needs Python 3.11 or newer; './pretend-python' is Python 3.10.1." in run.stdout
    assert not (copy / ".venv").exists()


def test_a_missing_python_is_named(copy):
    run = make(copy, "test", "PYTHON=no-such-python")
    assert run.returncode == 2
    assert "kernelstab needs Python 3.11 or newer; 'no-such-python' is " in run.stdout


def test_a_failed_environment_leaves_nothing_behind(copy):
    run = make(copy, "demo", pretend(copy, 3, 11))
    assert run.returncode == 2
    assert "Making the environment .venv" in run.stdout
    assert "'./pretend-python -m venv' failed" in run.stdout
    assert not (copy / ".venv").exists()


def test_nothing_is_done_twice(copy):
    """With all stamps in place, no target makes or installs anything."""
    (copy / ".venv" / "bin").mkdir(parents=True)
    for stamp in ("bin/python", ".core", ".full"):
        (copy / ".venv" / stamp).touch()
    run = make(copy, "-n", "demo", "test")
    assert run.returncode == 0, run.stderr
    assert not re.search(r"-m venv|pip", run.stdout)


def test_a_changed_project_file_is_installed_again(copy):
    (copy / ".venv" / "bin").mkdir(parents=True)
    for stamp in ("bin/python", ".core", ".full"):
        (copy / ".venv" / stamp).touch()
    later = (copy / ".venv" / ".full").stat().st_mtime + 10
    os.utime(copy / "pyproject.toml", (later, later))
    assert make(copy, "-n", "test").stdout.count("install --quiet --editable") == 2


def test_clean_keeps_the_environment(copy):
    (copy / ".venv" / "__pycache__").mkdir(parents=True)
    (copy / "kernelstab-report").mkdir()
    (copy / "kernelstab" / "__pycache__").mkdir(parents=True)
    assert make(copy, "clean").returncode == 0
    assert (copy / ".venv" / "__pycache__").is_dir()
    assert not (copy / "kernelstab-report").exists()
    assert not (copy / "kernelstab" / "__pycache__").exists()
