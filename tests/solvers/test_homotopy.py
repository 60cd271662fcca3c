import numpy as np
import pytest

from kernelstab._engines.lasso_path import path as engine
from kernelstab._errors import NotConverged
from kernelstab.solvers import basis_pursuit, lasso, lasso_path, qcbp, sqrt_lasso

# The matrix and the path of test_lasso_path: at lam 4/3 the solution is (1/3, 1), r = y - A x = (4/3, -4/3).
A, Y = np.array([[2.0, 1.0], [1.0, 0.0]]), np.array([3.0, -1.0])
ETA = 4 * np.sqrt(2) / 3
SOLVERS = {
    "lasso": lambda A, y, share, **kw: lasso(A, y, share * np.abs(A.T @ y).max(), method="homotopy", **kw),
    "qcbp": lambda A, y, share, **kw: qcbp(A, y, share * np.linalg.norm(y), method="homotopy", **kw),
    "basis pursuit": lambda A, y, share, **kw: basis_pursuit(A, y, method="homotopy", **kw),
    "sqrt-lasso": lambda A, y, share, **kw: sqrt_lasso(
        A, y, share * np.abs(A.T @ y).max() / np.linalg.norm(y), method="homotopy", **kw),
}


@pytest.fixture(params=SOLVERS)
def solver(request):
    return SOLVERS[request.param]


def generic(m=8, N=20):
    rng = np.random.default_rng(6)
    return rng.standard_normal((m, N)), rng.standard_normal(m)


def test_every_form_stops_on_the_path_by_hand():
    np.testing.assert_allclose(lasso(A, Y, 4 / 3, method="homotopy").x, [1 / 3, 1], rtol=1e-14)
    np.testing.assert_allclose(qcbp(A, Y, ETA, method="homotopy").x, [1 / 3, 1], rtol=1e-13)
    # at lam 2/3 it is (0, 7/3) with r = (2/3, -1), so lam / ||r|| = 2/sqrt 13
    np.testing.assert_allclose(sqrt_lasso(A, Y, 2 / np.sqrt(13), method="homotopy").x, [0, 7 / 3], rtol=1e-13)
    end = basis_pursuit(A, Y, method="homotopy")
    np.testing.assert_allclose(end.x, [-1, 5], rtol=1e-13)
    # A^T h = (-1, 1) = the signs: h = (1, -3)
    np.testing.assert_allclose(end.dual, [1, -3], rtol=1e-13)


@pytest.mark.parametrize("share", [0.9, 0.3, 0.01, 1e-5])
@pytest.mark.parametrize("nonneg", [False, True])
def test_the_gap_is_at_rounding(solver, share, nonneg):
    A, y = generic()
    s = solver(A, y, share, nonneg=nonneg, tol=1e-10)
    assert s.converged
    assert s.relative_gap < 1e-10
    assert s.feasibility <= 1e-13 * np.linalg.norm(y)
    assert not nonneg or s.x.min() >= 0


def test_a_long_walk_reports_on_its_way(solver, monkeypatch):
    A, y = generic()
    expected = solver(A, y, 0.05)
    monkeypatch.setattr(engine, "STRETCH", 0)
    seen = []
    s = solver(A, y, 0.05, tol=1e-12, callback=lambda k, x, gap: seen.append(k))
    np.testing.assert_allclose(s.x, expected.x, atol=1e-13)
    assert seen == list(range(1, expected.iterations + 1))


@pytest.mark.parametrize("stretch", [0, 10**6])
def test_the_budget_ends_on_the_path(stretch, monkeypatch):
    monkeypatch.setattr(engine, "STRETCH", stretch)
    A, y = generic()
    path = lasso_path(A, y)
    with pytest.warns(NotConverged, match="stopped after 4 iterations"):
        s = basis_pursuit(A, y, method="homotopy", max_iter=4)
    # the first event is the joining at the first corner itself
    np.testing.assert_allclose(s.x, path.coefs[3], atol=1e-13)


def test_columns_dependent_up_to_rounding(solver):
    A, y = generic()
    A[:, 7] = A[:, 3] * (1 + 1e-15)
    A[:, 9] = A[:, 3] + 1e-9 * A[:, 4]
    assert solver(A, y, 0.01, tol=1e-7).converged


def test_ill_conditioned_columns(solver):
    A = generic(m=12, N=10)[0]
    A = A @ np.diag(np.logspace(0, -3, 10)) + A[:, :1]
    assert solver(A, A @ np.ones(10), 1e-3, tol=1e-8).converged
