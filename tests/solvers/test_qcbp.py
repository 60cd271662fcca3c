import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._engines.first_order.primal_dual import project
from kernelstab._errors import NotConverged
from kernelstab.operators import gaussian
from kernelstab.solvers import basis_pursuit, qcbp


def sparse_problem(is_complex, m=40, N=100):
    rng = np.random.default_rng(5)
    A = rng.standard_normal((m, N)) + 1j * is_complex * rng.standard_normal((m, N))
    A, x = A if is_complex else A.real, np.zeros(N, complex if is_complex else float)
    x[[3, 30, 77, 78]] = 1.0, -2.0, 1.5, 1j if is_complex else 0.5
    return A, x


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("wrap", [np.asarray, aslinearoperator])
def test_sparse_vectors_are_recovered(is_complex, wrap):
    A, x = sparse_problem(is_complex)
    s = qcbp(wrap(A), A @ x, tol=1e-9)
    np.testing.assert_allclose(s.x, x, atol=1e-6)
    # the dual certificate has modulus one on the support, with the phases of x
    slope = A.conj().T @ s.dual
    on = x != 0
    np.testing.assert_allclose(slope[on], x[on] / np.abs(x[on]), atol=1e-3)


def test_a_hand_made_projection():
    # minimise |x1| + |x2| over the disc of radius 1 about (3, 4): the nearest diamond touches
    # where the normal is (1, 1): x = (3, 4) - (1, 1)/sqrt 2
    s = qcbp(np.eye(2), [3.0, 4.0], 1.0, tol=1e-10)
    np.testing.assert_allclose(s.x, np.array([3.0, 4.0]) - np.sqrt(0.5), atol=1e-5)
    assert s.objective == pytest.approx(7 - np.sqrt(2), rel=1e-9)
    np.testing.assert_allclose(s.dual, [1.0, 1.0], atol=1e-4)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_zero_from_the_norm_of_the_data_on(factor):
    A, x = sparse_problem(False)
    y = A @ x
    s = qcbp(A, y, factor * np.linalg.norm(y))
    assert (s.iterations, s.gap, s.converged) == (0, 0.0, True)
    np.testing.assert_array_equal(s.x, 0)
    assert qcbp(A, y, 0.99 * np.linalg.norm(y)).x.any()


def test_conditioning_does_not_matter_for_dense_matrices():
    A, x = sparse_problem(False)
    L = np.tril(np.ones((40, 40))) @ np.diag(np.logspace(0, 4, 40))
    assert np.linalg.cond(L @ A) > 4e4
    plain, bad = (qcbp(B, B @ x, tol=1e-8, method="primal-dual") for B in (A, L @ A))
    assert bad.converged
    assert bad.iterations <= 2 * plain.iterations
    np.testing.assert_allclose(bad.x, x, atol=1e-5)


def test_data_outside_the_range():
    # the range is the first axis; y is 3 above it
    A, y = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([2.0, 3.0])
    with pytest.warns(NotConverged, match=r"infeasible by 1\.0e\+00"):
        s = qcbp(A, y, 2.0, method="primal-dual")
    assert not s.converged
    assert s.feasibility == pytest.approx(1.0)
    np.testing.assert_allclose(A @ s.x, [2.0, 0.0], atol=1e-6)
    # x = (0, 1): 1 - (<y, h> - 2 |h|), and the excess 1 costs |h|
    weight = np.linalg.norm(s.dual)
    # the dual point is long, because any multiple of the part of y outside the range will do
    assert s.gap == pytest.approx(1 - (y @ s.dual - 2 * weight) + weight, abs=1e-5 + 1e-15 * weight)
    assert s.gap > 0.5
    # with eta = 5 > 3 there is room 4 in the range: |x1 + 2 x2 - 2| <= 4 allows zero ...
    assert qcbp(A, y, 5.0).objective == 0.0
    # ... and with eta = sqrt(10) room 1: least |x| with x1 + 2 x2 = 1
    s = qcbp(A, y, np.sqrt(10.0), tol=1e-9)
    assert s.converged
    np.testing.assert_allclose(s.x, [0.0, 0.5], atol=1e-8)
    # the dual point h = (a, b) must have |a|, |2a| <= 1 and be parallel to the residual (1, 3)
    np.testing.assert_allclose(s.dual, [0.5, 1.5], atol=1e-6)


@pytest.mark.parametrize("A", [np.zeros((2, 3)), np.array([[1.0, 1.0], [0.0, 0.0]])])
def test_data_orthogonal_to_the_range(A):
    with pytest.warns(NotConverged, match="infeasible by 5"):
        s = qcbp(A, [0.0, 5.0])
    assert (s.converged, s.feasibility, s.residual) == (False, 5.0, 5.0)
    np.testing.assert_array_equal(s.x, 0)


def test_an_inconsistent_operator_is_reported():
    A = aslinearoperator(np.array([[1.0, 1.0], [1.0, 1.0]]))
    with pytest.warns(NotConverged, match="infeasible"):
        s = qcbp(A, [1.0, 2.0], max_iter=500)
    # the closest point of the range is (1.5, 1.5)
    assert s.feasibility >= np.sqrt(0.5) - 1e-12
    assert not s.converged


