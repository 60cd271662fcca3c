"""States of integers, where nothing is lost without being counted, and correlation by big integers."""

import random
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.fixed_point import (
    State,
    correlate,
    cut,
    from_vector,
    midpoint,
    shifted,
    to_vector,
)
from kernelstab.certify.program.vectors import Vector
from kernelstab.maps.network import convolve

RNG = np.random.default_rng(0)


def test_cutting_balls_counts_what_is_cut():
    values = RNG.standard_normal(50)
    state = from_vector(Vector(arb_mat(50, 1, values.tolist())), (50,), 20)
    error = [Fraction(v) - Fraction(n, 2**20) for v, n in zip(values.tolist(), state.integers)]
    assert all(0 <= e < Fraction(1, 2**20) for e in error)
    square = sum(e * e for e in error)
    assert 0 < square <= ends(state.radius)[0] ** 2 <= Fraction(50, 2**40) * Fraction(10001, 10000)


def test_enough_bits_lose_nothing():
    values = RNG.standard_normal(9)
    with ctx.workprec(20):                       # the midpoints are longer than the precision
        state = from_vector(Vector(arb_mat(9, 1, values.tolist())), (9,), 80)
        assert state.radius == 0
        for v, ball in zip(values.tolist(), to_vector(state).real.entries()):
            assert ends(ball) == (Fraction(v), Fraction(v))


def test_radii_of_balls_enter_by_their_norm():
    ball = arb(1, 0.5)
    state = from_vector(Vector(arb_mat(4, 1, [ball] * 4)), (4,), 8)
    assert 1 <= float(state.radius) < 1.0001     # sqrt(4) / 2
    low, high = ends(to_vector(state).real[0, 0])
    assert low <= 0 <= 2 <= high
    assert ends(midpoint(state).real[0, 0]) == (1, 1)


def test_dropping_bits():
    exact = shifted((2,), [8, -16], 5, 3, arb(0))
    assert exact == State((2,), [1, -2], 5, arb(0))
    inexact = shifted((2,), [9, -15], 5, 3, arb(0))
    assert inexact.integers == [1, -2]           # rounded down
    assert 2**0.5 / 32 <= float(inexact.radius) < 2**0.5 / 32 * 1.0001
    assert float(shifted((1,), [8], 5, 3, arb(1)).radius) >= 1 + 1 / 32


def test_cuts_are_bounded_from_above():
    for count in (0, 1, 2, 3, 10, 4096):
        assert ends(cut(count, 7))[0] ** 2 >= Fraction(count, 2**14)


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
