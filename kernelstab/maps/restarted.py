r"""Restarted iterations as maps: networks with known weights, and an error bound for each of their blocks.

Each map runs blocks of a fixed number of steps from the last point, with step sizes set by a radius
:math:`D_j` that bounds the distance to the signal. The constants of approximate sharpness make the
radius fall by a fixed factor, :math:`D_{j+1}=\nu D_j+f`, down to a multiple of the noise.
"""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array, as_count, as_number
from kernelstab._engines.first_order.fista import shrink
from kernelstab.maps.base import Map
from kernelstab.operators import as_operator
from kernelstab.solvers.sharpness import RATIO, Restarts, as_sharpness, restart_radii

ROUNDING = 1e-15  # radii below this share of the first one are rounding errors


@dataclass(frozen=True)
class RestartedRun:
    """The points at all restarts, and what was promised of them.

    Attributes
    ----------
    points : ndarray, shape (n + 1, N)
        :math:`X^{(0)},\\dots,X^{(n)}`; the last is the answer of the map.
    restarts : Restarts
        The promised radii, with what was met.
    """

    points: np.ndarray = field(repr=False)
    restarts: Restarts


class RestartedMap(Map):
    """Blocks of steps whose radius shrinks as a theorem says.

    A subclass has ``parameter`` and ``form`` (what ``Sharpness.floor`` needs), ``constant`` (error per unit
    of its objective), ``rate`` (a block of k steps exceeds the least objective by at most ``2 rate D / k``),
    and the methods ``start``, ``objective`` and ``block``.
    """

    form: str
    constant: float
    rate: float

    def __init__(self, A, parameter, sharpness, restarts, name):
        self.A, self.parameter = as_operator(A), parameter
        self.sharpness = as_sharpness(sharpness)
        self.restarts, self.name = as_count(restarts, "restarts", low=1), name

    @property
    def steps(self) -> int:
        r"""Steps of one block, :math:`\lceil2Ca/\nu\rceil` with the constant C and the rate a."""
        return int(np.ceil(2.0 * self.constant * self.rate / RATIO))

    @property
    def floor(self) -> float:
        """The error that no number of restarts removes, up to the factor 1/(1 - 1/e)."""
        return self.sharpness.floor(self.form, self.parameter)

    def radii(self, y) -> np.ndarray:
        r"""Return the radii :math:`D_0,\dots,D_n` promised for these data, before any block is run.

        :math:`D_0` is the objective at the start in units of the signal, plus the floor. There are at most
        ``restarts`` blocks, fewer if the radius comes within one per cent of its limit or reaches rounding.
        """
        y = as_array(y, "y", shape=self.A.shape[:1])
        return self._radii(self.objective(*self.start(y)))

    def _radii(self, objective):
        radii = restart_radii(self.constant * objective + self.floor, self.floor, self.restarts)
        least = max(1.01 * self.floor / (1.0 - RATIO), ROUNDING * radii[0])
        return radii[:1 + np.count_nonzero(radii[:-1] > least)]

    def run(self, y) -> RestartedRun:
        """Return the points at all restarts with their record; ends early where they refute the constants."""
        y = as_array(y, "y", shape=self.A.shape[:1])
        x, residual = self.start(y)
        radii = self._radii(self.objective(x, residual))
        points, rows, moves = [x], [(self.objective(x, residual), float(np.linalg.norm(residual)))], []
        noise = self.sharpness.noise
        if noise is None:
            noise = self.parameter if self.form == "qcbp" else 0.0
        while True:
            count = len(points)
            objectives, residuals = np.array(rows).T
            record = Restarts(np.arange(count) * self.steps, radii[:count], objectives, residuals,
                              self.A.norm_upper * radii[:count] + noise, np.array(moves))
            if count == len(radii) or record.refuted:
                return RestartedRun(np.array(points), record)
            x, residual = self.block(y, points[-1], radii[count - 1])
            moves.append(float(np.linalg.norm(x - points[-1])))
            points.append(x)
            rows.append((self.objective(x, residual), float(np.linalg.norm(residual))))

    def __call__(self, y):
        return self.run(y).points[-1]

    def start(self, y):
        """Return the first point and its residual."""
        return np.zeros(self.A.shape[1], np.result_type(y, self.A.dtype)), y

    def objective(self, x, residual) -> float:
        """Return the objective of the method at a point."""
        raise NotImplementedError

    def block(self, y, x, radius):
        """Return the point after one block from ``x``, with its residual."""
        raise NotImplementedError


