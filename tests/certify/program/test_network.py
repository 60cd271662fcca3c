"""Networks in balls against the same layers in fractions and in numpy."""

import random
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from kernelstab.certify.arrays import decode
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.maps import build_map
from kernelstab.certify.program.network import (
    NetworkBalls,
    State,
    correlate,
    cut,
    from_vector,
    shifted,
    to_vector,
)
from kernelstab.certify.program.operators import build_operator
from kernelstab.certify.program.vectors import Vector
from kernelstab.certify.writing.encode import encode
from kernelstab.maps.network import convolve

RNG = np.random.default_rng(0)
ROWS = np.array([[1, 1, 1, 1], [1, -1, 1, -1]]) / 2        # A A^T = I, exactly
DENSE = {"kind": "dense", "matrix": np.kron(ROWS, ROWS), "image_shape": [4, 4], "tight": 1.0}


def conv(out, channels, side=3, dtype=np.float32, size=0.4):
    weight = size * RNG.standard_normal((out, channels, side, side))
    return {"layer": "conv", "weight": weight.astype(dtype),
            "bias": (0.1 * RNG.standard_normal(out)).astype(dtype)}


def dense(out, width, dtype=np.float32):
    return {"layer": "dense", "weight": (RNG.standard_normal((out, width)) / width**0.5).astype(dtype),
            "bias": RNG.standard_normal(out).astype(dtype)}


CASCADE = [{"layer": "push"}, conv(3, 1), {"layer": "relu"}, conv(2, 3, 1), {"layer": "relu"}, conv(1, 2, 5),
           {"layer": "add"}, {"layer": "data_consistency"}, {"layer": "scale", "factor": 0.75}]
EVERY_LAYER = [{"layer": "adjoint"}, *CASCADE, *CASCADE, dense(20, 16, np.float16), {"layer": "relu"},
               dense(16, 20, np.float64)]
ON_MEASUREMENTS = [{"layer": "measurements"}, dense(8, 4), {"layer": "relu"}, dense(16, 8)]


def network(layers, operator=DENSE):
    spec = {"kind": "network", "operator": operator, "layers": layers}
    return build_map(decode(encode(spec)), build_operator)


def vector(values):
    return Vector.from_array(decode(encode(np.asarray(values))))


def evaluate(layers, A, c, image_shape, y, number):
    """The layers in plain loops over numpy arrays of ``number``: fractions or floats."""
    def cast(array):
        return np.vectorize(number, otypes=[object if number is Fraction else float])(array)

    h, saved = None, []
    for layer in layers:
        kind = layer["layer"]
        if kind == "adjoint":
            h = (A.T @ y).reshape(1, *image_shape)
        elif kind == "measurements":
            h = y
        elif kind == "dense":
            h = cast(layer["weight"]) @ h.ravel() + cast(layer["bias"])
        elif kind == "conv":
            h = _convolve(h, cast(layer["weight"])) + cast(layer["bias"])[:, None, None]
        elif kind == "relu":
            h = np.where(h > 0, h, 0 * h)
        elif kind == "push":
            saved.append(h)
        elif kind == "add":
            h = h + saved.pop()
        elif kind == "scale":
            h = number(layer["factor"]) * h
        elif kind == "data_consistency":
            h = h + (A.T @ (y - A @ h.ravel()) / c).reshape(h.shape)
    return h.ravel()


def _convolve(h, weight):
    out, _, side, _ = weight.shape
    half = side // 2
    padded = np.zeros((len(h), h.shape[1] + 2 * half, h.shape[2] + 2 * half), dtype=h.dtype)
    padded[:, half:half + h.shape[1], half:half + h.shape[2]] = h
    return np.array([[[(weight[o] * padded[:, r:r + side, c:c + side]).sum() for c in range(h.shape[2])]
                      for r in range(h.shape[1])] for o in range(out)])


