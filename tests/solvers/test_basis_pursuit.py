"""Basis pursuit by hand: vertices, ties, and data that no point explains."""

import numpy as np
import pytest

from kernelstab._errors import NotConverged
from kernelstab.solvers import basis_pursuit, qcbp


def test_a_vertex_by_hand():
    # columns (1, 0), (0, 1), (1, 1): (2, 1) = (1, 0) + (1, 1) at the price 2; (2, 1, 0) costs 3
    s = basis_pursuit(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]), [2.0, 1.0])
    np.testing.assert_allclose(s.x, [1.0, 0.0, 1.0], atol=1e-12)
    # the dual point meets both columns in 1: h = (1, 0), and the third product is 0
    np.testing.assert_allclose(s.dual, [1.0, 0.0], atol=1e-12)


def test_ties_end_at_some_solution():
    # two equal columns: any split costs 2
    s = basis_pursuit(np.array([[1.0, 1.0]]), [2.0])
    assert s.converged
    assert s.objective == pytest.approx(2.0, rel=1e-12)
    assert s.x.sum() == pytest.approx(2.0, rel=1e-12)


def test_a_solution_with_as_many_entries_as_rows():
    rng = np.random.default_rng(2)
    A, y = rng.standard_normal((9, 30)), rng.standard_normal(9)
    s = basis_pursuit(A, y, tol=1e-10)
    assert np.count_nonzero(s.x) == 9
    np.testing.assert_allclose(A @ s.x, y, atol=1e-12)
    np.testing.assert_allclose((A.T @ s.dual)[s.x != 0], np.sign(s.x[s.x != 0]), atol=1e-9)


def test_it_is_the_constrained_problem_without_noise():
    rng = np.random.default_rng(3)
    A, y = rng.standard_normal((9, 30)), rng.standard_normal(9)
    exact, constrained = basis_pursuit(A, y, tol=1e-9), qcbp(A, y, 0.0, tol=1e-9)
    assert exact.objective == pytest.approx(constrained.objective, rel=1e-8)


def test_data_outside_the_range():
    # the range is the diagonal; (1, 2) is at distance sqrt(1/2) from it
    with pytest.warns(NotConverged, match="infeasible"):
        s = basis_pursuit(np.array([[1.0, 1.0], [1.0, 1.0]]), [1.0, 2.0])
    assert not s.converged
    assert s.feasibility >= np.sqrt(0.5) - 1e-12
