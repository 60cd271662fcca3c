"""The interval of a detail: by hand, against cone programs and enumeration, and laws that always hold."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelstab._engines.feasible_sets import programs
from kernelstab._errors import CertificateError
from kernelstab.certify import verify
from kernelstab.operators import DenseOperator
from kernelstab.priors import (
    Ball,
    Ellipsoid,
    Everything,
    FiniteSet,
    L1Ball,
    Polytope,
    Sparse,
    Subspace,
    confusable_detail,
    detail_interval,
    minimum_hallucination,
    removable_detail,
    tikhonov_centre,
)

FIRST, SECOND, BOTH = [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]

# One of two coordinates is measured, as 3. Expected intervals by hand:
BY_HAND = [
    (Ball(5.0), 0.0, SECOND, -4.0, 4.0),                                # 3, 4, 5
    (Ball(5.0), 0.5, SECOND, -(18.75**0.5), 18.75**0.5),                # x_1 = 2.5 leaves 25 - 6.25
    (Ball(5.0), 0.5, FIRST, 2.5, 3.5),                                  # the ball does not matter
    (Ball(3.0), 0.5, FIRST, 2.5, 3.0),                                  # it does, above
    (Ball(5.0), 3.0, SECOND, -5.0, 5.0),                                # x_1 = 0 explains the data
    (L1Ball(5.0), 0.0, SECOND, -2.0, 2.0),
    (L1Ball(5.0), 0.5, SECOND, -2.5, 2.5),
    (Polytope([[0.25, 0.0], [0.0, 0.25]]), 0.0, BOTH, -1.0, 7.0),       # box of half side 4
    (Polytope([[0.25, 0.0], [0.0, 0.25]]), 0.5, BOTH, -1.5, 7.5),
    (Polytope([[0.0, 0.25]]), 0.5, BOTH, -1.5, 7.5),                    # the strip: the data bound the rest
    (Ellipsoid([[1 / 6, 0.0], [0.0, 0.25]]), 0.0, SECOND, -(12**0.5), 12**0.5),      # 1/4 + x^2/16 = 1
    (Ellipsoid([[0.0, 0.25]]), 0.5, SECOND, -4.0, 4.0),                 # a cylinder
    (Ellipsoid([[0.0, 0.25]]), 0.5, BOTH, -1.5, 7.5),
    (Everything(), 0.0, FIRST, 3.0, 3.0),
    (Everything(), 0.5, FIRST, 2.5, 3.5),
    (Subspace([[1.0], [1.0]]), 0.0, SECOND, 3.0, 3.0),                  # the diagonal shows the second
    (Subspace([[2.0], [2.0]]), 0.5, SECOND, 2.5, 3.5),
    (Subspace([[1.0], [1.0]], 3.0 * 2**0.5), 0.5, SECOND, 2.5, 3.0),
    (FiniteSet([[3.0, 1.0], [3.5, 2.0], [4.0, 9.0]]), 0.5, SECOND, 1.0, 2.0),
    (FiniteSet([[3.0, 1.0], [3.5, 2.0]]), 0.0, SECOND, 1.0, 1.0),
    (Sparse(1), 0.0, FIRST, 3.0, 3.0),                                  # the second alone explains nothing
    (Sparse(1), 0.5, FIRST, 2.5, 3.5),
]


@pytest.mark.parametrize(("prior", "eps", "d", "lower", "upper"), BY_HAND)
def test_by_hand(prior, eps, d, lower, upper):
    found = detail_interval([FIRST], [3.0], d, prior, eps)
    np.testing.assert_allclose((found.lower, found.upper, *found.inner), (lower, upper, lower, upper),
                               atol=2e-8)
    assert found.exact
    assert found.lower <= lower + 1e-14
    assert found.upper >= upper - 1e-14
    np.testing.assert_allclose(found.value_best, (lower + upper) / 2, atol=1e-8)
    np.testing.assert_allclose(found.hallucination, (upper - lower) / 2, atol=1e-8)
    assert found.hallucination_lower <= found.hallucination
    assert found.residual <= eps + 1e-13
    assert max(prior.contains(found.x_min), prior.contains(found.x_max)) <= 1e-13


def test_sparse_by_hand():
    # (3, 0) and (0, 3) explain 3 = x_1 + x_2; noise 0.5 lets either be 3.5
    np.testing.assert_allclose(detail_interval([BOTH], [3.0], [1.0, -1.0], Sparse(1)).inner, (-3.0, 3.0))
    found = detail_interval([BOTH], [3.0], [1.0, -1.0], Sparse(1), 0.5)
    np.testing.assert_allclose((found.lower, found.upper), (-3.5, 3.5))
    assert found.exact
    assert found.dual == {}


def instance(seed, shape):
    """Return a matrix, a signal, a detail, and every kind of prior that holds the signal."""
    rng = np.random.default_rng(seed)
    n = shape[1]
    A, x, d = rng.standard_normal(shape), rng.standard_normal(n), rng.standard_normal(n)
    T, W, low = (rng.standard_normal((k, n)) for k in (n + 1, 2 * n, n - 1))
    B = np.column_stack([x, rng.standard_normal((n, 1))])
    priors = [
        Ball(1.1 * np.linalg.norm(x)), Ball(40.0), Everything(), L1Ball(1.1 * np.abs(x).sum()),
        Ellipsoid(T / np.linalg.norm(T @ x) / 1.1), Ellipsoid(low / np.linalg.norm(low @ x) / 1.1),
        Polytope(W / np.abs(W @ x).max() / 1.1), Subspace(B), Subspace(B, 1.1 * np.linalg.norm(x)),
    ]
    return A, x, d, priors, rng


def reference(A, y, d, prior, eps):
    """Solve both programs as they are written."""
    import cvxpy as cp

    ends = []
    for sign in (-1, 1):
        x = cp.Variable(A.shape[1])
        limits = [cp.norm(A @ x - y) <= eps]
        if isinstance(prior, Ball):
            limits.append(cp.norm(x) <= prior.radius)
        elif isinstance(prior, Ellipsoid):
            limits.append(cp.norm(prior.T @ x) <= 1)
        elif isinstance(prior, Polytope):
            limits.append(cp.norm_inf(prior.W @ x) <= 1)
        elif isinstance(prior, L1Ball):
            limits.append(cp.norm1(x) <= prior.radius)
        elif isinstance(prior, Subspace):
            limits.append(x == prior.basis @ cp.Variable(prior.basis.shape[1]))
            if prior.radius is not None:
                limits.append(cp.norm(x) <= prior.radius)
        problem = cp.Problem(cp.Maximize(sign * d @ x), limits)
        problem.solve(solver=cp.CLARABEL)
        ends.append(sign * problem.value)
    return ends


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("shape", [(3, 6), (6, 4)])
def test_agrees_with_cone_programs(seed, shape):
    A, x, d, priors, rng = instance(seed, shape)
    e = rng.standard_normal(shape[0])
    y = A @ x + 0.2 * e / np.linalg.norm(e)
    for prior in priors:
        found = detail_interval(A, y, d, prior, 0.3)
        assert found.exact
        if np.isfinite(found.upper):
            np.testing.assert_allclose((found.lower, found.upper), reference(A, y, d, prior, 0.3), atol=2e-6)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.sampled_from([(2, 5), (4, 4), (5, 3)]), st.sampled_from([0.0, 0.05, 1.0]))
def test_feasible_signals_lie_inside(seed, shape, eps):
    A, x, d, priors, rng = instance(seed, shape)
    e = rng.standard_normal(shape[0])
    y = A @ x + 0.9 * eps * e / np.linalg.norm(e)
    for prior in priors:
        found = detail_interval(A, y, d, prior, eps)
        assert found.lower <= found.inner[0] <= found.inner[1] + 1e-9
        assert found.inner[1] <= found.upper
        assert found.lower <= d @ x <= found.upper
        assert found.residual <= eps + 1e-11
        for witness in (found.x_min, found.x_max):
            assert prior.contains(witness) <= 1e-10
        if found.direction is not None:
            assert np.linalg.norm(A @ found.direction) < 1e-10
            assert abs(d @ found.direction) > 1e-12
        # signals at the end of other details explain the data, and so do those between them
        other = detail_interval(A, y, rng.standard_normal(shape[1]), prior, eps)
        for witness in (other.x_min, other.x_max):
            assert found.lower - 1e-9 <= d @ witness <= found.upper + 1e-9
            assert found.lower <= d @ (x + 0.9 * (witness - x)) <= found.upper


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(1, 3), st.sampled_from([0.0, 0.25, 2.0]))
def test_sparse_agrees_with_enumeration(seed, s, eps):
    rng = np.random.default_rng(seed)
    A, d, x = rng.standard_normal((6, 10)), rng.standard_normal(10), np.zeros(10)
    x[rng.choice(10, s, replace=False)] = rng.standard_normal(s)
    e = rng.standard_normal(6)
    y = A @ x + 0.8 * eps * e / np.linalg.norm(e)
    ends = []
    for S in map(list, combinations(range(10), s)):
        inverse = np.linalg.pinv(A[:, S])
        room = max(eps, 1e-9)**2 - np.linalg.norm(A[:, S] @ (inverse @ y) - y)**2
        if room >= 0:
            half = np.sqrt(room) * np.linalg.norm(inverse.T @ d[S]) if eps > 0 else 0.0
            ends += [d[S] @ inverse @ y - half, d[S] @ inverse @ y + half]
    found = detail_interval(A, y, d, Sparse(s), eps)
    np.testing.assert_allclose((found.lower, found.upper), (min(ends), max(ends)), atol=1e-9)
    np.testing.assert_allclose(found.inner, (min(ends), max(ends)), atol=1e-9)
    assert found.lower <= d @ x <= found.upper
    assert found.residual <= eps + 1e-12
    assert Sparse(s).contains(found.x_max) == 0


def test_sparse_supports_of_dependent_columns():
    # columns 0 and 1 are equal: their difference is invisible, their sum is not
    A = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    found = detail_interval(A, [2.0, 0.0], [1.0, 1.0, 0.0], Sparse(2))
    np.testing.assert_allclose((found.lower, found.upper), (2.0, 2.0))
    found = detail_interval(A, [2.0, 0.0], [1.0, 0.0, 0.0], Sparse(2))
    assert (found.lower, found.upper) == (-np.inf, np.inf)
    np.testing.assert_allclose(np.abs(found.direction), [0.5**0.5, 0.5**0.5, 0.0])
    # data that no support with both explains: column 2 and one of them, and the detail is bounded
    found = detail_interval(A, [2.0, 1.0], [1.0, 0.0, 0.0], Sparse(2))
    np.testing.assert_allclose((found.lower, found.upper), (0.0, 2.0), atol=1e-12)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_units_do_not_matter(scale):
    A, x, d, _, _ = instance(3, (3, 6))
    y = A @ x
    y[0] += 0.1
    for eps in (0.0, 0.2):
        base = detail_interval(A, y, d, Ball(5.0), eps)
        for scaled in (detail_interval(A * scale, y * scale, d, Ball(5.0), eps * scale),
                       detail_interval(A, y * scale, d / scale, Ball(5.0 * scale), eps * scale)):
            assert scaled.exact
            np.testing.assert_allclose((scaled.lower, scaled.upper), (base.lower, base.upper), rtol=1e-10)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_units_do_not_matter_to_programs(scale):
    A, x, d, _, _ = instance(3, (3, 6))
    y = A @ x
    y[0] += 0.1
    for kind in (L1Ball, lambda t: Polytope(np.eye(6) / t)):
        base = detail_interval(A, y, d, kind(8.0), 0.2)
        for scaled in (detail_interval(A * scale, y * scale, d, kind(8.0), 0.2 * scale),
                       detail_interval(A, y * scale, d / scale, kind(8.0 * scale), 0.2 * scale)):
            assert scaled.exact
            np.testing.assert_allclose((scaled.lower, scaled.upper), (base.lower, base.upper), rtol=1e-7)


@pytest.mark.parametrize("prior", [Ball(4.0), Ellipsoid(np.diag([0.2, 0.25])), Everything(), Sparse(1)])
def test_the_zero_detail_is_zero(prior):
    found = detail_interval([FIRST], [3.0], [0.0, 0.0], prior, 0.5)
    np.testing.assert_allclose((found.lower, found.upper), (0.0, 0.0), atol=1e-12)


def test_a_set_of_one_point():
    # the ball touches the line of the data in (5, 0); half a unit of noise touches it from outside
    for y, eps in ((5.0, 0.0), (5.5, 0.5)):
        found = detail_interval([FIRST], [y], SECOND, Ball(5.0), eps)
        assert found.lower <= 0.0 <= found.upper
        assert found.hallucination < 1e-5            # a width is the root of a rounding error here


def test_verdicts():
    found = detail_interval([FIRST], [3.0], SECOND, Ball(5.0))
    assert found.claim(-4.01) == "FAITHFUL"
    assert found.claim(4.01) == "HALLUCINATED"
    assert found.claim(0.0) == found.claim(-3.99) == found.claim(3.99) == "UNDECIDABLE"
    # a solver that came only half way: nothing is claimed of what lies between
    vague = replace(found, inner=(-2.0, 2.0), exact=False)
    assert [vague.claim(t) for t in (-4.1, -3.0, 0.0, 1.99, 2.0, 3.0, 4.1)] == [
        "FAITHFUL", "UNDECIDED", "UNDECIDABLE", "UNDECIDABLE", "UNDECIDED", "UNDECIDED", "HALLUCINATED"]
    assert [vague.check(v).consistent for v in (0.0, 3.0, 5.0)] == [True, None, False]
    # the worst truth for the answer 1 is -4, at distance 5; the best answer is 0
    worst = found.check(1.0)
    np.testing.assert_allclose((worst.worst_lower, worst.worst_upper), (5.0, 5.0))
    assert vague.check(1.0).worst_lower == 3.0
    with pytest.raises(ValueError, match="theta must lie in"):
        found.claim(np.nan)
    assert repr(found).startswith("<DetailInterval Ball(radius=5.0), eps=0: [-4, 4]")


def test_a_value_between_two_signals_need_not_be_one_of_theirs():
    # the second coordinate is -1 or 1, for both signals that explain the data
    two = detail_interval([FIRST], [3.0], SECOND, FiniteSet([[3.0, -1.0], [3.0, 1.0], [2.0, 0.0]]))
    assert [two.check(v).consistent for v in (-1.0, 0.0, 1.0, 2.0)] == [True, None, True, False]
    # x1 + x2 = 1 by one entry: the first is 0 or 1
    either = detail_interval([BOTH], [1.0], FIRST, Sparse(1))
    assert [either.check(v).consistent for v in (0.5, 2.0)] == [None, False]


def test_an_unbounded_detail_decides_no_claim():
    found = detail_interval([FIRST], [3.0], BOTH, Everything(), 0.5)
    assert (found.lower, found.upper, found.hallucination) == (-np.inf, np.inf, np.inf)
    assert np.isnan(found.value_best)
    assert found.claim(1e9) == "UNDECIDABLE"
    np.testing.assert_allclose(np.abs(found.direction), SECOND)
    assert found.residual <= 0.5
    with pytest.raises(ValueError, match="infinite"):
        found.certificate()


@pytest.mark.parametrize("prior", [Ellipsoid([[1.0, 0.0]]), Polytope([[0.25, 0.0]]), Sparse(2),
                                   Subspace(np.eye(2))])
def test_priors_that_leave_a_line_free(prior):
    found = detail_interval([FIRST], [0.5], SECOND, prior, 0.125)
    assert found.upper == np.inf
    np.testing.assert_allclose(np.abs(found.direction), SECOND)
    np.testing.assert_allclose((detail_interval([FIRST], [0.5], FIRST, prior, 0.125).upper), 0.625)


# The measured coordinate is 3; how much noise does a signal of the prior need?
EMPTY = [(Ball(2.0), 1.0), (L1Ball(2.0), 1.0), (Polytope(np.eye(2) / 2), 1.0),
         (Ellipsoid(np.eye(2) / 2), 1.0), (FiniteSet([[1.0, 0.0], [6.0, 0.0]]), 2.0),
         (Subspace([[0.0], [1.0]]), 3.0)]


@pytest.mark.parametrize(("prior", "least"), EMPTY)
@pytest.mark.parametrize("eps", [0.0, 0.5])
def test_an_empty_set_is_refused_with_the_noise_it_needs(prior, least, eps):
    with pytest.raises(ValueError, match="the feasible set is empty") as caught:
        detail_interval([FIRST], [3.0], FIRST, prior, eps)
    np.testing.assert_allclose(float(str(caught.value).rsplit(" ", 1)[1]), least, rtol=1e-5)
    detail_interval([FIRST], [3.0], FIRST, prior, least * 1.0001)


def test_inconsistent_equations_are_refused():
    tall = [[1.0, 0.0], [1.0, 0.0]]            # 3 and 4: the mean 3.5 misses both by half
    for prior in (Everything(), Ball(9.0), L1Ball(9.0), Polytope(np.eye(2) / 9), Sparse(1)):
        with pytest.raises(ValueError, match="smallest eps that works is about 0.7071"):
            detail_interval(tall, [3.0, 4.0], FIRST, prior)


@pytest.mark.parametrize("prior", [L1Ball(5.0), Polytope(np.eye(2) / 4)])
@pytest.mark.parametrize("eps", [0.0, 0.5])
def test_outer_ends_hold_whatever_the_solver_says(monkeypatch, prior, eps):
    true = detail_interval([FIRST], [3.0], BOTH, prior, eps)
    rng = np.random.default_rng(0)

    def wrong(self, d):
        mu = rng.standard_normal(2) if self.W is not None else None
        return rng.standard_normal(2), rng.standard_normal(1), mu

    monkeypatch.setattr(programs.ProgramSet, "_linear", wrong)
    monkeypatch.setattr(programs.ProgramSet, "_cone", wrong)
    found = detail_interval([FIRST], [3.0], BOTH, prior, eps)
    assert not found.exact
    assert found.lower <= true.inner[0] + 1e-9
    assert found.upper >= true.inner[1] - 1e-9
    assert found.lower <= found.inner[0] <= found.inner[1] <= found.upper
    assert found.residual <= eps + 1e-12


def test_bad_input():
    ask = detail_interval
    with pytest.raises(ValueError, match="A must be real, got dtype complex128; stack"):
        ask(np.array([[1j, 0]]), [1.0], FIRST, Ball(1.0))
    with pytest.raises(ValueError, match=r"y must have shape \(1,\), got \(2,\)"):
        ask([FIRST], [1.0, 2.0], FIRST, Ball(1.0))
    with pytest.raises(ValueError, match=r"d must have shape \(2,\), got \(3,\)"):
        ask([FIRST], [1.0], [1.0, 0.0, 0.0], Ball(1.0))
    with pytest.raises(ValueError, match="y must be finite, got nan"):
        ask([FIRST], [np.nan], FIRST, Ball(1.0))
    with pytest.raises(ValueError, match="eps must lie in"):
        ask([FIRST], [1.0], FIRST, Ball(1.0), -0.1)
    with pytest.raises(ValueError, match="prior must be one of .*Ball"):
        ask([FIRST], [1.0], FIRST, "ball")
    with pytest.raises(ValueError, match=r"W must have 2 columns, got shape \(1, 3\)"):
        ask([FIRST], [1.0], FIRST, Polytope([[1.0, 1.0, 1.0]]))
    with pytest.raises(ValueError, match="T must be real"):
        ask([FIRST], [1.0], FIRST, Ellipsoid([[1j, 1.0]]))
    with pytest.raises(ValueError, match=r"max_supports must be at least C\(2, 1\) = 2 .* got 1"):
        ask([FIRST], [1.0], FIRST, Sparse(1), max_supports=1)


def test_images_and_operators():
    A = DenseOperator([[1.0, 0.0, 0.0, 0.0]], image_shape=(2, 2))
    found = detail_interval(A, [3.0], np.array([[0.0, 1.0], [0.0, 0.0]]), Ball(5.0))
    np.testing.assert_allclose((found.lower, found.upper), (-4.0, 4.0))


def test_certificate_names_the_interval(tmp_path):
    found = detail_interval([FIRST], [3.0], SECOND, Ball(5.0), 0.5)
    path = tmp_path / "detail.json"
    found.certificate(path)
    assert verify(path).ok
    with pytest.raises(ValueError, match="end must be 'range', 'largest' or 'smallest', got 'top'"):
        found.certificate(end="top")
    with pytest.raises(ValueError, match="interval over Sparse.* has no certificate"):
        detail_interval([FIRST], [3.0], FIRST, Sparse(1), 0.5).certificate()


def test_magnitudes_beyond_the_squares_of_floats_are_refused():
    A, y, d = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]), np.ones(2), np.array([1.0, 0.0, 0.0])
    for scale in (1e-200, 1e200):
        with pytest.raises(ValueError, match="A must be 0 or between 1e-70"):
            detail_interval(A * scale, y, d, Ball(3.0), 0.5)
        with pytest.raises(ValueError, match="d must be 0 or between 1e-70"):
            detail_interval(A, y, d * scale, Ball(3.0), 0.5)
        with pytest.raises(ValueError, match="eps must be 0 or between 1e-70"):
            detail_interval(A, y, d, Ball(3.0), scale)
        with pytest.raises(ValueError, match="T must be 0 or between 1e-70"):
            detail_interval(A, y, d, Ellipsoid(np.eye(3) * scale), 0.5)
        with pytest.raises(ValueError, match="detail must be 0 or between 1e-70"):
            minimum_hallucination(A, y, Everything(), 0.5, d * scale)
        with pytest.raises(ValueError, match="radius must be 0 or between 1e-70"):
            tikhonov_centre(A, y, scale, 0.5)
        with pytest.raises(ValueError, match="u must be 0 or between 1e-70"):
            confusable_detail(A, d * scale, 0.5)
        with pytest.raises(ValueError, match="y must be 0 or between 1e-70"):
            removable_detail(A, y * scale, np.zeros(3), d, 2e200)


def test_a_threshold_within_rounding_of_a_value_is_undecided():
    # four sparse explanations of exact data are one signal: nothing but rounding separates the inner ends
    rng = np.random.default_rng(0)
    for _ in range(10):
        A, x = rng.standard_normal((6, 12)), np.zeros(12)
        x[rng.choice(12, 3, replace=False)] = rng.standard_normal(3)
        d = np.zeros(12)
        d[np.argmax(np.abs(x))] = 1.0
        found = detail_interval(A, A @ x, d, Sparse(4))
        assert abs(found.upper - found.lower) < 1e-8
        assert found.claim(d @ x) == "UNDECIDED"
        assert found.claim(d @ x - 1e-6) == "FAITHFUL"
        assert found.claim(d @ x + 1e-6) == "HALLUCINATED"


# certificates on matrices whose columns are dependent up to rounding only

def _cosines(rows, columns):
    matrix = np.cos(np.pi * np.outer(rows, np.arange(columns) + 0.5) / columns)
    return matrix / np.linalg.norm(matrix, axis=1)[:, None]


def _families(rng):
    waves = np.exp(-2j * np.pi * np.outer(1 + rng.permutation(5)[:3], np.arange(12)) / 12)
    yield np.vstack([waves.real, waves.imag])
    yield _cosines(rng.permutation(16)[:10], 16)
    wide = rng.standard_normal((5, 8))
    yield np.hstack([wide, wide[:, :2]])
    yield rng.standard_normal((6, 12))
    yield np.ones((1, 8))


@pytest.mark.parametrize("seed", range(4))
def test_both_ends_for_sparse_signals_in_a_ball(seed):
    """The data lie in the span of few columns up to rounding; the inner ends are attained exactly."""
    rng = np.random.default_rng(seed)
    for matrix in _families(rng):
        for s in (1, 2, 3):
            x = np.zeros(matrix.shape[1])
            x[rng.permutation(len(x))[:s]] = rng.standard_normal(s)
            d = rng.standard_normal(len(x))
            found = detail_interval(matrix, matrix @ x, d, Ball(2 * np.linalg.norm(x)))
            width = found.upper - found.lower
            for end, value in (("largest", found.upper), ("smallest", found.lower)):
                made = found.certificate(end=end)
                assert verify(made).ok
                # the signal is moved inward by 1e-9 of the way to the middle, half the width away
                for statement in made["statements"]:
                    assert abs(float(statement["value"]) - value) <= 2e-9 * (width + abs(value))


def test_sizes_of_the_signal_do_not_matter():
    """The row (1 1 1) with data 3t and the ball of radius 2t."""
    for t in (1e-30, 1.0, 1e30):
        found = detail_interval(np.ones((1, 3)), [3 * t], [1.0, 0.0, 0.0], Ball(2 * t))
        for end in ("largest", "smallest"):
            assert verify(found.certificate(end=end)).ok
        # |x|^2 <= 4 t^2, sum 3t: x_1 = t (1 +- sqrt(2/3)), from (x_1 - t)^2 * 3/2 = t^2
        assert found.upper == pytest.approx(t * (1 + np.sqrt(2 / 3)), rel=1e-7)


def test_exact_data_of_sparse_signals():
    """Integers: the equations hold exactly on the support, so the witness is as sparse as it must be."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        matrix = rng.integers(-3, 4, (4, 7)).astype(float)
        x = np.zeros(7)
        x[rng.permutation(7)[:2]] = rng.integers(1, 5, 2)
        found = detail_interval(matrix, matrix @ x, rng.standard_normal(7), Sparse(2))
        for end in ("largest", "smallest"):
            made = found.certificate(end=end)
            assert verify(made).ok


