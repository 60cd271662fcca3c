r"""An upper bound of the null space constant by one convex program: the joint bound."""

from math import comb

import numpy as np

from kernelstab._checks import as_count
from kernelstab._engines.cone_program import solve_cone_program
from kernelstab._engines.dense_matrix import dense_within_range
from kernelstab._engines.nsp.programs import best_kernel_vector
from kernelstab.kernel.nsp import MEET, NSPConstant, largest_entries, share_lower
from kernelstab.kernel.nullspace import nullspace_basis

_EPS = float(np.finfo(np.float64).eps)
_TOLERANCES = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


def jn_bound(A, s, *, max_entries=500_000) -> NSPConstant:
    r"""Bound the null space constant by a matrix ``Y``, after Juditsky and Nemirovski.

    On the null space :math:`v=(I-Y^*A)v` for every :math:`Y`. With :math:`C=I-Y^*A` and
    :math:`\|c\|_{s,1}` the sum of the ``s`` largest moduli of a vector,

    .. math:: \|v_S\|_1\le\sum_j|v_j|\,\|(Ce_j)_S\|_1\le\max_j\|Ce_j\|_{s,1}\,\|v\|_1 ,

    so every :math:`Y` bounds :math:`\alpha_s`, whatever solver found it; the bound is evaluated
    for the matrix returned, rounding counted. The best one is at most the sum of the ``s`` largest
    :math:`\alpha_{\{i\}}` ("pick-1"), hence at most :math:`s\,\alpha_1`, up to the accuracy of the solver,
    with equality throughout for ``s = 1``.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex.
    s : int
        Sparsity, from 1 to ``N``.
    max_entries : int
        Most numbers :math:`N^2\cdot\mathrm{rank}` that the program may have.

    Returns
    -------
    NSPConstant
        With ``Y``. ``upper`` is at most 1, which :math:`Y=0` proves; ``lower`` is that of the best
        projection of a unit vector onto the null space, which is often far below. No support is examined.

    Raises
    ------
    ValueError
        If ``s`` is out of range or the program exceeds ``max_entries``.

    Notes
    -----
    The program has about :math:`2N^2` constraints: below 0.1 s for N = 20, some seconds for
    32 x 64, a minute or more beyond; complex matrices N up to about 30. For larger ones
    :func:`~kernelstab.kernel.nsp_constant` with ``max_supports=1`` is at least as good as pick-1. The idea is
    that of [JN]_; the derivation and the form of the program are those given here.

    References
    ----------
    .. [JN] A. Juditsky, A. Nemirovski, "On verifiable sufficient conditions for sparse signal recovery
       via l1 minimization", arXiv 0809.2650.

    Examples
    --------
    The kernel of a row of three ones holds (1, -1, 0), half of which is on one entry; the bound is
    reached by :math:`Y=(1,1,1)/2`:

    >>> bound = jn_bound([[1.0, 1.0, 1.0]], 1)
    >>> round(bound.upper, 8)
    0.5
    """
    matrix = dense_within_range(A)
    n = matrix.shape[1]
    s = as_count(s, "s", low=1, high=n)
    max_entries = as_count(max_entries, "max_entries", low=1)
    null = nullspace_basis(matrix)
    u, sigma, rows = np.linalg.svd(matrix, full_matrices=False)
    # orthonormal rows: the same null space, and tolerances of the solver that fit every scale
    V, back = rows[:null.rank].conj().T, u[:, :null.rank] / sigma[:null.rank]
    if n**2 * null.rank > max_entries:
        raise ValueError(f"max_entries must be at least {n**2 * null.rank} for this matrix, "
                         f"got {max_entries}; nsp_constant has no such limit")
    Y = back @ _solve(V, s).T
    upper = jn_value(matrix, Y, s)
    if upper >= 1:
        Y, upper = np.zeros_like(Y), 1.0
    lower, witness = best_kernel_vector(null.basis, np.eye(n, dtype=matrix.dtype), s)
    support, signs, witness = largest_entries(witness, np.ones(n), np.zeros(n, np.int64), np.array([s]))
    lower = share_lower(matrix, null.rank, witness, np.ones(n), support, lower)
    return NSPConstant(s, lower, upper, upper - lower <= MEET, support, signs, witness, matrix,
                       supports=comb(n, s), Y=Y)


def jn_value(matrix, Y, s) -> float:
    r"""Return :math:`\max_j\|(I-Y^*A)e_j\|_{s,1}`, rounded up.

    The rounding of an inner product of length ``m`` is at most :math:`\gamma_m|Y|^T|A|`, four times
    that for complex numbers, plus those of the subtraction and of the sum.

    >>> jn_value(np.array([[1.0, 1.0]]), np.array([[0.5, 0.5]]), 1) - 0.5 < 1e-14
    True
    """
    m, n = matrix.shape
    roundings = (m + 4) * _EPS * (4 if np.iscomplexobj(matrix) or np.iscomplexobj(Y) else 1)
    slack = roundings * (np.abs(Y).T @ np.abs(matrix) + np.eye(n))
    sizes = np.sort(np.abs(np.eye(n) - Y.conj().T @ matrix) + slack, axis=0)
    return float(sizes[n - s:].sum(axis=0).max() * (1 + 2 * (s + 1) * _EPS))


def _solve(V, s):
    r"""Find the rows of ``G`` with the least largest :math:`\|(I-GV^T)e_j\|_{s,1}`.

    The ``s`` largest of nonnegative :math:`c_i` sum to
    :math:`\min_\lambda s\lambda+\sum_i(c_i-\lambda)_+`, so the other unknowns are :math:`\lambda_j` and the
    excesses :math:`\mu_{ij}\ge|C_{ij}|-\lambda_j`.
    """
    import cvxpy as cp

    n, rank = V.shape
    G = cp.Variable((n, rank), complex=np.iscomplexobj(V))
    threshold, excess = cp.Variable((1, n), nonneg=True), cp.Variable((n, n), nonneg=True)
    moduli = cp.abs(np.eye(n) - G @ V.T)
    worst = cp.max(s * threshold[0] + cp.sum(excess, axis=0))
    problem = cp.Problem(cp.Minimize(worst), [moduli <= np.ones((n, 1)) @ threshold + excess])
    solved = solve_cone_program(problem, **_TOLERANCES)
    return G.value if solved else np.zeros((n, rank), V.dtype)      # Y = 0 still bounds, by 1
