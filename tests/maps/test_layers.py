import numpy as np
import pytest
from scipy.signal import correlate2d

from kernelstab.maps.layers import check_layers, convolve, transposed_filters
from kernelstab.operators import DenseOperator, gaussian


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
