r"""The robust null space property: the smallest :math:`\tau`, and the :math:`\rho` that promises most."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from kernelstab._checks import as_count, as_number
from kernelstab._engines.dense_matrix import dense_within_range
from kernelstab._engines.nsp.programs import largest_support
from kernelstab._engines.robust_nsp.least_norm import LeastNormPrograms
from kernelstab._engines.robust_nsp.search import RobustSearch
from kernelstab.kernel.levels import Levels
from kernelstab.kernel.nsp import DualGroup
from kernelstab.kernel.recovery import RecoveryConstants, recovery_constants

_EPS = float(np.finfo(np.float64).eps)
_ROUNDING = 1e-13


@dataclass(frozen=True)
class RobustNSP:
    r"""Two-sided value of the smallest :math:`\tau` of a robust null space property.

    Attributes
    ----------
    s : int or Levels
    rho : float
    norm : {"l1", "l2"}
    lower, upper : float
        :math:`\tau` lies between them; ``lower`` is the quotient of ``witness``, rounded down, ``upper``
        the largest bound that the dual vectors prove, rounded up. Both are infinite
        if ``witness`` is a kernel vector that no :math:`\tau` can satisfy.
    exact : bool
        True if every support and sign pattern was solved and the ends meet to a relative 1e-6, mostly 1e-12;
        for ``"l2"`` only with one entry, since otherwise a polytope stands for the sphere.
    support, signs : tuple of int
        :math:`S`, where the witness has its largest entries, and their signs.
    witness : ndarray, shape (N,)
        :math:`v`; the quotient is :math:`(\|v_S\|-\rho\|v_{S^c}\|_1)/\|Av\|` with the 1-norm on
        :math:`S`, or with the 2-norm there and the weights of the property off it.
    groups : tuple of DualGroup
        For ``"l1"`` the dual vectors that prove ``upper``: all programs solved and, if some supports were
        left out, those of single columns for the smaller :math:`\rho_1` of :func:`robust_nsp`.
    evaluated, supports : int
        Supports solved and supports there are.
    interrupted : bool
        Whether Ctrl-C ended the search.
    matrix : ndarray, shape (m, N)
    """

    s: int | Levels
    rho: float
    norm: str
    lower: float
    upper: float
    exact: bool
    support: tuple[int, ...]
    signs: tuple[int, ...]
    witness: np.ndarray = field(repr=False)
    groups: tuple[DualGroup, ...] = field(repr=False)
    evaluated: int
    supports: int
    interrupted: bool
    matrix: np.ndarray = field(repr=False)

    @property
    def residual(self) -> float:
        r""":math:`\|Av\|` of the witness as computed, about 0 if :math:`\tau` is infinite."""
        return float(np.linalg.norm(self.matrix @ self.witness))

    @property
    def factor(self) -> float:
        r"""The noise factor :math:`4\tau/(1-\rho)` from ``upper``; infinite if :math:`\rho\ge1`."""
        return 4 * self.upper / (1 - self.rho) if self.rho < 1 else np.inf

    @property
    def constants(self) -> RecoveryConstants:
        r"""The recovery bounds that follow from :math:`\rho` and ``upper``."""
        if isinstance(self.s, Levels):
            return self.s.constants(self.rho, self.upper)
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
        from kernelstab.certify.enclosure import decimal_above

        if self.norm != "l1":
            raise ValueError("only the l1 form has a certificate, got norm 'l2'")
        groups = [{"supports": g.supports, "signs": g.signs, "duals": g.duals} for g in self.groups]
        upper = {"kind": "duals", "groups": groups} if np.isfinite(self.upper) else None
        lower = {"kind": "vector", "entries": self.witness}
        rho = decimal_above(Fraction(repr(self.rho)))           # no digit is lost
        return make_constant_certificate("robust-nsp-l1", self.matrix, order=self.s, lower=lower, upper=upper,
                                         options={"rho": rho}, path=path)


def robust_nsp(A, s, rho, *, norm="l1", max_supports=50_000, threads=1, progress=None) -> RobustNSP:
    r"""Find the smallest :math:`\tau` of a robust null space property of a small real matrix.

    The property in :math:`\ell^1` form asks for all vectors :math:`v` and all supports :math:`|S|=s` that

    .. math:: \|v_S\|_1\le\rho\,\|v_{S^c}\|_1+\tau\,\|Av\| ,

    in :math:`\ell^2` form :math:`\|v_S\|_2\le(\rho/\sqrt s)\|v_{S^c}\|_1+\tau\|Av\|`, and for sparsity in
    levels :math:`\|v_S\|_2\le(\rho/\sqrt\xi)\|v_{S^c}\|_{1,w}+\tau\|Av\|` for all supports with
    :math:`s_l` entries in level ``l``. By Lagrange duality

    .. math:: \tau_s(\rho)=\max_{S,\,\xi\in\{\pm1\}^S}\min\{\|h\|:A_S^Th=\xi,\|A_{S^c}^Th\|_\infty\le\rho\} ,

    and in :math:`\ell^2` form the same with unit vectors :math:`u` for :math:`\xi` and
    :math:`\rho/\sqrt s`. The constant is infinite if and only if one of the programs has no feasible point;
    then a kernel vector is the witness, which happens below :math:`\rho_s=\alpha_s/(1-\alpha_s)`.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    s : int or Levels
        Sparsity, from 1 to ``N``, or the levels of :func:`~kernelstab.kernel.sparsity_in_levels`.
    rho : float
        Positive. Recovery bounds need it below 1.
    norm : {"l1", "l2"}
        ``"l2"`` for levels.
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
        If the matrix is complex or zero, a number is out of range, or the levels do not fit; for the
        :math:`\ell^2` form also if there are more than ``max_supports`` supports.

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
    of some microseconds each, after a compilation in the first run; in :math:`\ell^2` form some hundred for
    each support, more for the few that decide.

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
    if not isinstance(s, Levels):
        s = as_count(s, "s", low=1, high=n)
    model = s if isinstance(s, Levels) else Levels(np.zeros(n, np.int64), (s,), (1.0,))
    rho = as_number(rho, "rho", low=0.0, strict=True)
    max_supports = as_count(max_supports, "max_supports", low=1)
    threads = as_count(threads, "threads", low=1)
    if norm not in ("l1", "l2"):
        raise ValueError(f"norm must be 'l1' or 'l2', got {norm!r}")
    if isinstance(s, Levels) and norm != "l2":
        raise ValueError(f"norm must be 'l2' for sparsity in levels, got {norm!r}")
    if len(model.labels) != n:
        raise ValueError(f"levels must label {n} columns, got {len(model.labels)}")
    supports = model.count()
    if norm == "l2" and supports > max_supports:
        raise ValueError(f"max_supports must be at least {supports} for the l2 form, got {max_supports}")
    caps, limits = np.array(model.sparsities), np.full(n, rho)
    if norm == "l2":
        limits = rho / np.sqrt(model.xi) * model.entry_weights * (1 - 8 * _EPS)
    found = RobustSearch(LeastNormPrograms(matrix), model.labels, caps, limits, norm)
    try:
        if norm == "l1":
            found.over_signs(rho, max_supports, threads, progress)
        else:
            found.over_sphere(model.supports(), threads, progress)
    except KeyboardInterrupt:
        found.interrupted = True
    v = found.witness
    support = largest_support(np.abs(v), model.labels, caps).tolist()
    signs = tuple(-1 if v[i] < 0 else 1 for i in support)
    return RobustNSP(s, rho, norm, found.lower, found.upper, found.exact, tuple(support), signs, v,
                     tuple(DualGroup(*group) for group in found.groups), found.evaluated, supports,
                     found.interrupted, matrix)


