import numpy as np
import pytest
from scipy.linalg import hadamard

from kernelstab._errors import NotConverged
from kernelstab.operators import gaussian
from kernelstab.solvers import basis_pursuit, lasso_path, reference_lasso

# Columns (2, 1) and (1, 0), data (3, -1): G = [[5, 2], [2, 1]], A'y = (5, 3), G^-1 = [[1, -2], [-2, 5]].
#  lam 5:   the first joins, x1 = (5 - lam)/5, and c2 = 3 - 2 x1 = 1 + 0.4 lam meets lam at 5/3.
#  lam 5/3: both, d = G^-1 (1, 1) = (-1, 3), so x = (lam - 1, 5 - 3 lam): the first leaves at 1.
#  lam 1:   x2 = 3 - lam, and c1 = 5 - 2 x2 = 2 lam - 1 meets -lam at 1/3.
#  lam 1/3: both, now with signs (-1, 1), d = (-3, 7), x = (3 lam - 1, 5 - 7 lam).
LEAVING = np.array([[2.0, 1.0], [1.0, 0.0]]), np.array([3.0, -1.0])
CORNERS = [5, 5 / 3, 1, 1 / 3, 0]
COEFS = [[0, 0], [2 / 3, 0], [0, 2], [0, 8 / 3], [-1, 5]]


def generic(seed=3, m=8, N=20):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, N)), rng.standard_normal(m)


def worst(A, y, lam, x, nonneg=False):
    """Return by how much ``x`` breaks the conditions of optimality, as a share of ``lam``."""
    c = A.T @ (y - A @ x)
    on = np.flatnonzero(x)
    outside = (c if nonneg else np.abs(c)).max() - lam
    return max(outside, np.abs(c[on] - lam * np.sign(x[on])).max(initial=0.0)) / lam


