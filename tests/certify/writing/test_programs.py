"""Programs on the user's own objects: in floats, in balls, and kept in certificates."""

import json
from math import isnan

import numpy as np
import pytest
from flint import ctx

from kernelstab._errors import CertificateError
from kernelstab.certify import make_certificate, run_balls, run_exact, run_floats, verify
from kernelstab.certify.writing.programs import encode_inputs, lipschitz_float
from kernelstab.certify.writing.terms import Program, inner, lipschitz, maximum, norm
from kernelstab.maps import AdjointMap, ClipDecoder, LinearMap, ReLUNetwork, Tikhonov
from kernelstab.maps.base import Map
from kernelstab.operators import Blur
from kernelstab.operators.fourier import SubsampledFourier
from kernelstab.operators.matrix import DenseOperator, partial_orthogonal


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
    assert all(c.outcome == "true" for c in proved.claims)
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
    assert all(c.outcome == "true" for c in found.claims)
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
                             extra={"note": "by hand", "eps": np.float64(0.5), "size": np.int64(2)})
    assert json.loads(json.dumps(found)) == found
    assert (found["slug"], found["scope"], found["precision"]) == ("pythagoras", "ideal", 64)
    assert found["claims"][1] == {"role": "conclusion", "label": "C1", "text": "|x| >= 4", "outcome": "true",
                                  "margin": ["1e0", "1e0"]}
    assert found["extra"] == {"note": "by hand", "eps": 0.5, "size": 2}
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


RNG = np.random.default_rng(0)
OPERATOR = DenseOperator(RNG.standard_normal((3, 5)))


class Sloppy(Map):
    """A map that computes in float32."""

    precision = float(np.finfo(np.float32).eps)

    def __call__(self, y):
        return OPERATOR.rmatvec(y)


def test_values_are_those_of_numpy():
    p = Program()
    forward, psi, x, z = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("z")
    p.let("n", norm(psi(forward(x)) - z * "1/2"), "mm")
    p.let("i", inner(x + z, -z))
    p.let("m", maximum(norm(x) * 2, norm(z) / 3) - p.emit("abs", p.constant(-1)))
    u, v = RNG.standard_normal((2, 5))
    found = run_floats(p, {"A": OPERATOR, "psi": lambda y: OPERATOR.rmatvec(y), "x": u, "z": v})
    value = {name: q.value for name, q in found.quantities.items()}
    assert value["n"] == np.linalg.norm(OPERATOR.rmatvec(OPERATOR.matvec(u)) - 0.5 * v)
    assert value["i"] == pytest.approx((u + v) @ -v, rel=1e-15)
    assert value["m"] == max(2 * np.linalg.norm(u), np.linalg.norm(v) / 3) - 1
    assert (found.rigorous, found.exact, found.scope, found.arithmetic) == (False, False, "recorded", "float")
    assert found.quantities["n"].unit == "mm"


def margin_outcomes(margin, psi=None, size=1.0):
    """Decide ``|x| >= c`` and ``|x| > c`` with the given margin, in a program of norms ``size``."""
    p = Program()
    x, big = p.vector("x"), p.vector("big")
    norm(big)
    if psi is not None:
        p.map("psi")(x)
    p.conclusion("C1", norm(x) >= 1)
    p.conclusion("C2", norm(x) > 1)
    found = run_floats(p, {"x": np.array([1 + margin]), "big": np.array([size]), "psi": psi})
    return [c.outcome for c in found.claims]


@pytest.mark.parametrize(("margin", "outcomes"), [
    (0.0, ["true", "false"]), (5e-13, ["true", "false"]), (-5e-13, ["true", "false"]),
    (3e-12, ["true", "true"]), (-3e-12, ["false", "false"]),
])
def test_the_slack_of_a_norm_is_the_tolerance(margin, outcomes):
    assert margin_outcomes(margin) == outcomes


def test_the_slack_grows_with_the_largest_norm():
    assert margin_outcomes(-5e-10, size=1000.0) == ["true", "false"]
    assert margin_outcomes(-5e-9, size=1000.0) == ["false", "false"]


def test_the_slack_of_a_float32_map():
    class Identity(Sloppy):
        def __call__(self, y):
            return y

    # 100 spacings of float32: 1.2e-5
    assert margin_outcomes(-1e-5, Identity()) == ["true", "false"]
    assert margin_outcomes(-2e-5, Identity()) == ["false", "false"]
    assert margin_outcomes(-2e-5, lambda y: y) == ["false", "false"]


def test_quotients_carry_the_error_of_their_denominator():
    """A quotient by 1e-6 may be wrong by 1e6 times the error of a norm."""
    p = Program()
    x, e = p.vector("x"), p.vector("e")
    p.conclusion("C1", norm(x) / norm(e) >= 1_000_000)
    for margin, outcome in ((-0.5e-6, "true"), (-1e-5, "false")):
        found = run_floats(p, {"x": np.array([1 + margin]), "e": np.array([1e-6])})
        assert found.claims[0].outcome == outcome
        assert found.claims[0].radius == pytest.approx(1.0, rel=1e-3)


