r"""A theorem's numbers as a straight-line program, as the verifier reads it.

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
from dataclasses import dataclass

# instruction -> kind of its value; None: the kind of its first argument
SIGNATURES = {
    "vector": "vector",
    "operator": "operator",
    "map": "map",
    "constant": "scalar",
    "forward": "vector",     # operator, vector
    "apply": "vector",       # map, vector
    "lipschitz": "scalar",   # map: a certified upper bound of its Lipschitz constant
    "add": None, "sub": None, "neg": None,     # kind of the first argument
    "scale": "vector",       # scalar, vector
    "norm": "scalar", "inner": "scalar",       # Euclidean; real part of the inner product
    "mul": "scalar", "div": "scalar", "abs": "scalar", "max": "scalar",
}
# instruction -> kinds of its arguments; "same": two of one kind, "any": a vector or a scalar
ARGUMENTS = {
    "forward": ("operator", "vector"), "apply": ("map", "vector"), "lipschitz": ("map",),
    "add": ("any", "same"), "sub": ("any", "same"), "neg": ("any",), "scale": ("scalar", "vector"),
    "norm": ("vector",), "inner": ("vector", "vector"), "mul": ("scalar", "scalar"),
    "div": ("scalar", "scalar"), "abs": ("scalar",), "max": ("scalar", "scalar"),
}
INPUTS = ("vector", "operator", "map")
RELATIONS = (">", ">=")
ROLES = ("hypothesis", "conclusion")
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
    """Instructions in order, names of inputs and of reported quantities, claims."""

    def __init__(self):
        self.instructions: list[tuple] = []
        self.claims: list[Claim] = []
        self.quantities: dict[str, int] = {}
        self.units: dict[str, str] = {}

    @property
    def inputs(self) -> dict[str, str]:
        """Names of the inputs and their kinds, in order of declaration."""
        return {i[1]: i[0] for i in self.instructions if i[0] in INPUTS}

    def text(self, index) -> str:
        """Write one value as a formula in the input names.

        Products bind before sums, and equal ones from left to right, as on paper; a norm
        that holds another norm is written out.

        >>> p = Instructions()
        >>> p.instructions = [("vector", "x"), ("vector", "z"), ("sub", 1, 0), ("sub", 0, 2), ("norm", 3)]
        >>> p.text(4)
        '|x - (z - x)|'
        """
        return self._text(index)[0]

    def _text(self, index) -> tuple[str, int]:
        """Return the formula and how tightly it binds: 1 a sum, 2 a product, 3 one piece."""
        name, *args = self.instructions[index]
        if name in (*INPUTS, "constant"):
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
        >>> p.instructions = [("map", "f"), ("vector", "y"), ("apply", 0, 1), ("neg", 1), ("apply", 0, 3)]
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
        kinds: list[str] = []
        lengths: list[int] = []
        for position, (name, *args) in enumerate(plain["instructions"]):
            try:
                kinds.append(_kind_of(name, args, kinds))
            except ValueError as error:
                raise ValueError(f"instruction {position}: {error}") from None
            literal = name in (*INPUTS, "constant")
            lengths.append(len(args[0]) if literal else 10 + sum(lengths[i] for i in args))
            program.instructions.append((name, *args))
        if len(program.inputs) != sum(i[0] in INPUTS for i in program.instructions):
            raise ValueError("an input is declared twice")
        for name, index in plain["quantities"].items():
            if not _is_scalar(index, kinds):
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
            if not (_is_scalar(left, kinds) and _is_scalar(right, kinds)):
                raise ValueError(f"claim {label!r} does not compare two numbers of the program")
            if lengths[left] + lengths[right] > LONGEST_FORMULA:
                raise ValueError(f"claim {label!r} is too long to be read")
            program.claims.append(Claim(role, label, left, relation, right))
        return program


def check_kinds(name, kinds):
    """Refuse arguments that the instruction is not defined for."""
    wanted = ARGUMENTS[name]
    allowed = {"any": ("vector", "scalar"), "same": tuple(kinds[:1])}
    if len(kinds) != len(wanted) or not all(k in allowed.get(w, (w,)) for k, w in zip(kinds, wanted)):
        raise ValueError(f"{name} cannot be applied to ({', '.join(kinds)})")


def _kind_of(name, args, kinds) -> str:
    """Return the kind of one instruction of a foreign program, whose earlier kinds are known."""
    if name not in SIGNATURES:
        raise ValueError(f"{name!r} is unknown")
    if name not in ARGUMENTS:
        if len(args) != 1 or not isinstance(args[0], str):
            raise ValueError(f"{name} needs one text")
        if name == "constant" and not _FRACTION.fullmatch(args[0]):
            raise ValueError(f"constant {args[0]!r:.60} is not a fraction")
        if name != "constant" and not args[0].isidentifier():
            raise ValueError(f"{args[0]!r:.60} is not a name")
        return "scalar" if name == "constant" else name
    if not all(type(i) is int and 0 <= i < len(kinds) for i in args):
        raise ValueError(f"{name} uses a value that is not yet there")
    check_kinds(name, [kinds[i] for i in args])
    fixed = SIGNATURES[name]
    return kinds[args[0]] if fixed is None else fixed


def _check_printable(text, what):
    """Refuse text that could write lines of its own into what a verifier prints."""
    if not text.isprintable():
        raise ValueError(f"{what} must be printable, got {text!r:.60}")


def _is_scalar(index, kinds) -> bool:
    return type(index) is int and 0 <= index < len(kinds) and kinds[index] == "scalar"
