"""Recorded maps and operators: a table of a function, and nothing more."""

import numpy as np
import pytest

from kernelstab.certify import run_balls
from kernelstab.certify.program.run import BallRun
from kernelstab.certify.writing.encode import encode_array
from kernelstab.certify.writing.programs import encode_inputs
from kernelstab.certify.writing.terms import Program, lipschitz, norm
from kernelstab.operators.dense import DenseOperator

RNG = np.random.default_rng(0)
A = DenseOperator(RNG.standard_normal((3, 5)))
X, X_ALT = RNG.standard_normal(5), RNG.standard_normal(5)


def secret(y):
    return np.tanh(A.matrix.T @ y)


class HiddenOperator:
    """A forward matrix without a description."""

    shape = A.shape
    matvec = staticmethod(A.matvec)


def program():
    p = Program()
    forward, psi, x, x_alt = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("x_alt")
    u, u_alt = psi(forward(x)), psi(forward(x_alt))
    p.let("move", norm(u - u_alt))
    p.let("step", norm(forward(x) - forward(x_alt)))
    p.conclusion("C1", norm(u - x) + norm(u - u_alt) + norm(u_alt - x_alt) >= norm(x - x_alt))
    return p


def inputs(operator=A, psi=secret):
    return {"A": operator, "psi": psi, "x": X, "x_alt": X_ALT}


def indices(p):
    return {name: [str(i) for i, s in enumerate(p.instructions) if s[0] == name]
            for name in ("forward", "apply")}


@pytest.mark.parametrize("operator", [A, HiddenOperator()])
def test_what_the_map_was_given_and_what_it_returned(operator):
    p = program()
    encoded = encode_inputs(p, inputs(operator))
    places = indices(p)
    if operator is A:          # described; the map's arguments are recorded with the map
        assert encoded["A"]["kind"] == "dense"
        assert set(encoded["psi"]["values"]) == {*places["forward"], *places["apply"]}
    else:
        assert set(encoded["A"]["values"]) == set(places["forward"])
        assert set(encoded["psi"]["values"]) == set(places["apply"])
    run = BallRun(p, encoded, 128)
    assert run.scope == "recorded"
    assert run.exact           # floats are exact
    found = run.evaluation()
    assert found.holds
    y, y_alt = A.matvec(X), A.matvec(X_ALT)
    move = np.linalg.norm(secret(y) - secret(y_alt))
    assert found.quantities["move"].value == pytest.approx(move, rel=1e-14)
    # the difference of the recorded measurements, not of the ideal ones
    assert found.quantities["step"].value == pytest.approx(np.linalg.norm(y - y_alt), rel=1e-15)


def test_an_argument_that_was_computed_is_recorded_as_it_was_rounded():
    p = Program()
    forward, psi, x, e = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("e")
    p.conclusion("C1", norm(psi(forward(x) + e)) >= 0)
    noise = 1e-9 * RNG.standard_normal(3)
    encoded = encode_inputs(p, {"A": A, "psi": secret, "x": X, "e": noise})
    add = next(i for i, s in enumerate(p.instructions) if s[0] == "add")
    forward_at = next(i for i, s in enumerate(p.instructions) if s[0] == "forward")
    assert encoded["psi"]["values"][str(add)] == encode_array(A.matvec(X) + noise)
    assert str(forward_at) not in encoded["psi"]["values"]


def test_input_vectors_need_no_recording():
    p = Program()
    psi, y = p.map("psi"), p.vector("y")
    p.conclusion("C1", norm(psi(y)) >= 0)
    encoded = encode_inputs(p, {"psi": secret, "y": np.ones(3)})
    assert list(encoded["psi"]["values"]) == [str(indices(p)["apply"][0])]
    assert BallRun(p, encoded, 64).evaluation().holds


def test_recorded_values_bound_no_lipschitz_constant():
    p = program()
    p.conclusion("C2", lipschitz(Program.map(p, "psi")) > 0)
    p.let("Lipschitz", lipschitz(Program.map(p, "psi")))
    found = run_balls(p, inputs())
    assert [c.outcome for c in found.claims] == ["true", "unknown"]
    assert np.isnan(found.quantities["Lipschitz"].value)


def tampered(change):
    p = program()
    encoded = encode_inputs(p, inputs())
    change(encoded, indices(p))
    return p, encoded


def drop_output(encoded, places):
    del encoded["psi"]["values"][places["apply"][0]]


def drop_argument(encoded, places):
    del encoded["psi"]["values"][places["forward"][0]]


def foreign_place(encoded, places):
    norm_place = str(max(map(int, encoded["psi"]["values"])) + 1)
    encoded["psi"]["values"][norm_place] = encode_array(np.ones(5))


def odd_place(encoded, places):
    encoded["psi"]["values"]["-1"] = encode_array(np.ones(5))


def two_values(encoded, places):
    values = encoded["psi"]["values"]
    values[places["forward"][1]] = values[places["forward"][0]]
    encoded["x_alt"] = encoded["x"]


def far_measurement(encoded, places):
    encoded["psi"]["values"][places["forward"][0]] = encode_array(A.matvec(X) * 1.01)


def recorded_vector(encoded, places):
    encoded["x"] = {"kind": "recorded", "values": {}}


def no_values(encoded, places):
    encoded["psi"] = {"kind": "recorded"}


def wrong_length(encoded, places):
    encoded["psi"]["values"][places["apply"][0]] = encode_array(np.ones(4))


@pytest.mark.parametrize(("change", "reason"), [
    (drop_output, "input psi lacks the values of"),
    (drop_argument, "its arguments .* are not"),
    (foreign_place, "records a value where none belongs"),
    (odd_place, "records a value where none belongs: '-1'"),
    (two_values, "map psi is not a function"),
    (far_measurement, "recorded value is not near the computed one"),
    (recorded_vector, "input x cannot be recorded"),
    (no_values, "lacks its values"),
    (wrong_length, "lengths 4 and 5"),
])
def test_tables_that_are_no_function_are_refused(change, reason):
    p, encoded = tampered(change)
    with pytest.raises(ValueError, match=reason):
        BallRun(p, encoded, 64)


def test_complex_measurements_are_recorded():
    hidden = DenseOperator(RNG.standard_normal((3, 5)) + 1j * RNG.standard_normal((3, 5)))
    found = run_balls(program(), inputs(hidden, lambda y: hidden.rmatvec(y).real))
    assert found.scope == "recorded"
    assert found.holds