class WARPd(RestartedMap):
    r"""The primal-dual method for quadratically constrained basis pursuit, restarted from its averages.

    **Theorem.** Let ``x`` meet :math:`\|Ax-y\|\le\eta` and be approximately sharp with
    :math:`C_1,C_2`; let :math:`\kappa=C_2/C_1`, f the floor, and
    :math:`D_0\ge\|x_0-x\|`. Run :math:`k=\lceil2C_2\|A\|/\nu\rceil` steps from the last average and a zero
    dual point with :math:`\tau=D_j/(\kappa\|A\|)`, :math:`\sigma=\kappa/(D_j\|A\|)`. Then
    :math:`\|X^{(j)}-x\|\le D_j` with :math:`D_{j+1}=\nu D_j+f`.

    *Proof.* The supremum of :math:`\langle u,AX-y\rangle-\eta\|u\|` over :math:`\|u\|\le\kappa` is
    :math:`\kappa(\|AX-y\|-\eta)_+`, and :math:`L(x,U)\le\|x\|_1`. So the estimate of
    :func:`_average` gives
    :math:`\|X\|_1-\|x\|_1+\kappa(\|AX-y\|-\eta)_+\le\frac1k(D^2/\tau+\kappa^2/\sigma)=2\kappa D\|A\|/k`.
    Multiply by :math:`C_1`. At :math:`x_0=0` sharpness itself gives :math:`D_0=C_2(\|y\|-\eta)+f`.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator.
    eta : float
        Noise level, in measurement units.
    sharpness : Sharpness or recovery constants
        The constants, see :func:`kernelstab.solvers.sharpness_from` and ``kernel.recovery_constants``.
    restarts : int
        Most blocks; fewer if the radius comes within one per cent of its limit, or reaches rounding.
    name : str, optional
        Shown in reports.

    Notes
    -----
    Cost: ``steps`` products with ``A`` and as many with its adjoint per block.

    References
    ----------
    M. J. Colbrook, "WARPd: A linearly convergent first-order primal-dual algorithm for inverse problems with
    approximate sharpness conditions", SIAM J. Imaging Sciences 15, 2022.

    Examples
    --------
    One unknown, ``A = 1``: :math:`C_1=1/2, C_2=2`, so 11 steps a block, and the radius falls from 6 by e.

    >>> from kernelstab.solvers import Sharpness
    >>> psi = WARPd([[1.0]], 0.0, Sharpness(0.5, 2.0), restarts=4)
    >>> psi.steps, psi.radii([3.0]).round(3)
    (11, array([6.   , 2.207, 0.812, 0.299, 0.11 ]))
    >>> abs(float(psi(np.array([3.0]))[0]) - 3.0) <= 0.11
    True
    """

    form = "qcbp"

    def __init__(self, A, eta, sharpness, *, restarts=40, name="WARPd"):
        super().__init__(A, as_number(eta, "eta", low=0), sharpness, restarts, name)
        self.constant = self.sharpness.C1
        self.kappa = self.sharpness.C2 / self.sharpness.C1
        self.rate = self.kappa * self.A.norm_upper

    def objective(self, x, residual) -> float:
        """Return the absolute sum with what the excess of the residual costs."""
        excess = max(float(np.linalg.norm(residual)) - self.parameter, 0.0)
        return float(np.abs(x).sum()) + self.kappa * excess

    def block(self, y, x, radius):
        """Return the average after one block, and its residual."""
        sigma = self.kappa / (radius * self.A.norm_upper)

        def resolvent(u):
            size = float(np.linalg.norm(u))
            return u * max(0.0, 1.0 - sigma * self.parameter / size) if size > 0 else u

        tau = radius / (self.kappa * self.A.norm_upper)
        return _average(self.A, y, x, tau, sigma, self.steps, 1.0, resolvent)


