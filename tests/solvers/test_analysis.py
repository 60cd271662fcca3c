"""Analysis problems agree with cvxpy, and their gaps are recomputed from the points alone."""

import cvxpy as cp
import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab._errors import NotConverged
from kernelstab.operators import (
    Blur,
    DenseOperator,
    SubsampledFourier,
    SubsampledHadamard,
    WaveletSynthesis,
    gaussian,
    masks,
)
from kernelstab.solvers import analysis, tv_wavelet
from kernelstab.solvers.analysis import analysis_problem

SHAPE, N = (8, 8), 64


def differences(shape):
    """Return the periodic forward differences along each axis as dense matrices."""
    return [np.kron(np.kron(np.eye(int(np.prod(shape[:a]))), np.roll(np.eye(n), 1, axis=1) - np.eye(n)),
                    np.eye(int(np.prod(shape[a + 1:])))) for a, n in enumerate(shape)]


def frame(kind):
    """Return what the user hands in and the dense matrix of it."""
    haar, db2 = (WaveletSynthesis(SHAPE, name, level=2) for name in ("haar", "db2"))
    dense = [W.to_dense().T for W in (haar, db2)]
    if kind == "basis":
        return haar.H, dense[0]
    if kind == "two bases":
        return [haar.H, db2.H], np.vstack(dense)
    if kind == "array":
        D = np.vstack([*differences(SHAPE), 0.3 * np.eye(N)])
        return D, D
    D = np.vstack([*differences(SHAPE), dense[0]])
    return [aslinearoperator(np.vstack(differences(SHAPE))), haar.H], D


def forward(kind):
    mask = masks.standard(8)
    return {"fourier": lambda: SubsampledFourier(mask, real=True), "complex": lambda: SubsampledFourier(mask),
            "hadamard": lambda: SubsampledHadamard(np.arange(64).reshape(8, 8) % 3 == 0),
            "gaussian": lambda: gaussian(24, N, image_shape=SHAPE, rng=5),
            "blur": lambda: Blur(np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0]) / 16, SHAPE)}[kind]()


def measured(kind):
    """Return an operator and data of a piecewise constant image, with a phase for complex ones."""
    A = forward(kind)
    x = np.zeros(SHAPE)
    x[2:6, 1:5], x[4:, 5:] = 1.0, 0.5
    x = x * np.exp(0.4j) * (1 + 0.2j * np.arange(8)) if kind == "complex" else x
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(A.shape[0]) * (1 + 0.5j if kind == "complex" else 1.0)
    return A, A.matvec(x.ravel()) + 0.02 * noise


def moduli(p, groups):
    """Return the Euclidean norms over the components of the first block, moduli elsewhere."""
    if groups == 1:
        return np.abs(p)
    first = np.linalg.norm(p[:groups * N].reshape(groups, N), axis=0)
    return np.concatenate([first, np.abs(p[groups * N:])])


def convex(A, y, W, w, eta, lam, groups=1):
    """Return the optimal value by an interior point method."""
    A = A.to_dense()
    x = cp.Variable(N, complex=np.iscomplexobj(A))
    field = W @ x
    if groups > 1:
        parts = [field[g * N:(g + 1) * N] for g in range(groups)]
        sizes = cp.hstack([cp.norm(cp.vstack(parts), 2, axis=0), cp.abs(field[groups * N:])])
    else:
        sizes = cp.abs(field)
    mass = cp.sum(cp.multiply(w, sizes))
    if lam is None:
        problem = cp.Problem(cp.Minimize(mass), [cp.norm(A @ x - y) <= eta])
    else:
        problem = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(A @ x - y) + lam * mass))
    return problem.solve(solver="CLARABEL")


def check(s, A, y, W, w, eta, lam, groups=1, tol=1e-6):
    """Recompute the objective, find a field for the dual point independently, and compare the values."""
    dense, price = A.to_dense(), 1.0 if lam is None else lam
    mass = price * np.sum(w * moduli(W @ s.x, groups))
    misfit = np.linalg.norm(dense @ s.x - y)
    objective = mass if lam is None else mass + 0.5 * misfit**2
    assert s.objective == pytest.approx(objective, rel=1e-10)
    assert s.converged
    assert s.residual == pytest.approx(misfit, abs=1e-10)
    h = s.dual
    value = np.vdot(h, y).real - (eta * np.linalg.norm(h) if lam is None else 0.5 * np.linalg.norm(h) ** 2)
    assert s.dual_objective <= value * (1 + 1e-9)
    best = convex(A, y, W, w, eta, lam, groups)
    assert s.dual_objective <= best * (1 + 1e-7)
    assert best <= s.objective * (1 + 1e-7)
    assert s.objective == pytest.approx(best, rel=2 * tol)
    if groups == 1 and not np.iscomplexobj(dense):
        p = cp.Variable(W.shape[0])
        fit = cp.Problem(cp.Minimize(cp.norm(cp.multiply(1 / w, p), "inf")), [W.T @ p == dense.T @ h])
        assert fit.solve(solver="CLARABEL") <= price * (1 + 1e-6)


