"""The finding on a planted detail, turned step by step from visible to invisible."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from kernelstab import data, plot
from kernelstab.kernel import kernel_part, kernel_projector
from kernelstab.plot import Picture
from kernelstab.report.numbers import percent, series
from kernelstab.report.page import PANEL, drawing, gray_limits, images_figure
from kernelstab.report.sections import Finding, NotApplicable, row
from kernelstab.report.sections.mirror_images import has_kernel
from kernelstab.stability import planted_detail


@dataclass(frozen=True, repr=False, eq=False)
class Details(Finding):
    r"""How much of the same detail every map shows, at each setting of the dial.

    ``curves`` and ``outputs`` go by the name of the map: what :func:`kernelstab.stability.planted_detail`
    measured, and :math:`\Psi(A(x+d))` for the visible and the invisible detail. ``image`` is :math:`x`;
    ``visible`` and ``invisible`` are the detail :math:`d` at both ends of the dial.
    """

    name = "planted detail"
    label = "Small details"
    title = "A detail, from visible to invisible"
    conventions = {
        "detail": "a small $d$ of fixed norm, turned between the complement of the kernel (hidden 0) and the "
                  r"kernel (hidden 1); the part shown is $\langle\Psi(A(x+d))-\Psi(Ax), d\rangle/\|d\|^2$",
    }

    curves: dict
    image: np.ndarray
    visible: np.ndarray
    invisible: np.ndarray
    outputs: dict

    @classmethod
    def steps(cls, task) -> int:
        return len(task.problem.maps)

    @classmethod
    def measure(cls, task, tick=lambda: None) -> "Details":
        """Plant a dark spot in the image of median accuracy."""
        A, image = task.problem.A, task.image
        return measure_details(A, task.problem.maps, image, default_detail(A, image), task.plan.dial, tick)

    @property
    def hidden(self) -> np.ndarray:
        r"""The settings :math:`\|P_Nd\|/\|d\|`, from 0 (visible) to 1 (invisible)."""
        return next(iter(self.curves.values())).kernel_fraction

    @property
    def kept(self) -> dict:
        """Part of the detail that each map shows: the difference that planting it makes."""
        return {name: curve.present - curve.absent for name, curve in self.curves.items()}

    def _ends(self, name) -> tuple[float, float]:
        """Return the part of the detail that a map shows of a visible and of an invisible one."""
        kept = self.kept[name]
        return float(kept[np.argmin(self.hidden)]), float(kept[np.argmax(self.hidden)])

    def sentence(self, name) -> str:
        """Say how much of the detail the map shows at both ends of the dial."""
        seen, unseen = (percent(kept) if abs(kept) >= 5e-4 else "nothing" for kept in self._ends(name))
        return (f"A small detail is planted in an image. If the data see it in full, {seen} of it comes to "
                f"the answer of {name}. If it has the same norm and they do not see it, {unseen} comes: no "
                "map's answer can change, as the data do not.")

    def rows(self, names) -> list:
        ends = enumerate(("visible", "invisible"))
        return [row(f"part of a planted {end} detail that appears", names,
                    lambda n, place=place: percent(self._ends(n)[place])) for place, end in ends]

    def parts(self, problem) -> list:
        """Show what the maps make of the detail at both ends of the dial, and between them."""
        fig = plot.detail_dial(self.hidden, self.kept)
        dial = drawing(fig, "shown part of a detail as it becomes invisible", (
            "The same detail, turned from visible to invisible at constant norm. At 1 every map must be at "
            "0, because the data do not change at all. Above the gray curve a map shows more than the data "
            "hold."), "44rem")
        return [self._panel(problem), dial]

    def to_json(self) -> dict:
        size = np.linalg.norm(self.visible) / np.linalg.norm(self.image)
        return {"detail_norm_relative_to_image": series([size]), "hidden_fraction": series(self.hidden),
                "maps": {name: {"shown_part": series(self.kept[name]),
                                "coefficient_with_detail": series(curve.present),
                                "coefficient_without_detail": series(curve.absent),
                                "error_with_detail": series(curve.error_present, unit="signal")}
                         for name, curve in self.curves.items()}}

    def _panel(self, problem) -> dict:
        circle = self._circle(problem)
        shown = {"truth": (self.image + self.visible, self.image + self.invisible), **self.outputs}
        rows = [[Picture(problem.picture(picture), f"with the {end} detail", circle=circle)
                 for end, picture in zip(("visible", "invisible"), pair)] for pair in shown.values()]
        fig = plot.panel(rows, list(shown), limits=gray_limits(problem, self.image), size=PANEL, bars=True)
        return images_figure(fig, "reconstructions of an image with a visible and an invisible detail", (
            "The truth and what the maps make of its data. The detail has the same norm in both columns; in "
            "the second one the data are those of the image without it. The circle marks the place."))

    def _circle(self, problem):
        """Return row, column and radius of a circle around the detail; None if the signal is no image."""
        shape = problem.A.image_shape
        if len(shape) != 2 or min(shape) < 8:
            return None
        centre = np.unravel_index(int(np.argmax(np.abs(self.visible))), shape)
        return float(centre[0]), float(centre[1]), 2.0 + min(shape) / 10


def measure_details(A, maps, image, detail, steps: int, tick=lambda: None) -> Details:
    r"""Plant the detail in the image at ``steps`` settings of the dial and reconstruct.

    The kernel of ``A`` must hold a part of the detail, and not all of it. A map that sees the first
    coordinate only shows :math:`1-h^2` of a detail that is hidden by :math:`h`: all, three quarters,
    nothing of it.

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
