"""Wavelet synthesis agrees with PyWavelets and is orthogonal."""

import numpy as np
import pytest
import pywt

from kernelstab.operators import WaveletSynthesis


# PyWavelets warns when a filter is longer than the signal; the periodic transform is orthogonal all the same
@pytest.mark.filterwarnings("ignore:Level value")
@pytest.mark.parametrize(("shape", "wavelet", "level"), [
    ((16, 16), "db4", 2), ((16, 24), "haar", 3), ((32, 32), "sym8", 2), ((8, 8), "coif2", 3),
])
def test_images_as_pywavelets_does(shape, wavelet, level):
    W = WaveletSynthesis(shape, wavelet, level=level)
    x = np.random.default_rng(0).standard_normal(shape)
    parts = pywt.wavedec2(x, wavelet, mode="periodization", level=level)
    array, slices = pywt.coeffs_to_array(parts)
    np.testing.assert_allclose(W.H @ x.ravel(), array.ravel(), atol=1e-12)
    parts = pywt.array_to_coeffs(array, slices, output_format="wavedec2")
    image = pywt.waverec2(parts, wavelet, mode="periodization")
    np.testing.assert_allclose(W @ array.ravel(), image.ravel(), atol=1e-10)


@pytest.mark.filterwarnings("ignore:Level value")
def test_signals_as_pywavelets_does():
    W = WaveletSynthesis((48,), "db3", level=3)
    x = np.random.default_rng(1).standard_normal(48)
    array, _ = pywt.coeffs_to_array(pywt.wavedec(x, "db3", mode="periodization", level=3))
    np.testing.assert_allclose(W.H @ x, array, atol=1e-12)


@pytest.mark.parametrize("wavelet", ["haar", "db2", "db8", "sym5", "coif3"])
def test_orthogonal_down_to_single_samples(wavelet):
    # level 3 of 8 leaves one coefficient, shorter than every filter
    dense = WaveletSynthesis((8, 8), wavelet, level=3).to_dense()
    np.testing.assert_allclose(dense.T @ dense, np.eye(64), atol=1e-10)


def test_haar_by_hand():
    # [[1, 2], [3, 4]]: sum 10/2, columns (1 + 3 - 2 - 4)/2, rows (1 + 2 - 3 - 4)/2, and (1 - 2 - 3 + 4)/2
    W = WaveletSynthesis((2, 2), "haar", level=1)
    np.testing.assert_allclose(W.H @ [1.0, 2.0, 3.0, 4.0], [5.0, -1.0, -2.0, 0.0], atol=1e-14)


def test_scales_count_the_coefficients():
    W = WaveletSynthesis((16, 16), "haar", level=2)
    # 4x4 approximation, 3 times 4x4 at the coarse scale, 3 times 8x8 at the fine one
    np.testing.assert_array_equal(np.bincount(W.scales), [16, 48, 192])
    corner = W.scales.reshape(16, 16)
    assert (corner[:4, :4] == 0).all()
    assert (corner[4:8, :8] == 1).all()
    assert (corner[8:] == 2).all()


def test_default_levels():
    assert [WaveletSynthesis((n, n)).level for n in (8, 16, 32, 64)] == [1, 1, 2, 3]
    assert WaveletSynthesis((64, 24)).level == 1             # 24 halves to 12; 12 is below 16


def test_bad_input():
    for call, message in [
        (lambda: WaveletSynthesis((16, 16), "bior2.2"), "wavelet must be orthonormal, got 'bior2.2'"),
        (lambda: WaveletSynthesis((16, 16), "dmey"), "wavelet must be orthonormal, got 'dmey'"),
        (lambda: WaveletSynthesis((16, 16), "none"), "wavelet must be a discrete wavelet"),
        (lambda: WaveletSynthesis((16, 12), level=3), r"divisible by 2\*\*level = 8, got \(16, 12\)"),
        (lambda: WaveletSynthesis((4, 4, 4)), "shape must have 1 or 2 dimensions"),
        (lambda: WaveletSynthesis((16,), level=0), "level must be at least 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
