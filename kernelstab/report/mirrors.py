"""Errors on images and on their mirror images in the kernel."""

from dataclasses import dataclass

import numpy as np

from kernelstab.kernel import kernel_part, kernel_projector
from kernelstab.report.numbers import series
from kernelstab.report.stages import NotApplicable


@dataclass(frozen=True, repr=False, eq=False)
class Mirrors:
    r"""What every map makes of an image :math:`x` and of :math:`\bar x=x-2P_Nx`, which looks the same to it.

    Attributes
    ----------
    kernel_norms : ndarray, shape (n,)
        :math:`\|P_Nx\|`, signal units.
    errors, mirror_errors : dict of str to ndarray, shape (n,)
        :math:`\|\Psi(Ax)-x\|` and :math:`\|\Psi(A\bar x)-\bar x\|`, signal units.
    images, parts : ndarray, shape (n, N)
        The mirror images, and :math:`P_Nx`.
    answers : ndarray, shape (n, N)
        What the first map makes of the mirror images.
    """

    kernel_norms: np.ndarray
    errors: dict
    mirror_errors: dict
    images: np.ndarray
    parts: np.ndarray
    answers: np.ndarray

    def excess(self, name) -> np.ndarray:
        r"""Return :math:`\mathrm{err}(x)+\mathrm{err}(\bar x)-2\|P_Nx\|`; never negative but for rounding."""
        return self.errors[name] + self.mirror_errors[name] - 2 * self.kernel_norms

    def __repr__(self):
        return f"<Mirrors of {len(self.kernel_norms)} images, {len(self.errors)} maps>"

    def to_json(self) -> dict:
        """Return all numbers with units and kinds."""
        return {"kernel_part_norm": series(self.kernel_norms, unit="signal"), "maps": {
            name: {"error": series(self.errors[name], unit="signal"),
                   "error_on_mirror_image": series(self.mirror_errors[name], unit="signal"),
                   "excess_over_bound": series(self.excess(name), unit="signal")}
            for name in self.errors}}


def has_kernel(projector, A) -> bool:
    """Whether the kernel projection leaves more than rounding of a vector in no special position.

    >>> from kernelstab.operators import as_operator
    >>> A, B = as_operator(np.eye(2)), as_operator(np.eye(1, 2))
    >>> has_kernel(kernel_projector(A), A), has_kernel(kernel_projector(B), B)
    (False, True)
    """
    generic = np.cos(np.arange(1.0, A.shape[1] + 1))
    return bool(np.linalg.norm(kernel_part(projector, generic)) > 1e-9 * np.linalg.norm(generic))


def measure_mirrors(A, maps, images, reconstructions, tick=lambda: None) -> Mirrors:
    r"""Reconstruct the mirror image of every image with every map.

    Parameters
    ----------
    A : ForwardOperator, shape (m, N)
    maps : dict of str to ReconstructionMap
    images : ndarray, shape (n, N)
        Images without kernel part are left out: they are their own mirror images.
    reconstructions : dict of str to ndarray, shape (n, N)
        :math:`\Psi(Ax)` for the same images.
    tick : callable
        Called after each reconstruction.

    Raises
    ------
    NotApplicable
        If no image has a part in the kernel.

    Examples
    --------
    From the first coordinate, a map that adds 4 recovers (3, 4) and misses (3, -4) by 8:

    >>> from kernelstab.operators import as_operator
    >>> psi = lambda y: np.array([y[0], 4.0])
    >>> m = measure_mirrors(as_operator(np.eye(1, 2)), {"psi": psi}, np.array([[3.0, 4]]),
    ...                     {"psi": np.array([[3.0, 4]])})
    >>> m.errors["psi"].tolist(), m.mirror_errors["psi"].tolist(), m.excess("psi").tolist()
    ([0.0], [8.0], [0.0])
    """
    projector = kernel_projector(A)
    parts = np.array([kernel_part(projector, x) for x in images])
    norms = np.linalg.norm(parts, axis=1)
    keep = norms > 1e-9 * np.linalg.norm(images, axis=1)
    if not keep.any():
        raise NotApplicable("no image has a part in the kernel, so each is its own mirror image"
                            if has_kernel(projector, A) else "the operator has no kernel")
    images, parts, norms = images[keep], parts[keep], norms[keep]
    mirrors = images - 2 * parts
    errors, mirror_errors, answers = {}, {}, {}
    for name, psi in maps.items():
        errors[name] = np.linalg.norm(reconstructions[name][keep] - images, axis=1)
        outputs = []
        for mirror in mirrors:
            outputs.append(np.asarray(psi(A.matvec(mirror))).ravel())
            tick()
        answers[name] = np.array(outputs)
        mirror_errors[name] = np.linalg.norm(answers[name] - mirrors, axis=1)
    return Mirrors(norms, errors, mirror_errors, mirrors, parts, next(iter(answers.values())))
