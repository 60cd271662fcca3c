"""The LASSO on the working set, solved exactly in the Gram domain."""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

ATTEMPTS = 60       # descents, each followed by an exact solve on the support reached
DEPENDENT = 1e-13   # squared relative distance below which a column depends on those before it


class Face(NamedTuple):
    """A support (numbers of members), the signs on it, and the Cholesky factor of its Gram matrix."""

    support: np.ndarray
    signs: np.ndarray
    factor: np.ndarray

    def solve(self, right):
        """Solve with the Gram matrix of the support."""
        return dpotrs(self.factor, right, lower=1)[0] if self.support.size else right


def factorise(gram, support):
    """Return the lower Cholesky factor of a principal block, and the first dependent position or -1."""
    block = gram[np.ix_(support, support)]
    diagonal = block.diagonal().copy()
    factor, info = dpotrf(block.T, lower=1, clean=0, overwrite_a=1)
    good = info - 1 if info > 0 else support.size
    weak = np.flatnonzero(factor.diagonal()[:good] ** 2 <= DEPENDENT * diagonal[:good])
    if weak.size:
        return factor, int(weak[0])
    return factor, good if info > 0 else -1


def settle(columns, c, lam, nonneg, x):
    """Minimise the LASSO over the working set, starting from and overwriting ``x``.

    Returns
    -------
    Face or None
        The face on which ``x`` is exact; None if the attempts ran out first.
    """
    from kernelstab.solvers._gram_jit import descend

    n, gram = columns.size, columns.gram
    block = gram[:n, :n]
    q = block @ x
    epochs = 20
    for _ in range(ATTEMPTS):
        descend(gram, c, lam, nonneg, x, q, n, epochs, 2)
        support = np.flatnonzero(x)
        signs = np.sign(x[support])
        factor, dependent = factorise(gram, support)
        if dependent >= 0:
            _eliminate(gram, support, signs, factor, dependent, x)
            q = block @ x
            continue
        face = Face(support, signs, factor)
        target = face.solve(c[support] - lam * signs)
        if np.all(target * signs > 0.0):
            x[support] = target
            q = block @ x
            g = c - q
            g[support] = 0.0
            if (g.max() if nonneg else np.abs(g).max()) <= lam * (1.0 + 1e-12):
                return face
        else:
            _toward(block, c, lam, support, signs, target, x, q)
            q = block @ x
            epochs = min(2 * epochs, 400)
    return None


def _toward(block, c, lam, support, signs, target, x, q):
    """Move towards a target some of whose signs are wrong, and never uphill.

    With the wrong entries set to zero if that is downhill; else straight to the first zero.
    """
    trial = np.zeros_like(x)
    trial[support] = np.where(target * signs > 0.0, target, 0.0)
    before = 0.5 * (x @ q) - c @ x + lam * np.abs(x).sum()
    after = 0.5 * (trial @ (block @ trial)) - c @ trial + lam * np.abs(trial).sum()
    if after < before:
        x[:] = trial
        return
    old = x[support]
    share = old / (old - target)
    share[target * signs > 0.0] = np.inf
    first = int(np.argmin(share))
    old += share[first] * (target - old)
    old[first] = 0.0
    x[support] = old


def _eliminate(gram, support, signs, factor, dependent, x):
    """Move along a dependence of the columns, without raising the absolute sum, until one is free."""
    head = support[:dependent]
    null = np.zeros(support.size)
    null[dependent] = 1.0
    if dependent:
        lead = np.asfortranarray(factor[:dependent, :dependent])
        null[:dependent] = -dpotrs(lead, gram[head, support[dependent]], lower=1)[0]
    if signs @ null > 0.0:
        null = -null
    old = x[support]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(null * signs < 0.0, -old / null, np.inf)
    first = int(np.argmin(share))
    if share[first] == np.inf:   # rounding: the sum would fall for ever
        first = dependent
    else:
        old += share[first] * null
    old[first] = 0.0
    x[support] = old
