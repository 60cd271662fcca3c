r"""The :math:`\rho` whose robust null space property promises most under noise."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._engines.dense_matrix import dense_within_range
from kernelstab.kernel.robust_nsp import RobustNSP, robust_nsp

_ROUNDING = 1e-13


@dataclass(frozen=True)
class BestRobustNSP:
    r"""Two-sided value of :math:`\min_\rho 4\tau_s(\rho)/(1-\rho)`.

    Attributes
    ----------
    s : int
    rho : float
        Where the smallest value was found.
    lower, upper : float
        ``upper`` is the value at ``rho``, with the upper end of :math:`\tau`; no :math:`\rho` gives less than
        ``lower``. Both are infinite if the null space property fails.
    nsp : RobustNSP
        At ``rho``; if the value is infinite, with a kernel vector that forbids every :math:`\rho<1`.
    evaluations : int
        Values of :math:`\rho` tried.
    cuts : ndarray, shape (k, 2)
        Rows (a, b) with :math:`\tau_s(\rho)\ge a-\rho b`, of a vector each; the first is the shortest column.
    floor : float
        :math:`\tau_s(\rho)` is infinite below it.
    exact : bool
        Whether the two ends meet to the relative gap that was asked for.
    interrupted : bool
        Whether Ctrl-C ended the search.
    """

    s: int
    rho: float
    lower: float
    upper: float
    nsp: RobustNSP = field(repr=False)
    evaluations: int
    cuts: np.ndarray = field(repr=False)
    floor: float
    exact: bool
    interrupted: bool

    def __repr__(self):
        return (f"<BestRobustNSP s={self.s}, {self.lower:.8g} <= min 4 tau/(1 - rho) <= {self.upper:.8g} "
                f"at rho={self.rho:.6g}>")


def best_robust_nsp(A, s, *, tolerance=1e-6, max_evaluations=60, max_supports=50_000,
                    threads=1) -> BestRobustNSP:
    r"""Minimise the noise factor :math:`4\tau_s(\rho)/(1-\rho)` of constrained basis pursuit.

    Every vector ``v`` gives a line :math:`\tau_s(\rho)\ge(\|v_S\|_1-\rho\|v_{S^c}\|_1)/\|Av\|` that holds
    for all :math:`\rho`; the constant is the largest of them, so it is convex, and divided by
    :math:`1-\rho` it is quasi-convex. The lines of the witnesses met so far are minimised exactly, the
    constant is evaluated there, and its witness is the next line: the minimum over the lines is a lower
    bound, every value is an upper bound.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    s : int
    tolerance : float
        Relative gap at which to stop.
    max_evaluations : int
        Most values of :math:`\rho` to try.
    max_supports, threads : int
        As for :func:`robust_nsp`.

    Returns
    -------
    BestRobustNSP

    Raises
    ------
    ValueError
        As :func:`robust_nsp`.

    Examples
    --------
    The columns (1, 0), (0, 1), (1, 1): tau is the largest of :math:`\sqrt{1+(1-\rho)^2}` (columns 0 and 1)
    and a smaller value (column 2); divided by :math:`1-\rho` it grows, so the least
    :math:`\rho=1/2` is best, with :math:`4\sqrt{5/4}/(1/2)=4\sqrt5`.

    >>> best = best_robust_nsp([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], 1)
    >>> round(best.rho, 5), round(best.upper, 4), round(4 * 5**0.5, 4)
    (0.5, 8.9443, 8.9443)
    """
    tolerance = as_number(tolerance, "tolerance", low=0.0)
    max_evaluations = as_count(max_evaluations, "max_evaluations", low=1)
    shortest = float(np.linalg.norm(dense_within_range(A), axis=0).min())
    # a vector with one entry: its line keeps the minimum away from rho = 1
    cuts = [((1 - _ROUNDING) / shortest, 0.0)] if shortest > 0 else []
    floor, best, rho, misses = 0.0, None, 0.5, 0
    evaluations = 0
    while evaluations < max_evaluations:
        evaluations += 1
        found = robust_nsp(A, s, rho, max_supports=max_supports, threads=threads)
        if np.isinf(found.lower):
            floor, misses = max(rho, _floor(found)), misses + 1
        else:
            cuts.append(_cut(found))
            misses = misses + 1 if np.isinf(found.upper) else 0
            if best is None or factor(found) < factor(best):
                best = found
        if floor >= 1:
            break
        lower, where = lowest(np.array(cuts), floor)
        if found.interrupted:
            break
        if best is not None and factor(best) <= lower * (1 + tolerance):
            break
        rho = max(where, floor + (1 - floor) * min(0.5, 1e-9 * 8.0**misses))
        if rho >= 1:
            break
    shown = found if best is None or floor >= 1 else best
    upper = np.inf if floor >= 1 else factor(shown)
    lower = np.inf if floor >= 1 else lower
    return BestRobustNSP(shown.s, shown.rho, lower, upper, shown, evaluations, np.array(cuts).reshape(-1, 2),
                         floor, lower == upper or upper <= lower * (1 + tolerance), found.interrupted)


def factor(found: RobustNSP) -> float:
    r"""Return :math:`4\tau/(1-\rho)` with the upper end of :math:`\tau`; infinite if :math:`\rho\ge1`."""
    return 4 * found.upper / (1 - found.rho) if found.rho < 1 else np.inf


def _floor(found):
    """Return the ratio of a kernel vector on and off its support, rounded down, at most 1."""
    sizes = np.abs(found.witness)
    on = sizes[list(found.support)].sum()
    off = sizes.sum() - on
    return float(on / off * (1 - _ROUNDING)) if on < off else 1.0


def _cut(found):
    """Return the line of a witness, both coefficients rounded to the safe side."""
    sizes = np.abs(found.witness)
    on = sizes[list(found.support)].sum()
    off = sizes.sum() - on
    # through the lower end at its own rho, which is rounded down already
    slope = off / found.residual * (1 + _ROUNDING)
    return found.lower + found.rho * slope * (1 - _ROUNDING), slope


def lowest(cuts, floor):
    r"""Minimise the largest of :math:`4(a-\rho b)/(1-\rho)` over :math:`\rho\in[` ``floor`` :math:`,1)`.

    Each is monotone, so the minimum is at the floor or where two of them cross, as long as one of the
    lines has a > b.

    >>> value, rho = lowest(np.array([[1.0, 0.0], [2.0, 3.0]]), 0.0)      # they cross at rho = 1/3
    >>> round(value, 9), round(rho, 9)
    (6.0, 0.333333333)
    """
    a, b = cuts.T
    pairs = np.triu_indices(len(a), 1)
    slopes, gaps = (b[:, None] - b[None])[pairs], (a[:, None] - a[None])[pairs]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = gaps / slopes
    inside = np.isfinite(crossings) & (crossings > floor) & (crossings < 1)
    places = np.concatenate([[floor], crossings[inside]])
    values = 4 * (a - places[:, None] * b).max(axis=1) / (1 - places)
    k = int(np.argmin(values))
    return max(0.0, float(values[k]) * (1 - _ROUNDING)), float(places[k])