def test_data_that_no_signal_explains_exactly():
    """Twice the row (1, 1), with data that differ by rounding."""
    matrix = np.array([[1.0, 1.0], [1.0, 1.0]])
    found = detail_interval(matrix, [0.1 + 0.2, 0.3], [1.0, 1.0], Everything())
    with pytest.raises(CertificateError, match="^the equations have no exact solution near the comp"):
        found.certificate(end="largest")


def test_witnesses_in_a_subspace_are_coefficients():
    # x = t (3, 1, 0) + u (0, 0, 1) and 3 t = 0.7: t is 7/30, no float; u is bounded by the radius
    prior = Subspace([[3.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 2.0)
    found = detail_interval([[1.0, 0.0, 0.0]], [0.7], [0.0, 1.0, 1.0], prior)
    for end in ("range", "largest", "smallest"):
        assert verify(found.certificate(end=end)).ok


def test_more_entries_may_be_used_than_there_are():
    found = detail_interval([FIRST, SECOND], [3.0, 1.0], BOTH, Sparse(9))
    made = found.certificate(end="largest")
    assert made["options"]["prior"]["s"] == 2
    assert verify(made).ok


# what rounding, units and thin or short directions must not change

def _outcome(found, unit):
    return np.array([found.lower, found.upper]) / unit, [found.claim(t * unit) for t in (-4.0, 0.05, 4.0)]


@pytest.mark.parametrize("make", [
    lambda t: Ball(t), lambda t: Ellipsoid(np.diag([1.0, 0.5, 2.0]) / t), lambda t: Polytope(np.eye(3) / t),
    lambda t: L1Ball(t), lambda t: Subspace([[1.0, 0], [0, 1.0], [1.0, 1.0]], t), lambda t: Sparse(1),
    lambda t: FiniteSet(t * np.array([[0.3, -0.2, 0.25], [0.3, -0.2, 0.26], [9.0, 0, 0]])),
    lambda t: Everything()], ids=lambda make: type(make(1.0)).__name__)
@pytest.mark.parametrize("signals", [2.0**-40, 1.0, 1e7, 1e-10])
@pytest.mark.parametrize("data", [2.0**30, 1e-10, 1e12])
def test_units_of_signals_and_of_data_change_no_verdict(make, signals, data):
    A = np.random.default_rng(5).standard_normal((2, 3))
    y, d = A @ [0.3, -0.2, 0.25], np.array([1.0, 0.0, 0.0])
    expected = _outcome(detail_interval(A, y, d, make(1.0), 0.5), 1.0)
    found = _outcome(detail_interval(A * data / signals, y * data, d, make(signals), 0.5 * data), signals)
    assert found[1] == expected[1]
    assert np.allclose(found[0], expected[0], rtol=1e-7)


def test_a_short_column_is_no_dependent_one():
    # (0, 0, 1) and (1, 1e16, 0) both explain the data exactly
    found = detail_interval([[1.0, 0, 1], [0, 1e-16, 1]], [1.0, 1], [0, 0, 1.0], Sparse(2), 1e-3)
    assert found.claim(0.5) == "UNDECIDABLE"
    assert found.lower <= 0
    assert found.upper >= 1
    # without a prior x2 is 1e16, within 1e13
    free = detail_interval(np.diag([1.0, 1e-16]), [1.0, 1.0], [0, 1.0], Everything(), 1e-3)
    assert np.allclose([free.lower, free.upper], [0.999e16, 1.001e16], rtol=1e-9)


@pytest.mark.parametrize("prior", [Ellipsoid, Polytope])
def test_a_thin_axis_leaves_the_others_bounded(prior):
    found = detail_interval([[1.0, 1, 0]], [0.5], [0, 0, 1.0], prior(np.diag([1e16, 1.0, 1.0])), 0.1)
    assert found.claim(-2.0) == "FAITHFUL"
    assert found.claim(5.0) == "HALLUCINATED"


@pytest.mark.parametrize("prior", [
    Ball(1.0), Ellipsoid(np.eye(2)), Ellipsoid([[0.65, -0.08], [0.85, -0.41]]), L1Ball(1.0),
    Polytope(np.eye(2))], ids=repr)
def test_nearly_equal_columns_do_not_make_the_set_empty(prior):
    a = np.array([0.8, -1.3])                                        # (0.5, -0.3) is well inside every prior
    B = np.column_stack([a, a * (1 + 1e-9 * np.array([0.7, -1.1]))])
    found = detail_interval(B, B @ [0.5, -0.3], [1.0, 0], prior)
    assert found.lower <= 0.5 <= found.upper


def test_one_ulp_decides_for_finitely_many_signals():
    members = FiniteSet([[0.0, 0], [1, 1]])
    below = detail_interval([[1.0, 0]], [0.0], [0, 1.0], members, np.nextafter(1.0, 0))
    assert below.claim(0.5) == "HALLUCINATED"
    assert below.inner == (0.0, 0.0)
    assert detail_interval([[1.0, 0]], [0.0], [0, 1.0], members, 1.0).claim(0.5) == "UNDECIDABLE"


def test_signals_that_miss_a_constraint_by_rounding_decide_no_claim():
    # only (1, 0) has |x| <= 1 and |x - (11, 0)| <= 10
    found = detail_interval(np.eye(2), [11.0, 0], [0, 1.0], Ellipsoid(np.eye(2)), 10.0)
    assert not found.checked
    assert found.claim(1e-8) == "UNDECIDED"
    assert found.claim(1e-5) == "HALLUCINATED"
