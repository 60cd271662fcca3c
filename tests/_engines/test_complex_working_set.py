"""The working set for complex dense problems: by hand, at the edges, and piece by piece."""

import numpy as np
import pytest

from kernelstab._engines.working_set import complex as engine
from kernelstab._engines.working_set.columns import WorkingColumns
from kernelstab._engines.working_set.complex_jit import line
from kernelstab._engines.working_set.complex_path import _shift, corner, factor, settle
from kernelstab._engines.working_set.complex_path import solve as newton_solution
from kernelstab._errors import NotConverged
from kernelstab.solvers import basis_pursuit, lasso, qcbp, reference_qcbp, sqrt_lasso

SHARP = {"tol": 1e-10, "method": "working-set"}


def gaussian(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def sparse(rng, n, count):
    x = np.zeros(n, complex)
    x[rng.choice(n, count, replace=False)] = gaussian(rng, count)
    return x


@pytest.fixture
def noisy():
    rng = np.random.default_rng(11)
    A = gaussian(rng, 15, 40)
    return A, A @ sparse(rng, 40, 3) + 0.1 * gaussian(rng, 15)


SOLVERS = {
    "lasso": lambda A, y, scale=1.0: lasso(A, y, 2.0 * scale, **SHARP),
    "qcbp": lambda A, y: qcbp(A, y, 0.2 * np.linalg.norm(y), **SHARP),
    "basis pursuit": lambda A, y: basis_pursuit(A, y, **SHARP),
    "square-root lasso": lambda A, y: sqrt_lasso(A, y, 2.0, **SHARP),
}


@pytest.fixture(params=SOLVERS)
def solver(request):
    return SOLVERS[request.param]


def test_threshold_by_hand():
    # For the identity each entry is shortened by lam: |3+4i| = 5 becomes 4, |i/2| vanishes.
    s = lasso(np.eye(2, dtype=complex), np.array([3 + 4j, 0.5j]), 1.0, **SHARP)
    assert np.allclose(s.x, [0.8 * (3 + 4j), 0], atol=1e-12)
    assert s.objective == pytest.approx(0.5 * (1 + 0.25) + 4, rel=1e-14)


def test_one_row_by_hand():
    # The column 2i says most per unit: 2i x = 4 at x = -2i, and 2i x = 3 is within 1 of the data.
    A, y = np.array([[1.0, 2j]]), np.array([4.0])
    assert np.allclose(basis_pursuit(A, y, **SHARP).x, [0, -2j], atol=1e-12)
    assert np.allclose(qcbp(A, y, 1.0, **SHARP).x, [0, -1.5j], atol=1e-12)
    # A price below |2i| buys the whole residual: objective 1.5 * 2.
    s = sqrt_lasso(A, y, 1.5, **SHARP)
    assert np.allclose(s.x, [0, -2j], atol=1e-9)
    assert s.objective == pytest.approx(3.0, rel=1e-9)


def test_a_sparse_vector_is_recovered_to_rounding():
    rng = np.random.default_rng(1)
    A, x = gaussian(rng, 20, 60), sparse(rng, 60, 3)
    s = basis_pursuit(A, A @ x, **SHARP)
    assert np.allclose(s.x, x, atol=1e-13)
    assert np.count_nonzero(s.x) == 3
    assert s.relative_gap < 1e-13


def test_more_entries_than_equations():
    # Complex signs are not corners: data without a sparse solution use more entries than equations.
    rng = np.random.default_rng(2)
    A, y = gaussian(rng, 6, 20), gaussian(rng, 6)
    s = basis_pursuit(A, y, **SHARP)
    assert np.count_nonzero(s.x) > 6
    assert s.relative_gap < 1e-12
    assert s.residual < 1e-12
    assert s.objective == pytest.approx(reference_qcbp(A, y).objective, rel=1e-6)
    # At this price the square-root LASSO meets the data as well: |level*h| <= 1.
    level = 0.5 / np.linalg.norm(s.dual)
    assert np.allclose(sqrt_lasso(A, y, level, **SHARP).x, s.x, atol=1e-8)


def test_all_entries_small_lambda():
    rng = np.random.default_rng(3)
    A, y = gaussian(rng, 6, 20), gaussian(rng, 6)
    s = lasso(A, y, 1e-3 * np.abs(A.conj().T @ y).max(), **SHARP)
    assert s.converged
    g = A.conj().T @ (y - A @ s.x)
    on = s.x != 0
    lam = 1e-3 * np.abs(A.conj().T @ y).max()
    assert np.allclose(g[on], lam * s.x[on] / np.abs(s.x[on]), atol=1e-8 * lam)


def test_columns_that_must_join_do(noisy, solver, monkeypatch):
    A, y = noisy
    plain = solver(A, y)
    monkeypatch.setattr(engine, "LEAST", 2)
    s = solver(A, y)
    assert s.converged
    assert s.iterations > plain.iterations
    assert s.objective == pytest.approx(plain.objective, rel=1e-9)


def test_who_joins_and_who_leaves():
    # Price 1: column 2 is in use, 3 is not and speaks for less than half; 0 and 4 speak for more than one.
    columns = WorkingColumns(np.eye(6, dtype=complex))
    columns.add(np.array([2, 3]))
    pull = np.array([1.5, 0.9, 1.0, 0.4, 1.2, 0.1])
    x, joined = engine._exchange(columns, np.array([2j, 0]), pull, 1.0, 3, crowded=False)
    assert joined == 2
    assert list(columns.index) == [2, 0, 4]
    assert list(x) == [2j, 0, 0]
    # Crowded: as many as the batch allows, whatever they say.
    x, joined = engine._exchange(columns, x, pull, 1.0, 3, crowded=True)
    assert joined == 3
    assert list(columns.index) == [2, 0, 4, 1, 3, 5]


def test_zero_and_repeated_columns_change_nothing(noisy, solver):
    A, y = noisy
    more = np.hstack([A, 0 * A[:, :2], 1j * A[:, ::-1], 0.5 * A])
    plain, s = solver(A, y), solver(more, y)
    assert s.converged
    assert s.objective == pytest.approx(plain.objective, rel=1e-9)


@pytest.mark.parametrize("power", [-120, 120])
def test_extreme_units(noisy, power):
    A, y = noisy
    unit = 10.0**power
    plain = basis_pursuit(A, y, **SHARP)
    for matrix, data, unit_of_x in ((unit * A, y, 1 / unit), (A, unit * y, unit)):
        s = basis_pursuit(matrix, data, **SHARP)
        assert s.converged
        assert np.allclose(s.x / unit_of_x, plain.x, atol=1e-7)
    assert sqrt_lasso(unit * A, y, 2.0 * unit, **SHARP).converged
    assert lasso(A, unit * y, 2.0 * unit, **SHARP).converged


def test_memory_order_and_real_parts(noisy, solver):
    A, y = noisy
    plain = solver(A, y)
    frozen = np.asfortranarray(A)
    frozen.flags.writeable = False
    assert np.allclose(solver(frozen, y).x, plain.x, atol=1e-8)
    s = solver(A.real.copy(), y)
    assert s.converged
    assert s.x.dtype == complex


def test_a_solution_starts_the_next(noisy):
    A, y = noisy
    first = lasso(A, y, 2.0, **SHARP)
    again = lasso(A, y, 2.0, x0=first, **SHARP)
    assert again.iterations < first.iterations
    assert np.allclose(again.x, first.x, atol=1e-10)


def test_data_out_of_reach_are_admitted():
    rng = np.random.default_rng(4)
    A, y = gaussian(rng, 12, 4), gaussian(rng, 12)
    with pytest.warns(NotConverged):
        s = qcbp(A, y, 0.1, **SHARP)
    assert not s.converged
    assert s.feasibility > 0.1


def test_the_budget_is_kept(noisy):
    A, y = noisy
    with pytest.warns(NotConverged):
        s = qcbp(A, y, 0.2 * np.linalg.norm(y), max_iter=1, **SHARP)
    assert s.iterations <= 1


def test_columns_know_their_gram_matrix():
    A = gaussian(np.random.default_rng(5), 5, 12)
    A[:, 7] = -1j * A[:, 2]
    columns = WorkingColumns(A)
    columns.add(np.array([2, 4, 9]))
    columns.add(np.array([0, 7]))
    columns.silence_repeats(3)
    chosen = A[:, [2, 4, 9, 0, 7]].copy()
    chosen[:, 4] = 0  # repeats column 2
    assert np.allclose(columns.members, chosen.T)
    assert np.allclose(columns.inner, (chosen.conj().T @ chosen).T)
    columns.keep(np.array([False, True, True, True, False]))
    columns.add(np.array([7]))
    columns.silence_repeats(3)
    assert list(columns.index) == [4, 9, 0, 7]
    chosen = A[:, columns.index]
    assert np.allclose(columns.inner, (chosen.conj().T @ chosen).T)
    assert sorted(np.flatnonzero(columns.member)) == [0, 4, 7, 9]


def test_lambda_moves_by_hand():
    # Along (p + t v) with p = 5 and v = 1: the residual 3 is reached at t = -2.
    def aim(form, level):
        return engine.Aim(form, level, 0.0, 0.0, True)

    assert _shift(aim("qcbp", 3.0), 10.0, 25.0, 5.0, 1.0) == pytest.approx(-2.0)
    # Level 1/2: 10 + t = |5 + t|/2 at t = -25/3, where both sides are 5/3.
    assert _shift(aim("sqrt-lasso", 0.5), 10.0, 25.0, 5.0, 1.0) == pytest.approx(-25 / 3)
    assert _shift(aim("lasso", 3.0), 10.0, 25.0, 5.0, 1.0) == -7.0


def test_a_round_knows_its_products_from_its_equation():
    # p is the residual of a point, v solves Newton's equation with the signs of x: by plain products
    rng = np.random.default_rng(9)
    A, y, lam = gaussian(rng, 8, 5), gaussian(rng, 8), 0.7
    columns, x, new = WorkingColumns(A), gaussian(rng, 5), gaussian(rng, 5)
    columns.add(np.arange(5))
    support, g, new_g = np.arange(5), A.conj().T @ (y - A @ x), A.conj().T @ (y - A @ new)
    factored, right = factor(columns.gram, support, x, g, lam, 0.0)
    v = newton_solution(factored, right[1].view(complex))
    u = x / np.abs(x)
    turned = 1j * u * (u.conj() * v).imag           # (I - uu^T) v
    assert np.allclose(A.conj().T @ (A @ v) + lam * turned / np.abs(x), u)
    assert np.allclose(right[0].view(complex), g - lam * u)
    found, p = line(columns.rows, y, support, x, new, new_g, lam, v), y - A @ new
    assert np.allclose(found, (np.vdot(p, p).real, np.vdot(p, A @ v).real, np.linalg.norm(A @ v) ** 2))


def test_settle_reaches_stationarity():
    rng = np.random.default_rng(6)
    A, y = gaussian(rng, 6, 20), gaussian(rng, 6)
    columns = WorkingColumns(A)
    columns.add(np.arange(20))
    lam = 0.05
    x, _ = settle(columns, y, lam, np.zeros(20, complex), y.copy(), 1e-6, 200)
    g, on = A.conj().T @ (y - A @ x), x != 0
    assert np.abs(g).max() <= lam * (1 + 1e-6)
    assert np.abs(g[on] - lam * x[on] / np.abs(x[on])).max() <= 1e-6 * lam


def test_corner_returns_to_a_solution_it_was_moved_from():
    # Columns with |a_j^* h| = 1 and data from entries with those signs: x and h solve the equations.
    rng = np.random.default_rng(8)
    h, rows = gaussian(rng, 3), gaussian(rng, 4, 3)
    rows /= np.abs(rows.conj() @ h)[:, None]
    x = (1 + rng.random(4)) * (rows.conj() @ h)
    found, dual = corner(rows, x + 1e-2 * gaussian(rng, 4), h, x @ rows)
    assert np.allclose(found, x, atol=1e-11)
    assert np.allclose(dual, h, atol=1e-11)


def test_no_column_joins_twice_where_another_is_zero():
    # seed 11: five rows, all ten columns in reach, the fourth is zero; the start uses every one
    rng = np.random.default_rng(11)
    A = gaussian(rng, 5, 10)
    A[:, 3] = 0.0
    columns = WorkingColumns(A)
    columns.add(np.arange(9))
    x = np.ones(9, complex)
    x[[3, 8]] = 0.0
    # nothing pulls: 3 and 8 leave, and of the three places outside all return, none of the seven inside
    x, joined = engine._exchange(columns, x, np.zeros(10), 1.0, 32, True)
    assert joined == 3
    np.testing.assert_array_equal(np.sort(columns.index), np.arange(10))


@pytest.mark.parametrize("eta", [0.0, 0.1])
def test_a_zero_column_and_a_start_on_it(eta):
    for seed in range(11, 16):
        rng = np.random.default_rng(seed)
        A = gaussian(rng, 5, 10)
        A[:, 3] = 0.0
        y = A @ sparse(rng, 10, 7)
        found = qcbp(A, y, eta, x0=10.0 * rng.standard_normal(10))
        assert found.converged
        assert np.linalg.norm(A @ found.x - y) <= eta + 2e-6 * np.linalg.norm(y)
