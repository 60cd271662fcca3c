"""Laws that hold for every solver, arithmetic and form of the matrix."""

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from kernelstab.operators import DenseOperator, ForwardOperator
from kernelstab.solvers import lasso, qcbp, reference_lasso, reference_qcbp

M, N, SPARSITY = 12, 30, 3


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
        A = orthogonal_rows(rng, is_complex, 2.0)
    else:
        A = rng.standard_normal((M, N)) + 1j * is_complex * rng.standard_normal((M, N))
        A = A if is_complex else A.real
    x = np.zeros(N, A.dtype)
    x[rng.choice(N, SPARSITY, replace=False)] = rng.standard_normal(SPARSITY) + (1j if is_complex else 1.0)
    noise = rng.standard_normal(M)
    return A, A @ x + 0.1 * noise / np.linalg.norm(noise), 0.1


SOLVERS = {
    "lasso": lambda A, y, eta, **kw: lasso(A, y, 3 * eta, **kw),
    "qcbp": lambda A, y, eta, **kw: qcbp(A, y, eta, **kw),
    "basis pursuit": lambda A, y, eta, **kw: qcbp(A, y, **kw),
}
REFERENCES = {
    "lasso": lambda A, y, eta: reference_lasso(A, y, 3 * eta),
    "qcbp": reference_qcbp,
    "basis pursuit": lambda A, y, eta: reference_qcbp(A, y),
}
FORMS = {
    "dense": (False, lambda A: A),
    "dense tight": (True, lambda A: DenseOperator(A, tight=4.0)),
    "operator": (False, aslinearoperator),
    "operator tight": (True, lambda A: TightProducts(A, 4.0)),
}


@pytest.fixture(params=SOLVERS)
def name(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["real", "complex"])
def is_complex(request):
    return request.param


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


def solved(name, is_complex, form, **kw):
    tight, wrap = FORMS[form]
    A, y, eta = problem(is_complex, tight)
    return A, y, eta, SOLVERS[name](wrap(A), y, eta, **kw)


def dual_value(name, A, y, eta, h):
    """Return the dual objective and by which factor ``h`` fits its constraint."""
    peak = np.abs(A.conj().T @ h).max()
    inner, norm = np.vdot(y, h).real, np.linalg.norm(h)
    if name == "lasso":
        return inner - 0.5 * norm**2, peak / (3 * eta)
    return inner - (eta if name == "qcbp" else 0.0) * norm, peak


def primal_value(name, A, y, eta, x):
    mass = np.abs(x).sum()
    return 0.5 * np.linalg.norm(A @ x - y) ** 2 + 3 * eta * mass if name == "lasso" else mass


def test_the_gap_is_true_and_below_the_tolerance(name, is_complex, form):
    A, y, eta, s = solved(name, is_complex, form)
    assert s.x.shape == (N,)
    assert s.dual.shape == (M,)
    assert s.x.dtype == s.dual.dtype == A.dtype
    primal = primal_value(name, A, y, eta, s.x)
    dual, fit = dual_value(name, A, y, eta, s.dual)
    assert fit <= 1 + 1e-12
    assert s.objective == pytest.approx(primal, rel=1e-12)
    assert s.dual_objective == pytest.approx(dual, rel=1e-11)
    assert s.converged
    assert -1e-13 * primal <= s.gap <= 1e-6 * primal
    assert primal - dual <= s.gap + 1e-12 * primal
    assert s.residual == pytest.approx(np.linalg.norm(A @ s.x - y), rel=1e-9, abs=1e-13)


def test_feasible_up_to_rounding_where_there_is_a_projection(is_complex, form):
    _, y, eta, s = solved("qcbp", is_complex, form)
    limit = 1e-6 if form == "operator" else 1e-14
    assert s.residual - eta <= limit * np.linalg.norm(y)
    assert s.feasibility == max(s.residual - eta, 0.0)


def test_weak_duality_at_every_evaluation(name, is_complex, form):
    points = []
    A, y, eta, s = solved(name, is_complex, form, history=True,
                          callback=lambda k, x, gap: points.append((k, x, gap)))
    assert s.history.shape == (len(points), 3)
    assert [row[0] for row in s.history] == [k for k, _, _ in points]
    for (_, x, gap), (_, objective, recorded) in zip(points, s.history):
        assert gap == recorded
        assert gap >= -1e-13 * objective
        assert objective == pytest.approx(primal_value(name, A, y, eta, x), rel=1e-12)
    # the dual value of a point never exceeds the optimal value
    assert np.all(s.history[:, 1] - s.history[:, 2] <= s.objective * (1 + 1e-12))


