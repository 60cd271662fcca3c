import numpy as np
import pytest
from scipy.signal import correlate2d

from kernelstab.maps import ReLUNetwork
from kernelstab.maps.network import check_layers, convolve, transposed_filters
from kernelstab.operators import DenseOperator, SubsampledFourier, gaussian, masks


def random_conv(rng, out, channels):
    return {"layer": "conv", "weight": rng.standard_normal((out, channels, 3, 3)) / 3,
            "bias": rng.standard_normal(out) / 10}


def fourier(size=6):
    rng = np.random.default_rng(5)
    return SubsampledFourier(masks.symmetrise(rng.random((size, size)) < 0.3), real=True)


def unrolled(rng):
    """A network with every kind of layer but dense and measurements."""
    return [{"layer": "adjoint"}, {"layer": "scale", "factor": 1.5},
            {"layer": "push"}, random_conv(rng, 3, 1), {"layer": "relu"},
            {"layer": "push"}, random_conv(rng, 3, 3), {"layer": "relu"}, {"layer": "add"},
            random_conv(rng, 1, 3), {"layer": "add"}, {"layer": "data_consistency"},
            random_conv(rng, 2, 1), {"layer": "relu"}, random_conv(rng, 1, 2)]


def perceptron(rng, m, n):
    return [{"layer": "measurements"},
            {"layer": "dense", "weight": rng.standard_normal((8, m)), "bias": rng.standard_normal(8)},
            {"layer": "relu"},
            {"layer": "dense", "weight": rng.standard_normal((n, 8)), "bias": rng.standard_normal(n)}]


def gradient_defect(psi, y, rng, step=1e-6):
    """Relative difference between <J^T u, e> and the central difference of <u, psi> along e."""
    u, e = rng.standard_normal(psi(y).size), rng.standard_normal(y.size)
    e /= np.linalg.norm(e)
    difference = np.vdot(u, psi(y + step * e) - psi(y - step * e)) / (2 * step)
    return abs(np.vdot(psi.vjp(y, u), e) - difference) / abs(difference)


def test_gradient_agrees_with_finite_differences():
    rng = np.random.default_rng(6)
    A, B = fourier(), gaussian(7, 9, rng=rng)
    for psi in (ReLUNetwork(A, unrolled(rng)), ReLUNetwork(B, perceptron(rng, 7, 9))):
        for _ in range(3):
            assert gradient_defect(psi, rng.standard_normal(psi.A.shape[0]), rng) < 1e-7


def test_data_consistency_explains_the_measurements():
    rng = np.random.default_rng(7)
    A = fourier()
    psi = ReLUNetwork(A, [{"layer": "adjoint"}, random_conv(rng, 1, 1), {"layer": "data_consistency"}])
    y = rng.standard_normal(A.shape[0])
    np.testing.assert_allclose(A.matvec(psi(y)), y, atol=1e-13)


def test_skip_connections_nest():
    # h = y; push h; push h; h -> 2h; add -> 3h; h -> 6h; add -> 7h: the stack is last in, first out
    push, twice, add = {"layer": "push"}, {"layer": "scale", "factor": 2.0}, {"layer": "add"}
    layers = [{"layer": "measurements"}, push, push, twice, add, twice, add]
    psi = ReLUNetwork(np.eye(2), layers)
    np.testing.assert_array_equal(psi(np.array([1.0, -2.0])), [7.0, -14.0])
    np.testing.assert_array_equal(psi.vjp(np.zeros(2), np.array([1.0, 0.0])), [7.0, 0.0])


def test_kink_by_hand():
    # relu(y1 - y2): slope (1, -1) where y1 > y2, zero elsewhere and at the kink
    layers = [{"layer": "measurements"},
              {"layer": "dense", "weight": np.array([[1.0, -1.0]]), "bias": np.zeros(1)},
              {"layer": "relu"}, {"layer": "dense", "weight": np.array([[1.0], [0.0]]), "bias": np.zeros(2)}]
    psi, u = ReLUNetwork(np.eye(2), layers), np.array([1.0, 5.0])
    np.testing.assert_array_equal(psi.vjp(np.array([2.0, 1.0]), u), [1.0, -1.0])
    np.testing.assert_array_equal(psi.vjp(np.array([1.0, 2.0]), u), [0.0, 0.0])
    np.testing.assert_array_equal(psi.vjp(np.array([1.0, 1.0]), u), [0.0, 0.0])


def test_half_precision_weights_are_exact():
    weight = np.array([[1 / 3]], dtype=np.float16)
    psi = ReLUNetwork([[1.0]], [{"layer": "measurements"},
                                {"layer": "dense", "weight": weight, "bias": np.zeros(1, np.float16)}])
    assert psi(np.array([1.0]))[0] == float(weight[0, 0])
    assert psi.spec()["layers"][1]["weight"].dtype == np.float16


def test_calls_do_not_disturb_each_other():
    rng = np.random.default_rng(9)
    psi = ReLUNetwork(fourier(), unrolled(rng))
    y = rng.standard_normal(psi.A.shape[0])
    first = psi(y)
    psi.vjp(-y, np.ones(36))
    assert psi(y).tobytes() == first.tobytes()


