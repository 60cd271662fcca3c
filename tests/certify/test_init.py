"""Names of the package are loaded when they are used."""

import subprocess
import sys

import pytest

import kernelstab.certify as package


def test_every_name_is_there():
    for name in package.__all__:
        assert callable(getattr(package, name)), name
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="has no attribute 'proof'"):
        _ = package.proof


def test_functions_are_not_hidden_by_modules():
    """Importing a submodule binds its name; none may be called like an exported function."""
    for name in list(sys.modules):
        if name.startswith("kernelstab.certify."):
            assert name.rpartition(".")[2] not in package.__all__


def test_importing_the_package_loads_nothing():
    code = "import sys, kernelstab.certify; print(sorted({'numpy', 'scipy', 'flint'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          check=True).stdout.strip() == "[]"
