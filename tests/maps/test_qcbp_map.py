import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.maps import QCBPMap, as_map, has_gradient
from kernelstab.operators import DenseOperator, SubsampledFourier, gaussian, masks
from kernelstab.solvers import wavelet_qcbp
from kernelstab.stability import worst_case


def sparse_problem(seed, turn=1.0, m=12, n=20):
    """A matrix, data of a 3-sparse signal with noise, and two directions."""
    rng = np.random.default_rng(seed)
    A = DenseOperator(rng.standard_normal((m, n)) + (turn - 1) * rng.standard_normal((m, n)))
    x = np.zeros(n, dtype=type(turn))
    x[:3] = [2.0, -1.5, turn]
    y = A.matvec(x) + 0.02 * (rng.standard_normal(m) + (turn - 1) * rng.standard_normal(m))
    return A, y, turn * rng.standard_normal(n), rng.standard_normal(m) + (turn - 1) * rng.standard_normal(m)


def defect(psi, y, u, e, step=1e-5):
    """Relative difference between Re<J* u, e> and the central difference of Re<u, psi> along e."""
    difference = np.vdot(u, psi(y + step * e) - psi(y - step * e)).real / (2 * step)
    return abs(np.vdot(psi.vjp(y, u), e).real - difference) / abs(difference)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("turn", [1.0, 1j])
def test_gradient_with_noise_level_agrees_with_finite_differences(seed, turn):
    A, y, u, e = sparse_problem(seed, turn)
    psi = QCBPMap(A, 0.1, None, tol=1e-11)
    assert 0 < np.sum(np.abs(psi(y)) > 1e-6) < 12
    assert defect(psi, y, u, e) < 1e-5


@pytest.mark.parametrize("seed", range(3))
def test_gradient_without_noise_level_agrees_with_finite_differences(seed):
    A, y, u, e = sparse_problem(seed)
    assert defect(QCBPMap(A, 0.0, None, tol=1e-11), y, u, e) < 1e-5


def test_gradient_through_wavelets_agrees_with_finite_differences():
    rng = np.random.default_rng(1)
    A = SubsampledFourier(masks.symmetrise(rng.random((8, 8)) < 0.4), real=True)
    image = np.zeros((8, 8))
    image[2:6, 2:6] = 1.0
    y = A.matvec(image.ravel()) + 0.05 * rng.standard_normal(A.shape[0])
    psi = QCBPMap(A, 0.3, "haar", level=1, tol=1e-12)
    assert defect(psi, y, rng.standard_normal(64), rng.standard_normal(A.shape[0])) < 1e-5


def test_one_equation_by_hand():
    # |x1 + 2 x2 - y| <= 1 with y = 4: x = (0, 3/2), and x2 = (y - 1)/2 moves with slope 1/2
    psi = QCBPMap([[1.0, 2.0]], 1.0, None, tol=1e-12)
    np.testing.assert_allclose(psi(np.array([4.0])), [0.0, 1.5], atol=1e-9)
    np.testing.assert_allclose(psi.vjp(np.array([4.0]), np.array([7.0, 3.0])), [1.5], rtol=1e-9)


def test_identity_with_equal_entries_by_hand():
    # |x - y| <= sqrt 2 with y = (3, 3): x = (2, 2) = y - mu s, mu = 1. Along (1, 1) x moves with y.
    # Along (1, -1) both the data and the direction s of the shift stay, so x moves with y there too:
    # x = y - eta s/|s| as long as the signs do not change. Hence J = I.
    psi = QCBPMap(np.eye(2), np.sqrt(2.0), None, tol=1e-12)
    y = np.array([3.0, 3.0])
    np.testing.assert_allclose(psi(y), [2.0, 2.0], atol=1e-9)
    np.testing.assert_allclose(psi.vjp(y, np.array([1.0, 0.0])), [1.0, 0.0], atol=1e-9)


def test_small_data_give_zero_and_no_slope():
    psi = QCBPMap([[1.0, 2.0]], 5.0, None)
    np.testing.assert_array_equal(psi(np.array([4.0])), [0.0, 0.0])
    np.testing.assert_array_equal(psi.vjp(np.array([4.0]), np.ones(2)), [0.0])


def test_is_the_wavelet_solver():
    A = SubsampledFourier(masks.standard(16), real=True)
    y = A.matvec(np.cos(np.arange(256.0) / 9))
    psi = as_map(QCBPMap(A, 0.1), A)
    np.testing.assert_array_equal(psi(y), wavelet_qcbp(A, y, 0.1).image.ravel())
    assert psi.name == "QCBP coif2"
    assert psi.spec() is None


def test_complex_data_without_noise_level_have_no_gradient():
    A = sparse_problem(0, 1j)[0]
    assert not has_gradient(QCBPMap(A, 0.0, None))
    assert has_gradient(QCBPMap(A, 0.1, None))


def test_worst_case_search_follows_the_gradient():
    A, y, _, _ = sparse_problem(5)
    psi = QCBPMap(A, 0.1, None, tol=1e-8)
    guided = worst_case(psi, y, 0.05, budget=60)
    blind = worst_case(psi, y, 0.05, method="probing", budget=60)
    assert guided.method == "gradient"
    assert guided.error >= 0.99 * blind.error


@pytest.mark.parametrize(("options", "message"), [
    ({"eta": -1.0}, "eta must lie in"),
    ({"wavelet": "no-wavelet"}, "wavelet must be a discrete wavelet"),
    ({"tol": -1.0}, "tol must lie in"),
])
def test_bad_input_is_named(options, message):
    options = {"A": gaussian(8, 16, image_shape=(4, 4), rng=0), "eta": 0.1} | options
    with pytest.raises(ValueError, match=message):
        QCBPMap(**options)


def test_an_exhausted_budget_warns():
    A, y, _, _ = sparse_problem(0)
    with pytest.warns(NotConverged, match="qcbp stopped after"):
        QCBPMap(A, 0.01, None, max_iter=3)(y)
