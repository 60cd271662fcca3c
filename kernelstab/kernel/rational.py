"""The null space of the very numbers that are stored, and whether floating point sees the same one."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from scipy import sparse

from kernelstab.operators.base import ForwardOperator

_PRIME = 2**31 - 1


@dataclass(frozen=True)
class RationalNullSpace:
    r"""What :func:`rational_nullspace` found.

    Attributes
    ----------
    rank, dimension : int
        Of the matrix over the rationals, and ``N`` less that: proved.
    basis : list of lists of int
        Integer vectors of length ``N`` without common divisor; :math:`Az=0` was checked exactly.
    numerical_rank : int or None
        Number of singular values above :math:`\max(m,N)\,\varepsilon\,\sigma_1`; None if the matrix
        does not fit into floats.
    gap : (float, float) or None
        The computed singular values with the exact rank's number and the next: if the second one
        is not small, or the first is, floating point has another opinion. 0.0 for what does not exist.
    """

    rank: int
    dimension: int
    basis: list[list[int]] = field(repr=False)
    numerical_rank: int | None
    gap: tuple[float, float] | None
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

    @property
    def agrees(self) -> bool | None:
        """Whether the numerical rank is the exact one; None if there is no numerical one."""
        return None if self.numerical_rank is None else self.numerical_rank == self.rank

    def __repr__(self):
        verdict = {True: "the same in floats", None: "too large for floats",
                   False: f"in floats rank {self.numerical_rank}"}[self.agrees]
        return f"<RationalNullSpace dimension {self.dimension}, rank {self.rank}, {verdict}>"


def rational_nullspace(A) -> RationalNullSpace:
    r"""Return an integer basis of the null space of a matrix of rational numbers.

    A float is a dyadic rational, so a matrix of floats has one exact null space. It is the null
    space of the stored numbers, not of those that were meant: 0.1 + 0.2 and 0.3 differ. A small
    perturbation of a matrix has full rank as a rule, so that the exact null space of a
    rank-deficient matrix that was rounded is smaller than the numerical one. Both ranks are returned.

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
    (<RationalNullSpace dimension 1, rank 2, the same in floats>, [[-2, 1, 0]])

    Two rows that are equal on paper:

    >>> rational_nullspace([[0.1 + 0.2, 1.0], [0.3, 1.0]])
    <RationalNullSpace dimension 0, rank 2, in floats rank 1>
    """
    from kernelstab.certify import exact_nullspace

    rows = _rows(A)
    basis = exact_nullspace(rows)
    rank = len(rows[0]) - len(basis)
    sigma = _singular_values(rows)
    if sigma is None:
        return RationalNullSpace(rank, len(basis), basis, None, None, rows)
    threshold = max(len(rows), len(rows[0])) * np.finfo(float).eps * sigma[0]
    padded = [*sigma.tolist(), 0.0]
    gap = padded[rank - 1] if rank else 0.0, padded[rank]
    return RationalNullSpace(rank, len(basis), basis, int(np.sum(sigma > threshold)), gap, rows)


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


def _singular_values(rows):
    """Return the singular values of the nearest matrix of floats, or None if it overflows."""
    try:
        floats = np.array([[float(Fraction(_plain(value))) for value in row] for row in rows])
    except OverflowError:
        return None
    return np.linalg.svd(floats, compute_uv=False)


def _plain(value):
    return value.item() if hasattr(value, "item") else value
