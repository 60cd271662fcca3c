r"""The largest value of :math:`\langle d,x\rangle` over the signals that explain the data, from both sides.

For any :math:`q`, every :math:`x` with :math:`\|Ax-y\|\le\varepsilon` obeys

.. math:: \langle d,x\rangle=\langle q,Ax\rangle+\langle d-A^Tq,x\rangle
          \le\langle q,y\rangle+\varepsilon\|q\|+h(d-A^Tq),

with :math:`h` the support function of the prior: a bound that needs no trust in whoever found
:math:`q`. A feasible signal gives the other side. Both are measured here with their rounding.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

UNIT = float(np.finfo(np.float64).eps)
CONSISTENT = 1e-9          # relative misfit that counts as none where eps = 0 asks for an equation
VISIBLE = 1e-10            # kernel part of a detail, relative to the detail, that counts as none


class FeasibleSet:
    """The signals of a prior that explain data.

    Attributes
    ----------
    signals : ndarray or None
        All of them, one a row, if they are finitely many.
    """

    signals: Any = None

    def support(self, d) -> "SupportValue":
        """Bound ``<d, x>`` from above and come near the bound."""
        raise NotImplementedError

    def enclosing_ball(self, D):
        """Return radius, centre and direction of contact of a ball around all ``D x``, if one is known."""
        return None


@dataclass(frozen=True)
class SupportValue:
    """A proved upper bound of ``<d, x>``, a feasible ``x`` that comes near it, and what proves the bound.

    ``direction`` is a line inside the feasible set along which ``<d, x>`` grows, if it has no bound.
    ``q`` and ``mu`` are the dual vectors; ``mu`` belongs to the rows of an ellipsoid or a polytope.
    ``checked`` says that ``x`` was measured and is feasible, with its rounding.
    """

    bound: float
    x: np.ndarray
    q: np.ndarray | None = None
    mu: np.ndarray | None = None
    direction: np.ndarray | None = field(default=None)
    checked: bool = True


class ConvexSet(FeasibleSet):
    r"""The signals that explain data, with :math:`\|x\|\le R` (``radius``) or :math:`\|Wx\|\le1` (``form``).

    The norm is that of ``order`` 1, 2 or infinity; ``extent`` bounds the signals in it where a form does not.
    """

    def __init__(self, A, y, eps, prior, order, radius, form):
        self.A, self.y, self.eps, self.prior, self.order = A, y, eps, prior, order
        self.radius, self.form, self.extent = radius, form, radius
        self.dual_order = {1: np.inf, 2: 2, np.inf: 1}[order]
        if form is not None:
            self.stack = Stack(form, A, y, eps, 1.0 if order == 2 else np.sqrt(len(form)))

    def data_excess(self, x) -> float:
        """Say by how much a signal misses the data."""
        return norm_upper(self.A, x, self.y, 2) - self.eps

    def excess(self, x) -> float:
        """Say by how much a signal misses a constraint; an equation (eps = 0) is measured elsewhere."""
        over = self.data_excess(x) if self.eps > 0 else -np.inf
        if self.radius is not None:
            over = max(over, float(np.linalg.norm(x, self.order)) * (1 + (len(x) + 4) * UNIT) - self.radius)
        if self.form is not None:
            over = max(over, norm_upper(self.form, x, np.zeros(len(self.form)), self.order) - 1)
        return over

    def proved(self, d, x, q, mu, eps=None) -> SupportValue:
        """Evaluate the dual bound of any vectors; ``mu`` matters if there is a form."""
        eps, checked = self.eps if eps is None else eps, self.excess(x) <= 0
        if self.form is None:
            size = float(np.linalg.norm(_leftover(d, (q,), (self.A,)), self.dual_order))
            bound = _data_term(self.y, eps, q) + self.extent * size * (1 + len(d) * UNIT)
            return SupportValue(bound, x, q, checked=checked)
        bound, q, mu = self.stack.bound(d, q, mu, eps)
        bound += float(np.linalg.norm(mu, self.dual_order)) * (1 + len(mu) * UNIT)
        return SupportValue(bound, x, q, mu, checked=checked)

    def refuse(self, x, least, mu=None) -> ValueError:
        """Say that the set is empty if the misfit of ``x`` proves it: 0 is then bounded by less than 0."""
        q = self.A @ x - self.y
        size = float(np.linalg.norm(q))
        q = q / size if size > 0 else q
        if self.order == 2 and self.form is not None:
            seen = self.form @ x
            mu = max(0.0, -float(q @ (self.A @ x))) * seen / max(float(seen @ seen), np.finfo(float).tiny)
        eps = self.eps if self.eps > 0 else CONSISTENT * float(np.linalg.norm(self.y))
        empty = self.proved(np.zeros_like(x), x, q, mu, eps).bound < 0
        return (empty_set if empty else undecided)(least, self.eps, self.prior)


class ScaledSet(FeasibleSet):
    r"""The same set in units of its columns: ``x = units z``, powers of two, so that nothing is rounded.

    Without a prior, or with one of the form :math:`\|Wx\|\le1`, signals may be measured entry by entry in
    any unit. A thin axis is then no reason to take the others for unbounded.
    """

    def __init__(self, make, A, y, eps, prior, W=None):
        size = float(np.linalg.norm(y)) + eps
        parts = A if W is None else np.vstack([W, A / size if size > 0 else A])
        largest = np.abs(parts).max(axis=0)
        self.units = np.where(largest > 0, 2.0 ** -np.frexp(largest)[1], 1.0)
        form = {} if W is None else {"T" if prior.kind == "ellipsoid" else "W": W * self.units}
        self.inner = make(A * self.units, y, eps, prior, **form)

    def support(self, d) -> SupportValue:
        """Return the bound, the signal and the line in the units asked for."""
        found, line = self.inner.support(d * self.units), None
        if found.direction is not None:
            line = found.direction * self.units
            line = line / np.linalg.norm(line)
        return replace(found, x=found.x * self.units, direction=line)

    def enclosing_ball(self, D):
        """Return the ball of the inner set, whose centre is a signal."""
        ball = self.inner.enclosing_ball(D * self.units)
        return ball and (ball[0], ball[1] * self.units, ball[2])


class Stack:
    r"""The matrix :math:`W` of a prior above a multiple of :math:`A` of the same norm, decomposed.

    ``size`` bounds :math:`\|Wx\|_2`, so that ``extent`` bounds the part of ``x`` that the stack sees.
    """

    def __init__(self, W, A, y, eps, size):
        self.W, self.A, self.y = W, A, y
        size_w, size_a = np.linalg.norm(W, 2), np.linalg.norm(A, 2)
        self.weight = size_w / size_a if size_w > 0 and size_a > 0 else 1.0
        stack = np.vstack([W, self.weight * A])
        u, sigma, rows = np.linalg.svd(stack, full_matrices=False)
        rank = int(np.sum(sigma > max(stack.shape) * UNIT * sigma[0]))
        self.u, self.sigma, self.rows = u[:, :rank], sigma[:rank], rows[:rank].T
        self.extent = np.hypot(size, self.weight * (np.linalg.norm(y) + eps)) / sigma[rank - 1]

    def bound(self, d, q, mu, eps):
        """Repair what rounding left of two dual vectors; return what they bound but for ``mu``, and both."""
        split = self.u @ ((self.rows.T @ (d - q @ self.A - mu @ self.W)) / self.sigma)
        mu, q = mu + split[:len(mu)], q + self.weight * split[len(mu):]
        size = float(np.linalg.norm(_leftover(d, (q, mu), (self.A, self.W)))) * (1 + len(d) * UNIT)
        return _data_term(self.y, eps, q) + self.extent * size, q, mu


def _data_term(y, eps, q) -> float:
    r"""Return :math:`\langle q,y\rangle+\varepsilon\|q\|`, rounded up."""
    slack = (len(y) + 4) * UNIT
    return float(q @ y + slack * (np.abs(q) @ np.abs(y)) + eps * np.linalg.norm(q) * (1 + slack))


def _leftover(d, duals, matrices) -> np.ndarray:
    r"""Return the entries of :math:`|d-A^Tq-W^T\mu|`, rounded up, for dual vectors of one or two matrices."""
    rest, size = d, np.abs(d)
    for dual, matrix in zip(duals, matrices):
        rest, size = rest - dual @ matrix, size + np.abs(dual) @ np.abs(matrix)
    return np.abs(rest) + (sum(map(len, duals)) + 4) * UNIT * size


def norm_upper(A, x, y, order) -> float:
    r"""Return a norm of :math:`Ax-y`, rounded up."""
    slack = (A.shape[1] + 4) * UNIT
    size = np.abs(A) @ np.abs(x) + np.abs(y)
    return float(np.linalg.norm(np.abs(A @ x - y) + slack * size, order) * (1 + slack))


def unseen(rows, d):
    """Return the part of a detail at right angles to orthonormal columns, and a unit vector along it.

    The part is 0 if it may be rounding only, the vector None below 1e-10 of the detail.
    """
    rest = d - rows @ (rows.T @ d)
    rest = rest - rows @ (rows.T @ rest)
    length, size = float(np.linalg.norm(rest)), np.linalg.norm(d)
    direction = rest / length if length > VISIBLE * size else None
    return rest if length > 16 * UNIT * size else 0.0 * rest, direction


def moved_inside(x, centre, excess):
    """Move ``x`` towards ``centre`` by the least power of two times the machine unit that makes it feasible.

    ``excess(x) <= 0`` says feasible. If not even the centre is, the better of both is returned.
    """
    if excess(x) <= 0:
        return x
    step = UNIT
    while step < 1:
        moved = x + step * (centre - x)
        if excess(moved) <= 0:
            return moved
        step *= 2
    return min(centre, x, key=excess)


def empty_set(least, eps, prior) -> ValueError:
    """Say that no signal explains the data, and which noise level would make one."""
    return ValueError(f"the feasible set is empty: no signal of {prior!r} has ||Ax - y|| <= {eps:g}; "
                      f"the smallest eps that works is about {least:.6g}")


def undecided(least, eps, prior) -> ValueError:
    """Say that rounding hides whether some signal explains the data."""
    return ValueError(f"whether some signal of {prior!r} has ||Ax - y|| <= {eps:g} is undecided in floating "
                      f"point: the least misfit found is {least:.6g}, and no dual vector proves that none is "
                      "smaller; ask with a larger eps, or scale the columns of A to one size")
