"""Whatever a user calls a forward matrix, as a checked forward operator."""

from contextlib import contextmanager, suppress
from weakref import WeakKeyDictionary

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from kernelstab._checks import as_count, as_number
from kernelstab._errors import users_code
from kernelstab.operators.base import Composition, ForwardOperator
from kernelstab.operators.check import examine, quick_defects
from kernelstab.operators.matrix import DenseOperator, SparseOperator, dense_norm_upper

_DENSE_ENTRIES = 2**24
_DOUBLE, _SINGLE = 1e-9, 1e-4     # largest relative error of the laws, by the precision of the products
_TESTED = WeakKeyDictionary()     # operators that passed, and whether all laws were tested


class FunctionOperator(ForwardOperator):
    r"""A forward matrix known only by two functions, :math:`x\mapsto Ax` and :math:`y\mapsto A^*y`.

    Users reach it through :func:`as_operator`, which checks the two against each other.
    ``norm_upper`` is what the caller gave; without it the matrix is formed once and its norm
    proved, which is refused above :math:`2^{24}` entries. The functions get copies of their arguments, and
    what they return is copied to double precision: they may return their argument or use one array again.
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
            value = function(np.array(argument).ravel())
        array = np.ravel(np.asarray(value))
        if array.shape != (size,) or array.dtype.kind not in "biufc":
            raise ValueError(f"{name} must return {size} numbers for shape {self.shape}, "
                             f"got shape {np.shape(value)} and dtype {array.dtype}")
        if array.dtype.kind == "c" and self.is_real and not np.iscomplexobj(argument):
            raise ValueError(f"{name} must return real numbers for an operator of dtype {self.dtype}, got "
                             f"{array.dtype}; give dtype=complex, or take the real part in both functions")
        return array.astype(np.result_type(array.dtype, np.float64))

    def _matvec(self, x):
        return self._checked(self._forward, x, self.shape[0], "forward")

    def _rmatvec(self, y):
        return self._checked(self._backward, y, self.shape[1], "adjoint")


def as_operator(thing, shape=None, image_shape=None, *, dtype=None, tight=None, norm_upper=None,
                tolerance=None, rng=0) -> ForwardOperator:
    r"""Return ``thing`` as a forward operator, or say why it is none.

    Parameters
    ----------
    thing : ForwardOperator, array_like, sparse matrix, LinearOperator or pair of callables
        A pair ``(forward, adjoint)`` maps flat arrays, ``(N,)`` to ``(m,)`` and back; LinearOperator
        stands for anything with ``shape``, ``matvec`` and ``rmatvec``. Operators of
        this package are returned as they are, other subclasses of ``ForwardOperator`` after a short test.
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
    tolerance : float, optional
        Largest relative error in the check. Default: 1e-9, or 1e-4 if all products fit into single precision.
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
        return _consistent(products_of(thing), shape, image_shape)
    pair = isinstance(thing, (tuple, list)) and len(thing) == 2 and all(callable(f) for f in thing)
    if not pair and not is_operator(thing):
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
        linear = aslinearoperator(thing)
        forward, adjoint, shape = linear.matvec, linear.rmatvec, shape or linear.shape
        dtype = dtype or linear.dtype
        if tuple(shape) != linear.shape:
            raise ValueError(f"shape must be that of the operator, {linear.shape}, got {tuple(shape)}")
    m, n = (as_count(k, "shape", low=1) for k in shape)
    kind = np.complex128 if np.dtype(dtype or np.float64).kind == "c" else np.float64
    tight = None if tight is None else as_number(tight, "tight", low=0.0, strict=True)
    norm_upper = None if norm_upper is None else as_number(norm_upper, "norm_upper", low=0.0, strict=True)
    operator = FunctionOperator(forward, adjoint, (m, n), kind, image_shape=image_shape, tight=tight,
                                norm_upper=norm_upper)
    known = not pair and tight is norm_upper is tolerance is None and _tested(thing)
    if not known:
        _require_laws(operator, norm_upper, rng, tolerance)
        _remember(operator if pair else thing, True)
    _remember(operator, True)
    return operator


def is_operator(thing) -> bool:
    """Return whether a thing has a shape and products, but no entries."""
    return isinstance(thing, LinearOperator) or (
        hasattr(thing, "matvec") and hasattr(thing, "shape") and not sparse.issparse(thing))


