r"""Checker of the dual certificate of one support with one pattern of signs.

The constant is :math:`\theta=\min\{\|A_{S^c}^Th\|_\infty:A_S^Th=\xi\}`. If it is below 1 and :math:`A_S` is
injective, every vector with support ``S`` and signs :math:`\xi` is the unique shortest one, in the 1-norm,
with its measurements. Options: ``support`` in rising order and ``signs``.

*Upper bound,* ``dual``. A vector ``h``, corrected exactly to
:math:`h+A_S(A_S^TA_S)^{-1}(\xi-A_S^Th)`. This needs, and shows, that :math:`A_S` is injective.

*Lower bound,* ``kernel-vector``, integers ``entries`` on ``columns``. On the null space
:math:`\langle\xi,v_S\rangle=-\langle A_{S^c}^Th,v_{S^c}\rangle`, so that
:math:`\theta\ge\langle\xi,v_S\rangle/\|v_{S^c}\|_1`.
"""

from fractions import Fraction

from flint import fmpq, fmpq_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.matrix import column, fractions, null_vector, read_column, times
from kernelstab.certify.constants.reading import index_set, integers


def check(matrix, order, options, side, proof) -> Fraction:
    """Return the bound that a proof proves."""
    support = index_set(options.get("support"), "support", matrix.shape[1])
    signs = integers(options.get("signs"), "signs", -1, 1)
    if not support or len(signs) != len(support) or 0 in signs:
        raise CertificateError("signs must be 1 or -1, one for each column of the support")
    if side == "lower":
        return _quotient(matrix, dict(zip(support, signs)), proof)
    return _largest(matrix, support, signs, read_column(proof["h"], "h", matrix.shape[0]))


def _largest(matrix, support, signs, h):
    """Return the largest product of the corrected vector with a column outside."""
    inside = fmpq_mat(matrix.columns(support)) * fmpq(1, matrix.denominator)
    try:
        steps = (inside.transpose() * inside).solve(column(signs) - inside.transpose() * h)
    except ZeroDivisionError:
        raise CertificateError("the columns of the support are dependent") from None
    products = fractions(times(matrix, h + inside * steps, transposed=True))
    chosen = set(support)
    return max((abs(value) for j, value in enumerate(products) if j not in chosen), default=Fraction(0))


def _quotient(matrix, signs, proof):
    """Return the quotient of an exact kernel vector."""
    columns, (entries,) = null_vector(matrix, proof["columns"], proof["entries"])
    on = sum(signs[j] * entry for j, entry in zip(columns, entries) if j in signs)
    off = sum(abs(entry) for j, entry in zip(columns, entries) if j not in signs)
    if off == 0:
        raise CertificateError("the columns of the support are dependent")
    return Fraction(on, off)
