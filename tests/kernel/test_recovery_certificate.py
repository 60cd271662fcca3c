"""Recovery certificates: three conditions by hand, against basis pursuit, and their proofs."""

from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard
from scipy.optimize import linprog

from kernelstab._engines import support_programs
from kernelstab._engines.chebyshev import ChebyshevFits
from kernelstab._engines.support_programs import SupportPrograms
from kernelstab.certify import verify
from kernelstab.kernel.recovery_certificate import recovery_certificate
from kernelstab.solvers import reference_qcbp

_FRAME = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])


def _random(rng, m, n):
    matrix = rng.standard_normal((m, n))
    return matrix / np.linalg.norm(matrix, axis=0)


def _recovers(matrix, x):
    """Solve min ||z||_1 with Az = Ax as a linear program and compare; generic data have one solution."""
    n = matrix.shape[1]
    answer = linprog(np.ones(2 * n), A_eq=np.hstack([matrix, -matrix]), b_eq=matrix @ x, method="highs")
    return bool(np.abs(answer.x[:n] - answer.x[n:] - x).max() < 1e-7)


def test_two_columns_and_their_sum():
    # h = xi: product with the third is 2 for equal signs, 0 for opposite ones; A_S^+ a = (1, 1): ERC 2
    same, opposite = (recovery_certificate(_FRAME, [0, 1], [1, k]) for k in (1, -1))
    np.testing.assert_allclose((same.erc, same.fuchs, same.lower, same.upper), 2.0)
    assert same.recovered is False
    # e_0 + e_1 and e_2 have the same measurements, 2 > 1
    np.testing.assert_allclose(same.witness * 3, [1.0, 1.0, -1.0])
    np.testing.assert_allclose((opposite.fuchs, opposite.upper), 0.0, atol=1e-13)
    assert opposite.recovered is True
    both = recovery_certificate(_FRAME, [1, 0])
    assert both.all_signs
    assert both.signs in ((1.0, 1.0), (-1.0, -1.0))
    assert not both.recovered
    assert "all signs: not recovered" in repr(both)


def test_one_column_with_a_better_dual_than_fuchs():
    # column 0 = e_0: h = (1, t). Fuchs: t = 0, product with (1, 1) is 1; best t = -1/2: max(1/2, 1/2)
    found = recovery_certificate(_FRAME, [0], [1])
    np.testing.assert_allclose((found.erc, found.fuchs, found.lower, found.upper), (1, 1, 0.5, 0.5))
    np.testing.assert_allclose(found.dual, [1.0, -0.5])
    assert found.recovered is True
    # at s = 1 theta is the null space quotient: alpha = theta / (1 + theta) = 1/3
    assert recovery_certificate(_FRAME, [0]).recovered


def test_the_border_is_not_decided():
    # (1, 1): theta = 1 exactly, e_0 and e_1 are both shortest; rounding cannot tell
    found = recovery_certificate([[1.0, 1.0]], [0], [1])
    np.testing.assert_allclose((found.lower, found.upper), 1.0)
    assert found.recovered is None
    assert not found.error_bound(0.1).applicable


def test_identity_and_hadamard():
    # unit columns with products 1/2: e_0 alone has h = e_0 and ERC 1/2; from coherence s mu / (1 - (s-1) mu)
    A = np.hstack([np.eye(4), hadamard(4) / 2])
    one = recovery_certificate(A, [0])
    np.testing.assert_allclose((one.erc, one.fuchs), 0.5)
    # e_0 and e_1: every column outside has the products +-1/2, +-1/2 with them
    np.testing.assert_allclose(recovery_certificate(A, [0, 1]).erc, 1.0)


