r"""Weighted robust null space property for signals that are sparse in levels."""

from dataclasses import dataclass, field
from itertools import combinations, product
from math import comb, prod

import numpy as np

from kernelstab._checks import as_array, as_count, as_number
from kernelstab._engines.dense_matrix import dense_within_range
from kernelstab._engines.robust_nsp.least_norm import LeastNormPrograms, nothing_known
from kernelstab._engines.robust_nsp.sphere import Sphere
from kernelstab.kernel.recovery import (
    RecoveryConstants,
    check_property,
    constants_l1,
    constants_l2,
    no_promise,
)

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Levels:
    r"""A model of sparsity: how many entries of each level may be used, and what an entry weighs.

    Attributes
    ----------
    labels : ndarray of int, shape (N,)
        Level of each entry, from 0.
    sparsities : tuple of int
        :math:`s_l`, from 1 to the size of the level.
    weights : tuple of float
        :math:`w_l>0`.
    """

    labels: np.ndarray = field(repr=False)
    sparsities: tuple[int, ...]
    weights: tuple[float, ...]

    @property
    def xi(self) -> float:
        r""":math:`\xi=\sum_lw_l^2s_l`."""
        return sum(w * w * s for w, s in zip(self.weights, self.sparsities))

    @property
    def zeta(self) -> float:
        r""":math:`\zeta=\min_lw_l^2s_l`."""
        return min(w * w * s for w, s in zip(self.weights, self.sparsities))

    @property
    def kappa(self) -> float:
        r""":math:`\kappa=\xi/\zeta\ge1`; with weights :math:`w_l=s_l^{-1/2}` it is the number of levels."""
        return self.xi / self.zeta

    @property
    def entry_weights(self) -> np.ndarray:
        """The weight of each entry, shape (N,)."""
        return np.array(self.weights)[self.labels]

    def count(self) -> int:
        """Return the number of supports that use every level fully."""
        sizes = np.bincount(self.labels)
        return prod(comb(int(size), s) for size, s in zip(sizes, self.sparsities))

    def supports(self) -> np.ndarray:
        """Return those supports, one a row, in rising order."""
        parts = [combinations(np.flatnonzero(self.labels == label).tolist(), s)
                 for label, s in enumerate(self.sparsities)]
        return np.array([sorted(sum(choice, ())) for choice in product(*parts)], dtype=np.int64)

    def constants(self, rho, gamma, *, norm="l2") -> RecoveryConstants:
        r"""Return the constants of the error bounds that the weighted property gives.

        For the :math:`\ell^2` error those of :func:`~kernelstab.kernel.recovery.constants_l2`. For the
        weighted :math:`\ell^1` error :math:`C=\frac{1+\rho}{1-\rho}` and
        :math:`D=\frac{2\sqrt\xi\gamma}{1-\rho}`: by :math:`\|v_S\|_{1,w}\le\sqrt\xi\|v_S\|_2` the property
        holds in :math:`\ell^1` form with :math:`\tau=\sqrt\xi\gamma`.

        Parameters
        ----------
        rho, gamma : float
            Of the property; ``gamma`` may be infinite.
        norm : {"l2", "weighted l1"}

        Examples
        --------
        One level with weight 1 gives the constants without levels:

        >>> model = sparsity_in_levels([0, 0, 0], [1])
        >>> model.constants(0.5, 1.0)
        <RecoveryConstants l2 s=1, C=2.5, D=4>
        """
        rho, gamma = check_property(rho, gamma, "gamma")
        if norm not in ("l2", "weighted l1"):
            raise ValueError(f"norm must be 'l2' or 'weighted l1', got {norm!r}")
        reason = no_promise(rho, gamma)
        if reason:
            C = D = None
        elif norm == "l2":
            C, D = constants_l2(rho, gamma, self.xi, self.kappa)
        else:
            C, D = constants_l1(rho, float(np.sqrt(self.xi)) * gamma)
        return RecoveryConstants(sum(self.sparsities), rho, gamma, norm, C, D, self.entry_weights,
                                 self.labels, self.sparsities, reason=reason)


def sparsity_in_levels(labels, sparsities, weights=None) -> Levels:
    r"""Describe signals with at most :math:`s_l` entries in level ``l``.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        Level 0, 1, ... of each entry; no level is empty.
    sparsities : sequence of int
        One for each level, from 1 to its size.
    weights : sequence of float, optional
        One for each level, positive; all 1 if None.

    Returns
    -------
    Levels

    Raises
    ------
    ValueError
        If the labels do not fit the sparsities, or a number is out of range.

    Examples
    --------
    >>> model = sparsity_in_levels([0, 0, 1, 1, 1], [1, 2], weights=[2.0, 1.0])
    >>> model.xi, model.zeta, model.kappa, model.count()               # 4 + 2, min(4, 2)
    (6.0, 2.0, 3.0, 6)
    """
    labels = as_array(labels, "labels", ndim=1, real=True)
    sparsities = list(sparsities)
    found = np.unique(labels)
    if not np.array_equal(found, np.arange(len(sparsities))):
        raise ValueError(f"labels must be 0 to {len(sparsities) - 1}, all of them, got {found.tolist()}")
    labels = labels.astype(np.int64)
    sizes = np.bincount(labels)
    checked = tuple(as_count(s, f"sparsities[{k}]", low=1, high=int(size))
                    for k, (s, size) in enumerate(zip(sparsities, sizes)))
    weights = [1.0] * len(checked) if weights is None else list(weights)
    if len(weights) != len(checked):
        raise ValueError(f"weights must have {len(checked)} entries, got {len(weights)}")
    positive = tuple(as_number(w, f"weights[{k}]", low=0.0, strict=True) for k, w in enumerate(weights))
    return Levels(labels, checked, positive)


