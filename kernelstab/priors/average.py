"""The average kernel size: how far apart two signals with the same data are on average."""

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.distance import cdist

from kernelstab._checks import as_array, as_count, as_generator, as_number
from kernelstab.priors.finite_set import FiniteSet

_CHUNK = 128


@dataclass(frozen=True)
class AverageKernelSize:
    r"""Estimate of :math:`(\mathbb E_y\mathbb E\|x-x'\|^p)^{1/p}`, ``x``, ``x'`` drawn given ``y``.

    Attributes
    ----------
    value, lower, upper : float
        The estimate and its bootstrap interval, which is an estimate too, not a bound.
    confidence, p : float
        What the interval aims at, and the exponent.
    fibres, dropped : int
        Fibres with at least two signals, which carry the estimate, and the others: nothing is known of
        their spread.
    dropped_weight : float
        Share of the weights that these would have had.
    counts, spreads, weights : ndarray, shape (fibres,)
        Number of signals, mean :math:`\|x-x'\|^p` over pairs, and weights of sum 1, of the fibres used.
    """

    value: float
    lower: float
    upper: float
    confidence: float
    p: float
    fibres: int
    dropped: int
    dropped_weight: float
    counts: np.ndarray = field(repr=False)
    spreads: np.ndarray = field(repr=False)
    weights: np.ndarray = field(repr=False)

    @property
    def c_opt(self) -> tuple[float, float]:
        r"""Bounds of the least average error :math:`(\mathbb E\|\varphi(y)-x\|^p)^{1/p}`, by ``value``.

        Half of it and all of it by the triangle inequality and by drawing the answer from
        the fibre; at ``p = 2`` both are ``value`` over :math:`\sqrt2`, since
        :math:`\mathbb E\|x-x'\|^2=2\,\mathrm{tr\,Cov}`.
        """
        return (self.value / np.sqrt(2),) * 2 if self.p == 2 else (self.value / 2, self.value)

    def __repr__(self):
        return (f"<AverageKernelSize {self.value:.6g}, p={self.p:g}, {self.confidence:.0%} interval "
                f"{self.lower:.6g} to {self.upper:.6g}, {self.fibres} fibres, {self.dropped} dropped>")


def average_kernel_size(A, signals, eps, *, p=2, weights=None, measurements=None, confidence=0.95,
                        resamples=400, rng) -> AverageKernelSize:
    r"""Estimate the average kernel size from samples.

    Within a fibre of :math:`N_k` signals the mean of :math:`\|x-x'\|^p` over the :math:`N_k(N_k-1)` ordered
    pairs of different signals has no bias; dividing by :math:`N_k^2` would lose the share
    :math:`1/N_k`. Across fibres the weights must make up the law of ``y``, and that depends on
    where the fibres come from.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    signals : array_like, shape (n, N)
        Samples of the law of ``x``, one a row, real or complex.
    eps : float
        A fibre holds the signals measured within ``eps`` of one measurement.
    p : float
        At least 1.
    weights : array_like, shape (K,), optional
        Weights of the fibres. Default: every fibre counts alike, which is right if the measurements are
        drawn from the law of ``y``.
    measurements : array_like, shape (K, m), optional
        Centres of the fibres. Default: the measurement of every signal.
    confidence : float
        Of the bootstrap interval.
    resamples : int
        Number of bootstrap resamples.
    rng : int or Generator
        For the bootstrap.

    Raises
    ------
    ValueError
        If no fibre has two signals, shapes do not fit, or a number is out of range.

    Notes
    -----
    A positive ``eps`` estimates the size at that noise level, which exceeds the noise-free one.
    The bootstrap draws fibres and the signals in them: fibres that share signals are not independent.
    Without noise, equal means that computed measurements, taken relative to the first signal, agree bit by
    bit.

    Cost: at ``p = 2`` one pass over the members of a fibre, since
    :math:`\sum_{i,j}\|x_i-x_j\|^2=2N_k\sum_i\|x_i-\bar x\|^2`; all pairs of members else. Members are
    found in a window along the direction in which measurements vary most.

    Examples
    --------
    Heights 0 and 2 over 0, and 0, 2, 4 over 1: two fibres with mean square 4 over pairs, and three with
    (4 + 4 + 16)/3 = 8; the mean is 6.4:

    >>> signals = [[0.0, 0.0], [0.0, 2.0], [1.0, 0.0], [1.0, 2.0], [1.0, 4.0]]
    >>> size = average_kernel_size([[1.0, 0.0]], signals, 0.0, rng=0)
    >>> round(size.value**2, 12), size.fibres, size.dropped
    (6.4, 5, 0)
    """
    p = as_number(p, "p", low=1.0)
    confidence = as_number(confidence, "confidence", low=0.0, high=1.0, strict=True)
    resamples, generator = as_count(resamples, "resamples", low=1), as_generator(rng)
    measured, eps = FiniteSet(signals).measured(A, eps)
    if measurements is not None:
        measurements = as_array(measurements, "measurements", ndim=2)
        if measurements.shape[1] != len(measured.matrix):
            raise ValueError(f"measurements must have {len(measured.matrix)} entries each, "
                             f"got shape {measurements.shape}")
    count = len(measured.key) if measurements is None else len(measurements)
    weight = np.ones(count) if weights is None else as_array(weights, "weights", shape=(count,), real=True)
    if weight.min() < 0 or weight.max() == 0:
        raise ValueError(f"weights must be non-negative and not all 0, got {weight.min():.6g} "
                         f"to {weight.max():.6g}")
    counts, spreads, influence = _balls(measured, eps, p, measurements, weight)
    used = (counts > 1) & (weight > 0)
    if not used.any():
        raise ValueError(f"eps must leave a fibre with two signals, got {eps!r} and at most "
                         f"{counts.max()} signals in a fibre")
    total = weight[used].sum()
    share = weight[used] / total
    value = float((share @ spreads[used]) ** (1 / p))
    drawn_with = np.flatnonzero(used) if measurements is None else None
    means = _resampled(share, spreads[used], influence / total, drawn_with, resamples, generator)
    tail = 50 * (1 - confidence)
    low, high = np.maximum(np.nanpercentile(means, [tail, 100 - tail]), 0.0) ** (1 / p)
    return AverageKernelSize(value, float(low), float(high), confidence, p, int(used.sum()),
                             int((~used).sum()), float(weight[~used].sum() / weight.sum()), counts[used],
                             spreads[used], share)


