"""The Lipschitz recursion in balls, and the spectral bound: above the norm, and not far above."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, ctx

from kernelstab.certify.arrays import decode
from kernelstab.certify.program.lipschitz_bound import (
    matrix_norm,
    network_lipschitz,
    number,
    scale_of,
    spectral_upper,
    weight_norm,
)
from kernelstab.certify.program.maps import build_map
from kernelstab.certify.program.operators import build_operator
from kernelstab.certify.writing.encode import encode
from kernelstab.maps.network import convolve

RNG = np.random.default_rng(0)
TIGHT = SimpleNamespace(norm=arb(1), tight=arb(1), defect=arb(0))


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(128):
        yield


def layer(kind, **fields):
    return decode(encode({"layer": kind} | fields))


def dense(weight):
    return layer("dense", weight=np.asarray(weight, dtype=float), bias=np.zeros(len(weight)))


def test_dense_layers_multiply_and_relu_costs_nothing():
    W, V = RNG.standard_normal((30, 20)), RNG.standard_normal((10, 30))
    layers = [{"layer": "measurements"}, dense(W), {"layer": "relu"}, dense(V)]
    bound = float(network_lipschitz(layers, TIGHT))
    product = np.linalg.norm(W, 2) * np.linalg.norm(V, 2)
    assert product <= bound <= 1.3 * product


def test_random_square_layers_lose_less_than_a_third():
    for n in (10, 100, 200):
        W = RNG.standard_normal((n, n))
        assert np.linalg.norm(W, 2) <= float(weight_norm(dense(W)["weight"])) <= 1.3 * np.linalg.norm(W, 2)


def test_a_convolution_is_bounded_by_its_taps():
    weight = RNG.standard_normal((3, 2, 3, 3))
    bound = float(weight_norm(layer("conv", weight=weight, bias=np.zeros(3))["weight"]))
    taps = sum(np.linalg.norm(weight[:, :, a, b], 2) for a in range(3) for b in range(3))
    assert taps <= bound <= 1.1 * taps
    # the matrix of the convolution on images of 5 x 4
    matrix = np.stack([convolve(e.reshape(2, 5, 4), weight).ravel() for e in np.eye(40)], axis=1)
    assert np.linalg.norm(matrix, 2) <= bound


def test_skips_add():
    # y -> y + 3 y + 2 (y + 3 y) = 12 y
    layers = [{"layer": "measurements"}, {"layer": "push"}, dense([[3.0]]), {"layer": "add"},
              {"layer": "push"}, layer("scale", factor=2.0), {"layer": "add"}]
    assert 12 <= float(network_lipschitz(layers, TIGHT)) <= 12.001


def test_data_consistency_of_a_tight_operator():
    # h = 2 y, then (I - A^*A) h + A^* y: sqrt(4 + 1)
    layers = [{"layer": "adjoint"}, layer("scale", factor=-2.0), {"layer": "data_consistency"}]
    assert float(network_lipschitz(layers, TIGHT)) == pytest.approx(5**0.5, rel=1e-15)
    c = SimpleNamespace(norm=arb(2), tight=arb(4), defect=arb(0))        # L = 4, c = 4: sqrt(16 + 1/4)
    assert float(network_lipschitz(layers, c)) == pytest.approx(16.25**0.5, rel=1e-15)


@pytest.mark.parametrize("defect", [1e-3, 0.3, 0.9])
def test_data_consistency_of_a_matrix_that_is_nearly_tight(defect):
    """The bound with a defect, against the norm of the linear map that the layers make."""
    for _ in range(20):
        rows = np.linalg.qr(RNG.standard_normal((6, 3)))[0].T
        A = rows + defect / 4 * RNG.standard_normal((3, 6))
        facts = build_operator(decode(encode({"kind": "dense", "matrix": A, "tight": 1.0})))
        assert float(facts.defect) >= np.linalg.norm(A @ A.T - np.eye(3), 2)
        for W in (RNG.standard_normal((6, 6)), np.eye(6)):
            layers = [{"layer": "adjoint"}, dense(W), {"layer": "data_consistency"}]
            matrix = (np.eye(6) - A.T @ A) @ W @ A.T + A.T
            assert np.linalg.norm(matrix, 2) <= float(network_lipschitz(layers, facts))


def test_the_bound_with_a_defect_is_attained():
    # A = 1.5 and c = 1: h = -3 y becomes -3 y + 1.5 (y - 1.5 (-3 y)) = 5.25 y, and the defect is 1.25
    spec = {"kind": "dense", "matrix": np.array([[1.5]]), "tight": 1.0}
    facts = build_operator(decode(encode(spec)))
    layers = [{"layer": "adjoint"}, layer("scale", factor=-2.0), {"layer": "data_consistency"}]
    assert 5.25 <= float(network_lipschitz(layers, facts)) <= 5.2501


def test_a_tight_matrix_of_floats_loses_nothing():
    A = np.array([[0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5]])
    facts = build_operator(decode(encode({"kind": "dense", "matrix": A, "tight": 1.0})))
    assert facts.defect == 0
    assert 1 <= float(facts.norm) <= 1.05


def test_linear_maps_and_scaled_adjoints():
    W = RNG.standard_normal((5, 3))
    bound = float(build_map(decode(encode({"kind": "linear", "matrix": W})), None).lipschitz())
    assert np.linalg.norm(W, 2) <= bound <= 1.1 * np.linalg.norm(W, 2)
    spec = {"kind": "scaled-adjoint", "operator": None, "scale": [-3, 4]}
    tight = SimpleNamespace(shape=(2, 3), norm=arb(1))
    assert float(build_map(spec, lambda _: tight).lipschitz()) == 0.75


def test_complex_matrices_act_on_stacked_parts():
    A = RNG.standard_normal((4, 6)) + 1j * RNG.standard_normal((4, 6))
    bound = float(matrix_norm(decode(encode(A))))
    assert np.linalg.norm(A, 2) <= bound <= 1.15 * np.linalg.norm(A, 2)


def test_scales_are_exact():
    third = scale_of([1, 3])
    assert (third * 3).contains(arb(1))
    assert float(third.rad()) < 1e-37
    assert scale_of(0.1) == arb(0.1)
    assert number(Fraction(5, 8)) == arb(0.625)
    for wrong in ([1, 0], [1], [1.0, 2], "1/3", None, True):
        with pytest.raises(ValueError, match="scale must be"):
            scale_of(wrong)


def bound(matrix):
    return float(spectral_upper(*matrix.shape, matrix.ravel().tolist()))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 3), (20, 30), (60, 60), (5, 200)])
@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_random_matrices(shape, scale):
    matrix = scale * RNG.standard_normal(shape)
    norm = np.linalg.norm(matrix, 2)
    assert norm * (1 - 1e-14) <= bound(matrix) <= 1.15 * norm


def test_the_loss_is_the_number_of_equal_singular_values():
    # all n singular values equal 1: the bound is n^(1/32)
    found = bound(np.eye(64))
    assert found == pytest.approx(64 ** (1 / 32), rel=1e-9)
    assert found >= 64 ** (1 / 32) * (1 - 1e-15)


def test_entries_below_the_cut_still_count():
    # the small entries are cut to zero, and their number times the cut is added instead
    matrix = np.full((3, 100), 2.0**-41)
    matrix[0, 0] = 1.0
    assert bound(matrix) >= np.linalg.norm(matrix, 2)
    matrix[0, 1:] = 2.0**-21      # half the bits survive
    assert bound(matrix) >= np.linalg.norm(matrix, 2)


def test_what_is_cut_from_every_entry_counts():
    # all entries lose almost a whole unit, and the norm of what they lose is 150 units
    entry = 1.0 - 2.0**-53
    assert spectral_upper(150, 150, [entry] * 150**2) >= arb(150) * arb(entry)


def test_special_matrices():
    assert bound(np.zeros((2, 3))) == 0
    assert bound(np.array([[0.0, 5.0]])) == pytest.approx(5.0, rel=1e-9)
    assert bound(np.full((2, 2), 5e-324)) >= 1e-323      # subnormal
    assert float(spectral_upper(1, 2, (3, 4))) >= 5      # integers


def test_the_working_precision_may_be_low():
    matrix = RNG.standard_normal((10, 10))
    with ctx.workprec(24):
        assert bound(matrix) >= np.linalg.norm(matrix, 2)
