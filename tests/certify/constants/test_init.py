"""Checkers are found by name, and loaded when they are needed."""

import subprocess
import sys

import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import constants


def test_every_name_is_there():
    for name in constants.__all__:
        assert getattr(constants, name)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("name", constants.CONSTANTS)
def test_every_constant_has_a_checker(name, is_complex):
    if is_complex and constants.CONSTANTS[name].real_only:
        with pytest.raises(CertificateError, match=f"{name} is for real matrices"):
            constants.checker(name, is_complex)
    else:
        assert callable(constants.checker(name, is_complex))


@pytest.mark.parametrize("name", ["", "os", "matrix", "nsp_cover", "../nsp", "NSP"])
def test_other_names_import_nothing(name):
    with pytest.raises(CertificateError, match="no constant is called"):
        constants.checker(name)


def test_checkers_need_no_numpy():
    """All of them: the verifier is for people who trust python-flint and nothing larger."""
    code = ("import sys\n"
            "from kernelstab.certify.constants import CONSTANTS, checker\n"
            "import kernelstab.certify.constants.statement\n"
            "[checker(name) for name in CONSTANTS]\n"
            "print(sorted({'numpy', 'scipy', 'cvxpy', 'numba'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          check=True).stdout.strip() == "[]"
