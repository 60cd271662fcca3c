r"""The null space constant :math:`\alpha_s`, between a kernel vector and a dual certificate."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_count, thread_count
from kernelstab._engines.dense_matrix import dense_within_range, kernel_distance
from kernelstab._engines.exact_vectors import integer_kernel_vector
from kernelstab._engines.nsp.phases import PhaseSearch
from kernelstab._engines.nsp.programs import largest_support
from kernelstab._engines.nsp.search import SignSearch, count_supports
from kernelstab.kernel.nullspace import nullspace_basis

MEET = 1e-9          # ends this close count as one


@dataclass(frozen=True)
class DualGroup:
    r"""Dual vectors of programs whose supports have one size ``l``.

    Attributes
    ----------
    supports : ndarray of int, shape (k, l)
        Rising column numbers.
    signs : ndarray of int, shape (k, l)
        The signs :math:`\xi`. For a complex matrix arcs of phases: ``q`` stands for the arc around
        :math:`e^{2\pi iq/K}`, ``K`` the ``polygon`` of the result, that reaches :math:`2\pi b/K` to both
        sides, ``b`` the largest power of two that divides ``q``; 0 is the phase 1 alone.
    duals : ndarray, shape (k, m)
        Row ``i`` is an :math:`h` with :math:`\langle\xi,v_S\rangle\le\|\xi_S-A^*h\|_\infty\|v\|_1` on
        the null space.
    """

    supports: np.ndarray
    signs: np.ndarray
    duals: np.ndarray

    def __repr__(self):
        return f"<DualGroup of {len(self.supports)} programs on {self.supports.shape[1]} columns>"


@dataclass(frozen=True)
class NSPConstant:
    r"""Two-sided value of :math:`\alpha_s(A)=\max\{\|v_S\|_1/\|v\|_1:v\in N(A),|S|\le s\}`.

    Attributes
    ----------
    s : int or tuple of int
        Sparsity; one number per level for the constant in levels.
    lower : float
        :math:`\|w_S\|_1/\|w\|_1` of the ``witness``, a computed kernel vector, less what its distance to
        the null space can change.
    upper : float
        Largest of the dual bounds; every one is evaluated with its rounding error added.
    exact : bool
        True if the two ends meet to 1e-9, so that they differ by rounding (for a complex matrix, by the
        width of the finest arcs of phases) only.
    support, signs : tuple
        Where the witness has its ``s`` largest entries, and their signs (phases, if complex).
    witness : ndarray, shape (N,)
        :math:`w`, projected onto the null space, :math:`\|w\|_1=1` (zero for a trivial kernel).
    matrix : ndarray, shape (m, N)
        The matrix as it was handed in.
    groups : tuple of DualGroup
        The duals that prove ``upper``: all single columns, then larger supports.
    evaluated, supports : int
        Number of supports examined sign by sign, and of all admissible supports.
    programs : int
        Programs solved or stopped early, those of smaller supports included.
    interrupted : bool
        Whether Ctrl-C ended the search.
    weights : ndarray, shape (N,), or None
        Positive weights of both :math:`\ell^1` norms.
    levels : ndarray of int, shape (N,), or None
        Level of each column, counted from 0 in rising order of the labels.
    polygon : int or None
        Number of half-widths of the finest arcs in a circle, for a complex matrix.
    Y : ndarray, shape (m, N), or None
        What proves ``upper`` instead of ``groups``, from :func:`~kernelstab.kernel.jn_bound`.
    """

    s: int | tuple[int, ...]
    lower: float
    upper: float
    exact: bool
    support: tuple[int, ...]
    signs: tuple
    witness: np.ndarray = field(repr=False)
    matrix: np.ndarray = field(repr=False)
    groups: tuple[DualGroup, ...] = field(default=(), repr=False)
    evaluated: int = 0
    supports: int = 0
    programs: int = 0
    interrupted: bool = False
    weights: np.ndarray | None = field(default=None, repr=False)
    levels: np.ndarray | None = field(default=None, repr=False)
    polygon: int | None = field(default=None, repr=False)
    Y: np.ndarray | None = field(default=None, repr=False)

    @property
    def holds(self) -> bool | None:
        """Whether basis pursuit finds every ``s``-sparse vector; None if 1/2 lies between the bounds.

        If not, ``witness`` is the reason: its part on ``support`` is no shorter than the rest.
        """
        if self.upper < 0.5:
            return True
        return False if self.lower >= 0.5 else None

    @property
    def residual(self) -> float:
        r""":math:`\|Aw\|` as computed."""
        return float(np.linalg.norm(self.matrix @ self.witness))

    @property
    def rho_upper(self) -> float:
        r"""The stable null space constant :math:`\rho=\alpha/(1-\alpha)` from ``upper``; infinite at 1."""
        return self.upper / (1 - self.upper) if self.upper < 1 else np.inf

    def __repr__(self):
        how = "" if self.exact else ", not finished" if self.Y is None else ", by one matrix"
        return (f"<NSPConstant s={self.s}, {self.lower:.10g} <= alpha <= {self.upper:.10g}, "
                f"support {self.support}, {self.evaluated} of {self.supports} supports{how}>")

    def certificate(self, path=None) -> dict:
        r"""Make the certificate that both ends hold for the matrix exactly as it stands.

        The lower end is an integer kernel vector near ``witness``, the upper end are the
        dual vectors: ``kernelstab verify`` checks them without any of the code that found them.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it.

        Raises
        ------
        CertificateError
            If the matrix has a numerical kernel only, so that no exact kernel vector is near.
        """
        from kernelstab.certify import make_constant_certificate, sparse_entries
        from kernelstab.certify.constants.matrix import PRIME

        options: dict[str, object] = {} if self.weights is None else {"weights": self.weights}
        order, lower = self.s, None
        if isinstance(self.s, tuple):
            order = sum(self.s)
            options |= {"levels": self.levels, "sparsities": list(self.s)}
        upper: dict[str, object] = {"kind": "duals" if self.polygon is None else "arcs", "groups": [
            {"supports": g.supports, "signs": g.signs, "duals": g.duals} for g in self.groups]}
        if self.upper == 0:
            upper = {"kind": "trivial-kernel", "prime": PRIME}
        elif self.Y is not None:
            upper = {"kind": "jn", "Y": self.Y}
        elif self.polygon is not None:
            upper["polygon"] = self.polygon
        if self.witness.any():
            vector = integer_kernel_vector(self.matrix, self.witness)
            lower = {"kind": "kernel-vector", **sparse_entries(vector)}
        return make_constant_certificate("nsp", self.matrix, order=order, options=options, lower=lower,
                                         upper=upper, path=path)


def nsp_constant(A, s, *, weights=None, levels=None, max_supports=100_000, threads=1,
                 progress=None) -> NSPConstant:
    r"""Compute the null space constant of order ``s``, with its kernel vector and dual certificate.

    For a support :math:`S` and signs :math:`\xi` linear programming duality gives

    .. math:: \max\{\langle\xi,v_S\rangle:Av=0,\ \|v\|_1\le1\}=\min_h\|\xi_S-A^Th\|_\infty ,

    and :math:`\alpha_s` is the largest such value. Any :math:`h` bounds its program from above
    whatever the solver did, any kernel vector bounds :math:`\alpha_s` from below. All programs have one
    feasible set, so a simplex method goes from the last vertex of one program to the next. With
    :math:`\alpha_S` the value of a support, counting how many pairs hold an index gives

    .. math:: \alpha_S\le\frac1{s-1}\sum_{i<j\in S}\alpha_{\{i,j\}},\qquad
              \alpha_{\{i,j\}}\le\alpha_{\{i\}}+\alpha_{\{j\}} ,

    for each pattern of signs as well, and the search solves only supports that these sums do not
    settle. :math:`\alpha_s<1/2` if and only if basis pursuit recovers every ``s``-sparse vector.

    For a complex matrix the signs are phases, one of which may be taken to be 1. The torus of the others is
    cut into products of arcs; one ``h`` for a product of arcs bounds all its phases, and is off by the
    square of the width near a maximum. Arcs whose bound is not above the best kernel vector found are done,
    the others are halved.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        A complex matrix with zero imaginary part counts as real, which changes nothing: all
        :math:`\mathrm{Re}(e^{-i\theta}v)` are in the kernel, and :math:`|\mathrm{Re}(e^{-i\theta}v_j)|`
        has mean :math:`2|v_j|/\pi` over :math:`\theta` for every ``j``.
    s : int or sequence of int
        Sparsity, from 1 to ``N``; with ``levels`` the sparsity of each level in rising order of label.
    weights : array_like, shape (N,), optional
        Positive weights of both norms, from 1e-50 to 1e50, for real matrices:
        :math:`\max\|v_S\|_{1,w}/\|v\|_{1,w}`.
    levels : array_like of int, shape (N,), optional
        Label of each column of a real matrix; supports have at most ``s[l]`` entries in level ``l``.
    max_supports : int
        Most supports to examine by their own :math:`2^{s-1}` programs, or arcs.
    threads : int or None
        Threads that solve real programs, None for all processors. The result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, total, note)`` with supports examined and in all.

    Returns
    -------
    NSPConstant
        After Ctrl-C or over budget both ends still hold, and ``exact`` is False.

    Raises
    ------
    ValueError
        If ``s`` is out of range, or ``weights`` or ``levels`` do not fit.

    Notes
    -----
    The rank is decided as in :func:`~kernelstab.kernel.nullspace_basis`; a trivial kernel gives 0.
    A zero column gives 1. Computing :math:`\alpha_s` is NP-hard in general [TP14]_. Cost, real: some
    tens of pivots of ``m N`` operations for a program; ``N`` programs, at most ``N (N - 1)`` for
    pairs, and :math:`2^{s-1}` for each support examined. Complex: a program takes about a millisecond at
    ``N = 16`` and ten at ``N = 64``, a support of size 2 ten to a hundred programs, and many more
    where the value does not change with the phases, as for independent blocks.

    References
    ----------
    .. [TP14] A. M. Tillmann, M. E. Pfetsch, "The computational complexity of the restricted isometry
       property, the nullspace property, and related concepts in compressed sensing", arXiv 1205.2081.

    Examples
    --------
    The kernel of three vectors at 120 degrees is spanned by (1, 1, 1):

    >>> import math
    >>> frame = [[0.0, math.sqrt(0.75), -math.sqrt(0.75)], [1.0, -0.5, -0.5]]
    >>> one, two = nsp_constant(frame, 1), nsp_constant(frame, 2)
    >>> round(one.upper, 9), round(two.lower, 9), one.holds, two.holds
    (0.333333333, 0.666666667, True, False)

    A weight of 2 on the first column: (2, 1, 1) has half of its length there.

    >>> round(nsp_constant(frame, 1, weights=[2, 1, 1]).upper, 9)
    0.5

    The kernel of the row (1, i, -1) holds (1, i, 0), and two entries can carry everything:

    >>> row = np.array([[1.0, 1j, -1.0]])
    >>> round(nsp_constant(row, 1).upper, 8), round(nsp_constant(row, 2).lower, 8)
    (0.5, 1.0)
    """
    given = dense_within_range(A)
    phases = np.iscomplexobj(given) and given.imag.any()
    if phases and not (weights is None and levels is None):
        raise ValueError(f"weights and levels need a real matrix, got dtype {given.dtype}")
    matrix = np.array(given if phases else given.real)          # a copy, which the result keeps
    n = matrix.shape[1]
    labels, caps = _sparsities(s, levels, n)
    order = int(s) if levels is None else tuple(int(c) for c in caps)
    weights = None if weights is None else _checked_weights(weights, n)
    max_supports = as_count(max_supports, "max_supports", low=1)
    threads = thread_count(threads)
    null, total = nullspace_basis(matrix), count_supports(labels, caps)
    extra = {"supports": total, "weights": weights, "levels": None if levels is None else labels}
    if null.dimension == 0:
        return NSPConstant(order, 0.0, 0.0, True, (), (), np.zeros(n), matrix, **extra)
    sizes = np.ones(n) if weights is None else weights
    search: PhaseSearch | SignSearch
    if phases:
        search = PhaseSearch(matrix, null.basis, null.rank, order, max_supports)
        extra["polygon"] = search.polygon
    else:
        search = SignSearch(matrix, null.basis, null.rank, sizes, labels, caps, threads, max_supports)

    def report():
        if progress is not None:
            progress(search.evaluated, total, f"{search.lower:.6g} <= alpha <= {search.upper():.6g}")

    interrupted = False
    try:
        search.run(report)
    except KeyboardInterrupt:
        interrupted = True
    support, signs, witness = largest_entries(search.witness, sizes, labels, caps)
    lower, upper = share_lower(matrix, null.rank, witness, sizes, support, search.lower), search.upper()
    return NSPConstant(order, lower, upper, upper - lower <= MEET and not interrupted, support,
                       signs, witness, matrix, tuple(DualGroup(*group) for group in search.groups()),
                       search.evaluated, programs=search.solved, interrupted=interrupted, **extra)


def _sparsities(s, levels, n):
    """Return the level of each column, counted from 0, and the sparsity of each level."""
    if levels is None:
        return np.zeros(n, np.int64), np.array([as_count(s, "s", low=1, high=n)])
    labels = as_array(levels, "levels", shape=(n,), real=True)
    _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if np.ndim(s) != 1 or len(s) != len(sizes):
        raise ValueError(f"s must name one sparsity for each of {len(sizes)} levels, got {s!r}")
    caps = [as_count(one, f"s[{i}]", high=int(sizes[i])) for i, one in enumerate(s)]
    if sum(caps) == 0:
        raise ValueError(f"s must not be zero in every level, got {s!r}")
    return labels.astype(np.int64), np.array(caps)


def _checked_weights(weights, n):
    weights = as_array(weights, "weights", shape=(n,), real=True)
    low, high = float(weights.min()), float(weights.max())
    if low <= 0:
        raise ValueError(f"weights must be positive, got {low!r}")
    if not 1e-50 < low <= high < 1e50:
        raise ValueError(f"weights must lie between 1e-50 and 1e50, got {low!r} to {high!r}")
    return weights


def share_lower(matrix, rank, witness, weights, support, computed) -> float:
    r"""Return the share of the support that a kernel vector near the computed ``witness`` has at least.

    If that vector is at most ``d`` away in the weighted 1-norm, the share is at least
    :math:`(\|w_S\|-d)/\|w\|`: entries on ``S`` add to both parts of the quotient, others to one.
    """
    if not support or computed <= 0:
        return 0.0
    distance = kernel_distance(matrix, rank, witness) * float(np.linalg.norm(weights))
    return max(0.0, float(computed - distance / (np.abs(witness) @ weights) * (1 + 1e-9)))


def largest_entries(witness, weights, labels, caps):
    """Return where a witness is largest, the signs there, and the witness with a positive first one."""
    if not witness.any():                           # stopped before the first vertex
        return (), (), witness
    support = largest_support(np.abs(witness) * weights, labels, caps)
    if np.iscomplexobj(witness):
        witness = witness * np.exp(-1j * np.angle(witness[support[0]]))
        return tuple(support.tolist()), tuple(np.exp(1j * np.angle(witness[support])).tolist()), witness
    signs = np.where(witness[support] < 0, -1, 1)
    return tuple(support.tolist()), tuple((signs[0] * signs).tolist()), signs[0] * witness
