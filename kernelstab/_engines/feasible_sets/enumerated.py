"""Detail bounds over finitely many signals and over all sparse ones, by going through them all."""

from itertools import combinations, islice
from math import comb

import numpy as np

from kernelstab._engines.feasible_sets.support_value import (
    CONSISTENT,
    UNIT,
    FeasibleSet,
    SupportValue,
    empty_set,
)

_CHUNK = 20000
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
        if not np.any(keep):
            raise empty_set(float(misfits.min()), eps, prior)
        self.signals = signals[keep]

    def support(self, d) -> SupportValue:
        """Return the largest value and the signal that has it."""
        values = self.signals @ d
        slack = (len(d) + 4) * UNIT * (np.abs(self.signals) @ np.abs(d))
        return SupportValue(float((values + slack).max()), self.signals[int(np.argmax(values))])


class SparseFeasible(FeasibleSet):
    r"""The union over supports ``S`` of the ellipsoids :math:`\|A_Sx_S-y\|\le\varepsilon`.

    A support whose least residual exceeds ``eps`` is empty; triangular factors of thousands of supports at
    once sort almost all of them out. The few that remain are decomposed: centre :math:`A_S^\dagger y`, half
    width :math:`\sqrt{\varepsilon^2-r_S^2}` times :math:`\|(A_S^\dagger)^Td_S\|`.
    """

    def __init__(self, A, y, eps, prior, max_supports):
        n = A.shape[1]
        self.A, self.y, self.eps = A, y, eps
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
        self.supports, self.centres, self.residuals, self.factors, self.spaces, self.errors = (
            np.concatenate([part[k] for part in kept]) for k in range(6))

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
        fits = residuals <= self.allowed + 8 * sum(columns.shape[1:]) * UNIT * np.linalg.norm(self.y)
        spaces = rows * counts[:, :, None]
        return (*(part[fits] for part in (supports, centres, residuals, factors, spaces, errors)),
                residuals)

    def support(self, d) -> SupportValue:
        """Return the largest value over all supports, or a kernel line of a feasible one."""
        local = d[self.supports]
        if local.shape[1] > 0:
            hidden = local - np.einsum("kij,kil,kl->kj", self.spaces, self.spaces, local)
            lengths = np.linalg.norm(hidden, axis=1)
            worst = int(np.argmax(lengths))
            if lengths[worst] > 1e-10 * np.linalg.norm(d):
                line = self._embed(worst, hidden[worst] / lengths[worst])
                return SupportValue(np.inf, self._embed(worst, self.centres[worst]), direction=line)
        middle = np.einsum("ki,ki->k", self.centres, local)
        gains = np.einsum("kji,kj->ki", self.factors, local)
        size = np.linalg.norm(gains, axis=1)
        rounding = self.errors * np.linalg.norm(local, axis=1)
        slack = 16 * len(self.y) * UNIT * (np.linalg.norm(self.y) + self.eps) if self.eps > 0 else 0.0
        width = np.sqrt(np.maximum(0.0, self.eps**2 - np.maximum(0.0, self.residuals - slack)**2))
        bound = float((middle + width * size * (1 + 1e-14) + rounding).max())
        width = np.sqrt(np.maximum(0.0, (self.eps * (1 - 1e-13))**2 - (self.residuals + slack)**2))
        best = int(np.argmax(middle + width * size))
        step = self.factors[best] @ gains[best]
        step = step * width[best] / size[best] if size[best] > 0 else 0.0 * step
        return SupportValue(bound, self._embed(best, self.centres[best] + step))

    def _embed(self, k, values):
        x = np.zeros(self.A.shape[1])
        x[self.supports[k]] = values
        return x
