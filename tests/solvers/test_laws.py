"""Laws that hold for every problem, method, arithmetic and form of the matrix: one list runs them all."""

import itertools
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from kernelstab._engines.linear_system import as_system
from kernelstab._engines.problem import Problem
from kernelstab._errors import NotConverged
from kernelstab.operators import DenseOperator, ForwardOperator
from kernelstab.solvers import (
    basis_pursuit,
    lasso,
    qcbp,
    reference_lasso,
    reference_qcbp,
    reference_sqrt_lasso,
    sqrt_lasso,
)
from kernelstab.solvers._solve import METHODS, refusal

M, N, SPARSITY = 12, 30, 3
LAM, MU = 0.3, 1.2      # prices of the LASSO and of the square-root LASSO, below those that give zero


class TightProducts(ForwardOperator):
    """A matrix with orthogonal rows that hides its entries, as a fast transform does."""

    def __init__(self, matrix, tight):
        self.hidden = matrix
        super().__init__(matrix.shape, matrix.dtype, tight=tight)

    def _matvec(self, x):
        return self.hidden @ x

    def _rmatvec(self, y):
        return self.hidden.conj().T @ y


def orthogonal_rows(rng, is_complex, scale):
    matrix = rng.standard_normal((N, M)) + 1j * is_complex * rng.standard_normal((N, M))
    return scale * np.linalg.qr(matrix if is_complex else matrix.real)[0].conj().T


def problem(is_complex, tight):
    """Return a matrix, data with noise of norm 0.1, and the noise level."""
    rng = np.random.default_rng(7)
    if tight:
        A = orthogonal_rows(rng, is_complex, 4.0)
    else:
        A = rng.standard_normal((M, N)) + 1j * is_complex * rng.standard_normal((M, N))
        A = A if is_complex else A.real
    x = np.zeros(N, A.dtype)
    x[rng.choice(N, SPARSITY, replace=False)] = rng.standard_normal(SPARSITY) + (1j if is_complex else 1.0)
    noise = rng.standard_normal(M)
    return A, A @ x + 0.1 * noise / np.linalg.norm(noise), 0.1


SOLVERS = {
    "lasso": lambda A, y, eta, **kw: lasso(A, y, LAM * eta / 0.1, **kw),
    "qcbp": lambda A, y, eta, **kw: qcbp(A, y, eta, **kw),
    "basis pursuit": lambda A, y, eta, **kw: basis_pursuit(A, y, **kw),
    "square-root lasso": lambda A, y, eta, **kw: sqrt_lasso(A, y, MU, **kw),
}
REFERENCES = {
    "lasso": lambda A, y, eta, **kw: reference_lasso(A, y, LAM * eta / 0.1, **kw),
    "qcbp": lambda A, y, eta, **kw: reference_qcbp(A, y, eta, **kw),
    "basis pursuit": lambda A, y, eta, **kw: reference_qcbp(A, y, **kw),
    "square-root lasso": lambda A, y, eta, **kw: reference_sqrt_lasso(A, y, MU, **kw),
}
KEYS = {"lasso": "lasso", "qcbp": "qcbp", "basis pursuit": "qcbp", "square-root lasso": "sqrt-lasso"}
FORMS = {
    "dense": (False, lambda A: A),
    "dense tight": (True, lambda A: DenseOperator(A, tight=16.0)),
    "operator": (False, aslinearoperator),
    "operator tight": (True, lambda A: TightProducts(A, 16.0)),
}
EXACT = ("auto", "homotopy", "working-set")      # on dense problems these end at the solution itself


class Case(NamedTuple):
    """One entry of the list."""

    name: str
    method: str
    is_complex: bool
    form: str

    @property
    def exact(self):
        return self.form.startswith("dense") and self.method in EXACT

    def solve(self, A, y, eta, **kw):
        return SOLVERS[self.name](FORMS[self.form][1](A), y, eta, method=self.method, **kw)

    def solved(self, **kw):
        A, y, eta = problem(self.is_complex, FORMS[self.form][0])
        return A, y, eta, self.solve(A, y, eta, **kw)


