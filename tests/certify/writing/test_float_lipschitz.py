"""The Lipschitz bound in floats follows the rules of the one in balls."""

from math import isnan

import numpy as np
import pytest

from kernelstab.certify import run_balls
from kernelstab.certify.writing.float_lipschitz import lipschitz_float
from kernelstab.certify.writing.terms import Program, lipschitz
from kernelstab.maps import AdjointMap, ClipDecoder, LinearMap, ReLUNetwork, Tikhonov
from kernelstab.operators.dense import DenseOperator, partial_orthogonal
from kernelstab.operators.fourier import SubsampledFourier

RNG = np.random.default_rng(0)
GAUSS = DenseOperator(RNG.standard_normal((3, 16)))
TIGHT = partial_orthogonal(4, 16, image_shape=(4, 4), rng=0)
FOURIER = SubsampledFourier(np.ones((4, 4), dtype=bool), real=True)
CONV = {"layer": "conv", "weight": RNG.standard_normal((1, 1, 3, 3)), "bias": np.ones(1)}
LAYERS = [{"layer": "adjoint"}, {"layer": "push"}, CONV, {"layer": "relu"}, {"layer": "add"},
          {"layer": "scale", "factor": -0.5}, {"layer": "data_consistency"}]
MAPS = {
    "linear": LinearMap(RNG.standard_normal((16, 3))), "adjoint": AdjointMap(GAUSS),
    "Tikhonov": Tikhonov(TIGHT, 0.25), "clip": ClipDecoder(GAUSS, np.zeros(16), np.ones(16), (0.5, 0.25)),
    "dense network": ReLUNetwork(TIGHT, LAYERS), "Fourier network": ReLUNetwork(FOURIER, LAYERS),
}


@pytest.mark.parametrize("name", MAPS)
def test_floats_are_near_and_below_the_balls(name):
    psi, p = MAPS[name], Program()
    p.let("L", lipschitz(p.map("psi")))
    proved = run_balls(p, {"psi": psi}).quantities["L"]
    assert lipschitz_float(psi) * 1.15**3 >= proved.lower      # three layers, a spectral loss each
    assert lipschitz_float(psi) <= proved.upper * (1 + 1e-12)


@pytest.mark.parametrize("name", MAPS)
def test_no_secant_is_steeper(name):
    psi = MAPS[name]
    m = psi.A.shape[0] if hasattr(psi, "A") else 3
    bound = lipschitz_float(psi)
    for _ in range(20):
        y, z = RNG.standard_normal((2, m))
        assert np.linalg.norm(psi(y) - psi(z)) <= bound * np.linalg.norm(y - z) * (1 + 1e-12)


def test_by_hand():
    # |x_alt - x| = 4, errors 3/4 together, |A e| from the matrix of ones
    psi = ClipDecoder(np.ones((1, 16)), np.zeros(16), np.ones(16), (0.5, 0.25))
    assert lipschitz_float(psi) == pytest.approx(3.25 / 16, rel=1e-14)
    # the tight Fourier operator: (1 + taps) / 2, then root of the square plus one
    taps = np.abs(CONV["weight"]).sum()
    assert lipschitz_float(MAPS["Fourier network"]) == pytest.approx(np.hypot((1 + taps) / 2, 1), rel=1e-12)


def test_maps_without_a_description_have_no_bound():
    assert isnan(lipschitz_float(lambda y: y))
    hidden = LinearMap(1j * np.ones((2, 2)))
    assert hidden.spec() is None
    assert isnan(lipschitz_float(hidden))
