r"""Checker of the optimal value of a sparse recovery problem: what a duality gap proves, exactly.

The constant is the infimum, for the exact matrix and data, of one of

- ``lasso``: :math:`\tfrac12\|Ax-y\|^2+\lambda\|x\|_1`,
- ``qcbp``: :math:`\|x\|_1` subject to :math:`\|Ax-y\|\le\eta`,
- ``sqrt-lasso``: :math:`\lambda\|x\|_1+\|Ax-y\|`,

with weights :math:`w` on the absolute values, and over :math:`x\ge0` if ``nonneg``. Options: ``problem``,
``level`` (:math:`\lambda` or :math:`\eta`), ``y``, ``weights``, ``nonneg``. Complex entries count by modulus.

*Lower bound,* ``dual``. For any ``h`` and any multiple ``u`` of it with :math:`|A^*u|_i\le pw_i`, where
:math:`p` is :math:`\lambda` or 1, weak duality gives :math:`\mathrm{Re}\langle u,y\rangle` less
:math:`\tfrac12\|u\|^2`, :math:`\eta\|u\|`, or nothing if :math:`\|u\|\le1`. The multiple is chosen here;
zero is always a lower bound.

*Upper bound.* The objective of any point ``x``: ``point`` for the problems without a constraint, and for one
that meets it exactly; ``corrected-point`` first adds :math:`A_B^{-1}(y-Ax)` on as many ``columns`` B as there
are rows, so that the data are met exactly.
"""

from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.matrix import (
    ExactMatrix,
    fractions,
    inner,
    read_column,
    root_above,
    squares,
    submatrix,
    times,
)
from kernelstab.certify.constants.reading import index_set, number, rationals

PROBLEMS = ("lasso", "qcbp", "sqrt-lasso")


@dataclass(frozen=True)
class SparseProblem:
    """Matrix and data, complex ones as real and imaginary parts below each other; ``parts`` is 1 or 2."""

    problem: str
    matrix: ExactMatrix
    y: fmpq_mat
    level: Fraction
    weights: list
    nonneg: bool
    parts: int

    @property
    def dual_limit(self) -> Fraction:
        """The bound ``p`` on the weighted correlations of a dual-feasible vector."""
        return Fraction(1) if self.problem == "qcbp" else self.level

    def moduli(self, product) -> list[Fraction]:
        """Return an upper bound of each modulus; the value itself where it is real."""
        values = fractions(product)
        if self.parts == 1:
            return [abs(value) for value in values]
        half = len(values) // 2
        return [root_above(a * a + b * b) for a, b in zip(values[:half], values[half:])]


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves."""
    setting = _setting(matrix, options)
    if side == "lower":
        return _dual_value(setting, read_column(proof["h"], "h", matrix.shape[0], matrix.is_complex))
    x = read_column(proof["x"], "x", matrix.shape[1], matrix.is_complex)
    if proof["kind"] == "corrected-point":
        x = _corrected(setting, x, index_set(proof["columns"], "columns", matrix.shape[1]))
    return _objective(setting, x)


def _setting(matrix, options):
    problem = options.get("problem")
    if problem not in PROBLEMS:
        raise CertificateError(f"problem must be one of {', '.join(PROBLEMS)}, got {problem!r:.60}")
    nonneg = options.get("nonneg", False)
    if type(nonneg) is not bool or (nonneg and matrix.is_complex):
        raise CertificateError("nonneg must be true or false, and false for complex matrices")
    m, n = matrix.shape
    weights = rationals(options["weights"], "weights", n) if "weights" in options else [Fraction(1)] * n
    if min(weights) <= 0:
        raise CertificateError("weights must be positive")
    level = number(options.get("level"), "level")
    if level == 0 and problem != "qcbp":
        raise CertificateError("level must be positive")
    y = read_column(options.get("y"), "y", m, matrix.is_complex)
    return SparseProblem(problem, matrix.embedded(), y, level, weights, nonneg, 1 + matrix.is_complex)


def _dual_value(setting, h):
    product = times(setting.matrix, h, transposed=True)
    sizes = fractions(product) if setting.nonneg else setting.moduli(product)
    largest = max(size / weight for size, weight in zip(sizes, setting.weights))
    value, square = inner(h, setting.y), squares(h)
    if value <= 0:
        return Fraction(0)
    limit = setting.dual_limit / largest if largest > 0 else None
    if setting.problem == "lasso":
        best = value / square
        t = best if limit is None else min(best, limit)
        return t * value - t * t * square / 2
    length = root_above(square)
    if setting.problem == "sqrt-lasso":
        return value * (1 / length if limit is None else min(1 / length, limit))
    t = Fraction(1) if limit is None else limit
    return max(t * (value - setting.level * length), Fraction(0))


def _objective(setting, x):
    if setting.nonneg and min(fractions(x)) < 0:
        raise CertificateError("x has a negative entry")
    square = squares(times(setting.matrix, x) - setting.y)
    total = sum(size * weight for size, weight in zip(setting.moduli(x), setting.weights))
    if setting.problem == "lasso":
        return square / 2 + setting.level * total
    if setting.problem == "sqrt-lasso":
        return setting.level * total + root_above(square)
    if square > setting.level**2:
        raise CertificateError("x misses the data by more than the level")
    return Fraction(total)


def _corrected(setting, x, chosen):
    """Return the point that meets the data exactly."""
    rows, width = setting.matrix.shape
    both = [*chosen, *(j + width // 2 for j in chosen)] if setting.parts == 2 else list(chosen)
    if len(both) != rows:
        raise CertificateError(f"columns must be as many as there are rows, got {len(chosen)}")
    missing = (setting.y - times(setting.matrix, x)) * setting.matrix.denominator
    block = submatrix(setting.matrix.numerators, range(rows), both)
    try:
        step = fmpq_mat(block).solve(missing)
    except ZeroDivisionError:
        raise CertificateError("the columns are dependent") from None
    for j, value in zip(both, step.entries()):
        x[j, 0] += value
    return x
