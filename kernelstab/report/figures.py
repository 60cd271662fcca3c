"""The pictures of a report, from its results, as data inside the page."""

import base64
from dataclasses import dataclass

import numpy as np

from kernelstab import plot
from kernelstab.kernel import kernel_part
from kernelstab.maps import PseudoInverse
from kernelstab.plot import Picture
from kernelstab.report.numbers import readable


@dataclass(frozen=True, repr=False)
class Figure:
    """A picture in the page: its data URI, the text for those who cannot see it, the caption."""

    source: str
    alt: str
    caption: str
    width: str
    css: str
    kind: str = "figure"

    def __repr__(self):
        return f"<Figure {self.alt!r}, {len(self.source)} characters>"


def drawing(fig, alt, caption, width) -> Figure:
    """Embed a drawing as SVG."""
    data = base64.b64encode(plot.svg(fig).encode()).decode()
    return Figure(f"data:image/svg+xml;base64,{data}", alt, caption, width, "drawing")


def images(fig, alt, caption) -> Figure:
    """Embed rows of images as PNG; an inch of the figure is 6.2 rem of the page, if there is room."""
    data = base64.b64encode(plot.png(fig, dpi=170)).decode()
    width = f"{6.2 * fig.get_size_inches()[0]:.0f}rem"
    return Figure(f"data:image/png;base64,{data}", alt, caption, width, "rows")


def unseen_panel(problem, facts) -> Figure:
    """Show what the data determine of an image and what they do not."""
    image = problem.images[0]
    unseen = problem.picture(np.real(kernel_part(problem.A, image)))
    low, high = _limits(problem, image)
    half, peak = 0.5 * (high - low), float(np.max(np.abs(unseen)))
    contrast = "same contrast" if peak <= half else f"contrast divided by {peak / half:.2g}"
    row = []
    if facts.mask is not None and facts.mask.ndim == 2:
        row.append(Picture(np.fft.fftshift(facts.mask).astype(float), "sampled frequencies", (0, 1)))
    row += [
        Picture(problem.picture(image), "image"),
        Picture(problem.picture(image) - unseen, "what the data determine"),
        Picture(unseen, f"unseen, {contrast}", (-max(half, peak), max(half, peak))),
    ]
    fig = plot.panel([row], limits=(low, high), size=1.6)
    return images(fig, "an image, what the data determine of it, and what they do not", (
        "An image and its two parts: what the data determine, and what they do not see at all, where "
        "mid-gray is zero."))


def mirror_panel(problem, mirrors) -> Figure:
    """Show an image, its mirror image, and what the audited map answers to both."""
    place = len(mirrors.images) // 2
    mirror, answer = mirrors.images[place], mirrors.answers[place]
    image = mirror + 2 * mirrors.parts[place]
    low, high = _limits(problem, image)
    factor = _magnification(np.concatenate([answer - image, answer - mirror]), high - low)
    white = (high - low) / factor
    fig = plot.panel([[
        Picture(problem.picture(image), "image"),
        Picture(problem.picture(mirror), "mirror image"),
        Picture(problem.picture(answer), "answer to both"),
        Picture(problem.picture(np.abs(answer - image)), "error on image", (0, white)),
        Picture(problem.picture(np.abs(answer - mirror)), "error on mirror image", (0, white)),
    ]], limits=(low, high), size=1.6)
    return images(fig, "an image, its mirror image, and one answer to both", (
        f"The image and its mirror image give exactly the same data, so {problem.audited} must answer both "
        f"with one image. Both errors are shown {factor} times brighter than the images."
        if factor > 1 else "with one image. Errors are on the scale of the signal."))


def worst_panel(problem, searches) -> Figure:
    """Show for every map: truth, output, perturbation twice, output, change and error."""
    low, high = _limits(problem, searches.image)
    half, inverse = 0.5 * (high - low), PseudoInverse(problem.A)
    rows = []
    for found in searches.worst.values():
        worst = found[-1]
        shown = problem.picture(np.real(inverse(worst.perturbation)))
        factor = _magnification(shown, half)
        change = problem.picture(np.abs(worst.reconstruction - worst.clean))
        error = problem.picture(np.abs(worst.reconstruction - searches.image))
        rows.append([
            Picture(problem.picture(searches.image), "truth"),
            Picture(problem.picture(worst.clean), "from clean data"),
            Picture(shown, "perturbation", (-half, half)),
            Picture(shown, f"perturbation ×{factor}", (-half / factor, half / factor)),
            Picture(problem.picture(worst.reconstruction), "from perturbed data"),
            Picture(change, "change", (0, high - low)),
            _magnified(change, "change", high - low),
            _magnified(error, "error", high - low),
        ])
    fig = plot.panel(rows, list(searches.worst), limits=(low, high), size=1.25)
    return images(fig, "worst-case perturbations and what they do to each map", (
        f"The worst perturbation found for each map, {100 * searches.eps[-1]:g} % of the data in norm, at "
        "its true contrast and magnified. Truth, reconstructions and the unmagnified change share one gray "
        "scale; × gives the factor of the others. The search ran on this image only."))


