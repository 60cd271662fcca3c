"""Extreme matrices and data: the answer is that of ordinary ones, in other units."""

import warnings

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator

from kernelstab._engines.linear_system import as_system
from kernelstab._engines.problem import Problem, Units, units_of
from kernelstab._errors import NotConverged
from kernelstab.operators import SubsampledFourier
from kernelstab.solvers import (
    analysis,
    basis_pursuit,
    lasso,
    qcbp,
    solve_batch,
    sqrt_lasso,
    tv,
    tv_wavelet,
    wavelet_lasso,
    wavelet_qcbp,
)

EXTREMES = ((1e150, 1e150), (1e-150, 1e150), (1e-150, 1e-150), (1e-160, 1e140), (1.0, 1e-170), (1e-170, 1.0))
# Form, method, the level for a matrix times s and data times t, and what the objective is multiplied by.
CASES = {
    ("lasso", "fista"): (lambda A, y, s, t, **kw: lasso(A, y, 0.3 * s * t, **kw), lambda s, t: t * t),
    ("qcbp", "primal-dual"): (lambda A, y, s, t, **kw: qcbp(A, y, 0.1 * t, **kw), lambda s, t: t / s),
    ("basis pursuit", "primal-dual"): (lambda A, y, s, t, **kw: basis_pursuit(A, y, **kw),
                                       lambda s, t: t / s),
    ("sqrt-lasso", "primal-dual"): (lambda A, y, s, t, **kw: sqrt_lasso(A, y, 0.5 * s, **kw), lambda s, t: t),
}


def products(A):
    return LinearOperator(A.shape, matvec=lambda x: A @ x, rmatvec=lambda u: A.conj().T @ u, dtype=A.dtype)


def problem(is_complex):
    rng = np.random.default_rng(0)
    A = rng.standard_normal((4, 8))
    y = A[:, 1] - 2 * A[:, 5] + 0.1 * rng.standard_normal(4)
    return (A + 1j * A[::-1] if is_complex else A), y


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("form", [np.asarray, products], ids=["dense", "operator"])
@pytest.mark.parametrize("case", CASES, ids=" by ".join)
def test_extreme_scales_change_the_units_only(case, form, is_complex):
    solve, factor = CASES[case]
    A, y = problem(is_complex)
    weights = np.linspace(1.0, 2.0, 8)
    plain = solve(form(A), y, 1.0, 1.0, method=case[1], weights=weights)
    for s, t in EXTREMES:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = solve(form(s * A), t * y, s, t, method=case[1], weights=weights)
        assert found.converged
        np.testing.assert_allclose(found.x * s / t, plain.x, atol=3e-3)
        if 0.0 < factor(s, t) < np.inf:
            assert found.objective / factor(s, t) == pytest.approx(plain.objective, rel=3e-6)
            assert found.dual_objective / factor(s, t) == pytest.approx(plain.objective, rel=3e-6)
        assert found.residual / t == pytest.approx(plain.residual, abs=1e-3)


def test_by_hand():
    # b = 8 for y, a = 4 for A: x' = 2 x; |A x - y|^2/2 + lam |x| is multiplied by 64.
    units = Units("lasso", 4.0, 8.0)
    assert (units.point, units.parameter(1.0)) == (2.0, 32.0)
    assert (units.dual(1.0), units.value_back(64.0)) == (8.0, 1.0)
    # |x| is multiplied by 2, the residual by 8, and A^H h <= 1 by dividing h by 4.
    units = Units("qcbp", 4.0, 8.0)
    assert (units.point, units.parameter(1.0)) == (2.0, 8.0)
    assert (units.dual(1.0), units.value_back(2.0)) == (0.25, 1.0)
    # The residual is multiplied by 8, |x| by 2, so its weight by 4; the dual ball stays.
    units = Units("sqrt-lasso", 4.0, 8.0)
    assert (units.point, units.parameter(1.0), units.dual(1.0), units.value_back(8.0)) == (2.0, 4.0, 1.0, 1.0)
    assert all(u.dual_back(u.dual(3.0)) == 3.0 for u in (Units(f, 4.0, 8.0) for f in ("lasso", "qcbp")))


def test_ordinary_problems_have_no_units():
    A, y = problem(False)
    for s, t in ((1.0, 1.0), (1e20, 1e-20), (1.0, 0.0), (0.0, 1.0)):
        assert units_of(Problem("lasso", as_system(s * A, t * y), 1.0, 1e-6)) is None
    units = units_of(Problem("lasso", as_system(2.0**-200 * A, 2.0**300 * y), 1.0, 1e-6))
    assert 0.1 < units.matrix * 2.0**-200 < 10.0
    assert 0.1 < units.data * 2.0**300 < 10.0


def test_callback_history_and_warm_starts_speak_the_units_of_the_caller():
    A, y, told = 1e-100 * np.eye(2), 1e100 * np.array([3.0, 0.5]), []
    # Soft thresholding of (3, 0.5) by 1: (2, 0), here times 1e200; objective 2.625, times 1e200.
    found = lasso(A, y, 1.0, method="fista", history=True,
                  callback=lambda done, x, gap: told.append((x, gap)))
    np.testing.assert_allclose(found.x, [2e200, 0.0], rtol=1e-6)
    np.testing.assert_allclose(found.dual, [1e100, 0.5e100], rtol=1e-6)
    np.testing.assert_array_equal(told[-1][0], found.x)
    assert told[-1][1] == found.gap
    assert found.history[0, 1] == pytest.approx(0.5 * 9.25e200)      # zero
    assert found.history[-1, 1] == pytest.approx(2.625e200)
    again = lasso(A, y, 1.0, method="fista", x0=found)
    assert again.iterations == 0
    assert qcbp(A, y, 1e100, method="primal-dual", x0=qcbp(A, y, 1e100, method="primal-dual")).iterations == 0


