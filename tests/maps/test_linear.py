import numpy as np
import pytest

from kernelstab.maps import AdjointMap, LinearMap
from kernelstab.operators import SubsampledFourier, gaussian


def test_complex_matrix_uses_the_conjugate_transpose():
    psi = LinearMap([[1j, 2.0]])
    # Re<u, W y> = Re<W* u, y>: with u = 1 the gradient is (conj(i), 2) = (-i, 2)
    np.testing.assert_array_equal(psi.vjp(np.zeros(2), np.array([1.0])), [-1j, 2.0])
    assert psi.spec() is None


def test_lipschitz_constant_is_the_largest_singular_value():
    assert LinearMap(np.diag([3.0, -4.0])).lipschitz == pytest.approx(4.0, rel=1e-14)


@pytest.mark.parametrize(("matrix", "message"), [
    ([1.0, 2.0], "matrix must have 2 dimension"),
    ([[np.inf]], "matrix must be finite"),
])
def test_bad_matrix_is_named(matrix, message):
    with pytest.raises(ValueError, match=message):
        LinearMap(matrix)


def test_measurement_of_the_wrong_length_is_named():
    with pytest.raises(ValueError, match=r"y must have shape \(1,\), got \(2,\)"):
        LinearMap([[2.0]])(np.ones(2))


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
