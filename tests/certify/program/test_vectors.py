"""Vectors of balls against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from kernelstab.certify.arrays import Array, ComplexArray
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.vectors import Vector, magnitude, root

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(200):
        yield


def vector(values):
    values = np.asarray(values)
    real = Array((len(values),), tuple(values.real.tolist()))
    if not np.iscomplexobj(values):
        return Vector.from_array(real)
    return Vector.from_array(ComplexArray(real, Array(real.shape, tuple(values.imag.tolist()))))


def exactly(ball):
    low, high = ends(ball)
    assert low == high
    return low


def test_sums_products_and_inner_products_are_exact():
    u, v = RNG.standard_normal((2, 5))
    a, b = [[Fraction(t) for t in w.tolist()] for w in (u, v)]
    x, y = vector(u), vector(v)
    assert [exactly(e) for e in (x + y).real.entries()] == [s + t for s, t in zip(a, b)]
    assert [exactly(e) for e in (x - y).real.entries()] == [s - t for s, t in zip(a, b)]
    assert [exactly(e) for e in x.scaled(arb(0.75)).real.entries()] == [Fraction(3, 4) * s for s in a]
    assert exactly(x.inner(y)) == sum(s * t for s, t in zip(a, b))


def test_the_norm_encloses_the_root():
    u = RNG.standard_normal(7)
    low, high = ends(vector(u).norm())
    square = sum(Fraction(t) ** 2 for t in u.tolist())
    assert low**2 <= square <= high**2
    assert high - low < Fraction(1, 2**190)


def test_complex_vectors_use_real_inner_products():
    u, v = vector([1 + 2j, 3 - 1j]), vector([2 - 1j, 1 + 1j])
    # Re(conj(1+2i)(2-i) + conj(3-i)(1+i)) = Re((1-2i)(2-i)) + Re((3+i)(1+i)) = 0 + 2
    assert exactly(u.inner(v)) == 2
    assert exactly(u.inner(u)) == 15
    assert exactly(u.inner(vector([1.0, 1.0]))) == 4
    assert (u + vector([1.0, 0.0])).imag.entries() == u.imag.entries()
    assert [exactly(e) for e in (vector([1.0, 0.0]) - u).imag.entries()] == [-2, 1]


def test_exactness_is_that_of_every_entry():
    assert vector([0.1, 0.2]).exact
    assert not Vector(arb_mat(2, 1, [1, arb(1) / 3])).exact
    assert not Vector(arb_mat(1, 1, [1]), arb_mat(1, 1, [arb(0, 0.1)])).exact


def test_roots_of_balls_that_reach_below_zero():
    ball = root(arb(0, 0.25))
    assert ball.contains(arb(0))
    assert ball.contains(arb(0.5))
    assert ends(ball)[1] < Fraction(51, 100)
    assert exactly(root(arb(9))) == 3
    assert root(arb.nan()).is_nan()
    zero = Vector(arb_mat(2, 1, [0, 0]))
    assert exactly(zero.norm()) == 0


def test_magnitude_covers_both_ends():
    assert ends(magnitude(arb(-1, 0.5)))[0] >= Fraction(3, 2)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="lengths 2 and 3"):
        vector([1.0, 2.0]) + vector([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="lengths 2 and 1"):
        vector([1.0, 2.0]).inner(vector([1.0]))
    with pytest.raises(ValueError, match="one dimension"):
        Vector.from_array(Array((1, 2), (1.0, 2.0)))
