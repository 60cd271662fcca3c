"""The whole path of LASSO solutions, exact between its corners."""

import warnings
from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array, as_count, as_number
from kernelstab._engines.duality_gap import BASIS, LASSO
from kernelstab._engines.lasso_path.path import Path
from kernelstab._engines.linear_system import as_system
from kernelstab._errors import NotConverged

_STEPS = 100_000  # corners; thousands are rare


@dataclass(frozen=True, repr=False)
class LassoPath:
    r"""The solutions of the LASSO for all :math:`\lambda` from a smallest one upwards.

    Attributes
    ----------
    lam : ndarray, shape (K,)
        The corners, decreasing. The first is :math:`\|A^Ty\|_\infty`, from where on the solution
        is 0; the last is the end of the path.
    coefs : ndarray, shape (K, N)
        The solution at each corner.
    residuals : ndarray, shape (K,)
        The norms :math:`\|Ax-y\|_2` at the corners.
    complete : bool
        Whether the path reaches the smallest :math:`\lambda` that was asked for.

    Examples
    --------
    >>> lasso_path(np.eye(2), [3.0, 1.0])
    <LassoPath with 3 corners from lambda 3 to 0, at most 2 nonzeros>
    """

    lam: np.ndarray
    coefs: np.ndarray
    residuals: np.ndarray
    complete: bool

    def at(self, lam) -> np.ndarray:
        r"""Return the solution at ``lam``, which need not be a corner.

        Exact up to rounding: between two corners the solution is affine in :math:`\lambda`.

        Raises
        ------
        ValueError
            If ``lam`` lies below the end of the path.

        >>> lasso_path(np.eye(2), [3.0, 1.0]).at(0.25)
        array([2.75, 0.75])
        """
        lam = as_number(lam, "lam", low=float(self.lam[-1]))
        if lam >= self.lam[0]:
            return np.zeros(self.coefs.shape[1])
        k = int(np.searchsorted(-self.lam, -lam, side="right"))  # lam[k-1] >= lam > lam[k]
        k = min(k, self.lam.size - 1)
        share = (self.lam[k - 1] - lam) / (self.lam[k - 1] - self.lam[k])
        return (1.0 - share) * self.coefs[k - 1] + share * self.coefs[k]

    def __repr__(self):
        most = int(np.count_nonzero(self.coefs, axis=1).max())
        return (f"<LassoPath with {self.lam.size} corners from lambda {self.lam[0]:.6g} to "
                f"{self.lam[-1]:.6g}, at most {most} nonzeros>")


def lasso_path(A, y, *, lam_min=0.0, max_steps=None, nonneg=False) -> LassoPath:
    r"""Follow the solutions of :math:`\min\tfrac12\|Ax-y\|_2^2+\lambda\|x\|_1` from 0 down to ``lam_min``.

    On a fixed support with fixed signs the solution is
    :math:`x_S=(A_S^TA_S)^{-1}(A_S^Ty-\lambda\,\mathrm{sgn}\,x_S)`, affine in :math:`\lambda`. It
    stays a solution until an entry reaches zero and leaves, or a column outside reaches
    :math:`|a_j^T(y-Ax)|=\lambda` and joins. These are the corners.

    Parameters
    ----------
    A : ndarray, shape (m, N)
        Real matrix, or an operator that holds one.
    y : ndarray, shape (m,)
        Real data.
    lam_min : float
        Where to end. At 0 the last corner solves basis pursuit, if the data can be matched.
    max_steps : int, optional
        Most corners; a path that is cut short says so by ``complete=False`` and a warning.
    nonneg : bool
        Whether to minimise over :math:`x\ge0` only.

    Returns
    -------
    LassoPath
        Its corners and, by ``at``, every solution in between.

    Raises
    ------
    ValueError
        If a shape does not fit, an entry is not finite, something is complex, ``A`` is an
        operator without a matrix, or ``lam_min < 0``.

    Warns
    -----
    NotConverged
        If the path ends before ``lam_min``.

    Notes
    -----
    Corners at the same :math:`\lambda`, as ties between columns make them, are reported once.
    A column that depends on the active ones up to rounding does not join; some solution never
    needs it.

    Cost: one product with ``A`` per corner. Memory: the table of coefficients.

    Examples
    --------
    With orthonormal columns entries join in the order of their correlations and never leave:

    >>> path = lasso_path(np.eye(2), [3.0, 1.0])
    >>> path.lam, path.coefs[1], path.residuals[1:]
    (array([3., 1., 0.]), array([2., 0.]), array([1.41421356, 0.        ]))
    """
    system = as_system(A, y)
    if system.matrix is not None:
        as_array(system.matrix, "A", ndim=2)
    if system.matrix is None or system.dtype.kind == "c":
        raise ValueError("A and y must be real, and A a matrix")
    lam_min = as_number(lam_min, "lam_min", low=0)
    most = _STEPS if max_steps is None else as_count(max_steps, "max_steps", low=1)
    lam, coefs, complete = _corners(system, lam_min, most, bool(nonneg))
    if not complete:
        warnings.warn(f"the path ends at lambda {lam[-1]:.3g}, before {lam_min:.3g}", NotConverged,
                      stacklevel=2)
    residuals = np.linalg.norm(coefs @ system.matrix.T - system.y, axis=1)
    return LassoPath(lam, coefs, residuals, complete)


def _corners(system, lam_min, most, nonneg):
    """Follow the path event by event; keep one point for each value of lambda."""
    from kernelstab._engines.lasso_path.path_jit import FOLLOWING, LAM, REACHED, SIZE, STATUS

    kind = LASSO if lam_min > 0 else BASIS
    path = Path(system.matrix, system.y, system.adjoint(system.y), kind, lam_min, nonneg)
    path.follow(0)
    numbers = path.state.numbers
    lam, coefs, fresh = [float(numbers[LAM])], [np.zeros(system.shape[1])], []
    while numbers[STATUS] == FOLLOWING and len(lam) < most and lam[0] > lam_min:
        before = int(numbers[SIZE])
        x = path.follow(1)[0]
        if numbers[LAM] >= lam[-1] * (1.0 - 1e-14):
            lam.pop(), coefs.pop()
        else:
            fresh = []
        if numbers[SIZE] > before:
            fresh.append(path.state.order[before])
        x[fresh] = 0.0  # at the corner where they join: rounding has no sign to respect
        lam.append(float(numbers[LAM]))
        coefs.append(x)
    return np.array(lam), np.array(coefs), numbers[STATUS] == REACHED or lam[0] <= lam_min
