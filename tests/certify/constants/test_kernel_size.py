"""Lower bounds of kernel sizes in exact arithmetic, and forged certificates that prove nothing false."""

import random

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify

# the first coordinate is measured, the second and third only as their sum
MATRIX = [[1, 0, 0], [0, 1, 1]]
EYE = np.eye(3)


def options(kind, eps=0.0, norm="2", **fields):
    return {"prior": {"kind": kind, **fields}, "eps": eps, "norm": norm}


def pair(x, x_alt, denominator=1):
    return {"kind": "pair", "x": [str(n) for n in x], "x_alt": [str(n) for n in x_alt],
            "denominator": str(denominator)}


def stated(chosen, proof, side="lower", matrix=MATRIX):
    certificate = make_constant_certificate("kernel-size", matrix, options=chosen, **{side: proof})
    assert verify(certificate).ok
    return float(certificate["statements"][0]["value"])


@pytest.mark.parametrize(("chosen", "proof", "value"), [
    # (0, 3, -3) / 5 and its negative: norm sqrt(18)/5 = .848..., 1-norm 6/5, largest entry 3/5
    (options("ball", radius=0.875), pair([0, 3, -3], [0, -3, 3], 5), 2 * 18**0.5 / 5),
    (options("l1-ball", radius=1.25), pair([0, 3, -3], [0, -3, 3], 5), 2 * 18**0.5 / 5),
    (options("ellipsoid", T=EYE), pair([0, 3, -3], [0, -3, 3], 5), 2 * 18**0.5 / 5),
    (options("polytope", W=EYE), pair([0, 3, -3], [0, -3, 3], 3), 2 * 2**0.5),
    (options("polytope", norm="inf", W=EYE), pair([0, 3, -3], [0, -3, 3], 3), 2.0),
    (options("everything"), pair([0, 30, -30], [0, 0, 0]), 30 * 2**0.5),
    (options("sparse", s=1), pair([0, 1, 0], [0, 0, 1]), 2**0.5),
    # coefficients in the basis (1, 1, 0), (0, 1, -1): only the second is in the null space
    (options("subspace", basis=np.array([[1.0, 0], [1, 1], [0, -1]]), radius=2.0), pair([0, 1], [0, -1]),
     2 * 2**0.5),
    # with noise 1/2 the measurements may differ by 1, in the maximum norm for a polytope
    (options("ball", eps=0.5, radius=1.0), pair([1, 0, 0], [0, 0, 0]), 1.0),
    (options("polytope", eps=0.5, W=EYE), pair([1, 1, 0], [0, 0, 0]), 2**0.5),
])
def test_pairs(chosen, proof, value):
    assert stated(chosen, proof) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(("chosen", "proof", "reason"), [
    (options("ball", radius=0.8125), pair([0, 3, -3], [0, -3, 3], 5), "x is no member of the prior ball"),
    (options("l1-ball", radius=1.125), pair([0, 3, -3], [0, -3, 3], 5), "no member"),
    (options("ellipsoid", T=2 * EYE), pair([0, 3, -3], [0, -3, 3], 5), "no member"),
    (options("polytope", W=EYE), pair([0, 0, 0], [0, -4, 4], 3), "x_alt is no member"),
    (options("sparse", s=1), pair([0, 1, 1], [0, 0, 2]), "no member"),
    (options("subspace", basis=EYE[:, 1:2], radius=0.5), pair([1], [0]), "no member"),
    (options("ball", radius=2.0), pair([0, 1, 0], [0, -1, 0]), "differ by more than 2 eps"),
    (options("ball", eps=0.5, radius=2.0), pair([1, 1, 0], [0, 0, 0]), "differ by more than 2 eps"),
    (options("ball", radius=2.0), pair([0, 1], [0, -1]), "x must have 3 entries"),
    (options("ball", radius=2.0), pair([0, 1, 0], [0, 1, 0], -1), "denominator must be positive"),
    (options("finite", signals=EYE), pair([0, 1, 0], [0, 0, 1]), "given by their rows"),
    (options("finite", signals=EYE), {"kind": "signals", "first": 0, "second": 1}, "differ by more"),
    (options("finite", signals=EYE), {"kind": "signals", "first": 0, "second": 3}, r"must lie in \[0, 2\]"),
    (options("ball", radius=2.0), {"kind": "signals", "first": 0, "second": 1}, "for a finite set"),
])
def test_pairs_that_prove_nothing(chosen, proof, reason):
    with pytest.raises(CertificateError, match=reason):
        stated(chosen, proof)


