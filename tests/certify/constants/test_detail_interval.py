"""Certificates of the values of a detail: worked by hand, made from intervals, forged."""

import random

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.arrays import decode
from kernelstab.priors import (
    Ball,
    Ellipsoid,
    Everything,
    FiniteSet,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
    detail_interval,
)

FIRST, SECOND = [1.0, 0.0], [0.0, 1.0]


def options(prior, end, d=SECOND, eps=0.0, y=(3.0,)):
    return {"d": np.array(d), "y": np.array(y), "prior": prior, "eps": eps, "end": end}


def values(certificate):
    return [float(entry["value"]) for entry in certificate["statements"]]


def test_a_dual_by_hand():
    # x_1 = 3, |x| <= 5; q = -3/4 gives -9/4 + 5 |(3/4, 1)| = -9/4 + 25/4 = 4, which (3, 4) attains
    ball = {"kind": "ball", "radius": 5.0}
    certificate = make_constant_certificate(
        "detail-interval", [[1.0, 0.0]], options=options(ball, "largest"),
        lower={"kind": "point", "x": np.array([3.0, 4.0])}, upper={"kind": "dual", "q": np.array([-0.75])})
    assert [entry["value"] for entry in certificate["statements"]] == ["4e0", "4e0"]
    assert verify(certificate).ok


@pytest.mark.parametrize(("prior", "q", "expected"), [
    ({"kind": "ball", "radius": 5.0}, 0.0, 5.0),                  # any q: the trivial one gives the radius
    ({"kind": "l1-ball", "radius": 5.0}, 0.0, 5.0),
    ({"kind": "l1-ball", "radius": 5.0}, -1.0, 2.0),              # -3 + 5 max(1, 1)
    ({"kind": "l1-ball", "radius": 5.0}, -2.0, 4.0),              # -6 + 5 max(2, 1): poor but true
])
def test_any_dual_bounds(prior, q, expected):
    certificate = make_constant_certificate(
        "detail-interval", [[1.0, 0.0]], options=options(prior, "range"),
        upper={"kind": "dual", "q": np.array([q])})
    assert values(certificate) == [expected]
    assert verify(certificate).ok


def test_noise_costs_its_share_of_the_dual():
    # 3.5 = <q, y> + eps |q| with q = 1 and no signal left over
    certificate = make_constant_certificate(
        "detail-interval", [[1.0, 0.0]], options=options({"kind": "everything"}, "range", d=FIRST, eps=0.5),
        lower={"kind": "dual", "q": np.array([-1.0])}, upper={"kind": "dual", "q": np.array([1.0])})
    assert values(certificate) == [2.5, 3.5]


SETTINGS = [Ball(5.0), L1Ball(6.0), Ellipsoid([[0.2, 0.0], [0.1, 0.25]]),
            Polytope([[0.25, 0.0], [0.1, 0.25]]), Subspace([[1.0], [0.3]]),
            Subspace([[1.0], [0.3]], 5.0), FiniteSet([[3.0, 0.1], [3.0, 0.7]])]


@pytest.mark.parametrize("prior", SETTINGS)
@pytest.mark.parametrize("eps", [0.0, 0.3])
@pytest.mark.parametrize("end", ["range", "largest", "smallest"])
def test_intervals_are_proved(prior, eps, end):
    found = detail_interval([[1.0, 0.0]], [3.0], [0.3, 0.7], prior, eps)
    certificate = found.certificate(end=end)
    ends = {"range": (found.lower, found.upper), "largest": (found.inner[1], found.upper),
            "smallest": (found.lower, found.inner[0])}
    np.testing.assert_allclose(values(certificate), ends[end], rtol=1e-8)
    assert verify(certificate).ok


def test_tall_matrices_bound_details_without_a_prior():
    # third tenths are no tenths of three: the corrected q solves A^T q = d exactly
    A = [[0.1, 0.3], [0.7, 0.2], [0.3, 0.9]]
    found = detail_interval(A, [1.0, 1.0, 2.0], [0.3, 0.1], Everything(), 1.0)
    np.testing.assert_allclose(values(found.certificate()), (found.lower, found.upper), rtol=1e-12)


def test_sparse_witnesses():
    certificate = detail_interval([[1.0, 1.0]], [3.0], [1.0, -1.0], Sparse(1), 0.5).certificate(end="largest")
    np.testing.assert_allclose(values(certificate), [3.5], rtol=1e-12)
    assert certificate["statements"][0]["side"] == "lower"


