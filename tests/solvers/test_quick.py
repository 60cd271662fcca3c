"""The short way of small problems: the same judgement, the same refusals, the same answers."""

import math
import warnings

import numpy as np
import pytest

from kernelstab._engines.duality_gap import KINDS
from kernelstab._errors import NotConverged
from kernelstab.solvers import _judge_jit as loops
from kernelstab.solvers import basis_pursuit, lasso, qcbp, sqrt_lasso
from kernelstab.solvers._homotopy_jit import SIZE, STEPS, allocate, begin
from kernelstab.solvers._leap_jit import leap as jump
from kernelstab.solvers._leap_jit import strongest
from kernelstab.solvers._problem import Problem
from kernelstab.solvers._quick import quickly
from kernelstab.solvers._system import as_system

FORMS = (("lasso", 0.3), ("qcbp", 0.5), ("qcbp", 0.0), ("sqrt-lasso", 0.4))


@pytest.mark.parametrize("nonneg", [False, True])
@pytest.mark.parametrize(("form", "level"), FORMS)
@pytest.mark.parametrize("seed", range(6))
def test_points_are_judged_as_by_the_front_door(form, level, nonneg, seed):
    rng = np.random.default_rng(seed)
    A, y, x = rng.standard_normal((4, 7)), rng.standard_normal(4), rng.standard_normal(7)
    x = np.abs(x) if nonneg else x
    dual = (y - A @ x, y, -y, 1e-9 * y, np.zeros(4), rng.standard_normal(4))[seed]
    problem = Problem(form, as_system(A, y), level, 1e-6, nonneg)
    verdict = np.zeros(loops.FIELDS)
    verdict[loops.COLUMN] = problem.column
    expected = problem.judge(x, image=A @ x, dual=dual, pulled=A.T @ dual)
    work = dual.copy()
    kind = KINDS["basis-pursuit" if form == "qcbp" and level == 0 else form]
    loops.judge(kind, level, nonneg, y, x, A @ x, work, A.T @ dual, verdict)
    np.testing.assert_allclose(work, expected.dual, rtol=1e-12)
    np.testing.assert_allclose(verdict[:5], [expected.objective, expected.dual_objective, expected.gap,
                                             expected.residual, expected.feasibility], rtol=1e-10, atol=1e-13)
    assert verdict[loops.LENGTH] == pytest.approx(np.linalg.norm(expected.dual), rel=1e-12)
    assert verdict[loops.COLUMN] == pytest.approx(problem.column, rel=1e-12)


def test_an_infeasible_point_pays_for_its_excess():
    # x = 1/2, r = (1, -1)/2, h = (1, 1)/2 with A^T h = 1. The values are 1/2 and 1/2 - 0.1 |h|; the
    # excess is 1/sqrt 2 - 0.1, |h| = 1/sqrt 2, so the gap is 0.1 |h| + 1/2 - 0.1 |h| = 1/2.
    half, verdict = np.array([0.5, 0.5]), np.zeros(loops.FIELDS)
    y, one = np.array([1.0, 0.0]), np.ones(1)
    loops.judge(KINDS["qcbp"], 0.1, False, y, half[:1], half, half.copy(), one, verdict)
    assert verdict[loops.GAP] == pytest.approx(0.5)
    assert verdict[loops.VALUE] == pytest.approx(0.5 - 0.1 * np.sqrt(0.5))
    assert verdict[loops.EXCESS] == pytest.approx(np.sqrt(0.5) - 0.1)


@pytest.mark.parametrize(("solve", "level"), [(lasso, (0.3,)), (qcbp, (0.5,)), (basis_pursuit, ()),
                                              (sqrt_lasso, (0.4,))])
@pytest.mark.parametrize("nonneg", [False, True])
def test_both_ways_say_the_same(solve, level, nonneg):
    rng = np.random.default_rng(7)
    A = rng.standard_normal((6, 15))
    y = A @ np.abs(rng.standard_normal(15)) * (rng.random(6) > 0)
    short, long = (solve(A, y, *level, nonneg=nonneg, tol=1e-10, method=m) for m in ("auto", "homotopy"))
    np.testing.assert_allclose(short.x, long.x, atol=1e-12)
    np.testing.assert_allclose(short.dual, long.dual, atol=1e-10)
    assert short.objective == pytest.approx(long.objective, rel=1e-13)
    assert short.converged
    assert long.converged