@pytest.mark.parametrize("layers", [EVERY_LAYER, ON_MEASUREMENTS])
@pytest.mark.parametrize("precision", [64, 128, 700])
def test_balls_contain_the_exact_output(layers, precision):
    y = RNG.standard_normal(4)
    fractions = np.vectorize(Fraction, otypes=[object])
    wanted = evaluate(layers, fractions(DENSE["matrix"]), 1, (4, 4), fractions(y), Fraction)
    with ctx.workprec(precision):
        found = network(layers).apply(vector(y))
    for value, ball in zip(wanted, found.real.entries()):
        low, high = ends(ball)
        assert low <= value <= high
        assert high - low < Fraction(1, 2**50)
    # two cascades of float32 weights need about 400 bits, then nothing is rounded
    assert found.exact == (precision == 700 or (layers is ON_MEASUREMENTS and precision == 128))


@pytest.mark.parametrize("precision", [40, 64])
def test_rounding_is_counted(precision):
    """At low precision the radius matters, and the exact output is still inside."""
    layers = [{"layer": "measurements"}, dense(50, 4, np.float64), {"layer": "relu"},
              dense(50, 50, np.float64), {"layer": "scale", "factor": 1 / 3}, dense(16, 50, np.float64)]
    fractions = np.vectorize(Fraction, otypes=[object])
    for _ in range(5):
        y = 1e3 * RNG.standard_normal(4)
        wanted = evaluate(layers, fractions(DENSE["matrix"]), 1, (4, 4), fractions(y), Fraction)
        with ctx.workprec(precision):
            balls = network(layers).apply(vector(y)).real.entries()
        assert not balls[0].is_exact()
        for value, ball in zip(wanted, balls):
            assert ends(ball)[0] <= value <= ends(ball)[1]


def test_wide_measurements_give_wide_outputs():
    """Every measurement inside the ball of the input is mapped into the ball of the output."""
    y, psi = RNG.standard_normal(4), network(EVERY_LAYER)
    wide = Vector(vector(y).real + vector(np.zeros(4)).real)
    for i in range(4):
        wide.real[i, 0] += arb(0, 1e-3)
    box = psi.apply(wide).real.entries()
    for _ in range(10):
        other = psi.apply(vector(y + RNG.uniform(-1e-3, 1e-3, 4))).real.entries()
        assert all(a.contains(b) for a, b in zip(box, other))


def matrix(weight):
    return {"layer": "dense", "weight": np.array(weight, dtype=float), "bias": np.zeros(len(weight))}


SEEN = {"kind": "dense", "matrix": np.array([[1.0, 0.0]]), "tight": 1.0}
STRETCHED = {"kind": "dense", "matrix": np.array([[1.5, 0.0]]), "tight": 1.0}


@pytest.mark.parametrize(("operator", "layers", "output"), [
    (SEEN, [matrix([[10], [0.1]])], lambda y: (10 * y, 0.1 * y)),
    (SEEN, [matrix([[0.1], [10]])], lambda y: (0.1 * y, 10 * y)),
    (SEEN, [{"layer": "push"}, matrix([[-1.0]]), matrix([[-5.0]]), {"layer": "add"}, matrix([[1], [0]])],
     lambda y: (6 * y, 0)),
    (SEEN, [matrix([[3.0]]), {"layer": "push"}, matrix([[0.0]]), {"layer": "add"}, matrix([[1], [0]])],
     lambda y: (3 * y, 0)),
    (SEEN, [{"layer": "scale", "factor": -7.0}, matrix([[1], [0]])], lambda y: (-7 * y, 0)),
    # h = (y, 5 y) is consistent: data consistency keeps it, and with it its width
    (SEEN, [matrix([[1], [5]]), {"layer": "data_consistency"}], lambda y: (y, 5 * y)),
    # far from tight: h = -3 y becomes -3 y + 1.5 (y - 1.5 (-3 y)) = 5.25 y
    (STRETCHED, [matrix([[-3], [0]]), {"layer": "data_consistency"}], lambda y: (5.25 * y, 0)),
])
def test_the_width_of_the_input_reaches_the_output(operator, layers, output):
    """By hand: for y between 0.9 and 1.1, both ends of the output lie in the ball."""
    y = vector([1.0])
    y.real[0, 0] += arb(0, 0.1)
    box = network([{"layer": "measurements"}, *layers], operator).apply(y).real.entries()
    for end in (0.9, 1.1):
        for ball, value in zip(box, output(end)):
            low, high = ends(ball)
            assert float(low) - 1e-12 <= value <= float(high) + 1e-12


