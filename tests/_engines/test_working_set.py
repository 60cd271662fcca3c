"""The working set: its answers by hand, its proofs on awkward matrices, and each of its parts."""

import numpy as np
import pytest

from kernelstab._engines.linear_system import as_system
from kernelstab._engines.monitor import Monitor
from kernelstab._engines.problem import Problem
from kernelstab._engines.working_set import real
from kernelstab._engines.working_set.columns import WorkingColumns
from kernelstab._engines.working_set.real import follow, root
from kernelstab._engines.working_set.settle import face_of, settle
from kernelstab._engines.working_set.settle_jit import descend, pivot
from kernelstab.solvers import basis_pursuit
from kernelstab.solvers._solve import Start


def run(A, y, form, level, *, tol=1e-10, nonneg=False, x0=None, budget=100):
    """Run the engine alone and return its monitor."""
    problem = Problem(form, as_system(A, y), level, tol, nonneg)
    monitor = Monitor(problem)
    monitor.begin(budget)
    m, n = problem.system.shape
    start = Start(np.zeros(n) if x0 is None else x0.copy(), np.zeros(m), x0 is not None)
    assert real.solve(problem, start, monitor) == "working set, compiled"
    return monitor


def gaussian(m, n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, n)), rng.standard_normal(m)


# By hand ----------------------------------------------------------------------------------------

def test_lasso_with_the_identity_is_soft_thresholding():
    monitor = run(np.eye(3), np.array([3.0, 0.5, -2.0]), "lasso", 1.0)
    np.testing.assert_allclose(monitor.best.x, [2.0, 0.0, -1.0], atol=1e-15)


def test_basis_pursuit_by_hand():
    # On the line x1 + 2 x2 = 2 the larger coefficient is cheaper; h = 1/2 proves it.
    best = run(np.array([[1.0, 2.0]]), np.array([2.0]), "qcbp", 0.0).best
    np.testing.assert_allclose(best.x, [0.0, 1.0], atol=1e-15)
    np.testing.assert_allclose(best.dual, [0.5], atol=1e-15)


def test_qcbp_by_hand():
    # |x - (4, 3)| <= sqrt(2) with least |x1| + |x2|: both entries fall by 1.
    best = run(np.eye(2), np.array([4.0, 3.0]), "qcbp", np.sqrt(2.0)).best
    np.testing.assert_allclose(best.x, [3.0, 2.0], atol=1e-14)
    np.testing.assert_allclose(best.dual, [1.0, 1.0], atol=1e-14)


def test_sqrt_lasso_by_hand():
    # A = (1; 1), y = (3, 1): the residual is (1, -1) + (2 - x)(1, 1), of norm sqrt(2 + 2 t^2) with
    # t = 2 - x, and its derivative 2 t / sqrt(2 + 2 t^2) equals the price 1 at t = 1: x = 1.
    best = run(np.ones((2, 1)), np.array([3.0, 1.0]), "sqrt-lasso", 1.0).best
    np.testing.assert_allclose(best.x, [1.0], atol=1e-15)
    np.testing.assert_allclose(best.objective, 1.0 + 2.0, rtol=1e-15)


def test_square_root_lasso_that_interpolates():
    # A cheap price leaves no residual: the solution is that of basis pursuit, with dual h * price.
    best = run(np.array([[1.0, 2.0]]), np.array([2.0]), "sqrt-lasso", 0.1).best
    np.testing.assert_allclose(best.x, [0.0, 1.0], atol=1e-15)
    np.testing.assert_allclose(best.dual, [0.05], atol=1e-15)


# On awkward matrices ----------------------------------------------------------------------------

