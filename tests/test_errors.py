"""A missing optional package is named together with the line that installs it."""

import math

import pytest

from kernelstab._errors import CertificateError, NotConverged, require


def test_a_module_that_is_there_is_returned():
    assert require("math") is math


@pytest.mark.parametrize(("module", "extra", "line"), [
    ("no_such_module", None, "pip install no_such_module"),
    ("no_such_module.inner", "learn", 'pip install "kernelstab[learn]"'),
])
def test_a_missing_module_comes_with_its_install_line(module, extra, line):
    with pytest.raises(ImportError) as caught:
        require(module, extra=extra)
    assert str(caught.value) == f"{module} is not installed; try: {line}"


def test_a_module_that_is_there_but_misses_another_is_not_blamed(tmp_path, monkeypatch):
    (tmp_path / "outer_module.py").write_text("import no_such_inner_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught:
        require("outer_module", extra="learn")
    assert caught.value.name == "no_such_inner_module"


def test_kinds():
    assert issubclass(NotConverged, UserWarning)
    assert issubclass(CertificateError, ValueError)
