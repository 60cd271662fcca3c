r"""Upper bound of the null space constant by a semidefinite program."""

import numpy as np

from kernelstab._checks import as_count
from kernelstab._engines.cone_program import solve_cone_program
from kernelstab._engines.entry_range import dense_within_range
from kernelstab._engines.nsp.programs import best_kernel_vector
from kernelstab.kernel.nsp_relaxations import NSPRelaxation
from kernelstab.kernel.nullspace import nullspace_basis

_EPS = float(np.finfo(np.float64).eps)


def sdp_bound(A, s, *, max_size=40) -> NSPRelaxation:
    r"""Bound the null space constant by a semidefinite program, after d'Aspremont and El Ghaoui.

    Let :math:`v\in N(A)`, :math:`\|v\|_1=1`, and :math:`u\in\{-1,0,1\}^N` hold the signs of ``v`` on
    its ``s`` largest entries, so that :math:`\langle u,v\rangle=\|v_S\|_1`. For matrices with

    .. math:: D=\begin{pmatrix}P+\frac12(A^T\Lambda+\Lambda^TA)&\frac12(R+MA-I)^T\\
        \frac12(R+MA-I)&Q+T\end{pmatrix}\succeq-\delta I

    the quadratic form of ``D`` at :math:`(v,u)` loses the terms with :math:`Av=0`, hence

    .. math:: \langle u,v\rangle\le\langle P,vv^T\rangle+\langle R,uv^T\rangle+\langle Q+T,uu^T\rangle
        +\delta(\|v\|^2+\|u\|^2)
        \le\|P\|_{\max}+s\|R\|_{\max}+\|Q\|_1+s^2\|T\|_{\max}+\delta(1+s)

    because the entries of :math:`vv^T,uv^T,uu^T` have sums of moduli :math:`1,s,s^2` and those of
    :math:`uu^T` are at most 1. Minimising the right side with :math:`\delta=0` is the dual of
    :math:`\max\,\mathrm{tr}\,Z` over the blocks :math:`X,Z,U` that relax
    :math:`vv^T,uv^T,uu^T`. The inequality holds for any matrices, so the solver is not trusted:
    :math:`\Lambda,M` are completed in closed form, and :math:`\delta` is the shift with which a Cholesky
    factorisation succeeds, its rounding counted. With :math:`P=Q=T=0` and :math:`R=I-MA` the bound is
    :math:`s` times the largest modulus of :math:`I-MA`, so the optimum is at most :math:`s\,\alpha_1`, and
    :math:`\alpha_1` for ``s = 1``. The idea is that of [AG]_; the program is derived here.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    s : int
        Sparsity, from 1 to ``N``.
    max_size : int
        Largest ``N`` to be tried.

    Returns
    -------
    NSPRelaxation
        ``dual`` holds ``P``, ``Q``, ``R``, ``T`` of shape (N, N), ``L`` (:math:`\Lambda`) of shape (m, N)
        and ``M`` of shape (N, m). ``upper`` is at most 1.

    Raises
    ------
    ValueError
        If the matrix is complex, ``s`` out of range, or ``N`` exceeds ``max_size``.

    Notes
    -----
    About a second for N = 20, growing like the fifth power of ``N``. Neither bound is below the
    other in general; on random matrices :func:`~kernelstab.kernel.jn_bound` was smaller and faster.

    References
    ----------
    .. [AG] A. d'Aspremont, L. El Ghaoui, "Testing the nullspace property using semidefinite
       programming", arXiv 0807.3520.

    Examples
    --------
    >>> bound = sdp_bound([[1.0, 1.0, 1.0]], 1)
    >>> round(bound.lower, 6), round(bound.upper, 6)
    (0.5, 0.5)
    """
    matrix = dense_within_range(A)
    if np.iscomplexobj(matrix):
        raise ValueError(f"A must be real, got dtype {matrix.dtype}")
    n = matrix.shape[1]
    s = as_count(s, "s", low=1, high=n)
    max_size = as_count(max_size, "max_size", low=1)
    if n > max_size:
        raise ValueError(f"max_size must be at least the number of columns, {n}, got {max_size}")
    null = nullspace_basis(matrix)
    if null.dimension == 0:
        dual, candidates = {name: np.zeros((n, n)) for name in "PQRT"}, np.eye(n)
    else:
        dual, candidates = _solve(null.basis, s)
    inverse = np.linalg.pinv(matrix)
    dual |= {"L": inverse.T @ (dual["P"] @ inverse @ matrix - 2 * dual["P"]),
             "M": (np.eye(n) - dual["R"]) @ inverse}
    upper = min(1.0, sdp_value(matrix, s, **dual))
    lower, witness = best_kernel_vector(null.basis, candidates, s)
    return NSPRelaxation(s, "sdp", lower, upper, witness, dual, matrix)


