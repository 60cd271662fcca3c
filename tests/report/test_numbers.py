"""Numbers for programs and for people."""

import json
from fractions import Fraction

import numpy as np
import pytest

from kernelstab.report.numbers import (
    at_least,
    at_most,
    enclosed,
    estimate,
    found,
    percent,
    readable,
    series,
    span,
)


def test_kinds():
    assert estimate(2, "dB").kind == "estimate"
    assert found(2).kind == "lower"       # the supremum is at least what a search has found
    assert not found(2).rigorous


def test_series_is_json_even_with_infinities():
    record = json.loads(json.dumps(series(np.array([1.0, np.inf, np.nan]), unit="dB"), allow_nan=False))
    assert record == {"values": [1.0, "inf", "nan"], "kind": "estimate", "unit": "dB", "rigorous": False}


@pytest.mark.parametrize(("value", "text"), [
    (1.0, "1.00"), (0.1234, "0.123"), (99.96, "100"), (999.6, "1000"), (-0.5, "−0.500"), (123456.0, "123000"),
    (1e-9, "1 × 10⁻⁹"), (-2.34e7, "−2.34 × 10⁷"), (float("-inf"), "−∞"), (float("nan"), "not a number"),
])
def test_readable(value, text):
    assert readable(value) == text.replace(" × ", "\u00a0×\u00a0")


@pytest.mark.parametrize("value", [5.99666, 0.1, 1e-17, 123456.7, -2.0001, 3.0])
def test_bounds_are_rounded_to_the_safe_side(value):
    def number(text):
        mantissa, _, power = text[2:].replace("−", "-").partition("\u00a0×\u00a010")
        raised = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        return Fraction(mantissa) * Fraction(10) ** int(raised or 0)

    low, high = number(at_least(value)), number(at_most(value))
    assert low <= Fraction(value) <= high
    assert high - low <= abs(Fraction(value)) / 50


def test_percent_does_not_round_a_small_share_to_nothing():
    assert percent(0.000123) == "0.012\u00a0%"


@pytest.mark.parametrize(("value", "radius"), [
    (3.229679986551675, 4e-16), (0.1, 0.0), (-5e-12, 3e-13), (0.0, 0.1),
    (4.8e12, 1e-3), (2.0, 5.0)])
def test_what_is_written_of_an_enclosure_contains_it(value, radius):
    text, error = enclosed(value, radius)
    mantissa, _, power = text.replace("\u2212", "-").partition("\u00a0×\u00a010")
    power = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if power else 0
    written = Fraction(mantissa) * Fraction(10) ** power
    assert abs(written - Fraction(value)) + Fraction(radius) <= Fraction(error)
    assert error <= 11 * radius + 1e-7 * abs(value)


def test_span():
    assert span(0.1, 0.1) == "10\u00a0%"
    assert span(0.1, 0.25) == "10\u00a0% to 25\u00a0%"
