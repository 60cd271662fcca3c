"""Programs from a file: how they read, and what is refused."""

import pytest

from kernelstab.certify.program.instructions import LONGEST_FORMULA, Instructions


def _plain(instructions, claims=(), quantities=None):
    return {"instructions": instructions, "claims": list(claims), "quantities": quantities or {}, "units": {}}


@pytest.mark.parametrize(("plain", "reason"), [
    (_plain([["exec", "x"]]), "instruction 0: 'exec' is unknown"),
    (_plain([["vector", "x"], ["norm", 1]]), "instruction 1: norm uses a value that is not yet there"),
    (_plain([["vector", "x"], ["norm", -1]]), "not yet there"),
    (_plain([["vector", "x"], ["norm", True]]), "not yet there"),
    (_plain([["vector", "x"], ["norm", 0, 0]]), r"norm cannot be applied to \(vector, vector\)"),
    (_plain([["vector", "x"], ["norm", 0], ["norm", 1]]), r"norm cannot be applied to \(scalar\)"),
    (_plain([["constant", "1/0"]]), "constant '1/0' is not a fraction"),
    (_plain([["constant", "1e9"]]), "is not a fraction"),
    (_plain([["constant", "1" * 5 + "/" + "0" * 5]]), "is not a fraction"),
    (_plain([["vector", "x y"]]), "'x y' is not a name"),
    (_plain([["vector", 3]]), "vector needs one text"),
    (_plain([["vector", "x"], ["operator", "x"]]), "declared twice"),
    (_plain([["vector", "x"]], quantities={"q": 0}), "quantity 'q' is not a number"),
    (_plain([["constant", "1"]], quantities={"q": 7}), "quantity 'q' is not a number"),
    (_plain([["vector", "x"], ["constant", "1"]], [["conclusion", "C", 0, ">", 1]]), "does not compare"),
    (_plain([["constant", "1"]], [["conclusion", "C", 0, "<", 0]]), "'C' is malformed"),
    (_plain([["constant", "1"]], [["remark", "C", 0, ">", 0]]), "'C' is malformed"),
])
def test_foreign_programs_are_refused(plain, reason):
    with pytest.raises(ValueError, match=reason):
        Instructions.from_json(plain)


def test_formulas_that_grow_exponentially_are_refused():
    # x + x shared sixty times is a formula of 2^60 letters
    steps = [["vector", "x"], ["norm", 0]] + [["add", i, i] for i in range(1, 61)]
    with pytest.raises(ValueError, match="too long to be read"):
        Instructions.from_json(_plain(steps, [["conclusion", "C", 61, ">", 1]]))
    short = [["vector", "x"], ["norm", 0], ["add", 1, 1]]
    kept = Instructions.from_json(_plain(short, [["conclusion", "C", 2, ">", 1]]))
    assert len(kept.claim_text(kept.claims[0])) < LONGEST_FORMULA
