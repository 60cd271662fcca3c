"""The Walsh-Hadamard operator in balls is exact and ordered by sign changes."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb_mat, ctx

from kernelstab.certify.arrays import Array
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.hadamard import HadamardBalls
from kernelstab.certify.program.vectors import Vector

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(128):
        yield


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
