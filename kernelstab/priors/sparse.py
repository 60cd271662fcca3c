"""Sparse vectors as a prior; their kernel size is the noise level over the worst conditioned support."""

from dataclasses import dataclass
from itertools import combinations
from math import comb, inf, sqrt
from typing import NamedTuple

import numpy as np

from kernelstab._checks import as_array, as_count, as_number, thread_count
from kernelstab._engines.exact_vectors import solution_near
from kernelstab._engines.feasible_sets.enumerated import SparseFeasible
from kernelstab._engines.supports.extreme_support import ExtremeSupport
from kernelstab.priors.kernel_size import EPS, KernelSize, jung, unbounded
from kernelstab.priors.prior import Prior

_FEW = 4096


@dataclass(frozen=True)
class Sparse(Prior):
    """Assume that at most ``s`` entries are not zero.

    Parameters
    ----------
    s : int
        At least 1.

    >>> Sparse(1).contains([2.0, 0.0, -0.5]), Sparse(1).support([0.0, 1.0])
    (0.5, inf)
    """

    kind = "sparse"
    convex = False
    detail_proof = None
    s: int

    def __post_init__(self):
        object.__setattr__(self, "s", as_count(self.s, "s", low=1))

    def contains(self, x) -> float:
        """Return the sum of the magnitudes beyond the ``s`` largest; 0 for a member."""
        magnitudes = np.sort(np.abs(as_array(x, "x", ndim=1)))[::-1]
        return float(magnitudes[self.s:].sum())

    def support(self, c) -> float:
        """Return infinity, unless ``c`` is zero."""
        return inf if np.any(c) else 0.0

    def within(self, n) -> "Sparse":
        """Return the prior with at most ``n`` entries that are not zero."""
        return Sparse(min(self.s, n))

    def kernel_size(self, A, eps=0.0, *, tol=None, max_supports=2_000_000_000, threads=None,
                    progress=None) -> KernelSize:
        r"""Return :math:`2\varepsilon/\min_{|S|=2s}\sigma_{\min}(A_S)`, the size of the ``s``-sparse vectors.

        A difference of two ``s``-sparse vectors is any ``2s``-sparse vector, so the supports of size
        :math:`\min(2s,N)` decide. If one of them has dependent columns (the spark is at most ``2s``), two
        sparse vectors of any distance share their data: the size is infinite. Otherwise it is 0 without
        noise. A sparse vector that fits the data best lies in the fibre, so its error is at most the
        size; the best error of any map is at least half of it, and at most
        :math:`(N/(2N+2))^{1/2}` times it, by Jung's theorem.

        ``dual`` names the worst ``support`` and its singular value.

        Parameters
        ----------
        A, eps
            Real or complex; Euclidean noise level.
        tol : float, optional
            A support whose smallest singular value is at most this counts as dependent. Default
            :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.
        max_supports, threads, progress
            As in :func:`~kernelstab.kernel.ric`, which searches where there are more than some thousand
            supports. Beyond the budget a bound from smaller orders stands above, and ``exact`` is False.

        Notes
        -----
        Cost: that of the lower restricted isometry constant of order :math:`2s`, some ten nanoseconds for
        each of the :math:`\binom{N}{2s}` supports. It is a squared singular value, so that values below
        :math:`10^{-6}\|A\|` lose digits, or the upper bound. Ctrl-C gives what is known so far.

        Examples
        --------
        Two columns at 60 degrees have smallest singular value :math:`\sqrt{1-1/2}`:

        >>> size = Sparse(1).kernel_size([[1.0, 0.5], [0.0, 0.75**0.5]], eps=0.25)
        >>> round(size.lower**2, 9), size.dual["support"]
        (0.5, (0, 1))

        Two equal columns cannot be told apart:

        >>> Sparse(1).kernel_size([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).direction * 2**0.5
        array([ 1., -1.,  0.])
        """
        matrix, eps = self.checked_matrix(A, eps)
        n = matrix.shape[1]
        as_count(self.s, "s", low=1, high=n)
        max_supports = as_count(max_supports, "max_supports", low=1)
        scale = float(np.linalg.norm(matrix, 2))
        rounding = 4 * max(matrix.shape) * EPS * scale
        tol = as_number(max(matrix.shape) * EPS * scale if tol is None else tol, "tol", low=0.0)
        size = min(2 * self.s, n)
        if size > len(matrix):
            worst = WorstSupport(tuple(range(size)), 0.0, True, False)
        elif comb(n, size) <= min(_FEW, max_supports):
            worst = _by_enumeration(matrix, size, rounding)
        else:
            worst = _by_gram_matrices(matrix, size, max_supports, thread_count(threads), progress)
        sigma, rows = np.linalg.svd(matrix[:, worst.support])[1:]
        v = np.zeros(n, dtype=matrix.dtype)
        v[list(worst.support)] = rows[-1].conj()
        x, x_alt = _split(v * np.sign(v[worst.support[0]].real or 1.0), self.s)
        if size > len(matrix) or sigma[-1] <= tol:
            return unbounded(self, eps, matrix, x, x_alt)
        if worst.floor > 0:
            upper = 2 * eps / worst.floor
        else:       # every support was seen to be independent, if all were seen
            upper = 0.0 if eps == 0 and worst.complete else inf
        length = 2 * eps / float(np.linalg.norm(matrix @ v))
        lower = length * (1 - (n + 4) * EPS)
        upper = max(upper, lower)
        dual = {"kind": "enumeration", "support": worst.support, "sigma": worst.floor}
        dimension = 2 * n if np.iscomplexobj(matrix) else n
        return KernelSize(self, eps, "2", lower, upper, worst.complete, lower / 2,
                          upper * jung(dimension) * (1 + 8 * EPS), x * length, x_alt * length, None, None,
                          dual, matrix, interrupted=worst.interrupted)

    def feasible(self, A, y, eps, *, max_supports=1_000_000) -> SparseFeasible:
        """Return the members that explain the data."""
        return SparseFeasible(self.checked_matrix(A, eps, real=True)[0], y, eps, self, max_supports)

    def exact_signal(self, matrix, y, x, middle, eps):
        """Return a witness; without noise the exact solution on its support."""
        return x if eps > 0 else solution_near(matrix, y, x)

    def upper_proof(self, size, margin) -> dict | None:
        """Return a lower bound of the singular values of all supports, which the checker goes through."""
        if "sigma" not in size.dual:
            return None
        return {"kind": "supports", "sigma": size.dual["sigma"] * (1 - margin) if size.eps else 0.0}


