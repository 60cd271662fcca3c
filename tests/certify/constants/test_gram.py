"""Coherence and restricted isometry constants: proofs of both bounds, by hand, at random and forged."""

import random
from fractions import Fraction
from functools import partial
from itertools import combinations

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.arrays import Array, ComplexArray
from kernelstab.certify.constants.matrix import exact
from kernelstab.certify.constants.statement import bound
from kernelstab.certify.writing.constant_certificate import exact_matrix
from kernelstab.kernel import coherence

check_coherence, check_lower, check_upper = (partial(bound, name)
                                             for name in ("coherence", "ric-minus", "ric-plus"))


# unit columns, products 3/5, 0 and 4/5 in fifths: A^T A has 25 times (1, 3/5, 0; 3/5, 1, 4/5; 0, 4/5, 1)
A = [[1, Fraction(3, 5), 0], [0, Fraction(4, 5), 1]]
# s = 2: columns 1 and 2, eigenvalue 1 + 4/5 at (1, 1); s = 3: 1 + 1, (3/5)^2 + (4/5)^2 = 1
TOP = {"kind": "vector", "support": [1, 2], "entries": np.array([1.0, 1.0])}
# the least eigenvalue is 1 - 4/5 at (1, -1) for s = 2, 0 for s = 3
BOTTOM = {"kind": "vector", "support": [1, 2], "entries": np.array([1.0, -1.0])}
BOUND = {"kind": "enumeration", "bound": "8.00001e-1"}


def _enumeration(bound):
    return {"kind": "enumeration", "bound": bound}


def test_by_hand():
    above = _enumeration("8.00000001e-1")
    certificate = make_constant_certificate("ric-plus", A, order=2, lower=TOP, upper=above)
    assert [entry["value"] for entry in certificate["statements"]] == ["8e-1", "8.00000001e-1"]
    assert verify(certificate).ok
    B = exact_matrix(A)
    assert check_upper(B, 3, {}, "upper", _enumeration("1.0000001e0")) == Fraction(10000001, 10**7)
    for order, limit in ((2, "7.999999e-1"), (3, "9.999999e-1"), (2, "8e-1")):     # 8e-1: singular
        with pytest.raises(CertificateError, match=f"not every support of {order} columns keeps within"):
            check_upper(B, order, {}, "upper", _enumeration(limit))


def test_gershgorin_by_hand():
    # row 1: 1 + 4/5 with one neighbour, 1 + 3/5 + 4/5 with two
    B = exact_matrix(A)
    for order, value in ((1, 0.0), (2, 0.8), (3, 1.4)):
        found = check_upper(B, order, {}, "upper", {"kind": "gershgorin"})
        np.testing.assert_allclose(float(found), value, atol=1e-30)


@pytest.mark.parametrize("is_complex", [False, True])
def test_every_support_is_tried(is_complex):
    rng = np.random.default_rng(7)
    for _ in range(6):
        B = rng.standard_normal((4, 6)) + (1j * rng.standard_normal((4, 6)) if is_complex else 0)
        G, order = B.conj().T @ B, int(rng.integers(1, 7))
        ends = [np.linalg.eigvalsh(G[np.ix_(S, S)])[[0, -1]] for S in combinations(range(6), order)]
        plus, minus = max(e[1] for e in ends) - 1, 1 - min(e[0] for e in ends)
        for one, value in ((check_upper, plus), (check_lower, minus)):
            above, below = f"{value + 1e-9:.15e}", f"{value - 1e-9:.15e}"
            above, below = (text.replace("e-0", "e-").replace("e+0", "e") for text in (above, below))
            one(exact_matrix(B), order, {}, "upper", _enumeration(above))
            with pytest.raises(CertificateError, match="not every support"):
                one(exact_matrix(B), order, {}, "upper", _enumeration(below))
            assert one(exact_matrix(B), order, {}, "upper", {"kind": "gershgorin"}) >= value - 1e-12


def test_complex_vector_by_hand():
    # (1, i) maps (1, -i) to 2: 4 over 2, less 1
    B = exact_matrix(np.array([[1, 1j]]))
    vector = ComplexArray(Array((2,), (1.0, 0.0)), Array((2,), (0.0, -1.0)))
    assert check_upper(B, 2, {}, "lower", {"kind": "vector", "support": [0, 1], "entries": vector}) == 1


def test_relaxation_by_hand():
    # G = (1, 1/2; 1/2, 1), s = 2, Y = (0, -1/2; -1/2, 0): I - (G + Y) = 0, t just above 1, t + 2/2 - 1
    B = exact([[1, Fraction(1, 2)], [0, 1]])          # not quite: column 1 has squared length 5/4
    y = Array((2, 2), (0.0, -0.5, -0.5, 0.0))
    proof = {"kind": "sdp", "Y": y, "t": "1.3e0"}
    assert check_upper(B, 2, {}, "upper", proof) == Fraction(13, 10) + 2 * Fraction(1, 2) - 1
    for t in ("1.2e0", "1.25e0"):
        with pytest.raises(CertificateError, match="t - H - Y is not proved to be positive definite"):
            check_upper(B, 2, {}, "upper", proof | {"t": t})
    with pytest.raises(CertificateError, match="Y must be Hermitian"):
        check_upper(B, 2, {}, "upper", proof | {"Y": Array((2, 2), (0.0, -0.5, 0.5, 0.0))})
    with pytest.raises(CertificateError, match="Y must be an array of shape 2 x 2"):
        check_upper(B, 2, {}, "upper", proof | {"Y": Array((1, 2), (0.0, 0.5))})