class FIRENET(RestartedMap):
    r"""The primal-dual method for the square-root LASSO, restarted from its averages.

    **Theorem.** Let ``x`` be approximately sharp with :math:`C_1,C_2`, let
    :math:`\lambda\le C_1/C_2` and :math:`C=C_1/\lambda`. Run :math:`k=\lceil2C\|A\|/\nu\rceil` steps from the
    last average and a zero dual point with :math:`\tau=D_j/\|A\|`, :math:`\sigma=1/(D_j\|A\|)`, the dual
    point projected on the unit ball. Then :math:`\|X^{(j)}-x\|\le D_j` with :math:`D_{j+1}=\nu D_j+f` and
    :math:`f=C_1\delta+(C_2+C)\|Ax-y\|`. The steps know the noise through the radii only.

    *Proof.* With F the objective, sharpness and
    :math:`\|A(z-x)\|\le\|Az-y\|+\|Ax-y\|` give :math:`\|z-x\|\le C(F(z)-F(x))+f`, because the coefficient
    :math:`C_2-C` of :math:`\|Az-y\|` that is left over is not positive. The estimate of
    :func:`_average`, whose supremum over the unit ball is :math:`F(X)`, is
    :math:`F(X)-F(x)\le\frac1k(D^2/\tau+1/\sigma)=2D\|A\|/k`.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator.
    lam : float
        The weight :math:`\lambda` of the absolute sum, at most :math:`C_1/C_2`.
    sharpness, restarts, name
        As for :class:`WARPd`; ``Sharpness.noise`` sets the noise level at which the radii stop.

    Raises
    ------
    ValueError
        If ``lam`` is too large for the constants.

    References
    ----------
    M. J. Colbrook, V. Antun, A. C. Hansen, "The difficulty of computing stable and accurate neural networks",
    PNAS 119(12), 2022.

    Examples
    --------
    >>> from kernelstab.solvers import Sharpness
    >>> psi = FIRENET([[1.0]], 0.25, Sharpness(0.5, 2.0))       # C = 2: again 11 steps a block
    >>> psi.steps, bool(abs(psi([3.0])[0] - 3.0) < 1e-9)
    (11, True)
    """

    form = "sqrt-lasso"

    def __init__(self, A, lam, sharpness, *, restarts=40, name="FIRENET"):
        super().__init__(A, as_number(lam, "lam", low=0, strict=True), sharpness, restarts, name)
        C1, C2 = self.sharpness.C1, self.sharpness.C2
        if self.parameter * C2 > C1 * (1 + 1e-12):
            raise ValueError(f"lam must be at most C1/C2 = {C1 / C2:.6g} of the sharpness, "
                             f"got {self.parameter}")
        self.constant, self.rate = C1 / self.parameter, self.A.norm_upper

    def objective(self, x, residual) -> float:
        """Return the objective of the square-root LASSO."""
        return self.parameter * float(np.abs(x).sum()) + float(np.linalg.norm(residual))

    def block(self, y, x, radius):
        """Return the average after one block, and its residual."""
        norm = self.A.norm_upper
        tau, sigma = radius / norm, 1.0 / (radius * norm)
        return _average(self.A, y, x, tau, sigma, self.steps, self.parameter,
                        lambda u: u / max(1.0, float(np.linalg.norm(u))))


class NESTA(RestartedMap):
    r"""Nesterov's method on the smoothed 1-norm over the constraint, restarted; for :math:`AA^*=cI` only.

    **Theorem.** Let ``x`` meet the constraint and be approximately sharp with
    :math:`C_1,C_2`. Take :math:`n=\lceil2\sqrt NC_1/\nu\rceil` steps with the smoothing
    :math:`\mu=2D_j/((n+1)\sqrt N)`, from the last point. Then :math:`\|X^{(j)}-x\|\le D_j` with
    :math:`D_{j+1}=\nu D_j+C_1\delta+C_2(\eta+\|Ax-y\|)`.

    *Proof.* By the estimate of :func:`_smoothed` the norm exceeds that of ``x`` by at most
    :math:`N\mu/2+2D^2/(\mu(n+1)^2)=2\sqrt ND/(n+1)`, and sharpness for feasible points gives the rest.

    Parameters
    ----------
    A : operator, shape (m, N)
        Forward operator that declares :math:`AA^*=cI` (``tight``).
    eta : float
        Noise level, in measurement units.
    sharpness, restarts, name
        As for :class:`WARPd`.

    Raises
    ------
    ValueError
        If the operator is not tight.

    References
    ----------
    M. Neyra-Nesterenko, B. Adcock, "NESTANets: stable, accurate and efficient neural networks for
    analysis-sparse inverse problems", Sampling Theory, Signal Processing, and Data Analysis 21, 2023.

    Examples
    --------
    The nearest feasible point to zero is 3 itself, and every step stays there:

    >>> from kernelstab.operators import DenseOperator
    >>> from kernelstab.solvers import Sharpness
    >>> NESTA(DenseOperator([[1.0]], tight=1.0), 0.0, Sharpness(0.5, 2.0))([3.0])
    array([3.])
    """

    form = "qcbp"

    def __init__(self, A, eta, sharpness, *, restarts=40, name="NESTA"):
        super().__init__(A, as_number(eta, "eta", low=0), sharpness, restarts, name)
        if self.A.tight is None:
            raise ValueError("A must declare AA* = cI (tight), got an operator that does not")
        self.constant, self.rate = self.sharpness.C1, float(np.sqrt(self.A.shape[1]))

    def start(self, y):
        """Return the feasible point next to zero, and its residual."""
        x, _ = super().start(y)
        return _nearest(self.A, y, self.parameter, x)

    def objective(self, x, residual) -> float:
        """Return the absolute sum; all points are feasible."""
        return float(np.abs(x).sum())

    def block(self, y, x, radius):
        """Return the last point of one block, and its residual."""
        mu = 2.0 * radius / ((self.steps + 1) * self.rate)
        return _smoothed(self.A, y, self.parameter, x, mu, self.steps)


