"""Numbers for programs and for people."""

import json

import numpy as np
import pytest

from kernelstab.report.numbers import estimate, found, percent, readable, series


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


def test_percent_does_not_round_a_small_share_to_nothing():
    assert percent(0.000123) == "0.012\u00a0%"
