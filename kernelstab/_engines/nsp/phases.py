r"""The search for the null space constant of a complex matrix: which arcs of phases have to be cut.

The integer ``q`` stands for the arc around the phase :math:`e^{2\pi iq/K}`, ``K`` a power of two, that
reaches :math:`2\pi b/K` to both sides, ``b`` the largest power of two that divides ``q``; so the halves of
``q`` are ``q - b/2`` and ``q + b/2``, ``K/2`` is the whole circle, and 0 the phase 1 alone. A cell is one
such number per column of a support, 0 for the first column: a global phase changes nothing. Supports are
visited in falling order of the sum of their columns' bounds and, from size 3, only if their pairs do not
rule them out.
"""

from itertools import combinations, product

import numpy as np

from kernelstab._engines.chebyshev import chebyshev_fits
from kernelstab._engines.nsp.programs import best_kernel_vector
from kernelstab._engines.nsp.search import sums_of_pairs, supports_above

POLYGON = 2**20       # the finest arcs are off by less than 1e-9
MOST_PROGRAMS = 50_000          # after those of the single columns
_FIRST_ARCS = 8       # shorter than half the circle, as the corners need
_CLOSED = 5e-10       # a cell is closed when its bound exceeds the lower end by less
_COARSE = 0.02        # relative accuracy of the pairs that bound larger supports
_BETTER = 1e-3        # a witness that gained less is not polished again
_GAP = 1e-10          # of the programs of the finest cells
_BATCH = 4_000_000    # numbers in the stacks of one batch of programs
_EPS = float(np.finfo(np.float64).eps)


