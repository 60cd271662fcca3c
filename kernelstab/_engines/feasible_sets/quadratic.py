r"""Detail bounds where the prior is no constraint, a ball, a subspace or an ellipsoid.

Coordinates :math:`x=Pu` make both constraints diagonal: :math:`\sum c_i^2u_i^2\le1` (prior) and
:math:`\sum(s_iu_i-y_i)^2+\text{rest}^2\le\varepsilon^2` (data). For every :math:`\lambda\ge0` the sum
of :math:`\lambda` times the first and the second confines the set to an ellipsoid,

.. math:: \sum H_i(u_i-z_i)^2\le\gamma,\quad H=\lambda c^2+s^2,\quad z=sy/H,\quad
          \gamma=\lambda+\varepsilon^2-\text{rest}^2-\sum\lambda c_i^2y_i^2/H_i,

on which :math:`\langle g,u\rangle` is at most
:math:`\langle g,z\rangle+\sqrt{\gamma\sum g_i^2/H_i}`. The two constraints cannot both be violated at
the maximiser of the ellipsoid, and which one is tells on which side of the best :math:`\lambda` we are:
one root finding in one variable replaces a cone program.

What several details :math:`D` make of such an ellipsoid lies in the ball around :math:`Dz` of radius
:math:`\sqrt{\gamma\,\|DPH^{-1}P^TD^T\|}`. Every weight is right; the best one is found by a search.
"""

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from kernelstab._engines.feasible_sets.support_value import (
    CONSISTENT,
    UNIT,
    ConvexSet,
    FeasibleSet,
    SupportValue,
    moved_inside,
    unseen,
)

_FLAT = 1e-13              # singular values of an orthonormal frame that count as zero
_GRID = np.linspace(-60.0, 60.0, 61)