def test_by_hand_without_the_front_door():
    # soft thresholding of (3, 0.5) by 1: (2, 0), objective (1 + 0.25)/2 + 2, residual (1, 0.5)
    s = quickly("lasso", "lasso", np.eye(2), np.array([3.0, 0.5]), 1.0, False, 1e-12)
    np.testing.assert_allclose(s.x, [2.0, 0.0], atol=1e-15)
    assert s.objective == 2.625
    assert s.residual == pytest.approx(math.sqrt(1.25))
    np.testing.assert_allclose(s.dual, [1.0, 0.5])


def test_what_is_left_to_the_front_door():
    A, y = np.eye(2), np.array([3.0, 0.5])
    other = ((A.tolist(), y), (A, y.tolist()), (A.astype(np.float32), y), (A + 0j, y), (A[::-1], y),
             (A, y[:1]), (A[:0], y[:0]), (np.eye(1000), np.ones(1000)))
    useless = ((A, np.array([np.nan, 1.0])), (A, np.array([np.inf, 1.0])), (A, 0.0 * y), (0.0 * A, y),
               (np.array([[np.nan, 0.0], [0.0, 1.0]]), y))
    for matrix, data in (*other, *useless):
        assert quickly("lasso", "lasso", matrix, data, 1.0, False, 1e-6) is None
    assert quickly("lasso", "lasso", A, y, 3.0, False, 1e-6) is None        # zero is optimal: closed form
    assert quickly("qcbp", "qcbp", np.eye(2, 1), y, 0.1, False, 1e-6) is None   # no point comes that close


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


