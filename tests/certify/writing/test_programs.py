"""Programs on objects of the user: described, run in balls, certified."""

import json

import numpy as np
import pytest
from flint import ctx

from kernelstab._errors import CertificateError
from kernelstab.certify import make_certificate, run_balls, run_exact, run_floats, verify
from kernelstab.certify.writing.programs import encode_inputs
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


def certified_program(bound):
    p = Program()
    x = p.vector("x")
    p.hypothesis("H1", norm(x) > 0)
    p.conclusion("C1", norm(x) >= bound)
    return p


def test_what_is_in_it():
    found = make_certificate("pythagoras", certified_program(4), {"x": np.array([3.0, 4.0])}, precision=64,
                             extra={"note": "by hand", "eps": np.float64(0.5), "size": np.int64(2)}, seed=7)
    assert json.loads(json.dumps(found)) == found
    assert (found["slug"], found["scope"], found["precision"]) == ("pythagoras", "ideal", 64)
    assert found["claims"][1] == {"role": "conclusion", "label": "C1", "text": "|x| >= 4", "outcome": "true",
                                  "margin": ["1e0", "1e0"]}
    assert found["extra"] == {"note": "by hand", "eps": 0.5, "size": 2}
    assert found["provenance"]["seed"] == 7
    assert {"python-flint", "numpy"} < set(found["provenance"]["packages"])
    assert verify(found).ok


def test_claims_that_are_not_proved():
    with pytest.raises(CertificateError, match=r"conclusion C1 is false at 128 bits; .*: \|x\| >= 6"):
        make_certificate("p", certified_program(6), {"x": np.array([3.0, 4.0])})
    with pytest.raises(CertificateError, match="hypothesis H1 is false"):
        make_certificate("p", certified_program(0), {"x": np.zeros(2)})
    p = Program()
    x = p.vector("x")
    p.conclusion("C1", norm(x * norm(x)) >= norm(x) * norm(x))
    with pytest.raises(CertificateError, match="conclusion C1 is unknown"):
        make_certificate("p", p, {"x": np.ones(2)})


def test_a_program_without_conclusion():
    p = Program()
    p.hypothesis("H1", norm(p.vector("x")) > 0)
    with pytest.raises(CertificateError, match="must state a conclusion"):
        make_certificate("p", p, {"x": np.ones(2)})


def test_a_program_that_the_verifier_could_not_read():
    p = Program()
    term = norm(p.vector("x"))
    for _ in range(20):
        term = term + term
    p.conclusion("C1", term > 0)
    with pytest.raises(ValueError, match="too long to be read"):
        make_certificate("p", p, {"x": np.ones(2)})
