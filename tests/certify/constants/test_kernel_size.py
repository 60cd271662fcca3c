"""Lower bounds of kernel sizes in exact arithmetic, and forged certificates that prove nothing false."""

import random
from itertools import combinations

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.constants.kernel_size import fill_squared

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
    (options("ball", radius=2.0), pair([0, 1, 0], [0, 1, 0], -1), "denominator must be at least 1"),
    (options("finite", signals=EYE), pair([0, 1, 0], [0, 0, 1]), "pair is not for the prior finite"),
    (options("finite", signals=EYE), {"kind": "signals", "first": 0, "second": 1}, "differ by more"),
    (options("finite", signals=EYE), {"kind": "signals", "first": 0, "second": 3}, r"must lie in \[0, 2\]"),
    (options("ball", radius=2.0), {"kind": "signals", "first": 0, "second": 1}, "is not for the prior ball"),
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
    (options("everything"), [0, 1, 1], "not a vector of the null space"),
    (options("everything"), [0, 0, 0], "other than zero"),
    (options("ball", radius=1.0), [0, 1, -1], "ray is not for the prior ball"),
    (options("l1-ball", radius=1.0), [0, 1, -1], "ray is not for the prior l1-ball"),
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


ROW = np.array([[1.0, 0.0]])
EYE2 = np.eye(2)


def above(matrix, proof, kind, eps=0.0, norm="2", **fields):
    chosen = {"prior": {"kind": kind, **fields}, "eps": eps, "norm": norm}
    certificate = make_constant_certificate("kernel-size", matrix, options=chosen, upper=proof)
    assert verify(certificate).ok
    return float(certificate["statements"][0]["value"])


def multipliers(alpha, beta):
    return {"kind": "multipliers", "alpha": alpha, "beta": beta}


def test_multipliers():
    # T = diag(1/2, 1): alpha = 1, beta = 3/4 give Q = I, and 2 sqrt(1 + 3/4) at eps = 1
    # a hair makes Q - I definite
    hair = 1 + 2.0**-30
    T = np.diag([0.5, 1.0])
    value = above(ROW, multipliers(hair, 0.75 * hair), "ellipsoid", eps=1.0, T=T)
    assert value == pytest.approx(2 * 1.75**0.5, rel=1e-8)
    assert value > 2 * 1.75**0.5
    for alpha, beta in ((1.0, 0.75), (hair, 0.7), (0.99, 9.0)):
        with pytest.raises(CertificateError, match=r"alpha T\*T \+ beta A\*A - I is not proved"):
            above(ROW, multipliers(alpha, beta), "ellipsoid", eps=1.0, T=T)
    assert above(ROW, multipliers(4.5, 0.0), "ball", radius=2.0) == pytest.approx(2 * 4.5**0.5)
    with pytest.raises(CertificateError, match="not proved"):
        above(ROW, multipliers(3.5, 0.0), "ball", radius=2.0)
    # everything has no T: alpha counts for nothing
    assert above(2 * EYE2, multipliers(9.0, 0.5), "everything", eps=1.0) == pytest.approx(2 * 0.5**0.5)
    with pytest.raises(CertificateError, match="not proved"):
        above(ROW, multipliers(9.0, 9.0), "everything", eps=1.0)


def test_multipliers_on_a_subspace():
    # along (1, 1) the row sees half of the square: beta > 2; the hidden axis needs alpha > R^2
    line = np.array([[3.0], [3.0]])
    assert above(ROW, multipliers(0.0, 2.25), "subspace", eps=1.0, basis=line, radius=None) == 3.0
    with pytest.raises(CertificateError, match="not proved"):
        above(ROW, multipliers(0.0, 1.75), "subspace", eps=1.0, basis=line, radius=None)
    assert above(ROW, multipliers(2.25, 0.0), "subspace", eps=1.0, basis=EYE2[:, 1:], radius=1.0) == 3.0


def test_duals_absorb_their_residual():
    # the sum of two numbers in [-1, 1]; mu = I, q = 0 solves the equations, and 0.9 I leaves 0.1:
    # 0.9 + 0.1 b with b = 0.9 / 0.9 = 1 is the same bound 1
    ones = np.ones((1, 2))
    for part in (1.0, 0.5, 0.0625):
        proof = {"kind": "duals", "mu": part * EYE2, "q": np.zeros((2, 1))}
        assert above(ones, proof, "polytope", norm="inf", W=EYE2) == 2.0
        assert above(ones, proof, "polytope", W=EYE2) == pytest.approx(2 * 2**0.5)
    with pytest.raises(CertificateError, match="residual of 1 or more"):
        above(ones, {"kind": "duals", "mu": 0 * EYE2, "q": np.zeros((2, 1))}, "polytope", norm="inf", W=EYE2)
    # q costs eps each: v_1 = (v_1 + v_2) - v_2 is bounded by eps + 1, v_2 by 1
    swap = {"kind": "duals", "mu": np.array([[0.0, -1.0], [0.0, 1.0]]), "q": np.array([[1.0], [0.0]])}
    assert above(ones, swap, "polytope", eps=0.25, norm="inf", W=EYE2) == 2.5


