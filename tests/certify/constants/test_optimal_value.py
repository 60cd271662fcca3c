"""The checker of optimal values: hand computations, weak duality on random points, and forgeries."""

import random
from fractions import Fraction

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.constants.matrix import read_matrix

ROW = [[1.0, 2.0]]     # basis pursuit of x1 + 2 x2 = 2: x = (0, 1), h = 1/2, value 1


def _value(problem, level, *, y=(2.0,), matrix=ROW, h=None, x=None, columns=None, **more):
    lower = None if h is None else {"kind": "dual", "h": np.array(h)}
    upper = None if x is None else {"kind": "point", "x": np.array(x)}
    if columns is not None:
        upper |= {"kind": "corrected-point", "columns": columns}
    certificate = make_constant_certificate(
        "optimal-value", matrix, options={"problem": problem, "level": level, "y": np.array(y)} | more,
        lower=lower, upper=upper)
    assert verify(certificate).ok
    return [Fraction(entry["value"]) for entry in certificate["statements"]]


def test_basis_pursuit_by_hand():
    assert _value("qcbp", 0.0, h=[0.5], x=[0.0, 1.0]) == [1, 1]
    # any multiple of h will do, a wrong sign proves only 0
    assert _value("qcbp", 0.0, h=[7.0]) == [1]
    assert _value("qcbp", 0.0, h=[-7.0]) == [0]
    # x = (2, 0) is feasible and worse
    assert _value("qcbp", 0.0, x=[2.0, 0.0]) == [2]


def test_qcbp_by_hand():
    # |x1 + 2 x2 - 2| <= 1: x2 = 1/2; h = 1/2: 1 - 1/2
    assert _value("qcbp", 1.0, h=[0.5], x=[0.0, 0.5]) == [Fraction(1, 2), Fraction(1, 2)]
    assert _value("qcbp", 3.0, h=[0.5], x=[0.0, 0.0]) == [0, 0]


def test_lasso_by_hand():
    # (2t - 2)^2/2 + t is least at 4t - 4 + 1 = 0: t = 3/4: 1/8 + 3/4 = 7/8; the residual 1/2 is dual
    assert _value("lasso", 1.0, h=[0.5], x=[0.0, 0.75]) == [Fraction(7, 8), Fraction(7, 8)]
    # a weight of 4 = the largest product: zero, half of 4
    assert _value("lasso", 4.0, h=[1.0], x=[0.0, 0.0]) == [2, 2]
    assert _value("lasso", 5.0, h=[1.0]) == [2]


def test_square_root_lasso_by_hand():
    # lam < 2: meet the data: lam; lam > 2: zero, |y| = 2
    assert _value("sqrt-lasso", 1.5, h=[1.0], x=[0.0, 1.0]) == [Fraction(3, 2), Fraction(3, 2)]
    assert _value("sqrt-lasso", 4.0, h=[1.0], x=[0.0, 0.0]) == [2, 2]


def test_weights_and_signs():
    # with the weight 4 on the second entry the first is cheaper: x = (2, 0); h = 1
    weights = {"weights": np.array([1.0, 4.0])}
    assert _value("qcbp", 0.0, h=[1.0], x=[2.0, 0.0], **weights) == [2, 2]
    # x1 - x2 = -2 over x >= 0: only (0, 2); h = -1 has the products (-1, 1), of which only 1 counts
    found = _value("qcbp", 0.0, y=[-2.0], matrix=[[1.0, -1.0]], h=[-1.0], x=[0.0, 2.0], nonneg=True)
    assert found == [2, 2]
    # (x1 + x2 = -2 has no nonnegative point, and h = -1 proves it: the products are negative)
    assert _value("qcbp", 0.0, y=[-2.0], matrix=[[1.0, 1.0]], h=[-1.0], nonneg=True) == [2]
    assert _value("qcbp", 0.0, y=[-2.0], matrix=[[1.0, 1.0]], h=[-8.0], nonneg=True) == [16]


def test_complex_entries_count_by_modulus():
    # (3 + 4i) x = 25: x = 3 - 4i, modulus 5; any multiple of the data is a dual point
    h = np.array([5.0 * (3 + 4j)])
    found = _value("qcbp", 0.0, y=[25.0 + 0j], matrix=np.array([[3 + 4j]]), h=[25.0 + 0j], x=[3 - 4j])
    assert found == [5, 5]
    turned = _value("qcbp", 0.0, y=h, matrix=np.array([[3 + 4j]]), h=h, x=[5.0 + 0j])
    assert turned == [5, 5]


def test_points_are_corrected_exactly():
    # 0.1 is no tenth: only the corrected point meets 3 x = 1
    assert _value("qcbp", 0.0, y=[1.0], matrix=[[3.0]], x=[0.25], columns=[0])[0] >= Fraction(1, 3)
    found = _value("qcbp", 0.0, y=[1.0], matrix=[[3.0]], x=[0.25], columns=[0])[0]
    assert found - Fraction(1, 3) < Fraction(1, 10**16)
    A = np.array([[3 + 1j, 1.0], [1j, 2.0]])
    x = np.array([0.3 - 0.1j, 1 / 3])
    (value,) = _value("qcbp", 0.0, y=A @ x, matrix=A, x=x * 1.001, columns=[0, 1])
    assert float(value) == pytest.approx(np.abs(x).sum(), rel=1e-14)


