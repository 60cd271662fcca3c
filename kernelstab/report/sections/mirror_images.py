"""The finding on mirror images: errors on images and on their mirror images in the kernel."""

from dataclasses import dataclass

import numpy as np

from kernelstab import plot
from kernelstab.kernel import kernel_part, kernel_projector
from kernelstab.plot import Picture
from kernelstab.report.numbers import readable, series
from kernelstab.report.page import PANEL, drawing, gray_limits, images_figure, magnification
from kernelstab.report.sections import Finding, NotApplicable, row

_GUESSES = 0.95
"""Below this share of the unseen part, an error means that the map filled some of it in."""


@dataclass(frozen=True, repr=False, eq=False)
class Mirrors(Finding):
    r"""What every map makes of an image :math:`x` and of :math:`\bar x=x-2P_Nx`, which looks the same to it.

    ``kernel_norms`` are :math:`\|P_Nx\|`; ``errors`` and ``mirror_errors``, by the name of the map,
    :math:`\|\Psi(Ax)-x\|` and :math:`\|\Psi(A\bar x)-\bar x\|`, all in signal units. ``images`` are the
    mirror images, ``hidden`` :math:`P_Nx`, ``answers`` what the first map makes of the mirror images.
    """

    name = "mirror images"
    label = "Guesswork"
    title = "Mirror images"
    needs = ("accuracy",)
    conventions = {"mirror image": r"$\bar x = x-2P_N x$, which has the data of $x$"}

    kernel_norms: np.ndarray
    errors: dict
    mirror_errors: dict
    images: np.ndarray
    hidden: np.ndarray
    answers: np.ndarray

    @classmethod
    def measure(cls, task, tick=lambda: None) -> "Mirrors":
        r"""Reconstruct the mirror images of all images that have a kernel part, with every map.

        The reconstructions :math:`\Psi(Ax)` come from the finding on accuracy. From the first coordinate, a
        map that adds 4 recovers (3, 4) and misses (3, -4) by 8:

        >>> from kernelstab.report.inputs import pose
        >>> from kernelstab.report.sections import AuditTask
        >>> from kernelstab.report.sections.accuracy import Accuracies
        >>> psi = lambda y: np.array([y[0], 4.0])
        >>> task = AuditTask(pose(np.eye(1, 2), {"psi": psi}, np.array([[3.0, 4]])))
        >>> task.found["accuracy"] = Accuracies.measure(task)
        >>> m = Mirrors.measure(task)
        >>> m.errors["psi"].tolist(), m.mirror_errors["psi"].tolist(), m.excess("psi").tolist()
        ([0.0], [8.0], [0.0])
        """
        A, images = task.problem.A, task.problem.images
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
        for name, psi in task.problem.maps.items():
            errors[name] = np.linalg.norm(task.found["accuracy"].reconstructions[name][keep] - images, axis=1)
            outputs = []
            for mirror in mirrors:
                outputs.append(np.asarray(psi(A.matvec(mirror))).ravel())
                tick()
            answers[name] = np.array(outputs)
            mirror_errors[name] = np.linalg.norm(answers[name] - mirrors, axis=1)
        return cls(norms, errors, mirror_errors, mirrors, parts, answers[task.problem.audited])

    def ratios(self, name) -> tuple[float, float]:
        """Return the mean errors on images and on mirror images, in units of the unseen part."""
        return (float(np.mean(self.errors[name] / self.kernel_norms)),
                float(np.mean(self.mirror_errors[name] / self.kernel_norms)))

    def excess(self, name) -> np.ndarray:
        r"""Return :math:`\mathrm{err}(x)+\mathrm{err}(\bar x)-2\|P_Nx\|`; never negative but for rounding."""
        return self.errors[name] + self.mirror_errors[name] - 2 * self.kernel_norms

    def headline(self, name) -> str:
        """Say whether the map fills in what it cannot see."""
        if self.ratios(name)[0] < _GUESSES:
            return "guesses what it cannot see, well on these images and hence badly on their mirror images"
        return "does not improve on leaving out what it cannot see"

    def sentence(self, name) -> str:
        """Say how large the errors on images and on mirror images are."""
        ratio, mirrored = self.ratios(name)
        source = ("so most of what it shows of that part comes from what it assumes or has learnt"
                  if ratio < 0.5 else "so some of what it shows of that part is assumed or learnt"
                  if ratio < _GUESSES else "no better than leaving that part out")
        return (f"On the images its error is {readable(ratio)} times the unseen part, {source}. Every image "
                "has a mirror image, with the same data and the opposite unseen part, so it gets the same "
                f"answer; on the mirror images the error is {readable(mirrored)} times that part.")

    def rows(self, names) -> list:
        return [row("error / unseen part, mean", names, lambda n: readable(self.ratios(n)[0])),
                row("the same on mirror images, mean", names, lambda n: readable(self.ratios(n)[1]))]

    def parts(self, problem) -> list:
        """Show an image with its mirror image, and the errors of all maps on both."""
        return [self._panel(problem), self._scatter()]

    def to_json(self) -> dict:
        return {"kernel_part_norm": series(self.kernel_norms, unit="signal"), "maps": {
            name: {"error": series(self.errors[name], unit="signal"),
                   "error_on_mirror_image": series(self.mirror_errors[name], unit="signal"),
                   "excess_over_bound": series(self.excess(name), unit="signal")}
            for name in self.errors}}

    def _panel(self, problem) -> dict:
        place = len(self.images) // 2
        mirror, answer = self.images[place], self.answers[place]
        image = mirror + 2 * self.hidden[place]
        low, high = gray_limits(problem, image)
        factor = magnification(np.concatenate([answer - image, answer - mirror]), high - low)
        white = (high - low) / factor
        fig = plot.panel([[
            Picture(problem.picture(image), "image"),
            Picture(problem.picture(mirror), "mirror image"),
            Picture(problem.picture(answer), "answer to both"),
        ], [
            Picture(problem.picture(np.abs(answer - image)), "error on image", (0, white)),
            Picture(problem.picture(np.abs(answer - mirror)), "error on mirror image", (0, white)),
        ]], limits=(low, high), size=PANEL, bars=True)
        scale = (f"Both errors are shown {factor} times brighter than the images." if factor > 1 else
                 "Both errors are shown on the gray scale of the images, from black for no error.")
        return images_figure(fig, "an image, its mirror image, and one answer to both", (
            f"The image and its mirror image give exactly the same data, so {problem.audited} must answer "
            f"both with one image. {scale}"))

    def _scatter(self) -> dict:
        closest = min(float(np.min(self.excess(name) / self.kernel_norms)) for name in self.errors)
        fig = plot.mirror_scatter(self.errors, self.mirror_errors, self.kernel_norms)
        return drawing(fig, "errors on images against errors on mirror images", (
            f"No map can lie below the line; the closest sum exceeds 2 by {readable(max(closest, 0.0))}. The "
            "further left, the better on the images and the worse on their mirror images."), "30rem")


def has_kernel(projector, A) -> bool:
    """Whether the kernel projection leaves more than rounding of a vector in no special position.

    >>> from kernelstab.operators import as_operator
    >>> A, B = as_operator(np.eye(2)), as_operator(np.eye(1, 2))
    >>> has_kernel(kernel_projector(A), A), has_kernel(kernel_projector(B), B)
    (False, True)
    """
    generic = np.cos(np.arange(1.0, A.shape[1] + 1))
    return bool(np.linalg.norm(kernel_part(projector, generic)) > 1e-9 * np.linalg.norm(generic))
