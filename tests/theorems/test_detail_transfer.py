"""Detail transfer: what is invisible and learnt once is shown everywhere."""

import numpy as np
import pytest

from kernelstab.maps import ClipDecoder, LinearMap, ReLUNetwork
from kernelstab.operators import as_operator
from kernelstab.theorems.base import Instance, pencil
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


def test_every_margin_where_nothing_vanishes():
    """A detail d = (0, 3, 4) of norm 5 that is seen in part, and an answer y1/4 + y2/2 + 2 for the rest.

    z = (2, 4, 4) -> (2, 4, 9/2): eta = 1/2.  x = (2, 1, 0) -> (2, 1, 3): error 3, move (0, 3, 3/2),
    distance (0, 3, 1) from z, t = 12/25.  x' = (4, 1, 1) -> (4, 1, 7/2): error 5/2, move (2, 3, 1),
    |x' - z| = 22^(1/2), t' = 10/25, <x' - x, d> = 4.
    """
    A, psi = pencil([0.25, 0.5], 2.0)
    inputs = {"A": A, "psi": psi, "x": np.array([2.0, 1, 0]), "z": np.array([2.0, 4, 4]),
              "other": np.array([4.0, 1, 1])}
    verdict = theorem.check(Instance(theorem.slug, inputs, "by hand, seen in part"), arithmetic="exact")
    assert verdict.verified
    L = verdict.quantities["Lipschitz upper bound"].value
    assert (1 + 0.3125) ** 0.5 <= L <= 1.1 * (1 + 0.3125) ** 0.5      # norm of (I; 1/4 1/2)
    move, move_other = 11.25**0.5, 14**0.5
    wanted = {
        "H1": 5 - 0.5 - move,
        "C1": 3 - (5 - 0.5 - move),
        "C2": 0.5 + move - 10**0.5,
        "C3": (0.5 + move) / 5 - 13 / 25,
        "C4": 2.5 - (22**0.5 - 0.5 - move_other),
        "C5": (0.5 + move_other) / 5 + 4 / 25 - 15 / 25,
        "C6": 3 * L - move,
        "C7": 3 - (5 - 0.5 - 3 * L),
    }
    assert {d.label: d.margin for d in verdict.decisions} == pytest.approx(wanted, rel=1e-13)


def test_a_detail_that_only_the_move_of_the_map_outweighs_is_not_claimed():
    """(y1, y2, 4 y2 - 12) shows 4 at z = (2, 4, 4) and -8 at x = (2, 1, 0): eta = 0, |d| = 5, but mu > 12."""
    A, psi = pencil([0.0, 4.0], -12.0)
    inputs = {"A": A, "psi": psi, "x": np.array([2.0, 1, 0]), "z": np.array([2.0, 4, 4]),
              "other": np.array([4.0, 1, 1])}
    verdict = theorem.check(Instance(theorem.slug, inputs, "a steep map"), arithmetic="exact")
    assert verdict.outcome == "NOT_APPLICABLE"
    assert verdict.quantities["output distance"].value > 12