def test_the_three_conditions_imply_each_other():
    rng = np.random.default_rng(0)
    counts = np.zeros(4, dtype=int)
    for _ in range(150):
        A = _random(rng, 12, 20)
        support = rng.choice(20, 3, replace=False)
        signs = rng.choice([-1.0, 1.0], 3)
        found = recovery_certificate(A, support, signs)
        assert found.lower <= found.upper <= found.fuchs + 1e-12 <= found.erc + 1e-11
        assert found.upper - found.lower < 1e-9
        x = np.zeros(20)
        x[support] = signs * rng.uniform(0.5, 2.0, 3)
        assert found.recovered == _recovers(A, x)
        counts += [found.erc < 1, found.fuchs < 1, found.upper < 1, 1]
    # all four kinds occur: ERC seldom, Fuchs half of the time, the certificate nearly always
    assert 0 < counts[0] < counts[1] < counts[2] < counts[3] == 150


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_both_ends_can_be_checked_again(seed, s):
    rng = np.random.default_rng(seed)
    A = _random(rng, 7, 10)
    support = np.sort(rng.choice(10, s, replace=False))
    signs = rng.choice([-1.0, 1.0], s)
    found = recovery_certificate(A, support, signs)
    assert (found.support, found.signs) == (tuple(support), tuple(signs))
    products = A.T @ found.dual
    np.testing.assert_allclose(products[support], signs, atol=1e-11)
    outside = np.delete(np.arange(10), support)
    assert np.abs(products[outside]).max() <= found.upper
    w = found.witness
    np.testing.assert_allclose(A @ w, 0, atol=1e-13)
    np.testing.assert_allclose(signs @ w[support] / np.abs(w[outside]).sum(), found.lower, rtol=1e-9)
    # every kernel vector is a lower bound
    for v in np.linalg.svd(A)[2][7:]:
        assert abs(signs @ v[support]) / np.abs(v[outside]).sum() <= found.upper
    np.testing.assert_allclose(found.lower, found.upper, rtol=1e-7)


def test_order_of_the_support_does_not_matter():
    rng = np.random.default_rng(4)
    A = _random(rng, 8, 12)
    one = recovery_certificate(A, [7, 2, 5], [1, -1, -1])
    two = recovery_certificate(A, [2, 5, 7], [-1, -1, 1])
    assert one.support == two.support == (2, 5, 7)
    assert one.signs == two.signs
    assert one.upper == two.upper


def test_all_signs_is_the_worst_of_each():
    rng = np.random.default_rng(5)
    A = _random(rng, 10, 14)
    each = [recovery_certificate(A, [1, 4, 8], p).upper for p in product([1, -1], repeat=3)]
    worst = recovery_certificate(A, [1, 4, 8])
    np.testing.assert_allclose(worst.upper, max(each))
    fuchs = [recovery_certificate(A, [1, 4, 8], p).fuchs for p in product([1, -1], repeat=3)]
    np.testing.assert_allclose(worst.fuchs, max(fuchs))
    np.testing.assert_allclose(worst.erc, max(fuchs))
    # with fewer patterns than there are, both ends are still true
    short = recovery_certificate(A, [1, 4, 8], max_patterns=1)
    assert not short.exact
    assert short.lower <= worst.upper <= short.upper == short.erc


@pytest.mark.parametrize("signs", [[1.0, -1.0], None])
def test_noise_keeps_the_bound(signs):
    rng = np.random.default_rng(6)
    A = _random(rng, 12, 20)
    found = recovery_certificate(A, [3, 11], signs)
    assert found.recovered
    for eta in (0.0, 0.02, 0.2):
        x = np.zeros(20)
        x[[3, 11]] = [1.0, -0.7]
        e = rng.standard_normal(12)
        z = reference_qcbp(A, A @ x + eta * e / np.linalg.norm(e), eta).x
        assert np.linalg.norm(z - x) <= found.error_bound(eta).bound + 1e-5
    # scales with the noise
    np.testing.assert_allclose(found.error_bound(0.2).bound, 10 * found.error_bound(0.02).bound)


