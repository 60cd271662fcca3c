"""Analysis problems agree with cvxpy, and their gaps are recomputed from the points alone."""

import cvxpy as cp
import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

from kernelstab.operators import (
    Blur,
    SubsampledFourier,
    SubsampledHadamard,
    WaveletSynthesis,
    gaussian,
    masks,
)
from kernelstab.solvers import analysis, tv_wavelet

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
    ("gaussian", "basis"), ("fourier", "array"), ("complex", "array"), ("gaussian", "mixed"),
])
def test_agrees_with_cvxpy(operator, analyser, bound):
    A, y = measured(operator)
    W, dense = frame(analyser)
    w = np.random.default_rng(2).uniform(0.5, 2.0, len(dense))
    s = analysis(A, y, W, **bound, weights=w, tol=1e-6)
    check(s, A, y, dense, w, bound.get("eta"), bound.get("lam"))
    assert s.image.shape == SHAPE
    tight = operator != "gaussian" and analyser in ("basis", "two bases")
    assert ("tight frame" if tight else "primal-dual") in s.method


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
