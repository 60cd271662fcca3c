"""A basis of the null space, with the gap in the spectrum that justifies its dimension."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from kernelstab._engines.null_space.row_factor import RowFactor, decide_rank
from kernelstab.operators import as_operator


@dataclass(frozen=True)
class NullSpace:
    r"""What :func:`nullspace_basis` found.

    Attributes
    ----------
    basis : ndarray, shape (N, k)
        Orthonormal columns :math:`Z` that span the numerical null space.
    rank, dimension : int
        Number of singular values above ``tol``, and ``N`` less that.
    gap : (float, float)
        The smallest singular value that counts and the largest that does not; 0.0 stands
        for those that do not exist because the matrix is wide.
    tol : float
        The threshold between them.
    singular_values : ndarray, shape (min(m, N),)
        All of them, falling.
    matrix : ndarray, shape (m, N)
        What was factored.
    alternatives : tuple of NullSpace
        The other readings of the same matrix if its rank is unclear, smallest rank first, each with
        its basis, its gap and its residual; empty if the rank is clear.
    """

    basis: np.ndarray = field(repr=False)
    rank: int
    dimension: int
    gap: tuple[float, float]
    tol: float
    singular_values: np.ndarray = field(repr=False)
    matrix: np.ndarray = field(repr=False)
    alternatives: tuple["NullSpace", ...] = field(repr=False, default=())

    @cached_property
    def residual(self) -> float:
        r""":math:`\|AZ\|_2`, measured when it is first asked for; 0 for a trivial null space."""
        return _norm(self.matrix @ self.basis)

    def __repr__(self):
        above, below = self.gap
        unclear = "".join(f", or {other.dimension}" for other in self.alternatives)
        return (f"<NullSpace dimension {self.dimension}{unclear}, rank {self.rank}, gap {above:.3g} > "
                f"{self.tol:.1e} >= {below:.3g}, residual {self.residual:.1e}>")


def nullspace_basis(A, tol=None) -> NullSpace:
    r"""Return an orthonormal basis of the numerical null space of a matrix.

    The right singular vectors whose singular values are at most ``tol`` span it. Whether a
    small singular value is zero cannot be decided in floating point: the two values
    around the threshold are returned, and if one of them is within a factor of ten of it the
    dimension is a choice: the function warns and returns the other readings too. Every
    column satisfies :math:`\|Az\|\le` ``residual``.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Anything that :func:`~kernelstab.operators.as_operator` takes.
    tol : float, optional
        Absolute threshold. Default :math:`\tau=\max(m,N)\,\varepsilon\,\sigma_1`, about the rounding
        error of the singular values themselves.

    Warns
    -----
    UnclearRank
        If a singular value lies above :math:`\max(\mathrm{tol}/10,\min(\mathrm{tol},\tau))` and not
        above :math:`10\max(\mathrm{tol},\tau)`. What is below :math:`\tau` counts as rounding.

    Raises
    ------
    ValueError
        If the matrix is zero or not finite, ``tol`` is negative or not below :math:`\sigma_1`.

    See Also
    --------
    kernel_projector : for matrices too large to be formed.
    rational_nullspace : for the null space of the very numbers that are stored.

    Notes
    -----
    :math:`A^*=QR`: the singular values are those of the triangle, the trailing columns of :math:`Q` span
    the null space. Cost: for ``m < N`` about :math:`4m^2N+2mN(N-m)` operations, nearly all in matrix
    products, and no pivoting; the residual costs another :math:`2mN(N-m)` when it is read.

    Examples
    --------
    >>> null = nullspace_basis([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    >>> null.dimension, null.gap
    (1, (1.0, 0.0))
    >>> np.abs(null.basis.ravel())
    array([0., 0., 1.])

    A singular value far below the threshold that its owner chose:

    >>> nullspace_basis([[1.0, 0.0], [0.0, 1e-12]], tol=1e-8)
    <NullSpace dimension 1, rank 1, gap 1 > 1.0e-08 >= 1e-12, residual 1.0e-12>

    A matrix whose rank is a matter of opinion:

    >>> import warnings
    >>> from kernelstab._errors import UnclearRank
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", UnclearRank)
    ...     null = nullspace_basis([[1.0, 0.0], [0.0, 4e-9]], tol=1e-8)
    >>> null
    <NullSpace dimension 1, or 0, rank 1, gap 1 > 1.0e-08 >= 4e-09, residual 4.0e-09>
    >>> null.alternatives
    (<NullSpace dimension 0, rank 2, gap 4e-09 > 1.0e-08 >= 0, residual 0.0e+00>,)
    """
    matrix = as_operator(A).to_dense()
    factor = RowFactor(matrix)
    tol, rank, others = decide_rank(factor.sigma, matrix.shape, tol)
    least = min([rank, *others])
    full = factor.kernel(least)
    readings = [_reading(matrix, factor.sigma, full[:, r - least:], r, tol) for r in (rank, *others)]
    return replace(readings[0], alternatives=tuple(readings[1:]))


def _reading(matrix, sigma, basis, rank, tol):
    """Describe one reading of the rank."""
    above = float(sigma[rank - 1]) if rank else float("inf")
    below = float(sigma[rank]) if rank < len(sigma) else 0.0
    return NullSpace(basis, rank, matrix.shape[1] - rank, (above, below), tol, sigma, matrix)


def _norm(matrix) -> float:
    """Return the spectral norm of a matrix of any scale by the Gram matrix of its shorter side."""
    scale = float(np.max(np.abs(matrix), initial=0.0))
    if scale == 0.0:
        return 0.0
    matrix = matrix / scale
    wide = matrix.shape[0] <= matrix.shape[1]
    gram = matrix @ matrix.conj().T if wide else matrix.conj().T @ matrix
    return scale * float(np.sqrt(max(0.0, np.linalg.eigvalsh(gram)[-1])))