def _solve(basis, s):
    """Solve the program on the null space; return its matrices and the vectors of its multiplier."""
    import cvxpy as cp

    n, k = basis.shape
    P, Q, T = (cp.Variable((n, n), symmetric=True) for _ in range(3))
    R = cp.Variable((n, n))
    side = (R - np.eye(n)) @ basis / 2
    definite = cp.bmat([[basis.T @ P @ basis, side.T], [side, Q + T]]) >> 0
    cost = cp.max(cp.abs(P)) + s * cp.max(cp.abs(R)) + cp.sum(cp.abs(Q)) + s * s * cp.max(cp.abs(T))
    solve_cone_program(cp.Problem(cp.Minimize(cost), [definite]))
    found = {name: np.zeros((n, n)) if part.value is None else np.array(part.value)
             for name, part in (("P", P), ("Q", Q), ("R", R), ("T", T))}
    moment = definite.dual_value
    return found, np.eye(n) if moment is None else moment[:, :k] @ basis.T


def sdp_value(matrix, s, *, P, Q, R, T, L, M) -> float:
    r"""Return the bound that the dual matrices of :func:`sdp_bound` prove, rounded up.

    If Cholesky's method runs through on ``D + shift I`` in floating point, with factor ``F``, that matrix is
    at least :math:`-\gamma_{2N+1}\|F\|_F^2`, by the backward error of the factorisation; the rounding of
    the entries of ``D`` adds at most its Frobenius norm.

    Half of the form is lost on a row of two ones if ``M`` is left out:

    >>> zero = np.zeros((2, 2))
    >>> parts = {"P": zero, "Q": zero, "R": zero + 0.5, "T": zero, "L": np.zeros((1, 2))}
    >>> R = np.array([[0.5, -0.5], [-0.5, 0.5]])
    >>> value = sdp_value(np.array([[1.0, 1.0]]), 1, **parts | {"R": R}, M=np.array([[0.5], [0.5]]))
    >>> round(value, 9)
    0.5
    """
    m, n = matrix.shape
    image, side = matrix.T @ L, (R + M @ matrix - np.eye(n)) / 2
    D = np.block([[(P + P.T + image + image.T) / 2, side.T], [side, (Q + Q.T + T + T.T) / 2]])
    sizes = np.abs(matrix.T) @ np.abs(L)
    slack = 2 * (m + 6) * _EPS * (np.linalg.norm(sizes) + np.linalg.norm(np.abs(M) @ np.abs(matrix))
                                  + sum(np.linalg.norm(part) for part in (P, Q, R, T)) + np.sqrt(n))
    delta = slack + _shift(D)
    cost = (np.abs(P).max() + s * np.abs(R).max() + np.abs(Q).sum() + s * s * np.abs(T).max()
            + delta * (1 + s))
    return float(cost * (1 + 2 * (n * n + 8) * _EPS))


def _shift(D):
    r"""Return a number :math:`\delta` with :math:`D+\delta I\succeq0`, rounding of the check included."""
    size = len(D)
    scale = max(float(np.linalg.norm(D)), 1e-300)
    shift = max(0.0, -float(np.linalg.eigvalsh(D)[0])) + 4 * size * _EPS * scale
    while True:
        try:
            factor = np.linalg.cholesky(D + shift * np.eye(size))
        except np.linalg.LinAlgError:
            shift *= 2
            continue
        return shift + 2 * (size + 2) * _EPS * float((factor**2).sum()) + _EPS * (scale + shift)
