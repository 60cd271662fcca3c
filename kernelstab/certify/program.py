r"""A theorem's numbers as a straight-line program.

A statement such as :math:`\|\Psi(Ax)-\Psi(Ax')\| \ge \|x-x'\|-\eta-\eta'` is written
down once, as a list of instructions on named inputs.  The same list is then run in
floating point, in balls or exactly, stored in a certificate, and run again by a
verifier that knows the instructions but no theorem.

This file uses the standard library only, because the verifier must.

>>> p = Program()
>>> x, z = p.vector("x"), p.vector("z")
>>> gap = p.let("gap", norm(x - z))
>>> p.hypothesis("H1", gap > 0)
>>> p.instructions[2:4]
[('sub', 0, 1), ('norm', 2)]
>>> p.claims[0]
Claim(role='hypothesis', label='H1', left=3, relation='>', right=4)
"""

import re
from dataclasses import dataclass
from fractions import Fraction

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


@dataclass(frozen=True)
class Inequality:
    """``left relation right`` before it is given a role and a label."""

    left: "Term"
    relation: str
    right: "Term"


class Term:
    """A value of a program, by its position; arithmetic on terms appends instructions."""

    __slots__ = ("index", "kind", "program")

    def __init__(self, program, index, kind):
        self.program, self.index, self.kind = program, index, kind

    def _lift(self, other):
        return other if isinstance(other, Term) else self.program.constant(other)

    def __add__(self, other):
        return self.program.emit("add", self, self._lift(other))

    def __sub__(self, other):
        return self.program.emit("sub", self, self._lift(other))

    def __rsub__(self, other):
        return self._lift(other) - self

    def __neg__(self):
        return self.program.emit("neg", self)

    def __mul__(self, other):
        other = self._lift(other)
        if "vector" in (self.kind, other.kind):
            scalar, vector = (self, other) if other.kind == "vector" else (other, self)
            return self.program.emit("scale", scalar, vector)
        return self.program.emit("mul", self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other):
        return self.program.emit("div", self, self._lift(other))

    def __gt__(self, other):
        return Inequality(self, ">", self._lift(other))

    def __ge__(self, other):
        return Inequality(self, ">=", self._lift(other))

    def __lt__(self, other):
        return Inequality(self._lift(other), ">", self)

    def __le__(self, other):
        return Inequality(self._lift(other), ">=", self)

    def __call__(self, vector):
        """``A(x)`` for an operator, ``psi(y)`` for a map."""
        return self.program.emit("forward" if self.kind == "operator" else "apply", self, vector)


class Program:
    """Instructions in order, names of inputs and of reported quantities, claims."""

    def __init__(self):
        self.instructions: list[tuple] = []
        self.claims: list[Claim] = []
        self.quantities: dict[str, int] = {}
        self.units: dict[str, str] = {}
        self._known: dict[tuple, Term] = {}

    def emit(self, name, *arguments) -> Term:
        """Append an instruction, or find the same one if it was written before."""
        positions = tuple(a.index if isinstance(a, Term) else a for a in arguments)
        instruction = (name, *positions)
        if instruction not in self._known:
            if name in ARGUMENTS:
                _check_kinds(name, [a.kind for a in arguments])
            elif name in INPUTS and not arguments[0].isidentifier():
                raise ValueError(f"name of an input must be an identifier, got {arguments[0]!r}")
            kind = SIGNATURES[name] or arguments[0].kind
            self._known[instruction] = Term(self, len(self.instructions), kind)
            self.instructions.append(instruction)
        return self._known[instruction]

    def vector(self, name) -> Term:
        """Declare an input vector."""
        return self.emit("vector", name)

    def operator(self, name) -> Term:
        """Declare an input forward matrix."""
        return self.emit("operator", name)

    def map(self, name) -> Term:
        """Declare an input reconstruction map."""
        return self.emit("map", name)

    def constant(self, value) -> Term:
        """Write a rational constant; it is kept as the text of a fraction."""
        return self.emit("constant", str(Fraction(value)))

    def let(self, name, term, unit="") -> Term:
        """Give a scalar a name under which it is reported."""
        self.quantities[name] = term.index
        self.units[name] = unit
        return term

    def hypothesis(self, label, inequality):
        """State an inequality that the theorem assumes."""
        self._claim("hypothesis", label, inequality)

    def conclusion(self, label, inequality):
        """State an inequality that the theorem asserts."""
        self._claim("conclusion", label, inequality)

    def _claim(self, role, label, inequality):
        self.claims.append(Claim(role, label, inequality.left.index, inequality.relation,
                                 inequality.right.index))

    @property
    def inputs(self) -> dict[str, str]:
        """Names of the inputs and their kinds, in order of declaration."""
        return {i[1]: i[0] for i in self.instructions if i[0] in INPUTS}

    def text(self, index) -> str:
        """Write one value as a formula in the input names.

        Products bind before sums, and equal ones from left to right, as on paper; a norm
        that holds another norm is written out.

        >>> p = Program()
        >>> x, z = p.vector("x"), p.vector("z")
        >>> p.text((norm(x - (z - x)) / (norm(z) * 2)).index)
        '|x - (z - x)| / (|z| * 2)'
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

        >>> p = Program()
        >>> A, x, z = p.operator("A"), p.vector("x"), p.vector("z")
        >>> _ = A(x), A(x - z)
        >>> p.uses("A")
        ({3, 5}, {4})
        """
        position = next(i for i, step in enumerate(self.instructions)
                        if step[0] in ("operator", "map") and step[1] == name)
        used = {i: step[2] for i, step in enumerate(self.instructions)
                if step[0] in ("forward", "apply") and step[1] == position}
        return set(used), {i for i in used.values() if self.instructions[i][0] != "vector"}

    @property
    def kinds(self) -> list[str]:
        """Kind of every value, in order: vector, operator, map or scalar."""
        kinds: list[str] = []
        for name, *args in self.instructions:
            kinds.append(_kind_of(name, args, kinds))
        return kinds

    def to_json(self) -> dict:
        """Return the program as plain lists and dictionaries."""
        return {
            "instructions": [list(i) for i in self.instructions],
            "quantities": dict(self.quantities),
            "units": dict(self.units),
            "claims": [[c.role, c.label, c.left, c.relation, c.right] for c in self.claims],
        }

    @classmethod
    def from_json(cls, plain: dict) -> "Program":
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


def _check_kinds(name, kinds):
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
    _check_kinds(name, [kinds[i] for i in args])
    fixed = SIGNATURES[name]
    return kinds[args[0]] if fixed is None else fixed


def _check_printable(text, what):
    """Refuse text that could write lines of its own into what a verifier prints."""
    if not text.isprintable():
        raise ValueError(f"{what} must be printable, got {text!r:.60}")


def _is_scalar(index, kinds) -> bool:
    return type(index) is int and 0 <= index < len(kinds) and kinds[index] == "scalar"


def norm(vector: Term) -> Term:
    """Return the Euclidean norm of a vector."""
    return vector.program.emit("norm", vector)


def inner(left: Term, right: Term) -> Term:
    """Return the real part of the inner product of two vectors."""
    return left.program.emit("inner", left, right)


def lipschitz(psi: Term) -> Term:
    """Return an upper bound of the Lipschitz constant of a map."""
    return psi.program.emit("lipschitz", psi)


def maximum(left: Term, right) -> Term:
    """Return the larger of two scalars."""
    return left.program.emit("max", left, left._lift(right))
