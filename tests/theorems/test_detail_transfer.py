"""Detail transfer: what is invisible and learnt once is shown everywhere."""

import numpy as np
import pytest

from kernelstab.maps import ClipDecoder, LinearMap, ReLUNetwork
from kernelstab.operators import as_operator
from kernelstab.theorems.detail_transfer import DetailTransfer

theorem = DetailTransfer()


def test_by_hand_values():
    # z = (2,1,4), d = (0,0,4), map (y1,y2,4): x = (2,1,0) gets the 4 that belongs to z.
    q = theorem.check(theorem.by_hand(), arithmetic="exact").quantities
    assert q["size of the detail"].value == q["error at x"].value == 4
    assert q["error at z"].value == q["visible part of the detail"].value == 0
    assert q["detail shown on x"].value == q["detail shown on the other image"].value == 1


def test_the_detail_is_invisible_and_has_the_requested_size():
    rng = np.random.default_rng(0)
    A = as_operator(rng.standard_normal((4, 9)))
    psi = LinearMap(rng.standard_normal((9, 4)), name="random")
    z = rng.standard_normal(9)
    instance = theorem.construct(A, psi, z, detail=rng.standard_normal(9), strength=3.0)
    d = instance.inputs["z"] - instance.inputs["x"]
    eta = np.linalg.norm(psi(A.matvec(z)) - z)
    assert np.linalg.norm(d) == pytest.approx(3 * eta)
    assert np.linalg.norm(A.matvec(d)) < 1e-12 * np.linalg.norm(d)


def test_the_map_shows_the_detail_with_proof():
    rng = np.random.default_rng(1)
    A = as_operator(rng.standard_normal((3, 6)))
    layers = [{"layer": "measurements"},
              {"layer": "dense", "weight": rng.standard_normal((8, 3)), "bias": rng.standard_normal(8)},
              {"layer": "relu"},
              {"layer": "dense", "weight": rng.standard_normal((6, 8)), "bias": rng.standard_normal(6)}]
    psi = ReLUNetwork(A, layers, name="random network")
    instance = theorem.construct(A, psi, rng.standard_normal(6), detail=rng.standard_normal(6))
    verdict = theorem.check(instance, arithmetic="ball")
    assert verdict.verified, verdict.table()
    assert verdict.scope == "ideal"
    assert "Lipschitz upper bound" in verdict.quantities
    # |t - 1| <= (eta + mu)/|d| = 1/4 for a detail of four times the error
    assert abs(verdict.quantities["detail shown on x"].value - 1) <= 0.25 + 1e-9


def test_clip_decoder_that_learnt_the_detail_image_transfers_it():
    rng = np.random.default_rng(2)
    A = as_operator(rng.standard_normal((3, 6)))
    z = rng.standard_normal(6)
    psi = ClipDecoder(A, z, rng.standard_normal(6))       # exact at z
    instance = theorem.construct(A, psi, z, detail=rng.standard_normal(6))
    q = theorem.check(instance).quantities
    assert q["detail shown on x"].value == pytest.approx(1.0, abs=1e-9)


def test_a_fully_visible_detail_is_refused():
    A = as_operator(np.eye(2, 3))
    with pytest.raises(ValueError, match="detail must have a part in the kernel"):
        theorem.construct(A, LinearMap(np.eye(3, 2), name="lift"), [1.0, 2, 3], detail=[1.0, 1, 0])
