"""Programs that are written down: what may be written, how it reads, and that a file holds all of it."""

import pytest

from kernelstab.certify.program.instructions import Instructions
from kernelstab.certify.writing.terms import Program, inner, lipschitz, maximum, norm


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
    with pytest.raises(ValueError, match=r"'x\) - \(z' is not a name"):
        Program().vector("x) - (z")


def test_round_trip_through_json(program):
    plain = program.to_json()
    again = Instructions.from_json(plain)
    assert again.to_json() == plain
    assert again.claim_text(again.claims[1]) == program.claim_text(program.claims[1])
