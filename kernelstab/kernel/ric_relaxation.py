"""Semidefinite upper bounds of restricted isometry constants, for any number of supports."""

import warnings
from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_count
from kernelstab._engines.cone_program import solve_cone_program
from kernelstab._engines.entry_range import dense_within_range
from kernelstab._errors import NotConverged
from kernelstab.kernel.ric import chosen_side

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class RICRelaxation:
    r"""Upper bounds that hold whatever the solver did.

    Attributes
    ----------
    s : int
    minus_upper, plus_upper : float
        Bounds of :math:`\delta^-` and :math:`\delta^+` as in :class:`~kernelstab.kernel.RIC`.
    minus_dual, plus_dual : ndarray, shape (N, N)
        The Hermitian matrices :math:`Y` that prove them.
    minus_shift, plus_shift : float
        :math:`t` with :math:`tI-H-Y` positive definite, :math:`H=\mp A^*A`.
    matrix : ndarray, shape (m, N)
    """

    s: int
    minus_upper: float
    plus_upper: float
    minus_dual: np.ndarray = field(repr=False)
    plus_dual: np.ndarray = field(repr=False)
    minus_shift: float = field(repr=False)
    plus_shift: float = field(repr=False)
    matrix: np.ndarray = field(repr=False)

    @property
    def upper(self) -> float:
        r"""Upper bound of :math:`\delta_s`."""
        return max(self.minus_upper, self.plus_upper)

    def certificate(self, path=None, *, side=None) -> dict:
        """Return a certificate of the bound of one side, for ``kernelstab verify``.

        Parameters
        ----------
        path : path, optional
            Where to write it.
        side : {"minus", "plus"}, optional
            Default: the one with the larger bound.

        Raises
        ------
        ValueError
            If ``side`` is unknown.
        CertificateError
            If there are too many columns for the verifier.
        """
        from fractions import Fraction

        from kernelstab.certify import make_constant_certificate
        from kernelstab.certify.enclosure import decimal_above

        side = chosen_side(side, self.minus_upper, self.plus_upper)
        shift = decimal_above(Fraction(getattr(self, f"{side}_shift")))
        upper = {"kind": "sdp", "Y": getattr(self, f"{side}_dual"), "t": shift}
        return make_constant_certificate(f"ric-{side}", self.matrix, order=self.s, upper=upper, path=path)

    def __repr__(self):
        return f"<RICRelaxation s={self.s}, minus <= {self.minus_upper:.6g}, plus <= {self.plus_upper:.6g}>"


def ric_relaxation(A, s, *, solver="CLARABEL") -> RICRelaxation:
    r"""Bound the restricted isometry constants of order ``s`` from above by two semidefinite programs.

    Let :math:`H=A^*A` for the upper constant and :math:`-A^*A` for the lower one, and ``x`` a unit vector
    with ``s`` entries. Then :math:`X=xx^*` has trace 1 and entries that sum to
    :math:`\|x\|_1^2\le s` in modulus, and leaving out that its rank is 1 gives

    .. math:: \max\{\operatorname{tr}(HX):\operatorname{tr}X=1,\ \sum|X_{ij}|\le s,\ X\succeq0\}
              =\min_Y\ \lambda_{\max}(H+Y)+s\max_{ij}|Y_{ij}| .

    Every Hermitian :math:`Y` is a bound: :math:`x^*Hx=x^*(H+Y)x-x^*Yx`. So the :math:`Y` that the
    solver found is taken, and its bound evaluated afresh and rounded up.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex; the columns are used as they stand.
    s : int
        Sparsity, from 1 to ``N``.
    solver : str
        Name of a solver of cvxpy for cones of semidefinite matrices.

    Returns
    -------
    RICRelaxation
        Exact for ``s = 2`` and unit columns, where both constants are the coherence.

    Raises
    ------
    ValueError
        If ``s`` is out of range or the solver is not installed.

    Warns
    -----
    NotConverged
        If the solver found no solution; :math:`Y=0`, the spectral norm, is taken instead.

    See Also
    --------
    ric : the constants themselves, where the supports can be enumerated.

    Notes
    -----
    Cost: two programs with a semidefinite matrix of order ``N``: a second at ``N = 20``.

    Examples
    --------
    >>> bounds = ric_relaxation([[1.0, 0.0, 0.6], [0.0, 1.0, 0.0], [0.0, 0.0, 0.8]], 2)
    >>> round(bounds.minus_upper, 5), round(bounds.plus_upper, 5)
    (0.6, 0.6)
    """
    matrix = dense_within_range(A)
    s = as_count(s, "s", low=1, high=matrix.shape[1])
    scale = float(np.linalg.norm(matrix, axis=0).max())
    gram = (matrix / scale).conj().T @ (matrix / scale)
    gram = (gram + gram.conj().T) / 2
    plus_dual, plus_shift = _dual(gram, s, solver)
    minus_dual, minus_shift = _dual(-gram, s, solver)
    # rounding of the Gram matrix and of the scaling, m + 8 units of an entry, N times that for eigenvalues
    slack = 8 * matrix.shape[1] * (matrix.shape[0] + 16) * _EPS
    plus, minus = (scale**2 * (shift + s * np.abs(dual).max() + slack)
                   for shift, dual in ((plus_shift, plus_dual), (minus_shift, minus_dual)))
    # away from zero or towards it: up; and the sum with 1 is rounded once more
    plus, minus = (value + 16 * _EPS * abs(value) for value in (plus, minus))
    return RICRelaxation(s, min(1.0, _up(1 + minus)), _up(plus - 1), scale**2 * minus_dual,
                         scale**2 * plus_dual, scale**2 * (minus_shift + slack),
                         scale**2 * (plus_shift + slack), matrix)


def _up(value) -> float:
    return float(np.nextafter(value, np.inf))


def _dual(hermitian, s, solver):
    """Return a matrix Y near the best and a number t above the largest eigenvalue of H + Y."""
    import cvxpy as cp

    n = len(hermitian)
    if solver not in cp.installed_solvers():
        raise ValueError(f"solver must be one of {', '.join(cp.installed_solvers())}, got {solver!r}")
    hermitian_variable = {"hermitian": True} if np.iscomplexobj(hermitian) else {"symmetric": True}
    y, t, limit = cp.Variable((n, n), **hermitian_variable), cp.Variable(), cp.Variable()
    slackness = t * np.eye(n) - hermitian - y
    problem = cp.Problem(cp.Minimize(t + s * limit), [slackness >> 0, cp.abs(y) <= limit])
    dual = np.zeros_like(hermitian)
    solve_cone_program(problem, solver)
    if y.value is None:
        warnings.warn(f"{solver} found no bound, the spectral norm is used", NotConverged, stacklevel=3)
    else:
        dual = (y.value + y.value.conj().T) / 2
    values = np.linalg.eigvalsh(hermitian + dual)
    # the computed eigenvalues are those of a matrix that differs by a small multiple of N units
    return dual, float(values[-1]) + 10 * n * _EPS * max(1.0, float(np.abs(values).max()))