class QuadraticSet(ConvexSet):
    """The feasible set in diagonal coordinates; ``radius`` gives a ball, ``T`` an ellipsoid."""

    def __init__(self, A, y, eps, prior, *, radius=None, T=None):
        super().__init__(A, y, eps, prior, 2, radius, T)
        if T is None:
            self._from_singular_values()
        else:
            self._from_stack()
        self._settle()

    def _from_singular_values(self):
        u, sigma, rows = np.linalg.svd(self.A, full_matrices=False)
        rank = int(np.sum(sigma > max(self.A.shape) * UNIT * sigma[0]))
        self.P, self.s, self.E = rows[:rank].T, sigma[:rank], u[:, :rank]
        self.rows = self.P
        self.c = np.full(rank, 0.0 if self.radius is None else 1.0 / self.radius)
        size = np.linalg.norm(self.y) + self.eps
        self.extent = size / self.s[-1] if self.radius is None and rank else self.radius or 0.0

    def _from_stack(self):
        stack = self.stack
        self.rows, self.extent, rank = stack.rows, stack.extent, len(stack.sigma)
        prior_part, data_part = np.split(stack.u, [len(self.form)])
        c, turn = np.linalg.svd(prior_part, full_matrices=True)[1:]
        self.c = np.concatenate([c, np.zeros(rank - len(c))]) if len(c) < rank else c[:rank]
        self.c[self.c < _FLAT] = 0.0
        # directions that the data see least are turned by what the data see, whose small values keep digits
        fixed = int(np.sum(self.c**2 > 0.5))
        if fixed:
            turn[:fixed] = np.linalg.svd(data_part @ turn[:fixed].T)[2][::-1] @ turn[:fixed]
            self.c[:fixed] = np.linalg.norm(prior_part @ turn[:fixed].T, axis=0)
        self.P = (self.rows / stack.sigma) @ turn.T
        # from the best seen direction to the least: what is seen little is at right angles to the others, too
        frame, triangle = np.linalg.qr((data_part @ turn.T)[:, ::-1])
        sizes = np.diagonal(triangle)
        s, self.E = np.zeros(rank), np.zeros((len(self.y), rank))
        s[rank - len(sizes):] = np.abs(sizes)[::-1]
        s[s < _FLAT] = 0.0
        self.E[:, rank - len(sizes):] = (frame * np.sign(sizes))[:, ::-1]
        self.E[:, s == 0] = 0.0
        self.s = s / stack.weight

    def _settle(self):
        """Find the least misfit and a point well inside; raise if there is no point at all."""
        self.b = self.E.T @ self.y
        self.rest = float(np.linalg.norm(self.y - self.E @ self.b))
        seen = self.s > 0
        closest = np.where(seen, self.b / np.where(seen, self.s, 1.0), 0.0)
        if self._prior(closest) > 1:
            closest = self._at(self.root(lambda u: self._prior(u) - 1))
        least = float(np.sqrt(self.misfit2(closest)))
        allowed = self.eps if self.eps > 0 else CONSISTENT * np.linalg.norm(self.y)
        if least > allowed * (1 + 1e-12):
            raise self.refuse(self.P @ closest, least)
        self.centre = closest
        if self.eps > 0:
            flat = np.where(self.c > 0, 0.0, closest)
            if self.misfit2(flat) > self.eps**2 and np.any(self.c > 0) and least < self.eps:
                flat = self._at(self.root(lambda u: self.eps**2 - self.misfit2(u)))
            self.centre = (closest + flat) / 2

    def _prior(self, u):
        return float(np.sum((self.c[:len(u)] * u)**2))

    def misfit2(self, u) -> float:
        """Return the squared misfit of a point."""
        return float(np.sum((self.s * u - self.b)**2)) + self.rest**2

    def _at(self, ratio):
        return _ellipsoid(ratio, self.c, self.s, self.b, 0.0)[0] * self.s * self.b

    def _scale(self):
        return (np.max(self.s, initial=0.0)**2 or 1.0) / (np.max(self.c, initial=0.0)**2 or 1.0)

    def root(self, change, point=None) -> float:
        """Find the ratio where a function that falls with it changes sign, by its logarithm."""
        point = point or self._at
        low, high = np.log(self._scale()) - 75.0, np.log(self._scale()) + 75.0
        at = lambda t: change(point(np.exp(t)))                               # noqa: E731
        if at(low) <= 0:
            return np.exp(low)
        if at(high) >= 0:
            return np.exp(high)
        return float(np.exp(brentq(at, low, high, xtol=1e-15, rtol=4 * UNIT, maxiter=300)))

    def support(self, d) -> SupportValue:
        """Bound ``<d, x>`` from above and come near the bound."""
        hidden, direction = unseen(self.rows, d)
        ball, length = self.radius is not None, float(np.linalg.norm(hidden))
        if not ball and direction is not None:
            return SupportValue(np.inf, self.P @ self.centre, direction=direction)
        line = hidden / length if ball and length > 0 else np.zeros_like(d)
        c = np.append(self.c, 1.0 / self.radius if ball else 0.0)
        s, b = np.append(self.s, 0.0), np.append(self.b, 0.0)
        g = self.P.T @ d
        g[np.abs(g) <= 16 * UNIT * np.linalg.norm(self.P, axis=0) * np.linalg.norm(d)] = 0.0
        g = np.append(g, length if ball else 0.0)
        if self.eps > 0:
            u, multipliers = self._noisy(g, c, s, b)
        else:
            u, multipliers = _noise_free(g, c, s, b)
        x = self.P @ u[:-1] + u[-1] * line
        if self.eps > 0:
            # first the data alone, without touching what they do not see; then both
            firm = s > 1e-6 * s.max()
            move = np.where(firm, s * u - b, 0.0) / np.where(firm, s, 1.0)
            x = moved_inside(x, x - self.P @ move[:-1], self.data_excess)
        x = moved_inside(x, self.P @ self.centre, self.excess)
        Tx = 0.0 if self.form is None else self.form @ x
        found = [self.proved(d, x, self._dual(g, c, s, b, u, alpha, beta), alpha * Tx)
                 for alpha, beta in multipliers]
        return min(found, key=lambda value: value.bound)

    def enclosing_ball(self, D):
        """Return radius, centre (a signal) and the direction in which the ball around ``D x`` is touched."""
        hidden = D - (D @ self.rows) @ self.rows.T
        hidden = hidden * self.radius if self.radius is not None else np.zeros((len(D), 0))
        G, c, s, b = D @ self.P, self.c, self.s, self.b
        size = np.linalg.norm(self.P, axis=0) * np.linalg.norm(D)
        G = np.where(np.linalg.norm(G, axis=0) <= 16 * UNIT * size, 0.0, G)
        rounding = 8 * sum(self.A.shape) * UNIT
        if self.eps == 0:
            middle, left, free = _fixed(c, s, b)
            axes = np.hstack([G[:, free] / c[free], hidden])
            if not axes.size:
                return 0.0, self.P @ middle, np.eye(len(G))[0]
            vectors, sizes, _ = np.linalg.svd(axes)
            return (float(np.sqrt(left**2 + rounding) * sizes[0]) * (1 + 64 * UNIT), self.P @ middle,
                    vectors[:, 0])
        spare = self.eps**2 - self.rest**2

        def shape(ratio):
            inverse, height = _ellipsoid(ratio, c, s, b, spare)
            height += rounding * (ratio + abs(spare))
            more = hidden / np.sqrt(ratio) if ratio > 0 else 0.0 * hidden
            return max(height, 0.0), np.hstack([G * np.sqrt(inverse), more]), inverse * s * b

        def radius(ratio):
            height, axes, _ = shape(ratio)
            return float(np.sqrt(height)) * float(np.linalg.norm(axes, 2))

        ratios = [self._scale() * float(np.exp(t)) for t in _GRID] if np.any(c > 0) or hidden.size else []
        if np.all((s > 0) | ~G.any(axis=0)) and np.linalg.norm(hidden) <= 1e-12 * np.linalg.norm(D):
            ratios.append(0.0)
        best = min(ratios, key=radius)
        if best > 0:
            near = minimize_scalar(lambda t: radius(best * np.exp(t)), bounds=(-2.5, 2.5), method="bounded",
                                   options={"xatol": 1e-10})
            best = min(best, best * float(np.exp(near.x)), key=radius)
        _, axes, middle = shape(best)
        return radius(best) * (1 + 64 * UNIT), self.P @ middle, np.linalg.svd(axes)[0][:, 0]

    def _dual(self, g, c, s, b, u, alpha, beta):
        """Return the multiplier of the data, entry by entry from the equation that loses fewer digits."""
        q = np.divide(g - alpha * c**2 * u, s, out=np.zeros_like(s), where=s > 0)
        if beta is None:
            return self.E @ q[:-1]
        lost = np.divide(np.abs(g) + alpha * c**2 * np.abs(u), s, out=np.full_like(s, np.inf), where=s > 0)
        q = np.where(lost < beta * np.abs(b), q, beta * (s * u - b))
        return self.E @ q[:-1] - beta * (self.y - self.E @ self.b)

    def _noisy(self, g, c, s, b):
        """Return the maximiser in coordinates and candidates for the multipliers of half the constraints."""
        spare = self.eps**2 - self.rest**2

        def best(ratio):
            inverse, height = _ellipsoid(ratio, c, s, b, spare)
            size = float(np.sum(g**2 * inverse))
            tau = np.sqrt(max(height, 0.0) / size) if size > 0 else 0.0
            return inverse * (s * b + tau * g), tau

        def first(u):
            # at the maximiser one excess is positive and the other negative; their difference has its root
            # where both vanish, and keeps its digits where either of them is lost in rounding
            misfit = float(np.sum((s * u - b)**2)) + self.rest**2
            return float(np.sum((c * u)**2)) - misfit / self.eps**2

        ratio = 0.0
        if np.any(c > 0) and not (np.all((s > 0) | (g == 0)) and first(best(0.0)[0]) <= 0):
            ratio = self.root(first, lambda r: best(r)[0])
        u, tau = best(ratio)
        # a set that is nearly a point has multipliers so large that rounding would spoil the bound
        floor = 1e-8 * max(np.linalg.norm(u), np.finfo(float).tiny**0.25)
        floor /= max(np.linalg.norm(g), np.finfo(float).tiny**0.25)
        taus = [tau] if tau >= floor else [floor, tau] if tau > 0 else [floor]
        return u, [(ratio / tau, 1 / tau) for tau in taus]


