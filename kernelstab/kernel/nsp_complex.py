r"""The null space constant of a complex matrix: phases in place of signs."""

from math import comb

import numpy as np

from kernelstab._checks import as_count
from kernelstab._engines.entry_range import dense_within_range
from kernelstab._engines.nsp.phases import PhaseSearch
from kernelstab.kernel.nsp_result import DualGroup, NSPConstant
from kernelstab.kernel.nullspace import nullspace_basis

_MEET = 1e-9          # ends this close count as one


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