def test_a_fourier_network_agrees_with_numpy():
    n = 8
    mask = RNG.random((n, n)) < 0.4
    mask |= np.roll(mask[::-1, ::-1], (1, 1), (0, 1))
    spec = {"kind": "fourier2d", "real": True, "mask": mask}
    flat = np.flatnonzero(mask)
    mirror = (-(flat // n) % n) * n + (-(flat % n) % n)
    rows = np.array([np.fft.fft2(e.reshape(n, n), norm="ortho").ravel() for e in np.eye(n * n)]).T
    own, rep = flat[flat == mirror], flat[flat < mirror]
    A = np.concatenate([rows[own].real, 2**0.5 * rows[rep].real, 2**0.5 * rows[rep].imag])
    np.testing.assert_allclose(A @ A.T, np.eye(len(A)), atol=1e-14)

    y = RNG.standard_normal(len(A))
    cascades = [{"layer": "adjoint"}, *CASCADE, *CASCADE, *CASCADE]
    wanted = evaluate(cascades, A, 1.0, (n, n), y, float)
    with ctx.workprec(128):
        balls = network(cascades, spec).apply(vector(y)).real.entries()
    np.testing.assert_allclose([float(b) for b in balls], wanted, atol=1e-12)
    assert max(float(b.rad()) for b in balls) < 1e-20


def test_small_measurements_keep_their_digits():
    y = 1e-60 * np.ones(4)
    layers = [{"layer": "measurements"}, {"layer": "dense", "weight": RNG.standard_normal((16, 4)),
                                         "bias": np.zeros(16)}]
    with ctx.workprec(64):
        balls = network(layers).apply(vector(y)).real.entries()
    assert all(ball.rel_accuracy_bits() > 50 for ball in balls)


def test_a_matrix_that_is_nearly_tight():
    """Data consistency with a matrix whose rows are orthonormal only up to rounding."""
    A = np.linalg.qr(RNG.standard_normal((16, 4)))[0].T
    spec = {"kind": "dense", "matrix": A, "image_shape": [4, 4], "tight": 1.0}
    y, layers = RNG.standard_normal(4), [{"layer": "adjoint"}, *CASCADE]
    fractions = np.vectorize(Fraction, otypes=[object])
    wanted = evaluate(layers, fractions(A), 1, (4, 4), fractions(y), Fraction)
    with ctx.workprec(128):
        for value, ball in zip(wanted, network(layers, spec).apply(vector(y)).real.entries()):
            assert ends(ball)[0] <= value <= ends(ball)[1]


@pytest.mark.parametrize(("layers", "reason"), [
    ([], "needs a list of layers"),
    ({"layer": "adjoint"}, "needs a list of layers"),
    ([{"layer": "relu"}], "starts with adjoint or measurements"),
    ([{"layer": "adjoint"}, {"layer": "adjoint"}], "and only there"),
    ([{"layer": "adjoint"}, {"layer": "softmax"}], "layer 1 is unknown: 'softmax'"),
    ([{"layer": "adjoint"}, "relu"], "layer 1 is unknown"),
    ([{"layer": "adjoint"}, {"layer": "add"}], "adds what it did not push"),
    ([{"layer": "adjoint"}, {"layer": "push"}], "must add what it pushes"),
    ([{"layer": "adjoint"}, {"layer": "scale"}], r"layer 1 \(scale\) lacks the field 'factor'"),
    ([{"layer": "adjoint"}, {"layer": "scale", "factor": [1, 2]}], "factor must be a number"),
    ([{"layer": "adjoint"}, {"layer": "dense", "weight": np.ones((2, 2))}], "lacks the field 'bias'"),
    ([{"layer": "adjoint"}, {"layer": "dense", "weight": np.ones((2, 2)), "bias": np.ones(3)}], "do not fit"),
    ([{"layer": "adjoint"}, {"layer": "dense", "weight": np.ones(2), "bias": np.ones(2)}],
     "must have 2 axes"),
    ([{"layer": "adjoint"}, {"layer": "dense", "weight": 5, "bias": 5}], "do not fit"),
    ([{"layer": "adjoint"}, {"layer": "conv", "weight": np.ones((1, 1, 2, 2)), "bias": np.ones(1)}],
     "square and odd"),
])
def test_malformed_networks_are_refused(layers, reason):
    with pytest.raises(ValueError, match=reason):
        network(layers)


@pytest.mark.parametrize(("layers", "reason"), [
    ([{"layer": "adjoint"}, dense(3, 5)], r"layer 1 of a network: expects 5 entries, got 16"),
    ([{"layer": "adjoint"}, conv(1, 2)], "expects 2 images"),
    ([{"layer": "measurements"}, conv(1, 4)], "expects 4 images"),
    ([{"layer": "adjoint"}, dense(3, 16)], "must end with 16 entries, got 3"),
    ([{"layer": "adjoint"}, conv(2, 1), {"layer": "data_consistency"}], "expects one signal"),
    ([{"layer": "adjoint"}, {"layer": "push"}, conv(2, 1), {"layer": "add"}], "was saved, not"),
])
def test_layers_that_do_not_fit_are_refused(layers, reason):
    with pytest.raises(ValueError, match=reason):
        network(layers).apply(vector(np.ones(4)))


def test_data_consistency_needs_a_tight_operator():
    loose = DENSE | {"matrix": np.ones((2, 16))}
    del loose["tight"]
    with pytest.raises(ValueError, match=r"needs an operator with A A\* = c I"):
        network([{"layer": "adjoint"}, {"layer": "data_consistency"}], loose)


def test_measurements_must_be_real_and_of_the_right_number():
    psi = network([{"layer": "adjoint"}])
    assert isinstance(psi, NetworkBalls)
    with pytest.raises(ValueError, match="real measurements"):
        psi.apply(vector(np.ones(4) * 1j))
    with pytest.raises(ValueError, match="4 measurements got 5"):
        psi.apply(vector(np.ones(5)))


def test_data_consistency_needs_a_real_operator():
    operator = {"kind": "dense", "matrix": np.array([[1.0, 1j]]), "tight": 2.0}
    psi = network([{"layer": "measurements"}, matrix([[1], [1]]), {"layer": "data_consistency"}], operator)
    with pytest.raises(ValueError, match="data_consistency needs a real operator"):
        psi.apply(vector([1.0]))


def test_absurd_growth_is_refused():
    large = [{"layer": "scale", "factor": 1e308}] * 100
    layers = [{"layer": "measurements"}, *large, matrix(np.ones((16, 4)))]
    with pytest.raises(ValueError, match=r"may multiply by up to 2\*\*10\d{4}, too much"):
        network(layers).apply(vector(np.ones(4)))


def test_cutting_balls_counts_what_is_cut():
    values = RNG.standard_normal(50)
    state = from_vector(Vector(arb_mat(50, 1, values.tolist())), (50,), 20)
    error = [Fraction(v) - Fraction(n, 2**20) for v, n in zip(values.tolist(), state.integers)]
    assert all(0 <= e < Fraction(1, 2**20) for e in error)
    square = sum(e * e for e in error)
    assert 0 < square <= ends(state.radius)[0] ** 2 <= Fraction(50, 2**40) * Fraction(10001, 10000)


def test_enough_bits_lose_nothing():
    values = RNG.standard_normal(9)
    with ctx.workprec(20):                       # the midpoints are longer than the precision
        state = from_vector(Vector(arb_mat(9, 1, values.tolist())), (9,), 80)
        assert state.radius == 0
        for v, ball in zip(values.tolist(), to_vector(state).real.entries()):
            assert ends(ball) == (Fraction(v), Fraction(v))


def test_radii_of_balls_enter_by_their_norm():
    ball = arb(1, 0.5)
    state = from_vector(Vector(arb_mat(4, 1, [ball] * 4)), (4,), 8)
    assert 1 <= float(state.radius) < 1.0001     # sqrt(4) / 2
    low, high = ends(to_vector(state).real[0, 0])
    assert low <= 0 <= 2 <= high
    assert state.integers == [256] * 4


def test_dropping_bits():
    exact = shifted((2,), [8, -16], 5, 3, arb(0))
    assert exact == State((2,), [1, -2], 5, arb(0))
    inexact = shifted((2,), [9, -15], 5, 3, arb(0))
    assert inexact.integers == [1, -2]           # rounded down
    assert 2**0.5 / 32 <= float(inexact.radius) < 2**0.5 / 32 * 1.0001
    assert float(shifted((1,), [8], 5, 3, arb(1)).radius) >= 1 + 1 / 32


def test_cuts_are_bounded_from_above():
    for count in (0, 1, 2, 3, 10, 4096):
        assert ends(cut(count, 7))[0] ** 2 >= Fraction(count, 2**14)


def naive(weights, shape, images, n1, n2):
    out, channels, side, _ = shape
    w = np.array(weights, dtype=object).reshape(shape)
    h = np.zeros((channels, n1 + side - 1, n2 + side - 1), dtype=object)
    half = side // 2
    h[:, half:half + n1, half:half + n2] = np.array(images, dtype=object).reshape(channels, n1, n2)
    return [int((w[o] * h[:, r:r + side, c:c + side]).sum())
            for o in range(out) for r in range(n1) for c in range(n2)]


@pytest.mark.parametrize(("shape", "n1", "n2"), [
    ((1, 1, 1, 1), 1, 1), ((2, 3, 3, 3), 4, 5), ((3, 2, 5, 5), 3, 2), ((1, 2, 7, 7), 2, 1),
    ((2, 1, 3, 3), 1, 6),
])
@pytest.mark.parametrize(("small", "large"), [(3, 3), (40, 8), (20, 200)])
def test_signed_integers_of_many_sizes(shape, n1, n2, small, large):
    random.seed(1)
    weights = [random.randint(-(2**small), 2**small) for _ in range(int(np.prod(shape)))]
    images = [random.randint(-(2**large), 2**large) for _ in range(shape[1] * n1 * n2)]
    assert correlate(weights, shape, images, n1, n2) == naive(weights, shape, images, n1, n2)


def test_the_largest_sums_fit_into_their_fields():
    # all products of one sign: a field one bit too narrow would spill into its neighbour
    shape, n = (1, 4, 3, 3), 4
    for sign in (1, -1):
        weights, images = [sign * 7] * 36, [7] * 64
        assert correlate(weights, shape, images, n, n) == naive(weights, shape, images, n, n)


def test_zeros():
    assert correlate([0] * 9, (1, 1, 3, 3), [5, -5], 1, 2) == [0, 0]
    assert correlate([1] * 9, (1, 1, 3, 3), [0, 0], 1, 2) == [0, 0]


def test_the_convention_is_that_of_the_maps_room():
    rng = np.random.default_rng(0)
    weight, h = rng.integers(-9, 9, (3, 2, 3, 3)), rng.integers(-9, 9, (2, 5, 4))
    found = correlate(weight.ravel().tolist(), weight.shape, h.ravel().tolist(), 5, 4)
    np.testing.assert_array_equal(found, convolve(h.astype(float), weight.astype(float)).ravel())
