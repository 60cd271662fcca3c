"""Mutual coherence: the cheapest constant that promises sparse recovery."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._engines.dense_matrix import unit_columns
from kernelstab.kernel.recovery import RecoveryConstants, recovery_constants
from kernelstab.operators import as_operator


@dataclass(frozen=True)
class Coherence:
    r"""The coherence of a matrix and what follows from it.

    All pairs are compared, so that ``lower`` and ``upper`` differ by rounding only: ``exact`` is True.

    Attributes
    ----------
    mu : float
        :math:`\mu=\max_{i\ne j}|\langle a_i,a_j\rangle|/\|a_i\|\|a_j\|`.
    pair : (int, int)
        Columns that attain it.
    welch_lower : float
        The least possible coherence of a matrix of this shape; equality means an optimal frame.
    matrix : ndarray, shape (m, N)
    """

    mu: float
    pair: tuple[int, int]
    welch_lower: float
    matrix: np.ndarray = field(repr=False)

    exact = True

    @property
    def _rounding(self):
        """Bound what rounding does to ``mu``: lengths, quotients and inner products of length ``m``."""
        return (4 * self.matrix.shape[0] + 40) * float(np.finfo(np.float64).eps)

    @property
    def lower(self) -> float:
        r"""Lower bound of :math:`\mu`, the rounding errors taken off."""
        return max(0.0, self.mu - self._rounding)

    @property
    def upper(self) -> float:
        r"""Upper bound of :math:`\mu`, the rounding errors added."""
        return min(1.0, self.mu + self._rounding)

    def certificate(self, path=None) -> dict:
        """Return a certificate of both bounds, for ``kernelstab verify``; write it if a path is given.

        Raises
        ------
        CertificateError
            If the matrix has too many columns for the verifier.
        """
        from kernelstab.certify import make_constant_certificate

        gram = {"kind": "gram"}
        return make_constant_certificate("coherence", self.matrix, lower=gram, upper=gram, path=path)

    def alpha_upper(self, s) -> float:
        r"""Return :math:`s\mu/(1+\mu)\ge\alpha_s`, the null space constant for unit columns."""
        return as_count(s, "s") * self.mu / (1 + self.mu)

    @property
    def spark_lower(self) -> int:
        r"""Bound the spark from below by :math:`1+1/\mu`.

        A kernel vector of unit columns has :math:`(1+\mu)|v_i|\le\mu\|v\|_1`; sum over its support.
        """
        return min(self.matrix.shape[1] + 1, max(2, int(np.ceil((1 + 1 / self.upper) * (1 - 1e-15)))))

    @property
    def sparsity(self) -> int:
        r"""The largest :math:`s<(1+1/\mu)/2`: every ``s``-sparse vector is found by basis pursuit."""
        count = self.matrix.shape[1]
        if self.mu * (2 * count - 1) < 1:
            return count
        return int(np.ceil((1 + 1 / self.mu) / 2)) - 1

    def __repr__(self):
        return f"<Coherence {self.mu:.6g} at columns {self.pair}, Welch bound {self.welch_lower:.6g}>"


def coherence(A) -> Coherence:
    r"""Return the mutual coherence of the columns of a matrix.

    From :math:`v_i=\langle a_i,Av\rangle-\sum_{j\ne i}\langle a_i,a_j\rangle v_j` with unit columns
    follows :math:`(1+\mu)|v_i|\le\mu\|v\|_1` on the null space, hence
    :math:`\alpha_s\le s\mu/(1+\mu)`. For (I|H) with a Hadamard matrix this is attained at s = 1.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), N at least 2
        Columns are normalised here; the bound on :math:`\alpha_s` is that of the normalised matrix.

    Raises
    ------
    ValueError
        If there is one column only, or a column is zero.

    Notes
    -----
    Cost: the Gram matrix of the columns, in blocks.

    Examples
    --------
    >>> coherence([[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]])
    <Coherence 0.8 at columns (1, 2), Welch bound 0.5>
    """
    matrix = as_operator(A).to_dense()
    m, n = matrix.shape
    if n < 2:
        raise ValueError(f"A must have at least 2 columns, got shape {matrix.shape}")
    scaled = unit_columns(matrix)
    largest = np.abs(scaled).max(axis=0)
    if not largest.all():
        raise ValueError(f"A must not have a zero column, got one at {int(np.argmin(largest))}")
    unit = scaled / np.linalg.norm(scaled, axis=0)
    best, pair = -1.0, (0, 1)
    for start in range(0, n, 512):
        products = np.abs(unit[:, start:start + 512].conj().T @ unit)
        rows = np.arange(products.shape[0])
        products[rows, start + rows] = -1.0
        i, j = np.unravel_index(np.argmax(products), products.shape)
        if products[i, j] > best:
            best, pair = float(products[i, j]), (int(start + i), int(j))
    return Coherence(min(best, 1.0), pair, welch_bound(m, n), matrix)


def welch_bound(m, N) -> float:
    r"""Return :math:`\sqrt{(N-m)/(m(N-1))}`, below which no ``m`` by ``N`` matrix's coherence can lie.

    With unit columns the Gram matrix has trace ``N`` and rank at most ``m``, so the sum of its
    squared entries is at least :math:`N^2/m`; the off-diagonal ones cannot all be smaller.

    >>> welch_bound(2, 3)                       # three vectors in the plane at 120 degrees
    0.5
    """
    m = as_count(m, "m", low=1)
    N = as_count(N, "N", low=2)
    return float(np.sqrt(max(0.0, (N - m) / (m * (N - 1)))))


def coherence_robust_nsp(mu, s) -> RecoveryConstants:
    r"""Return what the coherence of unit columns promises for ``s``-sparse recovery.

    From :math:`v_i=\langle a_i,Av\rangle-\sum_{j\ne i}\langle a_i,a_j\rangle v_j` follows
    :math:`(1+\mu)|v_i|\le\mu\|v\|_1+\|Av\|`. Summed over a support this is the :math:`\ell^1` property with
    :math:`\rho=s\mu/(1+\mu-s\mu)` and :math:`\tau=s/(1+\mu-s\mu)`; :math:`\rho<1` if
    :math:`s<(1+1/\mu)/2`.

    Parameters
    ----------
    mu : float
        Coherence, between 0 and 1; the columns must have length one.
    s : int

    >>> promise = coherence_robust_nsp(0.25, 1)
    >>> promise.rho, promise.tau
    (0.25, 1.0)
    >>> coherence_robust_nsp(0.25, 3)
    <RecoveryConstants not applicable: rho = 1.5 is not below 1>
    """
    mu, s = as_number(mu, "mu", low=0.0, high=1.0), as_count(s, "s", low=1)
    left = 1 + mu - s * mu
    if left <= 0:
        return RecoveryConstants(s, np.inf, np.inf, "l1", None, None, reason="s mu is not below 1 + mu")
    return recovery_constants(s * mu / left, s / left, s)
