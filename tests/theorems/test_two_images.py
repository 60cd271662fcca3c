"""Two images: the bound, its sharpness, and what it does to real maps."""

import numpy as np
import pytest

from kernelstab.maps import LinearMap
from kernelstab.operators import as_operator
from kernelstab.theorems.base import Instance, pencil
from kernelstab.theorems.two_images import TwoImages

theorem = TwoImages()


def test_by_hand_values():
    # x = (0,0,3), x' = (0,4,0): 5 apart, data 4 apart, both recovered by y -> (y1, y2, 3 - 3/4 y2).
    q = theorem.check(theorem.by_hand(), arithmetic="exact").quantities
    names = ("image distance", "error at x", "error at x_alt", "measurement distance")
    assert [q[k].value for k in names] == [5, 0, 0, 4]
    assert q["Lipschitz bound"].value == q["observed quotient"].value == 5 / 4


def test_clip_decoder_attains_the_bound():
    rng = np.random.default_rng(3)
    A = as_operator(rng.standard_normal((3, 7)))
    instance = theorem.sharp(A, rng.standard_normal(7), rng.standard_normal(7))
    q = theorem.check(instance).quantities
    assert q["Lipschitz bound"].value == pytest.approx(q["observed quotient"].value, rel=1e-12)
    # In balls an equality cannot be decided, only narrowed: that is UNDECIDED, not a failure.
    verdict = theorem.check(instance, arithmetic="ball", precision=200)
    assert verdict.outcome == "UNDECIDED"
    c1 = next(d for d in verdict.decisions if d.label == "C1")
    assert max(abs(c1.lower), abs(c1.upper)) < 1e-45


def test_consistent_linear_map_is_its_own_second_image():
    # Psi = A^+ + N with A N = 0: Psi(A Psi(y)) = Psi(y), so the error at x_alt vanishes.
    rng = np.random.default_rng(4)
    matrix = np.linalg.qr(rng.standard_normal((6, 3)))[0].T
    kernel = np.linalg.qr(matrix.T, mode="complete")[0][:, 3:]
    psi = LinearMap(matrix.T + 50 * kernel @ rng.standard_normal((3, 3)), name="unstable inverse")
    x = psi(rng.standard_normal(3))          # an image that the map recovers
    instance = theorem.construct(as_operator(matrix), psi, x, rng=0)
    verdict = theorem.check(instance, arithmetic="ball")
    assert verdict.verified
    rounding = np.finfo(float).eps * np.linalg.norm(psi.matrix) * np.linalg.norm(instance.inputs["x_alt"])
    assert verdict.quantities["error at x_alt"].value < 10 * rounding
    # the perturbation was the worst one, so the bound is the norm of the map
    constant = np.linalg.norm(psi.matrix, 2)
    assert verdict.quantities["Lipschitz bound"].value == pytest.approx(constant, rel=1e-3)


def test_equal_measurements_make_the_theorem_void():
    A = as_operator(np.eye(2, 3))
    psi = LinearMap(np.eye(3, 2), name="lift")
    instance = theorem.construct(A, psi, [1.0, 2, 3], perturbation=np.zeros(2))
    verdict = theorem.check(instance, arithmetic="ball")
    assert verdict.outcome == "NOT_APPLICABLE"      # x' = (1,2,0): distance 3, errors 3 and 0


def test_bad_perturbation_is_named():
    A = as_operator(np.eye(2, 3))
    with pytest.raises(ValueError, match=r"perturbation must have shape \(2,\), got \(3,\)"):
        theorem.construct(A, LinearMap(np.eye(3, 2), name="lift"), [1.0, 2, 3], perturbation=np.zeros(3))


def test_every_margin_where_nothing_vanishes():
    """The map answers 11/4 at x and 1/2 at x', not 3 and 0: errors 1/4 and 1/2, excess 5 - 3/4.

    The answers are (0, 0, 11/4) and (0, 4, 1/2), so they differ by (0, 4, -9/4); the second differs
    from x by (0, 4, -5/2).
    """
    inputs = theorem.by_hand().inputs | {"psi": pencil([0.0, -0.5625], 2.75)[1]}
    verdict = theorem.check(Instance(theorem.slug, inputs, "by hand, with errors"), arithmetic="exact")
    assert verdict.verified
    margins = {d.label: d.margin for d in verdict.decisions}
    wanted = {"H1": 4.25, "C1": (16 + 81 / 16) ** 0.5 - 4.25, "C2": 4.0, "C3": 22.25**0.5 - 4.5}
    assert margins == pytest.approx(wanted, rel=1e-14)
    q = verdict.quantities
    assert q["Lipschitz bound"].value == 4.25 / 4
    assert q["observed quotient"].value == pytest.approx((16 + 81 / 16) ** 0.5 / 4)


def test_hypothesis_and_distance_of_the_measurements_are_strict():
    strict = {c.label for c in theorem.program().claims if c.relation == ">"}
    assert strict == {"H1", "C2"}


def test_the_second_image_is_one_that_the_map_recovers_better():
    # Psi(A .) = diag(1, 1/2) on what is seen, so x' = Psi(y + e) is missed by half its second entry.
    # From x = 0 with e = (3, 4): the iterates are (3, 4/2^k), their errors 4/2^(k+1), and the bound
    # (|z| - |Psi(Az) - z|) / |z| grows from 1 - 2/5 towards 1 - 1/8 / sqrt(9 + 1/64) in six rounds.
    A = as_operator(np.eye(2))
    psi = LinearMap(np.diag([1.0, 0.5]), name="shrink the second")
    instance = theorem.construct(A, psi, [0.0, 0.0], perturbation=[3.0, 4.0])
    z = np.array([3.0, 2.0 / 2**5])
    np.testing.assert_allclose(instance.inputs["x_alt"], z, rtol=1e-14)
    bound = theorem.check(instance).quantities["Lipschitz bound"].value
    assert bound == pytest.approx((np.linalg.norm(z) - z[1] / 2) / np.linalg.norm(z), rel=1e-12)