def test_signals_of_a_finite_set():
    assert stated(options("finite", signals=EYE), {"kind": "signals", "first": 1, "second": 2}) \
        == pytest.approx(2**0.5)


@pytest.mark.parametrize(("chosen", "direction", "reason"), [
    (options("everything"), [0, 1, -1], None),
    (options("subspace", basis=np.array([[1.0, 0], [1, 1], [0, -1]]), radius=None), [0, 1], None),
    (options("ellipsoid", T=np.ones((1, 3))), [0, 1, -1], None),
    (options("polytope", W=np.ones((1, 3))), [0, 1, -1], None),
    (options("sparse", s=1), [0, 1, -1], None),
    (options("sparse", s=1), [1, 1, -1], "bounded along the direction"),
    (options("everything"), [0, 1, 1], "not in the null space"),
    (options("everything"), [0, 0, 0], "not all zero"),
    (options("ball", radius=1.0), [0, 1, -1], "the prior ball is bounded"),
    (options("l1-ball", radius=1.0), [0, 1, -1], "the prior l1-ball is bounded"),
    (options("ellipsoid", T=EYE), [0, 1, -1], "the prior ellipsoid is bounded"),
    (options("subspace", basis=EYE, radius=5.0), [0, 1, -1], "the prior subspace is bounded"),
])
def test_rays(chosen, direction, reason):
    proof = {"kind": "ray", "direction": direction, "reach": "1e300"}
    if reason is None:
        assert stated(chosen, proof) == 1e300
    else:
        with pytest.raises(CertificateError, match=reason):
            stated(chosen, proof)


def test_a_kernel_size_has_no_order():
    with pytest.raises(CertificateError, match="kernel-size has no order"):
        make_constant_certificate("kernel-size", MATRIX, order=2, options=options("everything"),
                                  lower=pair([0, 0, 0], [0, 0, 0]))


def true_size(certificate):
    """Return the kernel size of a ball without noise, from the rank of the matrix in the file."""
    plain = certificate["matrix"]
    rows = np.array([[int(n) for n in row] for row in plain["numerators"]], dtype=float)
    radius = certificate["options"]["prior"]["radius"]
    if np.linalg.matrix_rank(rows) < rows.shape[1]:
        return 2 * radius
    eps = certificate["options"]["eps"]
    least = np.linalg.svd(rows / int(plain["denominator"]), compute_uv=False)[-1]
    return 2 * min(radius, eps / least)


def test_forged_certificates_prove_nothing_false(forgeries):
    certificate = make_constant_certificate(
        "kernel-size", MATRIX, options=options("ball", radius=0.875),
        lower=pair([0, 3, -3], [0, -3, 3], 5), upper={"kind": "multipliers", "alpha": 0.78125, "beta": 0.0})
    lower, upper = (float(entry["value"]) for entry in certificate["statements"])
    # the radius is 0.875; the proof uses 0.78125 > 0.875^2 = 0.765625
    assert lower < 1.75 < upper == pytest.approx(2 * 0.78125**0.5)
    refused = 0
    for path, forged in forgeries(certificate, 400, random.Random(0)):
        found = verify(forged)
        refused += not found.ok
        assert found.ok or (found.reason and "\n" not in found.reason), path
        if found.ok:
            size = true_size(forged)
            for entry in forged["statements"]:
                slack = 1e-12 * size
                value = float(entry["value"])
                assert value <= size + slack if entry["side"] == "lower" else value >= size - slack, path
    assert refused > 200
