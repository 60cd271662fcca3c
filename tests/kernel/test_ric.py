"""Restricted isometry constants: reference values, brute force, bounds without a search, certificates."""

from itertools import combinations
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard

from kernelstab._engines.supports import extreme_support as extreme
from kernelstab._errors import NotConverged
from kernelstab.certify import verify
from kernelstab.kernel import coherence, ric, ric_relaxation, ric_robust_nsp, robust_nsp


def brute(A, s):
    """Return both constants from the eigenvalues of every Gram matrix."""
    G = A.conj().T @ A
    ends = [np.linalg.eigvalsh(G[np.ix_(S, S)])[[0, -1]] for S in combinations(range(A.shape[1]), s)]
    return 1 - min(e[0] for e in ends), max(e[1] for e in ends) - 1


def unit_columns():
    """Return the third draw of the stream of the reference values, 12 x 16, with columns of length one."""
    rng = np.random.default_rng(5)
    rng.standard_normal((12, 16)), rng.standard_normal((16, 20))
    A = rng.standard_normal((12, 16))
    return A / np.linalg.norm(A, axis=0)


# (s, delta^-, delta^+): six digits, found by singular values of all supports
@pytest.mark.parametrize(("s", "minus", "plus"),
                         [(2, 0.661697, 0.661697), (3, 0.815210, 1.076363), (4, 0.889635, 1.374762)])
def test_reference_values(s, minus, plus):
    A = unit_columns()
    result = ric(A, s)
    np.testing.assert_allclose((result.minus.upper, result.plus.upper), (minus, plus), atol=6e-7)
    np.testing.assert_allclose((result.minus.lower, result.plus.lower), brute(A, s), atol=1e-12)
    assert result.exact
    assert 0 <= result.upper - result.lower < 1e-11
    assert result.upper == result.plus.upper or s == 2


def test_by_hand():
    # (I | H/2), s = 2: the Gram matrix of e_i and h_j is [[1, 1/2], [1/2, 1]]
    A = np.hstack([np.eye(4), hadamard(4) / 2])
    two = ric(A, 2)
    np.testing.assert_allclose((two.minus.lower, two.plus.upper), 0.5, atol=1e-12)
    assert two.plus.support[0] < 4 <= two.plus.support[1]
    # s = 3: e_1, e_2, h: eigenvalues 1 and 1 +- sqrt(1/4 + 1/4)
    np.testing.assert_allclose((ric(A, 3).minus.lower, ric(A, 3).plus.upper), 0.5**0.5, atol=1e-12)
    # columns of length 2 and 1/2, as they stand: 4 - 1 and 1 - 1/4
    lengths = ric(np.diag([2.0, 0.5, 1.0]), 1)
    np.testing.assert_allclose((lengths.minus.upper, lengths.plus.upper), (0.75, 3.0), atol=1e-12)
    assert (lengths.minus.support, lengths.plus.support) == ((1,), (0,))
    # short columns: the upper constant is negative
    np.testing.assert_allclose(ric(np.eye(3) / 2, 2).plus.upper, -0.75, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 8), st.integers(1, 8), st.booleans(), st.integers(0, 2**32 - 1))
def test_brute_force(m, n, s, is_complex, seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n)) * 10.0 ** rng.integers(-3, 4)
    if is_complex:
        A = A + 1j * rng.standard_normal((m, n))
    s = min(s, n)
    result, (minus, plus) = ric(A, s, threads=1), brute(A, s)
    tolerance = 1e-10 * (2 + plus)
    assert result.exact
    for side, value in ((result.minus, minus), (result.plus, plus)):
        assert value - tolerance <= side.lower <= side.upper <= value + tolerance
        assert len(side.support) == s
        # the vector attains the lower bound
        image = A[:, side.support] @ side.vector
        np.testing.assert_allclose(np.linalg.norm(side.vector), 1)
        quotient = np.linalg.norm(image)**2 - 1
        np.testing.assert_allclose(abs(quotient), abs(side.lower), atol=tolerance)
    if not is_complex:
        alike = ric(A + 0j, s, threads=1)
        np.testing.assert_allclose((alike.lower, alike.upper), (result.lower, result.upper), atol=tolerance)
    # nothing searched: still true
    bounds = ric(A, s, max_supports=1)
    assert bounds.upper >= result.lower
    assert bounds.lower <= result.upper
    assert bounds.minus.upper >= result.minus.lower
    assert bounds.plus.upper >= result.plus.lower


def test_order_two_is_the_coherence():
    A = unit_columns()
    np.testing.assert_allclose(ric(A, 2).upper, coherence(A).mu, atol=1e-12)


