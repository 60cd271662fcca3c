import numpy as np
import pytest

from kernelstab.data import ellipses, shepp_logan


def test_shepp_logan_values_by_hand():
    image = shepp_logan(257)
    pixel = lambda x, y: image[round(128 - 128.5 * y), round(128 + 128.5 * x)]    # noqa: E731
    assert pixel(0.0, 0.9) == pytest.approx(1.0)        # skull: only the outer ellipse
    assert pixel(0.0, -0.3) == pytest.approx(0.2)       # brain: 1 - 0.8
    assert pixel(0.22, 0.0) == pytest.approx(0.0)       # right ventricle: 1 - 0.8 - 0.2
    assert pixel(-0.22, 0.0) == pytest.approx(0.0)
    assert pixel(0.0, 0.45) == pytest.approx(0.3)       # upper tumour: 1 - 0.8 + 0.1
    assert pixel(0.95, 0.95) == 0.0                     # outside


def test_shepp_logan_area_of_the_head():
    # outer ellipse: pi * 0.69 * 0.92 of a square of area 4
    inside = (shepp_logan(400) > 1e-9).mean()
    holes = np.pi * (0.11 * 0.31 + 0.16 * 0.41) / 4     # ventricles have value 0, parts are covered again
    full = np.pi * 0.69 * 0.92 / 4
    assert full - holes <= inside + 1e-3
    assert inside <= full + 1e-3


def test_ellipses_are_seeded_and_bounded():
    image = ellipses(40, rng=3)
    np.testing.assert_array_equal(image, ellipses(40, rng=3))
    assert image.min() >= 0
    assert 0.1 <= image.max() <= 1
    assert not np.array_equal(image, ellipses(40, rng=4))


def test_bad_input():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        shepp_logan(0)
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        ellipses(8, count=0, rng=0)
    with pytest.raises(ValueError, match="rng must be"):
        ellipses(8, rng=None)
