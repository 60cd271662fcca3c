"""The restricted isometry constants of a matrix: by all supports, and bounds by semidefinite programs."""

import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from math import comb

import numpy as np

from kernelstab._checks import as_count, as_number, thread_count
from kernelstab._engines.cone_program import solve_cone_program
from kernelstab._engines.dense_matrix import dense_within_range, unit_scale
from kernelstab._engines.supports.extreme_support import ExtremeSupport, rayleigh_lower
from kernelstab._errors import NotConverged
from kernelstab.kernel.recovery import RecoveryConstants, recovery_constants

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class IsometryConstant:
    r"""One side: how far :math:`\|Ax\|^2/\|x\|^2` strays from 1 in one direction, between two bounds.

    Attributes
    ----------
    lower : float
        Attained by ``vector``: evaluated in rational arithmetic and rounded down.
    upper : float
        No support exceeds it; the rounding errors of the search are added.
    support : tuple of int
        ``s`` columns.
    vector : ndarray, shape (s,)
        Unit vector on those columns.
    """

    lower: float
    upper: float
    support: tuple[int, ...]
    vector: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class RIC:
    r"""Restricted isometry constants of order ``s``.

    :math:`(1-\delta^-)\|x\|^2\le\|Ax\|^2\le(1+\delta^+)\|x\|^2` for all ``s``-sparse ``x``, with the least
    such numbers, and :math:`\delta_s=\max(\delta^-,\delta^+)`.

    Attributes
    ----------
    s : int
    minus, plus : IsometryConstant
        Both sides, each with the support and the vector that attain its lower bound.
    exact : bool
        Whether every support was decided, so that the bounds differ by rounding only.
    evaluated, supports : int
        Number of supports decided, both sides and smaller orders together, and of all of size ``s``.
    interrupted : bool
        Whether Ctrl-C ended the search.
    matrix : ndarray, shape (m, N)
    """

    s: int
    minus: IsometryConstant
    plus: IsometryConstant
    exact: bool
    evaluated: int
    supports: int
    interrupted: bool
    matrix: np.ndarray = field(repr=False)

    @property
    def lower(self) -> float:
        r"""Lower bound of :math:`\delta_s`."""
        return max(self.minus.lower, self.plus.lower)

    @property
    def upper(self) -> float:
        r"""Upper bound of :math:`\delta_s`."""
        return max(self.minus.upper, self.plus.upper)

    def certificate(self, path=None, *, side=None) -> dict:
        """Return a certificate of both bounds of one side, for ``kernelstab verify``.

        It is written if a path is given. ``side`` is "minus" or "plus", by default the one with the larger
        upper bound. The verifier goes through all supports again, exactly. Where they are too many for it, or
        the search was not complete, the upper bound of the certificate is that of Gershgorin.
        """
        from kernelstab.certify import make_constant_certificate
        from kernelstab.certify.constants.definite import MOST_SUPPORTS
        from kernelstab.certify.enclosure import decimal_above

        side = chosen_side(side, self.minus.upper, self.plus.upper)
        found = getattr(self, side)
        weight = 4 if np.iscomplexobj(self.matrix) else 1
        enumerate_all = self.exact and weight * self.supports <= MOST_SUPPORTS
        upper = ({"kind": "enumeration", "bound": decimal_above(Fraction(found.upper))} if enumerate_all
                 else {"kind": "gershgorin"})
        return make_constant_certificate(
            f"ric-{side}", self.matrix, order=self.s, upper=upper, path=path,
            lower={"kind": "vector", "support": list(found.support), "entries": found.vector})

    def __repr__(self):
        return (f"<RIC s={self.s}, {self.lower:.10g} <= delta <= {self.upper:.10g} "
                f"(minus {self.minus.upper:.6g}, plus {self.plus.upper:.6g})>")


def chosen_side(side, minus_upper, plus_upper) -> str:
    """Return the side asked for, by default that with the larger upper bound.

    >>> chosen_side(None, 0.5, 0.25)
    'minus'
    """
    if side not in (None, "minus", "plus"):
        raise ValueError(f"side must be 'minus' or 'plus', got {side!r}")
    return side or ("plus" if plus_upper >= minus_upper else "minus")


