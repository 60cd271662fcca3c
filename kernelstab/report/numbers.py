"""Numbers as they stand in ``report.json`` and as they are read in ``report.html``."""

import decimal
import math
from fractions import Fraction

import numpy as np

from kernelstab.quantity import Quantity

SIGN = {"exact": "=", "enclosed": "=", "lower": "≥", "upper": "≤", "estimate": "~"}
"""The sign before a number, by its kind."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def estimate(value, unit: str = "") -> Quantity:
    """Return a number computed in floating point, without guarantee."""
    return Quantity(float(value), "estimate", unit)


def found(value, unit: str = "") -> Quantity:
    """Return the best value of a search: a lower bound of the supremum it searched for."""
    return Quantity(float(value), "lower", unit)


def series(values, kind: str = "estimate", unit: str = "", *, rigorous: bool = False) -> dict:
    """Return an array of numbers of one kind and unit as JSON.

    >>> series(np.array([1.0, float("inf")]), unit="dB")
    {'values': [1.0, 'inf'], 'kind': 'estimate', 'unit': 'dB', 'rigorous': False}
    """
    return {"values": [plain(v) for v in np.asarray(values).ravel().tolist()], "kind": kind, "unit": unit,
            "rigorous": rigorous}


def plain(value):
    """Return a number that JSON can hold: infinities and NaN as text."""
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def readable(value: float, digits: int = 3, *, rounding: str = decimal.ROUND_HALF_EVEN) -> str:
    r"""Write a number for people: fixed where that is short, else with a power of ten.

    >>> readable(0.012345), readable(1234.5), readable(2.5e-9), readable(0.0), readable(float("inf"))
    ('0.0123', '1230', '2.5\xa0×\xa010⁻⁹', '0', '∞')
    """
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "not a number"
    rounded = decimal.Context(prec=digits, rounding=rounding).create_decimal(float(value))
    exponent = rounded.adjusted()
    if -3 <= exponent <= 5:
        return f"{rounded:.{max(0, digits - 1 - exponent)}f}".replace("-", "−")
    mantissa = f"{rounded.scaleb(-exponent).normalize():f}".replace("-", "−")
    return f"{mantissa}\u00a0×\u00a010{str(exponent).translate(_RAISED)}"


def at_least(value: float, digits: int = 3) -> str:
    r"""Write a lower bound: rounding must not raise it.

    >>> at_least(5.99666), at_least(-0.1234)
    ('≥\xa05.99', '≥\xa0−0.124')
    """
    return f"≥\u00a0{readable(value, digits, rounding=decimal.ROUND_FLOOR)}"


def at_most(value: float, digits: int = 3) -> str:
    r"""Write an upper bound: rounding must not lower it.

    >>> at_most(4.851e12), at_most(1 + 2**-52, 6)
    ('≤\xa04.86\xa0×\xa010¹²', '≤\xa01.00001')
    """
    return f"≤\u00a0{readable(value, digits, rounding=decimal.ROUND_CEILING)}"


def enclosed(value: float, radius: float, digits: int = 8) -> tuple[str, float]:
    r"""Write the midpoint of an enclosure, with no digit that the radius does not justify.

    The error that is returned contains the rounding; it is zero if what is written is the number.

    >>> enclosed(3.229679986551675, 4e-16), enclosed(2.5, 0.0)
    (('3.2296800', 1.3448325413882824e-08), ('2.5', 0.0))
    >>> enclosed(3.14159, 0.02)[0], enclosed(3.14159, 0.02)[1] < 0.0216
    ('3.14', True)
    """
    exact, places = decimal.Decimal(value), digits
    if radius > 0:
        places = min(digits, max(1, exact.adjusted() - decimal.Decimal(radius).adjusted() + 1))
    rounded = decimal.Context(prec=places).create_decimal(exact)
    error = abs(Fraction(rounded) - Fraction(value)) + Fraction(radius)
    if error == 0:
        return readable(value, len(rounded.normalize().as_tuple().digits)), 0.0
    return readable(float(rounded), places), float(np.nextafter(float(error), np.inf))


def percent(fraction: float, digits: int = 2, *, rounding: str = decimal.ROUND_HALF_EVEN) -> str:
    r"""Write a fraction as a percentage; what rounding leaves of zero is zero.

    >>> percent(0.1234), percent(1.0), percent(0.00123), percent(-3e-14)
    ('12\xa0%', '100\xa0%', '0.12\xa0%', '0\xa0%')
    """
    hundred = 100 * float(fraction) if abs(fraction) > 1e-9 else 0.0
    return f"{readable(hundred, digits, rounding=rounding)}\u00a0%"


def span(low, high) -> str:
    r"""Write a range of fractions, or one number if both ends read the same.

    >>> span(0.5, 0.501), span(0.25, 0.5)
    ('50\xa0%', '25\xa0% to 50\xa0%')
    """
    return percent(low) if percent(low) == percent(high) else f"{percent(low)} to {percent(high)}"


def counted(number, noun) -> str:
    """Write a number of things.

    >>> counted(1, "image"), counted(3, "image")
    ('1 image', '3 images')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
