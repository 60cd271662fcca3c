"""Compiled judgement of real points of dense problems, by the formulas of ``duality_gap``."""

import numpy as np
from numba import njit

from kernelstab._compiling_jit import OUTER
from kernelstab._engines.duality_gap import QCBP
from kernelstab._engines.duality_gap_jit import (
    best_multiple,
    gap_of,
    is_clear,
    relative,
    shortfall,
    with_rounding,
)
from kernelstab._engines.lasso_path.active_set_jit import inner

# What is known of a row: its gap, whether that meets the tolerance, and the events on the way.
OBJECTIVE, VALUE, GAP, RELATIVE, RESIDUAL, EXCESS, COLUMN, MET, EVENTS, FIELDS = range(10)


@njit(**OUTER)
def judge(Y, kinds, parameters, nonneg, tol, X, products, duals, correlations, verdicts):
    """Judge each row of ``X``, of the product ``Ax``, with its dual direction of the correlations ``A'h``.

    The directions become the multiples that prove most, the products are overwritten. The verdict knows the
    norm that the longest column has at least, and learns.
    """
    m, n = Y.shape[1], X.shape[1]
    for row in range(Y.shape[0]):
        y, x, rest, dual, slope = Y[row], X[row], products[row], duals[row], correlations[row]
        kind, parameter, verdict = kinds[row], parameters[row], verdicts[row]
        weight = 1.0 if kind >= QCBP else parameter
        fitted, length = np.sqrt(inner(rest, rest, m)), np.sqrt(inner(dual, dual, m))
        for i in range(m):
            rest[i] = y[i] - rest[i]
        size, product, along = np.sqrt(inner(rest, rest, m)), inner(dual, rest, m), inner(x, slope, n)
        total = largest = 0.0
        for j in range(n):
            total += abs(x[j])
            value = slope[j] if nonneg else abs(slope[j])
            largest = value if not value <= largest else largest            # also where it is not a number
        column = max(verdict[COLUMN], fitted / total if total > 0.0 else 0.0,
                     largest / length if length > 0.0 else 0.0)
        t = best_multiple(kind, parameter, weight, product + along, length,
                          with_rounding(largest, column, length))
        distance = 0.0
        for i in range(m):
            dual[i] *= t
            distance += (rest[i] - dual[i]) * (rest[i] - dual[i])
        found = gap_of(kind, parameter, weight * total, weight * total - t * along, size, t * length,
                       t * product, np.sqrt(distance))
        data = np.sqrt(inner(y, y, m))
        ratio = relative(found.gap, found.objective)
        verdict[OBJECTIVE], verdict[VALUE], verdict[GAP] = found.objective, found.dual_objective, found.gap
        verdict[RELATIVE], verdict[RESIDUAL], verdict[EXCESS] = ratio, size, found.excess
        verdict[COLUMN] = column
        met = (data < np.inf and ratio <= tol
               and shortfall(data, t * length, found.excess, found.objective) <= tol
               and is_clear(kind, parameter, tol, data, column, t * length, found.objective, size))
        verdict[MET] = 1.0 if met else 0.0
