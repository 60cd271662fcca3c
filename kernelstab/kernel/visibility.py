"""How a signal, a detail or a subspace lies to the null space: angles, distances, visible parts."""

from dataclasses import dataclass, field

import numpy as np

from kernelstab._checks import as_array
from kernelstab.kernel.projector import KernelProjector, kernel_part, kernel_projector


@dataclass(frozen=True)
class Visibility:
    r"""How much of a detail :math:`d` the measurements see.

    Attributes
    ----------
    kernel_fraction : float
        :math:`\|P_Nd\|/\|d\|`: 1 if :math:`d` is invisible, 0 if it is fully determined.
    gain : float
        :math:`\|Ad\|/\|d\|`, measurement units per signal unit.
    distance : float
        :math:`\|d-P_Nd\|=\|A^\dagger Ad\|`, from :math:`d` to the nearest invisible signal, signal units.
    angle : float
        Between :math:`d` and the null space, in radians: the fraction is its cosine.
    """

    kernel_fraction: float
    gain: float
    distance: float
    angle: float

    def __repr__(self):
        return f"<Visibility kernel fraction {self.kernel_fraction:.6g}, gain {self.gain:.6g}>"


@dataclass(frozen=True)
class DetailParts:
    r"""A detail as the sum of what is measured and what is not.

    Attributes
    ----------
    visible, invisible : ndarray, shape (N,)
        :math:`A^\dagger Ad` and :math:`P_Nd`; their sum is :math:`d` up to one rounding.
    residual : float
        :math:`\|AP_Nd\|` as computed: how visible the invisible part still is.
    """

    visible: np.ndarray = field(repr=False)
    invisible: np.ndarray = field(repr=False)
    residual: float

    def __repr__(self):
        seen, unseen = _length(self.visible), _length(self.invisible)
        return f"<DetailParts visible {seen:.6g}, invisible {unseen:.6g}, residual {self.residual:.1e}>"


@dataclass(frozen=True)
class KernelAngles:
    r"""Principal angles between a subspace and the null space.

    Attributes
    ----------
    angles : ndarray, shape (d,)
        In radians, rising. Angles beyond the dimension of the null space are right angles.
    directions : ndarray, shape (N, d)
        Orthonormal basis of the subspace; column ``i`` has the angle ``angles[i]`` to the null space.
    """

    angles: np.ndarray = field(repr=False)
    directions: np.ndarray = field(repr=False)

    def __repr__(self):
        return (f"<KernelAngles {len(self.angles)} from {self.angles[0]:.6g} to "
                f"{self.angles[-1]:.6g} radians>")


def visibility(A, d) -> Visibility:
    r"""Measure how much of a detail lies in the null space and how strongly it is measured.

    The two are different questions: a detail may be outside the null space and yet be seen
    with a gain below every noise level. For :math:`AA^*=cI` they are tied by
    :math:`\mathrm{gain}^2=c(1-\mathrm{fraction}^2)`.

    Parameters
    ----------
    A : ForwardOperator, array_like or KernelProjector
    d : array_like, shape (N,) or the image shape
        Not zero.

    Raises
    ------
    ValueError
        If ``d`` is zero or does not fit.

    Notes
    -----
    The angle is taken from both parts, so that it is accurate near 0 and near a right angle.
    Cost: two products with the projector and one with ``A``.

    Examples
    --------
    >>> seen = visibility([[1.0, 0.0]], [3.0, 4.0])
    >>> seen, seen.distance, np.tan(seen.angle).round(12)
    (<Visibility kernel fraction 0.8, gain 0.6>, 3.0, np.float64(0.75))
    """
    projector = _projector(A)
    d = as_array(d, "d")
    largest = float(np.abs(d).max())
    if largest == 0:
        raise ValueError("d must not be zero, got norm 0.0")
    unit = d / largest                   # of entries at most 1, so that no product leaves the range of floats
    size, parts = _length(unit), split_detail(projector, unit)
    unseen, seen = _length(parts.invisible), _length(parts.visible)
    gain = _length(projector.operator.matvec(unit.ravel())) / size
    return Visibility(unseen / size, gain, seen * largest, float(np.arctan2(seen, unseen)))


def split_detail(A, d) -> DetailParts:
    r"""Split a detail into the part that the measurements determine and the part they do not see.

    :math:`d=A^\dagger Ad+P_Nd`, orthogonal. Adding any multiple of the second part to a signal
    leaves its measurements as they are.

    Parameters
    ----------
    A : ForwardOperator, array_like or KernelProjector
    d : array_like, shape (N,) or the image shape

    Examples
    --------
    >>> parts = split_detail([[1.0, 1.0]], [3.0, 1.0])
    >>> parts.visible.round(12), parts.invisible.round(12)
    (array([2., 2.]), array([ 1., -1.]))
    """
    projector, d = _projector(A), as_array(d, "d")
    invisible = kernel_part(projector, d)
    residual = _length(projector.operator.matvec(invisible))
    return DetailParts(np.ravel(d) - invisible, invisible, residual)


def kernel_angles(A, basis) -> KernelAngles:
    r"""Return the principal angles between the span of some signals and the null space.

    With orthonormal :math:`B` the cosines are the singular values of :math:`P_NB` and the sines
    those of :math:`B-P_NB`. An angle of zero means that a combination of the signals is invisible;
    the smallest sine times the smallest positive singular value of :math:`A` bounds below how
    strongly the span is measured.

    Parameters
    ----------
    A : ForwardOperator, array_like or KernelProjector
    basis : array_like, shape (N, d)
        Linearly independent columns.

    Raises
    ------
    ValueError
        If ``basis`` has another number of rows than ``A`` columns, or dependent columns.

    Notes
    -----
    Angles below 45 degrees are computed from their sines, the others from their cosines: the
    cosine of an angle of 1e-9 is 1 in floating point. Cost: ``2d`` products with the projector.

    Examples
    --------
    The kernel is the third axis. The plane of the first axis and the diagonal of the other two
    comes within 45 degrees of it, and contains a direction at right angles to it:

    >>> kernel_angles([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    <KernelAngles 2 from 0.785398 to 1.5708 radians>
    """
    projector = _projector(A)
    basis = as_array(basis, "basis", ndim=2)
    n = projector.shape[0]
    if basis.shape[0] != n:
        raise ValueError(f"basis must have {n} rows, got shape {basis.shape}")
    left, sizes, _ = np.linalg.svd(basis, full_matrices=False)
    if basis.shape[1] > n or sizes[-1] <= max(basis.shape) * np.finfo(float).eps * sizes[0]:
        raise ValueError(f"basis must have independent columns, got singular values down to {sizes[-1]:.3g}")
    hidden = np.column_stack([kernel_part(projector, column) for column in left.T])
    # right singular vectors of the sines: the directions, first the one nearest to the null space
    _, sines, turn = np.linalg.svd(left - hidden, full_matrices=False)
    directions = left @ turn[::-1].conj().T
    sines = np.minimum(sines[::-1], 1.0)
    cosines = np.linalg.norm(hidden @ turn[::-1].conj().T, axis=0)
    angles = np.where(sines**2 < 0.5, np.arcsin(sines), np.arccos(np.minimum(cosines, 1.0)))
    return KernelAngles(angles, directions)


def _projector(A):
    return A if isinstance(A, KernelProjector) else kernel_projector(A)


def _length(x) -> float:
    """Return the 2-norm of a vector of any size: a power of two keeps the squares in range."""
    exponent = int(np.clip(np.frexp(np.abs(x).max(initial=0.0))[1], -1000, 1000))
    return float(np.linalg.norm(x * 2.0**-exponent)) * 2.0**exponent
