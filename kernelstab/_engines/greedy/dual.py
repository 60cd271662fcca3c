"""The dual point of a sparse point: from the signs on its support, and from its residual."""

from typing import NamedTuple

import numpy as np

from kernelstab._engines.duality_gap import QCBP
from kernelstab._engines.greedy.columns import columns_of


class Proof(NamedTuple):
    """What dual points prove of points; numbers, or one for each row."""

    dual: np.ndarray
    objective: np.ndarray
    dual_objective: np.ndarray
    gap: np.ndarray
    residual: np.ndarray


def proofs(picks, values, counts, sizes, columns, directions, correlations, residuals, slopes) -> Proof:
    """Judge one point for each row; see the compiled ``judge``, which uses up directions and correlations."""
    from kernelstab._engines.greedy.dual_jit import judge

    numbers = np.empty((counts.size, 4))
    judge(QCBP, picks, values, counts, sizes, columns, directions, correlations, residuals, slopes, numbers)
    return Proof(directions, *numbers.T)


def proof_of(task, point) -> Proof:
    r"""Return what the best dual point that is known for a point proves.

    With the columns :math:`B` on the support and the signs :math:`\sigma` of the values, the direction
    :math:`h=B(B^*B)^{-1}\sigma` is the shortest with :math:`B^*h=\sigma`. The residual alone competes where
    the point may be no least squares fit; of a fit it is worth nothing.
    """
    system, support, values = task.system, point.support, point.values
    residual, directions = point.residual, [point.direction]
    if point.direction is None:
        directions = [residual]
        if support.size:
            columns = columns_of(system, support)
            directions.append(columns.combination(columns.solve(values / np.abs(values))))
    rows = len(directions)
    slope = task.correlations(point).conj()
    correlations = [slope if h is residual else system.adjoint(h).conj() for h in directions]
    column = max(np.abs(correlation).max() / max(np.linalg.norm(h), np.finfo(float).tiny)
                 for h, correlation in zip([task.system.y, *directions], [task.correlation, *correlations]))
    repeated = (np.tile(array, (rows, 1)) for array in (support, values, residual, slope))
    picks, values, residuals, slopes = repeated
    found = proofs(picks, values, np.full(rows, support.size), np.full(rows, task.size), np.full(rows, column),
                   np.array(directions), np.array(correlations), residuals, slopes)
    best = np.argmin(found.gap)
    return Proof(*(field[best] for field in found))
