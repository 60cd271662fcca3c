import numba
import numpy as np
import pytest

from kernelstab._engines.imaging import wavelet_splitting
from kernelstab._engines.imaging.bands import LEAST, bands, seen
from kernelstab._engines.imaging.sampling import sampling
from kernelstab._engines.linear_system import as_system
from kernelstab.data import slices
from kernelstab.operators import SubsampledFourier, SubsampledHadamard, WaveletSynthesis, masks
from kernelstab.solvers import wavelet_lasso, wavelet_qcbp

compiled = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="too many pixels for plain Python")


@pytest.mark.parametrize(("shape", "level"), [((8,), 3), ((8, 4), 2), ((4, 8, 4), 1)])
def test_every_coefficient_is_in_one_band(shape, level):
    count, scales = np.zeros(shape, int), WaveletSynthesis(shape, "haar", level=level).scales.reshape(shape)
    found = bands(shape, level)
    assert len(found) == 1 + level * (2 ** len(shape) - 1)
    for band in found:
        count[band] += 1
        assert np.ptp(scales[band]) == 0
    assert np.all(count == 1)


def diagonal(A, W):
    B = A.to_dense() @ W.to_dense()
    return np.sum(np.abs(B) ** 2, axis=0).reshape(A.image_shape) / A.tight


@pytest.mark.parametrize("real", [True, False])
def test_shares_are_the_diagonal(real):
    A, W = SubsampledFourier(masks.standard(16), real=real), WaveletSynthesis((16, 16), "haar", level=1)
    exact, y = diagonal(A, W), np.ones(A.shape[0], A.dtype)
    kinds = (np.float32, np.float64) if real else (np.complex64, np.complex128)
    for single, kind in zip((True, False), kinds, strict=True):
        found = seen(W, sampling(A, as_system(A, y), single), kind)
        assert len(found) == 4
        for band, share in found:
            assert np.ptp(exact[band]) < 1e-12              # one number in a band of Fourier samples
            # rows of the projection P off its diagonal p have squares of sum p - p^2 <= 1/4; 64 are averaged
            assert share == pytest.approx(max(exact[band].mean(), LEAST), abs=4 * 0.5 / 8)


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("A", [SubsampledFourier(masks.standard(8), real=True),
                               SubsampledFourier(masks.standard(8)),
                               SubsampledHadamard(np.arange(64).reshape(8, 8) % 3 == 0)], ids=repr)
def test_the_residual_is_lessened_by_what_an_image_shows(A, single):
    y, x, v = A.matvec(np.arange(64.0) / 64), np.cos(np.arange(64.0)), np.sin(np.arange(64.0))
    parts = sampling(A, as_system(A, y), single)
    kind, near = (np.float32, 1e-5) if parts.single else (np.float64, 1e-12)
    kind = np.result_type(kind, 1j) if not A.is_real else kind
    parts.correlate(x.astype(kind))
    image, size, inner = parts.correlate(v.astype(kind), lessen=True)
    r = A @ x - y - A @ v
    np.testing.assert_allclose(parts.residual(), r, atol=near)
    np.testing.assert_allclose(image, A.H @ r, atol=near)
    np.testing.assert_allclose([size, inner], [np.linalg.norm(r), np.vdot(r, y).real], rtol=10 * near)


@compiled
@pytest.mark.parametrize(("solver", "share"), [(wavelet_qcbp, 1e-2), (wavelet_lasso, 1e-3)])
def test_mended_dual_points_end_the_loop_sooner(monkeypatch, solver, share):
    A = SubsampledFourier(masks.standard(64), real=True)
    y = A.matvec(slices(64, "validation")[0].ravel())
    bound = share * np.linalg.norm(y)
    mended = solver(A, y, bound, tol=1e-2)
    monkeypatch.setattr(wavelet_splitting, "MENDS", 0)
    plain = solver(A, y, bound, tol=1e-2)
    assert mended.converged
    assert plain.converged
    assert mended.iterations <= 0.8 * plain.iterations