def possible(case, nonneg=False):
    """Whether the method can do this problem, by the table of methods itself."""
    tight, wrap = FORMS[case.form]
    A, y, eta = problem(case.is_complex, tight)
    posed = Problem(KEYS[case.name], as_system(wrap(A), y), eta, 1e-6, nonneg)
    return case.method == "auto" or refusal(posed, METHODS[case.method]) is None


CASES = [case for case in (Case(name, method, is_complex, form)
                           for name in SOLVERS for method in ("auto", *METHODS)
                           for is_complex in (False, True) for form in FORMS) if possible(case)]
AUTO = [case for case in CASES if case.method == "auto"]


def each(cases):
    ids = [f"{c.name}, {c.method}, {'complex' if c.is_complex else 'real'}, {c.form}" for c in cases]
    return pytest.mark.parametrize("case", cases, ids=ids)


def dual_value(case, A, y, eta, h):
    """Return the dual objective and by which factor ``h`` misses its constraints."""
    peak = np.abs(A.conj().T @ h).max()
    inner, norm = np.vdot(y, h).real, np.linalg.norm(h)
    if case.name == "lasso":
        return inner - 0.5 * norm**2, peak / LAM
    if case.name == "square-root lasso":
        return inner, max(peak / MU, norm)
    return inner - (eta if case.name == "qcbp" else 0.0) * norm, peak


def primal_value(case, A, y, x):
    mass, misfit = np.abs(x).sum(), np.linalg.norm(A @ x - y)
    if case.name == "lasso":
        return 0.5 * misfit**2 + LAM * mass
    return misfit + MU * mass if case.name == "square-root lasso" else mass


def test_every_method_is_on_the_list():
    assert {case.method for case in CASES} == {"auto", *METHODS}
    assert len(AUTO) == len(SOLVERS) * 2 * len(FORMS)


def test_the_methods_of_the_documents_are_those_of_the_table():
    lines = (Path(__file__).parents[2] / "docs/solvers.md").read_text(encoding="utf-8").splitlines()
    start = lines.index("| method | what it is | needs |") + 2
    rows = itertools.takewhile(lambda line: line.startswith("| `"), lines[start:])
    names = [row.split("`")[1] for row in rows]
    assert names == list(METHODS)


@each(CASES)
def test_the_gap_is_true_and_below_the_tolerance(case):
    A, y, eta, s = case.solved()
    assert s.x.shape == (N,)
    assert s.dual.shape == (M,)
    assert s.x.dtype == s.dual.dtype == A.dtype
    assert s.x.any()
    primal = primal_value(case, A, y, s.x)
    dual, fit = dual_value(case, A, y, eta, s.dual)
    assert fit <= 1 + 1e-12
    assert s.objective == pytest.approx(primal, rel=1e-12)
    assert s.dual_objective == pytest.approx(dual, rel=1e-11)
    assert s.converged
    assert -1e-13 * primal <= s.gap <= 1e-6 * primal
    assert primal - dual <= s.gap + 1e-12 * primal
    assert s.residual == pytest.approx(np.linalg.norm(A @ s.x - y), rel=1e-9, abs=1e-13)
    level = {"qcbp": eta, "basis pursuit": 0.0}.get(case.name, np.inf)
    assert s.feasibility == max(s.residual - level, 0.0)
    # points are feasible up to rounding where there is a projection
    assert s.feasibility <= (1e-6 if case.form == "operator" else 1e-13) * np.linalg.norm(y)


@each(CASES)
def test_weak_duality_at_every_evaluation(case):
    points = []
    A, y, _, s = case.solved(history=True, callback=lambda k, x, gap: points.append((k, x, gap)))
    assert s.history.shape == (len(points), 3)
    assert [row[0] for row in s.history] == [k for k, _, _ in points]
    for (_, x, gap), (_, objective, recorded) in zip(points, s.history):
        assert gap == recorded
        assert gap >= -1e-13 * s.objective
        assert objective == pytest.approx(primal_value(case, A, y, x), rel=1e-11)
    # the dual value of a point never exceeds the optimal value
    assert np.all(s.history[:, 1] - s.history[:, 2] <= s.objective * (1 + 1e-12))


