"""The house style: gray scales, colours, no global state; figures as bytes: repeatable, self-contained."""

import sys

import numpy as np
import pytest

from kernelstab.plot import decay, panel, png, style, svg


def test_gray_limits_span_all_images():
    low, high = style.gray_limits(np.array([[0.2, 0.4]]), np.array([[-1.0, 0.1]]))
    assert (low, high) == (-1.0, 0.4)


def test_gray_limits_of_a_flat_image_are_not_empty():
    assert style.gray_limits(np.full((2, 2), 3.0)) == (3.0, 4.0)


def test_neighbouring_maps_differ_in_colour_and_marker():
    for i in range(6):
        assert style.colour(i) != style.colour(i + 1)
        assert style.marker(i) != style.marker(i + 1)


def _luminance(colour):
    """Relative luminance of a hexadecimal sRGB colour (WCAG 2)."""
    channels = np.array([int(colour[i:i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("colour", [style.INK, style.MUTED])
def test_text_reads_on_white(colour):
    # WCAG AA asks for a contrast of at least 4.5 : 1; white has luminance 1.
    assert 1.05 / (_luminance(colour) + 0.05) >= 4.5


def test_figures_do_not_load_pyplot():
    before = "matplotlib.pyplot" in sys.modules
    style.axes(style.figure())
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_the_same_figure_gives_the_same_bytes():
    assert svg(decay({"a": ([1, 2], [1, 2])})) == svg(decay({"a": ([1, 2], [1, 2])}))
    assert png(panel([[np.eye(3)]])) == png(panel([[np.eye(3)]]))


def test_svg_has_no_outside_reference_but_names_of_formats():
    text = svg(decay({"a": ([1, 2], [1, 2])}))
    addresses = {part.split('"')[0] for part in text.split('"http')[1:]}
    assert addresses <= {"://www.w3.org/2000/svg", "://www.w3.org/1999/xlink"}
    assert "<text" not in text


def test_png_size_follows_the_resolution():
    # width and height are big-endian integers at bytes 16 to 24 of a PNG file
    small, large = png(panel([[np.eye(3)]]), dpi=50), png(panel([[np.eye(3)]]), dpi=100)
    widths = [int.from_bytes(data[16:20], "big") for data in (small, large)]
    assert abs(widths[1] - 2 * widths[0]) <= 2
