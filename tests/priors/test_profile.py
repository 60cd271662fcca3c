"""The kernel profile of a data set."""

import numpy as np
import pytest

from kernelstab.priors import finite_kernel_size, kernel_profile


def test_by_hand():
    # measurements 0, 1, 3 and heights 0, 5, 0: pairs (measured, true): (1, sqrt 26), (2, sqrt 29), (3, 3)
    profile = kernel_profile([[1.0, 0.0]], [[0.0, 0.0], [1.0, 5.0], [3.0, 0.0]])
    np.testing.assert_allclose(profile.deltas, [1.0, 2.0])
    np.testing.assert_allclose(profile.sizes, np.sqrt([26.0, 29.0]))
    np.testing.assert_array_equal(profile.pairs, [[0, 1], [1, 2]])
    np.testing.assert_allclose(profile([0.5, 1.0, 1.9, 2.0, 9.0]), np.sqrt([0, 26, 26, 29, 29]))
    # error 2.6 leaves sqrt(29) - 5.2 at distance 2; the first pair is explained
    np.testing.assert_allclose(profile.lipschitz_lower(2.6), (np.sqrt(29) - 5.2) / 2)
    assert profile.lipschitz_lower(3.0) == 0.0
    assert repr(profile) == "<KernelProfile 2 steps, up to 5.38516>"


def test_equal_measurements_force_an_infinite_slope():
    profile = kernel_profile([[1.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]])
    assert profile.lipschitz_lower(0.9) == np.inf
    assert profile.lipschitz_lower(1.0) == 0.0


def test_it_is_the_kernel_size_at_every_noise_level():
    # more signals than one block holds
    rng = np.random.default_rng(0)
    A, X = rng.standard_normal((3, 5)), rng.standard_normal((600, 5))
    profile = kernel_profile(A, X)
    assert (np.diff(profile.deltas) > 0).all()
    assert (np.diff(profile.sizes) > 0).all()
    for eps in (0.01, 0.1, 0.4, 1.5, 10.0):
        size = finite_kernel_size(A, X, eps, max_balls=0)
        np.testing.assert_allclose(profile(2 * eps), size.upper, rtol=1e-12)
    for delta, size, (i, j) in zip(profile.deltas, profile.sizes, profile.pairs):
        np.testing.assert_allclose((np.linalg.norm(A @ (X[i] - X[j])), np.linalg.norm(X[i] - X[j])),
                                   (delta, size), rtol=1e-10)


def test_one_signal_and_bad_input():
    assert kernel_profile(np.eye(2), [[1.0, 2.0]])(3.0) == 0.0
    with pytest.raises(ValueError, match="signals must have 2 columns"):
        kernel_profile(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="error must lie in"):
        kernel_profile(np.eye(2), np.eye(2)).lipschitz_lower(-1.0)
