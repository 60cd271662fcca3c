"""Rows of images: one gray scale, captions."""

import numpy as np
import pytest

from kernelstab.plot import Picture, panel

DARK, BRIGHT = np.zeros((2, 2)), np.full((2, 2), 5.0)


def test_all_images_share_the_scale_unless_they_bring_their_own():
    fig = panel([[DARK, BRIGHT, Picture(DARK, "magnified", limits=(-0.1, 0.1))]])
    assert [ax.images[0].get_clim() for ax in fig.axes] == [(0.0, 5.0), (0.0, 5.0), (-0.1, 0.1)]


def test_own_limits_do_not_widen_the_common_scale():
    fig = panel([[BRIGHT, Picture(-100 * BRIGHT, limits=(-1.0, 1.0))]])
    # the flat image 5 alone sets the common scale: 5 to 5 + 1
    assert fig.axes[0].images[0].get_clim() == (5.0, 6.0)


def test_given_limits_win():
    fig = panel([[DARK, BRIGHT]], limits=(0.0, 1.0))
    assert fig.axes[1].images[0].get_clim() == (0.0, 1.0)


def test_captions_and_labels():
    fig = panel([[Picture(DARK, "truth"), Picture(DARK, "error")], [DARK]], ["first", "second"])
    assert [ax.get_xlabel() for ax in fig.axes] == ["truth", "error", ""]
    assert [ax.get_ylabel() for ax in fig.axes] == ["first", "", "second"]


def test_complex_images_are_shown_by_modulus():
    fig = panel([[np.array([[3 + 4j, 0]])]])
    assert fig.axes[0].images[0].get_array().tolist() == [[5.0, 0.0]]


@pytest.mark.parametrize("rows", [[], [[]], [[], []]])
def test_nothing_to_show(rows):
    with pytest.raises(ValueError, match="at least one image"):
        panel(rows)


def test_flat_vectors_are_refused():
    with pytest.raises(ValueError, match=r"2 dimensions, got shape \(4,\)"):
        panel([[np.zeros(4)]])


def test_a_circle_is_drawn_around_its_pixel():
    fig = panel([[Picture(np.eye(9), circle=(2.0, 5.0, 3.0)), Picture(np.eye(9))]])
    marked, plain = (ax.patches for ax in fig.axes)
    assert [(patch.center, patch.radius) for patch in marked] == [((5.0, 2.0), 3.0)]     # x is the column
    assert len(plain) == 0