def test_bad_input_is_named_as_ever():
    with pytest.raises(ValueError, match="A must be finite, got nan at index"):
        lasso(np.array([[np.nan, 0.0], [0.0, 1.0]]), np.array([1.0, 2.0]), 0.1)
    with pytest.raises(ValueError, match="y must be finite, got inf"):
        lasso(np.eye(2), np.array([1.0, np.inf]), 0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", NotConverged)
        assert lasso(np.eye(2), np.array([3.0, 0.5]), 1.0, tol=0.0).converged


def leap(A, y, level, nonneg=False, gram=False, form="lasso"):
    """Run the leap alone; return whether it arrived, its steps and its point."""
    state, correlation = allocate(*A.shape), A.T @ y
    begin(state, correlation, y, nonneg)
    matrix, inner = (A.T.copy(), A.T @ A) if gram else (A, np.empty((0, 0)))
    arrived = jump(matrix, inner, y, correlation, state, KINDS[form], level, nonneg)
    x, size = np.zeros(A.shape[1]), int(state.numbers[SIZE])
    x[state.order[:size]] = state.x[:size]
    return arrived, int(state.numbers[STEPS]), x


@pytest.mark.parametrize("gram", [False, True])
def test_a_leap_by_hand(gram):
    # identity: all that pull 0.7 of the strongest join at once: 4 and 3, then 1; 0.5 stays outside
    arrived, steps, x = leap(np.eye(4), np.array([4.0, -3.0, 1.0, 0.25]), 0.5, gram=gram)
    assert (arrived, steps) == (True, 3)
    np.testing.assert_allclose(x, [3.5, -2.5, 0.5, 0.0], atol=1e-15)


@pytest.mark.parametrize("gram", [False, True])
def test_a_column_whose_sign_turns_leaves(gram):
    # y = (2, 1.9): columns e1, e2 and their mean direction u = (1, 1) pull 2, 1.9 and 3.9; u joins alone,
    # x = (3.9 - 0.1)/2 = 1.9, r = (0.1, 0): only e1 pulls the level, so that is the end
    A = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    arrived, steps, x = leap(A, np.array([2.0, 1.9]), 0.1, gram=gram)
    assert (arrived, steps) == (True, 1)
    np.testing.assert_allclose(x, [0.0, 0.0, 1.9], atol=1e-14)
    # with u scaled by 0.6 it pulls 2.34 beside 2 and 1.9; all three join, which depend on each other
    arrived, steps, x = leap(A * [1.0, 1.0, 0.6], np.array([2.0, 1.9]), 0.1, gram=gram)
    assert not arrived
    assert (steps, x.tolist()) == (0, [0.0, 0.0, 0.0])        # begun again
    # for y = (1, -0.1) the columns e1 and 0.9 e1 + e2 pull 1 and 0.8: both join with a plus. On both the
    # second would be below zero (it is -0.1 where y is met), so it leaves
    B = np.array([[1.0, 0.9], [0.0, 1.0]])
    arrived, steps, x = leap(B, np.array([1.0, -0.1]), 0.05, gram=gram)
    expected = lasso(B, np.array([1.0, -0.1]), 0.05, method="working-set", tol=1e-12).x
    assert arrived
    assert steps >= 3                                          # two joined, one left
    np.testing.assert_allclose(x, expected, atol=1e-10)


@pytest.mark.parametrize("gram", [False, True])
def test_leaps_to_a_residual_and_to_a_ratio_by_hand(gram):
    # y = (3, 4), eta = 1: both join, the residual is lam * (1, 1), so lam = 1/sqrt 2
    arrived, steps, x = leap(np.eye(2), np.array([3.0, 4.0]), 1.0, gram=gram, form="qcbp")
    assert (arrived, steps) == (True, 2)
    np.testing.assert_allclose(x, np.array([3.0, 4.0]) - np.sqrt(0.5), rtol=1e-14)
    # from ||y|| on zero is optimal, which is not for a leap to find
    assert leap(np.eye(2), np.array([3.0, 4.0]), 5.0, gram=gram, form="qcbp")[:2] == (False, 0)
    # one column e1: r = (lam, 4) and lam/||r|| = 0.6, so lam = 3 and x = 5 - 3
    arrived, steps, x = leap(np.eye(2, 1), np.array([5.0, 4.0]), 0.6, gram=gram, form="sqrt-lasso")
    assert (arrived, steps) == (True, 1)
    np.testing.assert_allclose(x, [2.0], rtol=1e-14)
    # no ratio is so large on a face that meets the data: the path is left to find that end
    arrived, steps, x = leap(np.eye(2), np.array([3.0, 4.0]), 0.5, gram=gram, form="sqrt-lasso")
    assert not arrived
    np.testing.assert_array_equal(x, 0)
    # a residual far below what rounding of the data's square leaves: x = y - 1e-9/sqrt 2
    arrived, _, x = leap(np.eye(2), np.array([3.0, 4.0]), 1e-9, gram=gram, form="qcbp")
    assert arrived
    np.testing.assert_allclose(np.array([3.0, 4.0]) - x, 1e-9 * np.sqrt(0.5), rtol=1e-6)


@pytest.mark.parametrize("gram", [False, True])
@pytest.mark.parametrize("nonneg", [False, True])
@pytest.mark.parametrize("form", ["lasso", "qcbp", "sqrt-lasso"])
def test_where_a_leap_arrives_the_path_ends(form, nonneg, gram):
    solve = {"lasso": lasso, "qcbp": qcbp, "sqrt-lasso": sqrt_lasso}[form]
    count = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        A, y = rng.standard_normal((8, 14)), rng.standard_normal(8)
        y = A @ np.abs(rng.standard_normal(14)) if nonneg else y
        peak, size = np.abs(A.T @ y).max(), np.linalg.norm(y)
        level = rng.uniform(0.1, 0.6) * {"lasso": peak, "qcbp": size, "sqrt-lasso": peak / size}[form]
        arrived, _, x = leap(A, y, level, nonneg, gram, form)
        count += arrived
        expected = solve(A, y, level, nonneg=nonneg, method="homotopy", tol=1e-11).x if arrived else 0.0 * x
        np.testing.assert_allclose(x, expected, atol=1e-9)
    assert count >= 4


@pytest.mark.parametrize("nonneg", [False, True])
@pytest.mark.parametrize("entries", [2, 14])
def test_a_path_that_begins_at_a_lasso_ends_where_the_whole_path_does(entries, nonneg):
    other = 0   # times that it took another way
    for seed in range(6):
        rng = np.random.default_rng(seed)
        A, x = rng.standard_normal((8, 14)), np.zeros(14)
        x[:entries] = rng.standard_normal(entries)
        y = A @ (np.abs(x) if nonneg else x)
        found, path = (basis_pursuit(A, y, nonneg=nonneg, method=method) for method in ("auto", "homotopy"))
        other += found.iterations != path.iterations
        assert found.relative_gap <= 1e-12
        np.testing.assert_allclose(found.x, path.x, atol=1e-9)
    assert other >= 1


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 11])
def test_the_strongest_pull_may_stand_anywhere(size):
    for place in range(size):
        pulls = -np.ones(size)
        pulls[place] = 2.0
        assert (strongest(pulls, True), strongest(pulls, False), strongest(-pulls, False)) == (2.0, 2.0, 2.0)
        assert strongest(-pulls, True) == (1.0 if size > 1 else 0.0)
