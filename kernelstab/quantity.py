"""A number together with what kind of truth it is.

Floating point never proves, and a search can only show instability.  So every
number that leaves the package says what it is: exact, enclosed between two
bounds, a one-sided bound, or an estimate without guarantee.
"""

from dataclasses import asdict, dataclass
from typing import Literal

Kind = Literal["exact", "enclosed", "lower", "upper", "estimate"]
_SIGN = {"exact": "=", "enclosed": "=", "lower": ">=", "upper": "<=", "estimate": "~"}


@dataclass(frozen=True)
class Quantity:
    """A value, its kind of truth and its unit.

    Parameters
    ----------
    value : float
        The number; for ``enclosed`` the midpoint.
    kind : {"exact", "enclosed", "lower", "upper", "estimate"}
        What is known: ``lower`` means that the true number is at least ``value``.
    unit : str
        The unit, ``""`` for a pure number.
    radius : float
        Half the width of the enclosure; zero for every other kind.
    rigorous : bool
        Whether the kind is proved (exact or ball arithmetic) or only
        computed in floating point.

    >>> Quantity(3.25, "lower", "signal/measurement")
    >= 3.25 signal/measurement (lower, floating point)
    """

    value: float
    kind: Kind
    unit: str = ""
    radius: float = 0.0
    rigorous: bool = False

    def __post_init__(self):
        if self.kind not in _SIGN:
            raise ValueError(f"kind must be one of {sorted(_SIGN)}, got {self.kind!r}")

    def __repr__(self):
        spread = f" +/- {self.radius:.2g}" if self.kind == "enclosed" else ""
        unit = f" {self.unit}" if self.unit else ""
        proof = "proved" if self.rigorous else "floating point"
        return f"{_SIGN[self.kind]} {self.value:.6g}{spread}{unit} ({self.kind}, {proof})"

    def to_json(self) -> dict:
        """Return the fields as a dictionary that JSON can hold."""
        return asdict(self)
