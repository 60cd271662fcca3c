"""Linear maps, scaled adjoints and the clip decoder in balls."""

from fractions import Fraction

import numpy as np
import pytest
from flint import ctx

from kernelstab.certify.arrays import decode
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.maps import build_map
from kernelstab.certify.program.operators import build_operator
from kernelstab.certify.program.vectors import Vector
from kernelstab.certify.writing.encode import encode

RNG = np.random.default_rng(0)
A, X, X_ALT = RNG.standard_normal((3, 5)), RNG.standard_normal(5), RNG.standard_normal(5)
OPERATOR = {"kind": "dense", "matrix": A}


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(256):
        yield


def built(spec):
    return build_map(decode(encode(spec)), build_operator)


def vector(values):
    return Vector.from_array(decode(encode(np.asarray(values))))


def fractions(values):
    return np.vectorize(Fraction, otypes=[object])(values)


def assert_contains(found, wanted, width=Fraction(1, 2**200)):
    for ball, value in zip(found.real.entries(), wanted, strict=True):
        low, high = ends(ball)
        assert low <= value <= high
        assert high - low <= width


def test_linear_maps_are_exact():
    W, y = RNG.standard_normal((5, 3)), RNG.standard_normal(3)
    psi = built({"kind": "linear", "matrix": W})
    assert_contains(psi.apply(vector(y)), fractions(W) @ fractions(y), 0)
    found = psi.apply(vector(1j * y))
    assert_contains(Vector(found.imag), fractions(W) @ fractions(y), 0)
    assert psi.length == 5


@pytest.mark.parametrize("scale", [[3, 7], 0.1, 2])
def test_scaled_adjoints(scale):
    y = RNG.standard_normal(3)
    psi = built({"kind": "scaled-adjoint", "operator": OPERATOR, "scale": scale})
    factor = Fraction(*scale) if isinstance(scale, list) else Fraction(scale)
    assert_contains(psi.apply(vector(y)), factor * (fractions(A).T @ fractions(y)))
    assert psi.length == 5


def clip(eta=(0.0, 0.0)):
    return built({"kind": "clip", "operator": OPERATOR, "x": X, "x_alt": X_ALT, "eta": list(eta)})


def test_the_clip_decoder_is_exact_at_its_two_signals():
    psi, operator = clip(), build_operator(decode(encode(OPERATOR)))
    for signal in (X, X_ALT):
        assert_contains(psi.apply(operator.forward(vector(signal))), fractions(signal), 0)


def test_the_clip_decoder_walks_the_segment():
    psi = clip()
    rows, x, x_alt = fractions(A), fractions(X), fractions(X_ALT)
    step = rows @ (x_alt - x)
    for t in (Fraction(-3), Fraction(1, 4), Fraction(3, 4), Fraction(5)):
        y = np.array([float(v) for v in rows @ x + t * step])
        exact = ((fractions(y) - rows @ x) @ step) / (step @ step)
        exact = min(max(exact, Fraction(0)), Fraction(1))
        assert_contains(psi.apply(vector(y)), x + exact * (x_alt - x))


def test_the_errors_of_the_clip_decoder_are_as_asked():
    eta = (0.5, 0.25)
    psi, operator = clip(eta), build_operator(decode(encode(OPERATOR)))
    for signal, error in ((X, 0.5), (X_ALT, 0.25)):
        found = psi.apply(operator.forward(vector(signal))) - vector(signal)
        assert found.norm().contains(Fraction(error).numerator / Fraction(error).denominator)
        assert float(found.norm().rad()) < 1e-60
    # Lipschitz constant (|x - x'| - 3/4) / |A(x - x')|
    wanted = (np.linalg.norm(X - X_ALT) - 0.75) / np.linalg.norm(A @ (X - X_ALT))
    assert float(psi.lipschitz()) == pytest.approx(wanted, rel=1e-13)


def test_two_signals_with_one_measurement_give_no_number():
    psi = built({"kind": "clip", "operator": OPERATOR, "x": X, "x_alt": X, "eta": [0, 0]})
    found = psi.apply(vector(np.ones(3)))
    assert all(entry.is_nan() for entry in found.real.entries())
    assert psi.lipschitz().is_nan()


@pytest.mark.parametrize(("spec", "reason"), [
    ({"kind": "oracle"}, "map kind must be one of linear, scaled-adjoint, clip, network, got 'oracle'"),
    (7, "map kind must be one of"),
    ({"kind": "linear"}, "map of kind linear lacks the field 'matrix'"),
    ({"kind": "linear", "matrix": np.ones((2, 2)) * 1j}, "needs a real matrix"),
    ({"kind": "linear", "matrix": np.ones(3)}, "needs a matrix"),
    ({"kind": "scaled-adjoint", "scale": 1}, "lacks the field 'operator'"),
    ({"kind": "scaled-adjoint", "operator": OPERATOR, "scale": [1, 0]}, "scale must be"),
    ({"kind": "clip", "operator": OPERATOR, "x": X, "x_alt": X_ALT, "eta": [0]}, "eta must hold two numbers"),
    ({"kind": "clip", "operator": OPERATOR, "x": X, "x_alt": X_ALT, "eta": [-1, 0]}, "eta must hold two"),
    ({"kind": "clip", "operator": OPERATOR, "x": X[:2], "x_alt": X_ALT, "eta": [0, 0]},
     "length 2 does not fit"),
])
def test_malformed_maps_are_refused(spec, reason):
    with pytest.raises(ValueError, match=reason):
        built(spec)


def test_a_measurement_of_another_length():
    with pytest.raises(ValueError, match=r"length 3 does not fit a matrix of shape \(2, 2\)"):
        built({"kind": "linear", "matrix": np.ones((2, 2))}).apply(vector(np.ones(3)))
