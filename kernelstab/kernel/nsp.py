r"""The null space constant :math:`\alpha_s`, between a kernel vector and a dual certificate."""

from heapq import heappop, heappush
from itertools import product
from math import comb

import numpy as np
from scipy.optimize import linprog

from kernelstab._checks import as_count
from kernelstab.kernel.nsp_result import DualGroup, NSPConstant
from kernelstab.kernel.nullspace import nullspace_basis
from kernelstab.operators import as_operator

_EPS = float(np.finfo(np.float64).eps)


def nsp_constant(A, s, *, max_supports=5000) -> NSPConstant:
    r"""Enclose the null space constant of order ``s`` of a small real matrix.

    For a support :math:`S` and signs :math:`\xi` linear programming duality gives

    .. math:: \max\{\langle\xi,v_S\rangle:Av=0,\ \|v\|_1\le1\}=\min_h\|\xi_S-A^Th\|_\infty ,

    and :math:`\alpha_s` is the largest such value. Any :math:`h` bounds its program from above
    whatever the solver did, any kernel vector bounds :math:`\alpha_s` from below. Supports are
    visited in falling order of the bound :math:`\alpha_S\le\sum_{i\in S}\alpha_{\{i\}}`, and the
    search ends when no unvisited support can exceed what was found; so few programs are needed,
    and with ``max_supports`` reached the enclosure is wider but still true.
    :math:`\alpha_s<1/2` if and only if basis pursuit recovers every ``s``-sparse vector.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    s : int
        Sparsity, from 1 to ``N``.
    max_supports : int
        Most supports to examine by their own :math:`2^{s-1}` programs.

    Returns
    -------
    NSPConstant

    Raises
    ------
    ValueError
        If the matrix is complex, or ``s`` is out of range.

    Notes
    -----
    The rank is decided as in :func:`~kernelstab.kernel.nullspace_basis`; a trivial kernel gives 0.
    A zero column gives 1. Computing :math:`\alpha_s` is NP-hard in general [TP14]_. Cost:
    ``N`` programs and :math:`2^{s-1}` for each support visited, some milliseconds each.

    References
    ----------
    .. [TP14] A. M. Tillmann, M. E. Pfetsch, "The computational complexity of the restricted isometry
       property, the nullspace property, and related concepts in compressed sensing", arXiv 1205.2081.

    Examples
    --------
    The kernel of three vectors at 120 degrees is spanned by (1, 1, 1):

    >>> import math
    >>> frame = [[0.0, math.sqrt(0.75), -math.sqrt(0.75)], [1.0, -0.5, -0.5]]
    >>> one, two = nsp_constant(frame, 1), nsp_constant(frame, 2)
    >>> round(one.upper, 9), round(two.lower, 9), one.holds, two.holds
    (0.333333333, 0.666666667, True, False)
    """
    A = as_operator(A)
    if not A.is_real:
        raise ValueError(f"A must be real, got dtype {A.dtype}")
    m, n = A.shape
    s = as_count(s, "s", low=1, high=n)
    max_supports = as_count(max_supports, "max_supports", low=1)
    null = nullspace_basis(A)
    if null.dimension == 0:
        return NSPConstant(s, 0.0, 0.0, True, (), (), np.zeros(n), 0.0, np.zeros(m), (), 0, comb(n, s), 0, False,
                           A.to_dense())
    search = _Search(A.to_dense(), null, s)
    singles = np.array([search.solve((i,), (1,)) for i in range(n)])
    visited = n if s == 1 else 0
    rest = 0.0
    for bound, support in _falling_sums(singles, s) if s > 1 else ():
        if bound <= search.lower or visited == max_supports:
            rest = bound
            break
        for signs in product((1, -1), repeat=s - 1):
            search.solve(support, (1, *signs))
        visited += 1
    return search.result(rest, visited, comb(n, s))