@each([case for case in CASES if not case.form.startswith("operator")])
def test_agrees_with_the_reference(case):
    A, y, eta = problem(case.is_complex, FORMS[case.form][0])
    s, r = case.solve(A, y, eta, tol=1e-9), REFERENCES[case.name](A, y, eta)
    assert r.converged
    assert s.objective == pytest.approx(r.objective, rel=2e-7)
    np.testing.assert_allclose(s.x, r.x, atol=3e-4 * np.abs(r.x).max())
    # one solver's dual bounds the other solver's primal value
    assert s.dual_objective <= r.objective * (1 + 1e-8)
    assert r.dual_objective <= s.objective * (1 + 1e-8)


@each(CASES)
def test_optimality_conditions(case):
    A, y, eta, s = case.solved(tol=1e-12 if case.exact else 1e-9)
    price = {"lasso": LAM, "square-root lasso": MU}.get(case.name, 1.0)
    small = 1e-6 if case.exact else 1e-3
    slope, large = A.conj().T @ s.dual, np.abs(s.x) > 1e-2 * np.abs(s.x).max()
    assert 1 <= large.sum() < N
    np.testing.assert_allclose(slope[large], price * s.x[large] / np.abs(s.x[large]), atol=small * price)
    r = y - A @ s.x
    if case.name == "lasso":
        np.testing.assert_allclose(s.dual, r, atol=small * np.linalg.norm(r))
    elif case.name == "qcbp":                # the residual touches the ball where the dual point says
        assert s.residual == pytest.approx(eta, rel=small)
        np.testing.assert_allclose(s.dual / np.linalg.norm(s.dual), r / eta, atol=small)
    elif case.name == "square-root lasso":
        np.testing.assert_allclose(s.dual, r / np.linalg.norm(r), atol=small)


@each(CASES)
def test_scaling_the_data_scales_the_solution(case):
    A, y, eta = problem(case.is_complex, FORMS[case.form][0])
    small, large = case.solve(A, y, eta), case.solve(A, 1024 * y, 1024 * eta)
    # a power of two scales every float exactly, so even the iterates agree
    assert large.iterations == small.iterations
    np.testing.assert_allclose(large.x, 1024 * small.x, rtol=1e-10, atol=1e-9)


@each([case for case in CASES if case.form == "dense"])
def test_a_unitary_change_of_the_data_changes_nothing(case):
    A, y, eta = problem(case.is_complex, False)
    U = np.linalg.qr(np.random.default_rng(3).standard_normal((M, M)) * (1j if case.is_complex else 1.0))[0]
    first, second = (case.solve(B, z, eta, tol=1e-9) for B, z in ((A, y), (U @ A, U @ y)))
    np.testing.assert_allclose(second.x, first.x, atol=1e-4 * np.abs(first.x).max())
    assert second.objective == pytest.approx(first.objective, rel=3e-9)


@each([case for case in CASES if case.form == "dense"])
def test_a_permutation_of_the_columns_permutes_the_solution(case):
    A, y, eta = problem(case.is_complex, False)
    order = np.random.default_rng(4).permutation(N)
    first, second = case.solve(A, y, eta, tol=1e-9), case.solve(A[:, order], y, eta, tol=1e-9)
    np.testing.assert_allclose(second.x, first.x[order], atol=1e-4 * np.abs(first.x).max())


@pytest.mark.parametrize("count", [1, 10, 37])
@each([case for case in CASES if case.form == "operator tight" and case.method != "auto"])
def test_compiled_loop_and_operator_loop_agree(case, count):
    A, y, eta = problem(case.is_complex, True)
    runs = []
    for form in ("dense tight", "operator tight"):
        with pytest.warns(NotConverged, match="stopped after"):
            runs.append(case._replace(form=form).solve(A, y, eta, max_iter=count, tol=0))
    dense, products = runs
    assert (dense.iterations, products.iterations) == (count, count)
    np.testing.assert_allclose(dense.x, products.x, atol=1e-9)
    np.testing.assert_allclose(dense.dual, products.dual, atol=1e-9)


