"""Everything that is known of one forward matrix, on one card."""

import warnings
from dataclasses import dataclass, field
from functools import partial
from math import comb
from typing import Any

import numpy as np

from kernelstab import kernel
from kernelstab._checks import as_count
from kernelstab._errors import UnclearRank
from kernelstab.certify import write_certificate
from kernelstab.operators import as_operator
from kernelstab.report.matrix_proofs import CardProofs, prove_card
from kernelstab.report.matrix_words import card_text
from kernelstab.report.numbers import plain

_ROBUST_PROGRAMS = 20_000      # beyond this the noise constant is left to whoever asks for it
_SETS = 20_000_000             # default budget of the enumerations: seconds
_FLOAT_SETS = 2_000_000        # the same for the second reading of the spark


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
        Orders 1, 2, ...
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
        return max(abs(length - 1) for length in self.lengths) < 1e-12

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
        """The largest ``s`` for which the isometry constant of order ``2 s`` promises recovery."""
        known = {constant.s: constant.upper for constant in self.isometry}
        return max((s for s in range(1, self.order // 2 + 1)
                    if 2 * s in known and kernel.ric_robust_nsp(known[2 * s], s).applicable), default=0)

    def text(self) -> str:
        """Return the card as it is printed."""
        return card_text(self)

    def to_json(self) -> dict:
        """Return the numbers of the card as plain values; infinities are text."""
        two = {"coherence": self.coherence and {"value": self.coherence.mu, "columns": self.coherence.pair,
                                                "welch_lower": self.coherence.welch_lower},
               "spark": self.spark and bounds(self.spark) | {"columns": self.spark.support},
               "spark_float": self.spark_float and bounds(self.spark_float)}
        return {
            "shape": self.matrix.shape, "real": not np.iscomplexobj(self.matrix), "order": self.order,
            "column_lengths": self.lengths, "rank": self.null.rank, "kernel_dimension": self.null.dimension,
            "other_kernel_dimensions": [other.dimension for other in self.null.alternatives],
            "gap": self.null.gap, "tol": self.null.tol, **two,
            "ric": [bounds(r) | {"s": r.s, "minus": bounds(r.minus), "plus": bounds(r.plus)}
                    for r in self.isometry],
            "nsp": [bounds(a) | {"s": a.s, "recovers": a.holds, "support": [int(i) for i in a.support],
                                 "residual": a.residual} for a in self.alpha],
            "robust": self.robust and bounds(self.robust) | {"s": self.robust.s, "rho": self.robust.rho,
                                                             "constant": "min 4 tau/(1 - rho)"},
            "recovered": self.recovered, "promised_by_coherence": self.coherent,
            "promised_by_ric": self.promised, "interrupted": self.interrupted,
        }

    def proofs(self, progress=None) -> CardProofs:
        """Make the certificates of the constants, and say which have none; see ``matrix_proofs``."""
        return prove_card(self, progress)

    def certificate(self, path=None) -> dict:
        """Collect in one file the certificates of all constants that can be proved.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it.

        Returns
        -------
        dict
            For ``kernelstab verify``.

        See Also
        --------
        MatrixCard.proofs : also says what could not be proved.
        """
        collection = self.proofs().collection
        if path is not None:
            write_certificate(collection, path)
        return collection


def bounds(result) -> dict:
    """Return the two ends of a constant as JSON holds them."""
    ends = {side: value if isinstance(value, int) else plain(float(value))
            for side, value in (("lower", result.lower), ("upper", result.upper))}
    exact = getattr(result, "exact", None)
    return ends if exact is None else ends | {"exact": bool(exact)}


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
        Called as ``progress(stage, done, total, note)``.

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
    def options(stage, default=None):
        budget = max_supports or default
        told = {} if progress is None else {"progress": partial(progress, stage)}
        return told if budget is None else told | {"max_supports": budget}

    if progress is not None:      # whoever watches sees what the first run spends its time on
        kernel.warmup(partial(progress, "compiling (once)"))
    if matrix.shape[1] > 1 and lengths.all():
        yield "coherence", kernel.coherence(matrix)
    for s in range(1, order + 1):
        yield "isometry", kernel.ric(matrix, s, **options(f"delta_{s}", _SETS))
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
