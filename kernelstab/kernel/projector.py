"""The orthogonal projection onto the null space, and how much of a detail it leaves: what is invisible."""

import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse.linalg import LinearOperator, lsmr

from kernelstab._checks import as_array
from kernelstab._engines.dense_matrix import RowFactor, decide_rank
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
        return KernelProjector(A, method, partial(_tight_part, A))
    if method == "dense":
        factor = RowFactor(A.to_dense())
        columns = factor.rows(decide_rank(factor.sigma, A.shape)[1])
        return KernelProjector(A, method, partial(_dense_part, columns, columns.conj().T))
    if method == "lsmr":
        return KernelProjector(A, method, partial(_least_norm, A, tol))
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


def _tight_part(A, x):
    return A.rmatvec(A.matvec(x)) / A.tight


def _dense_part(columns, adjoint, x):
    return columns @ (adjoint @ x)


def _least_norm(A, tol, x):
    budget = 20 * min(A.shape)
    solution, reason, steps = lsmr(A, A.matvec(x), atol=tol, btol=tol, conlim=0.0, maxiter=budget)[:3]
    if reason == 7:
        message = f"LSMR stopped after {steps} steps before its tolerance {tol:g}"
        warnings.warn(message, NotConverged, stacklevel=4)
    return solution


@dataclass(frozen=True)
class Visibility:
    r"""How much of a detail :math:`d` the measurements see.

    Attributes
    ----------
    kernel_fraction : float
        :math:`\|P_Nd\|/\|d\|`: 1 if :math:`d` is invisible, 0 if it is fully determined.
    gain : float
        :math:`\|Ad\|/\|d\|`, measurement units per signal unit.
    distance : float
        :math:`\|d-P_Nd\|=\|A^\dagger Ad\|`, from :math:`d` to the nearest invisible signal, signal units.
    angle : float
        Between :math:`d` and the null space, in radians: the fraction is its cosine.
    """

    kernel_fraction: float
    gain: float
    distance: float
    angle: float

    def __repr__(self):
        return f"<Visibility kernel fraction {self.kernel_fraction:.6g}, gain {self.gain:.6g}>"


def visibility(A, d) -> Visibility:
    r"""Measure how much of a detail lies in the null space and how strongly it is measured.

    The two are different questions: a detail may be outside the null space and yet be seen
    with a gain below every noise level. For :math:`AA^*=cI` they are tied by
    :math:`\mathrm{gain}^2=c(1-\mathrm{fraction}^2)`.

    Parameters
    ----------
    A : ForwardOperator, array_like or KernelProjector
    d : array_like, shape (N,) or the image shape
        Not zero.

    Raises
    ------
    ValueError
        If ``d`` is zero or does not fit.

    Notes
    -----
    The angle is taken from both parts, so that it is accurate near 0 and near a right angle.
    Cost: two products with the projector and one with ``A``.

    Examples
    --------
    >>> seen = visibility([[1.0, 0.0]], [3.0, 4.0])
    >>> seen, seen.distance, np.tan(seen.angle).round(12)
    (<Visibility kernel fraction 0.8, gain 0.6>, 3.0, np.float64(0.75))
    """
    projector = A if isinstance(A, KernelProjector) else kernel_projector(A)
    d = as_array(d, "d")
    largest = float(np.abs(d).max())
    if largest == 0:
        raise ValueError("d must not be zero, got norm 0.0")
    unit = d / largest                   # of entries at most 1, so that no product leaves the range of floats
    size, invisible = _length(unit), kernel_part(projector, unit)
    unseen, seen = _length(invisible), _length(unit.ravel() - invisible)
    gain = _length(projector.operator.matvec(unit.ravel())) / size
    return Visibility(unseen / size, gain, seen * largest, float(np.arctan2(seen, unseen)))


def _length(x) -> float:
    """Return the 2-norm of a vector of any size: a power of two keeps the squares in range."""
    exponent = int(np.clip(np.frexp(np.abs(x).max(initial=0.0))[1], -1000, 1000))
    return float(np.linalg.norm(x * 2.0**-exponent)) * 2.0**exponent