@each([case for case in CASES if case.form == "dense" and not case.is_complex and case.method != "homotopy"])
def test_real_data_in_complex_arithmetic(case):
    A, y, eta = problem(False, False)
    real, embedded = case.solve(A, y, eta, tol=1e-8), case.solve(A.astype(complex), y, eta, tol=1e-8)
    assert embedded.x.dtype == complex
    np.testing.assert_allclose(embedded.x, real.x, atol=1e-4)
    np.testing.assert_allclose(embedded.x.imag, 0, atol=1e-7)


@pytest.mark.parametrize("name", SOLVERS)
def test_complex_data_of_a_real_operator(name):
    A, y, eta = problem(False, False)
    y, back = y * np.exp(0.7j), np.exp(-0.7j)
    solve = SOLVERS[name]
    dense, products = solve(A, y, eta, tol=1e-8), solve(aslinearoperator(A), y, eta, tol=1e-8)
    # turning the data turns the solution of the real problem
    np.testing.assert_allclose(back * dense.x, solve(A, (y * back).real, eta, tol=1e-8).x, atol=1e-4)
    np.testing.assert_allclose(products.x, dense.x, atol=1e-4)


@each(CASES)
def test_a_warm_start_is_already_there(case):
    A, y, eta, first = case.solved()
    again = case.solve(A, y, eta, x0=first)
    assert again.converged
    assert again.iterations <= max(10, first.iterations)
    if first.iterations > 40:
        assert again.iterations <= 0.5 * first.iterations
    assert case.solve(A, y, eta, x0=first.x).converged


@pytest.mark.parametrize("name", SOLVERS)
def test_any_layout_of_the_input(name):
    A, y, eta = problem(False, False)
    A, y = np.round(4 * A), np.round(16 * y)
    expected = SOLVERS[name](A, y, eta, tol=1e-10)
    read_only = A.copy()
    read_only.flags.writeable = False
    forms = [np.asfortranarray(A), A.astype(int), A.astype(np.float32), read_only, A.tolist(),
             np.repeat(A, 2, axis=1)[:, ::2], DenseOperator(A)]
    before = A.copy()
    for B in forms:
        s = SOLVERS[name](B, y.astype(int), eta, tol=1e-10)
        np.testing.assert_allclose(s.x, expected.x, atol=1e-7 * np.abs(expected.x).max())
    np.testing.assert_array_equal(A, before)


@each([case for case in CASES if case.form == "dense"])
def test_duplicated_and_zero_columns(case):
    A, y, eta = problem(case.is_complex, False)
    wider = np.hstack([A, A[:, :5], np.zeros((M, 2))])
    auto = case._replace(method="auto")          # methods that need independent columns may give up
    s, narrow = auto.solve(wider, y, eta, tol=1e-8), case.solve(A, y, eta, tol=1e-8)
    assert s.converged
    assert s.objective == pytest.approx(narrow.objective, rel=3e-8)
    np.testing.assert_array_equal(s.x[-2:], 0)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("name", SOLVERS)
def test_duplicated_rows(name, is_complex):
    # rank M, 2 M rows: y stays in the range without noise
    A, _, eta = problem(is_complex, False)
    A, x = np.vstack([A, A]), np.eye(N)[4] * 2.0
    s = SOLVERS[name](A, A @ x, eta)
    assert s.converged
    if name == "basis pursuit":
        np.testing.assert_allclose(s.x, x, atol=1e-5)


@each([case for case in CASES if case.form in ("dense", "operator") and not case.is_complex])
def test_one_column_and_one_row(case):
    # |2 x - 6| <= eta: least |x| is (6 - eta)/2; lasso: 4 x = 12 - lam; 1.2 |x| + |2 x - 6| is least at 3
    expected = {"lasso": (12 - LAM * 5) / 4, "qcbp": 2.75}.get(case.name, 3.0)
    s = case.solve(np.array([[2.0]]), [6.0], 0.5, tol=1e-9)
    np.testing.assert_allclose(s.x, [expected], rtol=1e-8)