class _Search:
    """The linear programs of one matrix and the best bounds so far."""

    def __init__(self, matrix, null, s):
        self.matrix, self.basis, self.s = matrix, null.basis, s
        u, sigma, rows = np.linalg.svd(matrix, full_matrices=False)
        # the row space in orthonormal coordinates: same null space, no scaling for the solver to trip on
        self.rows = rows[:null.rank]
        self.back = u[:, :null.rank] / sigma[:null.rank]
        self.equations = np.hstack([self.rows, -self.rows])
        self.lower, self.witness = -1.0, np.zeros(matrix.shape[1])
        self.uppers, self.duals = {}, {}

    def solve(self, support, signs) -> float:
        """Solve one program, keep its dual and its kernel vector; return the proved upper bound."""
        n = self.matrix.shape[1]
        xi = np.zeros(n)
        xi[list(support)] = signs
        answer = linprog(
            np.concatenate([-xi, xi]), A_ub=np.ones((1, 2 * n)), b_ub=[1.0], A_eq=self.equations,
            b_eq=np.zeros(len(self.rows)), method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
        dual = np.zeros(self.matrix.shape[0])
        if answer.x is not None:                    # otherwise the trivial dual h = 0 still bounds
            dual = self.back @ -answer.eqlin.marginals
            self._offer(answer.x[:n] - answer.x[n:])
        self.duals[support, signs] = dual
        self.uppers[support, signs] = dual_bound(self.matrix, support, signs, dual)
        return self.uppers[support, signs]

    def _offer(self, v):
        """Project a candidate onto the null space and keep it if it is the best so far."""
        for _ in range(2):
            v = self.basis @ (self.basis.T @ v)
        size = np.abs(v).sum()
        if size > 0:
            value = float(np.sort(np.abs(v))[-self.s:].sum() / size) * (1 - 2 * len(v) * _EPS)
            if value > self.lower:
                self.lower, self.witness = value, v / size

    def result(self, rest, visited, supports):
        """Name the largest entries of the witness and collect the bounds of order ``s``."""
        order = np.sort(np.argsort(-np.abs(self.witness), kind="stable")[:self.s])
        support = tuple(int(i) for i in order)
        signs = tuple(int(np.sign(self.witness[i])) or 1 for i in support)
        if signs[0] < 0:
            self.witness, signs = -self.witness, tuple(-k for k in signs)
        if (support, signs) not in self.duals:
            self.solve(support, signs)
        own = [bound for (where, _), bound in self.uppers.items() if len(where) == self.s]
        upper = max([rest, *own])
        residual = float(np.linalg.norm(self.matrix @ self.witness))
        return NSPConstant(self.s, self.lower, min(1.0, upper), rest <= self.lower, support, signs, self.witness,
                           residual, self.duals[support, signs], self._groups(), visited, supports,
                           len(self.duals), False, self.matrix)

    def _groups(self):
        sizes = sorted({len(support) for support, _ in self.duals})
        for_size = {l: [key for key in self.duals if len(key[0]) == l] for l in sizes}
        return tuple(DualGroup(np.array([k[0] for k in keys]), np.array([k[1] for k in keys], np.int8),
                               np.array([self.duals[k] for k in keys])) for keys in for_size.values())


def dual_bound(matrix, support, signs, dual) -> float:
    r"""Return :math:`\|\xi_S-A^Th\|_\infty`, rounded up.

    On the null space :math:`\langle\xi,v\rangle=\langle\xi-A^Th,v\rangle`, so it bounds
    :math:`\langle\xi,v_S\rangle/\|v\|_1` for every choice of ``h``. The rounding of the inner
    products of length ``m`` is at most :math:`\gamma_{m+2}|A|^T|h|` plus that of the subtraction.

    >>> dual_bound(np.array([[1.0, 1.0]]), (0,), (1,), np.array([0.5])) - 0.5 < 1e-14
    True
    """
    xi = np.zeros(matrix.shape[1])
    xi[list(support)] = signs
    roundings = (len(dual) + 4) * _EPS
    slack = roundings * (np.abs(matrix.T) @ np.abs(dual) + np.abs(xi))
    return float((np.abs(xi - matrix.T @ dual) + slack).max())


def _falling_sums(values, s):
    """Yield ``(sum, support)`` over all supports of size ``s`` in falling order of the sum of ``values``.

    Positions are taken in falling order of value; moving one position of a support down
    can only lower the sum, so a heap that opens those neighbours sees every support in order.
    """
    order = np.argsort(-values, kind="stable")
    start = tuple(range(s))
    heap, seen = [(-float(values[order[:s]].sum()), start)], {start}
    while heap:
        bound, positions = heappop(heap)
        yield -bound * (1 + 2 * s * _EPS), tuple(sorted(int(order[p]) for p in positions))
        for j, p in enumerate(positions):
            ceiling = positions[j + 1] if j + 1 < s else len(values)
            moved = (*positions[:j], p + 1, *positions[j + 1:])
            if p + 1 < ceiling and moved not in seen:
                seen.add(moved)
                heappush(heap, (-float(values[order[list(moved)]].sum()), moved))