@dataclass(frozen=True)
class BestRobustNSP:
    r"""Two-sided value of :math:`\min_\rho 4\tau_s(\rho)/(1-\rho)`.

    Attributes
    ----------
    lower, upper : float
        ``upper`` is the value at ``rho``, with the upper end of :math:`\tau`; no :math:`\rho` gives less than
        ``lower``. Both are infinite if the null space property fails.
    nsp : RobustNSP
        At ``rho``; if the value is infinite, with a kernel vector that forbids every :math:`\rho<1`.
    evaluations : int
        Values of :math:`\rho` tried.
    cuts : ndarray, shape (k, 2)
        Rows (a, b) with :math:`\tau_s(\rho)\ge a-\rho b`, of a vector each; the first is the shortest column.
    floor : float
        :math:`\tau_s(\rho)` is infinite below it.
    exact : bool
        Whether the two ends meet to the relative gap that was asked for.
    interrupted : bool
        Whether Ctrl-C ended the search.
    """

    lower: float
    upper: float
    nsp: RobustNSP = field(repr=False)
    evaluations: int
    cuts: np.ndarray = field(repr=False)
    floor: float
    exact: bool
    interrupted: bool

    @property
    def s(self) -> int | Levels:
        """The sparsity."""
        return self.nsp.s

    @property
    def rho(self) -> float:
        """Where the smallest value was found."""
        return self.nsp.rho

    def __repr__(self):
        return (f"<BestRobustNSP s={self.s}, {self.lower:.8g} <= min 4 tau/(1 - rho) <= {self.upper:.8g} "
                f"at rho={self.rho:.6g}>")


