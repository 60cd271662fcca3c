"""Runs in balls on objects of the user, and how their inputs are described."""

import numpy as np
import pytest
from flint import ctx

from kernelstab.certify import run_balls, run_exact, run_floats
from kernelstab.certify.writing.runs import encode_inputs
from kernelstab.certify.writing.terms import Program, inner, norm
from kernelstab.maps import AdjointMap, ClipDecoder, ReLUNetwork
from kernelstab.operators.dense import DenseOperator
from kernelstab.operators.fourier import SubsampledFourier


def two_images():
    p = Program()
    A, psi, x, z = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("z")
    p.let("gap", norm(x - z) - norm(psi(A(x)) - x) - norm(psi(A(z)) - z))
    p.conclusion("C1", norm(psi(A(x)) - psi(A(z))) >= norm(x - z) - norm(psi(A(x)) - x) - norm(psi(A(z)) - z))
    return p


def network(A, rng=0):
    rng = np.random.default_rng(rng)
    weight = rng.standard_normal((1, 1, 3, 3)).astype(np.float32)
    conv = {"layer": "conv", "weight": weight, "bias": np.zeros(1)}
    return ReLUNetwork(A, [{"layer": "adjoint"}, conv, {"layer": "relu"}, {"layer": "data_consistency"}])


def test_fourier_and_network_are_proved_and_near_floats():
    rng = np.random.default_rng(0)
    mask = np.zeros((8, 8), dtype=bool)
    mask[[0, 1, 7, 2, 6], 0] = True
    A = SubsampledFourier(mask, real=True)
    inputs = {"A": A, "psi": network(A), "x": rng.random(64), "z": rng.random(64)}
    proved, shown = run_balls(two_images(), inputs), run_floats(two_images(), inputs)
    assert proved.holds
    assert proved.rigorous
    assert (proved.scope, proved.precision, proved.exact) == ("ideal", 128, False)
    assert proved.quantities["gap"].radius < 1e-15
    assert proved.quantities["gap"].value == pytest.approx(shown.quantities["gap"].value, rel=1e-12)


def test_exact_runs_raise_the_precision_until_nothing_is_rounded():
    p = Program()
    x = p.vector("x")
    # an equality; |x|^2 = 1 + (0.1 * 2^-150)^2 has more than 300 and fewer than 512 bits
    p.conclusion("C1", inner(x * inner(x, x), p.vector("first")) >= inner(x, x))
    inputs = {"x": np.array([1.0, 2.0**-150 * 0.1]), "first": np.array([1.0, 0.0])}
    assert run_balls(p, inputs).claims[0].outcome == "unknown"
    found = run_exact(p, inputs)
    assert found.holds
    assert found.exact
    assert found.precision == 512


def test_an_exact_run_ends_when_equality_cannot_be_reached():
    p = Program()
    x = p.vector("x")
    p.conclusion("C1", norm(x * norm(x)) >= inner(x, x))          # equal, and irrational on the way
    found = run_exact(p, {"x": np.array([1.0, 1.0])}, precision=4096)
    assert (found.claims[0].outcome, found.precision) == ("unknown", 8192)


@pytest.mark.parametrize("precision", [31, 8193, 64.5])
def test_the_precision_is_checked(precision):
    p = Program()
    norm(p.vector("x"))
    with pytest.raises(ValueError, match="precision must be"):
        run_balls(p, {"x": np.ones(2)}, precision=precision)


def test_the_setting_of_flint_is_left_alone():
    before = ctx.prec
    p = two_images()
    A = DenseOperator(np.eye(3))
    run_balls(p, {"A": A, "psi": lambda y: y, "x": np.ones(3), "z": np.zeros(3)}, precision=333)
    assert ctx.prec == before
    with pytest.raises(ValueError, match="x must have 1 dimension"):
        run_balls(p, {"A": A, "psi": lambda y: y, "x": np.ones((3, 3)), "z": np.zeros(3)})
    with pytest.raises(ValueError, match="do not fit"):
        run_balls(p, {"A": A, "psi": AdjointMap(A), "x": np.ones(4), "z": np.zeros(3)})
    assert ctx.prec == before


A = DenseOperator(np.eye(2, 3))


def program():
    p = Program()
    forward, psi, x = p.operator("A"), p.map("psi"), p.vector("x")
    norm(psi(forward(x)) - x)
    return p


def test_the_operator_of_a_map_is_stored_once():
    encoded = encode_inputs(program(), {"A": A, "psi": AdjointMap(A), "x": np.ones(3)})
    assert encoded["psi"]["operator"] == {"kind": "input", "name": "A"}
    other = encode_inputs(program(), {"A": A, "psi": AdjointMap(np.ones((2, 3))), "x": np.ones(3)})
    assert other["psi"]["operator"]["kind"] == "dense"


def test_clip_decoders_are_described_in_full():
    psi = ClipDecoder(A, np.zeros(3), np.ones(3), (0.25, 0))
    encoded = encode_inputs(program(), {"A": A, "psi": psi, "x": np.ones(3)})["psi"]
    assert encoded["eta"] == [0.25, 0.0]
    assert encoded["x_alt"]["shape"] == [3]


def test_inputs_that_the_program_does_not_use_are_ignored():
    encoded = encode_inputs(program(), {"A": A, "psi": AdjointMap(A), "x": np.ones(3), "z": "anything"})
    assert set(encoded) == {"A", "psi", "x"}


def test_missing_and_malformed_inputs_are_named():
    with pytest.raises(ValueError, match="inputs must hold"):
        encode_inputs(program(), {"A": A, "x": np.ones(3)})
    with pytest.raises(ValueError, match="x must have 1 dimension"):
        encode_inputs(program(), {"A": A, "psi": AdjointMap(A), "x": np.ones((3, 1))})