@pytest.mark.parametrize("bound", [{"eta": 0.1}, {"lam": 0.05}], ids=["qcbp", "lasso"])
@pytest.mark.parametrize(("operator", "analyser"), [
    ("fourier", "basis"), ("fourier", "two bases"), ("complex", "two bases"), ("hadamard", "two bases"),
    ("gaussian", "basis"), ("complex", "array"), ("gaussian", "mixed"), ("blur", "two bases"),
])
def test_agrees_with_cvxpy(operator, analyser, bound):
    A, y = measured(operator)
    W, dense = frame(analyser)
    w = np.random.default_rng(2).uniform(0.5, 2.0, len(dense))
    s = analysis(A, y, W, **bound, weights=w, tol=1e-6)
    check(s, A, y, dense, w, bound.get("eta"), bound.get("lam"))
    assert s.image.shape == SHAPE
    tight = operator != "gaussian" and analyser in ("basis", "two bases")
    word = "primal-dual" if not tight else "splitting" if operator == "hadamard" else "Fourier"
    assert word in s.method


@pytest.mark.parametrize("isotropic", [False, True])
@pytest.mark.parametrize("operator", ["fourier", "complex", "blur", "gaussian"])
@pytest.mark.parametrize("bound", [{"eta": 0.1}, {"lam": 0.05}], ids=["qcbp", "lasso"])
def test_total_variation_with_wavelets(operator, bound, isotropic):
    A, y = measured(operator)
    s = tv_wavelet(A, y, **bound, tv_weight=0.5, wavelet="haar", level=2, isotropic=isotropic, tol=1e-6)
    haar = WaveletSynthesis(SHAPE, "haar", level=2).to_dense().T
    W = np.vstack([*(0.5 * D for D in differences(SHAPE)), haar])
    groups = 2 if isotropic else 1
    w = np.ones(len(W) - (groups - 1) * N)
    check(s, A, y, W, w, bound.get("eta"), bound.get("lam"), groups)
    closed = "Fourier" if operator != "gaussian" else "primal-dual"
    assert closed in s.method


def test_signals_and_volumes():
    # all entries seen: the lasso with a basis shrinks coefficients, in one and in three dimensions
    for shape, wavelet in [((16,), "db2"), ((4, 4, 4), "haar")]:
        W = WaveletSynthesis(shape, wavelet, level=1)
        y = np.cos(np.arange(W.shape[0]) ** 2)
        s = analysis(DenseOperator(np.eye(y.size), image_shape=shape), y, W.H, lam=0.3, tol=1e-12)
        c = W.H @ y
        np.testing.assert_allclose(W.H @ s.x, np.sign(c) * np.maximum(np.abs(c) - 0.3, 0), atol=1e-5)
        assert s.image.shape == shape


def test_volumes_with_total_variation():
    shape = (4, 4, 4)
    A = gaussian(24, N, image_shape=shape, rng=3)
    x = np.zeros(shape)
    x[1:3, 1:, 2:] = 1.0
    y = A.matvec(x.ravel())
    s = tv_wavelet(A, y, 0.1, tv_weight=2.0, wavelet="haar", tol=1e-5)
    W = np.vstack([*(2.0 * D for D in differences(shape)), WaveletSynthesis(shape, "haar").to_dense().T])
    check(s, A, y, W, np.ones(2 * N), 0.1, None, groups=3, tol=1e-5)


def test_exact_data():
    A, _ = measured("fourier")
    y = A.matvec((np.arange(64.0) % 8 > 3).astype(float))
    s = tv_wavelet(A, y, 0.0, wavelet="haar", level=1, isotropic=False, tol=1e-6)
    assert "Fourier" in s.method
    assert s.residual <= 1e-13 * np.linalg.norm(y)
    haar = WaveletSynthesis(SHAPE, "haar", level=1).to_dense().T
    check(s, A, y, np.vstack([*differences(SHAPE), haar]), np.ones(3 * N), 0.0, None)


def problem_with(W, lower=None):
    A, y = measured("gaussian")
    return analysis_problem(A, y, W, 0.1, None, None, lower, 1e-6)