def ric(A, s, *, max_supports=2_000_000_000, threads=None, progress=None) -> RIC:
    r"""Enclose the restricted isometry constants of order ``s``.

    :math:`1+\delta^+=\max_{|S|=s}\lambda_{\max}(A_S^*A_S)` and
    :math:`1-\delta^-=\min_{|S|=s}\lambda_{\min}(A_S^*A_S)`. The columns are used as they stand; divide
    by their lengths first if they should have length one. A local search finds a good support and so
    a threshold ``t``; then no eigenvalue is needed to decide that no support exceeds it:
    :math:`tI-G_S` is positive definite if all pivots of its elimination are positive, and the supports share
    their eliminations.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex.
    s : int
        Sparsity, from 1 to ``N``. For ``s > m`` every support is dependent and :math:`\delta^-=1`.
    max_supports : int
        Most supports to decide. Beyond it the largest smaller order ``l`` within reach is
        searched, and an inequality between orders bounds order ``s``.
    threads : int, optional
        Default: all processors this process may use. The answer does not depend on it.
    progress : callable, optional
        Called with supports done, supports of the present order, and a note.

    Returns
    -------
    RIC
        Ctrl-C ends the search with what is proved.

    Raises
    ------
    ValueError
        If the matrix is not finite, its largest entry not between 1e-100 and 1e100, or ``s`` out of
        range.

    Notes
    -----
    *Without a search of all supports.* Let :math:`H` be Hermitian, :math:`\Lambda_s` the largest
    eigenvalue over supports of size ``s``, ``x`` a unit vector supported on ``S``. By Gershgorin
    :math:`\Lambda_s\le\max_i(H_{ii}+` the ``s - 1`` largest :math:`|H_{ij}|)`. Every pair of indices of
    ``S`` lies in :math:`\binom{s-2}{l-2}` of its subsets of size ``l``, every index in
    :math:`\binom{s-1}{l-1}`. Add :math:`x_L^*Hx_L\le\Lambda_l\|x_L\|^2` over these subsets and divide by
    the former number:

    .. math:: \Lambda_s\le\frac{(s-1)\Lambda_l-(s-l)\min_iH_{ii}}{l-1} .

    With unit columns and ``l = 2`` that is :math:`\delta_s\le(s-1)\mu`.

    *Rounding.* A computed factorisation with positive pivots is the exact one of a matrix near
    :math:`tI-G_S`, which shifts the eigenvalues by an amount that is known and added to ``upper``.

    Deciding restricted isometry is NP-hard [TP14]_. Cost: about ten nanoseconds for each of the
    :math:`\binom Ns` supports.

    References
    ----------
    .. [TP14] A. M. Tillmann, M. E. Pfetsch, "The computational complexity of the restricted isometry
       property, the nullspace property, and related concepts in compressed sensing", arXiv 1205.2081.

    Examples
    --------
    Unit vectors with inner product 0.6: the Gram matrix of the two has eigenvalues 1.6 and 0.4.

    >>> result = ric([[1.0, 0.0, 0.6], [0.0, 1.0, 0.0], [0.0, 0.0, 0.8]], 2)
    >>> result
    <RIC s=2, 0.6 <= delta <= 0.6 (minus 0.6, plus 0.6)>
    >>> result.plus.support, result.exact
    ((0, 2), True)
    """
    matrix = dense_within_range(A)
    n = matrix.shape[1]
    s = as_count(s, "s", low=1, high=n)
    max_supports = as_count(max_supports, "max_supports", low=1)
    threads = thread_count(threads)
    scale = unit_scale(matrix)
    scaled = matrix * scale
    plus = ExtremeSupport(scaled, s, +1)
    minus = ExtremeSupport(scaled, s, -1)
    for search, note in ((plus, "largest"), (minus, "smallest")):
        if not minus.interrupted and not plus.interrupted:
            search.run(max_supports // 2, threads, progress, note)
    sides = [_side(search, matrix, sign, scale) for search, sign in ((plus, 1), (minus, -1))]
    return RIC(s, sides[1], sides[0], plus.complete and minus.complete, plus.evaluated + minus.evaluated,
               comb(n, s), plus.interrupted or minus.interrupted, matrix)


def _side(search, matrix, sign, scale):
    """Return to the matrix as it stands, and to distances from 1."""
    support = search.support
    lower = rayleigh_lower(matrix[:, list(support)], search.vector, sign)
    upper = np.nextafter(search.upper / scale**2 - sign, np.inf)
    if sign < 0:
        upper = min(upper, 1.0)                               # no Gram matrix has negative eigenvalues
    return IsometryConstant(lower, float(max(lower, upper)), support, search.vector)


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
        """Return a certificate of the bound of one side, as :meth:`RIC.certificate` does.

        Raises
        ------
        CertificateError
            If there are too many columns for the verifier.
        """
        from kernelstab.certify import make_constant_certificate
        from kernelstab.certify.enclosure import decimal_above

        side = chosen_side(side, self.minus_upper, self.plus_upper)
        shift = decimal_above(Fraction(getattr(self, f"{side}_shift")))
        upper = {"kind": "sdp", "Y": getattr(self, f"{side}_dual"), "t": shift}
        return make_constant_certificate(f"ric-{side}", self.matrix, order=self.s, upper=upper, path=path)

    def __repr__(self):
        return f"<RICRelaxation s={self.s}, minus <= {self.minus_upper:.6g}, plus <= {self.plus_upper:.6g}>"


def ric_relaxation(A, s) -> RICRelaxation:
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

    Returns
    -------
    RICRelaxation
        Exact for ``s = 2`` and unit columns, where both constants are the coherence.

    Raises
    ------
    ValueError
        If ``s`` is out of range.

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
    plus_dual, plus_shift = _dual(gram, s)
    minus_dual, minus_shift = _dual(-gram, s)
    # rounding of the Gram matrix and of the scaling, m + 8 units of an entry, N times that for eigenvalues
    slack = 8 * matrix.shape[1] * (matrix.shape[0] + 16) * _EPS
    plus, minus = (scale**2 * (shift + s * np.abs(dual).max() + slack)
                   for shift, dual in ((plus_shift, plus_dual), (minus_shift, minus_dual)))
    # away from zero or towards it: up; and the sum with 1 is rounded once more
    plus, minus = (value + 16 * _EPS * abs(value) for value in (plus, minus))
    minus, plus = (float(np.nextafter(value, np.inf)) for value in (1 + minus, plus - 1))
    return RICRelaxation(s, min(1.0, minus), plus, scale**2 * minus_dual, scale**2 * plus_dual,
                         scale**2 * (minus_shift + slack), scale**2 * (plus_shift + slack), matrix)


def _dual(hermitian, s):
    """Return a matrix Y near the best and a number t above the largest eigenvalue of H + Y."""
    import cvxpy as cp

    n = len(hermitian)
    hermitian_variable = {"hermitian": True} if np.iscomplexobj(hermitian) else {"symmetric": True}
    y, t, limit = cp.Variable((n, n), **hermitian_variable), cp.Variable(), cp.Variable()
    slackness = t * np.eye(n) - hermitian - y
    problem = cp.Problem(cp.Minimize(t + s * limit), [slackness >> 0, cp.abs(y) <= limit])
    dual = np.zeros_like(hermitian)
    solve_cone_program(problem)
    if y.value is None:
        warnings.warn("CLARABEL found no bound, the spectral norm is used", NotConverged, stacklevel=3)
    else:
        dual = (y.value + y.value.conj().T) / 2
    values = np.linalg.eigvalsh(hermitian + dual)
    # the computed eigenvalues are those of a matrix that differs by a small multiple of N units
    return dual, float(values[-1]) + 10 * n * _EPS * max(1.0, float(np.abs(values).max()))


def ric_robust_nsp(delta, s) -> RecoveryConstants:
    r"""Return what a restricted isometry constant of order ``2 s`` promises for ``s``-sparse recovery.

    If :math:`\delta=\delta_{2s}<4/\sqrt{41}`, the :math:`\ell^2` property holds with
    :math:`\rho=\delta/d` and :math:`\tau=\sqrt{1+\delta}/d`, where :math:`d=\sqrt{1-\delta^2}-\delta/4`.

    Parameters
    ----------
    delta : float
        At least :math:`\delta_{2s}`, not negative.
    s : int

    Notes
    -----
    *Proof.* Order ``v`` by size in blocks :math:`S_0,S_1,\dots` of ``s`` entries and write
    :math:`\|Av_{S_0}\|^2=(1+t)\|v_{S_0}\|^2`. Then
    :math:`|\langle Av_{S_0},Av_{S_k}\rangle|\le\sqrt{\delta^2-t^2}\|v_{S_0}\|\|v_{S_k}\|`, and
    :math:`\sum_{k\ge1}\|v_{S_k}\|_2\le\|v_{S_0^c}\|_1/\sqrt s+\|v_{S_0}\|_2/4`. Insert both in
    :math:`\|Av_{S_0}\|^2=\langle Av_{S_0},Av\rangle-\sum_k\langle Av_{S_0},Av_{S_k}\rangle`; the factor
    :math:`\sqrt{\delta^2-t^2}/(1+t)` is largest, :math:`\delta/\sqrt{1-\delta^2}`, at
    :math:`t=-\delta^2`, and :math:`1/\sqrt{1+t}\le1/\sqrt{1-\delta}`.

    >>> promise = ric_robust_nsp(0.6, 1)                            # d = 0.8 - 0.15 = 0.65
    >>> bool(np.isclose(promise.rho, 0.6 / 0.65)), bool(np.isclose(promise.tau, np.sqrt(1.6) / 0.65))
    (True, True)
    >>> ric_robust_nsp(0.7, 1).applicable
    False
    """
    delta, s = as_number(delta, "delta", low=0.0), as_count(s, "s", low=1)
    d = np.sqrt(1 - delta**2) - delta / 4 if delta < 1 else 0.0
    if d <= 0:
        return RecoveryConstants(s, np.inf, np.inf, "l2", None, None,
                                 reason=f"delta = {delta:.6g} is not below 4/sqrt(41)")
    return recovery_constants(float(delta / d), float(np.sqrt(1 + delta) / d), s, norm="l2")
