"""What rounding has taken is not claimed: the judgement of points against exact arithmetic."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from kernelstab._engines.linear_system import as_system
from kernelstab._engines.problem import Problem
from kernelstab._errors import NotConverged
from kernelstab.solvers import basis_pursuit, lasso, qcbp, sqrt_lasso
from kernelstab.solvers._solve import METHODS


def exactly(A, x):
    """Return the product of the floats as they stand."""
    return [sum(Fraction(a) * Fraction(b) for a, b in zip(row, x)) for row in A.tolist()]


def quiet(solve, *args, **kw):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        return solve(*args, **kw)


@pytest.mark.parametrize("seed", range(4))
def test_data_met_by_cancellation_only_are_not_met(seed):
    # columns parallel up to 1e-13: entries of 1e13 would be needed, and Ax has lost all digits
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((3, 1)) + 1e-13 * rng.standard_normal((3, 4))
    y = rng.standard_normal(3)
    s = quiet(basis_pursuit, A, y)
    miss = max(abs(a - Fraction(b)) for a, b in zip(exactly(A, s.x.tolist()), y.tolist()))
    assert miss <= 1e-6 * np.linalg.norm(y) or not s.converged


@pytest.mark.parametrize("seed", range(4))
def test_a_dual_point_nearly_orthogonal_to_the_range_keeps_its_constraint(seed):
    # the residual of the closest point: A'r is nothing but rounding, and no multiple of r is too long
    rng = np.random.default_rng(seed)
    A, y = rng.standard_normal((8, 3)), rng.standard_normal(8)
    posed = Problem("qcbp", as_system(A, y), 0.0, 1e-6)
    judged = posed.judge(np.linalg.lstsq(A, y, rcond=None)[0])
    assert np.linalg.norm(judged.dual) > 1e10
    assert max(abs(v) for v in exactly(A.T, judged.dual.tolist())) <= 1
    assert judged.gap >= 0


def test_a_level_below_the_rounding_of_the_correlations_proves_nothing():
    # y is orthogonal to all columns but for rounding, so A'h is known up to some 1e-16 only
    rng = np.random.default_rng(3)
    A = rng.choice([-1.0, 1.0], (17, 5))
    y = rng.standard_normal(17)
    y -= A @ np.linalg.lstsq(A, y, rcond=None)[0]
    assert not quiet(sqrt_lasso, A, y, 1e-18, max_iter=100).converged


def test_gaps_are_not_negative_near_the_least_feasible_level():
    rng = np.random.default_rng(8)
    for _ in range(20):
        A, y = rng.standard_normal((10, 2)), rng.standard_normal(10)
        least = np.linalg.norm(y - A @ np.linalg.lstsq(A, y, rcond=None)[0])
        for share in (1.0, 1 + 1e-12, 1 + 1e-9):
            assert quiet(qcbp, A, y, share * least, max_iter=200).gap >= 0


def test_an_excess_that_is_small_beside_the_data_only_is_not_small():
    # |x| subject to |x - 1| <= 1 - 1e-6: the least is 1e-6, its dual point 1. At 0.9e-6 the excess of 1e-7
    # is a tenth of the tolerance; the dual value 1 - eta = 1e-6 is the objective plus 1 times the excess,
    # so that the gap vanishes, a tenth below the least objective.
    posed = Problem("qcbp", as_system(np.eye(1), [1.0]), 1.0 - 1e-6, 1e-6)
    judged = posed.judge(np.array([0.9e-6]))
    assert judged.feasibility == pytest.approx(1e-7, rel=1e-6)
    assert judged.feasibility <= posed.tol * posed.size
    assert (judged.relative_gap, judged.dual_objective) == (pytest.approx(0.0, abs=1e-9), pytest.approx(1e-6))
    assert not posed.finished(judged)
    assert posed.distance(judged) == pytest.approx(1 / 9)
    for share, finished in ((1.0, True), (1.0 - 0.5e-6, True), (1.0 - 2e-6, False)):
        assert posed.finished(posed.judge(np.array([share * (1.0 - posed.parameter)]))) == finished


@pytest.mark.parametrize(("method", "nonneg"), [
    (name, nonneg) for name, m in METHODS.items() for nonneg in (False, True) if "qcbp" in m.forms])
@pytest.mark.parametrize("share", [1e-5, 1e-7])
def test_levels_that_are_nearly_the_size_of_the_data(method, nonneg, share):
    # (3, 4) has length 5, and the first of orthonormal columns is along it: no other moves
    A, needs = np.array([[0.6, 0.8, 0.0], [0.8, -0.6, 0.0]]), METHODS[method]
    A = A if needs.dense else aslinearoperator(A)
    s = quiet(qcbp, A, [3.0, 4.0], 5.0 - 5.0 * share, nonneg=nonneg, method=method)
    assert s.converged
    assert s.objective == pytest.approx(5 * share, rel=2e-6)


def test_nonnegative_is_not_negative_by_rounding():
    # columns of sizes 1e-7, 1, 1e-2: a correction by the residual moves a zero below zero
    A = np.array([[-4.420690630656111e-07, 1.4488544623350335, 0.0005472043233198221],
                  [1.1819704783391992e-07, 0.8639449229924627, 0.00572847523861682]])
    y = np.array([0.0005305078697306893, 0.005553686376610405])
    for method in ("working-set", "homotopy", "auto"):
        assert quiet(basis_pursuit, A, y, nonneg=True, method=method).x.min() >= 0


def test_infeasible_nonnegative_data_end_without_overflow():
    # -0.0168 has no nonnegative combination: the dual point grows for ever
    A = np.array([[-1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    y = np.array([2.0128729205446665, -0.01681526062301157, 0.47903378976884353])
    s = quiet(basis_pursuit, A, y, nonneg=True)
    assert not s.converged
    # the closest point: 2.01 on the second column
    assert s.feasibility == pytest.approx(np.hypot(y[1], y[2]), rel=1e-6)


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (2, 2), (2, 5), (5, 2)])
@pytest.mark.parametrize("is_complex", [False, True])
def test_norms_of_operators_too_small_for_lanczos(shape, is_complex):
    A = np.arange(1.0, 1.0 + shape[0] * shape[1]).reshape(shape) * (1j if is_complex else 1.0)
    A[0, 0] = 7.0
    operator = LinearOperator(shape, matvec=lambda x: A @ x, rmatvec=lambda u: A.conj().T @ u, dtype=A.dtype)
    norm = as_system(operator, np.ones(shape[0])).norm()
    assert norm == pytest.approx(np.linalg.svd(A, compute_uv=False)[0], rel=1e-12)


@pytest.mark.parametrize("kind", [np.matrix, np.ma.MaskedArray])
@pytest.mark.parametrize("method", ["auto", "fista", "working-set", "homotopy"])
def test_kinds_of_arrays_with_products_of_their_own_are_plain_matrices(kind, method):
    # soft thresholding of (3, 0.5) by 1
    s = lasso(np.eye(2).view(kind), np.array([3.0, 0.5]), 1.0, method=method)
    np.testing.assert_allclose(s.x, [2.0, 0.0], atol=1e-5)
    assert type(s.x) is np.ndarray


@pytest.mark.parametrize(("lam", "finished"), [(1e-20, True), (1e-33, False)])
def test_a_residual_of_zero_is_one_up_to_rounding(lam, finished):
    # x = y = 0.7 costs 0.7 lam; the rounding e = 1.6e-16 of Ax adds e^2/2 = 1.2e-32, which may be more.
    posed = Problem("lasso", as_system(np.eye(1), [0.7]), lam, 1e-6)
    judged = posed.judge(np.array([0.7]), dual=np.array([lam]))
    assert judged.relative_gap <= 1e-12
    assert posed.finished(judged) == finished


def test_a_pull_of_zero_is_one_up_to_rounding():
    # The column has length 1 and the residual (0, 1), so that the pull is known up to 4 eps; lam is 1e-20.
    x, y, lam, lost = np.array([1e-3]), np.array([1e-3, 1.0]), 1e-20, 4.0 * np.finfo(float).eps
    judged = Problem("lasso", as_system(np.eye(2, 1), y), lam, 1e-6).judge(x, Ax=np.array([1e-3, 0.0]))
    np.testing.assert_allclose(judged.dual, [0.0, lam / lost], rtol=1e-12)
