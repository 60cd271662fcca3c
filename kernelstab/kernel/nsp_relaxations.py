r"""Upper bounds of the null space constant by one linear program: the rows and the joint bound."""

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from kernelstab._checks import as_count
from kernelstab._engines.chebyshev import chebyshev_fits
from kernelstab._engines.cone_program import solve_cone_program
from kernelstab._engines.dense_matrix import dense_within_range
from kernelstab._engines.nsp.programs import best_kernel_vector
from kernelstab.kernel.nullspace import nullspace_basis

_EPS = float(np.finfo(np.float64).eps)
_MEET = 1e-9


@dataclass(frozen=True)
class NSPRelaxation:
    r"""A proved upper bound of :math:`\alpha_s(A)` and the kernel vector that came with it.

    Attributes
    ----------
    s : int
    method : str
        ``"joint"`` or ``"rows"``.
    lower, upper : float
        The share that ``witness`` has on ``s`` entries, rounded down, and the bound that ``dual``
        proves, rounding added.
    witness : ndarray, shape (N,)
        A computed kernel vector, :math:`\|w\|_1=1` (zero for a trivial kernel).
    dual : dict of str to ndarray
        ``{"Y": (m, N)}``.
    matrix : ndarray, shape (m, N)
        The matrix as it was handed in.
    """

    s: int
    method: str
    lower: float
    upper: float
    witness: np.ndarray = field(repr=False)
    dual: dict = field(repr=False)
    matrix: np.ndarray = field(repr=False)

    @property
    def exact(self) -> bool:
        """Whether the two ends differ by no more than 1e-9; for ``s = 1`` they usually do."""
        return self.upper - self.lower <= _MEET

    @property
    def holds(self) -> bool | None:
        """Whether basis pursuit finds every ``s``-sparse vector; None if 1/2 lies between the bounds."""
        if self.upper < 0.5:
            return True
        return False if self.lower >= 0.5 else None

    def __repr__(self):
        return f"<NSPRelaxation {self.method}, s={self.s}, {self.lower:.10g} <= alpha <= {self.upper:.10g}>"

    def certificate(self, path=None) -> dict:
        """Make the certificate of the upper bound for the matrix exactly as it stands.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it.

        Raises
        ------
        CertificateError
            If the check fails.
        """
        from kernelstab.certify import make_constant_certificate

        return make_constant_certificate("nsp", self.matrix, order=self.s, path=path,
                                         upper={"kind": "jn", **self.dual})


def jn_bound(A, s, *, method="joint", max_entries=500_000) -> NSPRelaxation:
    r"""Bound the null space constant by a matrix ``Y``, after Juditsky and Nemirovski.

    On the null space :math:`v=(I-Y^*A)v` for every :math:`Y`. With :math:`C=I-Y^*A` and
    :math:`\|c\|_{s,1}` the sum of the ``s`` largest moduli of a vector,

    .. math:: \|v_S\|_1\le\sum_j|v_j|\,\|(Ce_j)_S\|_1\le\max_j\|Ce_j\|_{s,1}\,\|v\|_1 ,

    so every :math:`Y` bounds :math:`\alpha_s`, whatever solver found it; the bound is evaluated
    for the matrix returned, rounding counted. ``"joint"`` minimises it. ``"rows"``
    minimises every row of moduli for itself, which is :math:`\alpha_1` of that column:
    :math:`\max_j|C_{ij}|=\alpha_{\{i\}}`, so that the bound is at most the sum of the ``s`` largest
    :math:`\alpha_{\{i\}}` ("pick-1"). Hence joint :math:`\le` rows :math:`\le` pick-1
    :math:`\le s\,\alpha_1` up to the accuracy of the solvers, with equality throughout for ``s = 1``.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex.
    s : int
        Sparsity, from 1 to ``N``.
    method : {"joint", "rows"}
    max_entries : int
        Most numbers :math:`N^2\cdot\mathrm{rank}` that the joint program may have.

    Returns
    -------
    NSPRelaxation
        With ``dual["Y"]``. ``upper`` is at most 1, which :math:`Y=0` proves.

    Raises
    ------
    ValueError
        If ``s`` is out of range or the joint program exceeds ``max_entries``.

    Notes
    -----
    The joint program has about :math:`2N^2` constraints: below 0.1 s for N = 20, some seconds for
    32 x 64, a minute or more beyond; complex matrices need a cone program, N up to about 30. The rows are
    ``N`` small programs solved together, a second for N = 128. The idea is that of [JN]_; the derivation
    and the form of the program are those given here.

    References
    ----------
    .. [JN] A. Juditsky, A. Nemirovski, "On verifiable sufficient conditions for sparse signal recovery
       via l1 minimization", arXiv 0809.2650.

    Examples
    --------
    The kernel of a row of three ones holds (1, -1, 0), half of which is on one entry; the bound is
    reached by :math:`Y=(1,1,1)/2`:

    >>> bound = jn_bound([[1.0, 1.0, 1.0]], 1)
    >>> round(bound.lower, 9), round(bound.upper, 9)
    (0.5, 0.5)
    """
    matrix = dense_within_range(A)
    s = as_count(s, "s", low=1, high=matrix.shape[1])
    max_entries = as_count(max_entries, "max_entries", low=1)
    if method not in ("joint", "rows"):
        raise ValueError(f"method must be 'joint' or 'rows', got {method!r}")
    null = nullspace_basis(matrix)
    u, sigma, rows = np.linalg.svd(matrix, full_matrices=False)
    # orthonormal rows: the same null space, and tolerances of the solvers that fit every scale
    V, back = rows[:null.rank].conj().T, u[:, :null.rank] / sigma[:null.rank]
    entries = len(V) ** 2 * null.rank
    if method == "joint" and entries > max_entries:
        raise ValueError(f"max_entries must be at least {entries} for the joint program of this matrix, "
                         f"got {max_entries}; method 'rows' has no such limit")
    solve = _solve_rows if method == "rows" else _solve_complex if np.iscomplexobj(matrix) else _solve_real
    G, candidates = solve(V, s)
    Y = back @ G.T
    upper = jn_value(matrix, Y, s)
    if upper >= 1:
        Y, upper = np.zeros_like(Y), 1.0
    lower, witness = best_kernel_vector(null.basis, candidates, s)
    return NSPRelaxation(s, method, lower, upper, witness, {"Y": Y}, matrix)


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


