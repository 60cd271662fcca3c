"""The house style of every picture: fonts, colours, grays, empty figures; and pictures as text and bytes.

Figures are made with ``matplotlib.figure.Figure`` and never with ``pyplot``: no
global state, no window, the same picture on a laptop and on a node without screen.
"""

import io
from functools import cache

import numpy as np

INK, MUTED, GRID, SHADE = "#1a1a1a", "#5c5c5c", "#dddddd", "#ececec"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#1a1a1a")
"""Okabe and Ito's colours, told apart with any common colour blindness, then ink."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FONT, SMALL = 9.5, 8.0
_NO_STAMP = {"Date": None, "Creator": None, "Format": None, "Type": None}


def figure(width: float = 6.4, height: float = 3.8):
    """Make an empty figure of the given size in inches, which Jupyter shows by itself.

    >>> figure(4.0, 2.0).get_size_inches().tolist()
    [4.0, 2.0]
    """
    return _shown_figure()(figsize=(width, height), layout="constrained", facecolor="white")


@cache
def _shown_figure():
    """Return matplotlib's Figure with a picture for Jupyter; made on first use, as matplotlib is."""
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        def _repr_png_(self):
            sink = io.BytesIO()
            self.savefig(sink, format="png", dpi=110, metadata={"Software": None})
            return sink.getvalue()

    return ShownFigure


def axes(fig, position=111, *, xlabel: str = "", ylabel: str = "", title: str = ""):
    """Add axes in the house style: left and bottom spine, light grid, small ticks."""
    ax = fig.add_subplot(position) if isinstance(position, int) else fig.add_subplot(*position)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(MUTED)
    ax.grid(True, color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=SMALL, colors=MUTED)
    ax.set_xlabel(xlabel, fontsize=FONT, color=INK)
    ax.set_ylabel(ylabel, fontsize=FONT, color=INK)
    if title:
        ax.set_title(title, fontsize=FONT, color=INK, loc="left")
    return ax


def legend(ax, **options):
    """Add a legend on white without a line around it, in the small font."""
    return ax.legend(fontsize=SMALL, facecolor="white", edgecolor="none", framealpha=0.9, labelcolor=INK,
                     **options)


def legend_beside(ax):
    """Add a legend at the right of the axes, where it hides no curve."""
    return legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))


def colour(index: int) -> str:
    """Return the colour of the ``index``-th map, the same in every picture.

    >>> colour(0), colour(7) == colour(0)
    ('#0072B2', True)
    """
    return PALETTE[index % len(PALETTE)]


def marker(index: int) -> str:
    """Return the marker of the ``index``-th map, so that colour is never the only sign."""
    return MARKERS[index % len(MARKERS)]


def look(index: int, size: float = 5) -> dict:
    """Return colour and marker of the line of the ``index``-th map."""
    return {"color": colour(index), "marker": marker(index), "markersize": size}


def gray_limits(*images) -> tuple[float, float]:
    """Return one gray scale for images that are to be compared.

    >>> gray_limits(np.array([[0.0, 0.5]]), np.array([[0.25, 2.0]]))
    (0.0, 2.0)
    """
    low = min(float(np.min(image)) for image in images)
    high = max(float(np.max(image)) for image in images)
    return (low, high) if high > low else (low, low + 1.0)


def svg(figure) -> str:
    """Return a figure as the text of an SVG picture without time stamp or random names.

    Letters become outlines, so the picture looks the same where the font is missing.

    >>> first, second = svg(figure(1, 1)), svg(figure(1, 1))
    >>> first == second, first.startswith("<svg"), "http://www.w3.org/Graphics" in first
    (True, True, False)
    """
    import matplotlib

    sink = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "kernelstab", "svg.fonttype": "path"}):
        figure.savefig(sink, format="svg", metadata=_NO_STAMP)
    text = sink.getvalue()
    return text[text.index("<svg"):]


def png(figure, dpi: float = 150) -> bytes:
    """Return a figure as the bytes of a PNG picture.

    >>> png(figure(1, 1), dpi=50)[:4]
    b'\\x89PNG'
    """
    sink = io.BytesIO()
    figure.savefig(sink, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.03,
                   metadata={"Software": None})
    return sink.getvalue()
