r"""Inputs without a description: what they returned is kept, and nothing else is claimed.

A recorded input is ``{"kind": "recorded", "values": {instruction: array}}``. For an
operator the instructions are its ``forward`` products. For a map they are its ``apply``
results and, so that the map is a function of what it was given, every argument that is
neither an input vector nor recorded by an operator.

A value that is recorded stands for its instruction wherever the program uses it.
"""

from flint import arb

from kernelstab.certify.arrays import decode
from kernelstab.certify.program.vectors import Vector


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


def collect(program, encoded) -> dict[int, Vector]:
    """Read the recorded values of all inputs.

    Raises
    ------
    ValueError
        If a value is missing, stands at an instruction where none may be recorded, is
        recorded twice, or if a map returned two values for one argument.
    """
    found: dict[int, Vector] = {}
    arrays: dict[int, object] = {}
    recorded = [name for name, plain in encoded.items()
                if isinstance(plain, dict) and plain.get("kind") == "recorded"]
    for name in recorded:
        values = encoded[name].get("values")
        if program.inputs[name] == "vector" or not isinstance(values, dict):
            raise ValueError(f"input {name} cannot be recorded or lacks its values")
        used, arguments = program.uses(name)
        allowed = used | (arguments if program.inputs[name] == "map" else set())
        for text, plain in values.items():
            index = int(text) if isinstance(text, str) and text.isdigit() else -1
            if index not in allowed or index in found:
                raise ValueError(f"input {name} records a value where none belongs: {text!r:.80}")
            arrays[index] = decode(plain)
            found[index] = Vector.from_array(arrays[index])
        if not used <= set(found):
            raise ValueError(f"input {name} lacks the values of {sorted(used - set(found))}")
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
