"""Numbers as they stand in ``report.json`` and as they are read in ``report.html``."""

import math

import numpy as np

from kernelstab.quantity import Quantity

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def estimate(value, unit: str = "") -> Quantity:
    """Return a number computed in floating point, without guarantee."""
    return Quantity(float(value), "estimate", unit)


def found(value, unit: str = "") -> Quantity:
    """Return the best value of a search: a lower bound of the supremum it searched for."""
    return Quantity(float(value), "lower", unit)


def series(values, kind: str = "estimate", unit: str = "") -> dict:
    """Return an array of numbers of one kind and unit as JSON.

    >>> series(np.array([1.0, float("inf")]), unit="dB")
    {'values': [1.0, 'inf'], 'kind': 'estimate', 'unit': 'dB', 'rigorous': False}
    """
    return {"values": [plain(v) for v in np.asarray(values).ravel().tolist()], "kind": kind, "unit": unit,
            "rigorous": False}


def plain(value):
    """Return a number that JSON can hold: infinities and NaN as text."""
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def readable(value: float, digits: int = 3) -> str:
    r"""Write a number for people: fixed where that is short, else as a power of ten.

    >>> readable(0.012345), readable(1234.5), readable(2.5e-9), readable(0.0), readable(float("inf"))
    ('0.0123', '1230', '2.5\xa0×\xa010⁻⁹', '0', '∞')
    """
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "not a number"
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    exponent = int(power)
    if -3 <= exponent <= 5:
        text = f"{round(value, digits - 1 - exponent):.{max(0, digits - 1 - exponent)}f}"
        return text.replace("-", "−")
    mantissa = mantissa.rstrip("0").rstrip(".").replace("-", "−")
    return f"{mantissa}\u00a0×\u00a010{str(exponent).translate(_RAISED)}"


def percent(fraction: float, digits: int = 2) -> str:
    r"""Write a fraction as a percentage; what rounding leaves of zero is zero.

    >>> percent(0.1234), percent(1.0), percent(0.00123), percent(-3e-14)
    ('12\xa0%', '100\xa0%', '0.12\xa0%', '0\xa0%')
    """
    return f"{readable(100 * float(fraction) if abs(fraction) > 1e-9 else 0.0, digits)}\u00a0%"