def test_diagonal():
    hair = 1 + 2.0**-30
    proof = {"kind": "diagonal", "d": np.full(2, hair), "f": np.zeros(1)}
    assert above(ROW, proof, "polytope", W=EYE2) == pytest.approx(2 * 2**0.5, rel=1e-8)
    # the measured entry through the noise 1/2 instead: 1 + 1/4
    proof = {"kind": "diagonal", "d": np.array([0.0, hair]), "f": np.full(1, hair)}
    assert above(ROW, proof, "polytope", eps=0.5, W=EYE2) == pytest.approx(2 * 1.25**0.5, rel=1e-8)
    for d, reason in (((-1.0, 9.0), "must not be negative"), ((0.0, 0.5), "not proved")):
        with pytest.raises(CertificateError, match=reason):
            above(ROW, {"kind": "diagonal", "d": np.array(d), "f": np.ones(1)}, "polytope", eps=0.5, W=EYE2)
    with pytest.raises(CertificateError, match="for the Euclidean norm"):
        above(ROW, proof, "polytope", eps=0.5, norm="inf", W=EYE2)


def test_fill():
    # 5 and then 2 of the 3 that the second would allow
    assert fill_squared([3, 5], 7) == 29
    assert fill_squared([3, 5], 100) == 34
    # against a search over the vertices: all bounds but one full or empty
    rng = np.random.default_rng(0)
    for _ in range(20):
        bounds, total = rng.uniform(0, 1, 4), rng.uniform(0, 3)
        best = 0.0
        for size in range(5):
            for full in combinations(range(4), size):
                left = total - sum(bounds[list(full)])
                if left >= 0:
                    rest = [min(left, bounds[j]) ** 2 for j in range(4) if j not in full]
                    best = max(best, sum(bounds[list(full)] ** 2) + max(rest, default=0.0))
        assert fill_squared(list(bounds), total) == pytest.approx(best)


def test_bounds_of_the_l1_ball():
    # v = (a, -a) on the kernel of (1, 1): q = 1/2 gives |v_i| <= t/2, and both together t/sqrt 2
    ones = np.ones((1, 2))
    assert above(ones, {"kind": "coordinates", "q": np.full((2, 1), 0.5)}, "l1-ball", radius=3.0) \
        == pytest.approx(2 * 3 / 2**0.5)
    # with noise each costs eps/2 more: 3/2 + 1/4, then what is left of 3
    assert above(ones, {"kind": "coordinates", "q": np.full((2, 1), 0.5)}, "l1-ball", eps=0.5, radius=3.0) \
        == pytest.approx(2 * (1.75**2 + 1.25**2) ** 0.5)
    # Y = 1/2 (1, -1)(1, -1)^T is the identity on the kernel; beta lifts the rest
    y = np.array([[0.5, -0.5], [-0.5, 0.5]]) + 2.0**-20 * EYE2
    assert above(ones, {"kind": "matrix", "Y": y, "beta": 1.0}, "l1-ball", radius=3.0) \
        == pytest.approx(2 * 3 / 2**0.5, rel=1e-5)
    for changed, reason in ((y - 0.1 * EYE2, "not proved"), (y + np.eye(2, k=1), "must be symmetric")):
        with pytest.raises(CertificateError, match=reason):
            above(ones, {"kind": "matrix", "Y": changed, "beta": 1.0}, "l1-ball", radius=3.0)


def test_supports_of_a_sparse_prior():
    rng = np.random.default_rng(4)
    matrix = rng.standard_normal((5, 7))
    for s in (1, 2):
        least = min(np.linalg.svd(matrix[:, S], compute_uv=False)[-1] for S in combinations(range(7), 2 * s))
        proof = {"kind": "supports", "sigma": least * (1 - 1e-9)}
        assert above(matrix, proof, "sparse", eps=0.5, s=s) == pytest.approx(1 / least)
        with pytest.raises(CertificateError, match="not every support of . columns keeps within"):
            above(matrix, {"kind": "supports", "sigma": least * (1 + 1e-9)}, "sparse", eps=0.5, s=s)
    assert above(matrix, {"kind": "supports", "sigma": 0.0}, "sparse", s=2) == 0.0
    with pytest.raises(CertificateError, match="sigma must be positive"):
        above(matrix, {"kind": "supports", "sigma": 0.0}, "sparse", eps=0.5, s=2)
    with pytest.raises(CertificateError, match="not every support of . columns keeps within"):
        above(matrix, {"kind": "supports", "sigma": 0.0}, "sparse", s=3)       # six of five rows
    with pytest.raises(CertificateError, match="at most 5000000 supports"):
        above(rng.standard_normal((12, 40)), {"kind": "supports", "sigma": 0.0}, "sparse", s=5)


def test_wide_matrices_are_refused_before_anything_is_computed():
    with pytest.raises(CertificateError, match="at most 2000 columns are checked, got 2001"):
        above(np.ones((1, 2001)), {"kind": "supports", "sigma": 1.0}, "sparse", s=1)


def test_enumeration_of_a_finite_set():
    signals = np.array([[0.0, 0.0], [0.0, 3.0], [1.0, 7.0]])
    for eps, value in ((0.0, 3.0), (0.25, 3.0), (0.5, 50**0.5)):
        found = above(ROW, {"kind": "enumeration"}, "finite", eps=eps, signals=signals)
        assert found == pytest.approx(value)


def test_injective():
    assert above(EYE2, {"kind": "injective", "prime": 7}, "ball", radius=1.0) == 0.0
    assert above(ROW, {"kind": "injective", "prime": 7}, "subspace", basis=EYE2[:, :1], radius=None) == 0.0
    for matrix, eps, reason in ((ROW, 0.0, "dependent modulo 7"), (7 * EYE2, 0.0, "dependent modulo 7"),
                                (EYE2, 0.5, "without noise")):
        with pytest.raises(CertificateError, match=reason):
            above(matrix, {"kind": "injective", "prime": 7}, "ball", eps=eps, radius=1.0)


def test_proofs_belong_to_priors():
    with pytest.raises(CertificateError, match="proof multipliers is not for the prior polytope"):
        above(ROW, multipliers(1.0, 1.0), "polytope", W=EYE2)
