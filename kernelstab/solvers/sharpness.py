r"""Approximate sharpness: what turns a small objective into a small error, and so allows restarts.

A signal ``x`` with data ``y`` is approximately sharp for a matrix if for *every* ``z``

.. math:: \|z-x\|_2\le C_1(\|z\|_1-\|x\|_1+\delta)+C_2\|A(z-x)\|_2 .

Then a method whose objective falls like :math:`D/k`, where D bounds the distance it started
from, can be started again as soon as it has come a fixed share closer: the error falls by a
fixed factor in a fixed number of steps, until :math:`\delta` and the noise are reached.
"""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_count, as_number

RATIO = float(np.exp(-1.0))  # v log(1/v) is largest: the fewest steps for a given accuracy


@dataclass(frozen=True)
class Sharpness:
    r"""The constants of approximate sharpness of the signal that is sought.

    Attributes
    ----------
    C1 : float
        Signal units per unit of the 1-norm.
    C2 : float
        Signal units per unit of data.
    delta : float
        Twice the distance of the signal to the sparse vectors in the 1-norm; 0 if it is sparse.
    noise : float or None
        Upper bound of :math:`\|Ax-y\|`. None means the noise level of ``qcbp``, and exact
        data for ``sqrt_lasso``, which is told no noise level.

    Examples
    --------
    >>> Sharpness(0.5, 2.0).floor("qcbp", 0.1)           # (0.1 + 0.1) * 2
    0.4
    >>> Sharpness(0.5, 2.0, delta=1.0, noise=0.1).floor("sqrt-lasso", 0.25)    # .5 + .1 (2 + .5 / .25)
    0.9
    """

    C1: float
    C2: float
    delta: float = 0.0
    noise: float | None = None

    def __post_init__(self):
        as_number(self.C1, "C1", low=0, strict=True)
        as_number(self.C2, "C2", low=0, strict=True)
        as_number(self.delta, "delta", low=0)
        if self.noise is not None:
            as_number(self.noise, "noise", low=0)

    def floor(self, form, level) -> float:
        r"""Return the error that no number of restarts removes.

        For ``"qcbp"`` with noise level :math:`\eta`: :math:`C_1\delta+C_2(\eta+\|Ax-y\|)`, because
        :math:`\|A(z-x)\|\le(\|Az-y\|-\eta)_++\eta+\|Ax-y\|`. For ``"sqrt-lasso"`` with weight
        :math:`\lambda\le C_1/C_2`: :math:`C_1\delta+(C_2+C_1/\lambda)\|Ax-y\|`.
        """
        if form == "qcbp":
            return self.C1 * self.delta + self.C2 * (level + (level if self.noise is None else self.noise))
        return self.C1 * self.delta + (self.C2 + self.C1 / level) * (self.noise or 0.0)


def sharpness_from(rho, tau, s, *, norm="l2", sigma=0.0, noise=None) -> Sharpness:
    r"""Return the sharpness that a robust null space property gives to every signal.

    In :math:`\ell^2` form, :math:`\|v_S\|_2\le\frac{\rho}{\sqrt s}\|v_{S^c}\|_1+\tau\|Av\|_2`,
    :math:`C_1=\frac{1+3\rho}{2(1-\rho)\sqrt s}` and :math:`C_2=\frac{2\tau}{1-\rho}`; in :math:`\ell^1`
    form :math:`C_1=\frac{1+\rho}{1-\rho}` and the same :math:`C_2`, for the 1-norm of the error, which
    is no smaller than its 2-norm. The proofs are those of
    ``kernelstab.kernel.recovery_constants``.

    Parameters
    ----------
    rho, tau : float
        Of the property, ``0 <= rho < 1``.
    s : int
        Sparsity.
    norm : {"l2", "l1"}
        Form of the property.
    sigma : float
        :math:`\sigma_s(x)_1`, the distance of the signal to the ``s``-sparse vectors.
    noise : float, optional
        Upper bound of :math:`\|Ax-y\|`, see :class:`Sharpness`.

    Raises
    ------
    ValueError
        If a constant lies outside its range.

    Examples
    --------
    (1 + 3/2) / (2 * 1/2 * 2) = 1.25, and 2 * 1 / (1/2) = 4:

    >>> sharpness_from(0.5, 1.0, 4)
    Sharpness(C1=1.25, C2=4.0, delta=0.0, noise=None)
    """
    rho, tau = as_number(rho, "rho", low=0.0), as_number(tau, "tau", low=0.0, strict=True)
    if rho >= 1.0:
        raise ValueError(f"rho must lie below 1, got {rho}")
    if norm not in ("l1", "l2"):
        raise ValueError(f"norm must be 'l1' or 'l2', got {norm!r}")
    s = as_count(s, "s", low=1)
    C1 = (1 + rho) / (1 - rho) if norm == "l1" else (1 + 3 * rho) / (2 * (1 - rho) * float(np.sqrt(s)))
    return Sharpness(C1, 2 * tau / (1 - rho), 2 * as_number(sigma, "sigma", low=0.0), noise)


