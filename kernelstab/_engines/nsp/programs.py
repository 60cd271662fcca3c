r"""Programs :math:`\max\langle\xi,v\rangle` over one kernel, solved in batches, with proved bounds."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.linalg import qr
from scipy.optimize import linprog

from kernelstab._engines.dense_matrix import kernel_basis
from kernelstab._engines.threads import in_order
from kernelstab._errors import UnclearRank

EPS = float(np.finfo(np.float64).eps)
_PERTURBATION = 1e-8
_CHUNK_WORK = 3e7               # additions in a chunk of programs: some hundredths of a second


class SolvedPrograms(NamedTuple):
    """What programs gave: duals, proved bounds, last vertices, and shares of their largest entries."""

    duals: np.ndarray
    bounds: np.ndarray
    vertices: np.ndarray
    shares: np.ndarray


class KernelPrograms:
    r"""All programs of one matrix: one polytope, one first vertex, any support and signs.

    Weights are taken in by the columns: with :math:`u=Wv` the weighted norm of ``v`` is that of
    ``u`` and the kernel of ``A`` becomes that of :math:`AW^{-1}`.
    """

    def __init__(self, matrix, basis, rank, weights, levels, caps, threads):
        self.matrix, self.weights = matrix, weights
        self.levels, self.caps, self.threads = levels, caps, threads
        scale, self.basis = balance(matrix, basis, rank)
        u, sigma, rows = np.linalg.svd(scale * matrix / weights, full_matrices=False)
        # the row space in orthonormal coordinates: same null space, and thresholds that fit every scale
        self.rows = np.ascontiguousarray(rows[:rank])
        self.back = scale * u[:, :rank] / sigma[:rank]
        self.start = first_vertex(self.rows)
        self.solved = 0
        self.lower, self.witness = 0.0, np.zeros(matrix.shape[1])
        r, n = self.rows.shape
        self.chunk = max(8, int(_CHUNK_WORK / ((r + 1) * (n + 2) * (r + 10))))

    def solve(self, supports, signs, cutoff=-1.0) -> SolvedPrograms:
        """Solve programs; with a ``cutoff`` each may end as soon as its bound is not above it.

        The batch is cut into the same chunks whatever the number of threads, and no chunk
        knows of the others, so the answers do not depend on it.
        """
        k = len(supports)
        supports = np.ascontiguousarray(supports, dtype=np.int64).reshape(k, -1)
        signs = np.ascontiguousarray(signs, dtype=np.int64).reshape(k, -1)
        r, n = self.rows.shape
        h, vertices = np.zeros((k, r)), np.zeros((k, n))
        cuts = [slice(i, i + self.chunk) for i in range(0, k, self.chunk)]

        def run(cut):
            from kernelstab._engines.nsp.simplex_jit import solve_programs

            return solve_programs(self.rows, *self.start, supports[cut], signs[cut], cutoff, h[cut],
                                  vertices[cut])

        failures = sum(answer for _, answer in in_order(run, cuts, min(self.threads, max(1, len(cuts)))))
        duals = h @ self.back.T
        batch = SolvedPrograms(duals, self.bounds(supports, signs, duals), vertices, self.shares(vertices))
        if failures:
            self._repair(supports, signs, batch, cutoff)
        poor = batch.bounds > 1.0                   # no better than h = 0, whose residual is xi
        batch.duals[poor], batch.bounds[poor] = 0.0, 1.0
        self.solved += k
        return batch

    def bounds(self, supports, signs, duals):
        r"""Return what duals prove, the largest entry of :math:`|W^{-1}(W\xi_S-A^Th)|`, rounded up."""
        xi = np.zeros((len(supports), self.matrix.shape[1]))
        np.put_along_axis(xi, supports, signs.astype(float), axis=1)
        xi *= self.weights
        roundings = (len(self.matrix) + 4) * EPS
        slack = roundings * (np.abs(duals) @ np.abs(self.matrix) + np.abs(xi)) / self.weights
        residuals = (xi - duals @ self.matrix) / self.weights
        return (np.abs(residuals) + slack).max(axis=1) * (1 + 2 * EPS)

    def _repair(self, supports, signs, batch, cutoff):
        """Give the programs whose bound is not tight to HiGHS; keep its answer where it is better."""
        for i in np.flatnonzero(batch.bounds > np.maximum(cutoff, batch.shares) + 1e-9):
            dual, vertex = reference_program(self.rows, supports[i], signs[i])
            dual = self.back @ dual
            bound = self.bounds(supports[i:i + 1], signs[i:i + 1], dual[None])[0]
            if bound < batch.bounds[i]:
                batch.duals[i], batch.bounds[i], batch.vertices[i] = dual, bound, vertex

    def shares(self, vertices):
        """Return the largest share that an admissible support has of each vector."""
        sizes = np.abs(vertices)
        best = sum(np.sort(sizes[:, self.levels == level], axis=1)[:, -cap:].sum(axis=1)
                   for level, cap in enumerate(self.caps) if cap)
        return best / sizes.sum(axis=1)

    def offer(self, vertex):
        """Project a candidate :math:`Wv` onto the null space and keep it if it is the best so far."""
        v, basis = vertex / self.weights, self.basis
        for _ in range(2):
            v = basis @ (basis.T @ v)
        weighted = np.abs(self.weights * v)
        size = weighted.sum()
        if size > 0:
            value = weighted[self.largest(weighted)].sum() / size * (1 - 2 * len(v) * EPS)
            if value > self.lower:
                self.lower, self.witness = float(value), v / size

    def largest(self, magnitudes):
        """Return the admissible support with the largest sum, rising."""
        return largest_support(magnitudes, self.levels, self.caps)

    def improve(self, vertices):
        """Offer vertices and go on: the program of the largest entries has an optimum at least as large."""
        for vertex in vertices:
            value = -1.0
            while True:
                self.offer(vertex)
                support = self.largest(np.abs(vertex))
                signs = np.where(vertex[support] < 0, -1, 1)
                batch = self.solve(support[None], signs[None])
                if batch.shares[0] <= value + 1e-12:
                    break
                value, vertex = batch.shares[0], batch.vertices[0]


def largest_support(magnitudes, levels, caps):
    """Return the columns of the largest sum with at most ``caps[l]`` of level ``l``, rising."""
    left, chosen = caps.copy(), []
    for j in np.argsort(-magnitudes, kind="stable"):
        if left[levels[j]] > 0:
            left[levels[j]] -= 1
            chosen.append(int(j))
    return np.sort(chosen)


def balance(matrix, basis, rank):
    """Return powers of two that bring all rows to one size, and a basis of the null space of those rows.

    Scaling by powers of two is exact and changes no kernel. Where it changes the numerical rank,
    as for a row that holds nothing but rounding, all scales are 1 and the basis is that of the matrix.
    """
    sizes = np.linalg.norm(matrix, axis=1, keepdims=True)
    scale = np.exp2(-np.round(np.log2(np.where(sizes > 0, sizes, 1.0))))
    with warnings.catch_warnings():         # whether the rank is clear was said about the matrix itself
        warnings.simplefilter("ignore", UnclearRank)
        balanced, new_rank = kernel_basis(scale * matrix)
    return (scale, balanced) if new_rank == rank else (np.ones_like(scale), basis)


def first_vertex(rows):
    """Return the tableau of a first vertex, its columns and their signs.

    Independent columns by a pivoted QR and one more span one kernel vector; the signs of
    its entries make the basis feasible.
    """
    r, n = rows.shape
    order = qr(rows, mode="r", pivoting=True)[1]
    basis = np.append(np.sort(order[:r]), order[r]).astype(np.int64)
    v = np.append(np.linalg.solve(rows[:, basis[:r]], -rows[:, basis[r]]), 1.0)
    sign = np.where(v < 0, -1, 1)
    system = np.vstack([rows[:, basis] * sign, np.ones(r + 1)])
    x = np.linalg.solve(system, np.eye(r + 1)[r])
    tableau = np.linalg.solve(system, np.vstack([rows, np.zeros(n)]))
    # irrational parts of multiples of sqrt 2: no two rows tie
    spread = _PERTURBATION * (1 + np.modf(np.sqrt(2) * np.arange(1, r + 2))[0])
    return np.ascontiguousarray(np.column_stack([tableau, x, x + spread])), basis, sign


def reference_program(rows, support, signs):
    """Solve one program with HiGHS; return the dual in the coordinates of ``rows`` and the vertex."""
    r, n = rows.shape
    xi = np.zeros(n)
    xi[support] = signs
    answer = linprog(
        np.concatenate([-xi, xi]), A_ub=np.ones((1, 2 * n)), b_ub=[1.0], A_eq=np.hstack([rows, -rows]),
        b_eq=np.zeros(r), method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
    if answer.x is None:                        # the trivial dual h = 0 still bounds
        return np.zeros(r), np.zeros(n)
    return -answer.eqlin.marginals, answer.x[:n] - answer.x[n:]


def best_kernel_vector(basis, candidates, s) -> tuple[float, np.ndarray]:
    """Project rows on the span of an orthonormal basis; return the largest share of ``s`` entries, and whose.

    >>> share, w = best_kernel_vector(np.array([[0.6], [0.8]]), np.array([[1.0, 1.0]]), 1)
    >>> round(share, 6), w.round(6)
    (0.571429, array([0.428571, 0.571429]))
    """
    n = len(basis)
    vectors = candidates
    for _ in range(2):
        vectors = (vectors @ basis.conj()) @ basis.T
    sizes = np.abs(vectors)
    totals = sizes.sum(axis=1)
    # a candidate that was almost orthogonal to the null space is rounding
    usable = totals > 1e-8 * np.maximum(np.abs(candidates).sum(axis=1), 1e-300)
    if basis.shape[1] == 0 or not usable.any():
        return 0.0, np.zeros(n, dtype=basis.dtype)
    shares = np.sort(sizes, axis=1)[:, n - s:].sum(axis=1) / np.where(usable, totals, np.inf)
    best = int(np.argmax(shares))
    return float(shares[best]) * (1 - 2 * n * EPS), vectors[best] / totals[best]