def _spreads(signals, p):
    """Return the mean p-th power of the distance of each of several signals to the others."""
    count = len(signals)
    if count < 2:
        return np.zeros(count)
    if p == 2:              # the pairs need not be formed
        squares = ((signals - signals.mean(axis=0)) ** 2).sum(axis=1)
        return (count * squares + squares.sum()) / (count - 1)
    return (cdist(signals, signals) ** p).sum(axis=1) / (count - 1)


def _balls(measured, eps, p, measurements, weights):
    """Return sizes and spreads of the fibres around measurements, and the influence of their signals.

    That is how much the sum of all weighted spreads changes with the weight of a signal, to first order.
    """
    query, query_key, turns = measured.seen, measured.key, measured.order
    if measurements is not None:
        query, query_key = measured.relative(measurements)
        if query.shape[1] != measured.seen.shape[1]:
            raise ValueError("measurements must be real or complex as those of the signals are")
        turns = np.argsort(query_key, kind="stable")
        query, query_key = query[turns], query_key[turns]
    window = eps * (1 + 1e-12) + measured.key_slack
    counts, spreads = np.zeros(len(query), dtype=np.int64), np.zeros(len(query))
    influence = np.zeros(len(measured.key))
    for start in range(0, len(query), _CHUNK):
        part = slice(start, min(start + _CHUNK, len(query)))
        low = np.searchsorted(measured.key, query_key[start] - window)
        high = np.searchsorted(measured.key, query_key[part][-1] + window, side="right")
        for k, near in zip(turns[part], cdist(query[part], measured.seen[low:high]) <= eps):
            members = low + np.flatnonzero(near)
            if len(members) == 0:
                continue
            own = _spreads(measured.rows[members], p)
            counts[k], spreads[k] = len(members), own.mean()
            influence[measured.order[members]] += weights[k] * 2 * (own - spreads[k]) / len(members)
    return counts, spreads, influence


def _resampled(share, spreads, influence, centres, resamples, generator):
    """Return the weighted means over resampled fibres and signals.

    ``centres`` names the signal a fibre is drawn with, if it is one. The change of the fibres that a
    resampled signal is in is taken to first order.
    """
    values = np.empty(resamples)
    for k in range(resamples):
        signals = _drawn(len(influence), generator)
        weight = share * (_drawn(len(share), generator) if centres is None else signals[centres])
        mean = (weight @ spreads) / weight.sum() if weight.sum() > 0 else np.nan
        values[k] = mean + (signals - 1) @ influence
    return values


def _drawn(count, generator):
    """Return how often each of so many things is drawn in as many draws."""
    return np.bincount(generator.integers(count, size=count), minlength=count)