def test_error_bound_by_hand():
    # e_0 in (e_0, e_1, e_0 + e_1): theta = 1/2, ||h|| = sqrt(5)/2, sigma = 1, longest column outside sqrt 2;
    # off: 2 eta (sqrt 5 / 2) / (1/2) = 2 sqrt 5 eta; on: 2 eta + sqrt 2 * 2 sqrt 5 eta
    bound = recovery_certificate(_FRAME, [0], [1]).error_bound(0.1).bound
    np.testing.assert_allclose(bound, 0.1 * (2 + 2 * sqrt(10) + 2 * sqrt(5)))
    # for opposite signs Fuchs's vector has theta = 0, ||h|| = sqrt 2: off 2 sqrt 2 eta, on 2 eta + 4 eta
    bound = recovery_certificate(_FRAME, [0, 1], [1, -1]).error_bound(0.1).bound
    np.testing.assert_allclose(bound, 0.1 * (6 + 2 * sqrt(2)))


def test_dependent_columns():
    found = recovery_certificate(_FRAME, [0, 1, 2], [1, 1, 1])
    assert not found.applicable
    assert found.recovered is False
    np.testing.assert_allclose(_FRAME @ found.witness, 0, atol=1e-15)
    assert np.abs(found.witness).sum() > 1
    assert "not applicable: the columns of the support are dependent" in repr(found)
    assert found.error_bound(0.1).reason == found.reason
    with pytest.raises(ValueError, match="there is no certificate: the columns"):
        found.certificate()
    assert recovery_certificate([[1.0, 0.0]], [1]).reason


def test_nothing_outside():
    found = recovery_certificate(np.eye(2), [0, 1])
    assert found.erc == 0.0
    assert found.upper < 1e-12
    assert found.recovered
    # and a trivial kernel with columns outside: h = e_0, theta = 0
    found = recovery_certificate(np.eye(3), [0], [1])
    assert found.upper < 1e-12
    assert not found.witness.any()


def test_complex_phases():
    # the frame of two columns and a sum with a phase: xi = (1, i), column (1, i): product 2
    A = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1j]])
    found = recovery_certificate(A, [0, 1], [1, 1j])
    np.testing.assert_allclose((found.fuchs, found.lower, found.upper), 2.0, rtol=1e-7)
    assert found.recovered is False
    np.testing.assert_allclose(recovery_certificate(A, [0, 1], [1, -1j]).fuchs, 0, atol=1e-14)
    # one column: h = (1, t), |t| and |1 - i t| at most 1/2 for t = -i / 2
    found = recovery_certificate(A, [0], [1])
    np.testing.assert_allclose((found.lower, found.upper), 0.5, atol=1e-6)
    np.testing.assert_allclose(recovery_certificate(A, [0, 1]).erc, 2.0)
    with pytest.raises(ValueError, match="A must be real for a certificate"):
        found.certificate()


def test_complex_and_real_agree():
    rng = np.random.default_rng(7)
    A = _random(rng, 6, 9)
    real = recovery_certificate(A, [1, 5], [1, -1])
    lifted = recovery_certificate(A.astype(complex), [1, 5], [1, -1])
    np.testing.assert_allclose((lifted.lower, lifted.upper), (real.lower, real.upper), atol=1e-6)
    np.testing.assert_allclose((lifted.erc, lifted.fuchs), (real.erc, real.fuchs))


def test_certificate(tmp_path):
    A = _random(np.random.default_rng(8), 6, 9)
    found = recovery_certificate(A, [1, 5], [1, -1])
    certificate = found.certificate(tmp_path / "theta.json")
    assert verify(tmp_path / "theta.json").ok
    values = {entry["side"]: float(entry["value"]) for entry in certificate["statements"]}
    np.testing.assert_allclose((values["lower"], values["upper"]), (found.lower, found.upper), rtol=1e-9)
    assert values["lower"] <= values["upper"] <= found.upper
    # without an exact kernel the upper end still stands: 0.1 * 3 is not 0.3
    rounded = recovery_certificate([[0.1, 0.3], [0.2, 0.6], [0.3, 0.9]], [1], [1])
    assert [entry["side"] for entry in rounded.certificate()["statements"]] == ["upper"]


