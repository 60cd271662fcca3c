"""A planted detail, turned step by step from visible to invisible."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from kernelstab import data
from kernelstab.kernel import kernel_part, kernel_projector
from kernelstab.report.mirrors import has_kernel
from kernelstab.report.numbers import series
from kernelstab.report.stages import NotApplicable
from kernelstab.stability import planted_detail


@dataclass(frozen=True, repr=False, eq=False)
class Details:
    r"""How much of the same detail every map shows, at each setting of the dial.

    Attributes
    ----------
    curves : dict of str to DetailCurve
        See :func:`kernelstab.stability.planted_detail`.
    image : ndarray, shape (N,)
        The image :math:`x` that the detail is planted in.
    visible, invisible : ndarray, shape (N,)
        The detail :math:`d` at both ends of the dial.
    outputs : dict of str to (ndarray, ndarray)
        :math:`\Psi(A(x+d))` for the visible and the invisible detail.
    """

    curves: dict
    image: np.ndarray
    visible: np.ndarray
    invisible: np.ndarray
    outputs: dict

    @property
    def hidden(self) -> np.ndarray:
        r"""The settings :math:`\|P_Nd\|/\|d\|`, from 0 (visible) to 1 (invisible)."""
        return next(iter(self.curves.values())).kernel_fraction

    @property
    def kept(self) -> dict:
        """Part of the detail that each map shows: the difference that planting it makes."""
        return {name: curve.present - curve.absent for name, curve in self.curves.items()}

    def __repr__(self):
        return f"<Details: {len(self.hidden)} settings, {len(self.curves)} maps>"

    def to_json(self) -> dict:
        """Return all numbers with units and kinds."""
        size = np.linalg.norm(self.visible) / np.linalg.norm(self.image)
        return {"detail_norm_relative_to_image": series([size]), "hidden_fraction": series(self.hidden),
                "maps": {name: {"shown_part": series(self.kept[name]),
                                "coefficient_with_detail": series(curve.present),
                                "coefficient_without_detail": series(curve.absent),
                                "error_with_detail": series(curve.error_present, unit="signal")}
                         for name, curve in self.curves.items()}}


def measure_details(A, maps, image, detail, steps: int, tick=lambda: None) -> Details:
    r"""Plant the detail in the image at ``steps`` settings of the dial and reconstruct.

    Parameters
    ----------
    A : ForwardOperator, shape (m, N)
        Its kernel must hold a part of the detail, and not all of it.
    maps : dict of str to ReconstructionMap
    image, detail : ndarray, shape (N,)
    steps : int
        Settings, at equal distances of the hidden fraction.
    tick : callable
        Called after each map.

    Raises
    ------
    NotApplicable
        If the detail lies in the kernel or outside it, or the operator is complex.

    Examples
    --------
    A map that sees the first coordinate only shows :math:`1-h^2` of a detail that is
    hidden by :math:`h`: all, three quarters, nothing of it.

    >>> from kernelstab.operators import as_operator
    >>> d = measure_details(as_operator(np.eye(1, 2)), {"psi": lambda y: np.array([y[0], 0.0])},
    ...                     np.array([5.0, 5.0]), np.array([1.0, 1.0]), 3)
    >>> d.hidden.round(12).tolist(), (d.kept["psi"].round(12) + 0.0).tolist()
    ([0.0, 0.5, 1.0], [1.0, 0.75, 0.0])
    """
    projector = kernel_projector(A)
    if not A.is_real:
        raise NotApplicable("the dial turns details for real operators only")
    unseen = np.linalg.norm(kernel_part(projector, detail)) / np.linalg.norm(detail)
    if not 1e-9 < unseen < 1 - 1e-9:
        if not has_kernel(projector, A):
            raise NotApplicable("the operator has no kernel")
        share = "nothing" if unseen > 0.5 else "all"
        raise NotApplicable(f"the data determine {share} of the detail, so it cannot be turned")
    angles = np.arccos(np.linspace(0.0, 1.0, steps))
    visible, invisible = (data.dial(lambda v: kernel_part(projector, v), detail, float(angle))
                          for angle in (np.pi / 2, 0.0))
    curves, outputs = {}, {}
    for name, psi in maps.items():
        curves[name] = planted_detail(psi, A, image, detail, angles)
        outputs[name] = tuple(np.asarray(psi(A.matvec(image + d))).ravel() for d in (visible, invisible))
        tick()
    return Details(curves, image, visible, invisible, outputs)


def default_detail(A, image) -> np.ndarray:
    """Return a dark spot in the brightest part of an image, as a lesion would be; flattened.

    The spot is an eighth of the image wide and half as deep as the image is high, so that the
    sum stays in the range of the image. A signal without rows loses half of its largest entry.

    >>> from kernelstab.operators import as_operator
    >>> default_detail(as_operator(np.eye(2, 3)), np.array([1.0, 4.0, 0.0])).tolist()
    [0.0, -2.0, 0.0]
    """
    shape = A.image_shape
    depth = -0.5 * float(np.max(np.abs(image)))
    if len(shape) != 2 or min(shape) < 8:
        flat = np.zeros(int(np.prod(shape)))
        flat[int(np.argmax(np.abs(image)))] = depth
        return flat
    radius = max(2.0, min(shape) / 16)
    width = 2 * int(np.ceil(radius)) + 1
    means = ndimage.uniform_filter(np.abs(np.asarray(image).reshape(shape)), width, mode="constant")
    centre = np.unravel_index(int(np.argmax(means)), shape)
    return data.blob(shape, centre, radius, depth=depth).ravel()
