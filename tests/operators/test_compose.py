"""Products of operators."""

import numpy as np
import pytest

from kernelstab.operators import (
    Composition,
    DenseOperator,
    SubsampledFourier,
    WaveletSynthesis,
    gaussian,
    masks,
    partial_orthogonal,
)


def test_matmul_gives_a_forward_operator():
    left, right = gaussian(3, 4, rng=0), gaussian(4, 6, rng=1, image_shape=(2, 3))
    product = left @ right
    assert isinstance(product, Composition)
    assert product.shape == (3, 6)
    assert product.image_shape == (2, 3)
    assert product.tight is None
    assert product.spec() is None
    np.testing.assert_allclose(product.to_dense(), left.matrix @ right.matrix)
    np.testing.assert_allclose(left @ np.ones(4), left.matrix.sum(axis=1))      # vectors are still multiplied


def test_tight_constants_multiply():
    # rows of length sqrt 2 behind rows of length 3: 2 * 9
    left = DenseOperator(np.sqrt(2.0) * np.eye(2, 3), tight=2.0)
    product = left @ DenseOperator(3.0 * np.eye(3), tight=9.0)
    assert product.tight == 18.0
    assert np.sqrt(18) <= product.norm_upper < np.sqrt(18) * (1 + 1e-8)
    # an isometry on the right that is not onto loses tightness: only WW* = cI counts
    assert (partial_orthogonal(3, 5, rng=0) @ gaussian(5, 5, rng=0)).tight is None


def test_fourier_behind_wavelets_stays_tight():
    A = SubsampledFourier(masks.standard(16), real=True) @ WaveletSynthesis((16, 16), "haar")
    assert A.tight == 1.0
    y = np.random.default_rng(0).standard_normal(A.shape[0])
    np.testing.assert_allclose(A @ (A.H @ y), y)
    assert repr(A) == "<SubsampledFourier @ WaveletSynthesis 77x256>"


def test_three_factors_and_complex():
    mask = masks.uniform((4, 4), 0.5, rng=0)
    A = gaussian(3, 8, rng=0) @ SubsampledFourier(mask) @ WaveletSynthesis((4, 4), "haar", level=1)
    assert A.shape == (3, 16)
    assert not A.is_real


def test_sizes_must_fit():
    with pytest.raises(ValueError, match=r"left and right must fit, got shapes \(3, 4\) and \(5, 6\)"):
        gaussian(3, 4, rng=0) @ gaussian(5, 6, rng=0)
