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


@pytest.mark.filterwarnings("ignore:Level value")
@pytest.mark.parametrize(("shape", "wavelet", "level"), [
    ((8, 8, 8), "haar", 3), ((4, 8, 12), "db3", 2), ((2, 4, 6), "sym4", 1), ((16, 8, 8), "coif2", 1),
])
def test_volumes_as_pywavelets_does(shape, wavelet, level):
    W = WaveletSynthesis(shape, wavelet, level=level)
    x = np.random.default_rng(2).standard_normal(shape)
    array, slices = pywt.coeffs_to_array(pywt.wavedecn(x, wavelet, mode="periodization", level=level))
    np.testing.assert_allclose(W.H @ x.ravel(), array.ravel(), atol=1e-12)
    parts = pywt.array_to_coeffs(array, slices, output_format="wavedecn")
    volume = pywt.waverecn(parts, wavelet, mode="periodization")
    np.testing.assert_allclose(W @ array.ravel(), volume.ravel(), atol=1e-10)


# 40 and 12 samples: strips that are not full, and filters of odd and even half length, up to 38 taps
@pytest.mark.filterwarnings("ignore:Level value")
@pytest.mark.parametrize("wavelet", ["haar", "db2", "db3", "sym4", "db5", "coif2", "db19"])
def test_complex_images_are_two_real_ones(wavelet):
    W, rng = WaveletSynthesis((40, 12), wavelet, level=2), np.random.default_rng(3)
    x = rng.standard_normal(480) + 1j * rng.standard_normal(480)
    array, _ = pywt.coeffs_to_array(pywt.wavedec2(x.reshape(40, 12), wavelet, mode="periodization", level=2))
    np.testing.assert_allclose(W.H @ x, array.ravel(), atol=1e-12)
    np.testing.assert_allclose(W @ x, W @ x.real + 1j * (W @ x.imag), atol=1e-13)
    np.testing.assert_allclose(W @ (W.H @ x), x, atol=1e-10)


def test_in_place_and_into_given_memory():
    W, x = WaveletSynthesis((4, 6), "db2", level=1), np.arange(24.0) ** 2
    image, out = x.reshape(4, 6), np.empty((4, 6))
    W.analyse(image, out)
    np.testing.assert_array_equal(out.ravel(), W.H @ x)
    np.testing.assert_array_equal(image.ravel(), np.arange(24.0) ** 2)
    W.synthesise(out)
    np.testing.assert_allclose(out, image, atol=1e-11)
    with pytest.raises(ValueError, match="out must be"):
        W.analyse(image, np.empty((6, 4)).T)
    with pytest.raises(ValueError, match="image must be"):
        W.analyse(image.astype(int), out)
    with pytest.raises(ValueError, match="out must have dtype float64, got complex128"):
        W.analyse(image, out.astype(complex))
    with pytest.raises(ValueError, match="coefficients must be .* 24 floats, got shape"):
        W.synthesise(np.zeros(23))


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
def test_single_precision_stays_single(dtype):
    W, rng = WaveletSynthesis((16, 24), "sym4", level=2), np.random.default_rng(4)
    x = rng.standard_normal((16, 24)).astype(dtype)
    out = np.empty_like(x)
    W.analyse(x, out)
    np.testing.assert_allclose(out.ravel(), W.H @ x.ravel(), atol=3e-6)
    W.synthesise(out)
    np.testing.assert_allclose(out, x, atol=3e-6)
    assert out.dtype == dtype


def test_the_input_is_left_alone():
    W, x = WaveletSynthesis((16,), "db2", level=2), np.arange(16)
    x.flags.writeable = False
    assert (W @ x).dtype == (W.H @ x).dtype == float
    np.testing.assert_array_equal(x, np.arange(16))


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
        (lambda: WaveletSynthesis((4, 4, 4, 4)), "shape must have 1 to 3 dimensions"),
        (lambda: WaveletSynthesis((16,), level=0), "level must be at least 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