@pytest.mark.parametrize("tight", [False, True])
def test_agrees_with_the_reference(name, is_complex, tight):
    A, y, eta = problem(is_complex, tight)
    s, r = SOLVERS[name](A, y, eta, tol=1e-9), REFERENCES[name](A, y, eta)
    assert r.converged
    assert s.objective == pytest.approx(r.objective, rel=1e-7)
    np.testing.assert_allclose(s.x, r.x, atol=2e-4 * np.abs(r.x).max())
    # one solver's dual bounds the other solver's primal value
    assert s.dual_objective <= r.objective * (1 + 1e-8)
    assert r.dual_objective <= s.objective * (1 + 1e-8)


def test_scaling_the_data_scales_the_solution(name, is_complex, form):
    tight, wrap = FORMS[form]
    A, y, eta = problem(is_complex, tight)
    small, large = SOLVERS[name](wrap(A), y, eta), SOLVERS[name](wrap(A), 1024 * y, 1024 * eta)
    # a power of two scales every float exactly, so even the iterates agree
    assert large.iterations == small.iterations
    np.testing.assert_allclose(large.x, 1024 * small.x, rtol=1e-10, atol=1e-9)


def test_a_unitary_change_of_the_data_changes_nothing(name, is_complex):
    A, y, eta = problem(is_complex, False)
    U = np.linalg.qr(np.random.default_rng(3).standard_normal((M, M)) * (1j if is_complex else 1.0))[0]
    first, second = (SOLVERS[name](B, z, eta, tol=1e-9) for B, z in ((A, y), (U @ A, U @ y)))
    np.testing.assert_allclose(second.x, first.x, atol=1e-4 * np.abs(first.x).max())
    assert second.objective == pytest.approx(first.objective, rel=3e-9)


def test_a_permutation_of_the_columns_permutes_the_solution(name, is_complex):
    A, y, eta = problem(is_complex, False)
    order = np.random.default_rng(4).permutation(N)
    first, second = SOLVERS[name](A, y, eta, tol=1e-9), SOLVERS[name](A[:, order], y, eta, tol=1e-9)
    np.testing.assert_allclose(second.x, first.x[order], atol=1e-4 * np.abs(first.x).max())


@pytest.mark.parametrize("count", [1, 10, 37])
def test_compiled_loop_and_operator_loop_agree(name, is_complex, count):
    A, y, eta = problem(is_complex, True)
    with pytest.warns(UserWarning, match="stopped after"):
        dense = SOLVERS[name](DenseOperator(A, tight=4.0), y, eta, max_iter=count, tol=0)
    with pytest.warns(UserWarning, match="stopped after"):
        products = SOLVERS[name](TightProducts(A, 4.0), y, eta, max_iter=count, tol=0)
    assert (dense.iterations, products.iterations) == (count, count)
    assert "compiled" in dense.method
    assert "operator" in products.method
    np.testing.assert_allclose(dense.x, products.x, atol=1e-12)
    np.testing.assert_allclose(dense.dual, products.dual, atol=1e-12)


def test_real_data_in_complex_arithmetic(name):
    A, y, eta = problem(False, False)
    real, embedded = SOLVERS[name](A, y, eta, tol=1e-8), SOLVERS[name](A.astype(complex), y, eta, tol=1e-8)
    assert embedded.x.dtype == complex
    np.testing.assert_allclose(embedded.x, real.x, atol=1e-4)
    np.testing.assert_allclose(embedded.x.imag, 0, atol=1e-12)


def test_complex_data_of_a_real_operator(name):
    A, y, eta = problem(False, False)
    y = y * np.exp(0.7j)
    dense, products = SOLVERS[name](A, y, eta, tol=1e-8), SOLVERS[name](aslinearoperator(A), y, eta, tol=1e-8)
    # turning the data turns the solution of the real problem
    np.testing.assert_allclose(dense.x, np.exp(0.7j) * SOLVERS[name](A, y * np.exp(-0.7j), eta, tol=1e-8).x,
                               atol=1e-4)
    np.testing.assert_allclose(products.x, dense.x, atol=1e-4)


def test_warm_start_is_already_there(name, is_complex, form):
    tight, wrap = FORMS[form]
    A, y, eta = problem(is_complex, tight)
    first = SOLVERS[name](wrap(A), y, eta)
    again = SOLVERS[name](wrap(A), y, eta, x0=first)
    assert again.converged
    assert again.iterations <= 10 < first.iterations
    assert SOLVERS[name](wrap(A), y, eta, x0=first.x).converged


