r"""Writing down a theorem's numbers: arithmetic on terms appends instructions.

A statement is written once. The same list of instructions is then run in floating point, in balls or exactly,
stored in a certificate, and run again by a verifier that knows the instructions but no theorem.

>>> p = Program()
>>> x, z = p.vector("x"), p.vector("z")
>>> gap = p.let("gap", norm(x - z))
>>> p.hypothesis("H1", gap > 0)
>>> p.instructions[2:4]
[('sub', 0, 1), ('norm', 2)]
>>> p.claims[0]
Claim(role='hypothesis', label='H1', left=3, relation='>', right=4)
>>> p.text((norm(x - (z - x)) / (norm(z) * 2)).index)
'|x - (z - x)| / (|z| * 2)'
"""

from dataclasses import dataclass
from fractions import Fraction

from kernelstab.certify.program.instructions import Claim, Instructions


@dataclass(frozen=True)
class Inequality:
    """``left relation right`` before it is given a role and a label."""

    left: "Term"
    relation: str
    right: "Term"


def _binary(name):
    """Return the method that appends an instruction of two arguments."""
    return lambda self, other: self.program.emit(name, self, self._lift(other))


class Term:
    """A value of a program, by its position; arithmetic on terms appends instructions."""

    __slots__ = ("index", "kind", "program")
    __add__ = __radd__ = _binary("add")
    __sub__, __truediv__ = _binary("sub"), _binary("div")

    def __init__(self, program, index, kind):
        self.program, self.index, self.kind = program, index, kind

    def _lift(self, other):
        return other if isinstance(other, Term) else self.program.constant(other)

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

    __rmul__ = __mul__

    def __gt__(self, other):
        return Inequality(self, ">", self._lift(other))

    def __ge__(self, other):
        return Inequality(self, ">=", self._lift(other))

    def __lt__(self, other):
        return self._lift(other) > self

    def __le__(self, other):
        return self._lift(other) >= self

    def __call__(self, vector):
        """``A(x)`` for an operator, ``psi(y)`` for a map."""
        return self.program.emit("forward" if self.kind == "operator" else "apply", self, vector)


class Program(Instructions):
    """A program that is being written; equal instructions are written once."""

    def __init__(self):
        super().__init__()
        self._known: dict[tuple, Term] = {}

    def emit(self, name, *arguments) -> Term:
        """Append an instruction, or find the same one if it was written before."""
        instruction = (name, *(a.index if isinstance(a, Term) else a for a in arguments))
        if instruction not in self._known:
            self.append(*instruction)
            self._known[instruction] = Term(self, len(self.kinds) - 1, self.kinds[-1])
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

    def hypothesis(self, label, inequality, role="hypothesis"):
        """State an inequality that the theorem assumes."""
        left, right = inequality.left.index, inequality.right.index
        self.claims.append(Claim(role, label, left, inequality.relation, right))

    def conclusion(self, label, inequality):
        """State an inequality that the theorem asserts."""
        self.hypothesis(label, inequality, "conclusion")


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
