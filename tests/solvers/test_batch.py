import numpy as np
import pytest

import kernelstab.solvers.batch as batch_module
from kernelstab._errors import NotConverged
from kernelstab.solvers import (
    Solution,
    basis_pursuit,
    lasso,
    lasso_path,
    qcbp,
    reference_qcbp,
    reference_sqrt_lasso,
    solve_batch,
    sqrt_lasso,
)

COUNT, M, N = 5, 8, 20


def problems(seed=2, own=False):
    """Return matrices and data with noise of norm 0.1 for sparse vectors."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((COUNT, M, N) if own else (M, N))
    X = np.zeros((COUNT, N))
    X[:, :3] = rng.standard_normal((COUNT, 3)) + 1.0
    E = rng.standard_normal((COUNT, M))
    E *= 0.1 / np.linalg.norm(E, axis=1)[:, None]
    return A, np.einsum("...ij,...j->...i", A, X) + E


LEVELS = {
    "lasso": np.array([0.1, 0.3, 1.0, 2.0, 0.02]),
    "qcbp": np.array([0.1, 0.02, 0.5, 1.0, 1e-6]),
    "basis-pursuit": np.zeros(COUNT),
    "sqrt-lasso": np.array([0.5, 1.0, 2.0, 0.1, 0.9]),
}
SINGLES = {"lasso": lasso, "qcbp": qcbp, "basis-pursuit": lambda A, y, level, **kw: basis_pursuit(A, y, **kw),
           "sqrt-lasso": sqrt_lasso}


@pytest.fixture(params=LEVELS)
def problem(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["shared", "own"])
def own(request):
    return request.param


def values(problem, A, Y, levels, X, H, nonneg=False):
    """Return objective, dual value, residual and how much of its room each dual point takes."""
    R = Y - np.einsum("...ij,...j->...i", A, X)
    slope = np.einsum("...ij,...i->...j", A.conj(), H)
    fit = (slope.real if nonneg else np.abs(slope)).max(axis=1)
    mass, size, length = np.abs(X).sum(axis=1), np.linalg.norm(R, axis=1), np.linalg.norm(H, axis=1)
    inner = np.einsum("ij,ij->i", H.conj(), Y).real
    if problem == "lasso":
        return 0.5 * size**2 + levels * mass, inner - 0.5 * length**2, size, fit / levels
    if problem == "sqrt-lasso":
        return levels * mass + size, inner, size, np.maximum(fit / levels, length)
    return mass, inner - levels * length, size, fit


@pytest.mark.parametrize("nonneg", [False, True])
def test_the_gaps_are_true_and_at_rounding(problem, own, nonneg):
    A, Y = problems(own=own)
    levels = LEVELS[problem]
    b = solve_batch(problem, A, Y, levels, nonneg=nonneg, tol=1e-9)
    assert len(b) == COUNT
    assert (b.x.shape, b.dual.shape, b.gap.shape) == ((COUNT, N), (COUNT, M), (COUNT,))
    assert b.converged.all()
    assert b.relative_gap.max() < 1e-11
    assert b.feasibility.max() < 1e-13
    assert not nonneg or b.x.min() >= 0
    objective, dual, residual, fit = values(problem, A, Y, levels, b.x, b.dual, nonneg)
    assert fit.max() <= 1 + 1e-12
    np.testing.assert_allclose(b.objective, objective, rtol=1e-12)
    np.testing.assert_allclose(b.dual_objective, dual, rtol=1e-10)
    np.testing.assert_allclose(b.residual, residual, rtol=1e-9, atol=1e-13)
    assert np.all(objective - dual <= b.gap + 1e-12 * objective)


def test_batches_agree_with_single_problems(problem, own):
    A, Y = problems(own=own)
    b = solve_batch(problem, A, Y, LEVELS[problem])
    for i in range(COUNT):
        one = SINGLES[problem](A[i] if own else A, Y[i], LEVELS[problem][i], tol=1e-10)
        np.testing.assert_allclose(b.x[i], one.x, atol=1e-7)
        assert b.objective[i] == pytest.approx(one.objective, rel=1e-9)


def test_batches_lie_on_the_path():
    A, Y = problems()
    b = solve_batch("lasso", A, Y, LEVELS["lasso"])
    for i in range(COUNT):
        np.testing.assert_allclose(b.x[i], lasso_path(A, Y[i]).at(LEVELS["lasso"][i]), atol=1e-12)


def test_values_agree_with_an_independent_solver():
    A, Y = problems()
    for problem, reference in (("qcbp", reference_qcbp), ("sqrt-lasso", reference_sqrt_lasso)):
        b = solve_batch(problem, A, Y[:2], LEVELS[problem][:2])
        for i in range(2):
            assert b.objective[i] == pytest.approx(reference(A, Y[i], LEVELS[problem][i]).objective, rel=1e-6)


def test_a_shared_matrix_equals_a_repeated_one(problem):
    # five problems of eight rows are too few for the Gram matrix of 20 columns, fifty are not
    A, Y = problems()
    Y, levels = np.tile(Y, (10, 1)), np.tile(LEVELS[problem], 10)
    with_gram = solve_batch(problem, A, Y, levels)
    without = solve_batch(problem, np.broadcast_to(A, (50, M, N)), Y, levels)
    np.testing.assert_allclose(with_gram.x, without.x, atol=1e-12)
    np.testing.assert_allclose(with_gram.x[:COUNT], with_gram.x[-COUNT:], atol=0)


def test_threads_and_neighbours_do_not_matter(problem, own):
    A, Y = problems(own=own)
    levels = LEVELS[problem]
    alone, shared = (solve_batch(problem, A, Y, levels, threads=k) for k in (1, 3))
    np.testing.assert_array_equal(alone.x, shared.x)
    np.testing.assert_array_equal(alone.dual, shared.dual)
    one = solve_batch(problem, A[3:4] if own else A, Y[3:4], levels[3:4])
    np.testing.assert_allclose(one.x[0], alone.x[3], atol=1e-14)


def test_one_level_for_all():
    A, Y = problems()
    one, many = solve_batch("lasso", A, Y, 0.3), solve_batch("lasso", A, Y, [0.3] * COUNT)
    np.testing.assert_array_equal(one.x, many.x)


def test_by_hand():
    # Soft thresholding; the nearest diamond to (3, 4) touches the unit disc along (1, 1).
    b = solve_batch("lasso", np.eye(2), [[3.0, 0.5], [-4.0, 4.0]], 1.0)
    np.testing.assert_allclose(b.x, [[2, 0], [-3, 3]], atol=1e-15)
    b = solve_batch("qcbp", np.eye(2), [[3.0, 4.0]], 1.0)
    np.testing.assert_allclose(b.x, [[3 - np.sqrt(0.5), 4 - np.sqrt(0.5)]], rtol=1e-14)
    np.testing.assert_allclose(b.dual, [[1, 1]], rtol=1e-14)
    # The third column is the sum of the others: (1, 1) costs 1.
    b = solve_batch("basis-pursuit", [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], [[1.0, 1.0], [2.0, 1.0]])
    np.testing.assert_allclose(b.x, [[0, 0, 1], [1, 0, 1]], atol=1e-15)


def test_zero_solutions():
    Y = np.array([[3.0, -4.0], [0.0, 0.0]])
    b = solve_batch("lasso", np.eye(2), Y, [4.0, 1.0])
    np.testing.assert_array_equal(b.x, 0)
    np.testing.assert_array_equal(b.gap, 0)
    assert solve_batch("lasso", np.eye(2), Y[:1], 3.99).x.any()
    assert not solve_batch("qcbp", np.eye(2), Y, [5.0, 0.0]).x.any()
    assert solve_batch("qcbp", np.eye(2), Y[:1], 4.99).x.any()
    assert not solve_batch("sqrt-lasso", np.eye(2), Y, 0.8).x.any()  # 4/5 is where zero ends
    assert solve_batch("sqrt-lasso", np.eye(2), Y[:1], 0.79).x.any()
    assert not solve_batch("lasso", np.eye(2), -np.abs(Y), 0.1, nonneg=True).x.any()


def test_exact_fits_of_the_square_root_lasso():
    # Below some level the residual of the square-root LASSO is exactly zero, and its solution that of
    # basis pursuit.
    A, Y = problems()
    b = solve_batch("sqrt-lasso", A, Y, 1e-3, tol=1e-9)
    assert b.converged.all()
    assert b.residual.max() < 1e-12
    exact = solve_batch("basis-pursuit", A, Y)
    np.testing.assert_allclose(b.x, exact.x, atol=1e-10)
    # which has no level, however its name is written
    np.testing.assert_array_equal(solve_batch("basis_pursuit", A, Y, 0.5).x, exact.x)


def test_ties_duplicates_and_zero_columns(problem):
    rng = np.random.default_rng(0)
    A = rng.integers(-1, 2, (6, 12)).astype(float)
    A[:, 3], A[:, 4], A[:, 5] = A[:, 0], -A[:, 1], 0.0
    Y = A[:, :4] @ np.array([[1.0, 2, 0, 0], [1, 1, 1, 1], [-1, 0, 0, 2]]).T
    b = solve_batch(problem, A, Y.T, 0.5)
    assert b.relative_gap.max() < 1e-12
    assert not b.x[:, 5].any()


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (1, 1)])
def test_smallest_shapes(problem, shape):
    rng = np.random.default_rng(3)
    A, x = rng.standard_normal(shape), rng.standard_normal((2, shape[1]))
    assert solve_batch(problem, A, x @ A.T, 0.1, tol=1e-10).converged.all()


def test_forms_of_input_do_not_matter():
    A, Y = problems()
    A = np.round(4 * A)
    expected = solve_batch("lasso", A, Y, 0.3).x
    frozen = A.copy()
    frozen.flags.writeable = False
    for form in (A.astype(np.float32), A.astype(int), np.asfortranarray(A), frozen):
        np.testing.assert_allclose(solve_batch("lasso", form, Y, 0.3).x, expected, atol=1e-14)
    stack = np.repeat(A[None], COUNT, axis=0)
    for form in (stack.astype(np.float32), stack.astype(int), np.asfortranarray(stack)):
        np.testing.assert_allclose(solve_batch("lasso", form, Y, 0.3).x, expected, atol=1e-12)


def test_complex_problems(problem, own):
    A, Y = problems(own=own)
    A, Y, levels = A[:2] if own else A, Y[:2], LEVELS[problem][:2]
    turned = np.exp(0.7j) * A
    b = solve_batch(problem, turned, Y.astype(complex), levels, tol=1e-7)
    real = solve_batch(problem, A, Y, levels)
    assert b.converged.all()
    assert b.x.dtype == complex
    np.testing.assert_allclose(b.objective, real.objective, rtol=1e-6)  # the turn moves to x
    objective, dual, _, fit = values(problem, turned, Y, levels, b.x, b.dual)
    assert fit.max() <= 1 + 1e-12
    assert np.all(objective - dual <= b.gap + 1e-12 * objective)


def test_one_problem_of_a_batch():
    A, Y = problems()
    b = solve_batch("qcbp", A, Y, 0.1)
    s = b[2]
    assert isinstance(s, Solution)
    assert (s.objective, s.gap, s.converged) == (b.objective[2], b.gap[2], True)
    assert s.method == "qcbp by homotopy, compiled batch"
    np.testing.assert_array_equal(s.x, b.x[2])
    assert len(list(b)) == COUNT
    assert repr(b).startswith("<BatchSolution of 5 problems: 5 converged, largest relative gap")


def test_unfinished_paths_are_handed_over(problem, monkeypatch):
    A, Y = problems()
    A = np.hstack([A, A])   # columns that depend on each other: no LASSO leaps to its end
    expected = solve_batch(problem, A, Y, LEVELS[problem]).objective
    monkeypatch.setattr(batch_module, "_STEPS", 2)
    b = solve_batch(problem, A, Y, LEVELS[problem], tol=1e-8)
    assert b.converged.all()
    assert not any(method.endswith("compiled batch") for method in b.methods)
    np.testing.assert_allclose(b.objective, expected, rtol=1e-7)


def test_what_has_no_solution_is_said_once():
    A, Y = np.array([[1.0], [1.0]]), np.array([[1.0, 0.0], [2.0, 2.0], [0.0, 1.0]])
    with pytest.warns(NotConverged, match="2 of 3 problems stopped") as caught:
        b = solve_batch("basis-pursuit", A, Y)
    assert len(caught) == 1
    assert b.converged.tolist() == [False, True, False]
    assert b.x[1] == pytest.approx(2.0)


def test_progress_counts_to_the_end():
    A, Y = problems()
    rows = []
    solve_batch("lasso", A, Y, 0.3, threads=1, progress=lambda *row: rows.append(row))
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert rows[-1] == (COUNT, COUNT, "paths")


@pytest.mark.parametrize(("change", "message"), [
    ({"problem": "ridge"}, r"problem must be one of \['basis-pursuit', .*\], got 'ridge'"),
    ({"A": np.eye(2)[0]}, r"A must have shape \(m, N\) or \(B, m, N\), got \(2,\)"),
    ({"A": np.eye(3)}, r"Y must have shape \(B, 3\), got \(2, 2\)"),
    ({"A": np.ones((3, 2, 2))}, r"Y must have shape \(3, 2\), got \(2, 2\)"),
    ({"A": np.array([[1.0, np.nan], [0.0, 1.0]])}, r"A must be finite, got nan at index \(0, 1\)"),
    ({"A": [np.eye(2), [[1.0, np.inf], [0.0, 1.0]]]}, r"A must be finite, got inf at index \(1, 0, 1\)"),
    ({"A": np.array([np.eye(2), [[1.0, np.inf], [0.0, 1.0]]])}, r"A must be finite, got inf at index"),
    ({"A": np.array([np.eye(2), [[1.0, 0.0], [np.nan, 1.0]]])}, r"A must be finite, got nan at index"),
    ({"Y": [[1.0, np.nan], [0.0, 1.0]]}, "Y must be finite"),
    ({"Y": [1.0, 2.0]}, "Y must have 2 dimension"),
    ({"level": [0.1, 0.2, 0.3]}, r"level must be a number or have shape \(2,\), got \(3,\)"),
    ({"level": [0.1, 0.0]}, r"level must be above 0, got 0\.0"),
    ({"problem": "qcbp", "level": -1.0}, r"level must be at least 0, got -1\.0"),
    ({"level": 1j}, "level must be real"),
    ({"tol": -1.0}, "tol must lie in"),
    ({"threads": 0}, "threads must be at least 1"),
    ({"progress": 3}, "progress must be a function, got 3"),
    ({"A": 1j * np.eye(2), "nonneg": True}, "nonneg must be False for complex problems"),
])
def test_bad_input(change, message):
    good = {"problem": "lasso", "A": np.eye(2), "Y": [[1.0, 2.0], [0.0, 1.0]], "level": 0.5}
    arguments = good | change
    with pytest.raises(ValueError, match=message):
        solve_batch(arguments.pop("problem"), arguments.pop("A"), arguments.pop("Y"), **arguments)


def test_rows_of_which_rounding_leaves_no_digit_are_left_to_single_problems(monkeypatch):
    # ||y|| = 5 less eta is 5e-12, the objective about as small: <u, y> - eta ||u|| is a difference of
    # numbers near 5, with errors of some 1e-15; a millionth of the objective is 5e-18.
    asked, A, y = [], np.array([[0.6, 0.8], [0.8, -0.6]]), [3.0, 4.0]

    def single(form, A, y, level, tol, nonneg):
        asked.append(level)
        return Solution(np.zeros(2), np.zeros(2), 0.0, 0.0, 0.0, 0.0, 5.0, 0.0, 7, False, "nothing")

    monkeypatch.setattr(batch_module, "_single", single)
    with pytest.warns(NotConverged, match="1 of 2 problems stopped"):
        b = solve_batch("qcbp", A, [y, y], [1.0, 5.0 - 5e-12])
    assert asked == [5.0 - 5e-12]
    assert b.converged.tolist() == [True, False]     # what the single problem says counts


def test_equations_of_many_sizes_are_not_lost_in_a_batch():
    # x1 + x2 = 1 and 1e-7 x2 = -5e-7 leave (6, -5) only; the second problem's rows are of one size.
    A = np.array([[[1.0, 1.0], [0.0, 1e-7]], [[1.0, 1.0], [0.0, 1.0]]])
    for matrices in (A, A[0]):
        found = solve_batch("basis-pursuit", matrices, [[1.0, -5e-7], [1.0, 0.0]])
        assert found.converged.all()
        np.testing.assert_allclose(found.objective, [11.0, 1.0], rtol=1e-6)
