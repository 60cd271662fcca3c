r"""What a robust null space property promises for a reconstruction, as functions of measured numbers.

Every inequality here has one form. With constants :math:`C,D` of the property, for *all* ``x`` and ``z``,

.. math:: \|z-x\|\le C\,(\|z\|_1-\|x\|_1+2\sigma_s(x)_1)+D\,\|A(z-x)\| ,

whatever ``z`` is: the output of a solver, of a network, or a guess. The bounds for minimisers follow by
inserting what a minimiser satisfies.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from kernelstab._checks import as_array, as_count, as_number
from kernelstab.kernel.nullspace import nullspace_basis
from kernelstab.operators import as_operator


@dataclass(frozen=True)
class RecoveryBound:
    """A bound of a reconstruction error, or the reason why there is none.

    Attributes
    ----------
    bound : float or None
        Upper bound of the error; None if not applicable.
    norm : str
        Of the error: ``"l1"``, ``"l2"`` or ``"weighted l1"``.
    reason : str
        Why there is none; empty otherwise.
    error : float or None
        The error itself where both signals were given.
    """

    bound: float | None
    norm: str
    reason: str = ""
    error: float | None = None

    @property
    def applicable(self) -> bool:
        """Whether there is a bound."""
        return not self.reason

    @property
    def holds(self) -> bool | None:
        """Whether ``error`` keeps the bound, with a relative slack of 1e-10 for rounding; None if unknown."""
        if self.error is None or self.bound is None:
            return None
        return self.error <= self.bound * (1 + 1e-10)

    def __repr__(self):
        if not self.applicable:
            return f"<RecoveryBound not applicable: {self.reason}>"
        measured = "" if self.error is None else f", error {self.error:.6g}"
        return f"<RecoveryBound {self.norm} error <= {self.bound:.6g}{measured}>"


@dataclass(frozen=True)
class RecoveryConstants:
    r"""The two constants of a robust null space property, and the bounds they give.

    Attributes
    ----------
    s : int
    rho, tau : float
        Those of the property.
    norm : {"l1", "l2", "weighted l1"}
        Norm of the error that is bounded.
    C, D : float or None
        Coefficient of the 1-norms and of :math:`\|A(z-x)\|`; None if not applicable.
    weights : ndarray, shape (N,), or None
        Weights of the 1-norms, all one if None.
    levels, sparsities : ndarray of int and tuple of int, or None
        Label of the level of each entry, and the local sparsities, for sparsity in levels.
    reason : str
        Why there are no constants; empty if there are.
    """

    s: int
    rho: float
    tau: float
    norm: str
    C: float | None
    D: float | None
    weights: np.ndarray | None = None
    levels: np.ndarray | None = None
    sparsities: tuple[int, ...] | None = None
    reason: str = ""

    @property
    def applicable(self) -> bool:
        """Whether the property promises anything: rho below 1 and tau finite."""
        return not self.reason

    def __repr__(self):
        if self.reason:
            return f"<RecoveryConstants not applicable: {self.reason}>"
        return f"<RecoveryConstants {self.norm} s={self.s}, C={self.C:.6g}, D={self.D:.6g}>"

    def comparison(self, A, x, z) -> RecoveryBound:
        r"""Bound the distance of any two vectors by what can be measured of them.

        Parameters
        ----------
        A : ForwardOperator or array_like, shape (m, N)
            The matrix of the property.
        x, z : array_like, shape (N,)
            A signal and anything to compare it with.

        Examples
        --------
        With C = 3 and D = 4: the 1-norms are 1 and 1, x is 1-sparse, :math:`\|A(z-x)\|` is 1.

        >>> constants = recovery_constants(0.5, 1.0, 1)
        >>> constants.comparison([[1.0, 0.0], [0.0, 0.0]], [1.0, 0.0], [0.0, 1.0])
        <RecoveryBound l1 error <= 4, error 2>
        """
        if self.C is None or self.D is None:
            return RecoveryBound(None, self.norm, self.reason)
        A = as_operator(A)
        x = as_array(x, "x", shape=(A.shape[1],))
        z = as_array(z, "z", shape=(A.shape[1],))
        weights = np.ones(len(x)) if self.weights is None else self.weights
        gap = float(weights @ np.abs(z) - weights @ np.abs(x))
        best = sigma_s(x, self.sparsities or self.s, weights=self.weights, levels=self.levels)
        bound = self.C * (gap + 2 * best) + self.D * float(np.linalg.norm(A @ (z - x)))
        size = np.abs(z - x)
        error = np.linalg.norm(size) if self.norm == "l2" else weights @ size
        return RecoveryBound(bound, self.norm, error=float(error))

    def qcbp(self, sigma, eta) -> RecoveryBound:
        r"""Bound the error of basis pursuit with the constraint :math:`\|Az-y\|\le\eta`.

        If :math:`\|Ax-y\|\le\eta` then the minimiser has no larger 1-norm than ``x`` and
        :math:`\|A(z-x)\|\le2\eta`: the error is at most :math:`2C\sigma_s(x)_1+2D\eta`.

        Parameters
        ----------
        sigma : float
            :math:`\sigma_s(x)_1`.
        eta : float
            Noise level.

        >>> recovery_constants(0.5, 1.0, 1).qcbp(0.1, 0.01)      # 2 * 3 * 0.1 + 2 * 4 * 0.01
        <RecoveryBound l1 error <= 0.68>
        """
        sigma, eta = as_number(sigma, "sigma", low=0.0), as_number(eta, "eta", low=0.0)
        if self.C is None or self.D is None:
            return RecoveryBound(None, self.norm, self.reason)
        return RecoveryBound(2 * self.C * sigma + 2 * self.D * eta, self.norm)

    def srlasso(self, sigma, noise, lam) -> RecoveryBound:
        r"""Bound the error of a minimiser of :math:`\lambda\|z\|_1+\|Az-y\|`, which knows no noise level.

        The objective at ``z`` is at most that at ``x``, and :math:`\|A(z-x)\|\le\|Az-y\|+\|e\|`. If
        :math:`\lambda\le C/D` the residual has no positive coefficient left, and the error is at most
        :math:`2C\sigma_s(x)_1+(C/\lambda+D)\|e\|`.

        Parameters
        ----------
        sigma : float
            :math:`\sigma_s(x)_1`.
        noise : float
            :math:`\|e\|=\|Ax-y\|`.
        lam : float
            :math:`\lambda>0`.

        >>> constants = recovery_constants(0.5, 1.0, 1)
        >>> constants.srlasso(0.1, 0.01, 0.75)                   # lambda = C / D: as good as qcbp
        <RecoveryBound l1 error <= 0.68>
        >>> constants.srlasso(0.1, 0.01, 0.8)
        <RecoveryBound not applicable: lambda = 0.8 exceeds C/D = 0.75>
        """
        sigma, noise = as_number(sigma, "sigma", low=0.0), as_number(noise, "noise", low=0.0)
        lam = as_number(lam, "lam", low=0.0, strict=True)
        if self.C is None or self.D is None:
            return RecoveryBound(None, self.norm, self.reason)
        if self.D > 0 and lam > self.C / self.D:
            return RecoveryBound(None, self.norm, f"lambda = {lam:.6g} exceeds C/D = {self.C / self.D:.6g}")
        return RecoveryBound(2 * self.C * sigma + (self.C / lam + self.D) * noise, self.norm)


def recovery_constants(rho, tau, s, *, norm="l1") -> RecoveryConstants:
    r"""Return the constants that a robust null space property gives.

    In :math:`\ell^1` form those of :func:`constants_l1`, for the :math:`\ell^1` error; in :math:`\ell^2` form
    those of :func:`constants_l2` for one level, for the :math:`\ell^2` error:
    :math:`C=\frac{1+3\rho}{2(1-\rho)\sqrt s}` and :math:`D=\frac{2\tau}{1-\rho}`.

    Parameters
    ----------
    rho, tau : float
        Of the property; at least 0, ``tau`` may be infinite.
    s : int
    norm : {"l1", "l2"}

    Returns
    -------
    RecoveryConstants
        Not ``applicable`` if :math:`\rho\ge1` or :math:`\tau=\infty`.

    Examples
    --------
    >>> recovery_constants(0.5, 1.0, 4), recovery_constants(0.5, 1.0, 4, norm="l2")
    (<RecoveryConstants l1 s=4, C=3, D=4>, <RecoveryConstants l2 s=4, C=1.25, D=4>)
    >>> recovery_constants(1.0, 1.0, 4)
    <RecoveryConstants not applicable: rho = 1 is not below 1>
    """
    s = as_count(s, "s", low=1)
    if norm not in ("l1", "l2"):
        raise ValueError(f"norm must be 'l1' or 'l2', got {norm!r}")
    return promised(s, rho, tau, norm, constants_l1 if norm == "l1" else partial(constants_l2, xi=s))


def promised(s, rho, tau, norm, formula, name="tau", **where) -> RecoveryConstants:
    """Return the constants that a formula gives for ``rho`` and ``tau``, or the reason why there are none.

    >>> promised(1, 0.5, np.inf, "l1", constants_l1)
    <RecoveryConstants not applicable: tau is infinite>
    """
    rho = as_number(rho, "rho", low=0.0)
    tau = np.inf if tau == np.inf else as_number(tau, name, low=0.0)
    reason = f"rho = {rho:.6g} is not below 1" if rho >= 1 else "tau is infinite" if np.isinf(tau) else ""
    C, D = (None, None) if reason else formula(rho, tau)
    return RecoveryConstants(s, rho, tau, norm, C, D, reason=reason, **where)


def constants_l1(rho, tau) -> tuple[float, float]:
    r"""Return the C and D that the property in :math:`\ell^1` form gives for the :math:`\ell^1` error.

    *Theorem.* If :math:`\|v_S\|_1\le\rho\|v_{S^c}\|_1+\tau\|Av\|` for all ``v`` and all ``S`` of ``s``
    entries, with :math:`\rho<1`, then for all ``x`` and ``z``
    :math:`\|z-x\|_1\le C(\|z\|_1-\|x\|_1+2\sigma_s(x)_1)+D\|A(z-x)\|` with
    :math:`C=\frac{1+\rho}{1-\rho}` and :math:`D=\frac{2\tau}{1-\rho}`.

    *Proof.* Let :math:`v=z-x` and ``S`` the largest entries of ``x``. From
    :math:`\|z\|_1\ge\|x_S\|_1-\|v_S\|_1+\|v_{S^c}\|_1-\|x_{S^c}\|_1` follows
    :math:`\|v_{S^c}\|_1\le\|z\|_1-\|x\|_1+2\sigma_s(x)_1+\|v_S\|_1`. The property bounds :math:`\|v_S\|_1`,
    which gives :math:`\|v_{S^c}\|_1`, and :math:`\|v\|_1\le(1+\rho)\|v_{S^c}\|_1+\tau\|Av\|`.

    >>> constants_l1(0.5, 1.0)
    (3.0, 4.0)
    """
    return (1 + rho) / (1 - rho), 2 * tau / (1 - rho)


def constants_l2(rho, tau, xi, kappa=1.0) -> tuple[float, float]:
    r"""Return the C and D that the property in :math:`\ell^2` form gives for the :math:`\ell^2` error.

    *Theorem.* Let there be levels with weights :math:`w_l` and :math:`s_l` entries,
    :math:`\xi=\sum w_l^2s_l`, :math:`\zeta=\min w_l^2s_l`, :math:`\kappa=\xi/\zeta`; without levels
    :math:`\xi=s` and :math:`\kappa=1`. If
    :math:`\|v_\Delta\|_2\le\frac\rho{\sqrt\xi}\|v_{\Delta^c}\|_{1,w}+\tau\|Av\|` for all ``v`` and all
    supports :math:`\Delta` of the model, with :math:`\rho<1`, then for all ``x`` and ``z``
    :math:`\|z-x\|_2\le C(\|z\|_{1,w}-\|x\|_{1,w}+2\sigma(x)_{1,w})+D\|A(z-x)\|` with
    :math:`c=\rho+(1+\rho)\kappa^{1/4}/2`, :math:`C=\frac c{(1-\rho)\sqrt\xi}` and
    :math:`D=(\frac c{1-\rho}+1+\frac{\kappa^{1/4}}2)\tau`.

    *Proof.* Let :math:`\Delta` hold the :math:`s_l` largest entries of :math:`v=z-x` in every level,
    :math:`a=\|v_\Delta\|_2` and :math:`b=\|v_{\Delta^c}\|_{1,w}/\sqrt\xi`. In level ``l`` the entries off
    :math:`\Delta` are at most :math:`\|v_{\Delta_l}\|_2/\sqrt{s_l}`, so that
    :math:`\|v_{\Delta^c}\|_2^2\le\zeta^{-1/2}\|v_\Delta\|_2\|v_{\Delta^c}\|_{1,w}=\sqrt\kappa\,ab` and
    :math:`\|v_{\Delta^c}\|_2\le\kappa^{1/4}(a+b)/2`. The property says :math:`a\le\rho b+\tau\|Av\|`,
    and ``b`` is bounded as in :func:`constants_l1`, by
    :math:`\|v_\Delta\|_{1,w}\le\sqrt\xi\|v_\Delta\|_2`.

    >>> constants_l2(0.5, 1.0, 4)
    (1.25, 4.0)
    """
    half = kappa**0.25 / 2
    c = rho + (1 + rho) * half
    return float(c / ((1 - rho) * np.sqrt(xi))), float((c / (1 - rho) + 1 + half) * tau)


def sigma_s(x, s, *, weights=None, levels=None) -> float:
    r"""Return the distance :math:`\sigma_s(x)_1` of a vector to the ``s``-sparse ones in the 1-norm.

    Parameters
    ----------
    x : array_like, shape (N,)
    s : int or sequence of int
        Sparsity; one number for every level if there are levels.
    weights : array_like, shape (N,), optional
        Positive weights of the norm. Then the largest weighted entries are kept.
    levels : array_like of int, shape (N,), optional
        Label 0, 1, ... of the level of each entry.

    Raises
    ------
    ValueError
        If a shape or a label does not fit.

    Examples
    --------
    >>> sigma_s([3.0, -1.0, 2.0], 1)
    3.0
    >>> sigma_s([3.0, -1.0, 2.0], (1, 0), levels=[0, 0, 1], weights=[1, 1, 2])
    5.0
    """
    x = as_array(x, "x", ndim=1)
    sizes = np.abs(x)
    if weights is not None:
        weights = as_array(weights, "weights", shape=x.shape, real=True)
        if weights.min() <= 0:
            raise ValueError(f"weights must be positive, got {float(weights.min())!r}")
        sizes = sizes * weights
    if levels is None:
        return _tail(sizes, as_count(s, "s"))
    if np.ndim(s) != 1:
        raise ValueError(f"s must name one sparsity for each level, got {s!r}")
    levels = as_array(levels, "levels", shape=x.shape, real=True)
    if not np.isin(levels, np.arange(len(s))).all():
        raise ValueError(f"levels must be whole numbers from 0 to {len(s) - 1}, got {levels.tolist()}")
    return sum(_tail(sizes[levels == label], as_count(count, "s")) for label, count in enumerate(s))


def _tail(sizes, s) -> float:
    return float(np.sort(sizes)[:max(0, len(sizes) - s)].sum())


def sparse_stability(rho, tau) -> RecoveryBound:
    r"""Bound how far two ``s``-sparse vectors can be apart for one unit of measured distance.

    With the :math:`\ell^2` property :math:`\|x-x'\|_2\le\frac{\sqrt2\,\tau}{1-\rho}\|A(x-x')\|` for all
    ``s``-sparse vectors: the difference has at most ``2 s`` entries, so the ``s`` largest carry at least
    half of its square, and for them the property gives :math:`\tau\|Av\|/(1-\rho)`. So the kernel size
    of the ``s``-sparse vectors with noise up to :math:`\varepsilon` is at most :math:`2\varepsilon`
    times this number, and no decoder is forced to have a larger Lipschitz constant by two of them.

    Parameters
    ----------
    rho, tau : float
        Of the property in :math:`\ell^2` form.

    >>> sparse_stability(0.5, 1.0)                               # sqrt(2) / (1 / 2)
    <RecoveryBound l2 error <= 2.82843>
    """
    constants = recovery_constants(rho, tau, 1, norm="l2")
    if not constants.applicable:
        return RecoveryBound(None, "l2", constants.reason)
    return RecoveryBound(float(np.sqrt(2.0)) * constants.tau / (1 - constants.rho), "l2")


def instance_optimality_lower(A) -> float:
    r"""Bound from below what instance optimality in the 2-norm costs.

    It is every constant ``C`` with :math:`\|x-\Delta(Ax)\|_2\le C\sigma_1(x)_2` for all ``x``. Whatever the
    decoder, ``v`` in the null space without its ``j``-th entry has the measurements of :math:`-v_je_j`,
    which is 1-sparse and so is returned; hence :math:`\|v\|_2\le C\|v-v_je_j\|_2`. For the projection
    :math:`v=P_Ne_j` this reads :math:`C\ge(1-(P_N)_{jj})^{-1/2}`. The trace of :math:`P_N` is
    :math:`N-\mathrm{rank}`, so a small ``C`` needs about as many measurements as unknowns:
    :math:`\mathrm{rank}\,A\ge N/C^2`.

    Parameters
    ----------
    A : ForwardOperator or array_like, shape (m, N)

    Returns
    -------
    float
        Infinite if a column is zero; at least 1.

    Examples
    --------
    The null space of (1, 1, 1, 1) has :math:`(P_N)_{jj}=3/4`:

    >>> round(instance_optimality_lower([[1.0, 1.0, 1.0, 1.0]]), 12)
    2.0
    """
    basis = nullspace_basis(A).basis
    left = 1 - float((np.abs(basis) ** 2).sum(axis=1).max(initial=0.0))
    return float(left**-0.5) if left > basis.shape[0] * np.finfo(float).eps else np.inf
