"""Figures as text and bytes, the same for the same figure."""

import io

_NO_STAMP = {"Date": None, "Creator": None, "Format": None, "Type": None}


def svg(figure) -> str:
    """Return a figure as the text of an SVG picture without time stamp or random names.

    Letters become outlines, so the picture looks the same where the font is missing.

    >>> from kernelstab.plot import style
    >>> first, second = svg(style.figure(1, 1)), svg(style.figure(1, 1))
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

    >>> from kernelstab.plot import style
    >>> png(style.figure(1, 1), dpi=50)[:4]
    b'\\x89PNG'
    """
    sink = io.BytesIO()
    figure.savefig(sink, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.03,
                   metadata={"Software": None})
    return sink.getvalue()
