"""Outward rounding of balls to floats and decimals."""

from fractions import Fraction
from math import inf, isnan, nextafter

import numpy as np
import pytest
from flint import arb, ctx, fmpq

from kernelstab.certify.enclosure import (
    Decision,
    Evaluation,
    around,
    between,
    decide,
    decimal_above,
    decimal_below,
    decimals,
    enclosure,
    ends,
    fraction,
    round_down,
    round_up,
)

RNG = np.random.default_rng(0)
NUMBERS = [Fraction(int(n), int(d)) * Fraction(10) ** int(k) for n, d, k in
           zip(RNG.integers(-10**6, 10**6, 200), RNG.integers(1, 10**6, 200), RNG.integers(-30, 30, 200))]


def test_floats_around_a_fraction_are_neighbours():
    for number in NUMBERS:
        low, high = round_down(number), round_up(number)
        assert Fraction(low) <= number <= Fraction(high)
        assert high in (low, nextafter(low, inf))


def test_a_third_is_rounded_both_ways():
    # float(1/3) is below one third
    assert round_down(Fraction(1, 3)) == 1 / 3
    assert round_up(Fraction(1, 3)) == nextafter(1 / 3, 1)
    assert round_down(Fraction(-1, 3)) == -nextafter(1 / 3, 1)
    assert round_down(Fraction(1, 4)) == round_up(Fraction(1, 4)) == 0.25


def test_the_ends_of_the_float_range():
    huge, tiny = Fraction(10) ** 400, Fraction(1, 10**400)
    assert (round_down(huge), round_up(huge)) == (1.7976931348623157e308, inf)
    assert (round_down(tiny), round_up(tiny)) == (0.0, 5e-324)
    assert isnan(between(-huge, huge).value)


@pytest.mark.parametrize("precision", [32, 53, 300])
def test_balls_lie_inside_their_floats_at_every_precision(precision):
    with ctx.workprec(precision):
        for number in NUMBERS:
            ball = arb(fmpq(number.numerator, number.denominator))
            found = enclosure(ball, "mm")
            assert Fraction(found.lower) <= number <= Fraction(found.upper)
            assert Fraction(found.lower) <= ends(ball)[0]
            assert ends(ball)[1] <= Fraction(found.upper)
            assert Fraction(found.value) - Fraction(found.radius) <= Fraction(found.lower)
            assert Fraction(found.value) + Fraction(found.radius) >= Fraction(found.upper)
            assert found.unit == "mm"


def test_reading_a_ball_does_not_depend_on_the_working_precision():
    with ctx.workprec(300):
        ball = arb(2).sqrt()
    wanted = ends(ball)
    with ctx.workprec(20):       # here ball.lower() would be rounded to 20 bits
        assert ends(ball) == wanted
    assert wanted[1] - wanted[0] < Fraction(1, 2**290)
    assert wanted[0] ** 2 < 2 < wanted[1] ** 2


def test_exact_numbers_are_fractions():
    assert fraction(arb(fmpq(3, 8))) == Fraction(3, 8)
    assert fraction(arb(-12)) == -12


def test_a_ball_without_bounds():
    found = enclosure(arb.nan())
    assert isnan(found.value)
    assert (found.lower, found.upper) == (-inf, inf)
    assert ends(arb(1) / arb(0)) is None
    assert decimals(ends(arb.nan())) is None
    assert isnan(around(float("nan"), 1.0).value)


@pytest.mark.parametrize("digits", [3, 17])
def test_decimals_are_outside_and_close(digits):
    for number in NUMBERS:
        low, high = Fraction(decimal_below(number, digits)), Fraction(decimal_above(number, digits))
        assert low <= number <= high
        assert high - low <= 4 * abs(number) / 10 ** (digits - 1)


def test_numbers_with_few_digits_are_written_as_they_are():
    assert decimals(ends(arb(0))) == ["0", "0"]
    assert decimals(ends(arb(-1.25))) == ["-1.25e0", "-1.25e0"]


def test_other_numbers_get_a_unit_of_room():
    assert decimal_below(Fraction(1, 3), 4) == "3.332e-1"
    assert decimal_above(Fraction(1, 3), 4) == "3.335e-1"
    assert decimal_below(Fraction(-1, 3), 4) == "-3.335e-1"


@pytest.mark.parametrize(("relation", "lower", "upper", "outcome"), [
    (">=", 0, 0, "true"), (">=", 1, 2, "true"), (">=", -1, 0, "unknown"), (">=", -2, -1, "false"),
    (">", 0, 0, "false"), (">", 0, 1, "unknown"), (">", 1, 2, "true"), (">", -1, 0, "false"),
    (">", -1, 1, "unknown"), (">=", None, None, "unknown"),
])
def test_a_claim_is_true_only_if_the_whole_enclosure_says_so(relation, lower, upper, outcome):
    assert decide(relation, lower, upper) == outcome


def test_only_balls_are_rigorous():
    claim = Decision("conclusion", "C1", "1 > 0", "true", 1.0, 0.0, 1.0, 1.0)
    assert Evaluation("ball", 128, "ideal", True, (claim,)).rigorous
    assert not Evaluation("float", 53, "recorded", False, (claim,)).rigorous
    assert repr(claim) == "<C1 true: 1 > 0, margin 1>"
    assert "C1 true" in repr(Evaluation("ball", 128, "ideal", True, (claim,)))
