r"""Run a program in ball arithmetic, on inputs as they stand in a certificate.

Every value is computed once; a map or operator that is described by the same words in two places is built
once. An input without a description is *recorded*, ``{"kind": "recorded", "values": {instruction: array}}``:
what it returned is kept, and nothing else is claimed. For an operator the instructions are its ``forward``
products; for a map its ``apply`` results and, so that the map is a function of what it was given, every
argument that is neither an input vector nor recorded by an operator. A value that is recorded stands for its
instruction wherever the program uses it.
"""

import json

from flint import arb, ctx, fmpq

from kernelstab._errors import CertificateError
from kernelstab.certify.arrays import affordable, decode
from kernelstab.certify.enclosure import decide, enclosure, ends
from kernelstab.certify.program.instructions import Run
from kernelstab.certify.program.maps import build_map
from kernelstab.certify.program.operators import build_operator
from kernelstab.certify.program.vectors import Vector, column, hold, multiply

MOST_INPUTS = 100
NEARNESS = 1e-4    # plausible distance of recorded floats from what they stand for, relative

_SCALARS = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "neg": lambda a: -a, "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b, "abs": abs, "max": lambda a, b: a.max(b),
    "forward": lambda A, x: A.forward(x), "apply": lambda psi, y: _reconstruct(psi, y),
    "lipschitz": lambda psi: psi.lipschitz(),
}
_VECTORS = _SCALARS | {"scale": lambda a, u: u.scaled(a), "norm": Vector.norm, "inner": Vector.inner}


class Recorded:
    """A map or an operator of which only some values are known."""

    def __init__(self, name):
        self.name = name

    def forward(self, x):
        """Refuse: the product was not recorded."""
        raise ValueError(f"{self.name} is recorded, and this value of it is missing")

    apply = forward

    def lipschitz(self):
        """Return a ball that says nothing: finitely many values bound no Lipschitz constant."""
        return arb.nan()


class BallRun(Run):
    """The values of a program at one precision, the bits of the balls; flint's own setting is restored.

    ``encoded`` holds the plain description of every input. A ValueError says that an input is missing, of the
    wrong kind, malformed, or does not fit.
    """

    arithmetic = "ball"

    def __init__(self, program, encoded, precision):
        if set(program.inputs) != set(encoded):
            raise ValueError(f"inputs must be {sorted(program.inputs)}, got {sorted(encoded)}")
        affordable(len(encoded), MOST_INPUTS, "inputs")
        super().__init__(program)
        self.precision, self.encoded, self._built = precision, encoded, {}
        with ctx.workprec(precision):
            self._replaced = collect(program, encoded)
            held = 0
            for index, (name, *_) in enumerate(program.instructions):
                try:
                    self.values.append(self._at(index))
                except ValueError as error:
                    kind = CertificateError if isinstance(error, CertificateError) else ValueError
                    raise kind(f"value {index} ({name}): {error}") from None
                if isinstance(self.values[-1], Vector):
                    held += len(self.values[-1]) * len(self.values[-1].parts)
                    hold(held)

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
        return arb(fmpq(value.numerator, value.denominator))

    def apply(self, name, args, values):
        multiply(max((len(value) for value in values if isinstance(value, Vector)), default=0) + 20)
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
        if kind == "operator":
            return self._operator(plain)
        # the operator inside stays as it is written, so that it is found again
        spec = {key: entry if key == "operator" else decode(entry) for key, entry in plain.items()}
        return build_map(spec, self._operator)

    def _operator(self, plain):
        """Build an operator, or find the one that was built from the same description."""
        if isinstance(plain, dict) and plain.get("kind") == "input":
            name = plain.get("name")
            if not isinstance(name, str) or self.program.inputs.get(name) != "operator":
                raise ValueError(f"{name!r:.80} is not an input operator")
            plain = self.encoded[name]
        key = json.dumps(plain, sort_keys=True)
        if key not in self._built:
            self._built[key] = build_operator(decode(plain))
        return self._built[key]

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

    def findings(self, write=lambda bounds: bounds) -> tuple[list, dict]:
        """Return what was proved, as the fields ``claims`` and ``quantities`` of a certificate hold it.

        ``write`` turns the two exact end points of a ball, or None, into what is kept.
        """
        program = self.program
        claims = [{"role": claim.role, "label": claim.label, "text": program.claim_text(claim),
                   "outcome": self.compare(claim)[0], "margin": write(ends(self.margin(claim)))}
                  for claim in program.claims]
        quantities = {name: {"unit": program.units.get(name, ""), "bounds": write(ends(self.values[index]))}
                      for name, index in program.quantities.items()}
        return claims, quantities

    def report(self, index, unit):
        return enclosure(self.values[index], unit)

    def compare(self, claim):
        margin = self.margin(claim)
        return decide(claim.relation, *(ends(margin) or (None, None))), enclosure(margin)


def _reconstruct(psi, y: Vector) -> Vector:
    """Apply a map; a measurement without enclosure has a reconstruction without enclosure."""
    if all(entry.is_finite() for part in y.parts for entry in part.entries()):
        return psi.apply(y)
    return Vector(column([arb.nan()] * psi.length))


def collect(program, encoded) -> dict[int, Vector]:
    """Read the recorded values of all inputs.

    A ValueError says that one is missing, stands where none may be recorded, or is recorded twice, or that a
    map returned two values for one argument.
    """
    arrays: dict[int, object] = {}
    recorded = [name for name, plain in encoded.items()
                if isinstance(plain, dict) and plain.get("kind") == "recorded"]
    for name in recorded:
        values, kind = encoded[name].get("values"), program.inputs[name]
        if kind == "vector" or not isinstance(values, dict):
            raise ValueError(f"input {name} cannot be recorded or lacks its values")
        used, arguments = program.uses(name)
        allowed = used | (arguments if kind == "map" else set())
        for text, plain in values.items():
            index = int(text) if isinstance(text, str) and text.isdigit() else -1
            if index not in allowed or index in arrays:
                raise ValueError(f"input {name} records a value where none belongs: {text!r:.80}")
            arrays[index] = decode(plain)
        if not used <= set(arrays):
            raise ValueError(f"input {name} lacks the values of {sorted(used - set(arrays))}")
    found = {index: Vector.from_array(array) for index, array in arrays.items()}
    for name in recorded:
        if program.inputs[name] == "map":
            _check_function(program, name, arrays)
    return found


def _check_function(program, name, arrays):
    """Demand that all arguments are known and that equal arguments have equal values."""
    used, arguments = program.uses(name)
    missing = arguments - set(arrays)
    if missing:
        raise ValueError(f"map {name} is recorded, but its arguments {sorted(missing)} are not")
    table: dict = {}
    for index in used:
        argument = program.instructions[index][2]
        key = arrays.get(argument, argument)
        if table.setdefault(key, arrays[index]) != arrays[index]:
            raise ValueError(f"map {name} is not a function: one argument has two values")