def test_any_layout_of_the_input(name):
    A, y, eta = problem(False, False)
    A, y = np.round(4 * A), np.round(16 * y)
    expected = SOLVERS[name](A, y, eta)
    read_only = A.copy()
    read_only.flags.writeable = False
    forms = [np.asfortranarray(A), A.astype(int), A.astype(np.float32), read_only, A.tolist(),
             np.repeat(A, 2, axis=1)[:, ::2]]
    for B in forms:
        np.testing.assert_array_equal(SOLVERS[name](B, y.astype(int), eta).x, expected.x)
    # the operator's norm bound is a little larger than the norm, so the steps differ a little
    np.testing.assert_allclose(SOLVERS[name](DenseOperator(A), y, eta).x, expected.x, atol=1e-8)
    before = A.copy()
    SOLVERS[name](A, y, eta)
    np.testing.assert_array_equal(A, before)


def test_duplicated_and_zero_columns(name, is_complex):
    A, y, eta = problem(is_complex, False)
    wider = np.hstack([A, A[:, :5], np.zeros((M, 2))])
    s, narrow = SOLVERS[name](wider, y, eta, tol=1e-8), SOLVERS[name](A, y, eta, tol=1e-8)
    assert s.converged
    assert s.objective == pytest.approx(narrow.objective, rel=3e-8)
    np.testing.assert_array_equal(s.x[-2:], 0)


def test_duplicated_rows(name, is_complex):
    # rank M, 2 M rows: y stays in the range without noise
    A, _, eta = problem(is_complex, False)
    A, x = np.vstack([A, A]), np.eye(N)[4] * 2.0
    s = SOLVERS[name](A, A @ x, eta)
    assert s.converged
    if name == "basis pursuit":
        np.testing.assert_allclose(s.x, x, atol=1e-5)


def test_one_column_and_one_row(name):
    # |2 x - 6| <= eta: least |x| is (6 - eta)/2; lasso: 4 x = 12 - lam
    for A in (np.array([[2.0]]), aslinearoperator(np.array([[2.0]]))):
        expected = {"lasso": (12 - 3 * 0.5) / 4, "qcbp": 2.75, "basis pursuit": 3.0}[name]
        s = SOLVERS[name](A, [6.0], 0.5, tol=1e-9)
        np.testing.assert_allclose(s.x, [expected], rtol=1e-8)
    # a tall single column: the projection of y on it has coefficient 2; best residual 0
    tall = SOLVERS["basis pursuit"](np.ones((3, 1)), [2.0, 2.0, 2.0], 0.0)
    np.testing.assert_allclose(tall.x, [2.0])


def test_the_budget_is_kept_and_said(name):
    A, y, eta = problem(False, False)
    with pytest.warns(UserWarning, match="stopped after 15 iterations"):
        s = SOLVERS[name](A, y, eta, max_iter=15, tol=0)
    assert s.iterations == 15
    assert not s.converged
    assert s.gap > 0


@pytest.mark.parametrize(("change", "message"), [
    ({"A": np.full((M, N), np.nan)}, "A must be finite"),
    ({"A": np.zeros(N)}, "A must have 2"),
    ({"y": np.zeros(M + 1)}, r"y must have shape \(12,\), got \(13,\)"),
    ({"y": np.full(M, np.inf)}, "y must be finite"),
    ({"eta": np.nan}, "must lie in"),
    ({"eta": -1.0}, "must lie in"),
    ({"x0": np.zeros(2)}, "x0 must have shape"),
    ({"x0": np.zeros(N, complex)}, "x0 must be real"),
    ({"tol": -1}, "tol must lie in"),
    ({"max_iter": 0}, "max_iter must be at least 1"),
])
@pytest.mark.parametrize("solver", ["lasso", "qcbp"])
def test_bad_input_is_named(solver, change, message):
    A, y, eta = problem(False, False)
    given = {"A": A, "y": y, "eta": eta} | change
    with pytest.raises(ValueError, match=message):
        SOLVERS[solver](**given)


def test_an_operator_without_a_declared_norm_is_measured():
    A, y, eta = problem(False, False)
    plain = LinearOperator((M, N), matvec=lambda x: 50 * A @ x, rmatvec=lambda u: 50 * A.T @ u, dtype=float)
    s = qcbp(plain, 50 * y, 50 * eta)
    assert s.converged
    np.testing.assert_allclose(s.x, qcbp(A, y, eta).x, atol=1e-3)


@pytest.mark.parametrize("solver", ["lasso", "qcbp"])
def test_products_that_return_nan_are_refused(solver):
    broken = LinearOperator((M, N), matvec=lambda x: np.full(M, np.nan), rmatvec=lambda u: np.ones(N),
                            dtype=float)
    broken.norm_upper = 1.0
    with pytest.raises(ValueError, match="A must return finite values"):
        SOLVERS[solver](broken, np.ones(M), 0.1)
