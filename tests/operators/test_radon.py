"""Areas of pixels inside strips, against counting and against geometry."""

import numpy as np
import pytest

from kernelstab.operators import Radon


@pytest.mark.parametrize(("angle", "width"), [(0.0, 1.0), (30.0, 1.0), (45.0, 0.7), (100.0, 2.5), (-3, 0.3)])
def test_areas_by_counting_points(angle, width):
    shape, bins, fine = (3, 4), 7, 300
    A = Radon(shape, [angle], detectors=bins, width=width)
    offsets = (np.arange(fine) + 0.5) / fine - 0.5
    theta = np.deg2rad(angle)
    expected = np.zeros(A.shape)
    for pixel in range(12):
        v, u = 1.0 - pixel // 4, pixel % 4 - 1.5             # row 0 is on top
        t = (u + offsets)[:, None] * np.cos(theta) + (v + offsets) * np.sin(theta)
        index = np.floor(t / width + bins / 2).astype(int)
        for b in range(bins):
            expected[b, pixel] = (index == b).mean() / width
    # the strip's edge crosses at most ~1.5 * 300 of the 90000 points, half of them on the wrong side
    np.testing.assert_allclose(A.to_dense(), expected, atol=0.006 / width)


def test_every_angle_sees_the_whole_mass():
    # the default bins cover the diagonal, so each pixel's areas add up to 1 per angle
    A = Radon((6, 9), 13, width=0.8)
    sums = A.to_dense().reshape(*A.sinogram_shape, -1).sum(axis=1) * 0.8
    np.testing.assert_allclose(sums, 1.0, atol=1e-13)


def test_diagonal_through_one_pixel():
    # unit square under 45 degrees, bins of half the diagonal sqrt(2)/2: half the area each side
    A = Radon((1, 1), [45.0], detectors=2, width=np.sqrt(0.5))
    np.testing.assert_allclose(A.to_dense().ravel(), [np.sqrt(0.5)] * 2)


def test_corners_under_45_degrees():
    # bins of a quarter of the diagonal: the outer ones cut triangles of height sqrt(2)/4, area 1/8 each
    width = np.sqrt(2.0) / 4
    A = Radon((1, 1), [45.0], detectors=4, width=width)
    np.testing.assert_allclose(A.to_dense().ravel() * width, [1 / 8, 3 / 8, 3 / 8, 1 / 8])


def test_opposite_angles_reverse_the_bins():
    A = Radon((5, 4), [20.0, 200.0])
    first, second = A.to_dense().reshape(2, A.detectors, -1)
    np.testing.assert_allclose(first, second[::-1], atol=1e-13)


def test_angles_and_shape():
    A = Radon((8, 8), 4)
    np.testing.assert_array_equal(A.angles, [0, 45, 90, 135])
    assert A.sinogram_shape == (4, 12)                        # ceil(8 sqrt 2)
    assert A.shape == (48, 64)
    assert A.image_shape == (8, 8)


def test_bad_input():
    with pytest.raises(ValueError, match="width must lie in"):
        Radon((4, 4), 3, width=0.0)
    with pytest.raises(ValueError, match="angles must be finite"):
        Radon((4, 4), [0.0, np.nan])
    with pytest.raises(ValueError, match="angles must be at least 1, got 0"):
        Radon((4, 4), 0)
    with pytest.raises(ValueError, match="shape must have 2"):
        Radon((4,), 3)
