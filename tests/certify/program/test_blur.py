"""Circular convolution in balls is exact."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from flint import arb_mat, ctx

from kernelstab.certify.arrays import Array
from kernelstab.certify.enclosure import ends
from kernelstab.certify.program.blur import BlurBalls
from kernelstab.certify.program.vectors import Vector

RNG = np.random.default_rng(0)


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
