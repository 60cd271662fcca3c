import numpy as np
import pytest

from kernelstab.operators import WaveletSynthesis
from kernelstab.solvers import level_weights


def test_the_ratio_of_the_bounds_is_the_number_of_levels():
    scales = WaveletSynthesis((8, 8), "haar", level=2).scales
    sparsities = np.array([4.0, 6.0, 10.0])
    w = level_weights(scales, sparsities)
    products = [w[scales == l][0] ** 2 * s for l, s in enumerate(sparsities)]
    np.testing.assert_allclose(products, 20.0)                        # w_l^2 s_l = s = 4 + 6 + 10
    assert sum(products) / min(products) == pytest.approx(3.0)
    assert w.shape == (64,)


def test_bad_input_is_named():
    for scales, sparsities, message in [
        ([0, 1], [1.0, 0.0], "sparsities must be positive, got 0"),
        ([0, 2], [1.0, 1.0], "scales must hold integers from 0 to 1"),
        ([-1, 0], [1.0, 1.0], "scales must hold"),
        ([0.0, 1.0], [1.0, 1.0], "scales must hold"),
        ([], [1.0], "scales must hold"),
    ]:
        with pytest.raises(ValueError, match=message):
            level_weights(scales, sparsities)
