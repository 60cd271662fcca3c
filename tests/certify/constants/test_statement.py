"""What a file states of a constant must be what its proofs prove."""

import copy
import random
from fractions import Fraction

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import constants, make_constant_certificate, verify
from kernelstab.certify.constants.matrix import exact
from kernelstab.certify.constants.statement import bound, prove, readable, symbol

LOWER = {"kind": "kernel-vector", "columns": [0, 1], "entries": ["1", "-1"]}
UPPER = {"kind": "duals", "groups": [{"supports": np.arange(3)[:, None], "signs": np.ones((3, 1), np.int8),
                                      "duals": np.full((3, 1), 0.5)}]}
# of a row of ones: half of a kernel vector can lie on one entry, and not more
BOTH = make_constant_certificate("nsp", np.ones((1, 3)), order=1, lower=LOWER, upper=UPPER)


@pytest.fixture
def both():
    return copy.deepcopy(BOTH)


@pytest.fixture
def refusal(sign):
    def reason(changed):
        found = verify(sign(changed))
        assert not found.ok
        assert "\n" not in found.reason
        return found.reason
    return reason


def test_what_is_proved(both):
    found = prove(both)
    assert [entry.text for entry in found.claims] == ["alpha_1 >= 0.5", "alpha_1 <= 0.5"]
    assert [entry.margin for entry in found.claims] == [0, 0]
    assert (found.enclosure.lower, found.enclosure.upper) == (0.5, 0.5)
    assert found.symbol == "alpha_1"
    assert found.subject.startswith("real 1 x 3 matrix ")


def test_the_fingerprint_tells_matrices_apart(both):
    other = make_constant_certificate("nsp", np.ones((1, 3)) * 2, order=1, lower=LOWER)
    again = make_constant_certificate("nsp", np.ones((1, 3)), order=2, lower=LOWER)
    assert verify(other).subject != verify(both).subject == verify(again).subject


def test_weaker_statements_are_still_true(both, sign):
    both["statements"][0]["value"], both["statements"][1]["value"] = "4e-1", "6e-1"
    found = verify(sign(both))
    assert [claim.text for claim in found.claims] == ["alpha_1 >= 0.4", "alpha_1 <= 0.6"]
    assert [0.1 <= claim.margin < 0.11 for claim in found.claims] == [True, True]


def test_stronger_statements_are_refused(both, refusal):
    for k, value, sign_ in ((0, "5.00000000000000000001e-1", ">="), (1, "4.99999999999999999e-1", "<=")):
        changed = copy.deepcopy(both)
        changed["statements"][k]["value"] = value
        assert f"proved is alpha_1 {sign_} 0.5, stated {value}" in refusal(changed)


@pytest.mark.parametrize(("name", "entry", "reason"), [
    ("constant", "rank", "rank has no order"), ("constant", "os", "no constant is called 'os'"),
    ("constant", "a\nb", "constant must be printable"),
    ("order", 0, "order must lie"), ("order", 10**30, "order must lie"), ("order", -1, "order must lie"),
    ("order", True, "field order must be"), ("order", "1", "field order must be"),
    ("options", {"rho": 1}, "nsp has no option 'rho'"), ("options", [], "field options must be a dict"),
    ("matrix", {}, "matrix must be an array"), ("statements", {}, "field statements must be a list"),
    ("statements", [], "statements must be"), ("statements", [1], "statements must be"),
])
def test_fields_that_are_not_what_they_should_be(both, refusal, name, entry, reason):
    assert reason in refusal(both | {name: entry})


def test_statements_are_two_at_most_and_in_order(both, refusal):
    lower, upper = both["statements"]
    for wrong in ([upper, lower], [lower, lower], [lower, upper, upper], [{**lower, "side": "both"}],
                  [{**lower, "note": 1}], [{"side": "lower"}], [{**lower, "side": []}]):
        assert "statements must be a lower bound" in refusal(both | {"statements": wrong})
    for wrong in (None, [], "x", {}, {"kind": 3}):
        assert "proof must name its kind" in refusal(both | {"statements": [{**lower, "proof": wrong}]})
    for wrong in (0.5, "1/2", "1e999999", None):
        assert "must be a decimal number" in refusal(both | {"statements": [{**lower, "value": wrong}]})


@pytest.mark.parametrize("name", list(BOTH))
def test_every_field_is_needed(both, name):
    del both[name]
    assert name in verify(both).reason


def test_another_matrix_has_other_bounds(both, refusal):
    other = make_constant_certificate("nsp", np.array([[1.0, 2.0, 1.0]]), order=1,
                                      lower={**LOWER, "columns": [0, 2]})
    assert "does not lie in the null space" in refusal(both | {"matrix": other["matrix"]})
    upper = [both["statements"][1]]
    # 1 - 1/2 stays, 0 - 2/2 is larger
    assert "proved is alpha_1 <= 1, stated 5e-1" in refusal(
        both | {"matrix": other["matrix"], "statements": upper})


