"""Programs: what may be written, how it reads, and what is refused when it comes from a file."""

import pytest

from kernelstab.certify.program import LONGEST_FORMULA, Program, inner, lipschitz, maximum, norm


@pytest.fixture
def program():
    p = Program()
    A, psi, x, z = p.operator("A"), p.map("psi"), p.vector("x"), p.vector("z")
    gap = p.let("gap", norm(x - z) - norm(psi(A(x)) - x) * 2, "signal")
    p.hypothesis("H1", gap > 0)
    p.conclusion("C1", maximum(gap / norm(z), "1/3") <= lipschitz(psi) * abs_of(p, inner(x, z)))
    return p


def abs_of(program, term):
    return program.emit("abs", term)


def test_equal_instructions_are_shared():
    p = Program()
    x = p.vector("x")
    assert norm(x).index == norm(p.vector("x")).index
    assert len(p.instructions) == 2


def test_formulas_read_as_on_paper(program):
    assert program.claim_text(program.claims[0]) == "|x - z| - |psi(A(x)) - x| * 2 > 0"
    assert program.claim_text(program.claims[1]) == (
        "Lip(psi) * abs(<x, z>) >= max((|x - z| - |psi(A(x)) - x| * 2) / |z|, 1/3)")


@pytest.mark.parametrize(("write", "text"), [
    (lambda a, b, c: a - (b - c), "a1 - (b1 - c1)"),
    (lambda a, b, c: (a - b) - c, "a1 - b1 - c1"),
    (lambda a, b, c: a / (b * c), "a1 / (b1 * c1)"),
    (lambda a, b, c: a / b * c, "a1 / b1 * c1"),
    (lambda a, b, c: -(a + b) * c, "(-(a1 + b1)) * c1"),
    (lambda a, b, c: a * (b / 3 - -c), "a1 * (b1 / 3 - (-c1))"),
])
def test_no_two_formulas_look_alike(write, text):
    p = Program()
    term = write(*(inner(p.vector(n), p.vector(n)) for n in "abc"))
    shown = p.text(term.index)
    for n in "abc":
        shown = shown.replace(f"<{n}, {n}>", f"{n}1")
    assert shown == text


def test_a_norm_of_norms_is_written_out():
    p = Program()
    x = p.vector("x")
    assert p.text(norm(x * norm(x)).index) == "norm(|x| * x)"


@pytest.mark.parametrize("write", [
    lambda p: norm(p.constant(1)),
    lambda p: p.vector("x") + 1,
    lambda p: p.vector("x") * p.vector("z"),
    lambda p: p.vector("x")(p.vector("z")),
    lambda p: p.emit("forward", p.map("psi"), p.vector("x")),
    lambda p: lipschitz(p.operator("A")),
    lambda p: inner(p.vector("x"), p.constant(1)),
])
def test_instructions_check_the_kinds_of_their_arguments(write):
    with pytest.raises(ValueError, match="cannot be applied to"):
        write(Program())


def test_input_names_are_identifiers():
    with pytest.raises(ValueError, match=r"identifier, got 'x\) - \(z'"):
        Program().vector("x) - (z")


def test_round_trip_through_json(program):
    plain = program.to_json()
    again = Program.from_json(plain)
    assert again.to_json() == plain
    assert again.claim_text(again.claims[1]) == program.claim_text(program.claims[1])
    assert again.kinds == program.kinds


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
        Program.from_json(plain)


def test_formulas_that_grow_exponentially_are_refused():
    # x + x shared sixty times is a formula of 2^60 letters
    steps = [["vector", "x"], ["norm", 0]] + [["add", i, i] for i in range(1, 61)]
    with pytest.raises(ValueError, match="too long to be read"):
        Program.from_json(_plain(steps, [["conclusion", "C", 61, ">", 1]]))
    short = [["vector", "x"], ["norm", 0], ["add", 1, 1]]
    kept = Program.from_json(_plain(short, [["conclusion", "C", 2, ">", 1]]))
    assert len(kept.claim_text(kept.claims[0])) < LONGEST_FORMULA
