"""Rows of gray images in which equal gray means equal value."""

from dataclasses import dataclass

import numpy as np

from kernelstab.plot import style


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """One image of a panel: the values, a caption, the values shown black and white.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Real values; a complex image is shown by its modulus.
    caption : str
        Text under the image.
    limits : (float, float), optional
        Values shown as black and as white. Default: the panel's common limits.
    circle : (float, float, float), optional
        Row, column and radius, in pixels, of a thin circle around what is to be seen.
    """

    image: np.ndarray
    caption: str = ""
    limits: tuple[float, float] | None = None
    circle: tuple[float, float, float] | None = None

    def __post_init__(self):
        image = np.abs(self.image) if np.iscomplexobj(self.image) else np.asarray(self.image)
        if image.ndim != 2:
            raise ValueError(f"a picture must have 2 dimensions, got shape {image.shape}")
        object.__setattr__(self, "image", image)

    def __repr__(self):
        return f"<Picture {self.image.shape} {self.caption!r}>"


def panel(rows, labels=(), *, limits=None, size: float = 1.35, bars: bool = False):
    r"""Draw rows of images on one gray scale.

    Parameters
    ----------
    rows : sequence of sequences of Picture or ndarray
        The images; rows may differ in length.
    labels : sequence of str, optional
        Text at the left of each row.
    limits : (float, float), optional
        Common gray scale of the pictures that bring none of their own. Default: from their smallest to
        their largest value.
    size : float
        Inches of one image.
    bars : bool
        Whether each image gets a bar that tells which gray is which value.

    Examples
    --------
    >>> fig = panel([[np.eye(2), Picture(3 * np.eye(2), "three times")]], ["row"])
    >>> [ax.images[0].get_clim() for ax in fig.axes]
    [(0.0, 3.0), (0.0, 3.0)]
    """
    from matplotlib.ticker import MaxNLocator

    grid = [[item if isinstance(item, Picture) else Picture(item) for item in row] for row in rows]
    if not any(grid):
        raise ValueError("rows must hold at least one image, got none")
    shared = [picture.image for row in grid for picture in row if picture.limits is None]
    limits = limits or (style.gray_limits(*shared) if shared else (0.0, 1.0))
    inch = size * (0.83 if bars else 1.0)         # a bar takes a sixth of the width
    heights = [inch * max((p.image.shape[0] / p.image.shape[1] for p in row), default=0.0) + 0.36
               for row in grid]
    columns = max(map(len, grid))
    fig = style.figure(size * columns + 0.35, sum(heights))
    cells = fig.add_gridspec(len(grid), columns, height_ratios=heights)
    for i, row in enumerate(grid):
        for j, picture in enumerate(row):
            ax = fig.add_subplot(cells[i, j])
            shown = _draw(ax, picture, limits)
            if bars:
                bar = fig.colorbar(shown, ax=ax, fraction=0.05, pad=0.02)
                bar.locator = MaxNLocator(4)
                bar.ax.tick_params(labelsize=style.SMALL - 1, colors=style.MUTED, length=2)
                bar.outline.set_visible(False)
            if j == 0 and i < len(labels):
                ax.set_ylabel(labels[i], fontsize=style.FONT, color=style.INK)
    return fig


def _draw(ax, picture, limits):
    from matplotlib.patches import Circle

    low, high = picture.limits or limits
    shown = ax.imshow(picture.image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    if picture.circle is not None:
        row, column, radius = picture.circle
        ax.add_patch(Circle((column, row), radius, fill=False, linewidth=0.9, edgecolor=style.PALETTE[4]))
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.set_xlabel(picture.caption, fontsize=style.SMALL, color=style.INK)
    return shown
