"""Correlation by big integers against plain loops."""

import random

import numpy as np
import pytest

from kernelstab.certify.program.correlation import correlate
from kernelstab.maps.layers import convolve


def naive(weights, shape, images, n1, n2):
    out, channels, side, _ = shape
    w = np.array(weights, dtype=object).reshape(shape)
    h = np.zeros((channels, n1 + side - 1, n2 + side - 1), dtype=object)
    half = side // 2
    h[:, half:half + n1, half:half + n2] = np.array(images, dtype=object).reshape(channels, n1, n2)
    return [int((w[o] * h[:, r:r + side, c:c + side]).sum())
            for o in range(out) for r in range(n1) for c in range(n2)]


@pytest.mark.parametrize(("shape", "n1", "n2"), [
    ((1, 1, 1, 1), 1, 1), ((2, 3, 3, 3), 4, 5), ((3, 2, 5, 5), 3, 2), ((1, 2, 7, 7), 2, 1),
    ((2, 1, 3, 3), 1, 6),
])
@pytest.mark.parametrize(("small", "large"), [(3, 3), (40, 8), (20, 200)])
def test_signed_integers_of_many_sizes(shape, n1, n2, small, large):
    random.seed(1)
    weights = [random.randint(-(2**small), 2**small) for _ in range(int(np.prod(shape)))]
    images = [random.randint(-(2**large), 2**large) for _ in range(shape[1] * n1 * n2)]
    assert correlate(weights, shape, images, n1, n2) == naive(weights, shape, images, n1, n2)


def test_the_largest_sums_fit_into_their_fields():
    # all products of one sign: a field one bit too narrow would spill into its neighbour
    shape, n = (1, 4, 3, 3), 4
    for sign in (1, -1):
        weights, images = [sign * 7] * 36, [7] * 64
        assert correlate(weights, shape, images, n, n) == naive(weights, shape, images, n, n)


def test_zeros():
    assert correlate([0] * 9, (1, 1, 3, 3), [5, -5], 1, 2) == [0, 0]
    assert correlate([1] * 9, (1, 1, 3, 3), [0, 0], 1, 2) == [0, 0]


def test_the_convention_is_that_of_the_maps_room():
    rng = np.random.default_rng(0)
    weight, h = rng.integers(-9, 9, (3, 2, 3, 3)), rng.integers(-9, 9, (2, 5, 4))
    found = correlate(weight.ravel().tolist(), weight.shape, h.ravel().tolist(), 5, 4)
    np.testing.assert_array_equal(found, convolve(h.astype(float), weight.astype(float)).ravel())
