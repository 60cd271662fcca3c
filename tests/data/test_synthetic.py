import numpy as np
import pytest

from kernelstab.data import shepp_logan, sparse_vector


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


@pytest.mark.parametrize("s", [0, 1, 7, 30])
def test_sparsity_is_exact(s):
    x = sparse_vector(30, s, rng=s)
    assert x.shape == (30,)
    assert np.count_nonzero(x) == s


def test_support_is_uniform():
    rng = np.random.default_rng(0)
    hits = sum(sparse_vector(5, 2, rng=rng) != 0 for _ in range(2000))
    # each index is hit with probability 2/5: mean 800, standard deviation sqrt(480) < 22
    assert np.abs(hits - 800).max() < 110


def test_bad_input():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        shepp_logan(0)
    with pytest.raises(ValueError, match="s must be between 0 and 3, got 4"):
        sparse_vector(3, 4, rng=0)
    with pytest.raises(ValueError, match="rng must be"):
        sparse_vector(3, 1, rng=None)
