"""Everything that is not Python but needed at run time goes into the wheel."""

import fnmatch
import importlib.resources
import tomllib

import pytest


@pytest.fixture(scope="module")
def setuptools_table(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


@pytest.fixture(scope="module")
def globs(setuptools_table):
    return setuptools_table["package-data"]["kernelstab"]


def test_every_glob_finds_a_file(root, globs):
    assert [glob for glob in globs if not list((root / "kernelstab").glob(glob))] == []


def test_every_other_file_is_found_by_a_glob(tracked, globs):
    inside = [name.removeprefix("kernelstab/") for name in tracked if name.startswith("kernelstab/")]
    plain = [name for name in inside if not name.endswith((".py", ".md"))]
    assert [name for name in plain if not any(fnmatch.fnmatch(name, glob) for glob in globs)] == []


def test_every_folder_with_code_is_a_package(root):
    folders = {path.parent for path in (root / "kernelstab").rglob("*.py")}
    assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_installed_package_is_typed():
    assert importlib.resources.files("kernelstab").joinpath("py.typed").is_file()


def test_licence_globs_find_files(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [glob for glob in project["license-files"] if not list(root.glob(glob))] == []


def test_command_is_installed(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["kernelstab"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
