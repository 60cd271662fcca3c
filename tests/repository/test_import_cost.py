"""Importing the package, or any room of it, loads numpy and scipy and nothing else."""

import json
import subprocess
import sys

import pytest

import kernelstab

ROOMS = [name for name in kernelstab.__all__ if name != "__version__"]
SCIPY = ("fft", "linalg", "ndimage", "optimize", "sparse.linalg", "special", "stats")

# A fresh interpreter prints the top-level packages that the imports added.
PROBE = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
added = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(added - set(sys.stdlib_module_names))))
"""


def newly_loaded(*modules):
    """Return the packages, outside the standard library, that importing the modules loads."""
    run = subprocess.run([sys.executable, "-c", PROBE, *modules], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


@pytest.fixture(scope="module")
def light():
    """Return what numpy and scipy load for themselves."""
    loaded = newly_loaded("numpy", *(f"scipy.{part}" for part in SCIPY))
    assert {"numpy", "scipy"} <= loaded
    assert not loaded & {"numba", "cvxpy", "matplotlib", "torch", "flint", "pywt", "jinja2"}
    return loaded


def test_the_package_itself_loads_nothing():
    """``import kernelstab`` costs nothing beside numpy: every room waits until it is named."""
    assert newly_loaded("kernelstab") == {"kernelstab"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_loads_numpy_and_scipy_only(room, light):
    assert newly_loaded(f"kernelstab.{room}") - light == {"kernelstab"}


def test_the_command_line_is_light(light):
    assert newly_loaded("kernelstab.cli") - light == {"kernelstab"}


def test_the_probe_sees_a_heavy_import(light):
    assert "matplotlib" in newly_loaded("matplotlib") - light
