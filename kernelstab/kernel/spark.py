"""The spark: how many columns of a matrix it takes to be linearly dependent."""

import warnings
from dataclasses import dataclass, field
from functools import partial
from math import comb

import numpy as np

from kernelstab._checks import as_count, as_number, thread_count
from kernelstab._engines.supports.dependent_sets import ExactSweeps, FloatSweeps
from kernelstab._errors import UnclearRank
from kernelstab.kernel.coherence import coherence
from kernelstab.operators import as_operator

_DOUBT = 100.0             # pivots within this factor of the tolerance are read both ways


@dataclass(frozen=True)
class Spark:
    """The least number of linearly dependent columns, between two bounds.

    Attributes
    ----------
    lower, upper : int or float
        Every set of ``lower - 1`` columns is independent, ``upper`` columns are not; both are
        ``math.inf`` if all columns together are independent.
    exact : bool
        Whether the two agree.
    support : tuple of int
        The dependent columns found; empty if there are none.
    kernel_vector : ndarray, shape (N,), or tuple
        A kernel vector that is supported there. In exact arithmetic a tuple of coprime integers, one for
        each index of ``support``, or of pairs (real, imaginary part); in floating point an array with one
        entry for each.
    arithmetic : {"exact", "float"}
        What the statement is about: the numbers stored, or their reading with the tolerance ``tol``.
    gap : (float, float)
        For ``"float"``: the smallest singular value of the columns of ``support``, scaled to length one,
        and the smallest distance that was read as independence. Zeros for ``"exact"``.
    evaluated : int
        Number of column sets decided.
    interrupted : bool
        Whether Ctrl-C ended the search.
    prime : int
        Modulus that served for independence.
    """

    lower: float
    upper: float
    exact: bool
    support: tuple[int, ...]
    kernel_vector: tuple = field(repr=False)
    arithmetic: str
    gap: tuple[float, float]
    evaluated: int
    interrupted: bool
    prime: int
    matrix: np.ndarray = field(repr=False)

    def certificate(self, path=None) -> dict:
        """Return a certificate of both bounds, for ``kernelstab verify``; write it if a path is given.

        The verifier goes through all column sets again. Where they are too many for it, the lower bound
        of the certificate is the one that smaller sets prove.

        Raises
        ------
        ValueError
            If the arithmetic was floating point: then nothing is proved about the numbers stored.
        """
        from kernelstab.certify import make_constant_certificate
        from kernelstab.certify.constants.dependence import MOST_SETS

        if self.arithmetic != "exact":
            raise ValueError("a spark in floating point has no certificate; use arithmetic='exact'")
        n = self.matrix.shape[1]
        sizes = [k for k in range(1, int(min(self.lower - 1, n)) + 1) if comb(n, k) <= MOST_SETS]
        lower = {"kind": "ranks", "prime": self.prime, "size": sizes[-1]} if sizes else None
        upper = None if not self.support else {
            "kind": "dependent", "columns": list(self.support),
            "entries": [str(part) for entry in self.kernel_vector
                        for part in (entry if isinstance(entry, tuple) else (entry,))]}
        return make_constant_certificate("spark", self.matrix, lower=lower, upper=upper, path=path)

    def __repr__(self):
        value = f"{self.lower}" if self.exact else f"between {self.lower} and {self.upper}"
        reading = "" if self.arithmetic == "exact" else ", in floating point"
        return f"<Spark {value}, columns {self.support}{reading}, {self.evaluated} sets>"


