"""What running a program yields: decided inequalities and enclosed quantities."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from kernelstab.certify.enclosure import Enclosure


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

    @property
    def holds(self) -> bool:
        """Whether every hypothesis and conclusion was decided to be true."""
        return all(decision.outcome == "true" for decision in self.claims)

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


class Run:
    """The values of a program in one arithmetic: every instruction is evaluated once, in order.

    A subclass evaluates inputs (``input``), fractions (``number``) and other instructions (``apply``),
    compares the sides of a claim (``compare``: outcome and enclosure of the margin) and reports a value
    (``report``).
    """

    arithmetic: str
    precision: int
    scope: str
    exact: bool
    input: Callable
    number: Callable
    apply: Callable
    compare: Callable
    report: Callable

    def __init__(self, program):
        self.program = program
        self.values: list = []

    def value(self, name, args):
        """Evaluate one instruction on the values that are known."""
        if name in ("vector", "operator", "map"):
            return self.input(name, args[0])
        if name == "constant":
            return self.number(Fraction(args[0]))
        return self.apply(name, args, [self.values[i] for i in args])

    def evaluation(self) -> Evaluation:
        """Decide every claim and report every quantity between two floats."""
        program, claims = self.program, []
        for claim in program.claims:
            outcome, found = self.compare(claim)
            claims.append(Decision(claim.role, claim.label, program.claim_text(claim), outcome,
                                   found.value, found.radius, found.lower, found.upper))
        quantities = {name: self.report(index, program.units.get(name, ""))
                      for name, index in program.quantities.items()}
        return Evaluation(self.arithmetic, self.precision, self.scope, self.exact, tuple(claims), quantities)
