"""Whatever a user calls a forward matrix, as a checked forward operator."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from kernelstab._checks import as_count, as_number
from kernelstab._errors import users_code
from kernelstab.operators.base import ForwardOperator
from kernelstab.operators.check import examine
from kernelstab.operators.matrix import DenseOperator, SparseOperator, dense_norm_upper

_DENSE_ENTRIES = 2**24


class FunctionOperator(ForwardOperator):
    r"""A forward matrix known only by two functions, :math:`x\mapsto Ax` and :math:`y\mapsto A^*y`.

    Users reach it through :func:`as_operator`, which checks the two against each other.
    ``norm_upper`` is what the caller gave; without it the matrix is formed once and its norm
    proved, which is refused above :math:`2^{24}` entries.
    """

    def __init__(self, forward, adjoint, shape, dtype, *, image_shape=None, tight=None, norm_upper=None):
        super().__init__(shape, dtype, image_shape=image_shape, tight=tight, norm_upper=norm_upper)
        self._forward, self._backward = forward, adjoint

    @property
    def norm_upper(self) -> float:
        r"""An upper bound of :math:`\|A\|_2`: given by the caller, or proved from the dense form."""
        if self._norm_upper is None:
            if self.shape[0] * self.shape[1] > _DENSE_ENTRIES:
                raise ValueError(f"norm_upper must be given for an operator of shape {self.shape}, "
                                 "which is too large to be formed")
            self._norm_upper = dense_norm_upper(self.to_dense())
        return self._norm_upper

    def _checked(self, function, argument, size, name):
        with users_code(name):
            value = function(np.ravel(argument))
        array = np.ravel(np.asarray(value))
        if array.shape != (size,) or array.dtype.kind not in "biufc":
            raise ValueError(f"{name} must return {size} numbers for shape {self.shape}, "
                             f"got shape {np.shape(value)} and dtype {array.dtype}")
        return array.astype(np.result_type(array.dtype, np.float64))     # new: a buffer may be used again

    def _matvec(self, x):
        return self._checked(self._forward, x, self.shape[0], "forward")

    def _rmatvec(self, y):
        return self._checked(self._backward, y, self.shape[1], "adjoint")


def as_operator(thing, shape=None, image_shape=None, *, dtype=None, tight=None, norm_upper=None,
                tolerance=1e-9, rng=0) -> ForwardOperator:
    r"""Return ``thing`` as a forward operator, or say why it is none.

    Parameters
    ----------
    thing : ForwardOperator, array_like, sparse matrix, LinearOperator or pair of callables
        A pair ``(forward, adjoint)`` maps flat arrays, ``(N,)`` to ``(m,)`` and back. Operators of
        this package are returned as they are.
    shape : (int, int), optional
        ``(m, N)``; needed for a pair.
    image_shape : tuple of int, optional
        Shape of a signal as an image.
    dtype : optional
        ``float64`` or ``complex128``: whether signals and measurements of a pair are complex.
        Default: that of the operator, float64 for a pair.
    tight, norm_upper : float, optional
        The constant of :math:`AA^*=cI` and an upper bound of :math:`\|A\|_2`, for a pair or a
        LinearOperator; they are tested, not proved.
    tolerance : float
        Largest relative error in the check; take 1e-4 for functions in single precision.
    rng : int or Generator
        For the vectors of the check.

    Raises
    ------
    ValueError
        If a function raises anything (that error is the cause, ``__cause__``); if the functions
        are not linear, not adjoint to each other, not deterministic, not of the
        stated shape or not finite, if a claim fails, or if ``thing`` is none of the above.

    Examples
    --------
    >>> A = as_operator((lambda x: x[:2], lambda y: np.append(y, 0.0)), shape=(2, 3))
    >>> A
    <FunctionOperator 2x3, real>
    >>> as_operator((lambda x: np.maximum(x, 0), lambda y: y), shape=(3, 3))
    Traceback (most recent call last):
        ...
    ValueError: operator must be linear, got relative error 1.21 of A(ax + bz) = aAx + bAz
    """
    if isinstance(thing, ForwardOperator):
        return _consistent(thing, shape, image_shape)
    pair = isinstance(thing, (tuple, list)) and len(thing) == 2 and all(callable(f) for f in thing)
    if not pair and not isinstance(thing, LinearOperator):
        if callable(thing):
            raise ValueError(f"operator must be a pair (forward, adjoint), got only {thing!r}")
        if sparse.issparse(thing):
            return _consistent(SparseOperator(thing, image_shape=image_shape), shape, None)
        return _consistent(DenseOperator(thing, image_shape=image_shape, tight=tight), shape, None)
    if pair:
        if shape is None:
            raise ValueError("shape must be given as (m, N) with a pair of functions, got None")
        forward, adjoint = thing
    else:
        forward, adjoint, shape = thing.matvec, thing.rmatvec, shape or thing.shape
        dtype = dtype or thing.dtype
        if tuple(shape) != thing.shape:
            raise ValueError(f"shape must be that of the operator, {thing.shape}, got {tuple(shape)}")
    m, n = (as_count(k, "shape", low=1) for k in shape)
    kind = np.complex128 if np.dtype(dtype or np.float64).kind == "c" else np.float64
    tight = None if tight is None else as_number(tight, "tight", low=0.0, strict=True)
    norm_upper = None if norm_upper is None else as_number(norm_upper, "norm_upper", low=0.0, strict=True)
    operator = FunctionOperator(forward, adjoint, (m, n), kind, image_shape=image_shape, tight=tight,
                                norm_upper=norm_upper)
    _require_laws(operator, norm_upper, rng, tolerance)
    return operator


def _consistent(operator, shape, image_shape):
    """Return the operator if it has the shapes that the caller stated."""
    for name, stated, actual in (("shape", shape, operator.shape),
                                 ("image_shape", image_shape, operator.image_shape)):
        if stated is not None and tuple(stated) != tuple(actual):
            raise ValueError(f"{name} must be that of the operator, {tuple(actual)}, got {tuple(stated)}")
    return operator


def _require_laws(operator, norm_upper, rng, tolerance):
    """Raise for the first law that fails, with the measured value."""
    try:
        report = examine(operator, norm_upper, rng, tolerance)
    except ValueError as error:
        if isinstance(error.__cause__, NotImplementedError):     # scipy's word for a missing method
            raise ValueError("operator must have an adjoint (rmatvec), got none") from None
        raise
    claim = f"tight must satisfy AA* = tight I, got {operator.tight!r} with error"
    complaints = {
        "finite": "operator must give finite values, got NaN or infinity",
        "deterministic": "operator must be deterministic, got two values of Ax for the same x",
        "linearity": f"operator must be linear, got relative error {report.linearity:.3g} "
                     "of A(ax + bz) = aAx + bAz",
        "adjoint": f"adjoint must satisfy <Ax, y> = <x, A*y>, got relative error {report.adjoint:.3g}",
        "tight": f"{claim} {report.tight}",
        "projector": f"{claim} {report.projector}",
        "norm_upper": f"norm_upper must be at least ||A|| >= {report.norm_lower:.6g}, got {norm_upper!r}",
    }
    for law, complaint in complaints.items():
        if law in report.failures:
            raise ValueError(complaint)
    if report.norm_lower == 0:
        raise ValueError(f"operator must not be zero, got rank 0 and shape {operator.shape}")