@pytest.mark.parametrize(("order", "side", "proof", "reason"), [
    (1, "lower", TOP | {"entries": [1, 1]}, "support must have at most 1 columns, got 2"),
    (2, "lower", TOP | {"entries": [0, 0]}, "entries must not all be zero"),
    (2, "lower", TOP | {"entries": [1]}, "entries must have 2 entries, got 1"),
    (2, "upper", {"kind": "enumeration", "bound": 1.0}, "bound must be a decimal number"),
    (4, "upper", {"kind": "gershgorin"}, r"order must lie in \[1, 3\], got 4"),
    (None, "upper", {"kind": "gershgorin"}, r"needs an order"),
])
def test_refusals(order, side, proof, reason):
    with pytest.raises(CertificateError, match=reason):
        check_upper(exact_matrix(A), order, {}, side, proof)


def test_too_many_supports():
    wide = exact([[1] * 60])
    with pytest.raises(CertificateError, match="at most 5000000 supports are checked, got 50063860"):
        check_upper(wide, 6, {}, "upper", _enumeration("9e1"))


def test_forgeries(forgeries):
    certificate = make_constant_certificate("ric-plus", A, order=2, lower=TOP, upper=_enumeration("8.01e-1"))
    truth = {1: 0.0, 2: 0.8, 3: 1.0}
    for path, forged in forgeries(certificate, 300, random.Random(3)):
        answer = verify(forged)
        if answer.ok and path[0] != "matrix":
            for entry in forged["statements"]:
                value, true = float(entry["value"]), truth[forged["order"]]
                assert value <= true + 1e-15 if entry["side"] == "lower" else value >= true - 1e-15


def test_the_lower_constant_by_hand():
    certificate = make_constant_certificate("ric-minus", A, order=2, lower=BOTTOM, upper=BOUND)
    assert [entry["value"] for entry in certificate["statements"]] == ["8e-1", "8.00001e-1"]
    assert verify(certificate).ok
    with pytest.raises(CertificateError, match="not every support of 2 columns"):
        check_lower(exact_matrix(A), 2, {}, "upper", BOUND | {"bound": "7.99999e-1"})


def test_no_constant_exceeds_one():
    B = exact_matrix(A)
    assert check_lower(B, 3, {}, "upper", BOUND | {"bound": "3e0"}) == 1
    assert check_lower(B, 3, {}, "upper", {"kind": "gershgorin"}) == 1
    with pytest.raises(CertificateError, match="not every support of 3 columns"):
        check_lower(B, 3, {}, "upper", BOUND | {"bound": "9.9e-1"})


def test_columns_of_other_lengths():
    # diag(2, 3): 1 - 4 = -3, attained by the first column
    B = exact([[2, 0], [0, 3]])
    assert check_lower(B, 1, {}, "lower", {"kind": "vector", "support": [0], "entries": [5]}) == -3
    assert check_lower(B, 2, {}, "upper", {"kind": "gershgorin"}) == -3


def test_relaxation_of_the_lower_constant_by_hand():
    # H = -I, Y = 0: t just above -1, bound 1 + t
    zero = Array((2, 2), (0.0,) * 4)
    B = exact([[1, 0], [0, 1]])
    assert check_lower(B, 2, {}, "upper", {"kind": "sdp", "Y": zero, "t": "-9e-1"}) == Fraction(1, 10)
    with pytest.raises(CertificateError, match="not proved to be positive definite"):
        check_lower(B, 2, {}, "upper", {"kind": "sdp", "Y": zero, "t": "-1e0"})


def test_forgeries_of_the_lower_constant(forgeries):
    certificate = make_constant_certificate("ric-minus", A, order=2, lower=BOTTOM, upper=BOUND)
    truth = {1: 0.0, 2: 0.8, 3: 1.0}
    for path, forged in forgeries(certificate, 300, random.Random(4)):
        answer = verify(forged)
        if answer.ok and path[0] != "matrix":
            for entry in forged["statements"]:
                value, true = float(entry["value"]), truth[forged["order"]]
                assert value <= true + 1e-15 if entry["side"] == "lower" else value >= true - 1e-15


GRAM = {"kind": "gram"}


def test_coherence_by_hand():
    # (1, 0), (3, 4) and (0, 2): 3/5 and 8/10
    certificate = make_constant_certificate("coherence", [[1, 3, 0], [0, 4, 2]], lower=GRAM, upper=GRAM)
    lower, upper = (Fraction(entry["value"]) for entry in certificate["statements"])
    assert lower <= Fraction(4, 5) <= upper <= lower + Fraction(1, 10**15)
    assert verify(certificate).ok


def test_irrational_values_are_rounded_outward():
    A = exact([[1, 1], [0, 1]])                       # 1 / sqrt 2
    lower, upper = check_coherence(A, None, {}, "lower", GRAM), check_coherence(A, None, {}, "upper", GRAM)
    assert lower**2 < 0.5 < upper**2
    assert upper - lower < 1e-30


def test_agrees_with_floats():
    rng = np.random.default_rng(0)
    for A in (rng.standard_normal((5, 9)), rng.standard_normal((3, 6)) + 1j * rng.standard_normal((3, 6))):
        found = make_constant_certificate("coherence", A, lower=GRAM, upper=GRAM)
        np.testing.assert_allclose([float(entry["value"]) for entry in found["statements"]], coherence(A).mu)


def test_coherence_refusals(sign):
    with pytest.raises(CertificateError, match="column 1 is zero"):
        check_coherence(exact([[1, 0]]), None, {}, "upper", GRAM)
    with pytest.raises(CertificateError, match="at least 2 columns"):
        check_coherence(exact([[1]]), None, {}, "upper", GRAM)
    certificate = make_constant_certificate("coherence", [[1, 3, 0], [0, 4, 2]], lower=GRAM, upper=GRAM)
    certificate["statements"][1]["value"] = "7.9e-1"
    assert "upper bound: proved is mu <= 0.8" in verify(sign(certificate)).reason
