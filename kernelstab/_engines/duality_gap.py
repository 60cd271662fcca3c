r"""The duality gap of a point and the best multiple of a dual direction: once, for all that is judged.

The problems by kind, with :math:`r=y-Ax`, and the value of a dual point :math:`u` that satisfies
:math:`\|A^*u\|_\infty\le w`:

- ``LASSO``: :math:`\tfrac12\|r\|^2+\lambda\|x\|_1`; :math:`w=\lambda` and the value is
  :math:`\mathrm{Re}\langle y,u\rangle-\tfrac12\|u\|^2`;
- ``QCBP``: :math:`\|x\|_1` subject to :math:`\|r\|\le\eta`; :math:`w=1` and
  :math:`\mathrm{Re}\langle y,u\rangle-\eta\|u\|`; ``BASIS`` is the same with :math:`\eta=0`;
- ``ROOT``: :math:`\lambda\|x\|_1+\|r\|`; :math:`w=\lambda` and :math:`\mathrm{Re}\langle y,u\rangle`,
  where :math:`\|u\|\le1`, too.

``parameter`` is :math:`\lambda` or :math:`\eta`. All functions take and return numbers, real inner products
among them, so that real, complex and compiled code share them: ``duality_gap_jit`` compiles the same source.
"""

from collections import namedtuple

import numpy as np

LASSO, ROOT, QCBP, BASIS = range(4)     # from QCBP on the residual has a bound
KINDS = {"lasso": LASSO, "qcbp": QCBP, "basis-pursuit": BASIS, "sqrt-lasso": ROOT}
EPSILON = float(np.finfo(float).eps)
NEGLIGIBLE = 1e-12     # a share of rounding below this is left out of account

Gap = namedtuple("Gap", ["objective", "dual_objective", "gap", "excess"])


def with_rounding(largest, column, length):
    r"""Return the largest modulus of :math:`A^*u`, raised by what rounding may have taken from it.

    ``column`` is the norm that the longest column has at least, ``length`` is :math:`\|u\|`. In directions
    nearly orthogonal to the range the product is nothing but rounding.
    """
    lost = 4.0 * EPSILON * column * length
    return largest + lost if NEGLIGIBLE * abs(largest) < lost else largest


def best_multiple(kind, parameter, weight, value, length, largest):
    r"""Return the :math:`t\ge0` for which :math:`th` is dual-feasible and its dual value largest.

    ``value`` is :math:`\mathrm{Re}\langle y,h\rangle`, ``length`` is :math:`\|h\|`, ``largest`` the largest
    modulus of :math:`A^*h` and ``weight`` what it may be at most.

    >>> best_multiple(LASSO, 1.0, 1.0, 6.0, 2.0, 4.0), best_multiple(ROOT, 1.0, 1.0, 6.0, 2.0, 1.0)
    (0.25, 0.5)
    """
    if length == 0.0 or not value > (parameter * length if kind >= QCBP else 0.0):
        return 0.0
    limit = weight / largest if largest > 0.0 else np.inf
    if kind == LASSO:
        return min(value / (length * length), limit)
    if kind == ROOT:
        return min(1.0 / length, limit)
    return limit if limit < np.inf else 0.0


def duality_gap(kind, parameter, penalty, slack, residual, length, product, distance):
    r"""Return what a point :math:`x` and a dual-feasible :math:`u` prove.

    The gap is ``slack``, which is :math:`w\|x\|_1-\mathrm{Re}\langle x,A^*u\rangle`, plus what the data
    term adds:

    - LASSO: :math:`\tfrac12\|r-u\|^2`;
    - QCBP: :math:`\|u\|\max(\eta,\|r\|)-\mathrm{Re}\langle u,r\rangle`, so that an infeasible :math:`x` pays
      :math:`\|u\|` times its excess;
    - ROOT: :math:`\|r\|-\mathrm{Re}\langle u,r\rangle`.

    Both parts are nonnegative, so nothing cancels. ``penalty`` is :math:`w\|x\|_1`, ``residual`` is
    :math:`\|r\|`, ``length`` is :math:`\|u\|`, ``product`` :math:`\mathrm{Re}\langle u,r\rangle` and
    ``distance`` :math:`\|r-u\|`, which only the LASSO needs.

    >>> duality_gap(LASSO, 1.0, 2.0, 0.5, 3.0, 2.0, 0.0, 1.0)
    Gap(objective=6.5, dual_objective=5.5, gap=1.0, excess=0.0)
    """
    objective, excess = penalty, 0.0
    if kind == LASSO:
        objective = 0.5 * residual * residual + penalty
        rest = 0.5 * distance * distance
    elif kind == ROOT:
        objective = residual + penalty
        rest = residual - product
    else:
        excess = max(residual - parameter, 0.0)
        rest = length * max(parameter, residual) - product
    gap = (0.0 if slack < 0.0 else slack) + (0.0 if rest < 0.0 else rest)     # below zero by rounding only
    return Gap(objective, objective + length * excess - gap, gap, excess)


def relative(gap, objective):
    """Return ``gap / objective``, and 0 when there is no gap to speak of.

    >>> relative(1.0, 4.0), relative(0.0, 0.0), relative(1.0, 0.0)
    (0.25, 0.0, inf)
    """
    if gap <= 0 or objective > 0:
        return gap / objective if objective > 0 else 0.0
    return np.inf


def shortfall(size, length, excess, objective):
    r"""Return by how much a point misses its constraint: as a share of the data, or of the objective.

    ``size`` and ``length`` are the norms of the data and of the dual point :math:`u`, whose value is the
    objective plus :math:`\|u\|` times the excess less the gap. So the excess has to be small beside the
    objective, too; then objective and dual value agree. Otherwise the gap vanishes at points far below
    every feasible one, as near zero where ``eta`` is nearly :math:`\|y\|`. Zero itself, if it is not
    feasible, is infinitely far.
    """
    if excess <= 0.0:
        return 0.0
    if size <= 0.0 or objective <= 0.0:
        return np.inf
    return max(excess / size, length * excess / objective)


def is_clear(kind, parameter, tol, size, column, length, objective, residual):
    r"""Return whether rounding leaves the digits to tell that a gap is below the tolerance.

    What it may change: the residual by that of :math:`Ax`, and for QCBP the gap by that of
    :math:`\|u\|\|r\|`, which is large beside the objective where ``eta`` is nearly the distance of ``y`` from
    the range, or nearly its norm. Arguments are as in ``with_rounding`` and ``shortfall``.
    """
    enough = max(tol, NEGLIGIBLE)
    if kind >= QCBP:
        return (EPSILON * column * objective <= enough * size
                and EPSILON * length * residual <= enough * objective)
    # The rounding of Ax, times lambda, and what it moves the data term by.
    if kind == ROOT:
        return EPSILON * column * (objective - residual) <= enough * objective * parameter
    moved = EPSILON * column * (objective - 0.5 * residual * residual)
    return moved * (parameter * residual + 0.5 * moved) <= enough * objective * parameter * parameter


def meets(kind, parameter, tol, size, column, length, objective, gap, residual, excess):
    """Return whether a point meets the tolerance, and rounding leaves the digits to tell."""
    return (relative(gap, objective) <= tol and shortfall(size, length, excess, objective) <= tol
            and is_clear(kind, parameter, tol, size, column, length, objective, residual))
