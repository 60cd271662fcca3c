r"""Sparsity in levels: signals with a number of entries in each level, and the error bounds they have."""

from dataclasses import dataclass, field
from itertools import combinations, product
from math import comb, prod

import numpy as np

from kernelstab._checks import as_array, as_count, as_number
from kernelstab.kernel.recovery import RecoveryConstants, constants_l1, constants_l2, promised


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
        if norm not in ("l2", "weighted l1"):
            raise ValueError(f"norm must be 'l2' or 'weighted l1', got {norm!r}")

        def formula(rho, gamma):
            if norm == "l2":
                return constants_l2(rho, gamma, self.xi, self.kappa)
            return constants_l1(rho, float(np.sqrt(self.xi)) * gamma)

        return promised(sum(self.sparsities), rho, gamma, norm, formula, name="gamma", levels=self.labels,
                        weights=self.entry_weights, sparsities=self.sparsities)


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
