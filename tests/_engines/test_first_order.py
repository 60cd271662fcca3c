"""First-order methods: matrices against operators, against a reference, and what they hold."""

import tracemalloc
import warnings

import numpy as np
import pytest

from kernelstab._engines.first_order.fista import shrink
from kernelstab._engines.first_order.primal_dual import WhitenedMatrix, approach
from kernelstab._engines.linear_system import as_system
from kernelstab._engines.problem import Problem
from kernelstab._errors import NotConverged
from kernelstab.operators import DenseOperator, ForwardOperator
from kernelstab.solvers import lasso, qcbp, sqrt_lasso

M, N, TIGHT = 12, 30, 4.0
METHODS = {
    "fista": (lasso, 0.3, {}),
    "fista nonneg": (lasso, 0.3, {"nonneg": True}),
    "primal-dual": (qcbp, 0.1, {}),
    "primal-dual exact": (qcbp, 0.0, {}),
    "primal-dual nonneg": (qcbp, 0.1, {"nonneg": True}),
    "primal-dual price": (sqrt_lasso, 0.5, {}),
    "primal-dual price nonneg": (sqrt_lasso, 0.5, {"nonneg": True}),
}
each = pytest.mark.parametrize("name", METHODS)


class Products(ForwardOperator):
    """A matrix that hides its entries."""

    def __init__(self, matrix, tight=None):
        self.hidden = matrix
        super().__init__(matrix.shape, matrix.dtype, tight=tight,
                         norm_upper=DenseOperator(matrix, tight=tight).norm_upper)

    def _matvec(self, x):
        return self.hidden @ x

    def _rmatvec(self, y):
        return self.hidden.conj().T @ y


def instance(is_complex=False, positive=False):
    """Return a matrix with AA* = 4 I and data with noise of norm 0.1."""
    rng = np.random.default_rng(7)
    A = rng.standard_normal((N, M)) + 1j * is_complex * rng.standard_normal((N, M))
    A = 2.0 * np.linalg.qr(A if is_complex else A.real)[0].conj().T
    x, noise = np.zeros(N, A.dtype), rng.standard_normal(M)
    x[rng.choice(N, 3, replace=False)] = [1.0, 0.6 if positive else -0.6, 1j if is_complex else 0.8]
    return A, A @ x + 0.1 * noise / np.linalg.norm(noise)


def solve(name, A, y, **options):
    solver, level, own = METHODS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        return solver(A, y, level, method=name.split()[0], **own, **options)


@each
@pytest.mark.parametrize("count", [1, 43])
@pytest.mark.parametrize("is_complex", [False, True])
def test_dense_and_operator_loops_give_the_same_points(name, count, is_complex):
    if is_complex and "nonneg" in name:
        pytest.skip("only real vectors have a sign")
    A, y = instance(is_complex, positive="nonneg" in name)
    dense = solve(name, DenseOperator(A, tight=TIGHT), y, tol=0.0, max_iter=count, history=True)
    products = solve(name, Products(A, TIGHT), y, tol=0.0, max_iter=count, history=True)
    assert (dense.iterations, products.iterations) == (count, count)
    np.testing.assert_allclose(dense.x, products.x, atol=1e-11)
    np.testing.assert_allclose(dense.history, products.history, rtol=1e-9, atol=1e-11)


@each
@pytest.mark.parametrize("start", ["solution", "point"])
def test_converges_and_a_warm_start_stays(name, start):
    A, y = instance(positive="nonneg" in name)
    first = solve(name, Products(A, TIGHT), y)
    assert first.converged
    assert first.gap >= -1e-13
    again = solve(name, Products(A, TIGHT), y, x0=first if start == "solution" else first.x)
    assert again.converged
    assert again.objective == pytest.approx(first.objective, rel=3e-6)
    if start == "solution":
        assert again.iterations <= 20
    if "nonneg" in name:
        assert first.x.min() >= 0.0