def as_sharpness(value) -> Sharpness:
    """Return ``value`` as a :class:`Sharpness`; with recovery constants the signal counts as sparse."""
    if isinstance(value, Sharpness):
        return value
    C, D = getattr(value, "C", None), getattr(value, "D", None)
    if C is None or D is None:
        raise ValueError(f"sharpness must be a Sharpness or recovery constants, got {value!r}")
    return Sharpness(float(C), float(D))


def restart_radii(first, floor, count, *, ratio=RATIO) -> np.ndarray:
    r"""Return the radii :math:`D_0,\dots,D_n` that the theorems of restarts promise.

    :math:`D_{j+1}=\nu D_j+f`, so :math:`D_j\le\nu^jD_0+f/(1-\nu)`: linear decrease to a multiple of
    the floor ``f`` of :meth:`Sharpness.floor`.

    Parameters
    ----------
    first : float
        :math:`D_0`, a bound of the distance at the start.
    floor : float
        Error that remains, same units.
    count : int
        Number ``n`` of restarts.
    ratio : float
        :math:`\nu` in (0, 1); the default 1/e needs the fewest steps, because
        :math:`\nu\log(1/\nu)` is largest there.

    Returns
    -------
    ndarray, shape (n + 1,)

    Examples
    --------
    >>> restart_radii(8.0, 1.0, 3, ratio=0.5)
    array([8.  , 5.  , 3.5 , 2.75])
    """
    first, floor = as_number(first, "first", low=0), as_number(floor, "floor", low=0)
    ratio = as_number(ratio, "ratio", low=0, high=1, strict=True)
    radii = np.full(as_count(count, "count") + 1, first)
    for j in range(1, len(radii)):
        radii[j] = ratio * radii[j - 1] + floor
    return radii


@dataclass(frozen=True)
class Restarts:
    r"""What a restarted method promised at each restart, and what it met.

    Attributes
    ----------
    iterations : ndarray of int, shape (n + 1,)
        Steps taken until restart ``j``; the first is 0. A callback receives the point
        :math:`X^{(j)}` with this number.
    radii : ndarray, shape (n + 1,)
        :math:`D_j`: the theorem says :math:`\|X^{(j)}-x\|\le D_j`, if the constants are right.
    objectives, residuals : ndarray, shape (n + 1,)
        :math:`\|X^{(j)}\|_1` (times the weight for ``FIRENET``, plus the residual), and
        :math:`\|AX^{(j)}-y\|`.
    limits : ndarray, shape (n + 1,)
        :math:`\|A\|D_j` plus the noise: no residual is larger if the theorem holds.
    moves : ndarray, shape (n,)
        :math:`\|X^{(j+1)}-X^{(j)}\|`: at most :math:`D_j+D_{j+1}` if the theorem holds.

    Examples
    --------
    >>> two = np.ones(2)
    >>> r = Restarts(np.array([0, 9]), np.array([2.0, 1.0]), two, two, two, np.array([3.5]))
    >>> r
    <Restarts: 1 in 9 steps, radius 2 to 1, constants refuted>
    """

    iterations: np.ndarray = field(repr=False)
    radii: np.ndarray
    objectives: np.ndarray = field(repr=False)
    residuals: np.ndarray = field(repr=False)
    limits: np.ndarray = field(repr=False)
    moves: np.ndarray = field(repr=False)

    @property
    def refuted(self) -> bool:
        r"""Whether the points contradict the radii, which needs no ``x``: the constants are too small.

        Two restarts lie further apart than their radii allow, or one further from the data. False
        proves nothing.
        """
        apart = self.moves > (self.radii[:-1] + self.radii[1:]) * (1 + 1e-12)
        return bool(np.any(apart) or np.any(self.residuals > self.limits * (1 + 1e-12)))

    def __repr__(self):
        word = ", constants refuted" if self.refuted else ""
        return (f"<Restarts: {len(self.moves)} in {self.iterations[-1]} steps, radius {self.radii[0]:.3g} to "
                f"{self.radii[-1]:.3g}{word}>")
