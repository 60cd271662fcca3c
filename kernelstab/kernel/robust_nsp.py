r"""The robust null space property: the smallest :math:`\tau`, and the best :math:`\rho`."""

from dataclasses import dataclass, field
from decimal import Decimal
from math import comb

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._engines.dense_matrix import dense_within_range
from kernelstab._engines.robust_nsp.least_norm import LeastNormPrograms, all_supports, largest, nothing_known
from kernelstab._engines.robust_nsp.signs import Signs
from kernelstab._engines.robust_nsp.sphere import Sphere
from kernelstab.kernel.nsp_result import DualGroup
from kernelstab.kernel.recovery import RecoveryConstants, recovery_constants

_EPS = float(np.finfo(np.float64).eps)
_NORMS = {1: "l1", "1": "l1", "l1": "l1", 2: "l2", "2": "l2", "l2": "l2"}


@dataclass(frozen=True)
class RobustNSP:
    r"""Two-sided value of the smallest :math:`\tau` of a robust null space property.

    Attributes
    ----------
    s : int
    rho : float
    norm : {"l1", "l2"}
    lower, upper : float
        :math:`\tau` lies between them; ``lower`` is the quotient of ``witness``, rounded down, ``upper``
        the largest bound that the dual vectors prove, rounded up. Both are infinite
        if ``witness`` is a kernel vector that no :math:`\tau` can satisfy.
    exact : bool
        True if every support and sign pattern was solved and the ends meet to a relative 1e-6, mostly 1e-12;
        for ``"l2"`` only with ``s`` = 1, since otherwise a polytope stands for the sphere.
    support : tuple of int
        :math:`S`, where the witness has its ``s`` largest entries.
    signs : tuple of int
        Their signs.
    witness : ndarray, shape (N,)
        :math:`v`; the quotient is :math:`(\|v_S\|-\rho\|v_{S^c}\|_1)/\|Av\|` with the 1-norm on
        :math:`S`, or with the 2-norm there and :math:`\rho/\sqrt s`.
    residual : float
        :math:`\|Av\|` as computed, about 0 if :math:`\tau` is infinite.
    dual : ndarray, shape (m,)
        :math:`h` of the program with the largest bound.
    groups : tuple of DualGroup
        For ``"l1"`` the dual vectors that prove ``upper``: all programs solved and, if some supports were
        left out, those of single columns for the smaller :math:`\rho_1` of :func:`robust_nsp`.
    evaluated, supports : int
        Supports solved and supports there are.
    interrupted : bool
        Whether Ctrl-C ended the search.
    matrix : ndarray, shape (m, N)
    """

    s: int
    rho: float
    norm: str
    lower: float
    upper: float
    exact: bool
    support: tuple[int, ...]
    signs: tuple[int, ...]
    witness: np.ndarray = field(repr=False)
    residual: float
    dual: np.ndarray = field(repr=False)
    groups: tuple[DualGroup, ...] = field(repr=False)
    evaluated: int
    supports: int
    interrupted: bool
    matrix: np.ndarray = field(repr=False)

    @property
    def constants(self) -> RecoveryConstants:
        r"""The recovery bounds that follow from :math:`\rho` and ``upper``."""
        return recovery_constants(self.rho, self.upper, self.s, norm=self.norm)

    def __repr__(self):
        how = "" if self.exact or np.isinf(self.lower) else ", not exact"
        return (f"<RobustNSP {self.norm} s={self.s} rho={self.rho:.6g}, {self.lower:.10g} <= tau <= "
                f"{self.upper:.10g}, {self.evaluated} of {self.supports} supports{how}>")

    def certificate(self, path=None) -> dict:
        r"""Make the certificate that both ends hold for the matrix exactly as it stands.

        The lower end is that of ``witness``, the upper end that of all dual vectors. An infinite end is
        not a number: then only a finite one that the witness proves is stated, huge as it may be, and the
        certificate of the null space constant is the one that shows infinity.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it.

        Raises
        ------
        ValueError
            For the ``"l2"`` form, whose bounds have no certificate yet.
        CertificateError
            If the witness and the dual vectors prove nothing in exact arithmetic.
        """
        from kernelstab.certify import make_constant_certificate

        if self.norm != "l1":
            raise ValueError("only the l1 form has a certificate, got norm 'l2'")
        groups = [{"supports": g.supports, "signs": g.signs, "duals": g.duals} for g in self.groups]
        upper = {"kind": "duals", "groups": groups} if np.isfinite(self.upper) else None
        lower = {"kind": "vector", "entries": self.witness}
        return make_constant_certificate("robust-nsp-l1", self.matrix, order=self.s, lower=lower, upper=upper,
                                         options={"rho": rho_text(self.rho)}, path=path)


