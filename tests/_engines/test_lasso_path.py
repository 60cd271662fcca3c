"""Guess, path and compiled judgement: the same answers, the same proofs as ``Problem.judge``."""

import numpy as np
import pytest

from kernelstab._engines.duality_gap import BASIS, LASSO, QCBP, ROOT
from kernelstab._engines.lasso_path import active_set_jit as loops
from kernelstab._engines.lasso_path.active_set_jit import allocate
from kernelstab._engines.lasso_path.path import solve_rows
from kernelstab._engines.lasso_path.path_jit import follow, guess
from kernelstab._engines.linear_system import as_system
from kernelstab._engines.problem import Problem
from kernelstab.solvers import basis_pursuit, lasso, qcbp, sqrt_lasso

CASES = [("lasso", LASSO, 0.3), ("qcbp", QCBP, 0.5), ("qcbp", BASIS, 0.0), ("sqrt-lasso", ROOT, 0.4)]


def run(route, A, y, kind, parameter, nonneg=False, gram=False):
    """Run one route alone; return whether it arrived, its number of events and its point."""
    m, n = A.shape
    matrix, inner = (A.T.copy(), A.T @ A) if gram else (A, np.empty((0, 0)))
    x, verdicts = np.empty((1, n)), np.zeros((1, loops.FIELDS))
    rest = (100, True) if route is follow else ()
    route(matrix[None], inner, y[None], (A.T @ y)[None], np.array([kind]), np.array([float(parameter)]),
          nonneg, *rest, allocate(m, n), x, np.empty((1, m)), np.empty((1, m)), verdicts)
    events = int(verdicts[0, loops.EVENTS])
    return events >= 0, events, x[0]


@pytest.mark.parametrize("nonneg", [False, True])
@pytest.mark.parametrize(("form", "kind", "level"), CASES)
@pytest.mark.parametrize("seed", range(6))
def test_points_are_judged_as_by_the_problem(form, kind, level, nonneg, seed):
    rng = np.random.default_rng(seed)
    A, y, x = rng.standard_normal((4, 7)), rng.standard_normal(4), rng.standard_normal(7)
    x = np.abs(x) if nonneg else x
    dual = (y - A @ x, y, -y, 1e-9 * y, np.zeros(4), rng.standard_normal(4))[seed]
    problem = Problem(form, as_system(A, y), level, 1e-6, nonneg)
    verdict = np.zeros(loops.FIELDS)
    verdict[loops.COLUMN] = problem.column
    expected = problem.judge(x, Ax=A @ x, dual=dual, correlation=A.T @ dual)
    work = dual.copy()
    loops.judge(y[None], np.array([kind]), np.array([level]), nonneg, 1e-6, x[None], (A @ x)[None],
                work[None], (A.T @ dual)[None], verdict[None])
    np.testing.assert_allclose(work, expected.dual, rtol=1e-12)
    np.testing.assert_allclose(verdict[:6], [expected.objective, expected.dual_objective, expected.gap,
                                             expected.relative_gap, expected.residual, expected.feasibility],
                               rtol=1e-10, atol=1e-13)
    assert verdict[loops.COLUMN] == pytest.approx(problem.column, rel=1e-12)
    assert bool(verdict[loops.MET]) == problem.finished(expected)


def test_a_correlation_of_zero_is_one_up_to_rounding():
    # The column has length 1 and the residual (0, 1), so that A'r is known up to 4 eps; lam is 1e-20.
    x, y, lam, lost = np.array([1e-3]), np.array([1e-3, 1.0]), 1e-20, 4.0 * np.finfo(float).eps
    dual, verdict = np.array([[0.0, 1.0]]), np.zeros((1, loops.FIELDS))
    loops.judge(y[None], np.array([LASSO]), np.array([lam]), False, 1e-6, x[None], np.array([[1e-3, 0.0]]),
                dual, np.zeros((1, 1)), verdict)
    np.testing.assert_allclose(dual[0], [0.0, lam / lost], rtol=1e-12)


@pytest.mark.parametrize("gram", [False, True])
def test_a_guess_by_hand(gram):
    # identity: all with 0.7 of the largest correlation join at once: 4 and 3, then 1; 0.25 stays outside
    arrived, steps, x = run(guess, np.eye(4), np.array([4.0, -3.0, 1.0, 0.25]), LASSO, 0.5, gram=gram)
    assert (arrived, steps) == (True, 3)
    np.testing.assert_allclose(x, [3.5, -2.5, 0.5, 0.0], atol=1e-15)


@pytest.mark.parametrize("gram", [False, True])
def test_a_column_whose_sign_turns_leaves(gram):
    # y = (2, 1.9): columns e1, e2 and u = (1, 1) have the correlations 2, 1.9 and 3.9; u joins alone,
    # x = (3.9 - 0.1)/2 = 1.9, r = (0.1, 0): only e1 reaches lambda, so that is the end
    A = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    arrived, steps, x = run(guess, A, np.array([2.0, 1.9]), LASSO, 0.1, gram=gram)
    assert (arrived, steps) == (True, 1)
    np.testing.assert_allclose(x, [0.0, 0.0, 1.9], atol=1e-14)
    # with u scaled by 0.6 it has 2.34 beside 2 and 1.9; all three join, which depend on each other
    assert not run(guess, A * [1.0, 1.0, 0.6], np.array([2.0, 1.9]), LASSO, 0.1, gram=gram)[0]
    # for y = (1, -0.1) the columns e1 and 0.9 e1 + e2 have 1 and 0.8: both join with a plus. On both the
    # second would be below zero (it is -0.1 where y is met), so it leaves
    B = np.array([[1.0, 0.9], [0.0, 1.0]])
    arrived, steps, x = run(guess, B, np.array([1.0, -0.1]), LASSO, 0.05, gram=gram)
    expected = lasso(B, np.array([1.0, -0.1]), 0.05, method="working-set", tol=1e-12).x
    assert arrived
    assert steps >= 3                                          # two joined, one left
    np.testing.assert_allclose(x, expected, atol=1e-10)