def test_the_projection_by_hand():
    # diag(1, 2) c - b with b = 0: the ellipse c1^2 + 4 c2^2 <= 1
    s, b = np.array([1.0, 2.0]), np.zeros(2)
    np.testing.assert_allclose(project(np.array([5.0, 0.0]), s, b, 1.0), [1.0, 0.0], rtol=1e-14)
    np.testing.assert_allclose(project(np.array([0.0, -5.0]), s, b, 1.0), [0.0, -0.5], rtol=1e-14)
    inside = np.array([0.3, 0.2])
    np.testing.assert_array_equal(project(inside, s, b, 1.0), inside)
    np.testing.assert_allclose(project(np.array([7.0, 7.0]), s, np.array([1.0, 3.0]), 0.0), [1.0, 1.5])


@pytest.mark.parametrize("spread", [0.0, 3.0, 9.0])
def test_the_projection_is_on_the_boundary_and_along_the_normal(spread):
    rng = np.random.default_rng(6)
    s, b, v = np.logspace(0, -spread, 20), rng.standard_normal(20), 1e3 * rng.standard_normal(20)
    c = project(v, s, b, 0.5)
    residual = s * c - b
    assert np.linalg.norm(residual) == pytest.approx(0.5, rel=1e-12)
    # v - c = l s (s c - b) with one multiplier l > 0
    normal, way = s * residual, v - c
    assert way @ normal == pytest.approx(np.linalg.norm(way) * np.linalg.norm(normal), rel=1e-9)


def test_a_random_basis_pursuit_against_its_own_support():
    A = gaussian(30, 60, rng=8).matrix
    y = np.cos(np.arange(30.0))
    s = qcbp(A, y, tol=1e-8)
    # a vertex: at most 30 entries, and the data are met
    assert np.sum(np.abs(s.x) > 1e-5) <= 30
    np.testing.assert_allclose(A @ s.x, y, atol=1e-12)


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


def test_no_point_meets_data_outside_the_range():
    # the range is the diagonal; (1, 2) is at distance sqrt(1/2) from it
    with pytest.warns(NotConverged, match="infeasible"):
        s = basis_pursuit(np.array([[1.0, 1.0], [1.0, 1.0]]), [1.0, 2.0])
    assert not s.converged
    assert s.feasibility >= np.sqrt(0.5) - 1e-12


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 2.0, 8)])
@pytest.mark.parametrize("power", [-300, -40, -7, 30])
def test_a_row_times_a_number_is_the_same_equation(power, weights, is_complex):
    # By powers of two: the points and what they prove agree, and the dual point is that of the rows as given.
    rng = np.random.default_rng(3)
    A = rng.standard_normal((4, 8)) + (1j * rng.standard_normal((4, 8)) if is_complex else 0.0)
    y, rows = A @ np.eye(8)[2] - 2 * A[:, 5], 2.0 ** np.array([0, power, 3, 0])
    plain = basis_pursuit(A, y, weights=weights, tol=1e-8)
    found = basis_pursuit(rows[:, None] * A, rows * y, weights=weights, tol=1e-8)
    assert found.converged
    assert found.objective == pytest.approx(plain.objective, rel=1e-7)
    np.testing.assert_allclose(A @ found.x, y, atol=1e-6)
    limit = np.ones(8) if weights is None else weights
    assert (np.abs((rows[:, None] * A).conj().T @ found.dual) <= limit * (1 + 1e-9)).all()
    assert np.vdot(rows * y, found.dual).real == pytest.approx(found.dual_objective, rel=1e-9)
    again = basis_pursuit(rows[:, None] * A, rows * y, weights=weights, tol=1e-8, x0=found)
    assert again.converged
    assert again.objective == pytest.approx(plain.objective, rel=1e-7)


def test_rows_of_many_sizes_by_hand():
    # x1 + x2 = 1 and x2 = -5 have one solution, (6, -5); x1 + x2 + 2 x3 = 1, x1 - x2 + x3 = 3 cost 3.
    found = basis_pursuit([[1.0, 1.0], [0.0, 1e-7]], [1.0, -5e-7], certify=True)
    assert found.converged
    assert found.objective == pytest.approx(11.0, rel=1e-6)
    assert found.proofs.lower <= 11 <= found.proofs.upper
    for t in (1.0, 1e-7, 1e9):
        assert basis_pursuit([[1, 1, 2], [t, -t, t]], [1, 3 * t]).objective == pytest.approx(3.0, rel=1e-6)
    # Sizes from 1e-7 to 300 at once, an instance that ended in "A must return finite values"; the least is 7.
    A = np.array([[-300.0, -200, -200, -100, -200], [0, -.003, .001, -.003, -.003],
                  [2e-7, 1e-7, 1e-7, 3e-7, -3e-7]])
    assert basis_pursuit(A, [1000, .021, -7e-7]).objective == pytest.approx(7.0, rel=1e-6)