def test_no_number_decides_nothing():
    p = Program()
    x = p.vector("x")
    p.conclusion("C1", norm(x) / norm(x - x) >= 1)
    p.conclusion("C2", norm(x - x) / norm(x - x) >= 1)
    p.conclusion("C3", lipschitz(p.map("psi")) >= 1)
    found = run_floats(p, {"x": np.ones(2), "psi": lambda y: y})
    assert [c.outcome for c in found.claims] == ["unknown"] * 3


def test_complex_vectors_use_real_inner_products():
    p = Program()
    x, z = p.vector("x"), p.vector("z")
    p.let("i", inner(x, z))
    found = run_floats(p, {"x": np.array([1 + 2j]), "z": np.array([2 + 1j])})
    assert found.quantities["i"].value == 4.0      # Re (1 - 2i)(2 + i)


def test_the_map_cannot_change_the_measurement():
    def greedy(y):
        y *= 0
        return y

    p = Program()
    x = p.vector("x")
    psi = p.map("psi")
    p.let("n", norm(psi(x) - x))
    assert run_floats(p, {"x": np.ones(2), "psi": greedy}).quantities["n"].value == pytest.approx(2**0.5)


@pytest.mark.parametrize(("inputs", "reason"), [
    ({"psi": lambda y: y * np.nan}, "output of psi must be finite, got nan"),
    ({"psi": lambda y: y[:, None]}, "output of psi must have 1 dimension"),
    ({"psi": lambda y: np.ones(4)}, r"vectors of shapes \(4,\) and \(5,\) do not fit"),
    ({"x": np.array([1, np.inf, 0, 0, 0])}, "x must be finite, got inf"),
    ({"x": "image"}, "x must be a numeric array"),
])
def test_bad_inputs_are_named(inputs, reason):
    p = Program()
    forward, psi, x = p.operator("A"), p.map("psi"), p.vector("x")
    norm(psi(forward(x)) - x)
    with pytest.raises(ValueError, match=reason):
        run_floats(p, {"A": OPERATOR, "psi": OPERATOR.rmatvec, "x": np.ones(5)} | inputs)


def test_missing_inputs_are_named():
    p = Program()
    norm(p.vector("x"))
    with pytest.raises(ValueError, match=r"inputs must hold \['x'\], got \['z'\]"):
        run_floats(p, {"z": np.ones(2)})


RNG = np.random.default_rng(0)
GAUSS = DenseOperator(RNG.standard_normal((3, 16)))
TIGHT = partial_orthogonal(4, 16, image_shape=(4, 4), rng=0)
FOURIER = SubsampledFourier(np.ones((4, 4), dtype=bool), real=True)
CONV = {"layer": "conv", "weight": RNG.standard_normal((1, 1, 3, 3)), "bias": np.ones(1)}
LAYERS = [{"layer": "adjoint"}, {"layer": "push"}, CONV, {"layer": "relu"}, {"layer": "add"},
          {"layer": "scale", "factor": -0.5}, {"layer": "data_consistency"}]
MAPS = {
    "linear": LinearMap(RNG.standard_normal((16, 3))), "adjoint": AdjointMap(GAUSS),
    "Tikhonov": Tikhonov(TIGHT, 0.25), "clip": ClipDecoder(GAUSS, np.zeros(16), np.ones(16), (0.5, 0.25)),
    "dense network": ReLUNetwork(TIGHT, LAYERS), "Fourier network": ReLUNetwork(FOURIER, LAYERS),
}


@pytest.mark.parametrize("name", MAPS)
def test_floats_are_near_and_below_the_balls(name):
    psi, p = MAPS[name], Program()
    p.let("L", lipschitz(p.map("psi")))
    proved = run_balls(p, {"psi": psi}).quantities["L"]
    assert lipschitz_float(psi) * 1.15**3 >= proved.lower      # three layers, a spectral loss each
    assert lipschitz_float(psi) <= proved.upper * (1 + 1e-12)


@pytest.mark.parametrize("name", MAPS)
def test_no_secant_is_steeper(name):
    psi = MAPS[name]
    m = psi.A.shape[0] if hasattr(psi, "A") else 3
    bound = lipschitz_float(psi)
    for _ in range(20):
        y, z = RNG.standard_normal((2, m))
        assert np.linalg.norm(psi(y) - psi(z)) <= bound * np.linalg.norm(y - z) * (1 + 1e-12)


def test_by_hand():
    # |x_alt - x| = 4, errors 3/4 together, |A e| from the matrix of ones
    psi = ClipDecoder(np.ones((1, 16)), np.zeros(16), np.ones(16), (0.5, 0.25))
    assert lipschitz_float(psi) == pytest.approx(3.25 / 16, rel=1e-14)
    # the tight Fourier operator: (1 + taps) / 2, then root of the square plus one
    taps = np.abs(CONV["weight"]).sum()
    assert lipschitz_float(MAPS["Fourier network"]) == pytest.approx(np.hypot((1 + taps) / 2, 1), rel=1e-12)


def test_maps_without_a_description_have_no_bound():
    assert isnan(lipschitz_float(lambda y: y))
    hidden = LinearMap(1j * np.ones((2, 2)))
    assert hidden.spec() is None
    assert isnan(lipschitz_float(hidden))


def test_the_norm_of_a_blur_counts():
    # the kernel 3/2, 3/2 triples a constant signal, and no other more
    psi = AdjointMap(Blur(np.array([1.5, 1.5]), (8,)))
    assert lipschitz_float(psi) == pytest.approx(3.0)