def test_bounds_from_a_smaller_order():
    # 120 pairs for each side and no triples: (s - 1) mu / 1, for Gershgorin gives no more than that here
    A = unit_columns()
    short = ric(A, 4, max_supports=240)
    mu = coherence(A).mu
    assert not short.exact
    assert short.supports == comb(16, 4)
    assert short.plus.upper <= 3 * mu + 1e-10
    full = ric(A, 4)
    assert short.minus.upper >= full.minus.lower
    assert short.plus.upper >= full.plus.lower
    # by hand: one pair of unit columns with product 1/2, s = 3 of four: (2 * 3/2 - 1) / 1 = 2
    G = np.eye(4)
    G[0, 1] = G[1, 0] = 0.5
    search = extreme.ExtremeSupport(np.linalg.cholesky(G).T, 3, 1)
    np.testing.assert_allclose(search._from_order(2, 1.5), 2.0)


def test_dependent_supports():
    # s > m: delta^- is 1, and no search is needed to know that it is not more
    A = np.random.default_rng(0).standard_normal((3, 8))
    result = ric(A, 4)
    assert result.minus.upper == 1.0
    np.testing.assert_allclose(result.minus.lower, 1.0)
    zero = ric(np.array([[1.0, 0.0], [0.0, 0.0]]), 1)
    assert (zero.minus.lower, zero.minus.upper, zero.minus.support) == (1.0, 1.0, (1,))
    np.testing.assert_allclose(zero.plus.upper, 0.0, atol=1e-13)


def test_many_equal_supports():
    # all pairs of a simplex tie; so do all triples: eigenvalues 1 + (s - 1) c with c = -1/4, and 1 - c
    G = np.full((5, 5), -0.25) + 1.25 * np.eye(5)
    values, vectors = np.linalg.eigh(G)
    A = (vectors * np.sqrt(np.maximum(values, 0))).T
    for s in (2, 3, 4):
        result = ric(A, s)
        np.testing.assert_allclose((result.plus.upper, result.minus.upper), (0.25, (s - 1) / 4), atol=1e-11)
        assert result.exact


def test_threads_do_not_change_the_answer(monkeypatch):
    monkeypatch.setattr(extreme, "_PIECE", 20)
    monkeypatch.setattr(extreme, "_STARTS", 1)
    A = np.random.default_rng(4).standard_normal((8, 14))
    one, three = ric(A, 4, threads=1), ric(A, 4, threads=3)
    for side in ("minus", "plus"):
        a, b = getattr(one, side), getattr(three, side)
        assert (a.lower, a.upper, a.support) == (b.lower, b.upper, b.support)
    assert one.evaluated == three.evaluated
    np.testing.assert_allclose((one.minus.lower, one.plus.lower), brute(A, 4), atol=1e-11)


def test_a_bad_start_is_mended(monkeypatch):
    # the local search stays where it starts: every improvement comes from a failed pivot
    monkeypatch.setattr(extreme, "_STARTS", 1)
    monkeypatch.setattr(extreme.ExtremeSupport, "offer", lambda self, columns: self._keep(
        *(lambda S: (self._top(S)[0], S, self._top(S)[1]))(self._padded(columns))))
    A = np.random.default_rng(6).standard_normal((6, 12))
    for s in (2, 3, 5):
        result = ric(A, s, threads=1)
        np.testing.assert_allclose((result.minus.lower, result.plus.lower), brute(A, s), atol=1e-11)


def test_interruption_leaves_true_bounds():
    def stop(done, total, note):
        assert note.startswith("largest eigenvalue of order 4")
        raise KeyboardInterrupt

    A = unit_columns()
    stopped, full = ric(A, 4, progress=stop), ric(A, 4)
    assert stopped.interrupted
    assert not stopped.exact
    assert stopped.lower <= full.upper
    assert stopped.upper >= full.lower


def test_certificate(tmp_path):
    A = unit_columns()
    result = ric(A, 3)
    for side in ("minus", "plus"):
        found = result.certificate(tmp_path / "ric.json", side=side)
        values = [float(entry["value"]) for entry in found["statements"]]
        np.testing.assert_allclose(values, getattr(result, side).upper, atol=1e-11)
        assert verify(tmp_path / "ric.json").ok
    assert result.certificate()["constant"] == "ric-plus"
    # without a complete search the file says what Gershgorin's theorem does
    loose = ric(A, 3, max_supports=1).certificate(side="plus")
    assert loose["statements"][1]["proof"] == {"kind": "gershgorin"}
    assert float(loose["statements"][1]["value"]) > result.plus.upper
    with pytest.raises(ValueError, match="side must be 'minus' or 'plus', got 'both'"):
        result.certificate(side="both")


def test_bad_input():
    with pytest.raises(ValueError, match="s must be between 1 and 2, got 3"):
        ric(np.eye(2), 3)
    with pytest.raises(ValueError, match="must be finite"):
        ric([[1.0, np.inf]], 1)
    with pytest.raises(ValueError, match="largest entry between 1e-100 and 1e100, got 1e\\+200"):
        ric([[1e200]], 1)
    with pytest.raises(ValueError, match="max_supports must be at least 1, got 0"):
        ric(np.eye(2), 1, max_supports=0)
    with pytest.raises(ValueError, match="threads must be at least 1, got 0"):
        ric(np.eye(2), 1, threads=0)


