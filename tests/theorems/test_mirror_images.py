"""Mirror images: the sum of errors, the pseudo-inverse at equality, any map above the line."""

import numpy as np
import pytest

from kernelstab.maps import LinearMap, PseudoInverse, as_map
from kernelstab.operators import as_operator
from kernelstab.theorems.mirror_images import MirrorImages

theorem = MirrorImages()


def test_by_hand_values():
    # (2,1,1) is recovered, (2,1,-1) missed by 2; the kernel part of both has norm 1.
    q = theorem.check(theorem.by_hand(), arithmetic="exact").quantities
    assert (q["error"].value, q["error on the mirror image"].value) == (0, 2)
    assert q["twice the kernel part"].value == q["bound"].value == q["sum of errors"].value == 2


def test_pseudo_inverse_attains_equality_with_equal_errors():
    A = as_operator(np.random.default_rng(0).standard_normal((4, 9)))
    x = np.random.default_rng(1).standard_normal(9)
    q = theorem.check(theorem.construct(A, PseudoInverse(A), x)).quantities
    half = q["twice the kernel part"].value / 2
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


def test_image_without_kernel_part_is_not_applicable():
    A = as_operator(np.eye(2, 3))
    instance = theorem.construct(A, LinearMap(np.eye(3, 2), name="lift"), [1.0, 2, 0])
    verdict = theorem.check(instance, arithmetic="exact")
    assert verdict.outcome == "NOT_APPLICABLE"
    assert verdict.reason.startswith("H1")
