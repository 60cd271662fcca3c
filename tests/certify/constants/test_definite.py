"""Proofs that a symmetric matrix is positive definite."""

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.definite import MOST_ROWS, require_definite


def rational(matrix):
    return fmpq_mat([[fmpq(*float(value).as_integer_ratio()) for value in row] for row in matrix])


@pytest.mark.parametrize("size", [1, 2, 7, 30])
def test_eigenvalues_decide(size):
    rng = np.random.default_rng(size)
    frame = np.linalg.qr(rng.standard_normal((size, size)))[0]
    values = rng.uniform(0.5, 2.0, size)
    require_definite(rational(frame @ np.diag(values) @ frame.T), "Q")
    values[0] = -1e-9
    matrix = frame @ np.diag(values) @ frame.T
    with pytest.raises(CertificateError, match="Q is not proved to be positive definite: pivot"):
        require_definite(rational((matrix + matrix.T) / 2), "Q")


def test_a_hair_suffices():
    # determinant (1 + 2^-52)^2 - 1 > 0, and exactly 0 without the hair
    hair = 2.0**-52
    require_definite(rational([[1 + hair, 1.0], [1.0, 1 + hair]]), "Q")
    with pytest.raises(CertificateError, match="pivot 2 of 2"):
        require_definite(rational([[1.0, 1.0], [1.0, 1.0]]), "Q")


def test_an_off_diagonal_zero_that_fills_in():
    # eliminating the first entry makes the zero at (2, 3) a -1: the last pivot is c - 1 - 1
    require_definite(rational([[1, 1, 1], [1, 2, 0], [1, 0, 3]]), "Q")
    with pytest.raises(CertificateError, match="pivot 3 of 3"):
        require_definite(rational([[1, 1, 1], [1, 2, 0], [1, 0, 2]]), "Q")


def test_too_many_rows():
    with pytest.raises(CertificateError, match=f"at most {MOST_ROWS} rows of Q are checked, got 301"):
        require_definite(fmpq_mat(301, 301), "Q")