class _Checker:
    """A module whose checker returns or raises what the test wants."""

    def __init__(self, outcome):
        self.outcome = outcome

    def __call__(self, *_):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize("outcome", [KeyError("a"), ZeroDivisionError(), TypeError("x\ny"), 0.5, None, 1,
                                     OverflowError(), IndexError(), StopIteration(), RecursionError(),
                                     MemoryError()])
def test_a_checker_that_stumbles_is_a_refusal(both, refusal, monkeypatch, outcome):
    monkeypatch.setattr("kernelstab.certify.constants.statement.checker", lambda *_: _Checker(outcome))
    assert refusal(both)


def test_bounds_that_exclude_each_other_are_refused(both, refusal, monkeypatch):
    values = {"lower": Fraction(1), "upper": Fraction(1, 2)}
    monkeypatch.setattr("kernelstab.certify.constants.statement.checker",
                        lambda *_: lambda m, n, o, side, p: values[side])
    assert "exceeds the upper bound" in refusal(both)


def test_bound_by_itself():
    matrix = exact([[1, 1]])
    assert bound("nsp", matrix, 1, {}, "lower", LOWER) == Fraction(1, 2)
    with pytest.raises(CertificateError, match="side must be 'lower' or 'upper', got 'left'"):
        bound("nsp", matrix, 1, {}, "left", LOWER)


def test_an_order_where_there_is_one():
    matrix = exact([[1, 1]])
    with pytest.raises(CertificateError, match="nsp needs an order"):
        bound("nsp", matrix, None, {}, "lower", LOWER)
    with pytest.raises(CertificateError, match="rank has no order"):
        bound("rank", matrix, 1, {}, "lower", {"kind": "modular", "prime": 7})


def test_astronomic_bounds_are_written(both, refusal, sign, monkeypatch):
    """They fit into no float."""
    monkeypatch.setattr("kernelstab.certify.constants.statement.checker",
                        lambda *_: lambda *_: Fraction(10**5000))
    assert "proved is alpha_1 <= 1e5000, stated 5e-1" in refusal(both)
    both["statements"][1]["value"] = "1e5001"
    assert "alpha_1 <= 1e5001" in verify(sign(both)).claims[1].text


def test_symbols_say_what_belongs_to_the_constant():
    assert symbol("nsp", 3, {"weights": [1.0, 2.0]}) == "alpha_3 (given weights)"
    assert symbol("robust-nsp-l1", 2, {"rho": "9.5e-1"}) == "tau_2 (rho = 9.5e-1)"
    assert symbol("kernel-size", None, {"eps": "0", "prior": {"kind": "ball"}, "norm": "2"}) == (
        "kersize (eps = 0, norm = 2, given prior)")
    assert "\n" not in symbol("robust-nsp-l1", 2, {"rho": "9\n  PROVED"})
    with pytest.raises(CertificateError, match="no constant is called 'x'"):
        symbol("x")


def test_values_are_written_as_people_do():
    assert readable("-1.25e2") == "-125"
    assert readable("0") == "0"
    assert readable("1e-16") == "1e-16"
    assert readable("3.5e-3") == "0.0035"


def test_every_constant_is_named():
    assert len({symbol(name) for name in constants.CONSTANTS}) == len(constants.CONSTANTS)


def test_forged_certificates_raise_nothing(forgeries):
    rng = random.Random(5)
    outcomes = [verify(forged) for _, forged in forgeries(BOTH, 400, rng)]
    assert all(found.ok or (found.reason and "\n" not in found.reason) for found in outcomes)
    assert sum(not found.ok for found in outcomes) > 200


def test_kinds_have_their_fields_and_no_others():
    A = exact([[1, 1]])
    for proof, reason in (({"kind": "c"}, "must be one of kernel-basis, shape, got 'c'"),
                          ({"kind": "kernel-basis"}, "lacks field 'vectors'"), ([], "must name its kind"),
                          ({"kind": "shape", "x": 1}, "knows no field 'x'")):
        with pytest.raises(CertificateError, match=reason):
            bound("rank", A, None, {}, "upper", proof)
    with pytest.raises(CertificateError, match="proofs of kind sdp are no longer checked: jn is never worse"):
        bound("nsp", A, 1, {}, "upper", {"kind": "sdp"})


def test_a_field_that_may_be_absent_belongs_to_complex_matrices():
    proof = {"kind": "kernel-vector", "columns": [0, 1], "entries": [1, -1]}
    assert bound("nsp", exact([[1, 1]]), 1, {}, "lower", proof) == Fraction(1, 2)
    for matrix, wrong in ((exact([[1, 1]]), proof | {"imag": [0, 0]}), (exact([[1, 1]], [[0, 0]]), proof)):
        with pytest.raises(CertificateError, match="one entry per column in each part"):
            bound("nsp", matrix, 1, {}, "lower", wrong)