def ladder(searches) -> Figure | None:
    """Draw the gains over the sizes, if there is more than one."""
    if len(searches.eps) < 2:
        return None
    names = list(searches.worst)
    known = {name: q.value for name, q in searches.bounds.items() if q.kind == "exact"}
    fig = plot.quotient_ladder(searches.eps, {name: searches.gains(name) for name in names},
                               {name: searches.noise_gains(name) for name in names}, known)
    return drawing(fig, "gain against size of the perturbation", (
        "Solid: the worst perturbation found; the truth lies on it or above. Dashed: random noise of the "
        "same norm. Dotted: the exact maximum of a linear map."), "44rem")


def mirror_figure(mirrors) -> Figure:
    """Draw the scatter of errors on images and mirror images."""
    closest = min(float(np.min(mirrors.excess(name) / mirrors.kernel_norms)) for name in mirrors.errors)
    fig = plot.mirror_scatter(mirrors.errors, mirrors.mirror_errors, mirrors.kernel_norms)
    return drawing(fig, "errors on images against errors on mirror images", (
        f"No map can lie below the line; the closest sum exceeds 2 by {readable(max(closest, 0.0))}. The "
        "further left, the better on the images and the worse on their mirror images."), "30rem")


def dial_figure(details) -> Figure:
    """Draw the shown part of the detail over its hidden fraction."""
    fig = plot.detail_dial(details.hidden, details.kept)
    return drawing(fig, "shown part of a detail as it becomes invisible", (
        "The same detail, turned from visible to invisible at constant norm. At 1 every map must be at 0, "
        "because the data do not change at all. Above the gray curve a map shows more than the data hold."),
        "44rem")


def detail_panel(problem, details) -> Figure:
    """Show the planted detail at both ends of the dial and what every map makes of it."""
    rows, circle = [], _spot(problem, details)
    for end, detail in enumerate((details.visible, details.invisible)):
        shown = [Picture(problem.picture(outputs[end]), name, circle=circle)
                 for name, outputs in details.outputs.items()]
        truth = problem.picture(details.image + detail)
        rows.append([Picture(truth, "truth with detail", circle=circle), *shown])
    fig = plot.panel(rows, ["visible", "invisible"], limits=_limits(problem, details.image), size=1.5)
    return images(fig, "reconstructions of an image with a visible and an invisible detail", (
        "The detail has the same norm in both rows. In the second row the data are those of the image "
        "without it. The circle marks the place."))


def _spot(problem, details):
    """Return row, column and radius of a circle around the detail; None if the signal is no image."""
    shape = problem.A.image_shape
    if len(shape) != 2 or min(shape) < 8:
        return None
    row, column = np.unravel_index(int(np.argmax(np.abs(details.visible))), shape)
    return float(row), float(column), 2.0 + min(shape) / 10


def _magnified(picture, caption, height) -> Picture:
    """Show a picture of sizes with the largest round factor that keeps it on the gray scale."""
    factor = _magnification(picture, height)
    return Picture(picture, f"{caption} ×{factor}", (0, height / factor))


def _limits(problem, image):
    """Return the gray scale of a signal: from its smallest value, or zero, to its largest."""
    picture = np.asarray(problem.picture(image))
    picture = np.abs(picture) if np.iscomplexobj(picture) else picture
    low, high = min(0.0, float(picture.min())), float(picture.max())
    return (low, high) if high > low else (low, low + 1.0)


def _magnification(picture, half) -> int:
    """Return the largest round factor that keeps a picture inside the gray scale.

    >>> _magnification(np.array([0.01]), 0.5), _magnification(np.array([0.3]), 0.5)
    (50, 1)
    """
    peak = float(np.max(np.abs(picture)))
    if peak == 0:
        return 1
    candidates = [c * 10**k for k in range(7) for c in (1, 2, 5)]
    return max([c for c in candidates if c * peak <= half] or [1])
