"""One version and one licence, wherever they are written."""

import re
import tomllib

import pytest

import kernelstab


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_package_and_project_agree(project):
    assert kernelstab.__version__ == project["version"]


def test_changelog_has_the_version(root, project):
    headings = re.findall(r"^## \[(.+?)\]", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert project["version"] in headings


def test_citation_agrees(root, project):
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"] == "MIT"
    assert citation["title"] == project["name"]
    assert {"message", "authors", "references"} <= set(citation)


def test_licence_text(root):
    assert (root / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
