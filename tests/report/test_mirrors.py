"""Mirror images."""

import json

import numpy as np
import pytest

from kernelstab.operators import as_operator
from kernelstab.report.mirrors import measure_mirrors
from kernelstab.report.stages import NotApplicable

A = as_operator(np.eye(2, 3))           # the kernel is the third axis


def _measure(psi, images):
    outputs = {"psi": np.array([psi(A.matvec(x)) for x in images])}
    return measure_mirrors(A, {"psi": psi}, np.asarray(images), outputs)


def test_pseudo_inverse_sits_on_the_line():
    m = _measure(lambda y: np.append(y, 0.0), [[1.0, 2.0, 3.0], [1.0, 0.0, -0.5]])
    assert np.allclose(m.errors["psi"], [3, 0.5])
    assert np.allclose(m.mirror_errors["psi"], [3, 0.5])
    assert np.allclose(m.excess("psi"), 0)
    assert np.allclose(m.images, [[1, 2, -3], [1, 0, 0.5]])


@pytest.mark.parametrize("seed", range(5))
def test_no_map_goes_below_the_line(seed):
    rng = np.random.default_rng(seed)
    W, b = rng.standard_normal((3, 2)), rng.standard_normal(3)
    m = _measure(lambda y: np.tanh(W @ y) + b, rng.standard_normal((20, 3)))
    assert m.excess("psi").min() >= -1e-12


def test_images_without_kernel_part_are_left_out():
    m = _measure(lambda y: np.append(y, 0.0), [[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    assert m.kernel_norms.tolist() == [2.0]
    with pytest.raises(NotApplicable, match="no image has a part in the kernel"):
        _measure(lambda y: np.append(y, 0.0), [[1.0, 1.0, 0.0]])


def test_without_kernel_there_are_no_mirror_images():
    one = np.ones((1, 2))
    with pytest.raises(NotApplicable, match="^the operator has no kernel$"):
        measure_mirrors(as_operator(np.eye(2)), {"psi": lambda y: y}, one, {"psi": one})


def test_json():
    m = _measure(lambda y: np.append(y, 0.0), [[0.0, 0.0, 2.0]])
    record = json.loads(json.dumps(m.to_json(), allow_nan=False))
    assert record["kernel_part_norm"] == {"values": [2.0], "kind": "estimate", "unit": "signal",
                                          "rigorous": False}
    assert record["maps"]["psi"]["excess_over_bound"]["values"] == [0.0]
