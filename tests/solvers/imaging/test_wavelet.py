import numpy as np
import pytest

from kernelstab.data import shepp_logan, slices
from kernelstab.operators import (
    DenseOperator,
    SubsampledFourier,
    WaveletSynthesis,
    gaussian,
    masks,
    partial_orthogonal,
)
from kernelstab.solvers import qcbp, wavelet_qcbp
from kernelstab.solvers.imaging.wavelet import wavelet_system


def psnr(image, truth):
    return 10 * np.log10(1 / np.mean((image - truth) ** 2))


@pytest.fixture(scope="module")
def fourier():
    return SubsampledFourier(masks.standard(64), real=True)


def test_it_is_the_problem_on_coefficients():
    A = gaussian(20, 64, image_shape=(8, 8), rng=1)
    W = WaveletSynthesis((8, 8), "db2", level=2)
    y = A.matvec(np.cos(np.arange(64.0)))
    s, plain = wavelet_qcbp(A, y, 0.1, "db2", tol=1e-8), qcbp(A.matrix @ W.to_dense(), y, 0.1, tol=1e-8)
    np.testing.assert_allclose(s.x, plain.x, atol=1e-5)
    np.testing.assert_allclose(s.image, W.matvec(s.x).reshape(8, 8), atol=1e-14)
    assert s.image.shape == (8, 8)
    assert "db2 level 2" in s.method


def test_dense_and_transform_give_the_same_image():
    A = SubsampledFourier(masks.standard(16), real=True)
    y = A.matvec(shepp_logan(16).ravel())
    fast = wavelet_qcbp(A, y, 0.05, "haar", level=2, tol=1e-7)
    dense = wavelet_qcbp(DenseOperator(A.to_dense(), image_shape=(16, 16)), y, 0.05, "haar", tol=1e-7)
    assert fast.objective == pytest.approx(dense.objective, rel=2e-7)
    np.testing.assert_allclose(fast.image, dense.image, atol=5e-3)


def test_a_sparse_image_is_recovered(fourier):
    W = WaveletSynthesis((64, 64), "haar", level=3)
    c = np.zeros(4096)
    c[[0, 3, 65, 70, 200, 300, 520]] = 4.0, 2.0, -1.0, 1.5, 1.0, -2.0, 1.0
    s = wavelet_qcbp(fourier, fourier.matvec(W.matvec(c)), 0.0, "haar", level=3, tol=1e-7)
    np.testing.assert_allclose(s.x, c, atol=1e-4)


def test_mr_slices_beat_zero_filling(fourier):
    # measured: 27.8 dB zero-filled, 31.8 dB here, mean over the validation slices
    truth = slices(64, "validation")[::13]
    gains = []
    for x in truth:
        y = fourier.matvec(x.ravel())
        s = wavelet_qcbp(fourier, y, 0.01 * np.linalg.norm(y), tol=1e-3)
        assert s.converged
        assert s.iterations <= 250
        assert s.feasibility <= 1e-14 * np.linalg.norm(y)
        gains.append(psnr(s.image, x) - psnr(fourier.image(fourier.rmatvec(y)), x))
    assert np.mean(gains) > 2.5


def test_complex_images():
    mask = masks.standard(16)
    A = SubsampledFourier(mask)
    x = shepp_logan(16).ravel() * np.exp(0.3j)
    s = wavelet_qcbp(A, A.matvec(x), 0.05, "haar", tol=1e-5)
    # turning all data by one phase turns the solution of the real problem
    real = SubsampledFourier(mask, real=True)
    expected = wavelet_qcbp(real, real.matvec(shepp_logan(16).ravel()), 0.05, "haar", tol=1e-5)
    np.testing.assert_allclose(s.image, np.exp(0.3j) * expected.image, atol=5e-3)


def test_levels_by_default():
    fourier = SubsampledFourier(masks.standard(8), real=True)
    assert "level 2" in wavelet_qcbp(fourier, np.ones(fourier.shape[0]), 1.0, "haar").method
    assert "level 2" in wavelet_qcbp(np.eye(3, 8), np.ones(3), 0.1, "haar").method
    assert "level 1" in wavelet_qcbp(np.eye(3, 6), np.ones(3), 0.1, "haar").method


@pytest.mark.parametrize(("options", "message"), [
    ({"wavelet": "no such"}, "wavelet must be"),
    ({"wavelet": "bior4.4"}, "wavelet must be orthonormal"),
    ({"level": 4}, "shape must be divisible"),
    ({"eta": -1.0}, "eta must lie in"),
])
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        wavelet_qcbp(np.eye(3, 8), np.ones(3), **({"eta": 0.1} | options))


def test_a_dense_operator_is_multiplied_once():
    A = gaussian(6, 16, image_shape=(4, 4), rng=0)
    first, _ = wavelet_system(A, "haar")
    assert wavelet_system(A, "haar")[0] is first
    assert wavelet_system(A, "db2")[0] is not first
    np.testing.assert_allclose(first.matrix, A.matrix @ WaveletSynthesis((4, 4), "haar", level=2).to_dense(),
                               atol=1e-14)
    # orthonormal rows stay so behind the synthesis
    assert wavelet_system(partial_orthogonal(6, 16, image_shape=(4, 4), rng=0))[0].tight == 1