def robust_nsp(A, s, rho, *, norm="l1", max_supports=50_000, threads=1, progress=None) -> RobustNSP:
    r"""Find the smallest :math:`\tau` of a robust null space property of a small real matrix.

    The property in :math:`\ell^1` form asks for all vectors :math:`v` and all supports :math:`|S|=s` that

    .. math:: \|v_S\|_1\le\rho\,\|v_{S^c}\|_1+\tau\,\|Av\| ,

    in :math:`\ell^2` form :math:`\|v_S\|_2\le(\rho/\sqrt s)\|v_{S^c}\|_1+\tau\|Av\|`. By Lagrange duality

    .. math:: \tau_s(\rho)=\max_{S,\,\xi\in\{\pm1\}^S}\min\{\|h\|:A_S^Th=\xi,\|A_{S^c}^Th\|_\infty\le\rho\} ,

    and in :math:`\ell^2` form the same with unit vectors :math:`u` for :math:`\xi` and
    :math:`\rho/\sqrt s`. The constant is infinite if and only if one of the programs has no feasible point;
    then a kernel vector is the witness, which happens below :math:`\rho_s=\alpha_s/(1-\alpha_s)`.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    s : int
        Sparsity, from 1 to ``N``.
    rho : float
        Positive. Recovery bounds need it below 1.
    norm : {"l1", "l2"}
        Or 1 and 2.
    max_supports : int
        Most supports to solve. With more supports than that, those of the columns that matter most alone are
        solved, and a bound covers the others.
    threads : int
        Threads for the programs; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, total, note)``.

    Returns
    -------
    RobustNSP

    Raises
    ------
    ValueError
        If the matrix is complex or zero, or a number is out of range; for the :math:`\ell^2` form also if
        there are more than ``max_supports`` supports.

    Notes
    -----
    *Upper bound whatever the solver did.* Let :math:`r=\|A_S^Th-\xi\|_\infty<1` and
    :math:`\|A_{S^c}^Th\|_\infty\le\rho(1-r)` as measured. For :math:`v` with signs :math:`\xi` on ``S``,
    :math:`\|v_S\|_1=\langle h,Av\rangle-\langle A_{S^c}^Th,v_{S^c}\rangle+\langle\xi-A_S^Th,v_S\rangle`
    is at most :math:`\|h\|\|Av\|+\rho(1-r)\|v_{S^c}\|_1+r\|v_S\|_1`: divide by :math:`1-r`.

    *Supports left out.* In terms of :math:`\|v\|_1` the property of one column for :math:`\rho_1` reads
    :math:`(1+\rho_1)|v_i|\le\rho_1\|v\|_1+\tau_i\|Av\|`. With :math:`\rho_1=\rho/(s+(s-1)\rho)`,
    that is :math:`s\rho_1/(1+\rho_1)=\rho/(1+\rho)`, the sum over ``S`` gives
    :math:`\tau_S(\rho)\le\frac{1+\rho}{1+\rho_1}\sum_{i\in S}\tau_i(\rho_1)`.

    *In* :math:`\ell^2` *form* the programs are convex in ``u``: unit vectors with an ascent bound from
    below, the corners of polytopes around the sphere from above, finer and finer where it matters.

    At :math:`\rho=\rho_s` exactly the limits are met with equality and rounding decides; the upper end is
    then finite only if the dual vectors prove it in exact fractions. Cost: :math:`\binom Ns2^{s-1}` programs
    of some microseconds each, after a compilation in the first run.

    Examples
    --------
    Two unit vectors in the plane and their sum: the dual vectors of column 0 have the form (1, t) with
    :math:`|t|\le\rho` and :math:`|1+t|\le\rho`, the shortest is :math:`t=\rho-1`.

    >>> A = [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
    >>> result = robust_nsp(A, 1, 0.75)
    >>> round(result.upper, 9), bool(np.isclose(result.lower, np.hypot(1, 0.25)))
    (1.030776406, True)

    For :math:`\rho<1/2` there is none: in the kernel vector (1, 1, -1) one entry weighs half of the others.

    >>> bad = robust_nsp(A, 1, 0.45)
    >>> bad.lower, np.abs(bad.witness).round(6)
    (inf, array([0.333333, 0.333333, 0.333333]))
    """
    matrix = dense_within_range(A, real=True)
    n = matrix.shape[1]
    s = as_count(s, "s", low=1, high=n)
    rho = as_number(rho, "rho", low=0.0, strict=True)
    max_supports = as_count(max_supports, "max_supports", low=1)
    threads = as_count(threads, "threads", low=1)
    if norm not in _NORMS:
        raise ValueError(f"norm must be 'l1' or 'l2', got {norm!r}")
    programs = LeastNormPrograms(matrix)
    norm, supports = _NORMS[norm], comb(n, s)
    if norm == "l2" and supports > max_supports:
        raise ValueError(f"max_supports must be at least {supports} for the l2 form, got {max_supports}")
    try:
        if norm == "l1":
            found = Signs(programs, s, rho).search(max_supports, threads, progress)
        else:
            limits = np.full(n, rho / np.sqrt(s) * (1 - 2 * _EPS))
            found = Sphere(programs, all_supports(n, s), limits).search(threads, progress)
    except KeyboardInterrupt:
        found = nothing_known(matrix)
    v = found.witness
    support = tuple(int(i) for i in largest(v, s))
    signs = tuple(int(np.sign(v[i])) or 1 for i in support)
    groups = tuple(DualGroup(*group) for group in found.groups)
    return RobustNSP(s, rho, norm, found.lower, found.upper, found.exact, support, signs, v,
                     float(np.linalg.norm(matrix @ v)), found.dual, groups, found.evaluated, supports,
                     found.interrupted, matrix)


def rho_text(rho) -> str:
    """Write a float as certificates write decimals.

    >>> rho_text(0.75), rho_text(10.0)
    ('7.5e-1', '1e1')
    """
    number = Decimal(repr(float(rho))).normalize()
    digits = number.as_tuple().digits
    tail = "".join(map(str, digits[1:]))
    return f"{digits[0]}{'.' + tail if tail else ''}e{number.adjusted()}"