def _ellipsoid(ratio, c, s, b, spare):
    """Return 1/H (0 where it is infinite) and gamma of the ellipsoid of one ratio, centred in ``sb/H``."""
    weight = ratio * c**2 + s**2
    inverse = np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)
    return inverse, ratio + spare - float(np.sum(ratio * c**2 * b**2 * inverse))


def _fixed(c, s, b):
    """Return what equations fix, what the prior leaves to the other coordinates, and which those are."""
    u = np.divide(b, s, out=np.zeros_like(b), where=s > 0)
    return u, np.sqrt(max(0.0, 1 - float(np.sum((c * u)**2)))), (s == 0) & (c > 0)


def _noise_free(g, c, s, b):
    """Return the maximiser where the data fix the seen coordinates, and the prior's multiplier."""
    u, left, free = _fixed(c, s, b)
    size = float(np.linalg.norm(g[free] / c[free]))
    if size > 0:
        u[free] = left * g[free] / (c[free]**2 * size)
    return u, [(size / max(left, 1e-8), None)]


class SubspaceSet(FeasibleSet):
    """Signals ``x = Q u`` of a subspace: the same questions about ``A Q``, with ``Q`` orthonormal."""

    def __init__(self, A, y, eps, prior):
        self.A, self.Q = A, prior.frame
        self.inner = QuadraticSet(A @ self.Q, y, eps, prior, radius=prior.radius)

    def support(self, d) -> SupportValue:
        """Bound ``<d, x>`` from above and come near the bound."""
        found = self.inner.support(self.Q.T @ d)
        x = self.Q @ found.x
        if found.direction is not None:
            return SupportValue(np.inf, x, direction=self.Q @ found.direction)
        # rounding of A Q and Q^T d, products of length N
        size = np.linalg.norm(d) + np.linalg.norm(self.A) * np.linalg.norm(found.q)
        slack = (self.A.shape[1] + 4) * UNIT * size * self.inner.extent
        return SupportValue(found.bound + float(slack), x, found.q)

    def enclosing_ball(self, D):
        """Return the ball in the coordinates of the subspace, with its centre as a signal."""
        radius, centre, contact = self.inner.enclosing_ball(D @ self.Q)
        return radius, self.Q @ centre, contact
