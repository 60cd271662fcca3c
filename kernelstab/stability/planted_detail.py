"""Plant a detail, turn it from invisible to visible, and measure how much of it the map shows."""

from dataclasses import dataclass

import numpy as np

from kernelstab._checks import as_array, as_output
from kernelstab.data import dial
from kernelstab.kernel import kernel_projector
from kernelstab.operators import as_operator


@dataclass(frozen=True)
class DetailCurve:
    r"""How much of a detail a map shows, for every angle of the dial.

    With the detail coefficient :math:`t(u) = \mathrm{Re}\langle u-x, d\rangle/\|d\|^2`, a
    faithful map has ``present`` 1 and ``absent`` 0.

    Attributes
    ----------
    map : str
        Name of the map.
    angles : ndarray, shape (k,)
        Angles of the dial in radians: 0 invisible, pi/2 fully visible.
    size : float
        Norm of the detail, the same at every angle, signal units.
    measured : ndarray, shape (k,)
        Norm of the measured detail :math:`\|Ad\|`, measurement units. Noise of this norm
        turns the measurement with the detail into the one without, and back.
    present, absent : ndarray, shape (k,)
        Detail coefficient of the reconstruction from the measurement with and without it.
    error_present : ndarray, shape (k,)
        Error of the map on the signal with the detail, signal units.
    error_absent : float
        Error of the map on the signal without it.
    false_positive, false_negative : tuple of ((float, float) or None)
        Per angle the interval that is known to hold ``present`` (``absent``), None where
        the theorem says nothing; see :func:`planted_detail`.
    """

    map: str
    angles: np.ndarray
    size: float
    measured: np.ndarray
    present: np.ndarray
    absent: np.ndarray
    error_present: np.ndarray
    error_absent: float
    false_positive: tuple[tuple[float, float] | None, ...]
    false_negative: tuple[tuple[float, float] | None, ...]

    @property
    def kernel_fraction(self) -> np.ndarray:
        """Invisible part of the detail's norm, the cosine of the angle."""
        return np.cos(self.angles)

    def __repr__(self):
        return (f"<DetailCurve {self.map}: shown {self.present[0] - self.absent[0]:.3f} at angle "
                f"{self.angles[0]:.3g} to {self.present[-1] - self.absent[-1]:.3f} at {self.angles[-1]:.3g}>")


def planted_detail(psi, A, x, detail, angles=None) -> DetailCurve:
    r"""Measure how much of a planted detail a map reconstructs, from invisible to visible.

    The dial :func:`kernelstab.data.dial` keeps the norm of the detail and moves it from the
    null space of ``A`` to its complement. At angle 0 the measurements with and without
    the detail agree, so every map shows it in both or in neither.

    Parameters
    ----------
    psi : map
        Called once for every angle and once without the detail.
    A : operator or ndarray, shape (m, N)
        Forward operator.
    x : ndarray, shape (N,)
        The signal without the detail.
    detail : ndarray, N entries
        Its norm is kept; its parts inside and outside the null space give the directions.
    angles : ndarray, optional
        In [0, pi/2]; default nine equal steps.

    Raises
    ------
    ValueError
        If the detail is zero, or lacks a part that an angle asks for.

    Notes
    -----
    Write :math:`d` for the turned detail, :math:`\eta_1` for the error at ``x`` and
    :math:`\eta_2` for that at ``x + d``, as measured.

    *False positive.* Let the truth be ``x`` and the noise :math:`e = Ad`. The map sees
    :math:`A(x+d)` and returns a signal within :math:`\eta_2` of ``x + d``; by Cauchy-Schwarz
    its coefficient lies in :math:`1 \pm \eta_2/\|d\|`, although the detail is absent. *False
    negative.* With truth ``x + d`` and noise :math:`-Ad` the coefficient lies in
    :math:`\pm\eta_1/\|d\|`, although the detail is present. The first says something if
    :math:`\eta_2 < \|d\|`, the second if :math:`\eta_1 < \|d\|`: the more accurate the map, the
    narrower the interval. How little noise it takes is ``measured``.

    Floating point; the intervals hold up to the rounding of their own evaluation.

    Examples
    --------
    The map that copies the one measured pixel and leaves the other at zero shows the
    visible part of a detail, ``sin(theta) ** 2`` of it:

    >>> from kernelstab.maps import AdjointMap
    >>> A = np.array([[1.0, 0.0]])
    >>> curve = planted_detail(AdjointMap(A), A, np.zeros(2), [1.0, 1.0], [0.0, np.pi / 6, np.pi / 2])
    >>> (curve.present - curve.absent).round(12)
    array([0.  , 0.25, 1.  ])
    >>> curve.measured.round(4)                        # sqrt(2) sin(theta)
    array([0.    , 0.7071, 1.4142])
    """
    A = as_operator(A)
    x = as_array(x, "x").reshape(-1)
    if x.shape != (A.shape[1],):
        raise ValueError(f"x must have {A.shape[1]} entries, got {x.size}")
    detail = as_array(detail, "detail").reshape(-1)
    angles = as_array(np.linspace(0, np.pi / 2, 9) if angles is None else angles, "angles", ndim=1)
    projector = kernel_projector(A)
    without = as_output(psi, A.matvec(x), "map", shape=x.shape)
    size = float(np.linalg.norm(detail))
    error_absent = float(np.linalg.norm(without - x))
    rows = []
    for theta in angles:
        turned = dial(projector.matvec, detail, theta)
        shown = as_output(psi, A.matvec(x + turned), "map", shape=x.shape)
        rows.append((np.linalg.norm(A.matvec(turned)), _coefficient(shown - x, turned),
                     _coefficient(without - x, turned), np.linalg.norm(shown - x - turned)))
    measured, present, absent, error_present = np.array(rows).T
    return DetailCurve(getattr(psi, "name", type(psi).__name__), angles, size, measured, present, absent,
                       error_present, error_absent,
                       tuple(_interval(1.0, error, size) for error in error_present),
                       tuple(_interval(0.0, error_absent, size) for _ in angles))


def _coefficient(difference, detail):
    return np.vdot(detail, difference).real / np.vdot(detail, detail).real


def _interval(centre, error, size):
    """Return where the coefficient must lie, or None if the error swallows the detail."""
    return (centre - float(error) / size, centre + float(error) / size) if error < size else None