def _solve_rows(V, _):
    r"""Approximate every unit vector: column ``i`` of :math:`I-A^*Y` is the conjugate row of ``C``."""
    fits = chebyshev_fits(V, np.eye(len(V), dtype=V.dtype))
    return fits.coefficients, fits.duals


def _solve_real(V, s):
    r"""Solve the joint linear program.

    The ``s`` largest of nonnegative :math:`c_i` sum to
    :math:`\min_\lambda s\lambda+\sum_i(c_i-\lambda)_+`, so the unknowns are the rows of ``G``,
    :math:`\lambda_j`, the excesses :math:`\mu_{ij}\ge|C_{ij}|-\lambda_j`, and the largest column
    :math:`t\ge s\lambda_j+\sum_i\mu_{ij}`. The multipliers of the two constraints on :math:`C_{ij}` differ
    by a matrix whose rows lie in the null space.
    """
    n, rank = V.shape
    unit, ones = sparse.identity(n, format="csr"), np.ones((n, 1))
    fit = sparse.kron(unit, sparse.csr_matrix(V))
    limit = sparse.hstack([-sparse.kron(ones, unit), -sparse.identity(n * n), sparse.csr_matrix((n * n, 1))])
    columns = sparse.hstack([sparse.csr_matrix((n, n * rank)), s * unit, sparse.kron(ones.T, unit), -ones])
    constraints = sparse.vstack([sparse.hstack([-fit, limit]), sparse.hstack([fit, limit]), columns])
    target = np.eye(n).ravel()
    cost = np.zeros(constraints.shape[1])
    cost[-1] = 1.0
    answer = linprog(cost, A_ub=constraints.tocsr(), b_ub=np.concatenate([-target, target, np.zeros(n)]),
                     bounds=[(None, None)] * (n * rank) + [(0, None)] * (n + n * n + 1), method="highs-ipm")
    if answer.x is None:                       # Y = 0 still bounds, by 1
        return np.zeros((n, rank)), np.eye(n)
    multipliers = answer.ineqlin.marginals[:2 * n * n].reshape(2, n, n)
    return answer.x[:n * rank].reshape(n, rank), multipliers[1] - multipliers[0]


def _solve_complex(V, s):
    """Solve the same program with moduli of complex numbers, a second-order cone program."""
    import cvxpy as cp

    n, rank = V.shape
    G = cp.Variable((n, rank), complex=True)
    threshold, excess = cp.Variable((1, n), nonneg=True), cp.Variable((n, n), nonneg=True)
    moduli = cp.abs(np.eye(n) - G @ V.T)
    worst = cp.max(s * threshold[0] + cp.sum(excess, axis=0))
    problem = cp.Problem(cp.Minimize(worst), [moduli <= np.ones((n, 1)) @ threshold + excess])
    solve_cone_program(problem)
    if G.value is None:
        return np.zeros((n, rank), dtype=complex), np.eye(n, dtype=complex)
    return G.value, np.eye(n, dtype=complex)