def spark(A, *, arithmetic="exact", tol=None, max_supports=500_000_000, threads=None,
          progress=None) -> Spark:
    r"""Return the least number of linearly dependent columns, with such columns as witness.

    Any ``rank + 1`` columns are dependent, and the columns that a few bases leave over give
    dependent sets, the smallest of which is the first upper bound ``u``. Then all sets of
    ``u - 1`` columns are gone through modulo a prime near :math:`2^{31}`: what is independent there is
    independent; what is dependent there is decided exactly and, if truly dependent, lowers
    ``u``. Every ``s``-sparse vector is determined by its measurements if and only if
    :math:`2s<` spark [T]_.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)
        Real or complex; floats are taken as the rationals that they are.
    arithmetic : {"exact", "float"}
        With ``"float"`` a column counts as dependent on earlier ones of its set if its distance from
        their span, all columns having length one, is at most ``tol``: for matrices like the cosine
        transform, whose dependences hold on paper only. This proves nothing.
    tol : float, optional
        For ``"float"``, between 0 and 0.001; default 1e-10.
    max_supports : int
        Most column sets to go through; beyond them the two bounds differ. What is known for smaller
        sets and from the coherence is kept.
    threads : int, optional
        Default: all processors this process may use. The answer does not depend on it.
    progress : callable, optional
        Called with sets done, sets of the present size, and a note.

    Returns
    -------
    Spark
        Ctrl-C ends the search with what is proved.

    Warns
    -----
    UnclearRank
        For ``"float"``, if counting distances up to ``100 tol`` as zero and counting those above
        ``tol / 100`` as not zero give two sparks; they are then ``lower`` and ``upper``.

    Raises
    ------
    ValueError
        If the matrix is not finite, or a parameter is out of range.

    Notes
    -----
    Computing the spark is NP-hard [TP14]_. Cost: some nanoseconds for each of the
    :math:`\binom N{u-1}` sets, some ten times that in floating point. Depth-first elimination leaves
    one determinant of order two for each set, and shares the rest.

    References
    ----------
    .. [T] A. M. Tillmann, "Computing the spark: mixed-integer programming for the (vector) matroid
       girth problem".
    .. [TP14] A. M. Tillmann, M. E. Pfetsch, "The computational complexity of the restricted isometry
       property, the nullspace property, and related concepts in compressed sensing", arXiv 1205.2081.

    Examples
    --------
    Two of four vectors in the plane are parallel:

    >>> spark([[1, 0, 1, 2], [0, 1, 1, 2]])
    <Spark 2, columns (2, 3), 0 sets>
    >>> spark([[1, 0, 1, 2], [0, 1, 1, 2]]).kernel_vector
    (-2, 1)

    On paper 0.1 + 0.2 is 0.3; the two columns that are stored are independent:

    >>> A = [[0.1 + 0.2, 0.3], [1.0, 1.0]]
    >>> spark(A).upper, spark(A, arithmetic="float").upper
    (inf, 2)
    """
    matrix = as_operator(A).to_dense()
    if arithmetic not in ("exact", "float"):
        raise ValueError(f"arithmetic must be 'exact' or 'float', got {arithmetic!r}")
    if tol is not None and arithmetic == "exact":
        raise ValueError(f"tol is for arithmetic='float', got {tol!r}")
    max_supports = as_count(max_supports, "max_supports", low=1)
    threads = thread_count(threads)
    options = partial(_coherence_bound, matrix), max_supports, threads, progress
    if arithmetic == "exact":
        return _exact(matrix, *options)
    tol = as_number(1e-10 if tol is None else tol, "tol", low=0, high=1e-3, strict=True)
    return _float(matrix, tol, *options)


def _coherence_bound(matrix) -> int:
    """Return what the coherence says about columns that are not zero, in any units."""
    return coherence(matrix).spark_lower


def _exact(matrix, *options):
    """Decide by residues and rationals."""
    search = ExactSweeps(matrix, *options).run()
    return Spark(search.lower, search.upper, search.lower == search.upper, search.support, search.vector,
                 "exact", (0.0, 0.0), search.evaluated, search.interrupted, search.tables[-1][1], matrix)


def _float(matrix, tol, *options):
    """Read distances from spans with a generous and, where it matters, with a strict tolerance."""
    strict = loose = FloatSweeps(matrix, tol * _DOUBT, *options).run()
    if not (loose.support and loose.dependent(loose.support, tol / _DOUBT)):
        strict = FloatSweeps(matrix, tol / _DOUBT, *options).run()
    lower, upper = loose.lower, strict.upper
    interrupted = loose.interrupted or strict.interrupted
    if loose.upper < strict.lower:
        warnings.warn(f"the spark is {lower} if distances up to {tol * _DOUBT:.1e} count as zero, and "
                      f"{upper} if those above {tol / _DOUBT:.1e} do not", UnclearRank, stacklevel=3)
    vector, least = strict.null_vector() if strict.support else (np.zeros(0), 0.0)
    evaluated = loose.evaluated + (strict.evaluated if strict is not loose else 0)
    return Spark(lower, upper, lower == upper, strict.support, vector, "float", (least, loose.least),
                 evaluated, interrupted, 0, matrix)
