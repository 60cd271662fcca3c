import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.maps import TVMap, as_map, has_gradient
from kernelstab.operators import DenseOperator, SubsampledFourier, masks
from kernelstab.solvers import tv
from kernelstab.stability import worst_case


def pieces(seed, turn=1.0):
    """A matrix, data of a 6 x 6 image of three pieces with noise, and two directions."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.standard_normal(shape) + (turn - 1) * rng.standard_normal(shape)

    image = np.zeros((6, 6), dtype=type(turn))
    image[1:4, 1:5], image[4:, :2] = 2.0, turn
    A = DenseOperator(draw(24, 36), image_shape=(6, 6))
    return A, A.matvec(image.ravel()) + 0.05 * draw(24), turn * draw(36), draw(24)


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("turn", [1.0, 1j])
def test_gradient_agrees_with_finite_differences(seed, turn):
    A, y, u, e = pieces(seed, turn)
    psi, step = TVMap(A, 1.0, tol=1e-9, max_iter=200_000), 1e-4
    difference = np.vdot(u, psi(y + step * e) - psi(y - step * e)).real / (2 * step)
    assert np.isclose(np.vdot(psi.vjp(y, u), e).real, difference, rtol=1e-3)


def test_is_the_solver_with_its_proof():
    A = SubsampledFourier(masks.standard(16), real=True)
    y = A.matvec(np.cos(np.arange(256.0) / 9))
    psi = as_map(TVMap(A, 0.1), A)
    assert np.array_equal(psi(y), tv(A, y, 0.1, tol=1e-3).x)
    assert 0 <= psi.solve(y).relative_gap <= 1e-3
    assert (psi.name, psi.spec()) == ("TV", None)


def test_a_constant_image_has_no_slope():
    psi = TVMap(np.eye(4), 5.0)
    assert np.allclose(psi(np.arange(4.0)), 1.5)
    assert np.array_equal(psi.vjp(np.arange(4.0), np.ones(4)), np.zeros(4))


def test_exact_data_have_no_gradient():
    assert not has_gradient(TVMap(np.eye(4), 0.0))
    assert has_gradient(TVMap(np.eye(4), 0.1))


def test_gradients_find_more_than_four_times_as_many_probes():
    A = SubsampledFourier(masks.standard(32), real=True)
    image = np.zeros((32, 32))
    image[8:20, 6:26] = 1.0
    y = A.matvec(image.ravel() + np.cos(np.arange(1024.0)) / 50)
    psi = TVMap(A, 0.02 * np.linalg.norm(y))
    guided = worst_case(psi, y, 0.02 * np.linalg.norm(y), budget=40)
    assert guided.method == "gradient"
    assert guided.error > worst_case(psi, y, guided.eps, method="probing", budget=160).error


def test_bad_input_is_named_and_an_exhausted_budget_warns():
    with pytest.raises(ValueError, match="eta must lie in"):
        TVMap(np.eye(2), -1.0)
    A, y, _, _ = pieces(0)
    with pytest.warns(NotConverged, match="tv stopped after"):
        TVMap(A, 0.01, tol=1e-9, max_iter=2)(y)