class WorstSupport(NamedTuple):
    """A support of small singular value, and a lower bound of the singular values of all."""

    support: tuple[int, ...]
    floor: float
    complete: bool
    interrupted: bool


def _by_enumeration(matrix, size, rounding) -> WorstSupport:
    """Decompose the columns of every support."""
    supports = np.array(list(combinations(range(matrix.shape[1]), size)))
    sigma = np.linalg.svd(matrix[:, supports].transpose(1, 0, 2), compute_uv=False)[:, -1]
    worst = int(np.argmin(sigma))
    floor = max(0.0, float(sigma[worst]) - rounding)
    return WorstSupport(tuple(map(int, supports[worst])), floor, True, False)


def _by_gram_matrices(matrix, size, max_supports, threads, progress) -> WorstSupport:
    """Read the least singular value off the least eigenvalue of the Gram matrices of all supports."""
    scale = 2.0 ** -float(np.frexp(np.abs(matrix).max())[1])     # a power of two: nothing is rounded
    search = ExtremeSupport(matrix * scale, size, -1)
    search.run(max_supports, threads, progress, "smallest")
    floor = np.nextafter(-search.upper / scale**2, -inf) * (1 - 4 * EPS)
    return WorstSupport(search.support, sqrt(max(0.0, floor)), search.complete, search.interrupted)


def _split(v, s):
    """Write a ``2s``-sparse vector as the difference of two ``s``-sparse ones."""
    order = np.argsort(-np.abs(v), kind="stable")
    x = np.zeros_like(v)
    x[order[:s]] = v[order[:s]]
    return x, x - v
