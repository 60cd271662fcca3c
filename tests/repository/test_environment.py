"""environment.yml and pyproject.toml name the same packages with the same bounds."""

import re
import tomllib

import pytest

yaml = pytest.importorskip("yaml")

# conda-forge's name -> the name in pyproject.toml, where they differ
CONDA_NAMES = {"matplotlib-base": "matplotlib", "pytorch": "torch", "dask-core": "dask"}
SPEC = re.compile(r"([a-z0-9][a-z0-9_.-]*)(?: (>=[0-9]+(?:\.[0-9]+)*))?")


@pytest.fixture(scope="module")
def environment(root):
    return yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def conda_specs(environment):
    """Return the lines of the environment that conda reads."""
    return [line for line in environment["dependencies"] if isinstance(line, str)]


def from_conda(spec):
    """Return (name, bound) of a conda line, by the name that pip knows.

    >>> from_conda("matplotlib-base >=3.9")
    ('matplotlib', '>=3.9')
    """
    name, bound = SPEC.fullmatch(spec).groups()
    return CONDA_NAMES.get(name, name), bound or ""


def from_pip(requirement):
    """Return (name, bound) of a requirement without its extras.

    >>> from_pip("dask[distributed]>=2024.8")
    ('dask', '>=2024.8')
    """
    name, bound = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?(>=[0-9.]+)?", requirement).groups()
    return name.lower(), bound or ""


def test_only_known_keys(environment):
    assert set(environment) == {"name", "channels", "dependencies"}
    assert environment["name"] == "kernelstab"


def test_the_channel_is_conda_forge_alone(environment):
    assert environment["channels"] == ["conda-forge"]


def test_no_address_and_no_prefix(root):
    text = (root / "environment.yml").read_text(encoding="utf-8")
    assert "://" not in text
    assert "prefix" not in text


def test_every_line_is_a_name_and_a_lower_bound(environment):
    assert [spec for spec in conda_specs(environment) if not SPEC.fullmatch(spec)] == []


def test_pip_installs_the_package_and_nothing_else(environment):
    blocks = [line for line in environment["dependencies"] if not isinstance(line, str)]
    assert blocks == [{"pip": ["-e ."]}]


def test_same_packages_and_bounds(environment, project):
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["notebook"], *extras["dev"]]
    expected = sorted([("python", project["requires-python"]), ("pip", ""), *map(from_pip, wanted)])
    assert sorted(from_conda(spec) for spec in conda_specs(environment)) == expected


def test_bounds_are_lower_bounds(project):
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    upper = [line for line in [*project["dependencies"], *extras] if re.search(r"==|<|~=|!=|@|://", line)]
    assert upper == []


def test_conda_can_read_every_line(environment):
    rattler = pytest.importorskip("rattler")
    for spec in conda_specs(environment):
        match = rattler.MatchSpec(spec, strict=True)
        assert match.name is not None
        assert str(match.version or "") == (SPEC.fullmatch(spec).group(2) or "")
