"""The judgement of many points at once, by the formulas of ``Problem.judge``, row by row."""

import numpy as np


def judge_rows(problem, Y, levels, X, H, images, pulled, nonneg) -> dict:
    """Judge the rows of ``X`` with the best multiples of the rows of ``H``, from these alone.

    ``problem`` is "lasso", "qcbp" or "sqrt-lasso"; ``images`` and ``pulled`` are as ``products``
    returns them. Returns the fields of a solution as arrays; see
    :class:`kernelstab.solvers._problem.Problem` for why the gaps are sums of nonnegative parts.
    """
    R = Y - images
    size, length = np.linalg.norm(R, axis=1), np.linalg.norm(H, axis=1)
    inner, along = _inner(H, R), _inner(X, pulled)
    price = np.ones(len(Y)) if problem == "qcbp" else levels
    mass = price * np.abs(X).sum(axis=1)
    peak = (pulled if nonneg else np.abs(pulled)).max(axis=1)
    t = _multiples(problem, inner + along, length, peak, price, levels)
    excess = np.zeros(len(Y))
    if problem == "lasso":
        objective, rest = 0.5 * size**2 + mass, 0.5 * np.linalg.norm(R - t[:, None] * H, axis=1) ** 2
    elif problem == "qcbp":
        objective, excess = mass, np.maximum(size - levels, 0.0)
        rest = t * (length * np.maximum(levels, size) - inner)
    else:
        objective, rest = mass + size, size - t * inner
    gap = mass - t * along + rest
    ratio = np.divide(gap, objective, out=np.where(gap > 0, np.inf, 0.0), where=objective > 0)
    return {"x": X, "dual": t[:, None] * H, "objective": objective,
            "dual_objective": objective + t * length * excess - gap, "gap": gap, "relative_gap": ratio,
            "residual": size, "feasibility": excess}


def products(A, X, H) -> tuple:
    """Return the rows ``A x`` and ``A^H h`` for the rows of ``X`` and ``H``; ``A`` is (m, N) or (B, m, N)."""
    if A.ndim == 2:
        return X @ A.T, (H.conj() @ A).conj()
    return np.matmul(A, X[:, :, None])[:, :, 0], np.matmul(H.conj()[:, None, :], A)[:, 0].conj()


def _inner(P, Q):
    return np.einsum("ij,ij->i", P.conj(), Q).real


def _multiples(problem, value, length, peak, price, levels):
    """Return the factors that make the dual points feasible and their values largest."""
    limit = np.divide(price, peak, out=np.full(peak.size, np.inf), where=peak > 0)
    if problem == "lasso":
        best = np.divide(value, length**2, out=np.zeros(peak.size), where=length > 0)
    elif problem == "sqrt-lasso":
        best = np.divide(1.0, length, out=np.zeros(peak.size), where=length > 0)
    else:
        best = np.where(limit < np.inf, limit, 0.0)
    worthless = value <= (levels * length if problem == "qcbp" else 0.0)
    return np.where(worthless, 0.0, np.minimum(best, limit))
