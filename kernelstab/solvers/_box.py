"""The LASSO with bounds on its entries, and the judgement of a point: its duality gap."""

import numpy as np

from kernelstab._engines.duality_gap import EPSILON, duality_gap
from kernelstab.solvers._problem import Judged, Problem, judged, norm


def as_box(box, nonneg, system) -> tuple:
    """Check bounds low <= 0 <= high, perhaps infinite, and return two arrays, one entry per column."""
    count = system.shape[1]
    if system.dtype.kind == "c":
        raise ValueError("box must be None for complex problems")
    if not isinstance(box, (tuple, list)) or len(box) != 2:
        raise ValueError(f"box must be a pair (low, high), got {box!r}")
    bounds = []
    for name, given, sign in (("low", box[0], -1.0), ("high", box[1], 1.0)):
        bound = np.asarray(given)
        if bound.dtype.kind not in "biuf" or bound.shape not in ((), (1,), (count,)):
            raise ValueError(f"{name} of box must be a real number or have shape ({count},), got {given!r}")
        wrong = ~(sign * bound >= 0.0)   # also where it is not a number
        if wrong.any():
            raise ValueError(f"box must have low <= 0 <= high, got {name} {bound[wrong][0]}")
        bounds.append(np.broadcast_to(bound.astype(float), (count,)))
    low, high = bounds
    return (np.maximum(low, 0.0) if nonneg else low), high


class BoxProblem(Problem):
    r"""Minimise :math:`\tfrac12\|Ax-y\|^2+\lambda\|x\|_1` over :math:`l\le x\le h`, where :math:`l\le0\le h`.

    Without the bounds a minimiser has :math:`\lambda\|x\|_1\le\tfrac12\|y\|^2`. A bound from
    :math:`\|y\|^2/2\lambda` on, infinite or not, binds none: it is ``far``, and the dual point pays for the
    others only.
    """

    box: tuple

    def __init__(self, system, level, tol, box):
        self.box = box
        super().__init__("lasso", system, level, tol)
        with np.errstate(over="ignore"):
            most = self.size * (self.size / (2.0 * level))
        self.far = box[0] <= -most, box[1] >= most

    def _peak(self, pulled):
        """Return the largest pull on an entry that may follow it."""
        return _largest(pulled, self.box[0] < 0.0, self.box[1] > 0.0)

    def judge(self, x, *, image=None, dual=None, pulled=None) -> Judged:
        r"""Judge ``x`` with ``dual`` (default: the residual), shortened where a far bound asks for it.

        For any u, with :math:`q=A^*u`, the least of the Lagrangian over the box is
        :math:`\langle y,u\rangle-\tfrac12\|u\|^2+\sum_i\min_t(\lambda|t|-q_it)`, where t is one of
        :math:`l_i,0,h_i`. With the parts :math:`x=x^+-x^-` the gap is

        .. math:: \tfrac12\|r-u\|^2+\sum_i(\lambda-q_i)_+x_i^++(\lambda+q_i)_+x_i^-
            +(q_i-\lambda)_+(h_i-x_i^+)+(-q_i-\lambda)_+(-l_i-x_i^-),

        in which nothing cancels. What rounding may have taken from q is added to it in the last two.
        """
        system, price = self.system, self.price
        r = system.y - (system.forward(x) if image is None else image)
        dual = r if dual is None else dual
        pulled = system.adjoint(dual) if pulled is None else pulled
        size, length, total = norm(r), norm(dual), float(np.abs(x).sum())
        if image is not None and total > 0.0:
            self.column = max(self.column, norm(image) / total)
        if length > 0.0:
            self.column = max(self.column, float(np.abs(pulled).max()) / length)
        lost = 4.0 * EPSILON * self.column * length
        peak = _largest(pulled, *self.far) + lost
        t = min(1.0, price / peak) if peak > 0.0 else 1.0
        slack = 0.0
        for sign, bound, far in zip((1.0, -1.0), self.box[::-1], self.far[::-1]):
            part, pull = np.maximum(sign * x, 0.0), sign * t * pulled
            room = np.where(far, 0.0, sign * bound) - np.where(far, 0.0, part)
            slack += float(np.maximum(price - pull, 0.0) @ part + np.maximum(pull + lost - price, 0.0) @ room)
        found = duality_gap(self.kind, self.level, price * total, slack, size, t * length, 0.0,
                            norm(r - t * dual))
        return judged(x, t * dual, found, size)


def _largest(pulled, below, above):
    """Return the largest pull, down among the first entries and up among the second."""
    down, up = (np.max(pull, where=free, initial=0.0) for pull, free in ((-pulled, below), (pulled, above)))
    return float(max(down, up))