def test_a_tall_single_column():
    np.testing.assert_allclose(basis_pursuit(np.ones((3, 1)), [2.0, 2.0, 2.0]).x, [2.0])


@each([case for case in CASES if case.form in ("dense", "operator")])
def test_zero_is_found_where_it_is_optimal(case):
    A, y, _ = problem(case.is_complex, False)
    peak, size = np.abs(A.conj().T @ y).max(), np.linalg.norm(y)
    enough = {"lasso": 0.1 * peak / LAM, "qcbp": size, "square-root lasso": None}.get(case.name)
    if enough is not None:
        s = case.solve(A, y, enough * (1 + 1e-12))
        assert (s.iterations, s.converged) == (0, True)
        assert s.gap <= 1e-15 * s.objective
        np.testing.assert_array_equal(s.x, 0)
        assert case.solve(A, y, 0.99 * enough).x.any()
    if case.name == "square-root lasso":
        assert not sqrt_lasso(A, y, peak / size * (1 + 1e-12), method=case.method).x.any()
        assert sqrt_lasso(A, y, 0.99 * peak / size, method=case.method).x.any()
    zero = case.solve(A, 0 * y, 0.1)
    assert (zero.converged, zero.objective, zero.gap) == (True, 0.0, 0.0)


@each([case for case in CASES if case.method not in EXACT and case.form in ("dense", "operator")])
def test_the_budget_is_kept_and_said(case):
    A, y, eta = problem(case.is_complex, False)
    with pytest.warns(NotConverged, match="stopped after 15 iterations"):
        s = case.solve(A, y, eta, max_iter=15, tol=0)
    assert s.iterations == 15
    assert not s.converged
    assert s.gap > 0


@each([case for case in CASES if case.method not in EXACT and case.form == "operator"])
def test_ctrl_c_returns_the_best_point_with_its_gap(case):
    seen = []

    def press(k, x, gap):
        seen.append(gap)
        if len(seen) == 3:
            raise KeyboardInterrupt

    A, y, eta = problem(case.is_complex, FORMS[case.form][0])
    with pytest.warns(NotConverged, match="was interrupted"):
        s = case.solve(A, y, eta, tol=1e-12, callback=press)
    assert s.interrupted
    assert not s.converged
    assert len(seen) == 3
    assert s.gap in seen


@pytest.mark.parametrize("name", SOLVERS)
def test_ctrl_c_before_the_first_point_is_not_swallowed(name):
    def pressed(x):
        raise KeyboardInterrupt

    broken = LinearOperator((M, N), matvec=pressed, rmatvec=lambda u: np.full(N, 9.0), dtype=float)
    broken.norm_upper = 60.0
    with pytest.raises(KeyboardInterrupt):
        SOLVERS[name](broken, np.ones(M), 0.1)


@each([case for case in CASES if case.form in ("dense", "operator")])
def test_weights_are_a_change_of_scale(case):
    A, y, eta = problem(case.is_complex, False)
    weights = np.random.default_rng(5).uniform(0.5, 2.0, N)
    s = case.solve(A, y, eta, weights=weights, tol=1e-9)
    r = REFERENCES[case.name](A, y, eta, weights=weights)
    # without weights the answer is another one
    assert abs(case.solve(A, y, eta, tol=1e-9).objective - s.objective) > 1e-3 * s.objective
    assert s.objective == pytest.approx(r.objective, rel=1e-7)
    np.testing.assert_allclose(s.x, r.x, atol=3e-4 * np.abs(r.x).max())
    assert np.all(np.abs(A.conj().T @ s.dual) <= weights * {"lasso": LAM, "square-root lasso": MU}.get(
        case.name, 1.0) * (1 + 1e-12))
    again = case.solve(A, y, eta, weights=weights, x0=s)
    np.testing.assert_allclose(again.x, s.x, atol=1e-3 * np.abs(r.x).max())


