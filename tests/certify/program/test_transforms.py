"""Transforms of images in balls: signs, scaling and order of the measurements, and what is exact."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import acb, acb_mat, arb, arb_mat, ctx, fmpq

from kernelstab.certify.arrays import Array
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.transforms import BlurBalls, FourierBalls, HadamardBalls
from kernelstab.certify.program.vectors import Vector
from kernelstab.operators import SubsampledFourier, masks

RNG = np.random.default_rng(0)
UNITS = [(1, 0), (0, -1), (-1, 0), (0, 1)]        # e^(-2 pi i k / 4) = (-i)^k


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(128):
        yield


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
    with pytest.raises(ValueError, match="one or two sides are powers of two"):
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
