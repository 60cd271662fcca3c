"""The LASSO on the working set, solved exactly in the Gram domain.

Coordinate descent finds most of the support, one linear solve makes the point exact on it,
and where that takes too long or columns depend on each other an active-set method does the rest. All
of them work with corrections and with ``g``, the correlations of the columns with the
residual, so that the accuracy is that of ``g`` at the start.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

BLOCKS = 4         # descents, each followed by an exact solve, before the active-set method
EPOCHS = 20        # first budget of a descent
DEPENDENT = 1e-13  # a squared distance below this share of its column is rounding
SLACK = 1e-12      # what a correlation may exceed lambda by,
ROUNDING = 1e-14   # and what rounding adds, as a share of the largest correlation


class SignedSupport(NamedTuple):
    """A support (numbers of members), the signs on it, and the Cholesky factor of its Gram matrix."""

    support: np.ndarray
    signs: np.ndarray
    factor: np.ndarray

    def solve(self, right):
        """Solve with the Gram matrix of the support."""
        return dpotrs(self.factor, right, lower=1)[0] if self.support.size else right


def face_of(gram, x) -> SignedSupport | None:
    """Return the face of ``x``; None if its columns depend on each other."""
    support = np.flatnonzero(x)
    block = gram[np.ix_(support, support)]
    diagonal = block.diagonal().copy()
    factor, info = dpotrf(block.T, lower=1, clean=0, overwrite_a=1)
    if info or np.any(factor.diagonal() ** 2 <= DEPENDENT * diagonal):
        return None
    return SignedSupport(support, np.sign(x[support]), factor)


def settle(columns, lam, nonneg, x, g) -> SignedSupport | None:
    """Minimise the LASSO over the working set from ``x``, whose correlations are ``g``; both in place.

    Returns the face on which ``x`` is exact; None if rounding forbids one.
    """
    from kernelstab._engines.working_set.settle_jit import descend, pivot

    gram = columns.inner
    epochs, slack = EPOCHS, SLACK * lam + ROUNDING * float(np.abs(g).max())
    for _ in range(BLOCKS):
        descend(columns.gram, lam, nonneg, x, g, epochs, 2)
        face = face_of(gram, x)
        if face is None:
            break
        turned = _exact(gram, lam, face, x, g)
        if turned == 0 and excess(nonneg, face, g, lam) <= slack:
            return face
        epochs *= 2 if turned else 1
    return face_of(gram, x) if pivot(columns.gram, lam, nonneg, x, g, slack, 10 * x.size + 100) else None


def approach(columns, lam, nonneg, x, g) -> None:
    """Come near the minimum, by one descent and one exact solve: enough to see which columns are missing."""
    from kernelstab._engines.working_set.settle_jit import descend

    descend(columns.gram, lam, nonneg, x, g, EPOCHS, 2)
    face = face_of(columns.inner, x)
    if face is not None:
        _exact(columns.inner, lam, face, x, g)


def excess(nonneg, face, g, lam) -> float:
    """Return by how much the largest correlation off the support exceeds ``lam``."""
    sizes = g.copy() if nonneg else np.abs(g)
    sizes[face.support] = 0.0
    return float(sizes.max()) - lam


def _exact(gram, lam, face, x, g):
    """Move to the minimiser on the face if no sign turns; else towards it, and never uphill.

    With the turned entries set to zero if that is downhill; else straight to the first zero.
    Returns the number of turned signs.
    """
    support, signs = face.support, face.signs
    old = x[support]
    full = face.solve(g[support] - lam * signs)
    kept = (old + full) * signs > 0.0
    step = np.where(kept, full, -old)
    lost = _product(gram, support, step)
    if not kept.all():
        change = step @ (0.5 * lost[support] - g[support]) + lam * (signs @ step)
        if change >= 0.0:
            share = np.where(kept, np.inf, old / np.where(kept, 1.0, -full))
            first = int(np.argmin(share))
            step = share[first] * full
            step[first] = -old[first]
            lost = _product(gram, support, step)
    x[support] = old + step
    x[support[x[support] * signs <= 0.0]] = 0.0
    g -= lost
    return kept.size - int(np.count_nonzero(kept))


def _product(gram, support, step):
    full = np.zeros(gram.shape[0])
    full[support] = step
    return gram @ full