@each([case for case in CASES if case.form in ("dense", "operator") and not case.is_complex
       and possible(case, nonneg=True)])
def test_nonnegative_solutions(case):
    A, _, eta = problem(False, False)
    y = A @ np.abs(np.random.default_rng(6).standard_normal(N))
    s, r = (f(A, y, eta, nonneg=True, **kw) for f, kw in ((case.solve, {"tol": 1e-9}),
                                                          (REFERENCES[case.name], {})))
    assert s.x.min() >= 0
    assert s.converged
    # the sign matters here
    assert case.solve(A, y, eta, tol=1e-9).objective < s.objective * (1 - 1e-5)
    assert s.objective == pytest.approx(r.objective, rel=1e-7)
    assert (A.T @ s.dual).max() <= {"lasso": LAM, "square-root lasso": MU}.get(case.name, 1.0) * (1 + 1e-12)


@pytest.mark.parametrize(("change", "message"), [
    ({"A": np.full((M, N), np.nan)}, "A must be finite"),
    ({"A": np.full((M, N), np.inf)}, "A must be finite"),
    ({"A": np.zeros(N)}, "A must have 2"),
    ({"y": np.zeros(M + 1)}, r"y must have shape \(12,\), got \(13,\)"),
    ({"y": np.full(M, np.inf)}, "y must be finite"),
    ({"x0": np.zeros(2)}, "x0 must have shape"),
    ({"x0": np.zeros(N, complex)}, "x0 must be real"),
    ({"tol": -1}, "tol must lie in"),
    ({"max_iter": 0}, "max_iter must be at least 1"),
    ({"weights": np.ones(M)}, r"weights must have shape \(30,\)"),
    ({"weights": np.zeros(N)}, "weights must be positive, got 0.0"),
    ({"method": "magic"}, "method must be 'auto' or one of"),
    ({"method": "warpd"}, "method must be 'auto' or one of"),
    ({"A": np.ones((M, N)) * 1j, "nonneg": True}, "nonneg must be False for complex problems"),
    ({"nonneg": "a"}, "nonneg must be True or False, got 'a'"),
    ({"nonneg": None}, "nonneg must be True or False, got None"),
    ({"callback": 3}, "callback must be a function, got 3"),
    ({"progress": "all"}, "progress must be a function, got 'all'"),
    ({"A": aslinearoperator(problem(False, False)[0]), "x0": np.full(N, 1e300)}, "x0 must not be huge"),
])
@pytest.mark.parametrize("name", SOLVERS)
def test_bad_input_is_named(name, change, message):
    A, y, eta = problem(False, False)
    given = {"A": A, "y": y, "eta": eta} | change
    with pytest.raises(ValueError, match=message):
        SOLVERS[name](**given)


@pytest.mark.parametrize("value", [np.nan, -1.0, np.inf, "1e", None])
@pytest.mark.parametrize("solver", [lasso, qcbp, sqrt_lasso])
def test_levels_are_numbers_of_the_right_sign(solver, value):
    with pytest.raises(ValueError, match="(lam|eta) must"):
        solver(np.eye(2), np.ones(2), value)
    if solver is not qcbp:
        with pytest.raises(ValueError, match="lam must"):
            solver(np.eye(2), np.ones(2), 0.0)


def test_one_entry_that_is_not_finite_is_found_wherever_it_stands():
    A, y, eta = problem(False, False)
    for value in (np.nan, np.inf, -np.inf):
        for data in (y, np.where(np.arange(M) == 3, 0.0, y)):      # a zero could hide the row
            B = A.copy()
            B[3, 7] = value
            with pytest.raises(ValueError, match=r"A must be finite, got .* at index \(3, 7\)"):
                qcbp(B, data, eta)


