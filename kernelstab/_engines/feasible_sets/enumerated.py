"""Detail bounds over finitely many signals and over all sparse ones, by going through them all."""

from fractions import Fraction
from itertools import combinations, islice
from math import comb

import numpy as np

from kernelstab._engines.exact_vectors import exact_product
from kernelstab._engines.feasible_sets.support_value import (
    CONSISTENT,
    UNIT,
    FeasibleSet,
    SupportValue,
    empty_set,
    moved_inside,
    norm_upper,
    undecided,
)
from kernelstab.operators import DenseOperator

_CHUNK = 20000
_EXACT_PRODUCTS = 10**6    # products of fractions for signals within rounding of the noise level, a second
_DEPENDENT = 1e-6      # a column this close to the span of the others is left to the singular values


class FiniteFeasible(FeasibleSet):
    """Those of finitely many signals that explain the data."""

    def __init__(self, A, y, eps, prior):
        signals = prior.signals
        seen = np.asarray(A @ signals.T).T
        misfits = np.linalg.norm(seen - y, axis=1)
        # an operator rounds like a matrix of its norm; |A||x| is not at hand without its entries
        slack = (signals.shape[1] + 8) * UNIT * (np.linalg.norm(seen, axis=1) + np.linalg.norm(y))
        keep = misfits <= eps + slack
        sure = keep & (misfits <= eps - slack)
        edge = np.flatnonzero(keep & ~sure) if eps > 0 else np.array([], dtype=int)
        if isinstance(A, DenseOperator) and len(edge) * A.matrix.size <= _EXACT_PRODUCTS:
            # within rounding of the edge the entries decide, as fractions
            misses = exact_product(signals[edge], A.matrix.T) - exact_product(y[None], np.eye(len(y)))
            keep[edge] = sure[edge] = [bool(sum(row**2) <= Fraction(eps)**2) for row in misses]
        if not np.any(keep):
            raise empty_set(float(misfits.min()), eps, prior)
        self.signals, self.sure = signals[keep], sure[keep] | (eps == 0)

    def support(self, d) -> SupportValue:
        """Return the largest value and the signal that has it."""
        values = self.signals @ d
        slack = (len(d) + 4) * UNIT * (np.abs(self.signals) @ np.abs(d))
        best = int(np.argmax(np.where(self.sure, values, -np.inf) if self.sure.any() else values))
        return SupportValue(float((values + slack).max()), self.signals[best], checked=bool(self.sure[best]))