def test_isometry_constants_give_the_property():
    # delta = 3/5: d = 4/5 - 3/20 = 13/20
    promise = ric_robust_nsp(0.6, 3)
    np.testing.assert_allclose((promise.rho, promise.tau), (12 / 13, sqrt(1.6) * 20 / 13))
    assert ric_robust_nsp(4 / sqrt(41) - 1e-9, 1).applicable
    assert not ric_robust_nsp(4 / sqrt(41) + 1e-9, 1).applicable
    assert not ric_robust_nsp(1.0, 1).applicable
    # nearly orthonormal columns: delta_2 from the Gram matrix of pairs
    A = np.linalg.qr(np.random.default_rng(1).standard_normal((12, 12)))[0][:11]
    pairs = [np.linalg.eigvalsh(A[:, [i, j]].T @ A[:, [i, j]]) for i in range(12) for j in range(i)]
    delta = max(abs(np.array(pairs) - 1).max(), 0)
    promise = ric_robust_nsp(delta, 1)
    if promise.applicable:
        assert robust_nsp(A, 1, promise.rho, norm="l2").upper <= promise.tau
    with pytest.raises(ValueError, match="delta must lie in"):
        ric_robust_nsp(-0.5, 1)
    with pytest.raises(ValueError, match="s must be at least 1, got 0"):
        ric_robust_nsp(0.5, 0)


# Semidefinite bounds

@pytest.mark.parametrize(("s", "minus", "plus"), [(3, 0.839815, 1.089999), (4, 0.934040, 1.422699)])
def test_reference_values_of_bounds(s, minus, plus):
    bounds, exact = ric_relaxation(unit_columns(), s), ric(unit_columns(), s)
    np.testing.assert_allclose((bounds.minus_upper, bounds.plus_upper), (minus, plus), atol=1e-5)
    assert bounds.minus_upper >= exact.minus.lower
    assert bounds.plus_upper >= exact.plus.lower
    assert bounds.upper == bounds.plus_upper


def test_tight_for_pairs():
    A = unit_columns()
    bounds, mu = ric_relaxation(A, 2), coherence(A).mu
    np.testing.assert_allclose((bounds.minus_upper, bounds.plus_upper), mu, atol=1e-7)
    assert min(bounds.minus_upper, bounds.plus_upper) >= mu - 1e-14


def test_columns_of_other_lengths_and_complex_ones():
    rng = np.random.default_rng(1)
    A = 30 * (rng.standard_normal((4, 6)) + 1j * rng.standard_normal((4, 6)))
    bounds, exact = ric_relaxation(A, 3), ric(A, 3)
    assert exact.plus.lower <= bounds.plus_upper <= 1.2 * exact.plus.upper
    assert exact.minus.lower <= bounds.minus_upper <= 1
    assert verify(bounds.certificate()).ok


def test_certificates_of_bounds(tmp_path):
    bounds = ric_relaxation(unit_columns(), 3)
    for side, value in (("minus", bounds.minus_upper), ("plus", bounds.plus_upper)):
        found = bounds.certificate(tmp_path / "ric.json", side=side)
        np.testing.assert_allclose(float(found["statements"][0]["value"]), value, atol=1e-9)
        assert verify(tmp_path / "ric.json").ok
    with pytest.raises(ValueError, match="side must be"):
        bounds.certificate(side="left")


def test_without_a_solution_the_norm_bounds(monkeypatch):
    import cvxpy

    def fail(*args, **options):
        raise cvxpy.SolverError("no")

    monkeypatch.setattr(cvxpy.Problem, "solve", fail)
    A = unit_columns()
    with pytest.warns(NotConverged, match="CLARABEL found no bound"):
        bounds = ric_relaxation(A, 3)
    np.testing.assert_allclose(bounds.plus_upper, np.linalg.norm(A, 2)**2 - 1)
    np.testing.assert_allclose(bounds.minus_upper, 1.0)


def test_a_constant_next_to_minus_one_is_rounded_up():
    # two columns of length 1e-20: delta^+ = 1e-40 - 1, whose nearest float is -1
    bounds = ric_relaxation(1e-20 * np.eye(2), 1)
    assert -1 < bounds.plus_upper < -1 + 1e-15
    assert bounds.minus_upper == 1.0


def test_bounds_refuse_bad_input():
    with pytest.raises(ValueError, match="s must be between 1 and 3, got 0"):
        ric_relaxation(np.eye(3), 0)
    with pytest.raises(ValueError, match="largest entry between"):
        ric_relaxation(1e-200 * np.eye(3), 1)
