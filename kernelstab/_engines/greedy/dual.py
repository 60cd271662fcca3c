"""The dual point of a sparse point: from the signs on its support, and from its residual."""

from typing import Any, NamedTuple

import numpy as np

from kernelstab._engines.duality_gap import QCBP
from kernelstab._engines.greedy.columns import columns_of


class DualProof(NamedTuple):
    """Points, and what dual points prove of them: one, or one in each row."""

    x: np.ndarray
    dual: np.ndarray
    objective: Any
    dual_objective: Any
    gap: Any
    residual: Any


def proof_of(task, point) -> DualProof:
    r"""Return what the best dual point that is known for a point proves.

    With the columns :math:`B` on the support and the signs :math:`\sigma` of the values, the direction
    :math:`h=B(B^*B)^{-1}\sigma` is the shortest with :math:`B^*h=\sigma`. The residual alone competes where
    the point may be no least squares fit; of a fit it is worth nothing.
    """
    from kernelstab._engines.greedy.dual_jit import prove_point

    system, support, values = task.system, point.support, point.values
    residual, directions = point.residual, [point.direction]
    if point.direction is None:
        directions = [residual]
        if support.size:
            columns = columns_of(system, support)
            directions.append(columns.combination(columns.solve(values / np.abs(values))))
    along_r = task.correlations(point).conj()
    along = [along_r if h is residual else system.adjoint(h).conj() for h in directions]
    column = max(np.abs(correlation).max() / max(np.linalg.norm(u), np.finfo(float).tiny)
                 for u, correlation in zip([system.y, *directions], [task.correlation, *along]))
    vectors, correlations = (np.array([(u, last) for u in first])
                             for first, last in ((directions, residual), (along, along_r)))
    x, numbers = np.zeros(system.shape[1], values.dtype), np.empty((len(vectors), 4))
    prove_point(QCBP, support, values, task.size, column, vectors, correlations, x, numbers)
    best = np.argmin(numbers[:, 2])
    return DualProof(x, vectors[best, 0], *map(float, numbers[best]))