class PhaseSearch:
    """The programs of one matrix, the best kernel vector, and the bounds that are proved."""

    def __init__(self, matrix, basis, rank, s, max_supports):
        self.matrix, self.basis, self.s, self.max_supports = matrix, basis.astype(complex), s, max_supports
        self.polygon = POLYGON
        u, sigma, rows = np.linalg.svd(matrix, full_matrices=False)
        # the row space in orthonormal coordinates: same null space, and thresholds that fit every scale
        self.V, self.back = rows[:rank].conj().T, u[:, :rank] / sigma[:rank]
        self.lower, self.witness = 0.0, np.zeros(matrix.shape[1], complex)
        n = matrix.shape[1]
        self.solved, self.budget = 0, MOST_PROGRAMS + n
        self.singles = np.ones(n)          # h = 0 bounds everything by 1, until something better is known
        self.single_duals = np.zeros((n, len(matrix)), complex)
        self.covers = {}                   # support -> (cells, duals, bounds)
        self.rest, self.evaluated = 1.0, 0

    def run(self, report):
        """Solve the single columns, then visit supports until no other can matter."""
        n, s = len(self.singles), self.s
        fits = chebyshev_fits(self.V, np.eye(n, dtype=complex), gap=_GAP)
        self._offer(fits.duals, np.arange(n))
        self.single_duals = fits.coefficients @ self.back.T
        self.solved = n
        fixed = np.zeros((n, 1), np.int64)
        self.singles = cell_bounds(self.matrix, np.arange(n)[:, None], fixed, self.single_duals, self.polygon)
        self._polish()
        if s == 1:
            self.rest, self.evaluated = self.singles.max(), n
            return
        table, one_level = sums_of_pairs(self.singles), np.zeros(n, np.int64)
        supports, bounds, left = supports_above(table, one_level, np.array([s]), self.lower + _CLOSED,
                                                self.max_supports)
        for support, bound in zip(map(tuple, supports.tolist()), bounds):
            self.rest = max(left, bound)
            if bound <= self.lower + _CLOSED or self._exhausted():
                return
            if s == 2 or self._pair_bound(support) > self.lower + _CLOSED:
                self._refine(support, lambda _: self.lower + _CLOSED)
                self.evaluated += 1
            report()
        self.rest = left

    def upper(self) -> float:
        """Return the bound proved so far: of what was visited and of the rest."""
        own = [self._bound(support) for support in self.covers if len(support) == self.s]
        return float(min(1.0, max([self.lower, self.rest, *own])))

    def _exhausted(self):
        return self.solved >= self.budget

    def _bound(self, support):
        """Return the best bound of a support: its own, its pairs', or the sum of its columns'."""
        bound = sum(self.singles[list(support)]) * (1 + len(support) * _EPS)
        if len(support) > 2:
            pairs = sum(self._bound(pair) for pair in combinations(support, 2))
            bound = min(bound, pairs / (len(support) - 1) * (1 + len(support) ** 2 * _EPS))
        if support in self.covers:
            bound = min(bound, self.covers[support][2].max())
        return bound

    def _pair_bound(self, support):
        """Refine the pairs of a support roughly and return what they prove for it."""
        for pair in combinations(support, 2):
            if pair not in self.covers and not self._exhausted():
                self._refine(pair, lambda share: (1 + _COARSE) * share)
        return self._bound(support)

    def _solve(self, support, cells):
        """Find for each cell the dual with the least bound; return duals, bounds and shares reached.

        Both ends of the arcs are approximated at once, so that the maximum over the cell is what is
        minimised; the rows of the support come twice. Wide cells need no precision.
        """
        support, n = np.asarray(support), len(self.singles)
        V = np.vstack([self.V, self.V[support]])
        targets = np.zeros((len(cells), n + len(support)), complex)
        targets[:, support], targets[:, n:] = ends(cells, self.polygon)
        width = 2 * np.pi * widest(cells).min() / self.polygon
        size = max(1, _BATCH // (16 * V.size))
        duals, shares = [], []
        for start in range(0, len(cells), size):
            fits = chebyshev_fits(V, targets[start:start + size], gap=max(_GAP, width**2 / 100))
            self.solved += len(fits.duals)
            duals.append(fits.coefficients @ self.back.T)
            vectors = fits.duals[:, :n]
            vectors[:, support] += fits.duals[:, n:]
            shares.append(self._offer(vectors, support))
        duals = np.concatenate(duals)
        return duals, self._bounds(support, cells, duals), np.concatenate(shares)

    def _bounds(self, support, cells, duals):
        """Evaluate duals on the cells of one support."""
        return cell_bounds(self.matrix, np.tile(support, (len(cells), 1)), cells, duals, self.polygon)

    def _offer(self, vectors, support):
        """Keep the best kernel vector; return the shares of all on one support."""
        lower, witness = best_kernel_vector(self.basis, vectors, self.s)
        if lower > self.lower:
            self.lower, self.witness = lower, witness
        sizes = np.abs(vectors)
        return sizes[:, support].sum(axis=1) / sizes.sum(axis=1)

    def _polish(self):
        """Improve the witness: take its phases, solve, and so on while that helps."""
        found = -1.0
        while self.lower > found * (1 + _BETTER):
            found = self.lower
            support = np.sort(np.argsort(-np.abs(self.witness), kind="stable")[:self.s])
            target = np.zeros((1, len(self.witness)), complex)
            target[0, support] = np.exp(1j * np.angle(self.witness[support]))
            self._offer(chebyshev_fits(self.V, target).duals, support)

    def _refine(self, support, goal):
        """Halve the arcs of a support until no bound exceeds the goal, and record the cover.

        A half keeps the dual of its parent if that suffices, or if it is the better one.
        """
        cells = first_cells(len(support), self.polygon)
        before = self.lower
        duals, bounds, shares = self._solve(support, cells)
        if self.lower > before * (1 + _BETTER):
            self._polish()
        best = shares.max()
        while True:
            open_ = (bounds > goal(best)) & (widest(cells) > 1)
            self.covers[support] = cells, duals, bounds
            if not open_.any() or self._exhausted():
                return
            new, inherited = halves(cells[open_]), np.repeat(duals[open_], 2, axis=0)
            known = self._bounds(support, new, inherited)
            short = known > goal(best)
            if short.any():
                own, found, shares = self._solve(support, new[short])
                best = max(best, shares.max())
                better = found < known[short]
                inherited[short] = np.where(better[:, None], own, inherited[short])
                known[short] = np.minimum(found, known[short])
            cells = np.concatenate([cells[~open_], new])
            duals = np.concatenate([duals[~open_], inherited])
            bounds = np.concatenate([bounds[~open_], known])

    def groups(self):
        """Return supports, cells and duals by size of the supports."""
        n = len(self.singles)
        groups = [(np.arange(n)[:, None], np.zeros((n, 1), np.int64), self.single_duals)]
        for size in sorted({len(support) for support in self.covers}):
            chosen = [(support, *cover) for support, cover in self.covers.items() if len(support) == size]
            groups.append((
                np.concatenate([np.tile(support, (len(cells), 1)) for support, cells, _, _ in chosen]),
                np.concatenate([cells for _, cells, _, _ in chosen]),
                np.concatenate([duals for _, _, duals, _ in chosen])))
        return groups


# products of arcs

def first_cells(size, polygon) -> np.ndarray:
    """Return the cells that a search of supports of one size begins with, shape (8^(size - 1), size).

    >>> first_cells(2, 64)[:3].tolist()
    [[0, 4], [0, 12], [0, 20]]
    """
    step = polygon // _FIRST_ARCS
    arcs = range(step // 2, polygon, step)
    return np.array([(0, *rest) for rest in product(arcs, repeat=size - 1)], np.int64)


def halves(cells):
    """Cut every cell across its widest arc, the first of them; return the cells ``(2 B, l)``.

    A cell that cannot be cut would become two equal ones: see :func:`widest`.

    >>> halves(np.array([[0, 12, 8]])).tolist()
    [[0, 12, 4], [0, 12, 12]]
    """
    widths = cells & -cells
    where = np.argmax(widths, axis=1)
    step = np.zeros_like(cells)
    rows = np.arange(len(cells))
    step[rows, where] = widths[rows, where] // 2
    return np.stack([cells - step, cells + step], axis=1).reshape(-1, cells.shape[1])


def widest(cells) -> np.ndarray:
    """Return the half-width of the widest arc of each cell, in units of the polygon."""
    return (cells & -cells).max(axis=1)


def ends(cells, polygon) -> np.ndarray:
    """Return the two ends of every arc, shape (2, B, l)."""
    angles, reach = 2 * np.pi * cells / polygon, 2 * np.pi * (cells & -cells) / polygon
    return np.exp(1j * np.stack([angles - reach, angles + reach]))


def cell_bounds(matrix, supports, cells, duals, polygon) -> np.ndarray:
    r"""Bound :math:`\max_\varphi\max_j|\varphi_j-(A^*h)_j|` over the phases of each cell, rounded up.

    On the null space :math:`\mathrm{Re}\langle\varphi,v_S\rangle=\mathrm{Re}\langle\varphi_S-A^*h,v\rangle`,
    so this bounds :math:`\|v_S\|_1/\|v\|_1` for all ``v`` whose phases lie in the cell. On an arc shorter
    than half the circle the distance from :math:`c` is largest at an end, unless the arc holds
    :math:`-c/|c|`, which it does not if its middle lies on the side of :math:`c`. Otherwise the corner
    where the tangents at the ends meet is taken too: the arc lies in that triangle, and a distance is
    convex.
    """
    m = len(matrix)
    products = duals @ matrix.conj()
    slack = 4 * (m + 8) * _EPS * (np.abs(duals) @ np.abs(matrix) + 2)
    moduli = np.abs(products) + slack
    np.put_along_axis(moduli, supports, 0.0, axis=1)
    centres = np.take_along_axis(products, supports, axis=1)
    middle, reach = np.exp(2j * np.pi * cells / polygon), 2 * np.pi * (cells & -cells) / polygon
    distances = np.abs(ends(cells, polygon) - centres).max(axis=0)
    corner = np.where((middle.conj() * centres).real > 0, 0.0, np.abs(middle / np.cos(reach) - centres))
    inside = np.maximum(distances, corner) + np.take_along_axis(slack, supports, axis=1)
    return np.maximum(moduli.max(axis=1), inside.max(axis=1))