def test_any_points_are_judged_by_a_bound_that_holds():
    # random x, h and p: the value shown never exceeds the optimal one, whatever solves with W*W
    D = np.vstack([*differences(SHAPE), 0.3 * np.eye(N)])
    best = convex(*measured("gaussian"), D, np.ones(3 * N), 0.1, None)
    dense, products, sloppy = (problem_with(D), problem_with(aslinearoperator(D), 0.09),
                               problem_with(aslinearoperator(D), 0.09))
    sloppy.frame.solve = lambda b, **_: b / 5          # a bad solve leaves a defect, which is charged
    rng = np.random.default_rng(6)
    for problem in (dense, products, sloppy):
        y = problem.system.y
        for _ in range(20):
            h = y + 0.5 * rng.standard_normal(24) * np.abs(y)
            bound = problem.prove(h, 0.1 * rng.standard_normal(3 * N))
            judged = problem.judge(rng.standard_normal(N), dual=bound)
            assert judged.dual_objective <= best
            assert judged.gap >= judged.objective - best
            assert judged.feasibility > 0


def test_a_defect_is_charged():
    exact, sloppy = problem_with(aslinearoperator(2 * np.eye(N)), 4.0), problem_with(2 * np.eye(N))
    exact.frame.solve = lambda b, **_: 0.24 * b        # leaves 4 per cent of A^H h
    y = exact.system.y
    assert exact.prove(y, None).value > 0
    # p = 2 (0.24) q and e = 0.04 q for q = A^H h: t = 1/(0.48 |q|_inf), doubt t |e|/2
    q = exact.system.adjoint(y)
    t = 1 / (0.48 * np.abs(q).max())
    value = t * (y @ y - 0.1 * np.linalg.norm(y))
    expected = value / (1 + t * 0.04 * np.linalg.norm(q) / 2)
    assert exact.prove(y, None).value == pytest.approx(expected, rel=1e-9)
    assert sloppy.prove(y, None).value == pytest.approx(value * 0.48 / 0.5, rel=1e-9)


def test_nothing_to_do():
    A, y = measured("fourier")
    s = analysis(A, y, frame("basis")[0], 2 * np.linalg.norm(y))
    assert s.converged
    assert s.iterations == 0
    np.testing.assert_array_equal(s.x, 0)


def test_nothing_to_do_with_fields_larger_than_images():
    # ||y|| = 4
    A = Blur(np.ones((2, 2)) / 4, (4, 4))
    s = tv_wavelet(A, np.ones(16), 5.0, wavelet="haar", level=1)
    assert (s.converged, s.iterations, s.objective) == (True, 0, 0.0)
    np.testing.assert_array_equal(s.x, 0)


def test_data_outside_the_range_of_a_blur():
    # the mean of two neighbours in a row never alternates along it: of the data the alternating half remains
    A = Blur(np.array([[0.5, 0.5]]), (4, 4))
    for y in (np.tile([1.0, -1.0], 8), np.arange(16.0)):
        with pytest.warns(NotConverged):
            s = tv_wavelet(A, y, 1e-8, wavelet="haar", level=1, max_iter=50)
        assert not s.converged
        assert s.feasibility >= 1.0


def test_budget_and_history():
    A, y = measured("fourier")
    with pytest.warns(NotConverged, match="analysis qcbp stopped after 15 iterations"):
        s = analysis(A, y, frame("two bases")[0], 0.1, tol=0, max_iter=15, history=True)
    assert [int(row[0]) for row in s.history] == [0, 8, 15, 15]    # the last one again in double precision
    again = analysis(A, y, frame("two bases")[0], 0.1, x0=s, tol=1e-4)
    assert again.converged


def test_bad_input_is_named():
    A, y = measured("gaussian")
    haar = frame("basis")[0]
    D = np.vstack(differences(SHAPE))
    for call, message in [
        (lambda: analysis(A, y, haar), "exactly one of eta and lam must be given"),
        (lambda: analysis(A, y, haar, 0.1, lam=0.1), "exactly one of eta and lam must be given"),
        (lambda: analysis(A, y, haar, -0.1), "eta must lie in"),
        (lambda: analysis(A, y, haar, lam=0.0), "lam must lie in"),
        (lambda: analysis(A, y, haar, 0.1, weights=np.zeros(N)), "weights must be positive, got 0"),
        (lambda: analysis(A, y, haar, 0.1, weights=np.ones(3)), r"weights must have shape \(64,\)"),
        (lambda: analysis(A, y, np.eye(3), 0.1), r"W must act on 64 entries, got shape \(3, 3\)"),
        (lambda: analysis(A, y, D, 0.1), "W must be injective"),
        (lambda: analysis(A, y, aslinearoperator(D), 0.1), "W must be injective"),
        (lambda: tv_wavelet(A, y, 0.1, tv_weight=0.0), "tv_weight must lie in"),
        (lambda: tv_wavelet(A, y, 0.1, wavelet="bior2.2"), "wavelet must be orthonormal"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
