"""From the inputs of a program to plain descriptions: exact where possible, else recorded."""

from kernelstab._checks import as_array
from kernelstab.certify.writing.encode import encode, encode_array
from kernelstab.certify.writing.floats import FloatRun


def encode_inputs(program, inputs) -> dict:
    """Describe the inputs of a program: exactly where possible, else by what they return.

    Parameters
    ----------
    program : Program
    inputs : dict
        Name to vector, forward operator or map. Operators and maps with a ``spec`` are
        described by it; the others are run once in floating point and recorded.

    Raises
    ------
    ValueError
        If a name is missing or foreign, or an input is malformed.
    """
    described: dict = {}
    for name, kind in program.inputs.items():
        if name not in inputs:
            raise ValueError(f"inputs must hold {sorted(program.inputs)}, got {sorted(inputs)}")
        if kind == "vector":
            vector = as_array(inputs[name], name, ndim=1)
            described[name] = {"kind": "vector", "values": encode_array(vector)}
        else:
            spec = getattr(inputs[name], "spec", None)
            described[name] = encode(spec()) if callable(spec) else None
    _share_operators(program, described)
    if None in described.values():
        _record(program, inputs, described)
    return described


def _share_operators(program, described):
    """Let a map refer to the input operator that it was made for."""
    for name, kind in program.inputs.items():
        if kind != "map" or described[name] is None:
            continue
        for other, other_kind in program.inputs.items():
            same = other_kind == "operator" and described[other] == described[name].get("operator")
            if same and described[other] is not None:
                described[name]["operator"] = {"kind": "input", "name": other}
                break


def _record(program, inputs, described):
    """Run the program in floats and keep what the inputs without description returned."""
    run = FloatRun(program, inputs)
    taken: set[int] = set()
    # operators first: an argument of a map that an operator has recorded is not recorded twice
    for kind in ("operator", "map"):
        for name in [n for n, k in program.inputs.items() if k == kind and described[n] is None]:
            used, arguments = program.uses(name)
            keep = (used | arguments if kind == "map" else used) - taken
            taken |= keep
            described[name] = {"kind": "recorded",
                               "values": {str(i): encode_array(run.values[i]) for i in sorted(keep)}}
