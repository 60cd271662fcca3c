"""Dual vectors of one support: Fuchs's, the best one, and the kernel vector that shows that it is."""

import numpy as np

from kernelstab._engines.chebyshev import chebyshev_fits
from kernelstab._engines.dense_matrix import kernel_basis

_EPS = float(np.finfo(np.float64).eps)


class SupportPrograms:
    """The programs of one support of one matrix, for any pattern of signs."""

    def __init__(self, matrix, support):
        self.matrix, self.support = matrix, support
        self.rest = np.setdiff1d(np.arange(matrix.shape[1]), support)
        self.inside, self.outside = matrix[:, support], matrix[:, self.rest]
        u, sigma, rows = np.linalg.svd(self.inside)
        self.sigma_min = float(sigma[-1]) if len(sigma) == len(support) else 0.0
        self.reason, self.last = "", rows[-1].conj()
        if self.sigma_min <= max(self.inside.shape) * _EPS * sigma[0]:
            self.reason = "the columns of the support are dependent"
            return
        self.inverse = np.linalg.pinv(self.inside)
        self.spread = self.inverse @ self.outside                 # A_S^+ a_j
        self.basis = kernel_basis(matrix)[0]
        self.sums = np.abs(self.spread).sum(axis=0)
        self.erc = float(self.sums.max(initial=0.0))
        # what h may add changes the products outside by the span of orthonormal columns
        free = u[:, len(support):]
        left, sizes, right = np.linalg.svd(self.outside.conj().T @ free, full_matrices=False)
        rank = int(np.sum(sizes > max(matrix.shape) * _EPS * sizes.max(initial=0.0)))
        self.changes, self.steps = left[:, :rank], free @ (right[:rank].conj().T / sizes[:rank])

    def worst_signs(self):
        """Return the signs for which Fuchs's vector attains ``erc``."""
        if not len(self.rest):
            return np.ones(len(self.support))
        column = self.spread[:, int(np.argmax(self.sums))]
        size = np.abs(column)
        return np.where(size > 0, column / np.where(size > 0, size, 1.0), 1.0)

    def off(self, h) -> float:
        """Return the largest product of ``h`` with a column outside."""
        return float(np.abs(self.outside.conj().T @ h).max(initial=0.0))

    def solve(self, patterns):
        """Yield for each pattern what the best dual found proves, the dual, the same of a kernel vector.

        The products outside are approximated by those that ``h`` may add, in the maximum norm, for all
        patterns at once; the multiplier of such a program is the part of a kernel vector outside.
        """
        duals = patterns @ self.inverse.conj()                    # of Fuchs, row by row
        products = duals @ self.outside.conj()
        v = np.zeros((len(duals), self.matrix.shape[1]), dtype=self.matrix.dtype)
        if len(self.rest):
            v[np.arange(len(v)), self.rest[np.argmax(np.abs(products), axis=1)]] = 1.0
        tried = np.flatnonzero(products.any(axis=1)) if self.changes.shape[1] else []
        if len(tried):
            fits = chebyshev_fits(self.changes, products[tried])
            v[np.ix_(tried, self.rest)] = fits.duals
            better = duals[tried] - fits.coefficients @ self.steps.T
            # once more on the support, so that what the program left over there is rounding
            better = better + (patterns[tried] - better @ self.inside.conj()) @ self.inverse.conj()
            found = np.abs(better @ self.outside.conj()).max(axis=1)
            gained = found < np.abs(products[tried]).max(axis=1)
            duals[tried[gained]] = better[gained]
        v[:, self.support] = -v[:, self.rest] @ self.spread.T
        for xi, h, vector in zip(patterns, duals, v):
            yield self.proved(h, xi), h, *self.kernel_value(vector, xi), xi

    def proved(self, h, xi) -> float:
        """Return theta rounded up: correcting a residual on the support adds at most ``erc`` times it."""
        m = len(h)
        slack = (m + 8) * _EPS * (np.abs(self.matrix).T @ np.abs(h))
        missing = np.abs(xi - self.inside.conj().T @ h).max() + slack[self.support].max() + 4 * _EPS
        return self.off(h) + float(slack[self.rest].max(initial=0.0) + self.erc * missing * (1 + 1e-6))

    def kernel_value(self, v, xi):
        """Project on the kernel; return the quotient rounded down and the vector of 1-norm one."""
        w = self.basis @ (self.basis.conj().T @ v)
        w = self.basis @ (self.basis.conj().T @ w)
        size, off = np.abs(w).sum(), np.abs(w[self.rest]).sum()
        if size == 0 or off <= 1e-13 * size:
            return 0.0, np.zeros_like(v)
        product = np.vdot(xi, w[self.support])
        if abs(product) > 0:
            w = w * (np.conj(product) / abs(product))
        value = abs(product) * (1 - 4 * len(w) * _EPS) / off
        return float(value), w / size
