"""Certificates of solutions: proved again by the verifier, and never more than is true."""

import dataclasses

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab.certify import verify
from kernelstab.solvers import Solution, basis_pursuit, lasso, qcbp, sqrt_lasso

SOLVERS = {
    "lasso": lambda A, y, **kw: lasso(A, y, 1.0, **kw),
    "qcbp": lambda A, y, **kw: qcbp(A, y, 0.3, **kw),
    "basis pursuit": basis_pursuit,
    "sqrt lasso": lambda A, y, **kw: sqrt_lasso(A, y, 2.5, **kw),
}


def problem(is_complex):
    rng = np.random.default_rng(0)
    A, x = rng.standard_normal((20, 50)) + 1j * is_complex * rng.standard_normal((20, 50)), np.zeros(50)
    x[[3, 7, 9]] = 1.0, -2.0, 1.0
    A = A if is_complex else A.real
    return A, A @ x + 0.02 * rng.standard_normal(20)


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("is_complex", [False, True])
def test_the_value_is_enclosed_as_narrowly_as_the_gap(name, is_complex):
    A, y = problem(is_complex)
    s = SOLVERS[name](A, y, tol=1e-9, certify=True)
    p = s.proofs
    assert verify(p.collection).ok
    assert p.lower <= s.objective * (1 + 1e-12)
    assert p.upper >= s.dual_objective * (1 - 1e-12)
    assert 0 <= p.upper - p.lower <= 3e-9 * s.objective
    assert "upper bound" not in p.missing


def test_by_hand():
    # x1 + 2 x2 = 2: x = (0, 1), h = 1/2: the value is 1, and the other product is 1/2
    p = basis_pursuit(np.array([[1.0, 2.0]]), [2.0], certify=True).proofs
    assert (p.lower, p.upper, p.theta) == pytest.approx((1.0, 1.0, 0.5))
    assert p.missing == {}


def test_recovery_is_proved_where_the_dual_separates():
    A, y = problem(False)
    p = lasso(A, y, 1.0, tol=1e-10, certify=True).proofs
    claims = [claim.text for claim in verify(p.collection).claims]
    assert 0 < p.theta < 1
    assert any("theta" in text for text in claims)
    # a column three times as long takes over: its product with the dual is 3
    taken = np.hstack([A, 3 * A[:, [7]]])
    other = lasso(taken, y, 1.0, tol=1e-10, certify=True).proofs
    first, second = (proofs.certificates["recovery"]["options"]["support"] for proofs in (p, other))
    assert first != second


def test_equal_columns_separate_nothing():
    A = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    p = basis_pursuit(A, [1.0, 0.0], certify=True).proofs
    assert "recovery" in p.missing
    assert p.theta == np.inf
    assert (p.lower, p.upper) == pytest.approx((1.0, 1.0))


def test_weights_and_nonnegative_solutions_are_certified_in_the_callers_coordinates():
    A, y = problem(False)
    weights = np.linspace(1.0, 2.0, 50)
    s = lasso(A, y, 1.0, weights=weights, tol=1e-9, certify=True)
    objective = 0.5 * np.sum((A @ s.x - y) ** 2) + weights @ np.abs(s.x)
    assert s.proofs.upper == pytest.approx(objective, rel=1e-12)
    assert s.proofs.upper - s.proofs.lower <= 3e-9 * s.objective
    assert "recovery" in s.proofs.missing


def test_without_full_row_rank_exact_data_have_no_point():
    A, y = problem(False)
    p = basis_pursuit(np.vstack([A, A[:1]]), np.append(y, y[0]), certify=True).proofs
    assert p.upper == np.inf
    assert "upper bound" in p.missing
    assert p.lower > 0


def test_operators_have_no_exact_entries():
    A, y = problem(False)
    with pytest.raises(ValueError, match="certify needs a dense matrix"):
        lasso(aslinearoperator(A), y, 1.0, certify=True)
    assert lasso(A, y, 1.0).proofs is None


def test_a_solution_cannot_be_changed_and_fits_on_one_line():
    s = Solution(np.zeros(1000), np.zeros(500), 2.0, 1.9, 0.1, 0.05, 0.0, 1e-3, 42, True, "demo")
    with pytest.raises(dataclasses.FrozenInstanceError):
        s.gap = 0.0
    assert "\n" not in repr(s)
    assert "converged after 42 iterations" in repr(s)
    assert s.history is None
    assert s.image is None
