"""A planted detail, turned step by step from visible to invisible."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from kernelstab import data
from kernelstab.kernel import kernel_part, kernel_projector
from kernelstab.report.numbers import series


@dataclass(frozen=True, repr=False, eq=False)
class Details:
    r"""How much of the same detail every map shows, at each setting of the dial.

    Attributes
    ----------
    hidden : ndarray, shape (k,)
        :math:`\|P_Nd\|/\|d\|`, from 0 (visible) to 1 (invisible).
    kept : dict of str to ndarray, shape (k,)
        :math:`\langle\Psi(A(x+d))-\Psi(Ax),d\rangle/\|d\|^2`: 1 if the map shows the detail, 0 if not.
    details : ndarray, shape (k, N)
        The details.
    outputs : dict of str to ndarray, shape (k, N)
        :math:`\Psi(A(x+d))`.
    image : ndarray, shape (N,)
        The image :math:`x` that they are planted in.
    size : float
        :math:`\|d\|/\|x\|`, the same for all.
    """

    hidden: np.ndarray
    kept: dict
    details: np.ndarray
    outputs: dict
    image: np.ndarray
    size: float

    def __repr__(self):
        return f"<Details: {len(self.hidden)} settings, {len(self.kept)} maps>"

    def to_json(self) -> dict:
        """Return all numbers with units and kinds."""
        return {"detail_norm_relative": series([self.size]), "hidden_fraction": series(self.hidden),
                "maps": {name: {"shown_part": series(values)} for name, values in self.kept.items()}}


def measure_details(A, maps, image, detail, steps: int, tick=lambda: None) -> Details:
    r"""Plant the detail in the image at ``steps`` settings of the dial and reconstruct.

    Parameters
    ----------
    A : ForwardOperator, shape (m, N)
        Real; its kernel must hold a part of the detail, and not all of it.
    maps : dict of str to ReconstructionMap
    image, detail : ndarray, shape (N,)
    steps : int
        Settings, at equal distances of the hidden fraction.
    tick : callable
        Called after each reconstruction.

    Examples
    --------
    A map that sees the first coordinate only shows :math:`1-h^2` of a detail that is
    hidden by :math:`h`: all, three quarters, nothing of it.

    >>> from kernelstab.operators import as_operator
    >>> d = measure_details(as_operator(np.eye(1, 2)), {"psi": lambda y: np.array([y[0], 0.0])},
    ...                     np.array([5.0, 5.0]), np.array([1.0, 1.0]), 3)
    >>> d.hidden.tolist(), (d.kept["psi"].round(12) + 0.0).tolist()
    ([0.0, 0.5, 1.0], [1.0, 0.75, 0.0])
    """
    projector = kernel_projector(A)
    hidden = np.linspace(0.0, 1.0, steps)
    details = np.array([data.dial(lambda v: kernel_part(projector, v), detail, float(np.arccos(h)))
                        for h in hidden])
    outputs, kept = {}, {}
    for name, psi in maps.items():
        clean = np.asarray(psi(A.matvec(image))).ravel()
        rows = []
        for d in details:
            rows.append(np.asarray(psi(A.matvec(image + d))).ravel())
            tick()
        outputs[name] = np.array(rows)
        kept[name] = np.array([np.real(np.vdot(d, u - clean)) / np.vdot(d, d).real
                               for d, u in zip(details, outputs[name])])
    return Details(hidden, kept, details, outputs, image,
                   float(np.linalg.norm(detail) / np.linalg.norm(image)))


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
