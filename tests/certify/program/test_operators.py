"""Dense operators in balls, and what all operators share."""

from fractions import Fraction

import numpy as np
import pytest
from flint import ctx

from kernelstab.certify.arrays import decode
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.operators import build_operator
from kernelstab.certify.program.vectors import Vector
from kernelstab.certify.writing.encode import encode
from kernelstab.operators.blur import Blur
from kernelstab.operators.dense import DenseOperator
from kernelstab.operators.fourier import SubsampledFourier
from kernelstab.operators.hadamard import SubsampledHadamard

RNG = np.random.default_rng(0)
SYMMETRIC = np.array([[1, 1, 0, 1], [0, 1, 0, 1], [1, 0, 0, 0], [0, 1, 0, 1]], dtype=bool)
EVERY = {
    "dense": DenseOperator(RNG.standard_normal((3, 5))),
    "dense complex": DenseOperator(RNG.standard_normal((3, 5)) + 1j * RNG.standard_normal((3, 5))),
    "fourier real": SubsampledFourier(SYMMETRIC, real=True),
    "fourier complex": SubsampledFourier(RNG.random((4, 3)) < 0.6),
    "hadamard": SubsampledHadamard(RNG.random((4, 8)) < 0.5),
    "blur": Blur(RNG.standard_normal((2, 3)), (5, 4)),
}


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(128):
        yield


def balls(A):
    return build_operator(decode(encode(A.spec())))


def vector(values):
    return Vector.from_array(decode(encode(np.asarray(values))))


def floats(v):
    real = np.array([float(e) for e in v.real.entries()])
    return real if v.imag is None else real + 1j * np.array([float(e) for e in v.imag.entries()])


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("complex_vector", [False, True])
def test_products_agree_with_the_operator_room(name, complex_vector):
    A = EVERY[name]
    B = balls(A)
    assert B.shape == A.shape
    assert B.image_shape == A.image_shape
    for count, ours, theirs in ((A.shape[1], B.forward, A.matvec), (A.shape[0], B.adjoint, A.rmatvec)):
        v = RNG.standard_normal(count) + (1j * RNG.standard_normal(count) if complex_vector else 0)
        np.testing.assert_allclose(floats(ours(vector(v))), theirs(v), atol=1e-13)


@pytest.mark.parametrize("name", EVERY)
def test_the_adjoint_law_holds_in_balls(name):
    A = EVERY[name]
    B = balls(A)
    x, y = (vector(RNG.standard_normal(n)) for n in A.shape[::-1])
    gap = B.forward(x).inner(y) - x.inner(B.adjoint(y))
    assert gap.contains(0)
    assert float(gap.rad()) < 1e-30


@pytest.mark.parametrize("name", EVERY)
def test_the_facts_are_true(name):
    A = EVERY[name]
    facts, singular = balls(A).facts(), np.linalg.svd(A.to_dense(), compute_uv=False)
    assert singular[0] * (1 - 1e-14) <= float(facts.norm) <= 1.1 * singular[0]
    assert (facts.tight is None) == (A.tight is None)
    if facts.tight is not None:
        np.testing.assert_allclose(singular, float(facts.tight) ** 0.5, rtol=1e-13)


@pytest.mark.parametrize("name", EVERY)
def test_vectors_of_another_length_are_refused(name):
    B = balls(EVERY[name])
    with pytest.raises(ValueError, match="length 99 does not fit"):
        B.forward(vector(np.ones(99)))
    with pytest.raises(ValueError, match="length 99 does not fit"):
        B.adjoint(vector(np.ones(99)))


def test_dense_products_are_exact():
    A, x = RNG.standard_normal((3, 5)), RNG.standard_normal(5)
    found = balls(DenseOperator(A)).forward(vector(x))
    for row, ball in zip(A.tolist(), found.real.entries()):
        value = sum(Fraction(a) * Fraction(t) for a, t in zip(row, x.tolist()))
        assert ends(ball) == (value, value)


def test_the_defect_of_a_matrix_that_says_it_is_tight():
    A = np.array([[1.0, 0.25]])                 # A A^T = 1 + 1/16
    facts = build_operator(decode(encode({"kind": "dense", "matrix": A, "tight": 1.0}))).facts()
    assert ends(facts.defect)[0] >= Fraction(1, 16)
    assert float(facts.defect) < 0.0626
    matrix = np.array([[0.5j, 0.5, 0.5, -0.5j], [0.5, 0.5j, 0.5, 0.5]])
    spec = {"kind": "dense", "matrix": matrix, "tight": 1.0}
    # second row times conjugate of the first: -i/4 + i/4 + 1/4 + i/4, of size sqrt(2)/4, twice in the Gram
    assert float(build_operator(decode(encode(spec))).facts().defect) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(("spec", "reason"), [
    ({"kind": "radon"}, "kind must be one of dense, fourier, fourier2d, hadamard, blur2d, got 'radon'"),
    ({}, "operator kind must be one of"),
    (None, "operator kind must be one of"),
    ({"kind": ["dense"]}, "operator kind must be one of"),
    ({"kind": "dense"}, "operator of kind dense lacks the field 'matrix'"),
    ({"kind": "dense", "matrix": [1.0]}, "needs a matrix"),
    ({"kind": "dense", "matrix": np.ones(3)}, "needs a matrix"),
    ({"kind": "dense", "matrix": np.ones((1, 4)), "image_shape": [3]}, "image_shape .* does not hold 4"),
    ({"kind": "dense", "matrix": np.ones((1, 4)), "tight": -1.0}, "tight must be a positive number"),
    ({"kind": "fourier2d", "real": 1, "mask": np.ones((2, 2), bool)}, "real true or false"),
    ({"kind": "fourier2d", "real": True, "mask": np.ones(4, bool)}, "two-dimensional mask"),
    ({"kind": "fourier", "real": True, "mask": np.array(True)}, "needs a mask"),
    ({"kind": "fourier", "real": True, "mask": np.array([[[0, 1, 0]]], dtype=bool)}, "must be symmetric"),
    ({"kind": "fourier2d", "real": True, "mask": np.zeros((2, 2), bool)}, "mask .* is empty"),
    ({"kind": "fourier2d", "real": True, "mask": np.array([[0, 1, 0]], dtype=bool)}, "must be symmetric"),
    ({"kind": "hadamard", "mask": np.ones(3, bool)}, "powers of two"),
    ({"kind": "hadamard", "mask": np.zeros(4, bool)}, "mask .* is empty"),
    ({"kind": "blur2d", "kernel": np.ones(5), "shape": [4]}, "shape of an image that holds it"),
    ({"kind": "blur2d", "kernel": np.ones((1, 1, 1)), "shape": [4, 4, 4]}, "shape of an image"),
])
def test_malformed_descriptions_are_refused(spec, reason):
    with pytest.raises(ValueError, match=reason):
        build_operator(decode(encode(spec)))
