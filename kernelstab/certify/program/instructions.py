r"""A theorem's numbers as a straight-line program, as the verifier reads it and runs it in order.

A statement such as :math:`\|\Psi(Ax)-\Psi(Ax')\| \ge \|x-x'\|-\eta-\eta'` is a list of instructions on
named inputs, and claims that compare two of their values. ``writing.terms`` writes it down.

This file uses the standard library only, because the verifier must.

>>> plain = {"instructions": [["vector", "x"], ["norm", 0], ["constant", "5"]], "quantities": {}, "units": {},
...          "claims": [["conclusion", "C1", 1, ">=", 2]]}
>>> p = Instructions.from_json(plain)
>>> p.claim_text(p.claims[0])
'|x| >= 5'
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from kernelstab.certify.arrays import affordable
from kernelstab.certify.enclosure import Decision, Evaluation

INPUTS = ("vector", "operator", "map")
# instruction -> kinds of its arguments, and of its value; "any": a vector or a scalar, "same": of that kind
SIGNATURES = {
    "forward": ("operator", "vector", "vector"), "apply": ("map", "vector", "vector"),
    "lipschitz": ("map", "scalar"),          # a certified upper bound of the Lipschitz constant
    "add": ("any", "same", "same"), "sub": ("any", "same", "same"), "neg": ("any", "same"),
    "scale": ("scalar", "vector", "vector"),
    "norm": ("vector", "scalar"), "inner": ("vector", "vector", "scalar"),    # Euclidean; its real part
    "mul": ("scalar", "scalar", "scalar"), "div": ("scalar", "scalar", "scalar"), "abs": ("scalar", "scalar"),
    "max": ("scalar", "scalar", "scalar"),
}
LITERALS = (*INPUTS, "constant")      # these have a name or a fraction as their only argument
RELATIONS = (">", ">=")
ROLES = ("hypothesis", "conclusion")
MOST_INSTRUCTIONS = 10_000     # and as many claims and quantities
LONGEST_FORMULA = 3000   # characters; formulas of shared values can grow exponentially

# sign, how tightly the result binds, how tightly the two sides must
_INFIX = {"add": ("+", 1, 1, 1), "sub": ("-", 1, 1, 2), "mul": ("*", 2, 2, 3), "scale": ("*", 2, 2, 3),
          "div": ("/", 2, 2, 3)}
_WRITTEN = {"forward": "{0}({1})", "apply": "{0}({1})", "lipschitz": "Lip({0})", "inner": "<{0}, {1}>",
            "abs": "abs({0})", "max": "max({0}, {1})"}
_FRACTION = re.compile(r"-?[0-9]+(/0*[1-9][0-9]*)?")


@dataclass(frozen=True)
class Claim:
    """An inequality between two values of a program: a hypothesis or a conclusion."""

    role: str
    label: str
    left: int
    relation: str
    right: int


class Instructions:
    """Instructions in order with the kinds of their values, names of reported quantities, claims."""

    def __init__(self):
        self.instructions: list[tuple] = []
        self.kinds: list[str] = []
        self.claims: list[Claim] = []
        self.quantities: dict[str, int] = {}
        self.units: dict[str, str] = {}

    def append(self, name, *args):
        """Add an instruction that fits to what is there; anything else raises ValueError."""
        self.kinds.append(_kind_of(name, args, self.kinds))
        self.instructions.append((name, *args))

    @property
    def inputs(self) -> dict[str, str]:
        """Names of the inputs and their kinds, in order of declaration."""
        return {i[1]: i[0] for i in self.instructions if i[0] in INPUTS}

    def text(self, index) -> str:
        """Write one value as a formula in the input names.

        Products bind before sums, and equal ones from left to right, as on paper; a norm
        that holds another norm is written out.

        >>> p = Instructions()
        >>> for step in ("vector", "x"), ("vector", "z"), ("sub", 1, 0), ("sub", 0, 2), ("norm", 3):
        ...     p.append(*step)
        >>> p.text(4)
        '|x - (z - x)|'
        """
        return self._text(index)[0]

    def _text(self, index) -> tuple[str, int]:
        """Return the formula and how tightly it binds: 1 a sum, 2 a product, 3 one piece."""
        name, *args = self.instructions[index]
        if name in LITERALS:
            return str(args[0]), 1 if args[0].startswith("-") else 2 if "/" in args[0] else 3
        pieces = [self._text(i) for i in args]
        a = [text for text, _ in pieces]
        if name in _INFIX:
            sign, level, *needed = _INFIX[name]
            a = [text if bound >= need else f"({text})" for (text, bound), need in zip(pieces, needed)]
            return f"{a[0]} {sign} {a[1]}", level
        if name == "neg":
            return f"-{a[0]}" if pieces[0][1] >= 2 else f"-({a[0]})", 1
        if name == "norm":
            return f"norm({a[0]})" if "|" in a[0] else f"|{a[0]}|", 3
        return _WRITTEN[name].format(*a), 3

    def claim_text(self, claim) -> str:
        """Write a claim as a formula in the input names."""
        return f"{self.text(claim.left)} {claim.relation} {self.text(claim.right)}"

    def uses(self, name) -> tuple[set[int], set[int]]:
        """Return where an operator or a map is applied, and the arguments that are not input vectors.

        >>> p = Instructions()
        >>> for step in ("map", "f"), ("vector", "y"), ("apply", 0, 1), ("neg", 1), ("apply", 0, 3):
        ...     p.append(*step)
        >>> p.uses("f")
        ({2, 4}, {3})
        """
        position = next(i for i, step in enumerate(self.instructions)
                        if step[0] in ("operator", "map") and step[1] == name)
        used = {i: step[2] for i, step in enumerate(self.instructions)
                if step[0] in ("forward", "apply") and step[1] == position}
        return set(used), {i for i in used.values() if self.instructions[i][0] != "vector"}

    def to_json(self) -> dict:
        """Return the program as plain lists and dictionaries."""
        return {
            "instructions": [list(i) for i in self.instructions],
            "quantities": dict(self.quantities),
            "units": dict(self.units),
            "claims": [[c.role, c.label, c.left, c.relation, c.right] for c in self.claims],
        }

    @classmethod
    def from_json(cls, plain: dict) -> "Instructions":
        """Rebuild a program, refusing anything that is not a straight line of known instructions."""
        program = cls()
        lengths: list[int] = []
        affordable(max(map(len, (plain["instructions"], plain["claims"], plain["quantities"]))),
                   MOST_INSTRUCTIONS, "instructions")
        for position, (name, *args) in enumerate(plain["instructions"]):
            try:
                program.append(name, *args)
            except ValueError as error:
                raise ValueError(f"instruction {position}: {error}") from None
            length = len(args[0]) if name in LITERALS else 10 + sum(lengths[i] for i in args)
            lengths.append(min(length, LONGEST_FORMULA + 1))       # they can double with every instruction
        if len(program.inputs) != sum(i[0] in INPUTS for i in program.instructions):
            raise ValueError("an input is declared twice")
        for name, index in plain["quantities"].items():
            if not program._is_scalar(index):
                raise ValueError(f"quantity {name!r} is not a number of the program")
            _check_printable(name, "name of a quantity")
        program.quantities = dict(plain["quantities"])
        program.units = {name: str(plain["units"].get(name, "")) for name in program.quantities}
        for unit in program.units.values():
            _check_printable(unit, "unit")
        for role, label, left, relation, right in plain["claims"]:
            if relation not in RELATIONS or role not in ROLES or not isinstance(label, str):
                raise ValueError(f"claim {label!r} is malformed")
            _check_printable(label, "label of a claim")
            if not (program._is_scalar(left) and program._is_scalar(right)):
                raise ValueError(f"claim {label!r} does not compare two numbers of the program")
            if lengths[left] + lengths[right] > LONGEST_FORMULA:
                raise ValueError(f"claim {label!r} is too long to be read")
            program.claims.append(Claim(role, label, left, relation, right))
        return program

    def _is_scalar(self, index) -> bool:
        return type(index) is int and 0 <= index < len(self.kinds) and self.kinds[index] == "scalar"


def _kind_of(name, args, kinds) -> str:
    """Return the kind of the value of an instruction, whose earlier kinds are known."""
    if name in LITERALS:
        if len(args) != 1 or not isinstance(args[0], str):
            raise ValueError(f"{name} needs one text")
        if name == "constant" and not _FRACTION.fullmatch(args[0]):
            raise ValueError(f"constant {args[0]!r:.60} is not a fraction")
        if name != "constant" and not args[0].isidentifier():
            raise ValueError(f"{args[0]!r:.60} is not a name")
        return "scalar" if name == "constant" else name
    if name not in SIGNATURES:
        raise ValueError(f"{name!r} is unknown")
    if not all(type(i) is int and 0 <= i < len(kinds) for i in args):
        raise ValueError(f"{name} uses a value that is not yet there")
    given = [kinds[i] for i in args]
    allowed = {"any": ("vector", "scalar"), "same": given[:1]}
    *wanted, found = SIGNATURES[name]
    if len(given) != len(wanted) or not all(k in allowed.get(w, (w,)) for k, w in zip(given, wanted)):
        raise ValueError(f"{name} cannot be applied to ({', '.join(given)})")
    return given[0] if found == "same" else found


def _check_printable(text, what):
    """Refuse text that could write lines of its own into what a verifier prints."""
    if not text.isprintable():
        raise ValueError(f"{what} must be printable, got {text!r:.60}")


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
        if name in INPUTS:
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
