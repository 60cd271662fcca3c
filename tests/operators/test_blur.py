"""Circular convolution against its sum, and its known singular values."""

import numpy as np
import pytest

from kernelstab.operators import Blur, gaussian_blur


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (4, 5)])
def test_convolution_is_the_sum(size):
    rng = np.random.default_rng(0)
    h, x = rng.standard_normal(size), rng.standard_normal((4, 5))
    expected = np.zeros((4, 5))
    for i in range(4):
        for k in range(5):
            expected[i, k] = sum(h[a, b] * x[(i - a + size[0] // 2) % 4, (k - b + size[1] // 2) % 5]
                                 for a in range(size[0]) for b in range(size[1]))
    np.testing.assert_allclose(Blur(h, (4, 5)) @ x.ravel(), expected.ravel(), atol=1e-13)


def test_a_delta_at_the_centre_is_the_identity():
    x = np.arange(12.0)
    np.testing.assert_allclose(Blur([[0, 0, 0], [0, 1, 0], [0, 0, 0]], (3, 4)) @ x, x, atol=1e-14)


def test_singular_values_are_those_of_the_matrix():
    A = Blur(np.random.default_rng(1).standard_normal((3, 4)), (5, 6))
    np.testing.assert_allclose(A.singular_values, np.linalg.svd(A.to_dense(), compute_uv=False), atol=1e-13)
    assert A.transfer.shape == (5, 6)


def test_norm_bound_is_sharp_both_ways():
    # non-negative weights: the norm is their sum; (1, -1) on 4 points: |1 - e^{i pi}| = 2
    assert 1.0 <= gaussian_blur((8, 8), 1.0).norm_upper < 1 + 1e-13
    assert 2.0 - 1e-15 <= Blur([1.0, -1.0], (4,)).norm_upper < 2 + 1e-13
    # (1, 1, -1) has l1 norm 3 but |1 + 2i sin w| = sqrt 5 at most, reached at w = pi/2 on 4 points
    assert np.sqrt(5) <= Blur([1.0, 1.0, -1.0], (4,)).norm_upper < np.sqrt(5) + 1e-13


def test_gaussian_weights():
    A = gaussian_blur((32, 32), 1.5)
    assert A.kernel.shape == (13, 13)
    np.testing.assert_allclose(A.kernel.sum(), 1.0)
    np.testing.assert_allclose(A.kernel[6, 7] / A.kernel[6, 6], np.exp(-1 / 4.5))
    assert gaussian_blur((6, 6), 5.0).kernel.shape == (5, 5)          # as far as the image allows


def test_spec_and_bad_input():
    A = Blur([[1, 2]], (3, 3))
    assert A.spec()["kind"] == "blur2d"
    assert A.spec()["shape"] == (3, 3)
    np.testing.assert_array_equal(A.spec()["kernel"], [[1.0, 2.0]])
    for call, message in [
        (lambda: Blur(np.zeros((2, 2)), (4, 4)), "kernel must not be zero, got rank 0"),
        (lambda: Blur(np.ones((5, 5)), (4, 4)), r"kernel must fit into the image \(4, 4\), got shape \(5"),
        (lambda: Blur([1.0], (4, 4)), "kernel must have 2"),
        (lambda: Blur([[1j]], (4, 4)), "kernel must be real"),
        (lambda: gaussian_blur((4, 4), 0.0), "sigma must lie in"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
