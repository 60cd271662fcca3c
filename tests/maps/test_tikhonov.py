import numpy as np
import pytest

from kernelstab.maps import Tikhonov, pseudo_inverse, tikhonov
from kernelstab.operators import DenseOperator, gaussian


def test_singular_values_are_filtered():
    # sigma / (sigma^2 + lam) with lam = 4: 1/5, 2/8, 3/13
    psi = Tikhonov(np.diag([1.0, 2.0, 3.0]), 4.0)
    np.testing.assert_allclose(psi.matrix, np.diag([1 / 5, 2 / 8, 3 / 13]), rtol=1e-14)


def test_lipschitz_bound_is_attained_at_sigma_squared_equal_lam():
    # theory 2.4 d: sup sigma/(sigma^2+lam) = 1/(2 sqrt lam) = 1/4, at sigma = 2
    psi = Tikhonov(np.diag([1.0, 2.0, 7.0]), 4.0)
    assert np.linalg.norm(psi.matrix, 2) == pytest.approx(0.25, rel=1e-14)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4)])
def test_both_normal_equations_solve_the_penalised_problem(shape):
    A, y = gaussian(*shape, rng=2), np.cos(np.arange(float(shape[0])))
    x = Tikhonov(A, 0.3)(y)
    # stationarity of |Ax-y|^2 + lam |x|^2
    np.testing.assert_allclose(A.matrix.T @ (A.matrix @ x - y) + 0.3 * x, 0, atol=1e-13)


def test_tight_operator_is_a_scaled_adjoint():
    psi = Tikhonov(DenseOperator([[0.0, 2.0]], tight=4.0), 0.5)
    # 1/(4 + 1/2) = 2/9
    assert psi.spec()["scale"] == [2, 9]
    np.testing.assert_allclose(psi(np.array([9.0])), [0.0, 4.0])
    np.testing.assert_allclose(psi.vjp(np.array([9.0]), np.array([1.0, 9.0])), [4.0])


def test_iteration_agrees_with_the_matrix(monkeypatch):
    A = gaussian(6, 9, rng=1)
    direct = Tikhonov(A, 0.1)
    monkeypatch.setattr(tikhonov, "DENSE_ENTRIES", 0)
    iterated = Tikhonov(A, 0.1)
    y, u = np.cos(np.arange(6.0)), np.sin(np.arange(9.0))
    np.testing.assert_allclose(iterated(y), direct(y), rtol=1e-10)
    np.testing.assert_allclose(iterated.vjp(y, u), direct.vjp(y, u), rtol=1e-10)
    assert pseudo_inverse.DENSE_ENTRIES > 0


@pytest.mark.parametrize("lam", [0.0, -1.0, np.nan])
def test_lam_must_be_positive(lam):
    with pytest.raises(ValueError, match="lam must lie in"):
        Tikhonov([[1.0]], lam)
