"""How a claim is decided from bounds of its margin."""

import pytest

from kernelstab.certify.evaluation import Decision, Evaluation, decide


@pytest.mark.parametrize(("relation", "lower", "upper", "outcome"), [
    (">=", 0, 0, "true"), (">=", 1, 2, "true"), (">=", -1, 0, "unknown"), (">=", -2, -1, "false"),
    (">", 0, 0, "false"), (">", 0, 1, "unknown"), (">", 1, 2, "true"), (">", -1, 0, "false"),
    (">", -1, 1, "unknown"), (">=", None, None, "unknown"),
])
def test_a_claim_is_true_only_if_the_whole_enclosure_says_so(relation, lower, upper, outcome):
    assert decide(relation, lower, upper) == outcome


def test_only_balls_are_rigorous():
    claim = Decision("conclusion", "C1", "1 > 0", "true", 1.0, 0.0, 1.0, 1.0)
    assert Evaluation("ball", 128, "ideal", True, (claim,)).rigorous
    assert not Evaluation("float", 53, "recorded", False, (claim,)).rigorous
    assert Evaluation("ball", 128, "ideal", True, (claim,)).holds
    assert repr(claim) == "<C1 true: 1 > 0, margin 1>"
    assert "C1 true" in repr(Evaluation("ball", 128, "ideal", True, (claim,)))