@pytest.mark.parametrize("gram", [False, True])
def test_a_residual_and_a_ratio_by_hand(gram):
    # y = (3, 4), eta = 1: both join, the residual is lam * (1, 1), so lam = 1/sqrt 2
    arrived, steps, x = run(guess, np.eye(2), np.array([3.0, 4.0]), QCBP, 1.0, gram=gram)
    assert (arrived, steps) == (True, 2)
    np.testing.assert_allclose(x, np.array([3.0, 4.0]) - np.sqrt(0.5), rtol=1e-14)
    # one column e1: r = (lam, 4) and lam/||r|| = 0.6, so lam = 3 and x = 5 - 3
    arrived, steps, x = run(guess, np.eye(2, 1), np.array([5.0, 4.0]), ROOT, 0.6, gram=gram)
    assert (arrived, steps) == (True, 1)
    np.testing.assert_allclose(x, [2.0], rtol=1e-14)
    # no ratio is so large on a support that meets the data: the path is left to find that end
    assert not run(guess, np.eye(2), np.array([3.0, 4.0]), ROOT, 0.5, gram=gram)[0]
    assert not run(guess, np.eye(2), np.array([3.0, 4.0]), BASIS, 0.0, gram=gram)[0]


@pytest.mark.parametrize("gram", [False, True])
@pytest.mark.parametrize("nonneg", [False, True])
@pytest.mark.parametrize("kind", [LASSO, QCBP, ROOT])
def test_where_a_guess_arrives_the_path_ends(kind, nonneg, gram):
    count = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        A, y = rng.standard_normal((8, 14)), rng.standard_normal(8)
        y = A @ np.abs(rng.standard_normal(14)) if nonneg else y
        largest, size = np.abs(A.T @ y).max(), np.linalg.norm(y)
        parameter = rng.uniform(0.1, 0.6) * {LASSO: largest, QCBP: size, ROOT: largest / size}[kind]
        arrived, _, x = run(guess, A, y, kind, parameter, nonneg, gram)
        count += arrived
        if arrived:
            np.testing.assert_allclose(x, run(follow, A, y, kind, parameter, nonneg, gram)[2], atol=1e-9)
    assert count >= 4


@pytest.mark.parametrize(("solve", "level"), [(lasso, (0.3,)), (qcbp, (0.5,)), (basis_pursuit, ()),
                                              (sqrt_lasso, (0.4,))])
@pytest.mark.parametrize("nonneg", [False, True])
def test_the_short_way_says_the_same_as_the_path(solve, level, nonneg):
    rng = np.random.default_rng(7)
    A = rng.standard_normal((6, 15))
    y = A @ np.abs(rng.standard_normal(15)) * (rng.random(6) > 0)
    short, long = (solve(A, y, *level, nonneg=nonneg, tol=1e-10, method=m) for m in ("auto", "homotopy"))
    np.testing.assert_allclose(short.x, long.x, atol=1e-12)
    np.testing.assert_allclose(short.dual, long.dual, atol=1e-10)
    assert short.objective == pytest.approx(long.objective, rel=1e-13)
    assert short.converged
    assert long.converged


def test_what_is_not_finite_or_overflows_is_not_met():
    A, y = np.eye(2), np.array([3.0, 0.5])
    bad = np.array([[np.nan, 0.0], [0.0, 1.0]])
    cases = ((A, np.array([np.nan, 1.0]), LASSO, 1.0), (A, np.array([np.inf, 1.0]), LASSO, 1.0),
             (bad, y, LASSO, 1.0), (A, 1e200 * y, BASIS, 0.0), (np.eye(2, 1), y, QCBP, 0.1))   # none so close
    for matrix, data, kind, parameter in cases:
        verdict = solve_rows(matrix[None], data[None], np.array([kind]), np.array([parameter]), False, 1e-6,
                             100)[2]
        assert verdict[0, loops.MET] == 0.0


def test_answers_do_not_share_memory_and_leave_the_data_alone():
    rng = np.random.default_rng(3)
    A, y = rng.standard_normal((5, 9)), rng.standard_normal(5)
    kept = A.copy(), y.copy()
    first = lasso(A, y, 0.3)
    x, dual = first.x.copy(), first.dual.copy()
    lasso(A, -y, 0.2)
    np.testing.assert_array_equal(first.x, x)
    np.testing.assert_array_equal(first.dual, dual)
    np.testing.assert_array_equal(A, kept[0])
    np.testing.assert_array_equal(y, kept[1])
    assert all(array.flags.writeable for array in (A, y, first.x, first.dual))
