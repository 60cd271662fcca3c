"""Figures as bytes: repeatable, self-contained."""

import numpy as np

from kernelstab.plot import learning_curve, panel, png, svg


def test_the_same_figure_gives_the_same_bytes():
    assert svg(learning_curve([1, 2], {"a": [1, 2]})) == svg(learning_curve([1, 2], {"a": [1, 2]}))
    assert png(panel([[np.eye(3)]])) == png(panel([[np.eye(3)]]))


def test_svg_has_no_outside_reference_but_names_of_formats():
    text = svg(learning_curve([1, 2], {"a": [1, 2]}))
    addresses = {part.split('"')[0] for part in text.split('"http')[1:]}
    assert addresses <= {"://www.w3.org/2000/svg", "://www.w3.org/1999/xlink"}
    assert "<text" not in text


def test_png_size_follows_the_resolution():
    # width and height are big-endian integers at bytes 16 to 24 of a PNG file
    small, large = png(panel([[np.eye(3)]]), dpi=50), png(panel([[np.eye(3)]]), dpi=100)
    widths = [int.from_bytes(data[16:20], "big") for data in (small, large)]
    assert abs(widths[1] - 2 * widths[0]) <= 2