@pytest.mark.parametrize("problem", ["lasso", "qcbp", "sqrt-lasso"])
@pytest.mark.parametrize("is_complex", [False, True])
def test_no_dual_point_exceeds_any_point(problem, is_complex):
    rng = np.random.default_rng(3)
    for _ in range(20):
        draw = (lambda *n: rng.standard_normal(n) + 1j * rng.standard_normal(n)) if is_complex else (
            lambda *n: rng.standard_normal(n))
        A, x, h, level = draw(3, 5), draw(5), draw(3), float(rng.uniform(0.1, 3))
        y = A @ x + 0.3 * draw(3)
        level = max(level, 1.01 * float(np.linalg.norm(A @ x - y))) if problem == "qcbp" else level
        lower, upper = _value(problem, level, y=y, matrix=A, h=y + 0.2 * h, x=x)
        assert 0 <= lower <= upper


@pytest.mark.parametrize(("change", "message"), [
    ({"x": [0.0, 0.9]}, "misses the data"),
    ({"x": [0.0, -1.0, 0.0]}, "x must have 2 entries"),
    ({"h": [1.0, 2.0]}, "h must have 1 entries"),
    ({"problem": "tv", "h": [1.0]}, "problem must be one of"),
    ({"level": -1.0, "h": [1.0]}, "level must be a number"),
    ({"problem": "lasso", "h": [1.0]}, "level must be positive"),
    ({"weights": np.array([1.0, 0.0]), "h": [1.0]}, "weights must be positive"),
    ({"weights": np.array([1.0]), "h": [1.0]}, "weights must have 2 entries"),
    ({"nonneg": 1, "h": [1.0]}, "nonneg must be true or false"),
    ({"nonneg": True, "x": [4.0, -1.0]}, "negative entry"),
    ({"x": [0.0, 1.0], "columns": [0, 1]}, "columns must be as many as there are rows"),
    ({"x": [0.0, 1.0], "columns": [0], "matrix": [[0.0, 2.0]]}, "columns are dependent"),
    ({"y": [2.0, 2.0], "h": [1.0]}, "y must have 1 entries"),
])
def test_what_proves_nothing_is_refused(change, message):
    with pytest.raises(CertificateError, match=message):
        _value(**({"problem": "qcbp", "level": 0.0} | change))


def test_a_value_beyond_its_proof_is_refused():
    from kernelstab.certify.certificate import digest

    certificate = make_constant_certificate(
        "optimal-value", ROW, options={"problem": "qcbp", "level": 0.0, "y": np.array([2.0])},
        lower={"kind": "dual", "h": np.array([0.5])})
    certificate["statements"][0]["value"] = "1.0000001e0"
    certificate["sha256"] = digest({k: v for k, v in certificate.items() if k != "sha256"})
    found = verify(certificate)
    assert not found.ok
    assert "lower bound: proved is value" in found.reason


def least(row, options):
    """Return the least objective for a matrix of one row: only the best column for its weight is used."""
    (y,), level, weights = options["y"], options["level"], options.get("weights", [1.0] * len(row))
    sign = 1 if y >= 0 else -1
    gains = [(sign * a if options.get("nonneg") else abs(a)) / w for a, w in zip(row, weights)]
    gain, y = max(float(max(gains)), 0.0), abs(y)
    if options["problem"] == "qcbp":
        missing = max(y - level, 0.0)
        return 0.0 if missing == 0 else missing / gain if gain > 0 else np.inf
    if options["problem"] == "sqrt-lasso":
        return level * y / gain if level < gain else y
    x = max(0.0, (y - level / gain) / gain) if gain > 0 else 0.0
    return 0.5 * (y - gain * x) ** 2 + level * x


@pytest.mark.parametrize(("problem", "level", "x", "value"), [
    ("qcbp", 0.0, [0.0, 1.0], 1.0), ("qcbp", 1.0, [0.0, 0.5], 0.5), ("lasso", 1.0, [0.0, 0.75], 0.875),
    ("sqrt-lasso", 1.5, [0.0, 1.0], 1.5)])
def test_forged_certificates_prove_nothing_false(problem, level, x, value, forgeries):
    options = {"problem": problem, "level": level, "y": [2.0], "weights": [1.0, 1.0], "nonneg": False}
    certificate = make_constant_certificate(
        "optimal-value", [[1, 2]], options=options, lower={"kind": "dual", "h": [0.5]},
        upper={"kind": "point", "x": x})
    assert least([1, 2], options) == value
    refused = 0
    for path, forged in forgeries(certificate, 250, random.Random(5)):
        found = verify(forged)
        refused += not found.ok
        if found.ok:
            matrix = read_matrix(forged["matrix"])
            row = [Fraction(int(v.p), int(v.q)) for v in matrix.rational.entries()]
            truth = least(row, forged["options"])
            for entry in forged["statements"]:
                side = 1 if entry["side"] == "lower" else -1
                assert side * (truth - float(Fraction(entry["value"]))) > -1e-9 * max(1.0, value), path
    assert refused > 100