def refused(match, prior, proof, *, end="largest", side="lower", matrix=((1.0, 0.0),), **changes):
    with pytest.raises(CertificateError, match=match):
        make_constant_certificate("detail-interval", np.array(matrix), **{side: proof},
                                  options=options(prior, end) | changes)


def test_what_proves_nothing_is_refused():
    ball = {"kind": "ball", "radius": 5.0}
    point = lambda *x: {"kind": "point", "x": np.array(x)}               # noqa: E731
    dual = lambda *q: {"kind": "dual", "q": np.array(q)}                 # noqa: E731
    refused("x is no member of the prior ball", ball, point(3.0, 4.001))
    refused("x does not explain the data to within eps", ball, point(2.999, 4.0))
    refused("x does not explain the data", ball, point(2.4, 4.0), eps=0.5)
    refused("x is no member of the prior sparse", {"kind": "sparse", "s": 1}, point(3.0, 1.0))
    refused("x is no member of the prior l1-ball", {"kind": "l1-ball", "radius": 5.0}, point(3.0, 2.5))
    refused("x is no member of the prior finite", {"kind": "finite", "signals": np.eye(2)}, point(3.0, 0.0))
    refused("x is no member of the prior polytope", {"kind": "polytope", "W": np.eye(2)}, point(3.0, 0.0))
    refused("x is no member of the prior ellipsoid", {"kind": "ellipsoid", "T": np.eye(2)}, point(3.0, 0.0))
    refused("do not add up to the detail", {"kind": "everything"}, dual(1.0), side="upper")
    plane = {"kind": "subspace", "basis": np.eye(2), "radius": None}
    refused("do not add up to the detail on the subspace", plane, dual(1.0), side="upper")
    refused("do not add up to the detail", {"kind": "polytope", "W": np.eye(2)},
            dual(1.0) | {"mu": np.zeros(2)}, side="upper")
    refused("no dual bound for the prior sparse", {"kind": "sparse", "s": 1}, dual(1.0), side="upper")
    refused("enumeration is for a finite prior", ball, {"kind": "enumeration"}, side="upper")
    units = {"kind": "finite", "signals": np.eye(2)}
    refused("no signal of the prior explains", units, {"kind": "enumeration"}, side="upper")
    # a witness bounds the largest value from below only, a dual bounds it from above only
    refused("proof point proves no upper bound of end largest", ball, point(3.0, 4.0), side="upper")
    refused("proof dual proves no lower bound of end largest", ball, dual(1.0))
    refused("proof point proves no lower bound of end range", ball, point(3.0, 4.0), end="range")
    refused("q must have 1 entries", ball, dual(1.0, 2.0), side="upper")
    refused("options must be d, eps, prior, y and end", ball, point(3.0, 4.0), end="both")
    refused("real matrices", ball, dual(1.0), side="upper", matrix=((1.0, 1j),))
    refused("x must have 2 entries", ball,
            {"kind": "point", "x": {"integers": ["3"], "denominator": "1"}})


def test_forged_certificates_prove_nothing_false(forgeries):
    A = [[1.0, 0.5, 0.0], [0.0, 0.25, 1.0]]
    certificate = detail_interval(A, [1.0, 0.5], [0.3, 0.7, 0.2], Ball(2.0), 0.125).certificate(end="largest")
    refused = 0
    for path, forged in forgeries(certificate, 250, random.Random(0)):
        found = verify(forged)
        refused += not found.ok
        assert found.ok or (found.reason and "\n" not in found.reason), path
        assert not found.ok or _is_true(forged), path
    assert refused > 120


def _is_true(certificate):
    """Solve the problem that a changed certificate is about; what it states must agree."""
    plain = decode(certificate["options"])
    matrix = decode(certificate["matrix"])
    prior = {"ball": Ball, "l1-ball": L1Ball}[plain["prior"]["kind"]](plain["prior"]["radius"])
    try:
        A = np.reshape(matrix.data, matrix.shape)
        found = detail_interval(A, plain["y"].data, plain["d"].data, prior, plain["eps"])
    except ValueError:
        return True                      # of no signal everything is true
    ends = {"largest": (found.upper, found.inner[1]), "smallest": (found.inner[0], found.lower)}
    slack = 1e-12 * (abs(found.lower) + abs(found.upper))
    return all(float(entry["value"]) <= ends[plain["end"]][0] + slack if entry["side"] == "lower" else
               float(entry["value"]) >= ends[plain["end"]][1] - slack for entry in certificate["statements"])
