r"""The null space constant :math:`\alpha_s`, between a kernel vector and a dual certificate."""

from math import comb

import numpy as np

from kernelstab._checks import as_array, as_count, thread_count
from kernelstab._engines.dense_matrix import dense_within_range
from kernelstab._engines.nsp.groups import dual_groups
from kernelstab._engines.nsp.phases import PhaseSearch
from kernelstab._engines.nsp.programs import KernelPrograms
from kernelstab._engines.nsp.search import SignSearch, count_supports
from kernelstab.kernel.nsp_result import DualGroup, NSPConstant
from kernelstab.kernel.nullspace import nullspace_basis

_MEET = 1e-9          # ends this close count as one


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

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        A complex matrix with zero imaginary part counts as real, which changes nothing: all
        :math:`\mathrm{Re}(e^{-i\theta}v)` are in the kernel, and :math:`|\mathrm{Re}(e^{-i\theta}v_j)|`
        has mean :math:`2|v_j|/\pi` over :math:`\theta` for every ``j``. Other complex matrices go to
        :func:`~kernelstab.kernel.complex_nsp_constant`, without weights and levels.
    s : int or sequence of int
        Sparsity, from 1 to ``N``; with ``levels`` the sparsity of each level in rising order of label.
    weights : array_like, shape (N,), optional
        Positive weights of both norms: :math:`\max\|v_S\|_{1,w}/\|v\|_{1,w}`, from 1e-50 to 1e50.
    levels : array_like of int, shape (N,), optional
        Label of each column; supports have at most ``s[l]`` entries in level ``l``.
    max_supports : int
        Most supports to examine by their own :math:`2^{s-1}` programs; of the tree of supports
        at most 20 000 nodes for each of them are visited.
    threads : int or None
        Threads that solve programs, None for all processors. The result does not depend on it.
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
    A zero column gives 1. Computing :math:`\alpha_s` is NP-hard in general [TP14]_. Cost: some
    tens of pivots of ``m N`` operations for a program; ``N`` programs, at most ``N (N - 1)`` for
    pairs, and :math:`2^{s-1}` for each support examined.

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
    """
    matrix = np.array(dense_within_range(A))        # a copy, which the result keeps
    if np.iscomplexobj(matrix):
        if matrix.imag.any():
            if weights is not None or levels is not None:
                raise ValueError(f"weights and levels need a real matrix, got dtype {matrix.dtype}")
            return complex_nsp_constant(matrix, s, max_supports=max_supports, progress=progress)
        matrix = matrix.real.copy()
    m, n = matrix.shape
    labels, caps = _sparsities(s, levels, n)
    order = int(s) if levels is None else tuple(int(c) for c in caps)
    if weights is not None:
        weights = as_array(weights, "weights", shape=(n,), real=True)
        if weights.min() <= 0:
            raise ValueError(f"weights must be positive, got {weights.min()!r}")
        if not 1e-50 < weights.min() <= weights.max() < 1e50:
            raise ValueError("weights must lie between 1e-50 and 1e50, "
                             f"got {float(weights.min())!r} to {float(weights.max())!r}")
    max_supports = as_count(max_supports, "max_supports", low=1)
    threads = thread_count(threads)
    null = nullspace_basis(matrix)
    extra = {"matrix": matrix, "weights": weights, "levels": None if levels is None else labels}
    if null.dimension == 0:
        return NSPConstant(order, 0.0, 0.0, True, (), (), np.zeros(n), 0.0, np.zeros(m), (), 0,
                           count_supports(labels, caps), 0, False, **extra)
    programs = KernelPrograms(matrix, null.basis, null.rank, np.ones(n) if weights is None else weights,
                              labels, caps, threads)
    search = SignSearch(programs, int(caps.sum()), max_supports, _reporter(progress))
    interrupted = False
    try:
        search.run()
    except KeyboardInterrupt:
        interrupted = True
    return _result(search, order, interrupted, extra)


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


def _reporter(progress):
    """Return what the search calls after each batch."""
    def report(search):
        if progress is not None:
            note = f"{search.programs.lower:.6g} <= alpha <= {max(search.programs.lower, search.upper()):.6g}"
            progress(len(search.seen), search.supports, note)
    return report


def _result(search, order, interrupted, extra):
    """Name the largest entries of the witness and collect what proves the bounds."""
    programs = search.programs
    if programs.witness is None:                    # stopped before the first vertex
        witness, lower = np.zeros(search.n), 0.0
    else:
        witness, lower = programs.witness, programs.lower
    support = programs.largest(np.abs(witness) * programs.weights)
    signs = np.where(witness[support] < 0, -1, 1)
    witness, signs = signs[0] * witness, signs[0] * signs
    dual = programs.solve(support[None], signs[None]).duals[0]
    upper = max(lower, search.upper())
    # a search without failures is complete to some 1e-12; a matrix of bad condition may not show it
    exact = search.complete and upper - lower <= _MEET
    return NSPConstant(
        order, lower, upper, exact, tuple(support.tolist()), tuple(signs.tolist()), witness,
        float(np.linalg.norm(programs.matrix @ witness)), dual,
        tuple(DualGroup(*group) for group in dual_groups(search)), len(search.seen), search.supports,
        programs.solved, interrupted, **extra)


def complex_nsp_constant(A, s, *, max_supports=5000, polygon=2**20, max_programs=50_000,
                         progress=None) -> NSPConstant:
    r"""Enclose the null space constant of order ``s`` of a small complex matrix.

    For phases :math:`\varphi\in\mathbb T^S` duality gives

    .. math:: f(\varphi)=\max\{\mathrm{Re}\langle\varphi,v_S\rangle:Av=0,\ \|v\|_1\le1\}
        =\min_h\max_j|\varphi_j-(A^*h)_j|,

    and :math:`\alpha_S` is the maximum of :math:`f`, where one phase may be taken to be 1. The torus
    of the others is cut into products of arcs. One ``h`` for a product of arcs bounds all its phases, and is
    off by the square of the width near a maximum; arcs whose bound is not above the best kernel
    vector found are done, the others are halved. Supports are visited in falling order of
    :math:`\alpha_S\le\sum_{i\in S}\alpha_{\{i\}}` and, from ``s = 3``, only if
    :math:`\alpha_S\le\sum_{L\subset S,|L|=2}\alpha_L/(s-1)` does not rule them out.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Complex, or real: then this is a slow way to the constant that
        :func:`~kernelstab.kernel.nsp_constant` finds.
    s : int
        Sparsity, from 1 to ``N``.
    max_supports : int
        Most supports of size ``s`` to examine by their own programs.
    polygon : int
        Number of half-widths of the finest arcs in a circle, a power of two, at least 32. With the
        default the finest arcs are off by less than 1e-9.
    max_programs : int
        Most programs to solve after those of the single columns.
    progress : callable, optional
        Called as ``progress(done, total, note)`` after each support.

    Returns
    -------
    NSPConstant
        ``exact`` if the ends meet to 1e-9. ``signs`` are the phases of the witness, and the signs in
        ``groups`` the integers of arcs: ``q`` stands for the arc around :math:`e^{2\pi iq/K}`, ``K`` the
        ``polygon``, that reaches :math:`2\pi b/K` to both sides, ``b`` the largest power of two that
        divides ``q``; 0 is the phase 1 alone.

    Raises
    ------
    ValueError
        If ``s`` or a budget is out of range, or ``polygon`` is no power of two.

    Notes
    -----
    A trivial kernel gives 0, a zero column 1. When a budget is used up, or after Ctrl-C, both ends are
    still true. One program takes about a millisecond at N = 16 and ten at N = 64; a support of size 2 takes
    some ten to a hundred. Where :math:`f` does not change with the phases, as for independent blocks, many
    more.

    Examples
    --------
    The kernel of the row (1, i, -1) holds (1, i, 0), and two entries can carry everything:

    >>> row = np.array([[1.0, 1j, -1.0]])
    >>> one, two = complex_nsp_constant(row, 1), complex_nsp_constant(row, 2)
    >>> round(one.lower, 8), round(one.upper, 8), round(two.lower, 8), one.exact
    (0.5, 0.5, 1.0, True)
    """
    matrix = dense_within_range(A)
    n = matrix.shape[1]
    s = as_count(s, "s", low=1, high=n)
    max_supports = as_count(max_supports, "max_supports", low=1)
    max_programs = as_count(max_programs, "max_programs", low=1)
    polygon = as_count(polygon, "polygon", low=32)
    if polygon & (polygon - 1):
        raise ValueError(f"polygon must be a power of two, got {polygon}")
    null = nullspace_basis(matrix)
    search = PhaseSearch(matrix.astype(complex), null.basis, null.rank, s, polygon, max_programs)
    interrupted = False
    try:
        if null.dimension:
            search.run(max_supports, progress)
    except KeyboardInterrupt:
        interrupted = True
    support, phases, dual = search.attained()
    upper, witness = search.upper(), search.witness
    return NSPConstant(
        s, search.lower, upper, upper - search.lower <= _MEET and not interrupted, tuple(support.tolist()),
        tuple(phases.tolist()), witness, float(np.linalg.norm(matrix @ witness)), dual,
        tuple(DualGroup(*group) for group in search.groups()), search.visited if s > 1 else n, comb(n, s),
        search.programs, interrupted, matrix, polygon=polygon)