def products_of(thing) -> LinearOperator:
    """Return an operator whose products are new arrays in double precision and whose adjoint was tested.

    This is how an operator that a user wrote comes in where ``as_operator`` is not called. The test takes
    five products, once for each object, with the same vectors every time; operators of the package need none.
    """
    if isinstance(thing, Composition):
        products_of(thing.left), products_of(thing.right)
        return thing
    if _is_ours(thing):
        return thing
    operator = thing
    if not isinstance(thing, ForwardOperator):
        linear = aslinearoperator(thing)
        kind = np.complex128 if np.dtype(linear.dtype).kind == "c" else np.float64
        operator = FunctionOperator(linear.matvec, linear.rmatvec, linear.shape, kind)
    if _tested(thing) is None:
        with _with_adjoint():
            linearity, adjoint, single = quick_defects(operator)
        if not linearity <= (_SINGLE if single else _DOUBLE):
            raise ValueError(_NOT_LINEAR.format(linearity))
        if not adjoint <= (_SINGLE if single else _DOUBLE):
            raise ValueError(_NOT_ADJOINT.format(adjoint))
        _remember(thing, False)
    return operator


_NOT_LINEAR = "operator must be linear, got relative error {:.3g} of A(ax + bz) = aAx + bAz"
_NOT_ADJOINT = ("adjoint must satisfy <Ax, y> = <x, A*y>, got relative error {:.3g}; correct rmatvec, or "
                "give as_operator((forward, adjoint), shape=(m, N)), with tolerance=... if it is rounding")


def _is_ours(thing):
    """Return whether the products of an operator are known to be right: the package made all of it."""
    if not isinstance(thing, ForwardOperator) and isinstance(getattr(thing, "A", None), ForwardOperator):
        thing = thing.A                              # scipy's adjoint
    if isinstance(thing, FunctionOperator):
        return _tested(thing) is not None
    return isinstance(thing, ForwardOperator) and type(thing).__module__.startswith("kernelstab.")


def _tested(thing):
    try:
        return _TESTED.get(thing)
    except TypeError:                                # an object that cannot be remembered is tested each time
        return None


def _remember(thing, all_laws):
    with suppress(TypeError):
        _TESTED[thing] = all_laws


def _consistent(operator, shape, image_shape):
    """Return the operator if it has the shapes that the caller stated."""
    for name, stated, actual in (("shape", shape, operator.shape),
                                 ("image_shape", image_shape, operator.image_shape)):
        if stated is not None and tuple(stated) != tuple(actual):
            raise ValueError(f"{name} must be that of the operator, {tuple(actual)}, got {tuple(stated)}")
    return operator


@contextmanager
def _with_adjoint():
    """Say in one line that an adjoint is missing."""
    try:
        yield
    except (ValueError, TypeError, NotImplementedError) as error:
        if NotImplementedError in (type(error), type(error.__cause__)):   # scipy's word for a missing method
            raise ValueError("operator must have an adjoint (rmatvec), got none; give both functions: "
                             "as_operator((forward, adjoint), shape=(m, N))") from None
        raise


def _require_laws(operator, norm_upper, rng, tolerance):
    """Raise for the first law that fails, with the measured value."""
    with _with_adjoint():
        if tolerance is None:
            tolerance = _SINGLE if quick_defects(operator)[2] else _DOUBLE
        report = examine(operator, norm_upper, rng, tolerance)
    claim = f"tight must satisfy AA* = tight I, got {operator.tight!r} with error"
    complaints = {
        "finite": "operator must give finite values, got NaN or infinity",
        "deterministic": "operator must be deterministic, got two values of Ax for the same x",
        "linearity": _NOT_LINEAR.format(report.linearity),
        "adjoint": _NOT_ADJOINT.format(report.adjoint),
        "tight": f"{claim} {report.tight}",
        "projector": f"{claim} {report.projector}",
        "norm_upper": f"norm_upper must be at least ||A|| >= {report.norm_lower:.6g}, got {norm_upper!r}",
    }
    for law, complaint in complaints.items():
        if law in report.failures:
            raise ValueError(complaint)
    if report.norm_lower == 0:
        raise ValueError(f"operator must not be zero, got rank 0 and shape {operator.shape}")
