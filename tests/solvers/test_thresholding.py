"""Laws of thresholding, for every method, arithmetic and form of the matrix; what is each method's own."""

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._errors import NotConverged
from kernelstab.solvers import cosamp, htp, iht, qcbp, subspace_pursuit

M, N, S = 30, 60, 4
METHODS = {
    "cosamp": cosamp, "htp": htp, "subspace_pursuit": subspace_pursuit,
    "iht": lambda *a, **kw: iht(*a, **({"tol": 1e-11} | kw)),
}
FORMS = {"dense": lambda A: A, "fortran": np.asfortranarray, "operator": aslinearoperator}


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


@pytest.fixture(params=[False, True], ids=["real", "complex"])
def is_complex(request):
    return request.param


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


def draw(is_complex, noise=0.0, seed=4):
    """Return a Gaussian matrix with unit columns, data, and the sparse vector."""
    rng = np.random.default_rng(seed)

    def gauss(*shape):
        return rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0.0)

    A = gauss(M, N)
    A /= np.linalg.norm(A, axis=0)
    x = np.zeros(N, A.dtype)
    x[rng.choice(N, S, replace=False)] = np.sign(rng.standard_normal(S)) * (1.0 + rng.random(S))
    return A, A @ x + noise * gauss(M), x


def test_recovers_a_sparse_vector(method, is_complex, form):
    A, y, x = draw(is_complex)
    s = method(form(A), y, S)
    assert s.x.shape == (N,)
    assert s.dual.shape == (M,)
    assert s.x.dtype == s.dual.dtype == A.dtype
    np.testing.assert_allclose(s.x, x, atol=1e-8)
    assert s.converged
    assert s.residual == pytest.approx(np.linalg.norm(A @ s.x - y), abs=1e-14)
    assert np.abs(A.conj().T @ s.dual).max() <= 1 + 1e-12


def test_noise_the_fit_and_the_gap(method, is_complex, form):
    A, y, x = draw(is_complex, noise=0.05)
    s = method(form(A), y, S)
    support = np.flatnonzero(s.x)
    np.testing.assert_array_equal(support, np.flatnonzero(x))
    fit = np.linalg.lstsq(A[:, support], y)[0]
    np.testing.assert_allclose(s.x[support], fit, atol=1e-8)  # iht only in the limit
    assert s.gap == pytest.approx(s.objective - s.dual_objective, abs=1e-10)
    value = np.vdot(s.dual, y).real - s.residual * np.linalg.norm(s.dual)
    assert s.dual_objective == pytest.approx(value, rel=1e-9)
    assert s.feasibility == 0.0
    assert s.dual_objective <= qcbp(A, y, s.residual, tol=1e-7).objective * (1 + 1e-6)


def test_equivariance(method, is_complex):
    A, y, _ = draw(is_complex, noise=0.05)
    rng = np.random.default_rng(1)
    s = method(A, y, S)
    np.testing.assert_array_equal(method(A, 2.0**30 * y, S).x, 2.0**30 * s.x)
    order = rng.permutation(N)
    np.testing.assert_allclose(method(A[:, order], y, S).x, s.x[order], atol=1e-8)
    U = np.linalg.qr(rng.standard_normal((M, M)) + 1j * is_complex * rng.standard_normal((M, M)))[0]
    U = U if is_complex else U.real
    np.testing.assert_allclose(method(U @ A, U @ y, S).x, s.x, atol=1e-8)
    np.testing.assert_allclose(method(8.0 * A, y, S).x, s.x / 8.0, atol=1e-8)


def test_real_data_through_the_complex_loop(method):
    A, y, _ = draw(False, noise=0.05)
    s = method(A.astype(complex), y, S)
    assert s.x.dtype == complex
    np.testing.assert_allclose(s.x, method(A, y, S).x, atol=1e-8)


def test_a_warm_start_at_the_answer_stays(method, form):
    A, y, _ = draw(False, noise=0.05)
    s = method(A, y, S)
    again = method(form(A), y, S, x0=s)
    np.testing.assert_allclose(again.x, s.x, atol=1e-8)
    assert again.iterations <= 2


def test_zero_data_and_zero_columns(method, form):
    A = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    for y, residual in (([0.0, 0.0, 0.0], 0.0), ([0.0, 0.0, 2.0], 2.0)):
        s = method(form(A), y, 2)
        assert s.x.tolist() == [0, 0, 0]
        assert (s.residual, s.gap, s.iterations, s.converged) == (residual, 0.0, 0, True)
    s = method(form(A), [0.0, 3.0, 4.0], 3)  # the zero column is named, and stays at zero
    np.testing.assert_allclose(s.x, [0, 0, 3.0], atol=1e-9)
    assert s.residual == pytest.approx(4.0)


def test_duplicated_columns_share_nothing_that_is_lost(method, form):
    A = np.eye(3)[:, [0, 0, 1, 2]]
    s = method(form(A), [2.0, 0.0, 1.0], 3)
    assert s.residual <= 1e-9
    np.testing.assert_allclose(A @ s.x, [2.0, 0.0, 1.0], atol=1e-9)


