"""Certificates of details on matrices whose columns are dependent up to rounding only."""

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import verify
from kernelstab.priors import Ball, Everything, Sparse, detail_interval


def _cosines(rows, columns):
    matrix = np.cos(np.pi * np.outer(rows, np.arange(columns) + 0.5) / columns)
    return matrix / np.linalg.norm(matrix, axis=1)[:, None]


def _families(rng):
    waves = np.exp(-2j * np.pi * np.outer(1 + rng.permutation(5)[:3], np.arange(12)) / 12)
    yield np.vstack([waves.real, waves.imag])
    yield _cosines(rng.permutation(16)[:10], 16)
    wide = rng.standard_normal((5, 8))
    yield np.hstack([wide, wide[:, :2]])
    yield rng.standard_normal((6, 12))
    yield np.ones((1, 8))


@pytest.mark.parametrize("seed", range(4))
def test_both_ends_for_sparse_signals_in_a_ball(seed):
    """The data lie in the span of few columns up to rounding; the inner ends are attained exactly."""
    rng = np.random.default_rng(seed)
    for matrix in _families(rng):
        for s in (1, 2, 3):
            x = np.zeros(matrix.shape[1])
            x[rng.permutation(len(x))[:s]] = rng.standard_normal(s)
            d = rng.standard_normal(len(x))
            found = detail_interval(matrix, matrix @ x, d, Ball(2 * np.linalg.norm(x)))
            width = found.upper - found.lower
            for end, value in (("largest", found.upper), ("smallest", found.lower)):
                made = found.certificate(end=end)
                assert verify(made).ok
                # the signal is moved inward by 1e-9 of the way to the middle, half the width away
                for statement in made["statements"]:
                    assert abs(float(statement["value"]) - value) <= 2e-9 * (width + abs(value))


def test_sizes_of_the_signal_do_not_matter():
    """The row (1 1 1) with data 3t and the ball of radius 2t."""
    for t in (1e-30, 1.0, 1e30):
        found = detail_interval(np.ones((1, 3)), [3 * t], [1.0, 0.0, 0.0], Ball(2 * t))
        for end in ("largest", "smallest"):
            assert verify(found.certificate(end=end)).ok
        # |x|^2 <= 4 t^2, sum 3t: x_1 = t (1 +- sqrt(2/3)), from (x_1 - t)^2 * 3/2 = t^2
        assert found.upper == pytest.approx(t * (1 + np.sqrt(2 / 3)), rel=1e-7)


def test_exact_data_of_sparse_signals():
    """Integers: the equations hold exactly on the support, so the witness is as sparse as it must be."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        matrix = rng.integers(-3, 4, (4, 7)).astype(float)
        x = np.zeros(7)
        x[rng.permutation(7)[:2]] = rng.integers(1, 5, 2)
        found = detail_interval(matrix, matrix @ x, rng.standard_normal(7), Sparse(2))
        for end in ("largest", "smallest"):
            made = found.certificate(end=end)
            assert verify(made).ok


def test_data_that_no_signal_explains_exactly():
    """Twice the row (1, 1), with data that differ by rounding."""
    matrix = np.array([[1.0, 1.0], [1.0, 1.0]])
    found = detail_interval(matrix, [0.1 + 0.2, 0.3], [1.0, 1.0], Everything())
    with pytest.raises(CertificateError, match="^the equations have no exact solution near the comp"):
        found.certificate(end="largest")
