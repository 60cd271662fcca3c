"""Upper bounds of kernel sizes in exact arithmetic: hand computations, and proofs that prove nothing."""

from itertools import combinations

import numpy as np
import pytest

from kernelstab._errors import CertificateError
from kernelstab.certify import make_constant_certificate, verify
from kernelstab.certify.constants.kernel_size_upper import fill_squared

ROW = np.array([[1.0, 0.0]])
EYE = np.eye(2)


def stated(matrix, proof, kind, eps=0.0, norm="2", **fields):
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
    value = stated(ROW, multipliers(hair, 0.75 * hair), "ellipsoid", eps=1.0, T=T)
    assert value == pytest.approx(2 * 1.75**0.5, rel=1e-8)
    assert value > 2 * 1.75**0.5
    for alpha, beta in ((1.0, 0.75), (hair, 0.7), (0.99, 9.0)):
        with pytest.raises(CertificateError, match=r"alpha T\*T \+ beta A\*A - I is not proved"):
            stated(ROW, multipliers(alpha, beta), "ellipsoid", eps=1.0, T=T)
    assert stated(ROW, multipliers(4.5, 0.0), "ball", radius=2.0) == pytest.approx(2 * 4.5**0.5)
    with pytest.raises(CertificateError, match="not proved"):
        stated(ROW, multipliers(3.5, 0.0), "ball", radius=2.0)
    # everything has no T: alpha counts for nothing
    assert stated(2 * EYE, multipliers(9.0, 0.5), "everything", eps=1.0) == pytest.approx(2 * 0.5**0.5)
    with pytest.raises(CertificateError, match="not proved"):
        stated(ROW, multipliers(9.0, 9.0), "everything", eps=1.0)


def test_multipliers_on_a_subspace():
    # along (1, 1) the row sees half of the square: beta > 2; the hidden axis needs alpha > R^2
    line = np.array([[3.0], [3.0]])
    assert stated(ROW, multipliers(0.0, 2.25), "subspace", eps=1.0, basis=line, radius=None) == 3.0
    with pytest.raises(CertificateError, match="not proved"):
        stated(ROW, multipliers(0.0, 1.75), "subspace", eps=1.0, basis=line, radius=None)
    assert stated(ROW, multipliers(2.25, 0.0), "subspace", eps=1.0, basis=EYE[:, 1:], radius=1.0) == 3.0


def test_duals_absorb_their_residual():
    # the sum of two numbers in [-1, 1]; mu = I, q = 0 solves the equations, and 0.9 I leaves 0.1:
    # 0.9 + 0.1 b with b = 0.9 / 0.9 = 1 is the same bound 1
    ones = np.ones((1, 2))
    for part in (1.0, 0.5, 0.0625):
        proof = {"kind": "duals", "mu": part * EYE, "q": np.zeros((2, 1))}
        assert stated(ones, proof, "polytope", norm="inf", W=EYE) == 2.0
        assert stated(ones, proof, "polytope", W=EYE) == pytest.approx(2 * 2**0.5)
    with pytest.raises(CertificateError, match="residual of 1 or more"):
        stated(ones, {"kind": "duals", "mu": 0 * EYE, "q": np.zeros((2, 1))}, "polytope", norm="inf", W=EYE)
    # q costs eps each: v_1 = (v_1 + v_2) - v_2 is bounded by eps + 1, v_2 by 1
    swap = {"kind": "duals", "mu": np.array([[0.0, -1.0], [0.0, 1.0]]), "q": np.array([[1.0], [0.0]])}
    assert stated(ones, swap, "polytope", eps=0.25, norm="inf", W=EYE) == 2.5


