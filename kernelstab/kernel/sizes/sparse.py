"""Kernel size of the sparse vectors: the noise level over the worst conditioned pair of supports."""

from dataclasses import dataclass, field
from itertools import combinations, islice
from math import comb, inf

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab.kernel.sizes._symmetric import EPS, jung, unbounded
from kernelstab.kernel.sizes.priors import Sparse
from kernelstab.kernel.sizes.result import KernelSize
from kernelstab.operators import as_operator

_CHUNK = 4096


def sparse_kernel_size(A, prior, eps=0.0, *, tol=None, max_supports=2_000_000, progress=None) -> KernelSize:
    r"""Return :math:`2\varepsilon/\min_{|S|=2s}\sigma_{\min}(A_S)`, the size of the ``s``-sparse vectors.

    A difference of two ``s``-sparse vectors is any ``2s``-sparse vector, so the supports of size
    :math:`\min(2s,N)` decide. If one of them has dependent columns (the spark is at most ``2s``), two
    sparse vectors of any distance share their data: the size is infinite. Otherwise it is 0 without
    noise. A sparse vector that fits the data best lies in the fibre, so its error is at most the
    size; the best error of any map is at least half of it, and at most
    :math:`(N/(2N+2))^{1/2}` times it, by Jung's theorem.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex.
    prior : Sparse
    eps : float
        Euclidean noise level.
    tol : float, optional
        A support whose smallest singular value is at most this counts as dependent. Default
        :math:`\max(m,N)\,\varepsilon_{64}\|A\|_2`.
    max_supports : int
        Most supports to visit. If there are more, the upper bound is infinite unless the columns
        are so incoherent that Gershgorin's circles bound it, and ``exact`` is False.
    progress : callable, optional
        Called as ``progress(done, total, note)``, supports visited and to visit.

    Returns
    -------
    KernelSize
        ``dual`` names the worst ``support`` and its singular value.

    Raises
    ------
    ValueError
        If the prior is not Sparse with ``s`` at most ``N``, or a number is out of range.

    Notes
    -----
    Cost: one small singular value decomposition for each of the :math:`\binom{N}{2s}` supports. Ctrl-C
    gives what is known so far.

    Examples
    --------
    Two columns at 60 degrees have smallest singular value :math:`\sqrt{1-1/2}`:

    >>> from kernelstab.kernel import Sparse
    >>> size = sparse_kernel_size([[1.0, 0.5], [0.0, 0.75**0.5]], Sparse(1), eps=0.25)
    >>> round(size.lower**2, 9), size.dual["support"]
    (0.5, (0, 1))

    Two equal columns cannot be told apart:

    >>> sparse_kernel_size([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], Sparse(1)).direction * 2**0.5
    array([ 1., -1.,  0.])
    """
    operator = as_operator(A)
    if not isinstance(prior, Sparse):
        raise ValueError(f"prior must be Sparse, got {prior!r}")
    matrix, n = operator.to_dense(), operator.shape[1]
    as_count(prior.s, "s", low=1, high=n)
    eps = as_number(eps, "eps", low=0.0)
    max_supports = as_count(max_supports, "max_supports", low=1)
    scale = float(np.linalg.norm(matrix, 2))
    tol = as_number(max(matrix.shape) * EPS * scale if tol is None else tol, "tol", low=0.0)
    size = min(2 * prior.s, n)
    if size > len(matrix):
        least, support, visited, interrupted = 0.0, tuple(range(size)), 1, False
    else:
        least, support, visited, interrupted = _worst_support(matrix, size, max_supports, progress)
    complete = visited == comb(n, size)
    v = np.zeros(n, dtype=matrix.dtype)
    v[list(support)] = np.linalg.svd(matrix[:, support])[2][-1].conj()
    x, x_alt = _split(v * np.sign(v[support[0]].real or 1.0), prior.s)
    if least <= tol:
        return unbounded(prior, eps, matrix, x, x_alt)
    safe = least - 4 * max(matrix.shape) * EPS * scale
    if not complete:
        safe = min(safe, _gershgorin(matrix, size))
    # complete and injective on every support: no two sparse vectors share exact data
    upper = 0.0 if eps == 0 and complete else 2 * eps / safe if safe > 0 else inf
    reach = 2 * eps / float(np.linalg.norm(matrix @ v))
    lower = reach * (1 - (n + 4) * EPS)
    upper = max(upper, lower)
    dual = {"kind": "enumeration", "support": support, "sigma": safe}
    return KernelSize(prior, eps, "2", lower, upper, complete, lower / 2,
                      upper * jung(n) * (1 + 8 * EPS), x * reach, x_alt * reach, None,
                      SparseSearch(matrix, prior.s), dual, matrix, optimal_error=upper,
                      interrupted=interrupted)


@dataclass(frozen=True)
class SparseSearch:
    """The map that returns the sparse vector whose measurements are nearest, by trying every support.

    Cost: one least squares problem for each of the supports of size ``s``.

    >>> SparseSearch(np.array([[1.0, 0.0], [0.0, 1.0]]), 1)([0.1, 2.0])
    array([0., 2.])
    """

    matrix_a: np.ndarray = field(repr=False)
    s: int

    def __call__(self, y):
        """Return the best fit."""
        y, best, answer = np.asarray(y), inf, None
        for support in combinations(range(self.matrix_a.shape[1]), min(self.s, *self.matrix_a.shape)):
            columns = self.matrix_a[:, support]
            fit = np.linalg.lstsq(columns, y, rcond=None)[0]
            misfit = float(np.linalg.norm(columns @ fit - y))
            if misfit < best:
                best, answer = misfit, (support, fit)
        x = np.zeros(self.matrix_a.shape[1], dtype=answer[1].dtype)
        x[list(answer[0])] = answer[1]
        return x


def _worst_support(matrix, size, max_supports, progress):
    """Return the smallest singular value over supports, its support, the number visited, whether stopped."""
    least, support, visited = inf, tuple(range(size)), 0
    choices = islice(combinations(range(matrix.shape[1]), size), max_supports)
    try:
        while chunk := list(islice(choices, _CHUNK)):
            columns = matrix[:, np.array(chunk)].transpose(1, 0, 2)
            sigma = np.linalg.svd(columns, compute_uv=False)[:, -1]
            worst = int(np.argmin(sigma))
            visited += len(chunk)
            if sigma[worst] < least:
                least, support = float(sigma[worst]), chunk[worst]
            if progress is not None:
                total = min(max_supports, comb(matrix.shape[1], size))
                progress(visited, total, f"smallest singular value <= {least:.4g}")
    except KeyboardInterrupt:
        return least, support, visited, True
    return least, support, visited, False


def _gershgorin(matrix, size) -> float:
    """Bound the smallest singular value of any ``size`` columns by the circles of their Gram matrix."""
    gram = np.abs(matrix.conj().T @ matrix)
    norms = np.diag(gram).copy()
    np.fill_diagonal(gram, 0.0)
    circles = np.sort(gram, axis=1)[:, ::-1][:, :size - 1].sum(axis=1)
    floor = float(np.min(norms - circles)) - 4 * len(gram) * EPS * float(norms.max())
    return np.sqrt(floor) if floor > 0 else 0.0


def _split(v, s):
    """Write a ``2s``-sparse vector as the difference of two ``s``-sparse ones."""
    order = np.argsort(-np.abs(v), kind="stable")
    x = np.zeros_like(v)
    x[order[:s]] = v[order[:s]]
    return x, x - v
