"""The kernel profile of a data set: how far apart signals lie whose measurements are close."""

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.distance import cdist

from kernelstab._checks import as_array, as_number
from kernelstab.priors.finite_set import FiniteSet

_BLOCK = 256


@dataclass(frozen=True)
class KernelProfile:
    r"""The staircase :math:`k(\delta)=\max\{\|x-x'\|:\|A(x-x')\|\le\delta\}` over the pairs of a finite set.

    Attributes
    ----------
    deltas, sizes : ndarray, shape (k,)
        Where it rises, and to what; both rise strictly.
    pairs : ndarray of int, shape (k, 2)
        Signals that attain each step.
    """

    deltas: np.ndarray = field(repr=False)
    sizes: np.ndarray = field(repr=False)
    pairs: np.ndarray = field(repr=False)

    def __call__(self, delta):
        """Return the profile at one number or an array of them; 0 before the first step."""
        delta = as_array(delta, "delta", real=True)
        steps = np.searchsorted(self.deltas, delta, side="right")
        return np.concatenate([[0.0], self.sizes])[steps]

    def lipschitz_lower(self, error) -> float:
        r"""Return :math:`\sup_\delta(k(\delta)-2e)/\delta`, a slope that no map with error ``e`` avoids.

        A map that is within ``e`` of two signals moves by at least their distance less ``2e`` between
        their measurements. Infinite if two signals farther apart than ``2e`` have equal measurements: then
        there is no such map.
        """
        error = as_number(error, "error", low=0.0)
        excess = self.sizes - 2 * error
        kept = excess > 0
        if not kept.any():
            return 0.0
        with np.errstate(divide="ignore"):
            return float(np.max(excess[kept] / self.deltas[kept]))

    def __repr__(self):
        largest = self.sizes[-1] if len(self.sizes) else 0.0
        return f"<KernelProfile {len(self.sizes)} steps, up to {largest:.6g}>"


def kernel_profile(A, signals) -> KernelProfile:
    r"""Return how far apart two signals of a finite set can lie, as a function of their measured distance.

    At :math:`\delta=2\varepsilon` it is the kernel size at noise level :math:`\varepsilon`.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    signals : array_like, shape (n, N)
        Real or complex, one signal a row.

    Raises
    ------
    ValueError
        If shapes do not fit or entries are not finite.

    Notes
    -----
    Distances are those of computed measurements. Cost: all pairs, in blocks; only those above the
    staircase so far are sorted.

    Examples
    --------
    Measurements 0, 1 and 3 with hidden heights 0, 5 and 0. The pair at measured distance 1 is
    sqrt(26) apart, those at 2 and 3 are sqrt(29) and 3 apart:

    >>> profile = kernel_profile([[1.0, 0.0]], [[0.0, 0.0], [1.0, 5.0], [3.0, 0.0]])
    >>> profile.deltas, (profile.sizes**2).round(9), profile.pairs.tolist()
    (array([1., 2.]), array([26., 29.]), [[0, 1], [1, 2]])
    >>> profile(1.5).round(6), round(profile.lipschitz_lower(1.0), 6)
    (np.float64(5.09902), 3.09902)
    """
    measured, _ = FiniteSet(signals).measured(A)
    rows, seen, order = measured.rows, measured.seen, measured.order
    deltas, sizes, pairs = np.zeros(0), np.zeros(0), np.zeros((0, 2), dtype=np.int64)
    for start in range(0, len(rows), _BLOCK):
        stop = min(start + _BLOCK, len(rows))
        gaps, far = _distances(seen, start, stop), _distances(rows, start, stop)
        later = np.arange(start, len(rows)) > np.arange(start, stop)[:, None]
        reached = np.concatenate([[0.0], sizes])[np.searchsorted(deltas, gaps, side="right")]
        i, j = np.nonzero(later & (far > reached))
        ends = np.sort(order[np.column_stack([i + start, j + start])], axis=1)
        deltas = np.concatenate([deltas, gaps[i, j]])
        sizes, pairs = np.concatenate([sizes, far[i, j]]), np.vstack([pairs, ends])
        by = np.lexsort((-sizes, deltas))
        highest = np.maximum.accumulate(np.concatenate([[0.0], sizes[by]]))
        by = by[sizes[by] > highest[:-1]]
        deltas, sizes, pairs = deltas[by], sizes[by], pairs[by]
    return KernelProfile(deltas, sizes, pairs)


def _distances(rows, start, stop):
    """Return the distances of some rows to themselves and all later ones, without cancellation."""
    return cdist(rows[start:stop], rows[start:])