def best_robust_nsp(A, s, *, tolerance=1e-6, max_evaluations=60, max_supports=50_000,
                    threads=1) -> BestRobustNSP:
    r"""Minimise the noise factor :math:`4\tau_s(\rho)/(1-\rho)` of constrained basis pursuit.

    Every vector ``v`` gives a line :math:`\tau_s(\rho)\ge(\|v_S\|_1-\rho\|v_{S^c}\|_1)/\|Av\|` that holds
    for all :math:`\rho`; the constant is the largest of them, so it is convex, and divided by
    :math:`1-\rho` it is quasi-convex. The lines of the witnesses met so far are minimised exactly, the
    constant is evaluated there, and its witness is the next line: the minimum over the lines is a lower
    bound, every value is an upper bound.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N), real
    s : int
    tolerance : float
        Relative gap at which to stop.
    max_evaluations : int
        Most values of :math:`\rho` to try.
    max_supports, threads : int
        As for :func:`robust_nsp`.

    Returns
    -------
    BestRobustNSP

    Raises
    ------
    ValueError
        As :func:`robust_nsp`.

    Examples
    --------
    The columns (1, 0), (0, 1), (1, 1): tau is the largest of :math:`\sqrt{1+(1-\rho)^2}` (columns 0 and 1)
    and a smaller value (column 2); divided by :math:`1-\rho` it grows, so the least
    :math:`\rho=1/2` is best, with :math:`4\sqrt{5/4}/(1/2)=4\sqrt5`.

    >>> best = best_robust_nsp([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], 1)
    >>> round(best.rho, 5), round(best.upper, 4), round(4 * 5**0.5, 4)
    (0.5, 8.9443, 8.9443)
    """
    tolerance = as_number(tolerance, "tolerance", low=0.0)
    max_evaluations = as_count(max_evaluations, "max_evaluations", low=1)
    shortest = float(np.linalg.norm(dense_within_range(A), axis=0).min())
    # a vector with one entry: its line keeps the minimum away from rho = 1
    cuts = [((1 - _ROUNDING) / shortest, 0.0)] if shortest > 0 else []
    floor, best, rho, misses, lower, evaluations = 0.0, None, 0.5, 0, np.inf, 0
    while evaluations < max_evaluations:
        evaluations += 1
        found = robust_nsp(A, s, rho, max_supports=max_supports, threads=threads)
        sizes = np.abs(found.witness)
        on = sizes[list(found.support)].sum()
        off = sizes.sum() - on
        if np.isinf(found.lower):               # a kernel vector: its ratio is the least possible rho
            floor, misses = max(rho, float(on / off * (1 - _ROUNDING)) if on < off else 1.0), misses + 1
        else:
            # the line of the witness, through the lower end at its own rho, which is rounded down already
            slope = off / found.residual * (1 + _ROUNDING)
            cuts.append((found.lower + rho * slope * (1 - _ROUNDING), slope))
            misses = misses + 1 if np.isinf(found.upper) else 0
            if best is None or found.factor < best.factor:
                best = found
        if floor >= 1:
            lower = np.inf
            break
        lower, where = lowest(np.array(cuts), floor)
        if found.interrupted or (best is not None and best.factor <= lower * (1 + tolerance)):
            break
        rho = max(where, floor + (1 - floor) * min(0.5, 1e-9 * 8.0**misses))
        if rho >= 1:
            break
    shown = found if best is None or floor >= 1 else best
    upper = np.inf if floor >= 1 else shown.factor
    return BestRobustNSP(lower, upper, shown, evaluations, np.array(cuts).reshape(-1, 2), floor,
                         lower == upper or upper <= lower * (1 + tolerance), found.interrupted)


def lowest(cuts, floor):
    r"""Minimise the largest of :math:`4(a-\rho b)/(1-\rho)` over :math:`\rho\in[` ``floor`` :math:`,1)`.

    Each is monotone, so the minimum is at the floor or where two of them cross, as long as one of the
    lines has a > b.

    >>> value, rho = lowest(np.array([[1.0, 0.0], [2.0, 3.0]]), 0.0)      # they cross at rho = 1/3
    >>> round(value, 9), round(rho, 9)
    (6.0, 0.333333333)
    """
    a, b = cuts.T
    pairs = np.triu_indices(len(a), 1)
    slopes, gaps = (b[:, None] - b[None])[pairs], (a[:, None] - a[None])[pairs]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = gaps / slopes
    inside = np.isfinite(crossings) & (crossings > floor) & (crossings < 1)
    places = np.concatenate([[floor], crossings[inside]])
    values = 4 * (a - places[:, None] * b).max(axis=1) / (1 - places)
    k = int(np.argmin(values))
    return max(0.0, float(values[k]) * (1 - _ROUNDING)), float(places[k])
