"""Everything that is known of one forward matrix, on one card: as numbers, as text, with its proofs."""

import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import comb, isinf
from typing import Any

import numpy as np

from kernelstab import kernel
from kernelstab._checks import as_count
from kernelstab._errors import CertificateError, UnclearRank
from kernelstab.certify import make_collection
from kernelstab.operators import as_operator
from kernelstab.report.numbers import plain, readable
from kernelstab.warmup import warmup

_ROBUST_PROGRAMS = 20_000      # beyond this the noise constant is left to whoever asks for it
_SETS = 20_000_000             # default budget of the enumerations: seconds
_FLOAT_SETS = 2_000_000        # the same for the second reading of the spark
_UNIT = 1e-12                   # lengths of columns as near to one are one
_ROUNDING = Fraction(1, 10**9)      # a proved bound this near to the computed one is the same


@dataclass(frozen=True)
class MatrixCard:
    """The constants of a matrix, each between two bounds, as far as they were computed.

    Attributes
    ----------
    matrix : ndarray, shape (m, N)
        The matrix that the card is about, with columns as they were used.
    order : int
    lengths : (float, float)
        The shortest and the longest column.
    null : NullSpace
    coherence : Coherence or None
        None if there is only one column, or a zero one.
    spark : Spark or None
        Of the numbers as they are stored.
    spark_float : Spark or None
        Its reading in floating point, where a dependence that holds up to rounding counts.
    isometry : tuple of RIC
        Orders 1, 2, ..., of the columns divided by their lengths where none is zero: constants near zero
        need columns of length one.
    alpha : tuple of NSPConstant
        Orders 1, 2, ...
    robust : BestRobustNSP or None
        For the largest order that basis pursuit recovers, where that is affordable.
    interrupted : bool
        Whether Ctrl-C ended the work; what stands on the card is true all the same.
    """

    matrix: np.ndarray = field(repr=False)
    order: int
    lengths: tuple[float, float]
    null: kernel.NullSpace
    coherence: kernel.Coherence | None = None
    spark: kernel.Spark | None = None
    spark_float: kernel.Spark | None = None
    isometry: tuple[kernel.RIC, ...] = ()
    alpha: tuple[kernel.NSPConstant, ...] = ()
    robust: kernel.BestRobustNSP | None = None
    interrupted: bool = False

    @property
    def recovered(self) -> int:
        """The largest sparsity on the card for which basis pursuit is known to recover every vector."""
        return max((s for s, constant in enumerate(self.alpha, 1) if constant.holds), default=0)

    @property
    def unit(self) -> bool:
        """Whether all columns have length one, up to rounding."""
        return max(abs(length - 1) for length in self.lengths) < _UNIT

    @property
    def divided(self) -> bool:
        """Whether the isometry constants are those of the columns divided by their lengths."""
        return not self.unit and self.lengths[0] > 0

    @property
    def coherent(self) -> int:
        """The largest ``s`` for which the coherence promises recovery; it needs columns of length one."""
        return self.coherence.sparsity if self.coherence is not None and self.unit else 0

    @property
    def unique(self) -> int:
        """The largest ``s`` such that no two ``s``-sparse vectors share their data, up to rounding too."""
        if self.spark is None:
            return 0
        other = self.spark_float
        least = self.spark.lower
        if other is not None and (other.exact or other.upper < least):
            least = min(least, other.lower)
        return int(min(least - 1, self.matrix.shape[1]) // 2)

    @property
    def promised(self) -> int:
        """The largest ``s`` for which the isometry constant of order ``2 s`` promises recovery.

        None where columns were divided: their promise is about 1-norms in which entries count by the lengths.
        """
        known = {} if self.divided else {constant.s: constant.upper for constant in self.isometry}
        return max((s for s in range(1, self.order // 2 + 1)
                    if 2 * s in known and kernel.ric_robust_nsp(known[2 * s], s).applicable), default=0)

    def text(self) -> str:
        """Return what was measured, a row for each order, and what follows for recovery."""
        lines = [f"{name:<10} {text}" for name, text in _facts(self)]
        if self.isometry or self.alpha:
            lines += ["", f"{'s':>3}  {'delta_s':<26}{'alpha_s':<26}basis pursuit"]
            lines += [_row(self, s) for s in range(1, max(len(self.isometry), len(self.alpha)) + 1)]
        lines += ["", *_consequences(self)]
        if self.interrupted:
            lines.append("interrupted: what stands here is true, but the search was not finished")
        lines.append("computed in floating point, rounding errors included; certificates prove it")
        return "\n".join(lines)

    def to_json(self) -> dict:
        """Return the numbers of the card as plain values; infinities are text."""
        return {
            "shape": self.matrix.shape, "real": not np.iscomplexobj(self.matrix), "order": self.order,
            "column_lengths": self.lengths, "rank": self.null.rank, "kernel_dimension": self.null.dimension,
            "other_kernel_dimensions": [other.dimension for other in self.null.alternatives],
            "gap": self.null.gap, "tol": self.null.tol,
            "coherence": self.coherence and {"value": self.coherence.mu, "columns": self.coherence.pair,
                                             "welch_lower": self.coherence.welch_lower},
            "spark": self.spark and _ends(self.spark, columns=self.spark.support),
            "spark_float": self.spark_float and _ends(self.spark_float),
            "ric_columns": "divided by their lengths" if self.divided else "as they stand",
            "ric": [_ends(r, s=r.s, minus=_ends(r.minus), plus=_ends(r.plus)) for r in self.isometry],
            "nsp": [_ends(a, s=a.s, recovers=a.holds, support=[int(i) for i in a.support],
                          residual=a.residual) for a in self.alpha],
            "robust": self.robust and _ends(self.robust, s=self.robust.s, rho=self.robust.rho,
                                            constant="min 4 tau/(1 - rho)"),
            "recovered": self.recovered, "promised_by_coherence": self.coherent,
            "promised_by_ric": self.promised, "interrupted": self.interrupted,
        }

    def proofs(self, progress=None) -> "CardProofs":
        """Prove rank, coherence, isometry and null space constants and spark.

        Each is proved while its certificate is made, which can take longer than the search did: the
        verifier goes through all column sets of the spark and all supports of an isometry constant.
        Ctrl-C leaves what is proved by then. The constant of noise has no certificate.

        Parameters
        ----------
        progress : callable, optional
            Called as ``progress(done, total, note)``.
        """
        jobs = _jobs(self)
        certificates, missing, weaker = {}, {}, []
        for place, (name, (make, result)) in enumerate(jobs.items()):
            try:
                if progress is not None:
                    progress(place, len(jobs), f"proofs  {name}")
                certificate = make()
                weaker += _weaker(name, certificate, result)
                certificates[name] = certificate
            except CertificateError as error:
                missing[name] = str(error)
            except KeyboardInterrupt:
                missing |= dict.fromkeys(list(jobs)[place:], "interrupted")
                break
        return CardProofs(certificates, missing, tuple(weaker))


@dataclass(frozen=True)
class CardProofs:
    """Certificates of the constants on a card.

    Attributes
    ----------
    certificates : dict
        Name of the constant to its certificate.
    missing : dict
        Name of the constant to the reason why it has none.
    weaker : tuple of str
        Proved bounds that are weaker than those computed, such as ``"spark >= 5, computed 6"``.
    """

    certificates: dict[str, dict] = field(repr=False)
    missing: dict[str, str]
    weaker: tuple[str, ...]

    @property
    def collection(self) -> dict:
        """The certificates in one, for ``kernelstab verify``."""
        return make_collection(self.certificates.values())

    def text(self, path) -> str:
        """Return what the file holds and lacks, one line each."""
        lines = [f"proofs of {', '.join(self.certificates) or 'nothing'}"]
        lines += [f"no proof of {name}: {reason}" for name, reason in self.missing.items()]
        return "\n".join(f"{path}: {line}" for line in [*lines, *(f"weaker than computed: {bound}"
                                                                 for bound in self.weaker)])


def _ends(result, **more) -> dict:
    """Return the two ends of a constant as JSON holds them, and more of it."""
    ends = {side: value if isinstance(value, int) else plain(float(value))
            for side, value in (("lower", result.lower), ("upper", result.upper))}
    exact = getattr(result, "exact", None)
    return ends | ({} if exact is None else {"exact": bool(exact)}) | more


def matrix_card(A, order=3, *, normalise=False, max_supports=None, progress=None) -> MatrixCard:
    """Compute the constants of a matrix up to an order, the spark last.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Small enough to be searched: tens of columns, real or complex.
    order : int
        Largest sparsity, from 1 to ``N``.
    normalise : bool
        Divide every column by its length first.
    max_supports : int, optional
        Budget of each search; beyond it an answer is two-sided and says so. Default: what takes seconds.
    progress : callable, optional
        Called as ``progress(done, total, note)``.

    Returns
    -------
    MatrixCard
        Ctrl-C ends the work and leaves on the card what was proved by then.

    Raises
    ------
    ValueError
        If the matrix is not finite, has a zero column that should be normalised, or ``order`` is out
        of range.

    Examples
    --------
    >>> card = matrix_card([[2, 0, 1, 1], [0, 2, 1, -1]], 2, normalise=True)
    >>> card.recovered, card.spark.lower, round(card.coherence.mu, 4)
    (1, 3, 0.7071)
    """
    matrix = as_operator(A).to_dense()
    order = as_count(order, "order", low=1, high=matrix.shape[1])
    lengths = np.linalg.norm(matrix, axis=0)
    if normalise:
        if not lengths.all():
            raise ValueError(f"A must not have a zero column, got one at {int(np.argmin(lengths))}")
        matrix = matrix / lengths
        lengths = np.linalg.norm(matrix, axis=0)
    found: dict[str, Any] = {"null": kernel.nullspace_basis(matrix)}
    try:
        for name, value in _stages(matrix, order, lengths, max_supports, progress):
            found[name] = (*found.get(name, ()), value) if name in ("isometry", "alpha") else value
            if getattr(value, "interrupted", False):
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        found["interrupted"] = True
    return MatrixCard(matrix, order, (float(lengths.min()), float(lengths.max())), **found)


def _stages(matrix, order, lengths, max_supports, progress):
    """Yield the constants one by one, cheap ones first."""
    def told(stage):
        return progress and (lambda done, total, note: progress(done, total, f"{stage}  {note}"))

    def options(stage, default=None):
        given = {"progress": told(stage), "max_supports": max_supports or default}
        return {key: value for key, value in given.items() if value is not None}

    if progress is not None:      # the first run says what it spends its time on
        warmup("kernel", progress=told("compiling (once)"))
    if matrix.shape[1] > 1 and lengths.all():
        yield "coherence", kernel.coherence(matrix)
    short = lengths.all() and max(abs(lengths - 1)) >= _UNIT
    divided = matrix / lengths if short else matrix
    for s in range(1, order + 1):
        yield "isometry", kernel.ric(divided, s, **options(f"delta_{s}", _SETS))
    recovered = 0
    for s in range(1, order + 1):
        constant = kernel.nsp_constant(matrix, s, **options(f"alpha_{s}"))
        recovered = s if constant.holds else recovered
        yield "alpha", constant
    programs = comb(matrix.shape[1], recovered) * 2 ** max(0, recovered - 1)
    if recovered and np.isrealobj(matrix) and programs <= _ROBUST_PROGRAMS:
        yield "robust", kernel.best_robust_nsp(matrix, recovered)
    yield "spark", kernel.spark(matrix, **options("spark", _SETS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnclearRank)      # the two readings stand in the result
        yield "spark_float", kernel.spark(matrix, arithmetic="float", **options("spark (float)", _FLOAT_SETS))


def _facts(card):
    m, n = card.matrix.shape
    low, high = (f"{length:.4g}" for length in card.lengths)
    kind = "complex" if card.matrix.dtype.kind == "c" else "real"
    length = "1" if card.unit else low if low == high else f"{low} to {high}"
    yield "matrix", f"{m} x {n}, {kind}, columns of length {length}"
    above, below = card.null.gap
    unclear = "".join(f" or {other.rank}" for other in card.null.alternatives)
    beside = f" and {below:.3g}" if card.null.rank < min(m, n) else ""
    yield "rank", (f"{card.null.rank}{unclear}, kernel of dimension {card.null.dimension}; singular value"
                   f"{'s' if beside else ''} {above:.3g}{beside} beside the tolerance {card.null.tol:.1e}")
    if card.coherence is not None:
        pair = _columns(card.coherence.pair)
        yield "coherence", (f"{card.coherence.mu:.6g} at {pair}, of the columns divided by their lengths; no "
                            f"matrix of this shape is below {card.coherence.welch_lower:.6g}")
    if card.spark is not None and isinf(card.spark.lower):
        yield "spark", "infinite: all columns together are independent"
    elif card.spark is not None:
        yield "spark", f"{_value(card.spark)}; dependent are {_columns(card.spark.support)}"
    other = card.spark_float
    if other is not None and other.upper < card.spark.lower:
        yield "", (f"that is the numbers as stored; up to rounding it is {_value(other)}: "
                   f"{_columns(other.support)}")


def _value(spark):
    return f"{spark.lower}" if spark.exact else f"between {spark.lower} and {spark.upper}"


def _columns(support):
    listed = ", ".join(map(str, support[:16])) + (", ..." if len(support) > 16 else "")
    return f"column{'' if len(support) == 1 else 's'} {listed}"


def _row(card, s):
    cells = []
    for found in (card.isometry, card.alpha):
        one = found[s - 1] if s <= len(found) else None
        cells.append("-" if one is None else f"{one.upper:.8f}" if one.exact
                     else f"{one.lower:.6f} to {one.upper:.6f}")
    return f"{s:>3}  {cells[0]:<26}{cells[1]:<26}{_verdict(one, s)}"


def _verdict(constant, s):
    if constant is None:
        return "-"
    if constant.holds is None:
        return "1/2 up to rounding: a certificate can decide it" if constant.exact else "not decided"
    if constant.holds:
        return f"recovers every {s}-sparse vector"
    return f"fails on {_columns([int(i) for i in constant.support])}"


def _consequences(card):
    if card.null.dimension == 0:
        yield "the kernel is trivial: without noise every vector is determined by its data"
    elif card.unique:
        yield f"every {card.unique}-sparse vector is the only one of its kind with its data (2s < spark)"
    if card.divided:
        yield ("coherence and delta_s are about the columns divided by their lengths, all else about the "
               "columns as they stand (--normalise divides throughout)")
    elif not card.unit:
        yield "delta_s and alpha_s are about the columns as they stand: zero columns cannot be divided"
    if card.coherent:
        yield f"coherence alone promises recovery up to s = {card.coherent}"
    if card.promised:
        yield f"the isometry constant of order {2 * card.promised} alone promises it to s = {card.promised}"
    if card.recovered:
        rho = card.alpha[card.recovered - 1].rho_upper
        yield f"basis pursuit recovers every vector up to s = {card.recovered}; alpha/(1 - alpha) = {rho:.6g}"
    if card.robust is not None:
        factor = readable(card.robust.upper, 4)
        yield (f"with noise eta, constrained basis pursuit errs by at most {factor} eta in the 1-norm on "
               f"{card.robust.s}-sparse vectors")


def _jobs(card):
    """Return name to (maker of the certificate, what was computed), quick ones first."""
    jobs = {}
    if not np.iscomplexobj(card.matrix):
        jobs["rank"] = lambda: kernel.rational_nullspace(card.matrix).certificate(), None
    if card.coherence is not None:
        jobs["coherence"] = card.coherence.certificate, card.coherence
    for found in card.isometry:
        for side, sign in (("minus", "-"), ("plus", "+")):
            make = _divided if card.divided else partial(found.certificate, side=side)
            jobs[f"delta^{sign}_{found.s}"] = make, getattr(found, side)
    for found in card.alpha:
        jobs[f"alpha_{found.s}"] = found.certificate, found
    if card.spark is not None:
        jobs["spark"] = card.spark.certificate, card.spark
    return jobs


def _divided():
    raise CertificateError("it is about the columns divided by their lengths, and all proofs of a collection "
                           "are about one matrix: --normalise proves it")


def _weaker(name, certificate, result):
    """Yield the sides of a constant whose proved bound is weaker than the computed one."""
    for statement in certificate["statements"] if result is not None else ():
        side = statement["side"]
        computed = getattr(result, side)
        proved = Fraction(statement["value"])
        if isinf(computed) or abs(proved - Fraction(computed)) > _ROUNDING * max(1, abs(proved)):
            sign = ">=" if side == "lower" else "<="
            yield f"{name} {sign} {float(proved):.6g}, computed {computed:.6g}"
