"""References by hand, their proofs, and every dimension and arithmetic."""

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._errors import NotConverged
from kernelstab.operators import SubsampledFourier, WaveletSynthesis, gaussian, masks
from kernelstab.solvers import (
    reference_analysis,
    reference_lasso,
    reference_qcbp,
    reference_tv,
    reference_tv_wavelet,
)


def test_soft_thresholding():
    s = reference_lasso(np.eye(2), [3 + 4j, 0.5], 1.0)
    np.testing.assert_allclose(s.x, [0.8 * (3 + 4j), 0.0], atol=1e-6)
    assert s.converged
    assert s.gap >= 0


def test_phases_survive_the_real_embedding():
    # x1 + 2i x2 = 2i: the larger coefficient alone, x2 = 1; dual h with |h|, |2h| <= 1 and phase i
    s = reference_qcbp(np.array([[1.0, 2j]]), [2j])
    np.testing.assert_allclose(s.x, [0.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(s.dual, [0.5j], atol=1e-6)
    assert "CLARABEL" in s.method


@pytest.mark.parametrize("unit", [1.0, 1j])
def test_the_dual_proves_the_value(unit):
    A, y = unit * np.random.default_rng(0).standard_normal((5, 9)), np.cos(np.arange(5.0)) * (1 + unit)
    for eta in (0.0, 0.3):
        s = reference_qcbp(A, y, eta)
        assert s.converged
        assert np.abs(A.conj().T @ s.dual).max() <= 1 + 1e-12
        assert s.residual <= eta + 1e-7


def test_operators_are_made_dense():
    A = SubsampledFourier(np.array([[True, True, False, True]]), real=True)
    s = reference_qcbp(A, A.matvec(np.array([0.0, 1.0, 0.0, 0.0])))
    np.testing.assert_allclose(s.x, [0, 1, 0, 0], atol=1e-6)
    assert reference_lasso(aslinearoperator(np.eye(2)), [3.0, 0.5], 1.0).x[0] == pytest.approx(2.0, abs=1e-6)


def test_an_answer_short_of_the_tolerance_is_said():
    A, y = np.random.default_rng(0).standard_normal((5, 9)), np.ones(5)
    with pytest.warns(NotConverged, match="CLARABEL ended at relative gap"):
        assert not reference_qcbp(A, y, 0.3, tol=0).converged
    with pytest.warns(NotConverged, match="CLARABEL ended at relative gap"):
        assert not reference_lasso(A, y, 0.3, tol=0).converged


def test_an_impossible_constraint_is_named():
    with pytest.raises(ValueError, match=r"eta must allow a solution, got 0\.5"):
        reference_qcbp(np.array([[1.0], [0.0]]), [1.0, 1.0], 0.5)


def test_two_pixels_of_least_variation():
    # 1/2 (x0^2 + (x1 - 1)^2) + lam 2 |x1 - x0|: both move by 2 lam; h = y - x, and p0 - p1 differ by it
    s = reference_tv(np.eye(2), [0.0, 1.0], lam=0.1)
    np.testing.assert_allclose(s.x, [0.2, 0.8], atol=1e-6)
    np.testing.assert_allclose(s.dual, [-0.2, 0.2], atol=1e-6)
    np.testing.assert_allclose(s.field, [[0.1, -0.1]], atol=1e-6)
    assert s.objective == pytest.approx(0.16, rel=1e-6)
    assert s.converged


def test_one_bright_pixel_isotropic_and_not():
    # [[1, 0], [0, 0]] on the torus: along each axis 1 differs from the next and from the one before, which
    # are the same pixel. Pixel (0, 0) sees (-1, -1), its two neighbours (1, 0) and (0, 1): 2 + sqrt 2; or 4
    y = [1.0, 0.0, 0.0, 0.0]
    for isotropic, value in [(True, 2 + np.sqrt(2)), (False, 4.0)]:
        s = reference_tv(np.eye(4), y, 0.0, shape=(2, 2), isotropic=isotropic)
        assert s.objective == pytest.approx(value, rel=1e-8)
        assert s.image.shape == (2, 2)
        assert s.field.shape == (2, 2, 2)


def test_a_complex_step_is_measured_by_its_modulus():
    # 0 and 3 + 4i: the circle of two has two steps of modulus 5
    s = reference_tv(np.eye(2), [0.0, 3 + 4j], 0.0)
    assert s.objective == pytest.approx(10.0, rel=1e-8)
    assert s.dual_objective == pytest.approx(10.0, rel=1e-6)


@pytest.mark.parametrize("isotropic", [True, False])
@pytest.mark.parametrize("unit", [1.0, 1j])
@pytest.mark.parametrize("shape", [(7,), (4, 3), (2, 3, 3)])
@pytest.mark.parametrize("level", [{"eta": 0.3}, {"eta": 0.0}, {"lam": 0.2}])
def test_the_field_proves_the_value(shape, unit, isotropic, level):
    count = int(np.prod(shape))
    A = np.random.default_rng(0).standard_normal((count // 2, count))
    y = A @ np.cos(np.arange(count)) * (1 + unit)
    s = reference_tv(A, y, **level, shape=shape, isotropic=isotropic, tol=1e-5)
    assert s.converged
    p, price = s.field, level.get("lam", 1.0)
    size = np.linalg.norm(p, axis=0) if isotropic else np.abs(p)
    assert size.max() <= price * (1 + 1e-12)
    pulled = sum(np.roll(part, 1, axis) - part for axis, part in enumerate(p))
    np.testing.assert_allclose(pulled.ravel(), A.T @ s.dual, atol=1e-9)


def test_weighted_coordinates_by_hand():
    # x1 + x2 = 2 with prices 1 and 3: the first entry carries all; h with |h| <= 1, |h| <= 3 is 1
    s = reference_analysis(np.array([[1.0, 1.0]]), [2.0], np.eye(2), 0.0, weights=[1.0, 3.0])
    np.testing.assert_allclose(s.x, [2.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(s.dual, [1.0], atol=1e-6)
    assert s.objective == pytest.approx(2.0)


@pytest.mark.parametrize("unit", [1.0, 1j])
def test_a_basis_shrinks_its_coefficients(unit):
    W = WaveletSynthesis((4, 4), "haar", level=1)
    y = np.cos(np.arange(16.0) ** 2) * (1 + unit)
    s = reference_analysis(np.eye(16), y, [W.H], lam=0.3)
    c = W.H @ y
    np.testing.assert_allclose(W.H @ s.x, c * np.maximum(1 - 0.3 / np.abs(c), 0), atol=1e-5)
    assert s.converged


def test_a_complex_analysis_measures_moduli():
    # W = (1, i; i, 1)/sqrt 2 is unitary: y = W* c with c = (3, 4i) keeps the modulus less 1, the phase stays
    W = np.array([[1.0, 1j], [1j, 1.0]]) / np.sqrt(2)
    s = reference_analysis(np.eye(2), W.conj().T @ [3.0, 4j], W, lam=1.0)
    np.testing.assert_allclose(W @ s.x, [2.0, 3j], atol=1e-6)
    # real data do not make the signal real: with 2 (1, 0) both coefficients have modulus sqrt 2 and lose 1
    s = reference_analysis(np.eye(2), [2.0, 0.0], W, lam=1.0)
    np.testing.assert_allclose(W @ s.x, (np.sqrt(2) - 1) * np.array([1.0, 1j]), atol=1e-6)


def test_total_variation_with_wavelets_has_both_limits():
    # little variation: nearly the basis alone; the constant image costs nothing but its one coefficient
    A = gaussian(9, 16, image_shape=(4, 4), rng=0)
    y = A.matvec(np.ones(16))
    s = reference_tv_wavelet(A, y, 0.0, wavelet="haar", level=2)
    assert s.objective == pytest.approx(4.0, rel=1e-6)          # ||ones|| = 4 and no variation
    assert s.image.shape == (4, 4)
    few = reference_tv_wavelet(A, y, 0.1, tv_weight=1e-6, wavelet="haar", level=2, isotropic=False)
    alone = reference_analysis(A, y, WaveletSynthesis((4, 4), "haar", level=2).H, 0.1)
    assert few.objective == pytest.approx(alone.objective, rel=1e-4)


def test_operators_of_images_are_made_dense():
    A = SubsampledFourier(masks.symmetrise(np.eye(4, dtype=bool)[:, ::-1] | np.eye(4, dtype=bool)), real=True)
    y = A.matvec(np.repeat([0.0, 1.0], 8))
    s = reference_tv(A, y, 0.1)
    assert s.converged
    assert s.residual <= 0.1 + 1e-7
    assert s.method == "tv qcbp by cvxpy, CLARABEL"


def test_faults_are_named():
    A = np.array([[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match=r"eta must allow a solution, got 0\.5"):
        reference_tv(A, [1.0, 1.0], 0.5)
    with pytest.raises(ValueError, match="exactly one of eta and lam must be given"):
        reference_tv(A, [1.0, 1.0])
    with pytest.raises(ValueError, match=r"shape must hold the 2 columns of A, got \(3,\)"):
        reference_tv(A, [1.0, 1.0], 2.0, shape=(3,))
    with pytest.raises(ValueError, match="weights must be positive, got 0"):
        reference_analysis(A, [1.0, 1.0], np.eye(2), 2.0, weights=[1.0, 0.0])
    with pytest.raises(ValueError, match="W must be injective"):
        reference_analysis(A, [1.0, 1.0], np.array([[1.0, -1.0]]), 2.0)
    with pytest.warns(NotConverged, match="tv lasso by cvxpy, CLARABEL ended at relative gap"):
        reference_tv(np.random.default_rng(0).standard_normal((3, 6)), np.ones(3), lam=0.1, tol=0.0)
