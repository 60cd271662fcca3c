import numpy as np

from kernelstab.maps import AdjointMap
from kernelstab.operators import SubsampledFourier, gaussian


def test_adjoint_is_the_transpose_and_its_gradient_the_matrix():
    A = gaussian(3, 5, rng=0)
    psi, y, u = AdjointMap(A), np.array([1.0, -2.0, 0.5]), np.arange(5.0)
    np.testing.assert_allclose(psi(y), A.matrix.T @ y, rtol=1e-13)
    np.testing.assert_allclose(psi.vjp(y, u), A.matrix @ u, rtol=1e-13)


def test_spec_is_a_scaled_adjoint_with_scale_one():
    mask = np.zeros((2, 2), dtype=bool)
    mask[0, 0] = True
    spec = AdjointMap(SubsampledFourier(mask, real=True)).spec()
    assert spec["kind"] == "scaled-adjoint"
    assert spec["scale"] == [1, 1]
    assert spec["operator"]["kind"] == "fourier2d"