def test_diagonal():
    hair = 1 + 2.0**-30
    proof = {"kind": "diagonal", "d": np.full(2, hair), "f": np.zeros(1)}
    assert stated(ROW, proof, "polytope", W=EYE) == pytest.approx(2 * 2**0.5, rel=1e-8)
    # the measured entry through the noise 1/2 instead: 1 + 1/4
    proof = {"kind": "diagonal", "d": np.array([0.0, hair]), "f": np.full(1, hair)}
    assert stated(ROW, proof, "polytope", eps=0.5, W=EYE) == pytest.approx(2 * 1.25**0.5, rel=1e-8)
    for d, reason in (((-1.0, 9.0), "must not be negative"), ((0.0, 0.5), "not proved")):
        with pytest.raises(CertificateError, match=reason):
            stated(ROW, {"kind": "diagonal", "d": np.array(d), "f": np.ones(1)}, "polytope", eps=0.5, W=EYE)
    with pytest.raises(CertificateError, match="for the Euclidean norm"):
        stated(ROW, proof, "polytope", eps=0.5, norm="inf", W=EYE)


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
    assert stated(ones, {"kind": "coordinates", "q": np.full((2, 1), 0.5)}, "l1-ball", radius=3.0) \
        == pytest.approx(2 * 3 / 2**0.5)
    # with noise each costs eps/2 more: 3/2 + 1/4, then what is left of 3
    assert stated(ones, {"kind": "coordinates", "q": np.full((2, 1), 0.5)}, "l1-ball", eps=0.5, radius=3.0) \
        == pytest.approx(2 * (1.75**2 + 1.25**2) ** 0.5)
    # Y = 1/2 (1, -1)(1, -1)^T is the identity on the kernel; beta lifts the rest
    y = np.array([[0.5, -0.5], [-0.5, 0.5]]) + 2.0**-20 * EYE
    assert stated(ones, {"kind": "matrix", "Y": y, "beta": 1.0}, "l1-ball", radius=3.0) \
        == pytest.approx(2 * 3 / 2**0.5, rel=1e-5)
    for changed, reason in ((y - 0.1 * EYE, "not proved"), (y + np.eye(2, k=1), "must be symmetric")):
        with pytest.raises(CertificateError, match=reason):
            stated(ones, {"kind": "matrix", "Y": changed, "beta": 1.0}, "l1-ball", radius=3.0)


def test_supports_of_a_sparse_prior():
    rng = np.random.default_rng(4)
    matrix = rng.standard_normal((5, 7))
    for s in (1, 2):
        least = min(np.linalg.svd(matrix[:, S], compute_uv=False)[-1] for S in combinations(range(7), 2 * s))
        proof = {"kind": "supports", "sigma": least * (1 - 1e-9)}
        assert stated(matrix, proof, "sparse", eps=0.5, s=s) == pytest.approx(1 / least)
        with pytest.raises(CertificateError, match="not every support of . columns keeps within"):
            stated(matrix, {"kind": "supports", "sigma": least * (1 + 1e-9)}, "sparse", eps=0.5, s=s)
    assert stated(matrix, {"kind": "supports", "sigma": 0.0}, "sparse", s=2) == 0.0
    with pytest.raises(CertificateError, match="sigma must be positive"):
        stated(matrix, {"kind": "supports", "sigma": 0.0}, "sparse", eps=0.5, s=2)
    with pytest.raises(CertificateError, match="not every support of . columns keeps within"):
        stated(matrix, {"kind": "supports", "sigma": 0.0}, "sparse", s=3)       # six of five rows
    with pytest.raises(CertificateError, match="supports are too many"):
        stated(rng.standard_normal((12, 40)), {"kind": "supports", "sigma": 0.0}, "sparse", s=5)


def test_wide_matrices_are_refused_before_anything_is_computed():
    with pytest.raises(CertificateError, match="at most 2000 columns, got 2001"):
        stated(np.ones((1, 2001)), {"kind": "supports", "sigma": 1.0}, "sparse", s=1)


def test_enumeration_of_a_finite_set():
    signals = np.array([[0.0, 0.0], [0.0, 3.0], [1.0, 7.0]])
    for eps, value in ((0.0, 3.0), (0.25, 3.0), (0.5, 50**0.5)):
        found = stated(ROW, {"kind": "enumeration"}, "finite", eps=eps, signals=signals)
        assert found == pytest.approx(value)


def test_injective():
    assert stated(EYE, {"kind": "injective", "prime": 7}, "ball", radius=1.0) == 0.0
    assert stated(ROW, {"kind": "injective", "prime": 7}, "subspace", basis=EYE[:, :1], radius=None) == 0.0
    for matrix, eps, reason in ((ROW, 0.0, "dependent modulo 7"), (7 * EYE, 0.0, "dependent modulo 7"),
                                (EYE, 0.5, "without noise")):
        with pytest.raises(CertificateError, match=reason):
            stated(matrix, {"kind": "injective", "prime": 7}, "ball", eps=eps, radius=1.0)


def test_proofs_belong_to_priors():
    with pytest.raises(CertificateError, match="proof multipliers is not for the prior polytope"):
        stated(ROW, multipliers(1.0, 1.0), "polytope", W=EYE)