@pytest.mark.parametrize("scale", [1e-90, 1e90])
def test_the_scale_of_the_matrix_does_not_matter(scale):
    # theta, its kernel vector and the product of h with the columns stay, lengths are divided
    A = np.random.default_rng(0).standard_normal((4, 7))
    plain, scaled = recovery_certificate(A, [0, 1]), recovery_certificate(A * scale, [0, 1])
    assert scaled.exact
    np.testing.assert_allclose((scaled.lower, scaled.upper), (plain.lower, plain.upper), rtol=1e-9)
    np.testing.assert_allclose(scaled.sigma_min, plain.sigma_min * scale)
    np.testing.assert_allclose(scaled.length, plain.length / scale)
    np.testing.assert_allclose((A * scale)[:, :2].T @ scaled.dual, scaled.signs)
    np.testing.assert_array_equal(scaled.matrix, A * scale)


def test_a_degenerate_program_keeps_a_sound_multiplier():
    # theta = 1 is attained by many kernel vectors; the last steps of the program are nothing but rounding
    A = np.array([[1, 0, -1, 1, -1, 0, -1], [-1, 1, 1, 1, -1, 0, 1], [-1, 0, 1, -1, 1, 1, 0],
                  [1, 0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 0, 0]], float)
    for scale in 10.0 ** np.arange(-30, 30, 3):
        found = recovery_certificate(A * scale, [0, 1], [1, 1])
        assert 1 - 1e-8 < found.lower <= 1 <= found.upper < 1 + 1e-8


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.0, 0.3))
def test_any_vector_proves_a_bound(seed, size):
    rng = np.random.default_rng(seed)
    problem, xi = SupportPrograms(rng.standard_normal((5, 8)), np.array([1, 4])), np.array([1.0, -1.0])
    ((_, h, lower, *_),) = problem.solve(xi[None])
    assert problem.proved(h + size * rng.standard_normal(5), xi) >= lower
    # off by delta on the support: the bound grows by delta times the largest sum, here in full
    shifted = h - size * problem.inverse.T @ problem.worst_signs()
    assert problem.proved(shifted, xi) >= problem.off(shifted) + size * problem.erc * (1 - 1e-9)


@pytest.mark.parametrize("turn", [1, np.exp(1j)])
def test_useless_programs_leave_true_bounds(turn, monkeypatch):
    rng = np.random.default_rng(0)
    A = turn * rng.standard_normal((4, 7))
    full = recovery_certificate(A, [0, 1], [1, -1])

    def useless(V, targets):
        coefficients = rng.standard_normal((len(targets), V.shape[1]))
        return ChebyshevFits(coefficients, rng.standard_normal(targets.shape))

    monkeypatch.setattr(support_programs, "chebyshev_fits", useless)
    for _ in range(20):
        result = recovery_certificate(A, [0, 1], [1, -1])
        assert result.lower <= full.upper
        assert full.lower <= result.upper <= result.fuchs * (1 + 1e-12)
        assert not result.exact


def test_bad_input():
    for args, message in [((_FRAME, []), r"support must hold distinct columns, at least one, got \[\]"),
                          ((_FRAME, [1, 1]), r"distinct columns, at least one, got \[1, 1\]"),
                          ((_FRAME, 0), "support must be a sequence of columns, got 0"),
                          ((_FRAME, [3]), "support must be between 0 and 2, got 3"),
                          ((_FRAME, [0.5]), "support must be an integer, got 0.5"),
                          ((_FRAME, [0], [1, 1]), r"signs must have shape \(1,\), got \(2,\)"),
                          ((_FRAME, [0], [2.0]), r"signs must have modulus one, got \[2.0\]"),
                          ((_FRAME, [0], [1j]), "signs must be real"),
                          ((_FRAME * np.nan, [0]), "must be finite")]:
        with pytest.raises(ValueError, match=message):
            recovery_certificate(*args)
    with pytest.raises(ValueError, match="eta must lie in"):
        recovery_certificate(_FRAME, [0]).error_bound(-1.0)
