"""What is certified is what the checker finds, not what anybody says."""

import json
from fractions import Fraction

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, read_certificate, verify
from kernelstab.certify.writing.constant_certificate import encode_matrix

PAIR = {"kind": "kernel-vector", "columns": [0, 1], "entries": [1, -1]}


def test_a_certificate_is_plain_and_whole(tmp_path):
    path = tmp_path / "a.json"
    certificate = make_constant_certificate("nsp", np.ones((1, 3)), order=1, lower=PAIR, path=path)
    assert json.loads(json.dumps(certificate)) == certificate == read_certificate(path)
    assert certificate["constant"] == "nsp"
    assert verify(path).ok


def test_numpy_numbers_are_plain():
    certificate = make_constant_certificate("nsp", [[1, 1]], order=np.int64(1), lower=PAIR | {
        "columns": np.array([0, 1])}, options={"weights": np.array([0.5, 0.25])})
    assert certificate["order"] == 1
    # 2/3 from the sizes 1/2 and 1/4, one unit of the last digit below
    assert certificate["statements"][0]["value"] == "6.6666666666666665e-1"
    assert verify(json.loads(json.dumps(certificate))).ok


def test_nothing_false_is_certified(tmp_path):
    with pytest.raises(CertificateError, match="lower bound: the vector does not lie in the null space"):
        make_constant_certificate("nsp", [[1, 2]], order=1, lower=PAIR, path=tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()
    with pytest.raises(ValueError, match="lower and upper are both None"):
        make_constant_certificate("nsp", [[1, 2]], order=1)
    with pytest.raises(CertificateError, match="no constant is called 'spread'"):
        make_constant_certificate("spread", [[1, 2]], lower=PAIR)
    with pytest.raises(CertificateError, match="nsp has no option 'rho'"):
        make_constant_certificate("nsp", [[1, 1]], order=1, options={"rho": 1}, lower=PAIR)


def test_matrices_are_encoded_exactly():
    assert encode_matrix([[2**70, -1]]) == {"numerators": [[str(2**70), "-1"]], "denominator": "1"}
    assert encode_matrix([[Fraction(1, 3), 0.5]]) == {"numerators": [["2", "3"]], "denominator": "6"}
    assert encode_matrix(np.eye(1, dtype=np.float32))["dtype"] == "float32"
    assert set(encode_matrix(np.eye(1, dtype=complex))) == {"re", "im"}


@pytest.mark.parametrize("wrong", [[], [1.0, 2.0], np.ones((0, 3)), np.ones((1, 1, 1)), [["x"]], [[np.nan]],
                                   [[None, 1]]])
def test_what_is_no_matrix_is_bad_input(wrong):
    with pytest.raises(ValueError, match=r"matrix must|not finite"):
        encode_matrix(wrong)