def test_full_support_and_sizes_of_one(method, form):
    A = np.array([[2.0, 1.0], [0.0, 1.0]])
    np.testing.assert_allclose(method(form(A), [4.0, 2.0], 2).x, [1.0, 2.0], atol=1e-8)
    np.testing.assert_allclose(method(form(np.array([[2.0]])), [3.0], 1).x, [1.5], atol=1e-9)
    np.testing.assert_allclose(method(form(np.array([[1.0, -2.0]])), [4.0], 1).x, [0, -2.0], atol=1e-9)
    np.testing.assert_allclose(method(form(np.array([[3.0], [4.0]])), [4.0, 3.0], 1).x, [0.96], atol=1e-9)


def test_history_callback_and_progress(method):
    A, y, _ = draw(False, noise=0.05)
    points, calls = [], []
    s = method(A, y, S, history=True, progress=lambda *call: calls.append(call),
               callback=lambda k, x, r: points.append((k, x, r)))
    assert s.history.shape == (len(points), 3)
    assert len(calls) == len(points)
    for (k, x, r), row in zip(points, s.history):
        assert row.tolist() == pytest.approx([k, np.abs(x).sum(), r], rel=1e-13)
        assert np.count_nonzero(x) <= S
        assert r == pytest.approx(np.linalg.norm(A @ x - y), rel=1e-9)
    assert s.residual <= s.history[:, 2].min() * (1 + 1e-12)


def test_ctrl_c_returns_the_best_point(method):
    A, y, _ = draw(False, noise=0.5)

    def stop(k, x, r):
        raise KeyboardInterrupt

    with pytest.warns(NotConverged, match="interrupted"):
        s = method(A, y, S, callback=stop)
    assert s.interrupted
    assert not s.converged
    assert 0 < s.residual < np.linalg.norm(y)


@pytest.mark.parametrize(("change", "message"), [
    ({"s": 0}, "s must be between 1 and 3, got 0"),
    ({"s": 4}, "s must be between 1 and 3, got 4"),
    ({"s": 1.5}, "s must be an integer"),
    ({"tol": -1.0}, "tol must lie in"),
    ({"y": [1.0, 2.0]}, r"y must have shape \(3,\)"),
    ({"y": [1.0, np.nan, 1.0]}, "y must be finite"),
    ({"A": np.full((3, 4), np.inf)}, "A must be finite"),
    ({"x0": np.ones(4, complex)}, "x0 must be real"),
    ({"max_iter": 0}, "max_iter must be at least 1"),
    ({"callback": 3}, "callback must be a function, got 3"),
    ({"progress": 3}, "progress must be a function, got 3"),
])
def test_bad_input(method, change, message):
    arguments = {"A": np.eye(3, 4), "y": [1.0, 2.0, 3.0], "s": 2} | change
    A, y, s = (arguments.pop(name) for name in ("A", "y", "s"))
    with pytest.raises(ValueError, match=message):
        method(A, y, s, **arguments)


# CoSaMP

def cosamp_by_definition(A, y, s, count):
    """Return the residuals of the first iterates, by the definition alone."""
    x, sizes = np.zeros(A.shape[1]), []
    for _ in range(count):
        proxy = np.argsort(-np.abs(A.T @ (y - A @ x)), kind="stable")[: 2 * s]
        union = np.union1d(np.flatnonzero(x), proxy)
        b = np.zeros(A.shape[1])
        b[union] = np.linalg.lstsq(A[:, union], y)[0]
        x = np.zeros(A.shape[1])
        kept = np.argsort(-np.abs(b), kind="stable")[:s]
        x[kept] = b[kept]
        sizes.append(np.linalg.norm(y - A @ x))
    return sizes


def test_cosamp_the_iterates_are_those_of_the_definition():
    rng = np.random.default_rng(11)
    A, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    s = None
    with pytest.warns(NotConverged, match="budget spent"):
        s = cosamp(A, y, 3, max_iter=3, history=True)
    np.testing.assert_allclose(s.history[:3, 2], cosamp_by_definition(A, y, 3, 3), rtol=1e-10)
    # the last row is the refit of the best of them
    assert s.history[3, 2] <= s.history[:3, 2].min()
    support = np.flatnonzero(s.x)
    np.testing.assert_allclose(s.x[support], np.linalg.lstsq(A[:, support], y)[0], rtol=1e-9)


def test_cosamp_a_circle_is_seen_and_ends_the_run():
    """Pure noise and a large support: the unions come again without settling."""
    ends = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        A, y = rng.standard_normal((12, 30)), rng.standard_normal(12)
        try:
            s = cosamp(A, y, 3, max_iter=500)
        except NotConverged as warning:
            ends.add(str(warning).split(", ")[1].split(" stopped")[0])
        else:
            ends.add(s.method.split(", ")[1])
            assert s.converged
    assert ends == {"circle", "fixed point"}


def test_cosamp_more_columns_than_rows_in_the_union():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((6, 12))
    y = A[:, 4] * 2.0
    s = cosamp(A, y, 4)  # unions of up to 12 columns of length 6
    assert s.residual <= 1e-9 * np.linalg.norm(y)