def test_an_operator_without_a_declared_norm_is_measured():
    A, y, eta = problem(False, False)
    plain = LinearOperator((M, N), matvec=lambda x: 50 * A @ x, rmatvec=lambda u: 50 * A.T @ u, dtype=float)
    s = qcbp(plain, 50 * y, 50 * eta)
    assert s.converged
    np.testing.assert_allclose(s.x, qcbp(A, y, eta).x, atol=1e-3)


@pytest.mark.parametrize("name", SOLVERS)
def test_products_that_return_nan_are_refused(name):
    broken = LinearOperator((M, N), matvec=lambda x: np.full(M, np.nan), rmatvec=lambda u: np.full(N, 9.0),
                            dtype=float)
    broken.norm_upper = 60.0
    with pytest.raises(ValueError, match="must (return|give) finite values"):
        SOLVERS[name](broken, np.ones(M), 0.1)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (3, 3), (6, 3), (2, 9)])
def test_small_and_tall_shapes_against_the_reference(name, is_complex, shape):
    rng = np.random.default_rng(11)
    A = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex else 0)
    y = A @ rng.standard_normal(shape[1])
    if name != "basis pursuit":
        y = y + 0.05 * rng.standard_normal(shape[0])
    s = SOLVERS[name](A, y, 0.2, tol=1e-8)
    with warnings.catch_warnings():       # the reference leaves dust where zero is optimal
        warnings.simplefilter("ignore", NotConverged)
        r = REFERENCES[name](A, y, 0.2)
    assert s.converged
    assert s.objective == pytest.approx(r.objective, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("exponent", [-120, 120])
def test_extreme_scales_end_with_a_true_statement(name, exponent):
    A, y, eta = problem(False, False)
    scale = 2.0 ** exponent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        s = SOLVERS[name](A, scale * y, scale * eta)
    assert np.isfinite(s.gap)
    assert s.gap >= -1e-12 * s.objective


def test_the_norm_of_an_operator_with_equal_singular_values():
    # a partial Fourier transform that declares nothing: Lanczos iterations end at once
    rng = np.random.default_rng(0)
    shape, rows = (12, 12, 12), np.sort(np.random.default_rng(0).permutation(1728)[:600])

    def adjoint(u):
        spectrum = np.zeros(1728, complex)
        spectrum[rows] = u
        return np.fft.ifftn(spectrum.reshape(shape), norm="ortho").ravel()

    A = LinearOperator((600, 1728), dtype=complex, rmatvec=adjoint,
                       matvec=lambda x: np.fft.fftn(x.reshape(shape), norm="ortho").ravel()[rows])
    x = np.zeros(1728)
    x[rng.choice(1728, 20, replace=False)] = rng.standard_normal(20)
    s = qcbp(A, A @ x, 0.01)
    assert s.converged
    np.testing.assert_allclose(s.x, x, atol=0.05)
    assert as_system(A, A @ x).norm() == pytest.approx(1.01, abs=1e-6)


def test_the_notes_of_the_progress_say_what_is_missing():
    notes = []
    A, y, eta = problem(False, False)
    qcbp(aslinearoperator(A), y, eta, progress=lambda done, total, note: notes.append((done, total, note)))
    assert "infeasible by" in notes[0][2]
    assert all(note.startswith("relative gap") for _, _, note in notes)
    assert [done for done, _, _ in notes] == sorted(done for done, _, _ in notes)


@each([case for case in CASES if case.form in ("dense", "operator") and not case.is_complex
       and possible(case, nonneg=True)])
def test_a_start_with_negative_entries_proves_nothing_about_nonnegative_points(case):
    A, _, eta = problem(False, False)
    y = A @ np.abs(np.random.default_rng(6).standard_normal(N))
    # optimal without the sign, where the same dual point closes the gap of both problems
    free = SOLVERS[case.name](A, y, eta, tol=1e-9)
    known = SOLVERS[case.name](A, y, eta, nonneg=True, tol=1e-9)
    assert free.x.min() < -0.05
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        s = case.solve(A, y, eta, nonneg=True, x0=free, max_iter=300)
    assert s.x.min() >= 0
    assert not s.converged or s.objective == pytest.approx(known.objective, rel=2e-6)