def test_pullback_is_the_output_with_the_gradient():
    rng = np.random.default_rng(10)
    psi = ReLUNetwork(fourier(), unrolled(rng))
    y, u = rng.standard_normal(psi.A.shape[0]), rng.standard_normal(36)
    x, pull = psi.pullback(y)
    psi(-y)
    assert x.tobytes() == psi(y).tobytes()
    assert pull(u).tobytes() == psi.vjp(y, u).tobytes()


@pytest.mark.parametrize(("y", "message"), [
    (np.ones(2), r"y must have shape \(1,\)"),
    (np.array([np.nan]), "y must be finite"),
    (np.array([1j]), "y must be real"),
])
def test_bad_measurements_are_named(y, message):
    with pytest.raises(ValueError, match=message):
        ReLUNetwork([[1.0]], [{"layer": "adjoint"}])(y)


def test_a_complex_operator_is_refused():
    with pytest.raises(ValueError, match="A must be real"):
        ReLUNetwork([[1j]], [{"layer": "adjoint"}])


@pytest.mark.parametrize("side", [1, 3, 5])
def test_convolution_agrees_with_scipy(side):
    rng = np.random.default_rng(0)
    h, w = rng.standard_normal((2, 6, 7)), rng.standard_normal((3, 2, side, side))
    expected = [sum(correlate2d(h[c], w[o, c], mode="same") for c in range(2)) for o in range(3)]
    np.testing.assert_allclose(convolve(h, w), expected, rtol=1e-12, atol=1e-12)


def test_transposed_filters_give_the_transpose():
    rng = np.random.default_rng(1)
    w, h, g = (rng.standard_normal(s) for s in [(3, 2, 3, 3), (2, 5, 4), (3, 5, 4)])
    # <W h, g> = <h, W^T g>
    assert np.vdot(convolve(h, w), g) == pytest.approx(np.vdot(h, convolve(g, transposed_filters(w))))


def conv(out, channels, side=3):
    return {"layer": "conv", "weight": np.ones((out, channels, side, side)), "bias": np.zeros(out)}


def dense(out, width):
    return {"layer": "dense", "weight": np.ones((out, width)), "bias": np.zeros(out)}


ADJOINT, MEASUREMENTS = {"layer": "adjoint"}, {"layer": "measurements"}
PUSH, ADD, RELU = {"layer": "push"}, {"layer": "add"}, {"layer": "relu"}


@pytest.mark.parametrize(("layers", "message"), [
    ([], "layers must not be empty"),
    ([ADJOINT, {"layer": "gelu"}], r"layers\[1\] must be one of"),
    ([ADJOINT, "relu"], r"layers\[1\] must be one of"),
    ([RELU], r"layers\[0\] \(relu\): a network starts with"),
    ([ADJOINT, ADJOINT], r"layers\[1\] \(adjoint\): a network starts with"),
    ([ADJOINT, {"layer": "conv", "weight": np.ones((1, 1, 3, 3))}],
     r"layers\[1\] \(conv\) must have the fields"),
    ([ADJOINT, RELU | {"slope": 0.1}], r"layers\[1\] \(relu\) must have the fields \[\]"),
    ([ADJOINT, conv(1, 2)], r"layers\[1\] \(conv\) expects 2 images"),
    ([MEASUREMENTS, conv(1, 1)], r"layers\[1\] \(conv\) expects 1 images, got a state of shape \(3,\)"),
    ([ADJOINT, conv(1, 1, side=2)], r"layers\[1\] \(conv\): filters must be square and odd"),
    ([ADJOINT, dense(4, 5)], r"layers\[1\] \(dense\) expects 5 entries"),
    ([MEASUREMENTS, dense(5, 3)], r"layers must end with 4 entries, got shape \(5,\)"),
    ([ADJOINT, dense(4, 4) | {"bias": np.zeros(3)}], "weight and bias do not fit"),
    ([ADJOINT, dense(4, 4) | {"bias": np.array([0, 0, 0, np.nan])}],
     r"layers\[1\].bias must be finite floats"),
    ([ADJOINT, dense(4, 4) | {"weight": np.ones((4, 4), dtype=int)}],
     r"layers\[1\].weight must be finite floats"),
    ([ADJOINT, ADD], r"layers\[1\] \(add\) needs a pushed state"),
    ([ADJOINT, PUSH, conv(2, 1), ADD], r"layers\[3\] \(add\) needs a pushed state of shape \(2, 2, 2\)"),
    ([ADJOINT, PUSH], "1 push without add"),
    ([ADJOINT, {"layer": "data_consistency"}], "needs A A"),
    ([ADJOINT, {"layer": "scale", "factor": np.inf}], r"layers\[1\].factor must lie in"),
])
def test_layers_that_do_not_fit_are_named_by_position(layers, message):
    A = gaussian(3, 4, image_shape=(2, 2), rng=0)
    with pytest.raises(ValueError, match=message):
        check_layers(layers, A)


def test_data_consistency_needs_one_signal():
    A = DenseOperator(np.eye(3, 4), image_shape=(2, 2), tight=1.0)
    with pytest.raises(ValueError, match="expects one signal"):
        check_layers([ADJOINT, conv(2, 1), {"layer": "data_consistency"}, conv(1, 2)], A)