def test_fista_is_the_plain_method_restarted_where_its_momentum_points_uphill():
    A, y = instance()
    lam, step = 0.3, 1.0 / DenseOperator(A, tight=TIGHT).norm_upper ** 2
    x = before = np.zeros(N)
    momentum, restarts = 1.0, 0
    for _ in range(43):
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        z = x + (momentum - 1) / following * (x - before)
        v = z - step * A.T @ (A @ z - y)
        new = np.sign(v) * np.maximum(np.abs(v) - step * lam, 0.0)
        uphill = (z - new) @ (new - x) > 0
        momentum, restarts = 1.0 if uphill else following, restarts + uphill
        x, before = new, x
    assert restarts > 0
    points = []
    found = solve("fista", Products(A, TIGHT), y, tol=0.0, max_iter=43,
                  callback=lambda done, point, gap: points.append(point))
    np.testing.assert_allclose(points[-1], x, atol=1e-12)
    assert found.iterations == 43


def reference(name, A, y):
    import cvxpy as cp

    solver, level, own = METHODS[name]
    x = cp.Variable(N)
    residual, mass = cp.norm(A @ x - y), cp.norm1(x)
    limits = [x >= 0] if own.get("nonneg") else []
    if solver is qcbp:
        program = cp.Problem(cp.Minimize(mass), [residual <= level, *limits])
    else:
        data = residual if solver is sqrt_lasso else 0.5 * cp.sum_squares(A @ x - y)
        program = cp.Problem(cp.Minimize(data + level * mass), limits)
    return program.solve(solver="CLARABEL", tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)


@pytest.mark.parametrize("name", ["fista nonneg", "primal-dual nonneg", "primal-dual price",
                                  "primal-dual price nonneg"])
def test_agrees_with_the_reference(name):
    A, y = instance(positive="nonneg" in name)
    found = solve(name, Products(A, TIGHT), y, tol=1e-8)
    assert found.converged
    assert found.objective == pytest.approx(reference(name, A, y), rel=1e-6)


@pytest.mark.parametrize("form", ["qcbp", "sqrt-lasso"])
def test_whitened_coordinates(form):
    # rank 3 of 5 rows, data with a part outside the range
    rng = np.random.default_rng(4)
    A = np.vstack([rng.standard_normal((3, 8)), np.zeros((2, 8))])
    A = np.linalg.qr(rng.standard_normal((5, 5)))[0] @ np.diag([1, 9, 3, 1, 1]) @ A
    y = A @ rng.standard_normal(8) + 0.01 * rng.standard_normal(5)
    unit = WhitenedMatrix(Problem(form, as_system(A, y), 2.0, 0.0))
    x, w = rng.standard_normal(8), rng.standard_normal(3)
    np.testing.assert_allclose(unit.product(unit.forward(x)), A @ x, atol=1e-12)
    np.testing.assert_allclose(unit.adjoint(w), A.T @ unit.lift(w), atol=1e-12)
    np.testing.assert_allclose(unit.lower(unit.lift(w)), w, atol=1e-12)
    if form == "sqrt-lasso":  # a short dual point is completed to norm one by the part outside the range
        short = unit.lift(1e-3 * w)
        assert np.linalg.norm(short) == pytest.approx(1.0)
        assert short @ unit.outside > 0.0
    assert np.vdot(unit.forward(x), w) == pytest.approx(np.vdot(x, unit.adjoint(w)))


