"""Laws of the greedy methods that take a sparsity: every method, arithmetic and form of the matrix."""

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._errors import NotConverged
from kernelstab.solvers import qcbp
from kernelstab.solvers import cosamp, htp, iht, subspace_pursuit

M, N, S = 30, 60, 4
METHODS = {
    "cosamp": cosamp, "htp": htp, "subspace_pursuit": subspace_pursuit,
    "niht": lambda *a, **kw: iht(*a, **({"tol": 1e-11} | kw)),
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