class SparseFeasible(FeasibleSet):
    r"""The union over supports ``S`` of the ellipsoids :math:`\|A_Sx_S-y\|\le\varepsilon`.

    A support whose least residual exceeds ``eps`` is empty; triangular factors of thousands of supports at
    once sort almost all of them out. The few that remain are decomposed: centre :math:`A_S^\dagger y`, half
    width :math:`\sqrt{\varepsilon^2-r_S^2}` times :math:`\|(A_S^\dagger)^Td_S\|`. Columns are measured in
    units that give them one size: a short one is no dependent one. A support that is feasible only if nearly
    dependent columns are independent widens the bound, and offers no signal.
    """

    def __init__(self, A, y, eps, prior, max_supports):
        n = A.shape[1]
        largest = np.abs(A).max(axis=0)
        self.units = np.where(largest > 0, 2.0 ** -np.frexp(largest)[1], 1.0)
        self.A, self.y, self.eps = A * self.units, y, eps
        size = min(prior.s, n)
        count = comb(n, size)
        if count > max_supports:
            raise ValueError(f"max_supports must be at least C({n}, {size}) = {count} to go through "
                             f"every support, got {max_supports}")
        self.allowed = (eps if eps > 0 else CONSISTENT * np.linalg.norm(y)) * (1 + 1e-12)
        parts, least, choices = [], np.inf, combinations(range(n), size)
        while len(chunk := np.array(list(islice(choices, _CHUNK)), dtype=np.intp)):
            residual, dependent = self._residuals(chunk)
            least = min(least, float(residual[~dependent].min(initial=np.inf)))
            margin = 1e-6 * np.linalg.norm(y)
            near = chunk[dependent | (residual <= self.allowed + margin)]
            if len(near):
                parts.append(self._decompose(near))
        kept = [part for part in parts if len(part[0])]
        if not kept:
            found = [float(part[-1].min()) for part in parts]
            raise empty_set(min([least, *found]), eps, prior)
        self.supports, self.centres, self.residuals, self.factors, self.spaces, self.errors, self.sure = (
            np.concatenate([part[k] for part in kept]) for k in range(7))
        if not self.sure.any():
            raise undecided(float(self.residuals.min()), eps, prior)

    def _residuals(self, supports):
        """Return the distance of the data to the columns of each support, and which columns nearly depend."""
        columns = self.A.T[supports].transpose(0, 2, 1)
        if columns.shape[1] < columns.shape[2]:
            return np.zeros(len(supports)), np.ones(len(supports), dtype=bool)
        frame, triangle = np.linalg.qr(columns)
        heights = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
        dependent = (heights <= _DEPENDENT * np.linalg.norm(columns, axis=1)).any(axis=1)
        seen = np.einsum("kmi,ki->km", frame, np.einsum("kmi,m->ki", frame, self.y))
        return np.linalg.norm(self.y - seen, axis=1), dependent

    def _decompose(self, supports):
        """Decompose supports: those that are feasible, their centres, residuals, half-width factors,
        row spaces and rounding errors; last, the residuals of all.
        """
        columns = self.A.T[supports].transpose(0, 2, 1)
        u, sigma, rows = np.linalg.svd(columns, full_matrices=False)
        top = sigma[:, :1]
        counts = sigma > max(self.A.shape) * UNIT * top
        inverse = np.divide(1.0, sigma, out=np.zeros_like(sigma), where=counts)
        coefficients = np.einsum("kmi,m->ki", u, self.y) * counts
        residuals = np.linalg.norm(self.y - np.einsum("kmi,ki->km", u, coefficients), axis=1)
        centres = np.einsum("ki,kij->kj", coefficients * inverse, rows)
        factors = rows.transpose(0, 2, 1) * inverse[:, None, :]
        # first-order rounding of a least-squares solution, relative to its norm
        condition = (top * inverse).max(axis=1)
        errors = 8 * sum(columns.shape[1:]) * UNIT * condition * (
            inverse.max(axis=1) * (np.linalg.norm(self.y) + self.eps))
        sure = residuals <= self.allowed + 8 * sum(columns.shape[1:]) * UNIT * np.linalg.norm(self.y)
        every = np.einsum("kmi,ki->km", u, np.einsum("kmi,m->ki", u, self.y))
        fits = sure | (np.linalg.norm(self.y - every, axis=1) <= self.allowed)
        for k in np.flatnonzero(fits & ~sure):      # dropped directions matter: are the columns dependent?
            fits[k] = _exact_rank(columns[k]) > counts[k].sum()
        spaces = rows * counts[:, :, None]
        return (*(part[fits] for part in (supports, centres, residuals, factors, spaces, errors, sure)),
                residuals)

    def support(self, d) -> SupportValue:
        """Return the largest value over all supports, or a kernel line of a feasible one."""
        local = (d * self.units)[self.supports]
        doubtful = bool(np.any(local[~self.sure]))
        if local.shape[1] > 0:
            hidden = local - np.einsum("kij,kil,kl->kj", self.spaces, self.spaces, local)
            lengths, sizes = np.linalg.norm(hidden, axis=1), np.linalg.norm(local, axis=1)
            shares = np.where(self.sure & (sizes > 0), lengths / np.where(sizes > 0, sizes, 1.0), 0.0)
            worst = int(np.argmax(shares))
            if shares[worst] > 1e-10:
                line = self._embed(worst, hidden[worst])
                line /= np.linalg.norm(line)
                return SupportValue(np.inf, self._embed(worst, self.centres[worst]), direction=line)
        middle = np.einsum("ki,ki->k", self.centres, local)
        gains = np.einsum("kji,kj->ki", self.factors, local)
        size = np.linalg.norm(gains, axis=1)
        rounding = self.errors * np.linalg.norm(local, axis=1)
        slack = 16 * len(self.y) * UNIT * (np.linalg.norm(self.y) + self.eps) if self.eps > 0 else 0.0
        width = np.sqrt(np.maximum(0.0, self.eps**2 - np.maximum(0.0, self.residuals - slack)**2))
        bound = float((middle + width * size * (1 + 1e-14) + rounding).max())
        width = np.sqrt(np.maximum(0.0, (self.eps * (1 - 1e-13))**2 - (self.residuals + slack)**2))
        best = int(np.argmax(np.where(self.sure, middle + width * size, -np.inf)))
        step = self.factors[best] @ gains[best]
        step = step * width[best] / size[best] if size[best] > 0 else 0.0 * step
        middle, x = self._embed(best, self.centres[best]), self._embed(best, self.centres[best] + step)
        x = moved_inside(x, middle, self._excess)
        return SupportValue(np.inf if doubtful else bound, x, checked=self._excess(x) <= 0)

    def _excess(self, x):
        """Say by how much a signal misses the data; an equation (eps = 0) is measured elsewhere."""
        return norm_upper(self.A, x / self.units, self.y, 2) - self.eps if self.eps > 0 else 0.0

    def _embed(self, k, values):
        x = np.zeros(self.A.shape[1])
        x[self.supports[k]] = values
        return x * self.units


def _exact_rank(columns) -> int:
    """Return the rank of a few columns as their floats stand, by elimination in fractions."""
    rows, rank = exact_product(columns.T, np.eye(len(columns))), 0
    for j in range(rows.shape[1]):
        pivot = next((i for i in range(rank, len(rows)) if rows[i, j] != 0), None)
        if pivot is not None:
            rows[[rank, pivot]] = rows[[pivot, rank]]
            for i in range(rank + 1, len(rows)):
                rows[i] = rows[i] - rows[rank] * (rows[i, j] / rows[rank, j])
            rank += 1
    return rank
