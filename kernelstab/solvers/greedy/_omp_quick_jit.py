"""Compiled: one small dense problem of matching pursuit from its checks to its gap, in one call."""

from collections import namedtuple
from math import frexp, inf, ldexp, sqrt

import numpy as np
from numba import njit

from kernelstab.solvers.greedy._dual_jit import energy, square
from kernelstab.solvers.greedy._omp_batch_jit import Found, column_batch, memory
from kernelstab.solvers.greedy._range import HIGH, LOW

Single = namedtuple("Single", ["gram", "Y", "weights", "scales", "etas", "floors", "longest"])
LEAST, MOST = LOW * LOW, HIGH * HIGH


def room(atoms, m, n, dtype):
    """Return the memory of one problem, and the fields of its solution but for the two vectors."""
    single = Single(np.empty((0, 0), dtype), np.empty((1, m), dtype), np.empty((1, n)), *np.empty((4, 1)))
    numbers = *np.empty((4, 1)), *np.empty((2, 1), np.int64)
    return memory(atoms, m, m, n, dtype), single, numbers


def fields(x, dual, numbers) -> Found:
    """Return where the loop writes its only row."""
    return Found(x, dual, *numbers)


@njit(cache=True, nogil=True, error_model="numpy")
def attempt(stack, y, norms, atoms, eta, tol, work, single, found):
    """Solve the problem of the one matrix in ``stack``; return False if a number is not of ordinary size.

    ``norms`` is empty where the columns are to be measured.
    """
    weights, scaled = single.weights[0], single.Y[0]
    total = longest = peak = 0.0
    for j in range(weights.size):
        weights[j] = 0.0
    for i in range(y.size):
        row = stack[0, i]
        for j in range(weights.size):
            weights[j] += square(row[j])
        peak = max(peak, abs(y[i]))
    for j in range(weights.size):
        total += weights[j]
        longest = max(longest, weights[j])
        length = norms[j] if norms.size > 0 else sqrt(weights[j])
        weights[j] = 1.0 / length if length > 0.0 else 0.0
        if not (0.0 <= length < inf and weights[j] < inf):
            return False
    if not (LEAST < total < MOST and LOW <= peak <= HIGH):
        return False
    scale = ldexp(1.0, -frexp(peak)[1])
    for i in range(y.size):
        scaled[i] = scale * y[i]
    size = sqrt(energy(scaled))
    if not size < inf:     # a part of the data is no number
        return False
    single.scales[0], single.etas[0] = scale, eta * scale
    single.floors[0], single.longest[0] = tol * size, sqrt(longest)
    column_batch(stack, single.gram, single.Y, single.weights, single.scales, atoms, single.etas,
                 single.floors, single.longest, work, found)
    return True
