"""Results that are proved: numbers between floats or decimals that surely enclose them, and decisions.

A ball is a midpoint and a radius, both dyadic rationals; its end points are therefore
fractions, and rounding them outwards is exact integer arithmetic here, whatever the
working precision is. This file reads balls of python-flint but does not load it.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, isinf, isnan, nan, nextafter

DIGITS = 17   # significant decimal digits of the bounds written into certificates
DECIMAL = re.compile(r"0|-?[0-9](\.[0-9]{1,40})?e-?[0-9]{1,5}")    # how they are written
_LARGEST_EXPONENT = 1 << 18    # a few multiplications of a foreign program write 2 ** 2 ** 60


@dataclass(frozen=True)
class Enclosure:
    """A number between two floats; ``value`` is near their middle, ``radius`` reaches both.

    For a quantity computed in floating point the bounds are those of the slack, which
    is a custom and not a proof. A quantity that could not be computed is NaN between
    minus and plus infinity.
    """

    value: float
    radius: float
    lower: float
    upper: float
    unit: str = ""

    def __repr__(self):
        return f"{self.value:.10g} in [{self.lower!r}, {self.upper!r}]{' ' if self.unit else ''}{self.unit}"


def fraction(number) -> Fraction:
    """Return an exact finite number as a fraction."""
    mantissa, exponent = number.man_exp()
    mantissa, exponent = int(mantissa), int(exponent)
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def ends(ball) -> tuple[Fraction, Fraction] | None:
    """Return both end points of a ball as fractions, or None if they are infinite or astronomic.

    None means that nothing is known, so it may stand for numbers that fill no memory.

    >>> from flint import arb
    >>> ends(arb(0.75))
    (Fraction(3, 4), Fraction(3, 4))
    """
    if not ball.is_finite():
        return None
    middle, radius = ball.mid(), ball.rad()
    if any(abs(int(number.man_exp()[1])) > _LARGEST_EXPONENT for number in (middle, radius)):
        return None
    middle, radius = fraction(middle), fraction(radius)
    return middle - radius, middle + radius


def round_down(number: Fraction) -> float:
    """Return the largest float that is at most ``number``.

    >>> round_down(Fraction(1, 3)) <= Fraction(1, 3) < round_up(Fraction(1, 3))
    True
    """
    try:
        nearest = float(number)
    except OverflowError:
        nearest = inf if number > 0 else -inf
    return nearest if nearest <= number else nextafter(nearest, -inf)


def round_up(number: Fraction) -> float:
    """Return the smallest float that is at least ``number``."""
    return -round_down(-number)


def between(lower: Fraction, upper: Fraction, unit: str = "") -> Enclosure:
    """Enclose everything between two fractions by floats.

    >>> between(Fraction(1, 4), Fraction(3, 4))
    0.5 in [0.25, 0.75]
    """
    low, high = round_down(lower), round_up(upper)
    if isinf(low) or isinf(high):
        return Enclosure(nan, inf, low, high, unit)
    value = float((lower + upper) / 2)
    radius = max(round_up(Fraction(value) - Fraction(low)), round_up(Fraction(high) - Fraction(value)))
    return Enclosure(value, radius, low, high, unit)


def enclosure(ball, unit: str = "") -> Enclosure:
    """Enclose a ball by floats, rounded outwards."""
    found = ends(ball)
    return Enclosure(nan, inf, -inf, inf, unit) if found is None else between(*found, unit)


def around(value: float, slack: float, unit: str = "") -> Enclosure:
    """Return a value from floating point with its slack."""
    if isnan(value) or isnan(slack):
        return Enclosure(nan, inf, -inf, inf, unit)
    return Enclosure(value, slack, value - slack, value + slack, unit)


def decimal_below(number: Fraction, digits: int = DIGITS) -> str:
    """Return a decimal number of at least ``digits`` digits that is at most ``number`` and close to it.

    Numbers with more digits are moved by one more unit, because another version of flint
    may round a ball in its last bits to another side.

    >>> decimal_below(Fraction(2, 3), 3), decimal_below(Fraction(-2, 3), 3), decimal_below(Fraction(5), 3)
    ('6.65e-1', '-6.68e-1', '5e0')
    """
    if number == 0:
        return "0"
    size = abs(number)
    # log10(size) to within 0.4, from the lengths of numerator and denominator
    exponent = round((size.numerator.bit_length() - size.denominator.bit_length()) * 0.30103) - digits
    scaled = number / Fraction(10) ** exponent
    if abs(scaled) < 10 ** (digits - 1):
        exponent -= 1
        scaled *= 10
    whole = scaled.numerator // scaled.denominator - (scaled.denominator != 1)
    figures = str(abs(whole))
    mantissa = f"{figures[0]}.{figures[1:]}".rstrip("0").rstrip(".")
    return f"{'-' if whole < 0 else ''}{mantissa}e{exponent + len(figures) - 1}"


def decimal_above(number: Fraction, digits: int = DIGITS) -> str:
    """Return a decimal number of at least ``digits`` digits that is at least ``number`` and close to it."""
    below = decimal_below(-number, digits)
    return below if below == "0" else (below[1:] if below.startswith("-") else f"-{below}")


def decimals(found: tuple[Fraction, Fraction] | None) -> list[str] | None:
    """Return decimal bounds around two end points; None stays None.

    >>> decimals((Fraction(1, 4), Fraction(1)))
    ['2.5e-1', '1e0']
    """
    return None if found is None else [decimal_below(found[0]), decimal_above(found[1])]


@dataclass(frozen=True)
class Decision:
    """One claim after a run; the margin is left side minus right side, between two floats."""

    role: str
    label: str
    text: str
    outcome: str
    margin: float
    radius: float
    lower: float
    upper: float

    def __repr__(self):
        return f"<{self.label} {self.outcome}: {self.text}, margin {self.margin:.6g}>"


@dataclass(frozen=True)
class Evaluation:
    """A program after a run in one arithmetic.

    ``arithmetic`` is ``"ball"`` (proved) or ``"float"`` (never proved). ``scope`` is
    ``"ideal"`` when operators and maps were evaluated from their exact descriptions,
    ``"recorded"`` when the numbers are about vectors that floating-point code returned;
    a run in floats is always ``"recorded"``. ``exact`` says that every vector of the
    program was known without error.
    """

    arithmetic: str
    precision: int
    scope: str
    exact: bool
    claims: tuple[Decision, ...]
    quantities: dict[str, Enclosure] = field(default_factory=dict)

    @property
    def rigorous(self) -> bool:
        """Whether a claim decided here is proved."""
        return self.arithmetic == "ball"

    def __repr__(self):
        outcomes = ", ".join(f"{d.label} {d.outcome}" for d in self.claims)
        return f"<Evaluation in {self.arithmetic}s ({self.precision} bits, {self.scope}): {outcomes}>"


def decide(relation, lower, upper) -> str:
    """Decide ``left relation right`` from bounds of left minus right, or None for no bounds.

    >>> decide(">=", 0, 1), decide(">", 0, 1), decide(">=", -1, 1), decide(">", -1, 0)
    ('true', 'unknown', 'unknown', 'false')
    """
    if lower is None:
        return "unknown"
    if lower > 0 or (relation == ">=" and lower == 0):
        return "true"
    if upper < 0 or (relation == ">" and upper == 0):
        return "false"
    return "unknown"