def _average(A, y, x, tau, sigma, steps, weight, resolvent):
    r"""Take primal-dual steps from ``x`` and a zero dual point; return their average X and its residual.

    .. math::
        x^+=\mathrm{prox}_{\tau\lambda\|\cdot\|_1}(x-\tau A^*u),\qquad
        u^+=\mathrm{resolvent}(u+\sigma(A(2x^+-x)-y)),

    where ``weight`` is :math:`\lambda`. With :math:`\tau\sigma\|A\|^2\le1`, L the Lagrangian and X, U the
    averages of k steps,

    .. math:: L(X,u)-L(x,U)\le\frac1k\Bigl(\frac{\|x-x_0\|^2}\tau+\frac{\|u\|^2}\sigma\Bigr)
              \quad\text{for all }x,u.

    *Proof.* One step is a proximal point step in the metric M with diagonal blocks
    :math:`1/\tau,1/\sigma` and off the diagonal :math:`-A^*,-A`, which is positive semidefinite:
    :math:`L(x^+,u)-L(x,u^+)\le\tfrac12(\|w-w_k\|_M^2-\|w-w_{k+1}\|_M^2)`. Sum, use convexity, and
    :math:`\|w\|_M^2\le2(\|x\|^2/\tau+\|u\|^2/\sigma)`.
    """
    u, Ax = 0 * y, A.matvec(x)
    total, products = np.zeros_like(x), 0 * y
    for _ in range(steps):
        new = shrink(x - tau * A.rmatvec(u), tau * weight)
        ahead = A.matvec(new)
        u = resolvent(u + sigma * (2.0 * ahead - Ax - y))
        x, Ax = new, ahead
        total += x
        products += Ax
    return total / steps, y - products / steps


def _nearest(A, y, eta, q):
    r"""Return the point with :math:`\|Ax-y\|\le\eta` nearest to ``q``, and its residual, for :math:`AA^*=cI`.

    It is :math:`q+\frac{(1-\eta/\|r\|)_+}{c}A^*r` with :math:`r=y-Aq`.
    """
    r = y - A.matvec(q)
    size = float(np.linalg.norm(r))
    share = 1.0 - eta / size if size > eta else 0.0
    return q + share / A.tight * A.rmatvec(r), (1.0 - share) * r


def _smoothed(A, y, eta, x, mu, steps):
    r"""Take accelerated projected gradient steps of length ``mu``; return the last point and its residual.

    The smoothed norm is :math:`|z|^2/(2\mu)` where :math:`|z|\le\mu` and :math:`|z|-\mu/2` beyond. It
    lies within :math:`N\mu/2` below the norm, and its gradient is :math:`1/\mu`-Lipschitz, so that a
    gradient step of length :math:`\mu` is soft thresholding by :math:`\mu`. After k steps its value
    exceeds that of *any* feasible z by at most :math:`2\|z-x\|^2/(\mu(k+1)^2)`.
    """
    ahead, momentum = x, 1.0
    for _ in range(steps):
        new, residual = _nearest(A, y, eta, shrink(ahead.copy(), mu))
        following = 0.5 + np.sqrt(0.25 + momentum * momentum)
        ahead = new + (momentum - 1.0) / following * (new - x)
        x, momentum = new, following
    return x, residual
