"""The orthogonal projection onto the null space."""

import warnings

import numpy as np
from scipy.sparse.linalg import LinearOperator, lsmr

from kernelstab._checks import as_array
from kernelstab._engines.null_space.row_factor import RowFactor, decide_rank
from kernelstab._errors import NotConverged
from kernelstab.operators import as_operator

_DENSE_ENTRIES = 2**22


class KernelProjector(LinearOperator):
    r"""The projection :math:`P_N=I-A^\dagger A` onto the null space of :math:`A`.

    Attributes
    ----------
    method : {"closed form", "dense", "lsmr"}
        How :math:`A^\dagger A` is applied; see :func:`kernel_projector`.
    residual : float
        The largest :math:`\|AP_Nx\|/\|x\|` seen so far, measurement units per signal unit; measured
        at every product, 0.0 before the first.
    """

    def __init__(self, A, method, row_part):
        n = A.shape[1]
        super().__init__(A.dtype, (n, n))
        self.operator, self.method, self.residual = A, method, 0.0
        self._row_part = row_part

    def _matvec(self, x):
        x = np.ravel(x)
        projected = x - self._row_part(x)
        size = float(np.linalg.norm(x))
        if size > 0:
            seen = float(np.linalg.norm(self.operator.matvec(projected))) / size
            self.residual = max(self.residual, seen)
        return projected

    def _rmatvec(self, x):
        return self._matvec(x)

    def __repr__(self):
        size = f"{self.shape[0]}x{self.shape[1]}"
        return f"<KernelProjector {size}, {self.method}, residual {self.residual:.1e}>"


def kernel_projector(A, *, method=None, tol=1e-12) -> KernelProjector:
    r"""Return the orthogonal projection onto the null space as an operator.

    ``"closed form"``: if :math:`AA^*=cI` then :math:`A^\dagger=A^*/c` and
    :math:`P_N=I-A^*A/c`. ``"dense"``: :math:`P_N=I-VV^*` with orthonormal columns :math:`V` that
    span the row space, from one factorisation :math:`A^*=QR` kept for all products.
    ``"lsmr"``: :math:`A^\dagger(Ax)` is the least-squares solution of least norm, found by iteration
    from zero.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
    method : str, optional
        One of the three. Default: closed form if tight, dense up to :math:`2^{22}` entries, else LSMR.
    tol : float
        Relative tolerances of LSMR; its tiny singular values converge last, so read ``residual``.

    Warns
    -----
    NotConverged
        At a product for which LSMR ran out of iterations (20 times the smaller side).

    UnclearRank
        If the dense matrix has singular values near the threshold; see :func:`nullspace_basis`.

    Raises
    ------
    ValueError
        If ``method`` is unknown or does not apply.

    Examples
    --------
    >>> P = kernel_projector([[1.0, 1.0]])
    >>> P.matvec(np.array([3.0, 1.0])).round(12)
    array([ 1., -1.])
    >>> P.method, P.residual < 1e-12
    ('dense', True)
    """
    A = as_operator(A)
    if method is None:
        small = A.shape[0] * A.shape[1] <= _DENSE_ENTRIES
        method = "closed form" if A.tight is not None else "dense" if small else "lsmr"
    if method == "closed form":
        if A.tight is None:
            raise ValueError('method "closed form" needs A A* = cI, but the operator is not tight')
        return KernelProjector(A, method, lambda x: A.rmatvec(A.matvec(x)) / A.tight)
    if method == "dense":
        factor = RowFactor(A.to_dense())
        columns = factor.rows(decide_rank(factor.sigma, A.shape)[1])
        adjoint = columns.conj().T
        return KernelProjector(A, method, lambda x: columns @ (adjoint @ x))
    if method == "lsmr":
        return KernelProjector(A, method, lambda x: _least_norm(A, A.matvec(x), tol))
    raise ValueError(f'method must be "closed form", "dense" or "lsmr", got {method!r}')


def kernel_part(A, x) -> np.ndarray:
    r"""Return :math:`P_Nx`, projected twice so that rounding leaves as little as possible.

    Parameters
    ----------
    A : ForwardOperator, array_like or KernelProjector
        Pass the projector to use it for many signals.
    x : array_like, shape (N,) or the image shape
        The result is flat.

    >>> kernel_part([[1.0, 1.0]], [3.0, 1.0]).round(12)
    array([ 1., -1.])
    """
    projector = A if isinstance(A, KernelProjector) else kernel_projector(A)
    x = as_array(x, "x").ravel()
    if x.shape != (projector.shape[0],):
        raise ValueError(f"x must have {projector.shape[0]} entries, got {x.size}")
    return projector.matvec(projector.matvec(x))


def _least_norm(A, y, tol):
    budget = 20 * min(A.shape)
    solution, reason, steps = lsmr(A, y, atol=tol, btol=tol, conlim=0.0, maxiter=budget)[:3]
    if reason == 7:
        message = f"LSMR stopped after {steps} steps before its tolerance {tol:g}"
        warnings.warn(message, NotConverged, stacklevel=4)
    return solution
