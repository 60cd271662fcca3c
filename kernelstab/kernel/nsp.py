r"""The null space constant :math:`\alpha_s`, between a kernel vector and a dual certificate."""

import numpy as np

from kernelstab._checks import as_array, as_count, thread_count
from kernelstab._engines.entry_range import dense_within_range
from kernelstab._engines.nsp.groups import dual_groups
from kernelstab._engines.nsp.programs import KernelPrograms
from kernelstab._engines.nsp.search import SignSearch, count_supports
from kernelstab.kernel.nsp_result import DualGroup, NSPConstant
from kernelstab.kernel.nullspace import nullspace_basis


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
        Most supports to examine by their own :math:`2^{s-1}` programs; the tree of supports is
        walked for at most 20 000 nodes for each of them.
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
            return _complex(matrix, s, weights, levels, max_supports=max_supports, progress=progress)
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


def _complex(matrix, s, weights, levels, **rest):
    """Hand a complex matrix on."""
    from kernelstab.kernel.nsp_complex import complex_nsp_constant

    if weights is not None or levels is not None:
        raise ValueError(f"weights and levels need a real matrix, got dtype {matrix.dtype}")
    return complex_nsp_constant(matrix, s, **rest)


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
    exact = search.complete and upper - lower <= 1e-9
    return NSPConstant(
        order, lower, upper, exact, tuple(support.tolist()), tuple(signs.tolist()), witness,
        float(np.linalg.norm(programs.matrix @ witness)), dual,
        tuple(DualGroup(*group) for group in dual_groups(search)), len(search.seen), search.supports,
        programs.solved, interrupted, **extra)
