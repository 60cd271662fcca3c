"""The spectral bound is above the norm, and not far above."""

import numpy as np
import pytest
from flint import ctx

from kernelstab.certify.program.spectral import spectral_upper

RNG = np.random.default_rng(0)


def bound(matrix):
    return float(spectral_upper(*matrix.shape, matrix.ravel().tolist()))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 3), (20, 30), (60, 60), (5, 200)])
@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_random_matrices(shape, scale):
    matrix = scale * RNG.standard_normal(shape)
    norm = np.linalg.norm(matrix, 2)
    assert norm * (1 - 1e-14) <= bound(matrix) <= 1.15 * norm


def test_the_loss_is_the_number_of_equal_singular_values():
    # all n singular values equal 1: the bound is n^(1/32)
    found = bound(np.eye(64))
    assert found == pytest.approx(64 ** (1 / 32), rel=1e-9)
    assert found >= 64 ** (1 / 32) * (1 - 1e-15)


def test_entries_below_the_cut_still_count():
    # the small entries are cut to zero, and their number times the cut is added instead
    matrix = np.full((3, 100), 2.0**-41)
    matrix[0, 0] = 1.0
    assert bound(matrix) >= np.linalg.norm(matrix, 2)
    matrix[0, 1:] = 2.0**-21      # half the bits survive
    assert bound(matrix) >= np.linalg.norm(matrix, 2)


def test_special_matrices():
    assert bound(np.zeros((2, 3))) == 0
    assert bound(np.array([[0.0, 5.0]])) == pytest.approx(5.0, rel=1e-9)
    assert bound(np.full((2, 2), 5e-324)) >= 1e-323      # subnormal
    assert float(spectral_upper(1, 2, (3, 4))) >= 5      # integers


def test_the_working_precision_may_be_low():
    matrix = RNG.standard_normal((10, 10))
    with ctx.workprec(24):
        assert bound(matrix) >= np.linalg.norm(matrix, 2)
