"""Mirror images: the sum of errors, the pseudo-inverse at equality, any map above the line."""

import numpy as np
import pytest

from kernelstab.maps import LinearMap, PseudoInverse, as_map
from kernelstab.operators import as_operator
from kernelstab.theorems.base import Instance
from kernelstab.theorems.mirror_images import MirrorImages

theorem = MirrorImages()


def test_by_hand_values():
    # (2,1,1) is recovered, (2,1,-1) missed by 2; the kernel part of both has norm 1.
    q = theorem.check(theorem.by_hand(), arithmetic="exact").quantities
    assert (q["error"].value, q["error on the mirror image"].value) == (0, 2)
    assert q["distance of the images"].value == q["bound"].value == q["sum of errors"].value == 2


def test_pseudo_inverse_attains_equality_with_equal_errors():
    A = as_operator(np.random.default_rng(0).standard_normal((4, 9)))
    x = np.random.default_rng(1).standard_normal(9)
    q = theorem.check(theorem.construct(A, PseudoInverse(A), x)).quantities
    half = q["distance of the images"].value / 2
    assert q["error"].value == pytest.approx(half, rel=1e-10)
    assert q["error on the mirror image"].value == pytest.approx(half, rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_any_callable_lies_above_the_line_on_its_recorded_outputs(seed):
    rng = np.random.default_rng(seed)
    A = as_operator(rng.standard_normal((3, 5)))
    W = rng.standard_normal((5, 3))
    psi = as_map(lambda y: np.tanh(W @ y), A, name="tanh layer")
    verdict = theorem.check(theorem.construct(A, psi, rng.standard_normal(5)), arithmetic="ball")
    assert verdict.outcome == "VERIFIED"
    assert verdict.rigorous
    assert verdict.scope == "recorded"


def test_a_pair_that_is_no_mirror_image_is_not_sold_as_one():
    """(2,1,1) has the kernel part 1; other second images would claim more than 2."""
    A_psi = theorem.by_hand().inputs
    for other, broken in (([0.0, 0, -9], {"H2", "H3"}), ([2.0, 1, -9], {"H3"}), ([2.0, 1, 9], {"H3"}),
                          ([2.0, -1, 1], {"H2"}), ([2.0, 1, -1 - 1e-4], {"H3"})):
        instance = Instance(theorem.slug, {**A_psi, "mirror": np.array(other)}, "a pair")
        verdict = theorem.check(instance, arithmetic="exact")
        failed = {d.label for d in verdict.decisions if d.role == "hypothesis" and d.outcome == "false"}
        assert (verdict.outcome, failed - {"H4"}) == ("NOT_APPLICABLE", broken), other


def test_an_invertible_matrix_has_no_kernel_part_and_none_is_named():
    """diag(1, 2^-21) is invertible; (1, 1) and (1, -1) have data that agree to a millionth, at distance 2."""
    A, psi = as_operator(np.diag([1.0, 2.0**-21])), LinearMap(np.diag([1.0, 0]))
    inputs = {"A": A, "psi": psi, "x": np.array([1.0, 1]), "mirror": np.array([1.0, -1])}
    verdict = theorem.check(Instance(theorem.slug, inputs, "a pair"), "exact")
    assert verdict.quantities["distance of the images"].value == 2
    assert not [name for name in verdict.quantities if "kernel" in name]
    constructed = theorem.check(theorem.construct(A, psi, np.ones(2)), "exact")
    assert (constructed.outcome, constructed.reason[:2]) == ("NOT_APPLICABLE", "H1")


def test_mirror_images_up_to_rounding_are_mirror_images():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        A = as_operator(rng.standard_normal((30, 60)))
        instance = theorem.construct(A, PseudoInverse(A), rng.standard_normal(60))
        verdict = theorem.check(instance, arithmetic="ball")
        margins = {d.label: (d.outcome, d.margin) for d in verdict.decisions if d.role == "hypothesis"}
        assert {outcome for outcome, _ in margins.values()} == {"true"}, margins


def test_image_without_kernel_part_is_not_applicable():
    A = as_operator(np.eye(2, 3))
    instance = theorem.construct(A, LinearMap(np.eye(3, 2), name="lift"), [1.0, 2, 0])
    verdict = theorem.check(instance, arithmetic="exact")
    assert verdict.outcome == "NOT_APPLICABLE"
    assert verdict.reason.startswith("H1")


def test_every_margin_by_hand():
    # |x - mirror| = 2, no move, errors 0 and 2; |Ax| = 5^(1/2), |x| = |mirror| = 6^(1/2).
    margins = {d.label: d.margin for d in theorem.check(theorem.by_hand(), arithmetic="exact").decisions}
    wanted = {"H1": 2, "H2": 2e-6 * 5**0.5, "H3": 4e-6 * 6**0.5, "H4": 2, "C1": 0, "C2": 1}
    assert margins == pytest.approx(wanted, rel=1e-14)