def test_columns_join_leave_and_join_again_with_the_other_sign():
    path = lasso_path(*LEAVING)
    np.testing.assert_allclose(path.lam, CORNERS, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(path.coefs, COEFS, rtol=1e-14, atol=1e-14)
    # y - A x: (3, -1), (5/3, -5/3), (1, -1), (1/3, -1), 0
    norms = [np.sqrt(10), 5 * np.sqrt(2) / 3, np.sqrt(2), np.sqrt(10) / 3, 0]
    np.testing.assert_allclose(path.residuals, norms, rtol=1e-14, atol=1e-14)
    assert [list(np.flatnonzero(x)) for x in path.coefs] == [[], [0], [1], [1], [0, 1]]
    assert path.complete


def test_a_matrix_with_more_columns_than_rows_by_hand():
    # c = (2, 1, 3): the third joins at 3, x3 = (3 - lam)/2; c1 = (1 + lam)/2 meets lam at 1;
    # then d = (0, 1) on (third, first): x = (1 - lam, 0, 1) to the end, and c2 stays 0.
    path = lasso_path([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], [2.0, 1.0])
    np.testing.assert_allclose(path.lam, [3, 1, 0], atol=1e-15)
    np.testing.assert_allclose(path.coefs, [[0, 0, 0], [0, 0, 1], [1, 0, 1]], atol=1e-15)


@pytest.mark.parametrize(("lam", "x"), [
    (9.0, [0, 0]), (5.0, [0, 0]), (2.5, [0.5, 0]), (4 / 3, [1 / 3, 1]), (1.0, [0, 2]), (2 / 3, [0, 7 / 3]),
    (0.1, [-0.7, 4.3]), (0.0, [-1, 5])])
def test_between_the_corners_by_hand(lam, x):
    np.testing.assert_allclose(lasso_path(*LEAVING).at(lam), x, atol=1e-14)


def test_nonnegative_paths_by_hand():
    # As above until lam = 1/3, where the first column would join with a negative sign.
    path = lasso_path(*LEAVING, nonneg=True)
    np.testing.assert_allclose(path.lam, [5, 5 / 3, 1, 0], atol=1e-14)
    np.testing.assert_allclose(path.coefs[-1], [0, 3], atol=1e-14)
    assert path.residuals[-1] == pytest.approx(1.0)


def test_nothing_is_positive():
    path = lasso_path(np.eye(2), [-1.0, -2.0], nonneg=True)
    assert (path.lam.tolist(), path.coefs.tolist(), path.complete) == ([0.0], [[0.0, 0.0]], True)


@pytest.mark.parametrize("nonneg", [False, True])
def test_conditions_of_optimality_hold_all_along(nonneg):
    A, y = generic()
    path = lasso_path(A, y, nonneg=nonneg)
    assert path.complete
    assert np.all(np.diff(path.lam) < 0)
    levels = [*path.lam[:-1], *(path.lam[:-1] + path.lam[1:])[:-1] / 2, 1e-3 * path.lam[0]]
    assert max(worst(A, y, lam, path.at(lam), nonneg) for lam in levels) < 1e-11
    assert not nonneg or path.coefs.min() >= 0


def test_values_agree_with_an_independent_solver():
    A, y = generic(4)
    path = lasso_path(A, y)
    for share in (0.5, 0.1, 0.01):
        lam = share * path.lam[0]
        found = reference_lasso(A, y, lam)
        value = 0.5 * np.linalg.norm(A @ path.at(lam) - y) ** 2 + lam * np.abs(path.at(lam)).sum()
        assert value == pytest.approx(found.objective, rel=1e-7)
        assert value <= found.objective * (1 + 1e-12)


def test_the_end_is_basis_pursuit():
    A, y = generic(5)
    path = lasso_path(A, y)
    np.testing.assert_allclose(path.coefs[-1], basis_pursuit(A, y, tol=1e-10).x, atol=1e-8)
    assert path.residuals[-1] < 1e-13


def test_least_squares_where_there_are_more_rows_than_columns():
    A, y = generic(6, m=9, N=4)
    np.testing.assert_allclose(lasso_path(A, y).coefs[-1], np.linalg.lstsq(A, y)[0], atol=1e-13)


def degenerate():
    rng = np.random.default_rng(1)
    A = rng.standard_normal((6, 9))
    A[:, 3], A[:, 4], A[:, 5], A[:, 6] = A[:, 0], -A[:, 0], 0.0, A[:, 1] + A[:, 2]
    return {
        "duplicated, negated, zero and dependent columns": (A, rng.standard_normal(6)),
        "equal correlations": (np.eye(5), np.ones(5)),
        "equal correlations of both signs": (np.eye(5), np.array([2.0, -2.0, 2.0, 0.0, 1.0])),
        "rows of a Hadamard matrix": (hadamard(8)[:4].astype(float), np.array([1.0, 1.0, 1.0, -1.0])),
        "identity and Hadamard": (np.hstack([2 * np.eye(4), hadamard(4)]), np.arange(4.0)),
        "small integers": (rng.integers(-1, 2, (6, 14)).astype(float), np.array([2.0, 0, -1, 2, 1, -2])),
        "rank one": (np.outer([1.0, 2.0, 2.0], [1.0, 1.0, -1.0, 0.5]), np.array([1.0, 0.0, 1.0])),
        "one row": (np.array([[1.0, -3.0, 2.0, 3.0]]), np.array([2.0])),
        "one column": (np.array([[1.0], [2.0]]), np.array([3.0, -1.0])),
        "one entry": (np.array([[2.0]]), np.array([3.0])),
    }


@pytest.mark.parametrize("name", degenerate())
@pytest.mark.parametrize("nonneg", [False, True])
def test_degenerate_problems(name, nonneg):
    A, y = degenerate()[name]
    path = lasso_path(A, y, nonneg=nonneg)
    assert path.complete
    levels = [share * path.lam[0] for share in (0.9, 0.5, 0.2, 0.05, 0.01)]
    assert max(worst(A, y, lam, path.at(lam), nonneg) for lam in levels) < 1e-11


def test_ties_are_one_corner():
    # the identity shrinks all entries alike
    path = lasso_path(np.eye(4), np.full(4, 2.0))
    np.testing.assert_allclose(path.lam, [2, 0], atol=1e-15)
    np.testing.assert_allclose(path.coefs, [[0] * 4, [2] * 4], atol=1e-15)


def test_lam_min_ends_the_path():
    path = lasso_path(*LEAVING, lam_min=0.5)
    np.testing.assert_allclose(path.lam, [5, 5 / 3, 1, 0.5], rtol=1e-14)
    np.testing.assert_allclose(path.coefs[-1], [0, 2.5], atol=1e-14)
    with pytest.raises(ValueError, match=r"lam must lie in \[0\.5.*, inf\], got 0\.4"):
        path.at(0.4)


@pytest.mark.parametrize("lam_min", [1.0, 5.0, 7.0])
def test_an_end_on_a_corner_or_above_all(lam_min):
    path = lasso_path(*LEAVING, lam_min=lam_min)
    assert path.complete
    assert np.all(np.diff(path.lam) < 0)
    np.testing.assert_allclose(path.at(lam_min), [0, 2] if lam_min == 1 else [0, 0], atol=1e-14)


def test_zero_data():
    path = lasso_path(np.eye(2), [0.0, 0.0])
    assert (path.lam.tolist(), path.coefs.tolist(), path.complete) == ([0.0], [[0.0, 0.0]], True)
    np.testing.assert_array_equal(path.at(1.0), [0, 0])


def test_a_path_cut_short_says_so():
    with pytest.warns(NotConverged, match="ends at lambda"):
        path = lasso_path(*LEAVING, max_steps=2)
    assert not path.complete
    np.testing.assert_allclose(path.lam, CORNERS[:2], rtol=1e-14)


def test_forms_of_input_do_not_matter():
    A, y = LEAVING
    frozen = A.copy()
    frozen.flags.writeable = False
    for form in (A.astype(np.float32), A.astype(int), np.asfortranarray(A), frozen):
        np.testing.assert_allclose(lasso_path(form, y).coefs, COEFS, atol=1e-14)


@pytest.mark.parametrize(("A", "y", "kw", "message"), [
    (np.eye(2), [1.0, 2.0], {"lam_min": -1}, "lam_min must lie in"),
    (np.eye(2), [1.0, 2.0], {"max_steps": 0}, "max_steps must be at least 1"),
    (1j * np.eye(2), [1.0, 2.0], {}, "A and y must be real"),
    (gaussian(2, 3, rng=0) @ gaussian(3, 3, rng=0), [1.0, 2.0], {}, "A and y must be real, and A a matrix"),
    ([[1.0, np.nan]], [1.0], {}, "A must be finite"),
])
def test_bad_input(A, y, kw, message):
    with pytest.raises(ValueError, match=message):
        lasso_path(A, y, **kw)


def test_repr():
    assert repr(lasso_path(*LEAVING)) == "<LassoPath with 5 corners from lambda 5 to 0, at most 2 nonzeros>"
