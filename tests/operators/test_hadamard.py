"""Walsh functions: signs, sequency, two dimensions."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from kernelstab.operators import SubsampledHadamard
from kernelstab.operators.hadamard import sequency_order, walsh_hadamard


@pytest.mark.parametrize("n", [1, 2, 8, 64])
def test_row_s_changes_sign_s_times(n):
    rows = SubsampledHadamard(np.ones(n, dtype=bool)).to_dense()
    np.testing.assert_allclose(np.abs(rows), n**-0.5)
    assert (rows[:, 0] > 0).all()
    np.testing.assert_array_equal((np.diff(np.sign(rows), axis=1) != 0).sum(axis=1), np.arange(n))


def test_documented_formula():
    # entry (s, j) is (-1)^popcount(g(s) & j) / sqrt n with g the bit-reversed Gray code
    n, p = 16, 4
    def g(s):
        return int(format(s ^ (s >> 1), f"0{p}b")[::-1], 2)
    expected = [[(-1) ** (g(s) & j).bit_count() / 4 for j in range(n)] for s in range(n)]
    np.testing.assert_allclose(SubsampledHadamard(np.ones(n, dtype=bool)).to_dense(), expected)


def test_two_dimensions_are_the_product_of_the_axes():
    rng = np.random.default_rng(0)
    mask = rng.random((4, 8)) < 0.5
    x = rng.standard_normal((4, 8))
    left, right = (SubsampledHadamard(np.ones(n, dtype=bool)).to_dense() for n in (4, 8))
    np.testing.assert_allclose(SubsampledHadamard(mask) @ x.ravel(), (left @ x @ right.T)[mask])


def test_natural_transform_is_sylvesters_matrix():
    np.testing.assert_allclose(np.stack([walsh_hadamard(e) for e in np.eye(8)]), hadamard(8) / np.sqrt(8))
    assert sorted(sequency_order(32)) == list(range(32))


def test_spec_and_bad_masks():
    spec = SubsampledHadamard([[1, 0], [0, 1]]).spec()
    assert spec["kind"] == "hadamard"
    np.testing.assert_array_equal(spec["mask"], [[True, False], [False, True]])
    with pytest.raises(ValueError, match=r"sides that are powers of two, got shape \(4, 6\)"):
        SubsampledHadamard(np.ones((4, 6)))
    with pytest.raises(ValueError, match="mask must have 1 or 2 dimensions"):
        SubsampledHadamard(np.ones((2, 2, 2)))
    with pytest.raises(ValueError, match="at least one sample"):
        SubsampledHadamard(np.zeros(4))
