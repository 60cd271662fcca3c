"""The interpreter in balls, on plain inputs."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from kernelstab.certify import run_balls
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.run import BallRun
from kernelstab.certify.writing.encode import encode, encode_array
from kernelstab.certify.writing.programs import encode_inputs
from kernelstab.certify.writing.terms import Program, inner, lipschitz, maximum, norm
from kernelstab.operators.matrix import DenseOperator


def plain(values):
    return {"kind": "vector", "values": encode_array(np.asarray(values))}


def run(write, precision=128, **vectors):
    """Run a program on vectors; ``write`` returns one scalar or vector."""
    p = Program()
    term = write(p, *(p.vector(name) for name in vectors))
    return BallRun(p, {name: plain(v) for name, v in vectors.items()}, precision).values[term.index]


X, Z = np.array([3.0, 4.0, 0.1]), np.array([0.5, -2.0, 0.7])
FX, FZ = [[Fraction(t) for t in v.tolist()] for v in (X, Z)]
DOT = sum(a * b for a, b in zip(FX, FZ))
XX, ZZ = sum(a * a for a in FX), sum(b * b for b in FZ)


@pytest.mark.parametrize(("write", "value"), [
    (lambda p, x, z: inner(x, z), DOT),
    (lambda p, x, z: inner(x + z, x - z), XX - ZZ),
    (lambda p, x, z: inner(-x, z), -DOT),
    (lambda p, x, z: inner(x * "1/3", z), DOT / 3),
    (lambda p, x, z: inner(x, z) + inner(x, x), DOT + XX),
    (lambda p, x, z: inner(x, z) - 2, DOT - 2),
    (lambda p, x, z: 2 - inner(x, z), 2 - DOT),
    (lambda p, x, z: -inner(x, z), -DOT),
    (lambda p, x, z: inner(x, z) * inner(x, x), DOT * XX),
    (lambda p, x, z: inner(x, z) / inner(x, x), DOT / XX),
    (lambda p, x, z: p.emit("abs", inner(x, z)), abs(DOT)),
    (lambda p, x, z: maximum(inner(x, z), inner(z, z)), max(DOT, ZZ)),
    (lambda p, x, z: maximum(inner(x, x), 0), XX),
    (lambda p, x, z: p.constant("-22/7"), Fraction(-22, 7)),
])
@pytest.mark.parametrize("precision", [32, 128])
def test_every_scalar_instruction_contains_the_exact_value(write, value, precision):
    low, high = ends(run(write, precision, x=X, z=Z))
    assert low <= value <= high
    assert high - low < Fraction(1, 2 ** (precision - 12))


def test_norms_enclose_roots():
    low, high = ends(run(lambda p, x, z: norm(x - z), x=X, z=Z))
    square = sum((a - b) ** 2 for a, b in zip(FX, FZ))
    assert low**2 <= square <= high**2


def test_dividing_by_a_ball_around_zero_gives_no_number():
    p = Program()
    x = p.vector("x")
    # 3 |x|^2 - |x|^2 / (1/3) is zero, but only a ball around zero can be known
    zero = inner(x, x) * 3 - inner(x, x) / "1/3"
    p.conclusion("C1", inner(x, x) / zero > 0)
    p.let("quotient", inner(x, x) / zero)
    found = BallRun(p, {"x": plain(X)}, 128).evaluation()
    assert found.claims[0].outcome == "unknown"
    assert np.isnan(found.quantities["quotient"].value)


def claim(relation, left, right):
    p = Program()
    x = p.vector("x")
    a, b = left(p, x), right(p, x)
    p.conclusion("C", a > b if relation == ">" else a >= b)
    return BallRun(p, {"x": plain([3.0, 4.0])}, 128).evaluation().claims[0]


def length(p, x):
    return norm(x)


def five(p, x):
    return p.constant(5)


def third(p, x):
    return inner(x, x) / 3


def three_thirds(p, x):
    return third(p, x) * 3


@pytest.mark.parametrize(("relation", "left", "right", "outcome"), [
    (">=", length, five, "true"),                              # exact equality
    (">", length, five, "false"),
    (">", length, lambda p, x: p.constant("4999999999999999999999/1000000000000000000000"), "true"),
    (">", lambda p, x: p.constant(4), length, "false"),
    (">=", lambda p, x: p.constant(4), length, "false"),
    (">=", three_thirds, lambda p, x: inner(x, x), "unknown"),  # equal, but not known exactly
    (">", three_thirds, lambda p, x: inner(x, x), "unknown"),
    (">=", third, third, "true"),                              # one value against itself
    (">", third, third, "false"),
])
def test_claims_are_decided_by_the_whole_enclosure(relation, left, right, outcome):
    found = claim(relation, left, right)
    assert found.outcome == outcome
    assert found.lower <= found.margin <= found.upper
    assert found.margin - found.radius <= found.lower


def test_exactness_is_that_of_all_vectors():
    p = Program()
    x = p.vector("x")
    norm(x * 3)
    assert BallRun(p, {"x": plain(X)}, 128).exact
    assert not BallRun(p, {"x": plain(X)}, 32).exact          # 3 * 0.1 has 55 bits
    norm(x * "1/3")
    assert not BallRun(p, {"x": plain(X)}, 128).exact


def test_an_operator_and_its_maps_are_built_once():
    matrix = encode({"kind": "dense", "matrix": np.eye(2, 3)})
    p = Program()
    A, psi, phi = p.operator("A"), p.map("psi"), p.map("phi")
    norm(psi(A(p.vector("x"))) - phi(A(p.vector("x"))))
    adjoint = {"kind": "scaled-adjoint", "scale": 1}
    shared = {"operator": {"kind": "input", "name": "A"}}
    inputs = {"A": matrix, "x": plain(X), "psi": adjoint | shared, "phi": adjoint | {"operator": matrix}}
    found = BallRun(p, inputs, 128)
    assert found.values[1]._operator is found.values[0]
    assert found.values[2]._operator is found.values[0]
    assert found.values[-1] == 0
    assert found.scope == "ideal"


@pytest.mark.parametrize(("inputs", "reason"), [
    ({}, r"inputs must be \['A', 'psi', 'x'\], got \[\]"),
    ({"x": 3}, "input x must be a dictionary"),
    ({"x": {"kind": "vector"}}, "input x must be a vector"),
    ({"x": {"kind": "dense", "values": 1}}, "input x must be a vector"),
    ({"x": plain(np.ones((2, 2)))}, "one dimension"),
    ({"x": plain(np.ones(2))}, r"value 3 \(forward\): a vector of length 2 does not fit"),
    ({"A": {"kind": "vector"}}, "operator kind must be one of"),
    ({"A": {"kind": "input", "name": "A"}}, "operator kind must be one of"),
    ({"psi": {"kind": "dense"}}, "map kind must be one of"),
    ({"psi": {"kind": "scaled-adjoint", "scale": 1, "operator": {"kind": "input", "name": "x"}}},
     "'x' is not an input operator"),
    ({"psi": {"kind": "scaled-adjoint", "scale": 1, "operator": 5}}, "operator kind must be one of"),
    ({"y": 3}, "inputs must be"),
])
def test_malformed_inputs_are_refused(inputs, reason):
    p = Program()
    A, psi, x = p.operator("A"), p.map("psi"), p.vector("x")
    norm(psi(A(x)) - x)
    good = {"A": encode({"kind": "dense", "matrix": np.eye(2, 3)}), "x": plain(X),
            "psi": encode({"kind": "linear", "matrix": np.eye(3, 2)})}
    BallRun(p, good, 64)
    with pytest.raises(ValueError, match=reason):
        BallRun(p, good | inputs if inputs else {}, 64)


def test_the_precision_of_the_caller_is_left_alone():
    p = Program()
    x = p.vector("x")
    norm(x)
    with ctx.workprec(77):
        BallRun(p, {"x": plain(X)}, 300).evaluation()
        assert ctx.prec == 77
        norm(x + p.vector("z"))
        with pytest.raises(ValueError, match="lengths 3 and 1"):
            BallRun(p, {"x": plain(X), "z": plain([1.0])}, 300)
        assert ctx.prec == 77


def test_a_map_of_a_measurement_without_bounds_has_no_bounds():
    p = Program()
    A, psi, x = p.operator("A"), p.map("psi"), p.vector("x")
    p.conclusion("C", norm(psi(A(x * (p.constant(1) / norm(x))))) >= 0)
    inputs = {"A": encode({"kind": "dense", "matrix": np.eye(3)}), "x": plain(np.zeros(3)),
              "psi": encode({"kind": "network", "operator": {"kind": "input", "name": "A"},
                             "layers": [{"layer": "adjoint"}]})}
    found = BallRun(p, inputs, 64)
    assert found.evaluation().claims[0].outcome == "unknown"
    assert isinstance(found.margin(p.claims[0]), arb)


RNG = np.random.default_rng(0)
A = DenseOperator(RNG.standard_normal((3, 5)))
SIGNAL, X_ALT = RNG.standard_normal(5), RNG.standard_normal(5)


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
    return {"A": operator, "psi": psi, "x": SIGNAL, "x_alt": X_ALT}


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
    assert all(c.outcome == "true" for c in found.claims)
    y, y_alt = A.matvec(SIGNAL), A.matvec(X_ALT)
    move = np.linalg.norm(secret(y) - secret(y_alt))
    assert found.quantities["move"].value == pytest.approx(move, rel=1e-14)
    # the difference of the recorded measurements, not of the ideal ones
    assert found.quantities["step"].value == pytest.approx(np.linalg.norm(y - y_alt), rel=1e-15)


def test_an_argument_that_was_computed_is_recorded_as_it_was_rounded():
    p = Program()
    forward, psi, x, e = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("e")
    p.conclusion("C1", norm(psi(forward(x) + e)) >= 0)
    noise = 1e-9 * RNG.standard_normal(3)
    encoded = encode_inputs(p, {"A": A, "psi": secret, "x": SIGNAL, "e": noise})
    add = next(i for i, s in enumerate(p.instructions) if s[0] == "add")
    forward_at = next(i for i, s in enumerate(p.instructions) if s[0] == "forward")
    assert encoded["psi"]["values"][str(add)] == encode_array(A.matvec(SIGNAL) + noise)
    assert str(forward_at) not in encoded["psi"]["values"]


def test_input_vectors_need_no_recording():
    p = Program()
    psi, y = p.map("psi"), p.vector("y")
    p.conclusion("C1", norm(psi(y)) >= 0)
    encoded = encode_inputs(p, {"psi": secret, "y": np.ones(3)})
    assert list(encoded["psi"]["values"]) == [str(indices(p)["apply"][0])]
    assert all(c.outcome == "true" for c in BallRun(p, encoded, 64).evaluation().claims)


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
    encoded["psi"]["values"][places["forward"][0]] = encode_array(A.matvec(SIGNAL) * 1.01)


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
    assert all(c.outcome == "true" for c in found.claims)
