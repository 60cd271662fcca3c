import numpy as np
import pytest

from kernelstab.maps import LinearMap


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