def test_large_data_and_answers_too_large_for_a_double():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = basis_pursuit(np.array([[1.0, 2.0]]), [1e200])   # the larger entry alone
        np.testing.assert_allclose(found.x, [0.0, 5e199])
        with pytest.raises(ValueError, match="y must be small enough"):
            basis_pursuit(np.array([[1e-160, 2e-160]]), [1e160])
        with pytest.raises(ValueError, match="y must be small enough"):
            lasso(np.eye(2), [1e200, 1e200], 1e199, method="fista")


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("case", CASES, ids=" by ".join)
@pytest.mark.parametrize(("power", "words"), [(-600, "y must be small"), (600, "y must be large")])
def test_solutions_that_no_double_holds_are_refused_and_zero_is_not(power, words, case, dtype):
    # The solution is that of the plain problem times 2**(-2 * power): infinite, or below the least number.
    A, y = problem(False)
    s, t, solve = 2.0**power, 2.0**-power, CASES[case][0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=words):
            solve(s * A.astype(dtype), t * y, s, t)
        if case[0] != "basis pursuit":
            level = {"lasso": 0.3 * s * t, "qcbp": 0.1 * t, "sqrt-lasso": 0.5 * s}[case[0]]
            with pytest.raises(ValueError, match=words):
                solve_batch(case[0], s * A.astype(dtype), (t * y)[None], level)
        assert not qcbp(s * A.astype(dtype), t * y, 100.0 * t).x.any()      # zero is within eta


def test_data_far_too_large_for_their_row_are_named():
    with pytest.raises(ValueError, match="y must be small enough"):      # 1e-200 x2 = 1e200
        basis_pursuit([[1.0, 1.0], [0.0, 1e-200]], [1.0, 1e200])


def test_a_gap_not_closed_is_told_in_the_units_of_the_caller():
    A, y = problem(False)
    with pytest.warns(NotConverged):
        found = qcbp(1e-100 * A, 1e100 * y, 1e99, method="primal-dual", max_iter=1)
    assert found.residual == pytest.approx(float(np.linalg.norm(1e-100 * (A @ found.x) / 1e100 - y)) * 1e100)
    assert found.feasibility == pytest.approx(max(found.residual - 1e99, 0.0))
    assert found.gap == pytest.approx(found.relative_gap * found.objective)


IMAGES = {
    "tv": (lambda A, y, t, **kw: tv(A, y, 0.5 * t, **kw), 1),
    "tv exact": (lambda A, y, t, **kw: tv(A, y, 0.0, **kw), 1),
    "tv lam": (lambda A, y, t, **kw: tv(A, y, lam=0.5 * t, **kw), 2),
    "tv dense": (lambda A, y, t, **kw: tv(A.to_dense(), y, 0.5 * t, shape=(8, 8), **kw), 1),
    "analysis": (lambda A, y, t, **kw: analysis(A, y, np.eye(64), 0.5 * t, **kw), 1),
    "tv_wavelet": (lambda A, y, t, **kw: tv_wavelet(A, y, 0.5 * t, wavelet="haar", **kw), 1),
    "wavelet_qcbp": (lambda A, y, t, **kw: wavelet_qcbp(A, y, 0.5 * t, "haar", level=2, **kw), 1),
    "wavelet_lasso": (lambda A, y, t, **kw: wavelet_lasso(A, y, 0.5 * t, "haar", level=2, **kw), 2),
}


@pytest.mark.parametrize("t", [2.0**-480, 1e-150, 1e-20, 1e20, 2.0**66, 1e100, 2.0**480])
@pytest.mark.parametrize("case", IMAGES)
def test_the_units_of_images_do_not_matter(case, t):
    mask = np.ones((8, 8), bool)
    mask[2:5, 3:6] = mask[-4:-1, -5:-2] = False     # with each frequency the opposite one
    A = SubsampledFourier(mask, real=True)
    y = A.matvec(np.kron(np.array([[1.0, 2.0], [0.0, -1.0]]), np.ones((4, 4))).ravel())
    solve, power = IMAGES[case]
    seen, plain = [], solve(A, y, 1.0)
    found = solve(A, t * y, t, callback=lambda done, x, gap: seen.append(x.max() / t))
    assert found.converged == plain.converged
    np.testing.assert_allclose(found.x / t, plain.x, atol=2e-2)
    assert found.objective / t**(power - 1) / t == pytest.approx(plain.objective, rel=2e-4)
    assert found.dual_objective / t**(power - 1) / t == pytest.approx(plain.objective, rel=2e-4)
    assert found.residual / t == pytest.approx(plain.residual, abs=1e-3)
    assert np.abs(found.dual).max() / t**(power - 1) == pytest.approx(np.abs(plain.dual).max(), rel=0.2)
    if seen:
        assert seen[-1] == pytest.approx(plain.x.max(), abs=2e-2)
    again = solve(A, t * y, t, x0=found)
    assert again.converged == plain.converged
    assert again.iterations <= found.iterations


@pytest.mark.parametrize("options", [{"eta": 1e300}, {"lam": 1e300}])
def test_a_parameter_beyond_all_data_gives_a_constant_image(options):
    found = tv(np.eye(16), np.repeat([0.0, 1e-10], 8), **options)
    assert found.converged
    assert found.objective <= 0.25 * 16 * 1e-20
