"""The null space: an orthonormal basis with the gap that justifies its dimension, and an exact one."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from kernelstab._engines.dense_matrix import RowFactor, decide_rank
from kernelstab.operators import as_operator
from kernelstab.operators.base import ForwardOperator

_PRIME = 2**31 - 1     # for the certificate of a rank


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
        return float(np.linalg.norm(self.matrix @ self.basis, 2)) if self.dimension else 0.0

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
    the null space. Cost: for ``m < N`` about :math:`2m^2N+4mN(N-m)` operations, nearly all in matrix
    products, and no pivoting; the residual costs a product and its singular values when it is read.

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


@dataclass(frozen=True)
class RationalNullSpace:
    r"""What :func:`rational_nullspace` found.

    Attributes
    ----------
    rank, dimension : int
        Of the matrix over the rationals, and ``N`` less that: proved.
    basis : list of lists of int
        Integer vectors of length ``N`` without common divisor; :math:`Az=0` was checked exactly.
    """

    rank: int
    dimension: int
    basis: list[list[int]] = field(repr=False)
    matrix: list = field(repr=False)

    def certificate(self, path=None) -> dict:
        """Return the certificate of the rank: a minor that is not zero, and the basis.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it.

        >>> from kernelstab.certify import verify
        >>> [claim.text for claim in verify(rational_nullspace([[1, 2], [2, 4]]).certificate()).claims]
        ['rank >= 1', 'rank <= 1']
        """
        from kernelstab.certify import make_constant_certificate

        full = self.rank == min(len(self.matrix), len(self.matrix[0]))
        basis = {"kind": "kernel-basis", "vectors": [[str(entry) for entry in z] for z in self.basis]}
        return make_constant_certificate("rank", self.matrix, lower={"kind": "modular", "prime": _PRIME},
                                         upper={"kind": "shape"} if full else basis, path=path)

    def __repr__(self):
        return f"<RationalNullSpace dimension {self.dimension}, rank {self.rank}>"


def rational_nullspace(A) -> RationalNullSpace:
    r"""Return an integer basis of the null space of a matrix of rational numbers.

    A float is a dyadic rational, so a matrix of floats has one exact null space. It is the null
    space of the stored numbers, not of those that were meant: 0.1 + 0.2 and 0.3 differ. A small
    perturbation of a matrix has full rank as a rule, so that the exact null space of a
    rank-deficient matrix that was rounded is smaller than the numerical one.

    Parameters
    ----------
    A : ForwardOperator, array_like, sparse matrix or list of lists of int, float or Fraction, shape (m, N)
        Real. The zero matrix is allowed.

    Raises
    ------
    ValueError
        If there are no rows or they differ in length, or an entry is not a finite rational.

    See Also
    --------
    nullspace_basis : orthonormal, of what floating point takes for zero.

    Notes
    -----
    Cost: one elimination over the integers, whose length grows: a hundred columns of floats take
    a second or so.

    Examples
    --------
    >>> null = rational_nullspace([[1, 2, 3], [2, 4, 7]])
    >>> null, null.basis
    (<RationalNullSpace dimension 1, rank 2>, [[-2, 1, 0]])

    Two rows that are equal on paper, and for floating point:

    >>> A = [[0.1 + 0.2, 1.0], [0.3, 1.0]]
    >>> rational_nullspace(A).rank, nullspace_basis(A).rank
    (2, 1)
    """
    from kernelstab.certify import exact_nullspace

    rows = _rows(A)
    basis = exact_nullspace(rows)
    return RationalNullSpace(len(rows[0]) - len(basis), len(basis), basis, rows)


def _rows(A):
    """Return the entries as they were given: exact numbers do not pass through floats."""
    if isinstance(A, ForwardOperator):
        A = A.to_dense()
    elif sparse.issparse(A):
        A = A.toarray()
    try:
        return [list(row) for row in A]
    except TypeError:
        raise ValueError(f"A must be a matrix, got {A!r:.60}") from None