@pytest.mark.parametrize("outside", [0.0, 0.4])
@pytest.mark.parametrize("tau", [1e-3, 0.3, 30.0])
@pytest.mark.parametrize("spread", [0, -3])
def test_approach_meets_its_optimality_condition(tau, outside, spread):
    rng = np.random.default_rng(6)
    s, b, v = np.logspace(0, spread, 10), rng.standard_normal(10), 5 * rng.standard_normal(10)
    c = approach(v, s, b, tau, outside)
    residual = s * c - b
    size = np.hypot(np.linalg.norm(residual), outside)
    if size > 1e-10:  # c - v + tau s residual / size = 0
        np.testing.assert_allclose(c - v, -tau * s * residual / size, rtol=1e-8, atol=1e-8 * tau)
    else:  # zero residual: the multiplier that is needed lies in the ball
        assert np.linalg.norm((v - c) / s) <= tau * (1 + 1e-9)
    # one coordinate by hand: 2 c - 1 falls from 5 by tau s^2 = 4 * 0.5 to 3, so c = 2; and v = .6 reaches 0
    np.testing.assert_allclose(approach(np.array([3.0]), np.array([2.0]), np.array([1.0]), 0.5, 0.0), [2.0])
    np.testing.assert_allclose(approach(np.array([0.6]), np.array([2.0]), np.array([1.0]), 0.5, 0.0), [0.5])


def test_shrink_by_hand():
    np.testing.assert_allclose(shrink(np.array([3.0, -0.5, -2.0]), 1.0), [2.0, 0.0, -1.0])
    np.testing.assert_allclose(shrink(np.array([3.0, -0.5, -2.0]), 1.0, True), [2.0, 0.0, 0.0])
    np.testing.assert_allclose(shrink(np.array([3.0 + 4.0j]), 1.0), [2.4 + 3.2j])
    np.testing.assert_array_equal(shrink(np.array([0.0, 2.0]), 0.0), [0.0, 2.0])


class Picks(ForwardOperator):
    """Every hundredth entry: rows so few that only vectors of length N count."""

    def __init__(self):
        super().__init__((1000, 100_000), np.float64, tight=1.0)

    def _matvec(self, x):
        return x[::100].copy()

    def _rmatvec(self, y):
        x = np.zeros(100_000)
        x[::100] = y
        return x


@pytest.mark.parametrize("name", ["fista", "primal-dual", "primal-dual price"])
def test_operator_loops_hold_at_most_eight_images(name):
    A, y = Picks(), np.random.default_rng(0).standard_normal(1000)
    solve(name, A, y, tol=0.0, max_iter=1)
    tracemalloc.start()
    try:
        solve(name, A, y, tol=0.0, max_iter=25)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # vectors of length m are a hundredth each
    assert peak / (8 * 100_000) <= 8.5


@pytest.mark.parametrize("share", [1e-3, 1e-5, 1e-7])
def test_a_level_nearly_the_norm_of_the_data_does_not_leave_the_point_at_zero(share):
    # Steps that suit x = A'y leave x at zero, and the dual point takes 1/share of them to arrive.
    rng = np.random.default_rng(0)
    A = np.linalg.qr(rng.standard_normal((10, 3)))[0].T
    y = np.array([2.0, -3.0, 6.0])      # norm 7
    found = qcbp(Products(A, 1.0), y, 7.0 * (1.0 - share), method="primal-dual", tol=1e-4, max_iter=3000)
    other = qcbp(A, y, 7.0 * (1.0 - share), method="homotopy", tol=1e-4)
    assert found.converged
    assert found.objective == pytest.approx(other.objective, rel=2e-4)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("noise", [1e-3, 1e-8, 1e-12])
def test_the_dual_point_is_feasible_where_the_data_are_close_to_the_range(noise, is_complex, seed):
    # the part outside the range, much shorter than y, is lengthened to that of a dual point
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((8, 4)) + (1j * rng.standard_normal((8, 4)) if is_complex else 0)
    y = A @ rng.standard_normal(4) + noise * rng.standard_normal(8)
    distance = np.linalg.norm(y - A @ np.linalg.lstsq(A, y, rcond=None)[0])
    for found, price in ((sqrt_lasso(A, y, 0.01, method="primal-dual"), 0.01),
                         (qcbp(A, y, 1.001 * distance, method="primal-dual"), 1.0)):
        assert found.converged
        assert np.abs(A.conj().T @ found.dual).max() <= price * (1 + 1e-11)
