"""The short way of small problems: the same judgement, the same refusals, the same answers."""

import math
import warnings

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.solvers import _quick_jit as loops
from kernelstab.solvers import basis_pursuit, lasso, qcbp, sqrt_lasso
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
    verdict = np.zeros(7)
    verdict[loops.COLUMN] = problem.column
    expected = problem.judge(x, image=A @ x, dual=dual, pulled=A.T @ dual)
    work = dual.copy()
    kind = loops.KINDS["basis-pursuit" if form == "qcbp" and level == 0 else form]
    loops.judge(kind, level, nonneg, y, x, A @ x, work, A.T @ dual, verdict)
    np.testing.assert_allclose(work, expected.dual, rtol=1e-12)
    np.testing.assert_allclose(verdict[:5], [expected.objective, expected.dual_objective, expected.gap,
                                             expected.residual, expected.feasibility], rtol=1e-10, atol=1e-13)
    assert verdict[loops.LENGTH] == pytest.approx(np.linalg.norm(expected.dual), rel=1e-12)
    assert verdict[loops.COLUMN] == pytest.approx(problem.column, rel=1e-12)


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
    assert (short.method, short.iterations, short.converged) == (long.method, long.iterations, True)


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
