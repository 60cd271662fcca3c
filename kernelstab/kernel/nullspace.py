"""A basis of the null space, with the gap in the spectrum that justifies its dimension."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_number
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
    residual : float
        :math:`\|AZ\|_2` as computed; 0 for a trivial null space.
    """

    basis: np.ndarray = field(repr=False)
    rank: int
    dimension: int
    gap: tuple[float, float]
    tol: float
    residual: float

    def __repr__(self):
        above, below = self.gap
        return (f"<NullSpace dimension {self.dimension}, rank {self.rank}, gap {above:.3g} > {self.tol:.1e} "
                f">= {below:.3g}, residual {self.residual:.1e}>")


def nullspace_basis(A, tol=None) -> NullSpace:
    r"""Return an orthonormal basis of the numerical null space of a matrix.

    The right singular vectors whose singular values are at most ``tol`` span it. Whether a
    small singular value is zero cannot be decided in floating point: the two values
    around the threshold are returned, and a ``gap`` that is not wide means that the
    dimension is a choice. Every column satisfies :math:`\|Az\|\le` ``residual``.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Anything that :func:`~kernelstab.operators.as_operator` takes.
    tol : float, optional
        Absolute threshold. Default :math:`\max(m,N)\,\varepsilon\,\sigma_1`, about the rounding
        error of the singular values themselves.

    Raises
    ------
    ValueError
        If the matrix is zero or not finite, or ``tol`` is negative or not below
        :math:`\sigma_1`.

    See Also
    --------
    kernel_projector : for matrices too large to be formed.

    Notes
    -----
    Cost: one full singular value decomposition of the dense matrix.

    Examples
    --------
    >>> null = nullspace_basis([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    >>> null.dimension, null.gap
    (1, (1.0, 0.0))
    >>> np.abs(null.basis.ravel())
    array([0., 0., 1.])

    A matrix whose rank is a matter of opinion:

    >>> nullspace_basis([[1.0, 0.0], [0.0, 1e-9]], tol=1e-8)
    <NullSpace dimension 1, rank 1, gap 1 > 1.0e-08 >= 1e-09, residual 1.0e-09>
    """
    A = as_operator(A)
    matrix = A.to_dense()
    _, sigma, rows = np.linalg.svd(matrix)
    if tol is None:
        tol = max(A.shape) * np.finfo(float).eps * sigma[0]
    tol = as_number(tol, "tol", low=0.0)
    rank = int(np.sum(sigma > tol))
    if rank == 0:
        raise ValueError(f"tol must lie below the largest singular value {sigma[0]:.6g}, got {tol!r}")
    basis = rows[rank:].conj().T
    residual = float(np.linalg.norm(matrix @ basis, 2)) if basis.size else 0.0
    gap = float(sigma[rank - 1]), float(sigma[rank]) if rank < len(sigma) else 0.0
    return NullSpace(basis, rank, A.shape[1] - rank, gap, float(tol), residual)