# Subspace pursuit

def subspace_pursuit_by_definition(A, y, s, count):
    def fit(support):
        return np.linalg.lstsq(A[:, support], y)[0]

    support = np.sort(np.argsort(-np.abs(A.T @ y))[:s])
    sizes = [np.linalg.norm(y - A[:, support] @ fit(support))]
    for _ in range(count - 1):
        r = y - A[:, support] @ fit(support)
        union = np.union1d(support, np.argsort(-np.abs(A.T @ r))[:s])
        support = np.sort(union[np.argsort(-np.abs(fit(union)))[:s]])
        sizes.append(np.linalg.norm(y - A[:, support] @ fit(support)))
    return sizes


@pytest.mark.parametrize("seed", range(5))
def test_subspace_pursuit_the_iterates_are_those_of_the_definition_while_they_fall(seed):
    rng = np.random.default_rng(seed)
    A, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    s = subspace_pursuit(A, y, 4, history=True)
    sizes = subspace_pursuit_by_definition(A, y, 4, len(s.history) + 1)
    np.testing.assert_allclose(s.history[:, 2], sizes[:-1], rtol=1e-10)
    assert np.all(np.diff(s.history[:, 2]) < 0)
    assert sizes[-1] >= sizes[-2] * (1 - 1e-12)  # why it stopped
    assert s.converged


def test_subspace_pursuit_the_budget():
    rng = np.random.default_rng(1)
    A, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    with pytest.warns(NotConverged, match="budget spent"):
        s = subspace_pursuit(A, y, 4, max_iter=1)
    assert s.iterations == 1
    np.testing.assert_array_equal(np.flatnonzero(s.x), np.sort(np.argsort(-np.abs(A.T @ y))[:4]))


# Hard thresholding pursuit

def htp_by_definition(A, y, s, count):
    x, sizes = np.zeros(A.shape[1]), []
    for _ in range(count):
        g = A.T @ (y - A @ x)
        top = np.argsort(-np.abs(g))[:s]
        step = np.sum(g[top] ** 2) / np.sum((A[:, top] @ g[top]) ** 2)
        support = np.argsort(-np.abs(x + step * g))[:s]
        x = np.zeros(A.shape[1])
        x[support] = np.linalg.lstsq(A[:, support], y)[0]
        sizes.append(np.linalg.norm(y - A @ x))
    return sizes


def test_htp_the_iterates_are_those_of_the_definition():
    rng = np.random.default_rng(3)
    A, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    with pytest.warns(NotConverged, match="budget spent"):
        s = htp(A, y, 5, max_iter=2, history=True)
    np.testing.assert_allclose(s.history[:, 2], htp_by_definition(A, y, 5, 2), rtol=1e-10)


def test_htp_every_run_ends_in_a_fixed_point_or_a_circle():
    ends = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        A, y = rng.standard_normal((12, 30)), rng.standard_normal(12)
        try:
            s = htp(A, y, 4, max_iter=1000)
        except NotConverged as warning:
            ends.add(str(warning).split(", ")[1].split(" stopped")[0])
        else:
            ends.add(s.method.split(", ")[1])
            # a fixed point: one more step names the same support
            again = htp(A, y, 4, x0=s)
            assert again.iterations == 1
    assert "fixed point" in ends
    assert ends <= {"circle", "fixed point"}


# Iterative hard thresholding

@pytest.mark.parametrize("seed", range(5))
def test_iht_the_residual_never_rises(seed):
    rng = np.random.default_rng(seed)
    # columns of very different length: a step for short ones diverges on long ones
    A, y = rng.standard_normal((12, 30)) * 10.0 ** rng.uniform(-1, 1, 30), rng.standard_normal(12)
    s = iht(A, y, 4, history=True, max_iter=10_000)
    sizes = s.history[:, 2]
    assert np.all(np.diff(sizes) <= 1e-14 * sizes[0])
    assert s.converged


def test_iht_a_limit_fits_its_support():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((12, 30)), rng.standard_normal(12)
    s = iht(A, y, 4, tol=1e-12, max_iter=10_000)
    assert np.abs(A.T @ (y - A @ s.x))[s.x != 0].max() <= 1e-9


def test_iht_the_first_step_by_hand():
    # g = (3, 4); the larger entry is used: the step along it is 16/(4*4) = 1, the point (0, 4)
    with pytest.warns(NotConverged):
        s = iht(np.array([[1.0, 0.5], [0.0, 0.75**0.5]]), [3.0, (4 - 1.5) / 0.75**0.5], 1, max_iter=1)
    np.testing.assert_allclose(s.x, [0.0, 4.0], rtol=1e-14)


def test_iht_the_step_is_kept_where_the_gradient_vanishes():
    # x = (4, 0) fits its own entry exactly, so its part of the gradient is zero
    s = iht(np.eye(2), [4.0, 1.0], 1, x0=[4.0, 0.0])
    assert s.x.tolist() == [4.0, 0.0]
    assert s.converged
