"""Run a program in ball arithmetic, on inputs as they stand in a certificate.

Nothing here needs numpy. Every value is computed once; a map or operator that is
described by the same words in two places is built once.
"""

import json

from flint import arb, arb_mat, ctx, fmpq

from kernelstab.certify.arrays import decode
from kernelstab.certify.enclosure import enclosure, ends
from kernelstab.certify.evaluation import Run, decide
from kernelstab.certify.program.maps import build_map
from kernelstab.certify.program.operators import build_operator
from kernelstab.certify.program.recorded import Recorded, collect
from kernelstab.certify.program.vectors import Vector

NEARNESS = 1e-4    # plausible distance of recorded floats from what they stand for, relative

_SCALARS = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "neg": lambda a: -a, "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b, "abs": abs, "max": lambda a, b: a.max(b),
}
_VECTORS = {
    "add": lambda u, v: u + v, "sub": lambda u, v: u - v, "neg": lambda u: -u,
    "scale": lambda a, u: u.scaled(a), "norm": lambda u: u.norm(), "inner": lambda u, v: u.inner(v),
}


class BallRun(Run):
    """The values of a program at one precision.

    Parameters
    ----------
    program : Program
    encoded : dict
        Name of every input to its plain description (see ``encode``).
    precision : int
        Bits of the balls; the caller's setting of flint is restored.

    Raises
    ------
    ValueError
        If an input is missing, of the wrong kind, malformed, or does not fit.
    """

    arithmetic = "ball"

    def __init__(self, program, encoded, precision):
        if set(program.inputs) != set(encoded):
            raise ValueError(f"inputs must be {sorted(program.inputs)}, got {sorted(encoded)}")
        super().__init__(program)
        self.precision, self.encoded, self._built = precision, encoded, {}
        with ctx.workprec(precision):
            self._replaced = collect(program, encoded)
            for index, (name, *_) in enumerate(program.instructions):
                try:
                    self.values.append(self._at(index))
                except ValueError as error:
                    raise ValueError(f"value {index} ({name}): {error}") from None

    def _at(self, index):
        """Return a value, recorded or computed; a recorded one must be near the computed one."""
        name, *args = self.program.instructions[index]
        value = self._replaced.get(index)
        if value is None:
            return self.value(name, args)
        if not any(isinstance(self.values[i], Recorded) for i in args):
            operator = self.values[args[0]] if name == "forward" else None
            scale = operator.rough_norm if operator else 1.0
            scale *= sum(float(self.values[i].norm()) for i in args if isinstance(self.values[i], Vector))
            ideal = self.value(name, args)
            if not (value - ideal).norm() <= NEARNESS * (scale + float(ideal.norm())):
                raise ValueError("the recorded value is not near the computed one")
        return value

    @staticmethod
    def number(value):
        """Return a fraction as a ball."""
        return arb(fmpq(value.numerator, value.denominator))

    def apply(self, name, args, values):
        """Evaluate an instruction on balls, vectors, operators and maps."""
        if name == "forward":
            return values[0].forward(values[1])
        if name == "apply":
            return _reconstruct(*values)
        if name == "lipschitz":
            return values[0].lipschitz()
        return (_VECTORS if isinstance(values[-1], Vector) else _SCALARS)[name](*values)

    def input(self, kind, name):
        """Build an input from its description, which must be of the declared kind."""
        plain = self.encoded[name]
        if not isinstance(plain, dict):
            raise ValueError(f"input {name} must be a dictionary, got {plain!r:.80}")
        if kind == "vector":
            if set(plain) != {"kind", "values"} or plain["kind"] != "vector":
                raise ValueError(f"input {name} must be a vector, got {sorted(plain)}")
            return Vector.from_array(decode(plain["values"]))
        if plain.get("kind") == "recorded":
            return Recorded(name)
        return self._operator(plain) if kind == "operator" else self._map(plain)

    def _operator(self, plain):
        """Build an operator, or find the one that was built from the same description."""
        plain = self._resolve(plain)
        key = json.dumps(plain, sort_keys=True)
        if key not in self._built:
            self._built[key] = build_operator(decode(plain))
        return self._built[key]

    def _map(self, plain):
        operator = plain.get("operator")
        spec = decode({name: entry for name, entry in plain.items() if name != "operator"})
        return build_map(spec | ({} if operator is None else {"operator": operator}), self._operator)

    def _resolve(self, plain):
        """Replace ``{"kind": "input", "name": ...}`` by the description of that input."""
        if isinstance(plain, dict) and plain.get("kind") == "input":
            name = plain.get("name")
            if not isinstance(name, str) or self.program.inputs.get(name) != "operator":
                raise ValueError(f"{name!r:.80} is not an input operator")
            return self.encoded[name]
        return plain

    @property
    def scope(self) -> str:
        """``"recorded"`` if any input is."""
        return "recorded" if any(isinstance(value, Recorded) for value in self.values) else "ideal"

    @property
    def exact(self) -> bool:
        """Whether every vector is known without error."""
        return all(value.exact for value in self.values if isinstance(value, Vector))

    def margin(self, claim) -> arb:
        """Return left minus right side of a claim; a number minus itself is zero, if it is one."""
        if claim.left == claim.right and self.values[claim.left].is_finite():
            return arb(0)
        with ctx.workprec(self.precision):
            return self.values[claim.left] - self.values[claim.right]

    def quantity(self, name) -> arb:
        """Return the ball of a reported quantity."""
        return self.values[self.program.quantities[name]]

    def report(self, index, unit):
        """Enclose a value by floats."""
        return enclosure(self.values[index], unit)

    def compare(self, claim):
        """Decide a claim and enclose its margin."""
        margin = self.margin(claim)
        return decide(claim.relation, *(ends(margin) or (None, None))), enclosure(margin)


def _reconstruct(psi, y: Vector) -> Vector:
    """Apply a map; a measurement without enclosure has a reconstruction without enclosure."""
    if all(entry.is_finite() for part in y.parts for entry in part.entries()):
        return psi.apply(y)
    length = psi.length
    return Vector(arb_mat(length, 1, [arb.nan()] * length))