@dataclass(frozen=True)
class LevelsRobustNSP:
    r"""Two-sided value of the smallest :math:`\gamma` of a weighted robust null space property in levels.

    Attributes
    ----------
    levels : Levels
    rho : float
    lower, upper : float
        :math:`\gamma` lies between them; both infinite if ``witness`` is a kernel vector that no
        :math:`\gamma` can satisfy.
    exact : bool
        True for one entry, or if infinite: otherwise a polytope stands for the sphere.
    support : tuple of int
        The largest entries of the witness in each level.
    witness : ndarray, shape (N,)
    residual : float
        :math:`\|Av\|` of the witness.
    dual : ndarray, shape (m,)
        :math:`h` of the program with the largest bound.
    supports : int
        Number of supports, all of them solved unless ``interrupted``.
    interrupted : bool
    """

    levels: Levels
    rho: float
    lower: float
    upper: float
    exact: bool
    support: tuple[int, ...]
    witness: np.ndarray = field(repr=False)
    residual: float
    dual: np.ndarray = field(repr=False)
    supports: int
    interrupted: bool

    def constants(self, norm="l2") -> RecoveryConstants:
        r"""Return the error bounds that follow from :math:`\rho` and ``upper``.

        Parameters
        ----------
        norm : {"l2", "weighted l1"}
        """
        return self.levels.constants(self.rho, self.upper, norm=norm)

    def __repr__(self):
        return (f"<LevelsRobustNSP sparsities {self.levels.sparsities} rho={self.rho:.6g}, "
                f"{self.lower:.8g} <= gamma <= {self.upper:.8g}, {self.supports} supports>")


def levels_robust_nsp(A, levels, rho, *, max_supports=50_000, threads=1, progress=None) -> LevelsRobustNSP:
    r"""Enclose the smallest :math:`\gamma` of the weighted robust null space property in levels.

    For all vectors ``v`` and all supports :math:`\Delta` with at most :math:`s_l` entries in level ``l``

    .. math:: \|v_\Delta\|_2\le\frac{\rho}{\sqrt\xi}\|v_{\Delta^c}\|_{1,w}+\gamma\,\|Av\| .

    Larger supports only ask for more, so full ones suffice. The programs are those of
    :func:`robust_nsp` in :math:`\ell^2` form with the limit :math:`\rho w_j/\sqrt\xi` on column ``j``.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    levels : Levels
        From :func:`sparsity_in_levels`.
    rho : float
        Positive.
    max_supports : int
        Refuse more supports than that.
    threads : int
    progress : callable, optional
        As for :func:`robust_nsp`.

    Returns
    -------
    LevelsRobustNSP

    Raises
    ------
    ValueError
        If the matrix is complex, the labels do not fit it, or there are too many supports.

    Notes
    -----
    Cost: for each support some hundred programs of microseconds, more for the few that decide.

    Examples
    --------
    Orthonormal columns: h is the unit vector itself.

    >>> model = sparsity_in_levels([0, 0, 1], [1, 1], weights=[1.0, 3.0])
    >>> found = levels_robust_nsp(np.eye(3), model, 0.5)
    >>> round(found.lower, 3), round(found.upper, 3)
    (1.0, 1.0)
    """
    matrix = dense_within_range(A, real=True)
    if len(levels.labels) != matrix.shape[1]:
        raise ValueError(f"levels must label {matrix.shape[1]} columns, got {len(levels.labels)}")
    rho = as_number(rho, "rho", low=0.0, strict=True)
    max_supports = as_count(max_supports, "max_supports", low=1)
    threads = as_count(threads, "threads", low=1)
    total = levels.count()
    if total > max_supports:
        raise ValueError(f"max_supports must be at least {total}, got {max_supports}")
    limits = rho / np.sqrt(levels.xi) * levels.entry_weights * (1 - 8 * _EPS)
    try:
        found = Sphere(LeastNormPrograms(matrix), levels.supports(), limits).search(threads, progress)
    except KeyboardInterrupt:
        found = nothing_known(matrix)
    v = found.witness
    support = [int(i) for label, s in enumerate(levels.sparsities)
               for i in sorted(np.flatnonzero(levels.labels == label), key=lambda i: -abs(v[i]))[:s]]
    return LevelsRobustNSP(levels, rho, found.lower, found.upper, found.exact, tuple(sorted(support)), v,
                           float(np.linalg.norm(matrix @ v)), found.dual, total, found.interrupted)
