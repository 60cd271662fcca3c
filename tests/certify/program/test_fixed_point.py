"""States of integers: nothing is lost without being counted in the radius."""

from fractions import Fraction

import numpy as np
from flint import arb, arb_mat, ctx

from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.fixed_point import State, cut, from_vector, midpoint, shifted, to_vector
from kernelstab.certify.program.vectors import Vector

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
