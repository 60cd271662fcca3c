r"""A lower bound of the local Lipschitz constant from two signals."""

from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array, as_output
from kernelstab.operators import as_operator


@dataclass(frozen=True)
class LipschitzWitness:
    """What two signals say about the speed of a map.

    Attributes
    ----------
    lower : float
        The bound, in signal units per measurement unit; zero when it is vacuous.
    step : ndarray, shape (m,)
        The perturbation ``A(x_alt - x)`` that realises it.
    output_gap : float
        Distance of the two reconstructions, as computed.
    errors : (float, float)
        Errors of the map at the two signals.
    """

    lower: float
    step: np.ndarray
    output_gap: float
    errors: tuple[float, float]

    def __repr__(self):
        size = float(np.linalg.norm(self.step))
        return f"<LipschitzWitness lower {self.lower:.6g}, step {size:.3g}, moved {self.output_gap:.3g}>"


def local_lipschitz_lower(A, reconstruct, x, x_alt) -> LipschitzWitness:
    r"""Bound the local Lipschitz constant of a map from below by two signals it recovers.

    A map that is accurate at two signals whose measurements almost agree must move fast
    between those measurements, learned or not.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator.
    reconstruct : callable, ndarray (m,) -> ndarray (N,)
        The map :math:`\Psi`.
    x, x_alt : ndarray, shape (N,)
        The two signals :math:`x` and :math:`x'`.

    Raises
    ------
    ValueError
        If :math:`A(x'-x)` is exactly zero: the signals have the same measurements, no
        finite constant exists, and :math:`\eta_1 + \eta_2 \ge \|x'-x\|` is the whole
        statement.

    Notes
    -----
    With :math:`\eta_1 = \|\Psi(Ax)-x\|`, :math:`\eta_2 = \|\Psi(Ax')-x'\|`,
    :math:`e = A(x'-x) \ne 0`,

    .. math:: L_\varepsilon(\Psi, Ax) \ge \frac{\|x'-x\| - \eta_1 - \eta_2}{\|e\|}
              \qquad (\varepsilon \ge \|e\|).

    *Proof.* :math:`\Psi(Ax') - \Psi(Ax) = (\Psi(Ax')-x') + (x'-x) + (x-\Psi(Ax))`; take
    norms and divide by :math:`\|e\|`.

    Floating point; for enclosures check the theorem that holds this bound. Cost: two products
    with ``A``, two reconstructions.

    Examples
    --------
    Two signals that differ mostly along the kernel of a projection, and the affine map
    that recovers both. Here the bound is attained:

    >>> A = np.eye(2, 3)                       # kernel: the third axis
    >>> x, x_alt = np.array([0, 0, 1.0]), np.array([0, 2.0**-7, 0])
    >>> psi = lambda y: np.array([y[0], y[1], 1 - 2**7 * y[1]])
    >>> w = local_lipschitz_lower(A, psi, x, x_alt)
    >>> round(w.lower, 4), w.errors
    (128.0039, (0.0, 0.0))
    >>> bool(np.isclose(w.lower, np.hypot(1, 2**7)))    # true constant of psi
    True

    Giving up one signal removes the obstruction:

    >>> local_lipschitz_lower(A, lambda y: np.array([y[0], y[1], 1.0]), x, x_alt).lower
    0.0...
    """
    A = as_operator(A)
    signal = (A.shape[1],)
    x, x_alt = as_array(x, "x", shape=signal), as_array(x_alt, "x_alt", shape=signal)
    y, y_alt = A.matvec(x), A.matvec(x_alt)
    step = y_alt - y
    size = float(np.linalg.norm(step))
    if size == 0:
        raise ValueError("x and x_alt must have different measurements, got A(x_alt - x) = 0")
    output = as_output(reconstruct, y, "reconstruct", shape=signal)
    output_alt = as_output(reconstruct, y_alt, "reconstruct", shape=signal)
    errors = float(np.linalg.norm(output - x)), float(np.linalg.norm(output_alt - x_alt))
    lower = max(0.0, (float(np.linalg.norm(x_alt - x)) - sum(errors)) / size)
    return LipschitzWitness(lower, step, float(np.linalg.norm(output_alt - output)), errors)
