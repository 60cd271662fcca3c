"""The laws that every forward operator must obey, tested on random vectors."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from kernelstab._checks import as_generator, as_number
from kernelstab.operators.matrix import DenseOperator, SparseOperator


@dataclass(frozen=True)
class OperatorReport:
    r"""What :func:`check_operator` measured; all errors are relative.

    Attributes
    ----------
    linearity : float
        Largest :math:`\|A(ax+bz)-aAx-bAz\|` over the sizes of its terms.
    adjoint : float
        Largest :math:`|\langle Ax,y\rangle-\langle x,A^*y\rangle|` over :math:`\|Ax\|\|y\|+\|x\|\|A^*y\|`.
    norm_lower : float
        A power iteration's :math:`\|Av\|/\|v\|`, a lower bound of :math:`\|A\|`.
    norm_upper : float or None
        What the operator claims; None if it claims nothing.
    tight, projector : float or None
        Largest :math:`\|AA^*y-cy\|/c\|y\|`, and :math:`\|A(I-A^*A/c)x\|/\sqrt c\|x\|`: what is left
        of the kernel part under :math:`A`. None unless the operator claims to be tight.
    deterministic : bool
        Whether two products of the same vector agree bit for bit.
    finite : bool
        Whether all products are finite.
    tolerance : float
        The largest error that passes; 1e-9 suits double precision.
    """

    linearity: float
    adjoint: float
    norm_lower: float
    norm_upper: float | None
    tight: float | None
    projector: float | None
    deterministic: bool
    finite: bool
    tolerance: float

    @property
    def failures(self) -> tuple[str, ...]:
        """Names of the laws that fail."""
        errors = {"linearity": self.linearity, "adjoint": self.adjoint, "tight": self.tight,
                  "projector": self.projector}
        failed = [name for name, error in errors.items() if error is not None and not error <= self.tolerance]
        if self.norm_upper is not None and not self.norm_lower <= self.norm_upper * (1 + 1e-12):
            failed.append("norm_upper")
        flags = {"deterministic": self.deterministic, "finite": self.finite}
        return (*failed, *(name for name, holds in flags.items() if not holds))

    @property
    def ok(self) -> bool:
        """Whether every law holds."""
        return not self.failures

    def __repr__(self):
        verdict = "ok" if self.ok else "FAILS " + ", ".join(self.failures)
        optional = {"tight": self.tight, "projector": self.projector}
        measured = "".join(f", {k} {v:.1e}" for k, v in optional.items() if v is not None)
        claim = "" if self.norm_upper is None else f" <= {self.norm_upper:.6g}"
        return (f"<OperatorReport {verdict}: linearity {self.linearity:.1e}, adjoint {self.adjoint:.1e}"
                f"{measured}, norm {self.norm_lower:.6g}{claim}>")


def check_operator(A, rng=0, *, tolerance=1e-9) -> OperatorReport:
    r"""Test linearity, adjoint identity, norm bound, tightness and determinism of an operator.

    Random vectors make each test sharp: a linear map that violates an identity at all
    violates it at almost every vector. Sizes from 1e-3 to 1e3 are mixed so that clipping and
    thresholds show. A passed check is evidence, not a proof.

    Parameters
    ----------
    A : LinearOperator, array_like or sparse matrix, shape (m, N)
        A :class:`~kernelstab.operators.ForwardOperator`; any scipy operator, for which the
        norm and tightness are not examined; or a matrix, which can only fail by its norm.
    rng : int or Generator
        Source of the vectors.
    tolerance : float
        Largest relative error that passes; take 1e-4 for functions in single precision.

    Returns
    -------
    OperatorReport
        With ``ok`` and the names of the ``failures``. Cost: about 60 products.

    Raises
    ------
    ValueError
        If ``A`` is no operator or matrix, is a matrix of zeros, or has no adjoint to be tested.

    Examples
    --------
    >>> check_operator([[1.0, 2.0], [3.0, 4.0]]).ok
    True
    >>> from scipy.sparse.linalg import LinearOperator
    >>> good = LinearOperator((2, 2), matvec=lambda x: 2.0 * x, rmatvec=lambda y: 2.0 * y, dtype=float)
    >>> check_operator(good).ok
    True
    >>> bad = LinearOperator((2, 2), matvec=lambda x: 2.0 * x, rmatvec=lambda y: -2.0 * y, dtype=float)
    >>> check_operator(bad).failures
    ('adjoint',)
    """
    if isinstance(A, (tuple, list)) and any(callable(part) for part in A):
        raise ValueError(f"A must be an operator or a matrix, got functions: {A!r:.70}; try as_operator")
    if not isinstance(A, LinearOperator):
        A = SparseOperator(A) if sparse.issparse(A) else DenseOperator(A)
    try:
        return examine(A, getattr(A, "norm_upper", None), rng, tolerance)
    except NotImplementedError:                          # scipy's word for a missing method
        raise ValueError("A must have an adjoint (rmatvec), got none") from None


def examine(A, norm_upper, rng, tolerance) -> OperatorReport:
    """Do what :func:`check_operator` says, with the norm bound apart because it may be costly to ask for."""
    draw = _drawer(np.dtype(A.dtype).kind == "c", as_generator(rng))
    m, n = A.shape
    linearity = adjoint = 0.0
    finite = True
    for size in (1.0, 1e-3, 1e3):
        x, z, y = size * draw(n), draw(n), draw(m)
        a, b = draw(2)
        products = Ax, Az, Ay, mixed = A.matvec(x), A.matvec(z), A.rmatvec(y), A.matvec(a * x + b * z)
        finite = finite and all(np.isfinite(v).all() for v in products)
        terms = abs(a) * _norm(Ax) + abs(b) * _norm(Az)
        linearity = max(linearity, _ratio(_norm(mixed - a * Ax - b * Az), terms))
        terms = _norm(Ax) * _norm(y) + _norm(x) * _norm(Ay)
        adjoint = max(adjoint, _ratio(abs(np.vdot(Ax, y) - np.vdot(x, Ay)), terms))
    probe, tight = draw(n), getattr(A, "tight", None)
    return OperatorReport(
        linearity, adjoint, _norm_lower(A, draw(n)), norm_upper,
        None if tight is None else _tight_error(A, tight, draw(m)),
        None if tight is None else _projector_error(A, tight, draw(n)),
        A.matvec(probe).tobytes() == A.matvec(probe.copy()).tobytes(), finite,
        as_number(tolerance, "tolerance", low=0.0))


def quick_defects(A) -> tuple:
    r"""Return the relative errors of linearity and of the adjoint, and whether products are single precision.

    From five products with vectors that are always the same. One of the pairs is :math:`y=Ax`, for which an
    adjoint with a wrong factor :math:`c` is wrong by :math:`|c-1|`.
    """
    draw, (m, n) = _drawer(np.dtype(A.dtype).kind == "c", np.random.default_rng(0)), A.shape
    x, z, y = draw(n), draw(n), draw(m)
    Ax, Az, mixed, Ay = A.matvec(x), A.matvec(z), A.matvec(x - 2.0 * z), A.rmatvec(y)
    with np.errstate(over="ignore"):
        single = all(np.array_equal(v, v.astype(np.complex64)) for v in (Ax, Ay))
    size = float(np.abs(Ax).max())
    if not size > 0.0:                             # perhaps not finite
        size = 1.0
    Ax, Az, mixed, Ay = scaled = [v / size for v in (Ax, Az, mixed, Ay)]
    back = A.rmatvec(Ax) / size
    if not all(np.isfinite(v).all() for v in (*scaled, back)):
        raise ValueError("operator must give finite values, got NaN or infinity")
    adjoint = [_ratio(abs(np.vdot(Ax, v) - np.vdot(x, w)), _norm(Ax) * _norm(v) + share * _norm(x) * _norm(w))
               for v, w, share in ((Ax, back, 0.0), (y, Ay, 1.0))]
    return _ratio(_norm(mixed - Ax + 2.0 * Az), _norm(Ax) + 2.0 * _norm(Az)), max(adjoint), single


def _drawer(is_complex, rng):
    def draw(size):
        values = rng.standard_normal(size)
        return values + 1j * rng.standard_normal(size) if is_complex else values
    return draw


def _norm(v):
    return float(np.linalg.norm(v))


def _ratio(error, size):
    """Return ``error / size``; an operator that maps probes to zero has no error only if error is 0."""
    return float(error / size) if size > 0 else float(error != 0)


def _norm_lower(A, v):
    best = 0.0
    for _ in range(20):
        length = _norm(v)
        if not 0 < length < np.inf:
            break
        product = A.matvec(v / length)
        best = max(best, _norm(product))
        v = A.rmatvec(product)
    return best


def _tight_error(A, constant, y):
    return _ratio(_norm(A.matvec(A.rmatvec(y)) - constant * y), constant * _norm(y))


def _projector_error(A, constant, x):
    kernel_part = x - A.rmatvec(A.matvec(x)) / constant
    return _ratio(_norm(A.matvec(kernel_part)), np.sqrt(constant) * _norm(x))
