"""Operators in balls: products against floats and exact fractions, and bounds that hold."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import acb, acb_mat, arb, arb_mat, ctx, fmpq

from kernelstab.certify.arrays import Array, decode
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.operators import BlurBalls, FourierBalls, HadamardBalls, build_operator
from kernelstab.certify.program.vectors import Vector
from kernelstab.certify.writing.encode import encode
from kernelstab.operators import masks
from kernelstab.operators.blur import Blur
from kernelstab.operators.fourier import SubsampledFourier
from kernelstab.operators.hadamard import SubsampledHadamard
from kernelstab.operators.matrix import DenseOperator

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
    facts, singular = balls(A), np.linalg.svd(A.to_dense(), compute_uv=False)
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
    facts = build_operator(decode(encode({"kind": "dense", "matrix": A, "tight": 1.0})))
    assert ends(facts.defect)[0] >= Fraction(1, 16)
    assert float(facts.defect) < 0.0626
    matrix = np.array([[0.5j, 0.5, 0.5, -0.5j], [0.5, 0.5j, 0.5, 0.5]])
    spec = {"kind": "dense", "matrix": matrix, "tight": 1.0}
    # second row times conjugate of the first: -i/4 + i/4 + 1/4 + i/4, of size sqrt(2)/4, twice in the Gram
    assert float(build_operator(decode(encode(spec))).defect) == pytest.approx(0.5, rel=1e-12)


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
    ({"kind": "fourier2d", "real": 1, "mask": np.ones((2, 2), bool)}, "real must be true or false"),
    ({"kind": "fourier2d", "real": True, "mask": np.ones(4, bool)}, "two-dimensional mask"),
    ({"kind": "fourier", "real": True, "mask": np.array(True)}, "the mask must be an array"),
    ({"kind": "fourier", "real": True, "mask": np.array([[[0, 1, 0]]], dtype=bool)}, "must be symmetric"),
    ({"kind": "fourier2d", "real": True, "mask": np.zeros((2, 2), bool)}, "the mask is empty"),
    ({"kind": "fourier2d", "real": True, "mask": np.array([[0, 1, 0]], dtype=bool)}, "must be symmetric"),
    ({"kind": "hadamard", "mask": np.ones(3, bool)}, "powers of two"),
    ({"kind": "hadamard", "mask": np.zeros(4, bool)}, "the mask is empty"),
    ({"kind": "blur2d", "kernel": np.ones(5), "shape": [4]}, "shape of an image that holds it"),
    ({"kind": "blur2d", "kernel": np.ones((1, 1, 1)), "shape": [4, 4, 4]}, "shape of an image"),
])
def test_malformed_descriptions_are_refused(spec, reason):
    with pytest.raises(ValueError, match=reason):
        build_operator(decode(encode(spec)))


UNITS = [(1, 0), (0, -1), (-1, 0), (0, 1)]        # e^(-2 pi i k / 4) = (-i)^k


def operator(mask, real):
    mask = np.asarray(mask, dtype=bool)
    return FourierBalls({"real": real, "mask": Array(mask.shape, tuple(mask.ravel().tolist()))})


def column(values):
    return Vector(arb_mat(len(values), 1, [float(v) for v in values]))


def contains(ball, value):
    low, high = ends(ball)
    return low <= value <= high and high - low < Fraction(1, 2**100)


def test_flint_has_the_sign_and_the_scaling_of_numpy():
    for n in (1, 2, 5, 8):
        ours = [[complex(float(z.real), float(z.imag)) for z in row] for row in acb_mat.dft(n).tolist()]
        np.testing.assert_allclose(np.array(ours), np.fft.fft(np.eye(n), norm="ortho"), atol=1e-15)


def _gaussian_rational_transform(x):
    """The unitary transform of a 4 x 4 image in fractions: its roots of unity are 1, -i, -1, i."""
    out = {}
    for k1 in range(4):
        for k2 in range(4):
            terms = [(UNITS[(k1 * j1 + k2 * j2) % 4], Fraction(x[j1, j2]))
                     for j1 in range(4) for j2 in range(4)]
            out[k1, k2] = (sum(u[0] * t for u, t in terms) / 4, sum(u[1] * t for u, t in terms) / 4)
    return out


def test_complex_measurements_contain_the_exact_ones_in_c_order():
    x, mask = RNG.standard_normal((4, 4)), RNG.random((4, 4)) < 0.6
    wanted = _gaussian_rational_transform(x)
    found = operator(mask, False).forward(column(x.ravel()))
    for (k1, k2), re, im in zip(np.argwhere(mask).tolist(), found.real.entries(), found.imag.entries()):
        assert contains(re, wanted[k1, k2][0])
        assert contains(im, wanted[k1, k2][1])


def test_real_measurements_contain_the_exact_ones_in_the_agreed_order():
    mask = np.zeros((4, 4), dtype=bool)
    for k in ((0, 0), (2, 2), (0, 1), (0, 3), (1, 2), (3, 2), (1, 3), (3, 1)):
        mask[k] = True
    x = RNG.standard_normal((4, 4))
    wanted = _gaussian_rational_transform(x)
    found = operator(mask, True).forward(column(x.ravel())).real.entries()
    # self: (0,0), (2,2); rep, the earlier of each pair in C order: (0,1), (1,2), (1,3)
    assert contains(found[0], wanted[0, 0][0])
    assert contains(found[1], wanted[2, 2][0])
    for place, k in enumerate([(0, 1), (1, 2), (1, 3)]):
        for part, ball in enumerate((found[2 + place], found[5 + place])):
            value = wanted[k][part]
            assert contains(ball * ball, 2 * value**2)           # the root of 2 is not rational
            assert (ball > 0) == (value > 0)


def test_shapes_without_rational_roots():
    """Direct sums of roots of unity at higher precision lie in the balls."""
    n1, n2, mask = 3, 5, np.ones((3, 5), dtype=bool)
    x = RNG.standard_normal(15)
    found = operator(mask, False).forward(column(x))
    with ctx.workprec(256):
        for k in range(15):
            total = acb(0)
            for j in range(15):
                turn = fmpq((k // n2) * (j // n2), n1) + fmpq((k % n2) * (j % n2), n2)
                total += acb(-2 * turn).exp_pi_i() * x[j]
            total /= arb(15).sqrt()
            assert found.real[k, 0].overlaps(total.real)
            assert found.imag[k, 0].overlaps(total.imag)
    assert max(float(e.rad()) for e in found.real.entries()) < 1e-35


def _turn(k, j, shape):
    """The quarter turns of frequency k at pixel j, for sides 1, 2 and 4."""
    return sum(a * b * 4 // n for a, b, n in zip(k, j, shape)) % 4


@pytest.mark.parametrize("shape", [(4,), (4, 2, 4), (2, 1, 4)])
def test_signals_and_volumes_contain_the_exact_measurements(shape):
    size, places = int(np.prod(shape)), list(np.ndindex(shape))
    x = RNG.standard_normal(size)
    found = operator(np.ones(shape), False).forward(column(x))
    for k, re, im in zip(places, found.real.entries(), found.imag.entries()):
        for part, ball in enumerate((re, im)):
            total = sum(UNITS[_turn(k, j, shape)][part] * Fraction(v) for j, v in zip(places, x.tolist()))
            assert contains(ball * ball, total**2 / size)            # the root of 32 is not rational
            assert total == 0 or (ball > 0) == (total > 0)


@pytest.mark.parametrize("shape", [(5,), (3, 2, 4)])
def test_real_signals_and_volumes_are_those_of_the_operator(shape):
    mask = masks.symmetrise(RNG.random(shape) < 0.6)
    A, balls = SubsampledFourier(mask, real=True), operator(mask, True)
    x, y = RNG.standard_normal(mask.size), RNG.standard_normal(A.shape[0])
    for ours, floats in [(balls.forward(column(x)), A @ x), (balls.adjoint(column(y)), A.rmatvec(y))]:
        np.testing.assert_allclose([float(v) for v in ours.real.entries()], floats, atol=1e-14)
    back = balls.forward(balls.adjoint(column(y)))
    for value, ball in zip(y.tolist(), back.real.entries()):
        assert contains(ball, Fraction(value))


def test_rows_are_orthonormal():
    mask = np.zeros((5, 4), dtype=bool)
    for k in ((0, 0), (1, 2), (4, 2), (2, 1), (3, 3), (0, 2)):
        mask[k] = True
    for real in (True, False):
        A = operator(mask, real)
        y = RNG.standard_normal(6)
        back = A.forward(A.adjoint(column(y)))
        for value, ball in zip(y.tolist(), back.real.entries()):
            assert contains(ball, Fraction(value))


def test_the_table_follows_the_precision():
    A = operator(np.ones((3, 3)), True)
    x = column(RNG.standard_normal(9))
    with ctx.workprec(64):
        coarse = A.forward(x).real[1, 0]
    with ctx.workprec(256):
        fine = A.forward(x).real[1, 0]
    assert float(coarse.rad()) > 1e-22
    assert float(fine.rad()) < 1e-70
    assert coarse.overlaps(fine)


def walsh(n):
    """Rows of the Sylvester matrix, sorted by their number of sign changes."""
    matrix = np.array([[1]])
    while len(matrix) < n:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    changes = [(np.diff(row) != 0).sum() for row in matrix]
    assert sorted(changes) == list(range(n))
    return matrix[np.argsort(changes)]


@pytest.mark.parametrize("shape", [(16,), (4, 4), (2, 8)])
def test_measurements_are_exact(shape):
    mask, x = RNG.random(shape) < 0.5, RNG.standard_normal(shape)
    A = HadamardBalls({"mask": Array(shape, tuple(mask.ravel().tolist()))})
    v = A.forward(Vector(arb_mat(16, 1, x.ravel().tolist())))
    matrix = np.kron(walsh(shape[0]), walsh(shape[1])) if len(shape) == 2 else walsh(16)
    for row, ball in zip(matrix[mask.ravel()], v.real.entries()):
        value = sum(int(s) * Fraction(t) for s, t in zip(row, x.ravel().tolist())) / 4
        assert ends(ball) == (value, value)
    back = A.forward(A.adjoint(v))               # A A^* = I
    assert [ends(b) for b in back.real.entries()] == [ends(b) for b in v.real.entries()]


def test_lengths_that_are_no_power_of_four_are_enclosed():
    A = HadamardBalls({"mask": Array((8,), (1,) * 8)})
    y = A.forward(Vector(arb_mat(8, 1, [1] * 8))).real.entries()
    low, high = ends(y[0])                       # 8 / sqrt 8
    assert low**2 <= 8 <= high**2
    assert 0 < high - low < 1e-36


def test_a_mask_without_axes_is_refused():
    with pytest.raises(ValueError, match="the mask must be an array"):
        HadamardBalls({"mask": Array((), (1,))})


@pytest.mark.parametrize(("size", "shape"), [((3,), (7,)), ((4,), (4,)), ((2, 3), (4, 5)), ((3, 3), (3, 3)),
                                             ((1, 1), (2, 2))])
def test_convolution_in_fractions(size, shape):
    kernel, x = RNG.standard_normal(size), RNG.standard_normal(shape)
    A = BlurBalls({"kernel": Array(size, tuple(kernel.ravel().tolist())), "shape": list(shape)})
    wanted = {sign: np.full(shape, Fraction(0), dtype=object) for sign in (1, -1)}
    for sign in wanted:
        for i in product(*map(range, shape)):
            for j in product(*map(range, size)):
                source = tuple((a - sign * (b - k // 2)) % n for a, b, k, n in zip(i, j, size, shape))
                wanted[sign][i] += Fraction(kernel[j]) * Fraction(x[source])
    with ctx.workprec(160):
        v = Vector(arb_mat(x.size, 1, x.ravel().tolist()))
        for sign, found in ((1, A.forward(v)), (-1, A.adjoint(v))):
            assert [ends(e) for e in found.real.entries()] == [(t, t) for t in wanted[sign].ravel()]
