"""Searches on linear maps whose worst case is known, and random noise of the norm of a perturbation."""

import numpy as np
import pytest

from kernelstab.maps import LinearMap
from kernelstab.operators import SubsampledFourier, gaussian, masks
from kernelstab.stability import equal_norm_noise, linear_control, worst_case
from kernelstab.stability.controls import PlantedLinear


@pytest.mark.parametrize(("shape", "is_complex"), [((5, 8), False), ((8, 5), False), ((6, 6), True)])
def test_planted_map_has_the_singular_values_it_says(shape, is_complex):
    psi = PlantedLinear(shape, is_complex=is_complex)
    matrix = np.stack([psi(row) for row in np.eye(shape[0], dtype=complex if is_complex else float)], axis=1)
    kept = np.arange(1, min(shape) + 1)
    np.testing.assert_allclose(np.linalg.svd(matrix, compute_uv=False), 1 / np.sqrt(kept), rtol=1e-12)
    u = np.cos(np.arange(shape[1]))
    np.testing.assert_allclose(psi.vjp(np.zeros(shape[0]), u), matrix.conj().T @ u, atol=1e-14)


def test_control_knows_the_worst_case_of_the_pseudo_inverse():
    A = gaussian(10, 20, rng=0)
    control = linear_control(A, eps=0.5)
    smallest = np.linalg.svd(A.matrix, compute_uv=False)[-1]
    assert control.known == pytest.approx(0.5 / smallest, rel=1e-12)
    assert control.map == "pseudo-inverse"
    assert control.trusted
    assert 1 - 1e-3 < control.ratio < 1 + 1e-12


@pytest.mark.parametrize("real", [True, False])
def test_tight_operators_get_the_planted_map(real):
    A = SubsampledFourier(masks.standard(16), real=real)
    control = linear_control(A)
    assert control.map == "planted linear map"
    assert control.trusted


def test_a_search_without_the_means_is_not_trusted():
    # 400 directions and 30 evaluations without gradient: the hidden direction is missed
    A = SubsampledFourier(np.ones((20, 20), dtype=bool), real=True)
    control = linear_control(A, method="probing", budget=30)
    assert not control.trusted
    assert control.ratio < 0.7
    assert "NOT trusted" in repr(control)


def test_noise_has_the_norm_and_repeats():
    y = np.zeros(6)
    noise = equal_norm_noise(LinearMap(np.eye(6)), y, 0.25, draws=5, rng=3)
    np.testing.assert_allclose(noise.errors, 0.25, rtol=1e-14)
    turned = LinearMap(np.diag(np.arange(1.0, 7.0)))
    one, two, other = (equal_norm_noise(turned, y, 0.25, draws=5, rng=seed).errors for seed in (3, 3, 4))
    assert len(set(one)) == 5
    np.testing.assert_array_equal(one, two)
    assert not np.any(one == other)


def test_noise_does_far_less_than_the_worst_case_of_a_spike():
    # one direction of 100 counts: e_1^2 has mean 1/100, so the mean error is near 1/10 of the worst
    psi = LinearMap(np.eye(1, 100))
    noise = equal_norm_noise(psi, np.zeros(100), 1.0, draws=200)
    worst = worst_case(psi, np.zeros(100), 1.0)
    assert worst.error == pytest.approx(1.0)
    assert 0.06 < noise.mean_estimate < 0.1      # E|e_1| is about sqrt(2/pi)/10 = 0.08
    assert noise.mean_estimate < noise.errors.max() < 0.5


def test_noise_against_the_truth():
    noise = equal_norm_noise(LinearMap([[2.0]]), np.array([1.0]), 0.5, reference=np.array([2.0]), draws=30)
    assert set(np.round(noise.errors, 12)) == {1.0}
    assert noise.clean_error == 0.0


def test_complex_noise_is_complex():
    # y -> Im y keeps a part of complex noise, and nothing of real noise
    noise = equal_norm_noise(lambda y: y.imag, np.zeros(4, complex), 2.0)
    assert np.all((noise.errors > 0) & (noise.errors < 2.0))
    assert np.all(equal_norm_noise(np.imag, np.zeros(4), 2.0).errors == 0)
