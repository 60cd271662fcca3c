"""Random noise of the norm of a worst-case perturbation."""

import numpy as np
import pytest

from kernelstab.maps import LinearMap
from kernelstab.stability import equal_norm_noise, perturbation_of_norm, worst_case


def test_noise_has_the_norm_and_repeats():
    y = np.zeros(6)
    noise = equal_norm_noise(LinearMap(np.eye(6)), y, 0.25, draws=5, rng=3)
    np.testing.assert_allclose(noise.errors, 0.25, rtol=1e-14)
    assert len(set(noise.seeds)) == 5
    again = [np.linalg.norm(perturbation_of_norm(y, 0.25, rng=seed)) for seed in noise.seeds]
    np.testing.assert_array_equal(again, noise.errors)


def test_noise_does_far_less_than_the_worst_case_of_a_spike():
    # one direction of 100 counts: e_1^2 has mean 1/100, so the mean error is near 1/10 of the worst
    psi = LinearMap(np.eye(1, 100))
    noise = equal_norm_noise(psi, np.zeros(100), 1.0, draws=200)
    worst = worst_case(psi, np.zeros(100), 1.0)
    assert worst.error == pytest.approx(1.0)
    assert 0.06 < noise.mean_estimate < 0.1      # E|e_1| is about sqrt(2/pi)/10 = 0.08
    assert noise.mean_estimate < noise.max_lower < 0.5


def test_noise_against_the_truth():
    noise = equal_norm_noise(LinearMap([[2.0]]), np.array([1.0]), 0.5, reference=np.array([2.0]), draws=30)
    assert set(np.round(noise.errors, 12)) == {1.0}
    assert noise.clean_error == 0.0


def test_complex_noise_is_complex():
    e = perturbation_of_norm(np.zeros(4, complex), 2.0, rng=0)
    assert np.linalg.norm(e) == pytest.approx(2.0)
    assert np.abs(e.imag).max() > 0