A, Y = gaussian(12, 40)
LOW = np.random.default_rng(1).standard_normal((12, 4)) @ np.random.default_rng(2).standard_normal((4, 40))
HOLES = np.where(np.arange(40) % 3 == 0, 0.0, A)
MATRICES = {
    "gaussian": A,
    "columns twice": np.hstack([A[:, :20], A[:, :20]]),
    "columns and their negatives": np.hstack([A[:, :20], -A[:, :20]]),
    "zero columns": HOLES,
    "rank deficient": LOW,
    "signs": np.sign(A),
    "equal columns": np.ones((12, 5)),
    "columns of all sizes": A * 10.0 ** np.linspace(-5, 5, 40),
    "tall": A.T[:, :9],
    "one row": A[:1],
    "one column": A[:, :1],
    "identity": np.eye(12),
    "Fortran order": np.asfortranarray(A),
    "every other column": np.repeat(A, 2, axis=1)[:, ::2],
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("nonneg", [False, True])
def test_every_problem_is_solved_to_rounding(name, nonneg):
    """The data lie in the cone of the columns, so that every constraint can be met."""
    matrix = MATRICES[name].view()
    matrix.flags.writeable = False
    y = matrix @ (0.1 + np.abs(gaussian(matrix.shape[1], 1, seed=3)[1]))
    peak, size = float(np.abs(matrix.T @ y).max()), float(np.linalg.norm(y))
    cases = [("lasso", 0.3 * peak), ("lasso", 1e-4 * peak), ("qcbp", 0.3 * size), ("qcbp", 1e-3 * size),
             ("qcbp", 0.0), ("sqrt-lasso", 0.5 * peak / size), ("sqrt-lasso", 1e-2 * peak / size)]
    for form, level in cases:
        monitor = run(matrix, y, form, level, nonneg=nonneg)
        assert monitor.finished, (form, level, monitor.best.relative_gap)
        assert monitor.best.gap >= -1e-13 * monitor.best.objective
        assert monitor.best.feasibility <= 1e-13 * size
        assert np.count_nonzero(monitor.best.x) <= np.linalg.matrix_rank(matrix)
        assert not nonneg or monitor.best.x.min() >= 0.0


@pytest.mark.parametrize("scale", [1e-150, 1e-60, 1e60, 1e150])
def test_scales_far_from_one(scale):
    peak = float(np.abs(A.T @ Y).max())
    x = run(A, Y, "lasso", 0.1 * peak).best.x
    np.testing.assert_allclose(run(scale * A, Y, "lasso", 0.1 * peak * scale).best.x * scale, x, atol=1e-12)
    eta = 0.1 * float(np.linalg.norm(Y))
    x = run(A, Y, "qcbp", eta).best.x
    np.testing.assert_allclose(run(A, scale * Y, "qcbp", scale * eta).best.x / scale, x, atol=1e-12)


def test_the_radius_is_met_from_inside():
    for seed in range(10):
        matrix, y = gaussian(30, 90, seed)
        best = run(matrix, y, "qcbp", 0.2 * float(np.linalg.norm(y))).best
        eta = 0.2 * float(np.linalg.norm(y))
        assert best.feasibility == 0.0
        assert (1 - 1e-13) * eta <= np.linalg.norm(matrix @ best.x - y) <= (1 + 1e-14) * eta


@pytest.mark.parametrize("seed", range(3))
def test_columns_that_almost_agree_keep_their_digits(seed):
    # All columns are within about 1e-4 of one another: Gram matrices lose eight digits, and
    # what is left for the proof at this price are about seven.
    noise, y = gaussian(12, 30, seed)
    matrix = 1.0 + 1e-4 * noise
    size = float(np.linalg.norm(y))
    assert run(matrix, y, "lasso", 1e-5 * size, tol=2e-7).finished
    monitor = run(matrix, y, "qcbp", 0.5 * size, tol=1e-15)
    assert monitor.done < 100
    assert monitor.best.relative_gap <= 1e-7
    np.testing.assert_allclose(monitor.best.residual, 0.5 * size, rtol=1e-11)


def test_data_out_of_reach_end_gracefully():
    # The rows of a tall matrix miss most data; the nearest points are further away than 0.
    matrix, y = gaussian(20, 4)
    monitor = run(matrix, y, "qcbp", 0.0)
    assert not monitor.finished
    assert monitor.done < 100
    nearest = np.linalg.norm(y - matrix @ np.linalg.lstsq(matrix, y)[0])
    np.testing.assert_allclose(monitor.best.feasibility, nearest, rtol=1e-2)


def test_a_positive_sum_never_reaches_negative_data():
    monitor = run(np.ones((3, 2)), -np.ones(3), "qcbp", 0.1, nonneg=True)
    assert not monitor.finished
    np.testing.assert_array_equal(monitor.best.x, [0.0, 0.0])


# Rounds ------------------------------------------------------------------------------------------

def test_one_product_with_the_whole_matrix_per_round():
    matrix, y = gaussian(40, 400)
    system, calls = as_system(matrix, y), []
    counted = type(system)(*[getattr(system, f) for f in ("shape", "dtype", "y", "matrix")],
                           lambda x: pytest.fail("no product with A is needed"),
                           lambda u: calls.append(1) or system.adjoint(u), None, matrix)
    problem = Problem("lasso", counted, 0.2 * float(np.abs(matrix.T @ y).max()), 1e-9)
    monitor = Monitor(problem)
    monitor.begin(100)
    real.solve(problem, Start(np.zeros(400), np.zeros(40), False), monitor)
    assert monitor.finished
    assert len(calls) == monitor.done + 1
    assert monitor.done <= 5


@pytest.mark.parametrize(("form", "level"), [("lasso", 2.0), ("qcbp", 1.0), ("sqrt-lasso", 2.0)])
def test_a_solution_as_start_takes_one_round(form, level):
    matrix, y = gaussian(40, 400)
    cold = run(matrix, y, form, level)
    warm = run(matrix, y, form, level, x0=cold.best.x)
    assert warm.finished
    assert warm.done == 1 < cold.done
    np.testing.assert_allclose(warm.best.x, cold.best.x, atol=1e-12)


def test_the_budget_ends_the_rounds():
    matrix, y = gaussian(40, 400)
    monitor = run(matrix, y, "lasso", 1e-3, budget=2)
    assert monitor.done == 2
    assert not monitor.finished
    assert monitor.best is not None


# Parts --------------------------------------------------------------------------------------------

def test_columns_keep_their_inner_products():
    matrix = gaussian(7, 600)[0]
    for layout in (matrix, np.asfortranarray(matrix)):
        columns = WorkingColumns(layout)
        for chosen in (np.array([5, 2]), np.arange(100, 400), np.array([], int), np.array([599])):
            columns.add(chosen)
        assert columns.size == 303
        assert columns.member.sum() == 303
        np.testing.assert_array_equal(columns.members, matrix[:, columns.index].T)
        np.testing.assert_allclose(columns.inner, columns.members @ columns.members.T, atol=1e-12)
        x = np.arange(303.0)
        np.testing.assert_allclose(columns.combine(x), matrix @ columns.spread(x), rtol=1e-12)


@pytest.mark.parametrize(("form", "level"), [("qcbp", 5.0), ("sqrt-lasso", 0.5)])
def test_roots_solve_their_equations(form, level):
    lam = root(form, level, 3.0, 1.5)
    residual = np.hypot(3.0, 1.5 * lam)
    np.testing.assert_allclose(residual, level if form == "qcbp" else lam / level)


def test_roots_where_there_is_none():
    assert root("qcbp", 2.0, 3.0, 1.0) == -1.0
    assert root("sqrt-lasso", 1.0, 3.0, 1.0) == np.inf
    assert root("qcbp", 0.0, 0.0, 1.0) == root("sqrt-lasso", 0.5, 0.0, 1.0) == 0.0


@pytest.mark.parametrize(("floor", "level"), [(0.0, 0.25), (0.5, 0.5), (0.75, 0.75)])
def test_the_level_stays_above_the_floor(floor, level):
    # With the identity x = y - level, whose residual has the norm sqrt(2) * level: the root is 1/4.
    problem = Problem("qcbp", as_system(np.eye(2), np.array([3.0, 2.0])), np.sqrt(2.0) / 4.0, 1e-6)
    columns = WorkingColumns(problem.system.matrix)
    columns.add(np.arange(2))
    x = np.zeros(2)
    stop = follow(problem, columns, 0.75, x, [0.0, np.inf], floor, False)
    assert abs(stop.lam - level) < 1e-12
    assert abs(stop.goal - level) < 1e-12
    assert np.abs(x - [3.0 - level, 2.0 - level]).max() < 1e-12


def test_data_full_of_noise_are_interpolated_at_a_small_price():
    # For so small a price the solution is that of basis pursuit, which the exact path finds.
    A, y = np.random.default_rng(7).standard_normal((20, 60)), np.random.default_rng(8).standard_normal(20)
    path = basis_pursuit(A, y, method="homotopy", tol=1e-10)
    price = 0.5 / np.linalg.norm(path.dual)
    for monitor in (run(A, y, "sqrt-lasso", price), run(A, y, "qcbp", 0.0)):
        assert monitor.finished
        assert np.abs(monitor.best.x - path.x).max() < 1e-9 * np.abs(path.x).max()


def test_descent_on_two_coordinates_by_hand():
    # With g = c - G x, G = ((2, 1), (1, 2)), c = (3, 2) and price 1: x1 = (3 - 1)/2 = 1, which
    # leaves g2 = 1, the price itself; x2 stays 0 and nothing moves any more.
    gram, x, g = np.array([[2.0, 1.0], [1.0, 2.0]]), np.zeros(2), np.array([3.0, 2.0])
    descend(gram, 1.0, False, x, g, 10, 2)
    np.testing.assert_array_equal(x, [1.0, 0.0])
    np.testing.assert_array_equal(g, [1.0, 1.0])


@pytest.mark.parametrize("nonneg", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_pivoting_and_descent_find_the_same_minimum(seed, nonneg):
    columns, y = gaussian(15, 25, seed)
    columns[:, 20:] = columns[:, :5]
    gram, c, level = columns.T @ columns, columns.T @ y, 0.8
    x, g = np.random.default_rng(seed).uniform(0.0, 1.0, 25), np.zeros(25)
    g[:] = c - gram @ x
    assert pivot(gram, level, nonneg, x, g, 1e-12, 1000)
    np.testing.assert_allclose(g, c - gram @ x, atol=1e-10)
    again = np.where(np.abs(x) > 0.1, x, 0.0)  # and from part of the answer
    assert pivot(gram, level, nonneg, again, c - gram @ again, 1e-12, 1000)
    np.testing.assert_allclose(columns @ again, columns @ x, atol=1e-9)
    slow, h = np.zeros(25), c.copy()
    for _ in range(100):  # zero entries are looked at in the first epoch of each call only
        descend(gram, level, nonneg, slow, h, 20, 20)
    np.testing.assert_allclose(columns @ x, columns @ slow, atol=1e-8)   # products are unique
    np.testing.assert_allclose(np.abs(x).sum(), np.abs(slow).sum(), rtol=1e-8)


def test_a_root_between_a_face_and_the_beginning_of_the_path_is_found():
    # At 0.5 three entries are in, r = (0.5, 0.5, 0.5, 0.6), and that face alone would end at 1.09, above the
    # path. The solution has one entry, 1 - lam, with lam = 0.55 |r| and |r|^2 = lam^2 + 3 * 0.36.
    A, y = np.eye(4)[:, :3], np.array([1.0, 0.6, 0.6, 0.6])
    problem, columns, x = Problem("sqrt-lasso", as_system(A, y), 0.55, 1e-9), WorkingColumns(A), np.zeros(3)
    columns.add(np.arange(3))
    stop = follow(problem, columns, 0.5, x, [0.0, np.inf], 0.0, False)
    lam = 0.55 * np.sqrt(1.08 / (1 - 0.55**2))
    assert not stop.lost
    np.testing.assert_allclose(stop.lam, lam, rtol=1e-12)
    np.testing.assert_allclose(x, [1 - lam, 0.0, 0.0], atol=1e-12)


def test_pivoting_that_runs_out_of_budget_leaves_true_correlations():
    # Between two looks at all columns only the correlations of a few are kept up.
    columns, y = gaussian(15, 25, 0)
    gram, c, seen = columns.T @ columns, columns.T @ y, 0
    for budget in (1, 2, 3, 5, 8):
        x, g = np.zeros(25), c.copy()
        assert not pivot(gram, 0.1, False, x, g, 1e-12, budget)
        np.testing.assert_allclose(g, c - gram @ x, atol=1e-12)
        seen = max(seen, np.count_nonzero(x))
    assert seen > 2


def test_settling_from_a_bad_start_meets_the_conditions_of_optimality():
    matrix, y = gaussian(20, 30, 5)
    columns = WorkingColumns(matrix)
    columns.add(np.arange(30))
    x = np.full(30, 5.0)
    g = columns.correlate(y - columns.combine(x))
    face = settle(columns, 0.1, False, x, g)
    correlations = matrix.T @ (y - matrix @ x)
    np.testing.assert_array_equal(face.support, np.flatnonzero(x))
    np.testing.assert_allclose(correlations[face.support], 0.1 * np.sign(x[face.support]), atol=1e-12)
    assert np.abs(correlations).max() <= 0.1 + 1e-11


def test_no_face_on_columns_that_depend_on_each_other():
    assert face_of(np.ones((2, 2)), np.array([1.0, 1.0])) is None
    nearly = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-15]])  # positive definite, by rounding alone
    assert face_of(nearly, np.array([1.0, 1.0])) is None
    assert face_of(np.ones((2, 2)), np.array([1.0, 0.0])).support.tolist() == [0]
